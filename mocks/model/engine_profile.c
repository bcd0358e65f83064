/* The personalities: one table, one row an engine (mock-engine 4.3, scenarios 2.1). */
#include <string.h>

#include "mocks/model/engine.h"

/* op-geth 1.16.3, full sync, as in the recorded call sequences. */
#define GETH                                                                                   \
    .unknown_parent = LS_EL_PARENT_SYNCING, .unknown_head = LS_EL_HEAD_SYNCING_START,          \
    .zero_head = LS_EL_ZERO_INVALID, .old_head = LS_EL_OLD_LABELS,                             \
    .label_unset = LS_EL_UNSET_ERROR, .restore = LS_EL_RESTORE_FINALIZED,                      \
    .labels_same_head = true, .error_data = true, .side_block_by_hash = true, .stash_max = 96, \
    .invalid_hits_max = 128, .parent_by_number = true, .builds_max = 10

/* op-reth on reth 2.0.0, as in its answers to the same sequences (mock-engine 2.3 - 2.6). */
#define RETH                                                                                    \
    .unknown_parent = LS_EL_PARENT_SYNCING, .unknown_head = LS_EL_HEAD_SYNCING_START,           \
    .zero_head = LS_EL_ZERO_ERROR, .old_head = LS_EL_OLD_SKIP, .label_unset = LS_EL_UNSET_NULL, \
    .restore = LS_EL_RESTORE_BOTH, .labels_same_head = true, .stash_max = 64,                   \
    .invalid_hits_max = 128, .builds = LS_EL_BUILDS_RETH, .words = LS_EL_WORDS_RETH,            \
    .builds_max = LS_EL_BUILDS_MAX, .old_head_builds = true, .connects = true

static const struct ls_engine_profile PROFILES[] = {
    {.name = "geth", GETH},
    {.name = "reth", RETH},
    {.name = "snap", GETH, .is_snap = true, .snap_done_on_canonical_fcu = true},
};

const struct ls_engine_profile *ls_engine_profile_at(size_t i)
{
    return i < sizeof PROFILES / sizeof PROFILES[0] ? &PROFILES[i] : NULL;
}

const struct ls_engine_profile *ls_engine_profile_find(const char *name)
{
    for (size_t i = 0; i < sizeof PROFILES / sizeof PROFILES[0]; i++) {
        if (strcmp(PROFILES[i].name, name) == 0) {
            return &PROFILES[i];
        }
    }
    return NULL;
}
