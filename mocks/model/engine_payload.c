/* newPayload: the decision table of mock-engine 2.3, rows 6 to 14, in evaluation order. */
#include "mocks/model/engine_state.h"

struct ls_el_verdict ls_el_syncing(const char *row)
{
    return (struct ls_el_verdict){.status = LS_STATUS_SYNCING, .row = row};
}

struct ls_el_verdict ls_el_valid(const struct ls_engine *e, uint32_t id, const char *row)
{
    return (struct ls_el_verdict){.status = LS_STATUS_VALID,
                                  .lvh = LS_LVH_HASH,
                                  .latest_valid = ls_universe_get(e->u, id)->ref.hash,
                                  .row = row};
}

struct ls_el_verdict ls_el_invalid(const struct ls_hash *latest_valid, const char *error,
                                   const char *row)
{
    struct ls_el_verdict v = {.status = LS_STATUS_INVALID, .error = error, .row = row};
    if (latest_valid != NULL) {
        v.lvh = LS_LVH_HASH;
        v.latest_valid = *latest_valid;
    }
    return v;
}

struct ls_el_verdict ls_el_error(const struct ls_engine *e, int code, const char *message,
                                 const char *data, const char *row)
{
    return (struct ls_el_verdict){.is_error = true,
                                  .code = code,
                                  .message = message,
                                  .data = e->profile.error_data ? data : NULL,
                                  .row = row};
}

static void stash(struct ls_engine *e, const struct ls_np_input *in)
{
    const struct ls_el_header header = {
        .hash = in->id.hash, .parent = in->parent, .number = in->id.number, .block = in->block};
    ls_el_stash_put(e, &header);
}

/* Row 8: the parent is not there. The header is kept for a forkchoice that names it; a sync that
 * runs is extended, but none is started. */
static struct ls_el_verdict delay(struct ls_engine *e, const struct ls_np_input *in,
                                  const char *row)
{
    struct ls_el_verdict v;
    if (ls_el_is_rejected(e, &in->parent, &in->id.hash, "np 7", &v)) {
        return v;
    }
    stash(e, in);
    ls_el_sync_extend(e, in);
    return ls_el_syncing(row);
}

static struct ls_el_verdict unknown_parent(struct ls_engine *e, const struct ls_np_input *in)
{
    struct ls_el_verdict v = delay(e, in, "np 8");
    if (v.status != LS_STATUS_SYNCING) {
        return v;
    }
    switch (e->profile.unknown_parent) {
    case LS_EL_PARENT_SYNCING:
        break;
    case LS_EL_PARENT_ACCEPTED:
        v.status = LS_STATUS_ACCEPTED;
        break;
    case LS_EL_PARENT_ERROR:
        return ls_el_error(e, LS_RPC_SERVER, "unknown ancestor", NULL, "np 8");
    }
    return v;
}

/* The head of the last forkchoice is there now: it becomes the head, its labels do not. */
static void take_wanted_head(struct ls_engine *e, uint32_t id)
{
    if (ls_hash_eq(&ls_universe_get(e->u, id)->ref.hash, &e->wanted.head)) {
        ls_el_set_head(e, id);
        e->wanted = (struct ls_forkchoice){.head = {{0}}};
    }
}

/* A remote header whose parent is there now; LS_NO_BLOCK: none. */
static uint32_t next_connected(const struct ls_engine *e)
{
    for (uint32_t i = 0; i < e->stash_count; i++) {
        uint32_t id = e->stash[i].block;
        if (id != LS_NO_BLOCK && !ls_el_is_known(e, id) && !ls_el_is_bad(e, id) &&
            ls_el_is_known(e, ls_universe_find(e->u, &e->stash[i].parent))) {
            return id;
        }
    }
    return LS_NO_BLOCK;
}

void ls_el_connect(struct ls_engine *e, uint32_t id)
{
    if (!e->profile.connects) {
        return;
    }
    take_wanted_head(e, id);
    for (id = next_connected(e); id != LS_NO_BLOCK; id = next_connected(e)) {
        ls_el_enter(e, id);
        take_wanted_head(e, id);
    }
}

/* Row 12 and 13: the parent and its state are there. Only here a rejection is remembered. */
static struct ls_el_verdict execute(struct ls_engine *e, const struct ls_np_input *in,
                                    uint32_t parent)
{
    const char *error = in->exec_error;
    if (in->id.number == ls_el_number(e, parent) + 1u) {
        ls_engine_cache_header(e, parent);
    }
    if (error == NULL && in->id.number != ls_el_number(e, parent) + 1u) {
        error = "invalid block number";
    } else if (error == NULL && in->block != LS_NO_BLOCK && ls_el_is_bad(e, in->block)) {
        error = "invalid merkle root";
    }
    if (error != NULL) {
        ls_el_reject(e, &in->id.hash, &in->id.hash, &in->parent, 1);
        return ls_el_invalid(&in->parent, error, "np 12");
    }
    if (in->block != LS_NO_BLOCK) {
        ls_el_enter(e, in->block);
        ls_el_connect(e, in->block);
    }
    return (struct ls_el_verdict){
        .status = LS_STATUS_VALID, .lvh = LS_LVH_HASH, .latest_valid = in->id.hash, .row = "np 13"};
}

void ls_engine_take_built(struct ls_engine *e, uint32_t id)
{
    if (id != LS_NO_BLOCK && !ls_el_is_known(e, id) &&
        ls_el_number(e, id) > ls_el_number(e, e->head)) {
        ls_el_enter(e, id);
    }
}

/* The parent is in memory, but was unwound together with the written block that it stands on. */
static struct ls_el_verdict no_state(const struct ls_engine *e, uint32_t parent)
{
    struct ls_el_verdict v = {
        .is_error = true, .code = LS_RPC_INTERNAL, .message = "Server error", .row = "np 11"};
    uint32_t id = parent;
    while (ls_el_is_known(e, id)) {
        id = ls_universe_get(e->u, id)->parent;
    }
    if (id != LS_NO_BLOCK) {
        v.data = "no state found for block";
        v.lvh = LS_LVH_HASH;
        v.latest_valid = ls_universe_get(e->u, id)->ref.hash;
    }
    return v;
}

static struct ls_el_verdict decide(struct ls_engine *e, const struct ls_np_input *in)
{
    struct ls_el_verdict v;
    if (e->profile.is_stuck) {
        return ls_el_syncing("stuck");
    }
    if (e->is_in_pipeline) {
        return delay(e, in, "np 10");
    }
    if (ls_el_is_known(e, in->block)) {
        ls_el_touch(e, in->block);
        return ls_el_valid(e, in->block, "np 6");
    }
    if (ls_el_is_rejected(e, &in->id.hash, &in->id.hash, "np 7", &v)) {
        if (e->profile.payload_resets_hits) {
            ls_el_reset_hits(e, &in->id.hash);
        }
        return v;
    }
    uint32_t parent = ls_universe_find(e->u, &in->parent);
    if (!ls_el_is_known(e, parent) || !ls_el_finds_parent(e, parent, in->id.number)) {
        return unknown_parent(e, in);
    }
    ls_el_touch(e, parent);
    bool is_stale = in->timestamp <= ls_universe_get(e->u, parent)->ref.timestamp;
    if (is_stale && e->profile.words == LS_EL_WORDS_GETH) {
        return ls_el_invalid(&in->parent, "invalid timestamp", "np 9");
    }
    if (!ls_el_is_attached(e, parent)) {
        return no_state(e, parent);
    }
    if (e->snap_active) {
        return delay(e, in, "np 10");
    }
    if (!ls_el_has_state(e, parent)) {
        stash(e, in);
        return (struct ls_el_verdict){.status = LS_STATUS_ACCEPTED, .row = "np 11"};
    }
    return execute(e, in, parent);
}

struct ls_el_verdict ls_engine_new_payload(struct ls_engine *e, const struct ls_np_input *in)
{
    ls_el_disk_await(e);
    struct ls_el_verdict v = decide(e, in);
    ls_el_disk_note(e);
    return v;
}
