/* Inside of the control API, shared by its files. Nobody outside harness/serve includes it. */
#ifndef LS_HARNESS_SERVE_CONTROL_PARTS_H
#define LS_HARNESS_SERVE_CONTROL_PARTS_H

#include "harness/serve/control.h"
#include "lib/jsonw.h"

struct cJSON;

/* One POST: what was asked, and when. */
struct ls_control_deed {
    struct ls_control *control;
    const struct cJSON *body; /* an object */
    uint64_t now_ns;
    struct ls_diag *d;
    uint32_t fault; /* number of the fault that was armed, 0 = none */
};

/* Does what path says. NOT_FOUND with *is_known false: there is no such path; other errors say what
 * is wrong with the body, or why it cannot be done. */
enum ls_err ls_control_do(struct ls_control_deed *deed, const char *path, bool *is_known);

/* "/advance /clear …": paths that ls_control_do knows. */
void ls_control_deeds(char *out, size_t cap);

/* Writes GET /state as one object. */
void ls_control_write_state(const struct ls_control *c, uint64_t now_ns, struct ls_jw *w);

#endif
