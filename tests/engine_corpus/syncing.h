/*
 * Answers to eth_syncing, by the rule of docs/decisions/0008: what depends on the real engine's
 * threads may vary, that a synchronisation runs, and how far it is, may not.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_SYNCING_H
#define LS_TESTS_ENGINE_CORPUS_SYNCING_H

#include <stdbool.h>

struct cJSON;

/* What other calls show of a synchronisation. */
struct ls_syncing_view {
    bool has_peers; /* else nothing synchronises */
    bool has_head;  /* the blocks on the way are heads: no snap sync */
};

/* op-geth. While its transactions are indexed it says an object, where it says false another time,
 * of a synchronisation that is over or has no goal yet (a highest block of 0). It says false, too,
 * before the first block has come, and between a target and the one block that was put on top of
 * that later. Of a synchronisation
 * that runs, start and current block count; not the highest block, which follows newer targets
 * late, and not the current block where no other call shows it. */
bool ls_syncing_is_geth(const struct cJSON *want, const struct cJSON *got,
                        struct ls_syncing_view view);

/* op-reth: everything, but that a stage may stand up to two blocks off, which were not written yet
 * or were already. */
bool ls_syncing_is_reth(const struct cJSON *want, const struct cJSON *got);

#endif
