#include "harness/serve/portset.h"

#include <string.h>

const char *ls_serve_port_name(enum ls_serve_port port)
{
    switch (port) {
    case LS_SERVE_EL:
        return "el";
    case LS_SERVE_EL_HTTP:
        return "el-http";
    case LS_SERVE_SOURCE_EL:
        return "source-el";
    case LS_SERVE_SOURCE_CL:
        return "source-cl";
    case LS_SERVE_L1:
        return "l1";
    case LS_SERVE_SYNCTESTER:
        return "synctester";
    case LS_SERVE_PORT_COUNT:
        break;
    }
    return "";
}

unsigned ls_serve_port_mask(const char *name)
{
    if (strcmp(name, "all") == 0) {
        return (1u << LS_SERVE_PORT_COUNT) - 1u;
    }
    if (strcmp(name, "source") == 0) {
        return 1u << LS_SERVE_SOURCE_EL | 1u << LS_SERVE_SOURCE_CL;
    }
    for (unsigned i = 0; i < LS_SERVE_PORT_COUNT; i++) {
        if (strcmp(ls_serve_port_name((enum ls_serve_port)i), name) == 0) {
            return 1u << i;
        }
    }
    return 0;
}
