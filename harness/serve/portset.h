/*
 * The ports of `lockstep serve` that speak JSON-RPC, by the names that command line and control API
 * use.
 */
#ifndef LS_HARNESS_SERVE_PORTSET_H
#define LS_HARNESS_SERVE_PORTSET_H

#include <stddef.h>
#include <stdint.h>

enum ls_serve_port {
    LS_SERVE_EL,        /* the engine, authenticated */
    LS_SERVE_EL_HTTP,   /* the same engine, without a token and without engine_* */
    LS_SERVE_SOURCE_EL, /* the node to follow, as an execution node */
    LS_SERVE_SOURCE_CL, /* the same, as a consensus node */
    LS_SERVE_L1,
    LS_SERVE_SYNCTESTER, /* the upstream sync tester's URLs */
    LS_SERVE_PORT_COUNT
};

/* "el", "el-http", …; never NULL. */
const char *ls_serve_port_name(enum ls_serve_port port);

/* Bits 1 << port of the ports that name means: one of the names above, "source" (both sources) or
 * "all". 0: no such name. */
unsigned ls_serve_port_mask(const char *name);

/* What ls_serve_port_mask knows, in one line. */
#define LS_SERVE_PORT_NAMES "el el-http source-el source-cl l1 synctester source all"

#endif
