/*
 * What the control API takes for the nodes behind a load balancer, of the source or the L1.
 */
#ifndef LS_HARNESS_SERVE_BACKENDS_H
#define LS_HARNESS_SERVE_BACKENDS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/capture/chain.h"
#include "harness/serve/members.h"
#include "mocks/model/source.h"
#include "mocks/model/turns.h"

/* How many blocks each node is behind, and of which branch it is. */
struct ls_backends {
    struct {
        uint64_t lag;
        const char *branch; /* borrowed from the body; NULL: that of the others */
    } at[LS_SRC_VIEWS_MAX];
    unsigned count; /* 0: not said */
    enum ls_turns_policy policy;
};

/* Reads the members "backends" and "by"; what is wrong with them goes to m. out is zeroed. */
void ls_backends_read(struct ls_members *m, struct ls_backends *out);

/* The tip of the branch of that name among count; LS_NO_BLOCK for NULL, and with an error in m when
 * there is none. */
uint32_t ls_backends_tip(struct ls_members *m, const struct ls_chain_branch *branches, size_t count,
                         const char *name);

#endif
