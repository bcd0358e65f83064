/*
 * The command line of `lockstep serve`.
 */
#ifndef LS_HARNESS_SERVE_OPTIONS_H
#define LS_HARNESS_SERVE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/cmd.h"
#include "harness/live/mocks.h"
#include "harness/serve/pace.h"
#include "harness/serve/portset.h"
#include "harness/serve/stage.h"
#include "lib/err.h"

/* Where a port listens. */
struct ls_serve_address {
    bool is_off;
    bool is_given;    /* false: the usual port, or, when it is taken, any free one */
    char address[16]; /* IPv4 in dots */
    uint16_t port;    /* 0 = any free one */
};

#define LS_SERVE_CONTROL LS_SERVE_PORT_COUNT /* index of the control port in addresses */

struct ls_serve_options {
    const char *fixture; /* all strings are argv's */
    const char *profile; /* "deep:16" */
    struct ls_serve_address addresses[LS_SERVE_PORT_COUNT + 1];
    struct ls_stage_start start;
    struct ls_pace pace;
    struct ls_lags lags;
    uint64_t peers;
    uint64_t seed;
    enum ls_eth_state state;
    const char *jwt;               /* file; NULL: one is made; "none": no token is asked for */
    const char *trace;             /* file; NULL: none */
    const char *gossip;            /* URL of the node under test; NULL: nobody is told */
    const char *synctester_config; /* file; NULL: the served chain */
    const char *synctester_jwt;    /* file; NULL: no token is asked for */
    uint64_t synctester_sessions;  /* 0 = as many as the port has by itself */
    uint64_t synctester_idle_s;    /* 0 = sessions never expire */
    struct ls_cmd_list faults;     /* items owned: free with ls_serve_options_fini */
    bool is_help;
};

/* Reads the command line (argv[0] is the command). USAGE with a sentence; ls_serve_options_fini in
 * any case. */
enum ls_err ls_serve_options_read(int argc, char **argv, struct ls_serve_options *o,
                                  struct ls_diag *d);
void ls_serve_options_fini(struct ls_serve_options *o);

/* "HOST:PORT", ":PORT", "PORT" or "off"; HOST is an IPv4 address or localhost, which is the
 * default. USAGE. */
enum ls_err ls_serve_address_parse(const char *text, struct ls_serve_address *out,
                                   struct ls_diag *d);

/* "HEAD[/SAFE[/FINALIZED]]", decimal. USAGE. */
enum ls_err ls_serve_start_parse(const char *text, struct ls_stage_start *out, struct ls_diag *d);

/* The text of --help. */
extern const char ls_serve_usage[];

#endif
