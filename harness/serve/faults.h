/*
 * Faults that a person armed: rules of mocks/filter by number, over the ports of `lockstep serve`,
 * from JSON (control API) or from one word of a command line. A hold is one of them.
 */
#ifndef LS_HARNESS_SERVE_FAULTS_H
#define LS_HARNESS_SERVE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/serve/portset.h"
#include "lib/err.h"
#include "lib/jsonw.h"
#include "mocks/backend.h"
#include "mocks/filter/filter.h"

struct cJSON;

#define LS_FAULTS_MAX 128u

struct ls_armed {
    uint32_t id; /* 0: free */
    enum ls_fault kind;
    char method[LS_FAULT_METHOD_MAX];
    uint64_t count;                      /* requests it hits; 0 = all */
    uint32_t rules[LS_SERVE_PORT_COUNT]; /* names in the filters; 0: not on this port */
};

/* Zeroed has no ports and no faults. */
struct ls_faults {
    struct ls_backend *filters[LS_SERVE_PORT_COUNT]; /* borrowed; NULL: the port is off */
    struct ls_armed armed[LS_FAULTS_MAX];            /* in the order of arming, free ones last */
    uint32_t last_id;
};

/* Arms {"port", "kind", "method", "params", "after", "count", "for_ms", "probability", "apply",
 * "ms", "http_status", "retry_after", "code", "text", "bytes"}; kinds are those of
 * mocks/filter/fault.h. *id is its number. A rule that is used up makes room. USAGE, LIMIT. */
enum ls_err ls_faults_add(struct ls_faults *f, const struct cJSON *rule, uint32_t *id,
                          struct ls_diag *d);

/* The same from "PORT:KIND[,MEMBER=VALUE]…"; text= takes the rest of the word. USAGE, LIMIT. */
enum ls_err ls_faults_add_text(struct ls_faults *f, const char *text, uint32_t *id,
                               struct ls_diag *d);

/* Disarms one; NOT_FOUND. Held requests stay held. */
enum ls_err ls_faults_remove(struct ls_faults *f, uint32_t id, struct ls_diag *d);

/* Disarms all on the ports of mask (LS_SERVE_*); a fault on other ports, too, stays there. */
void ls_faults_clear(struct ls_faults *f, unsigned mask);

/* Disarms holds for this method glob (NULL: all) on the ports of mask and marks what they held as
 * free to go; the carriers must then ask again. */
void ls_faults_release(struct ls_faults *f, unsigned mask, const char *glob);

/* Writes the armed ones as a list. */
void ls_faults_write(const struct ls_faults *f, struct ls_jw *w, const char *key);

#endif
