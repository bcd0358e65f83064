/*
 * Does what the peers show fit the fork schedule of the rollup config? Diagnostics only: the node
 * works with what it gets, and a person is told before a fork turns a wrong file or an old engine
 * into an outage.
 */
#ifndef LS_NODE_IO_SCHEDULE_H
#define LS_NODE_IO_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/jsonw.h"
#include "lib/op/rollup.h"

struct cJSON;

/* Writes the engine methods this node may call, as the elements of one array. */
void ls_schedule_write_methods(struct ls_jw *w);

/* true when methods (the result of engine_exchangeCapabilities, an array of strings) lacks one that
 * the schedule asks for, now or at a later fork; d then names it and the fork. */
bool ls_schedule_lacks(const struct ls_rollup *r, const struct cJSON *methods, struct ls_diag *d);

/* true when the L1-info deposit of a block that r says is no genesis has another format than the
 * schedule wants at timestamp_s; d then names both. false for a first transaction that is
 * no such deposit: that is for others to judge. */
bool ls_schedule_differs(const struct ls_rollup *r, uint64_t number, uint64_t timestamp_s,
                         const struct ls_span *txs, size_t tx_count, struct ls_diag *d);

#endif
