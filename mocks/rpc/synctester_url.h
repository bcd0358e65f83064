/*
 * The URLs of the upstream sync tester (mock-engine 1.3): which route a request target leads to,
 * and what session it names, as Go's net/url, net/http and google/uuid read it. Text in, values
 * out.
 */
#ifndef LS_MOCKS_SYNCTESTER_URL_H
#define LS_MOCKS_SYNCTESTER_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mocks/model/synctester.h"

#define LS_ST_TARGET_MAX 8192u /* longer request targets are refused */
#define LS_ST_FAULTS_MAX 8u    /* fault= parameters of one URL */

enum ls_st_route {
    LS_ST_ROUTE_ROOT,     /* JSON-RPC without sessions */
    LS_ST_ROUTE_HEALTH,   /* GET /healthz */
    LS_ST_ROUTE_CHAIN,    /* JSON-RPC of a chain, with or without a session */
    LS_ST_ROUTE_REDIRECT, /* the path is not clean: 307 to text */
    LS_ST_ROUTE_MISSING,  /* 404 */
    LS_ST_ROUTE_BAD,      /* 400 with text */
    LS_ST_ROUTE_MALFORMED /* 400: not even a URL; the connection ends */
};

/* What a request target says. Large: allocate it, do not copy it. */
struct ls_st_url {
    enum ls_st_route route;
    uint64_t chain_id; /* CHAIN */
    bool has_query;    /* something stands behind the question mark */
    bool has_session;  /* CHAIN */
    char id[LS_ST_ID_MAX + 1];
    size_t id_bytes;
    struct ls_st_start start;
    size_t fault_count; /* our own: descriptions of faults, decoded */
    char *faults[LS_ST_FAULTS_MAX];
    char text[LS_ST_TARGET_MAX + 64];   /* BAD: the answer without its last line feed; REDIRECT:
                                           where to */
    char decoded[LS_ST_TARGET_MAX + 1]; /* private */
    char query[LS_ST_TARGET_MAX + 1];   /* private */
};

/* Whether a chain of this id is served: decides between CHAIN and MISSING. */
typedef bool ls_st_has_chain(void *self, uint64_t chain_id);

/* Reads target ("/path?query", at most LS_ST_TARGET_MAX bytes). Errors are routes. */
void ls_st_url_parse(const char *target, ls_st_has_chain *has_chain, void *self,
                     struct ls_st_url *out);

/* NULL when s is a uuid of version 4 in a spelling that Go accepts; else the error's text (static,
 * or in buf). */
const char *ls_st_uuid_fault(const char *s, size_t n, char buf[160]);

#endif
