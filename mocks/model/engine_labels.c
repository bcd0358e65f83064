/* Reads by label, number and hash (mock-engine 2.9, 3.5). */
#include "mocks/model/engine_state.h"

static struct ls_el_read block(uint32_t id)
{
    return (struct ls_el_read){.kind = LS_READ_BLOCK, .id = id};
}

static struct ls_el_read not_there(void)
{
    return (struct ls_el_read){.kind = LS_READ_NULL, .id = LS_NO_BLOCK};
}

static struct ls_el_read unset(const struct ls_engine *e, const char *text)
{
    struct ls_el_read r = not_there();
    switch (e->profile.label_unset) {
    case LS_EL_UNSET_ERROR:
        r.kind = LS_READ_ERROR;
        r.code = LS_RPC_SERVER;
        r.message = text;
        break;
    case LS_EL_UNSET_NULL:
        break;
    case LS_EL_UNSET_NOT_FOUND:
        r.kind = LS_READ_ERROR;
        r.code = LS_RPC_SERVER;
        r.message = "block not found";
        break;
    case LS_EL_UNSET_TEXT:
        r.kind = LS_READ_ERROR;
        r.code = LS_RPC_SERVER;
        r.message = "Unknown block";
        break;
    case LS_EL_UNSET_UNKNOWN:
        r.kind = LS_READ_ERROR;
        r.code = LS_RPC_UNKNOWN_BLOCK;
        r.message = "Unknown block";
        break;
    case LS_EL_UNSET_GENESIS:
        r = block(e->genesis);
        break;
    }
    return r;
}

/* By its hash, which all labels are read by. Behind writes a block that left the chain is there as
 * long as the disk has it, or a read found it there and put it in the cache. */
static bool is_readable(const struct ls_engine *e, uint32_t id)
{
    if (e->profile.writes_behind && (e->flags[id] & (LS_EL_ON_DISK | LS_EL_BODY_READ)) != 0) {
        return true;
    }
    return ls_el_is_known(e, id) &&
           (e->profile.side_block_by_hash || ls_universe_is_ancestor(e->u, id, e->head));
}

struct ls_el_read ls_engine_read_label(const struct ls_engine *e, enum ls_label label)
{
    uint32_t id = ls_engine_label(e, label);
    if (e->profile.label_by_chain && id != LS_NO_BLOCK && !is_readable(e, id)) {
        id = LS_NO_BLOCK; /* reorged out: comes back with its chain */
    }
    if (id != LS_NO_BLOCK) {
        return block(id);
    }
    return unset(e, label == LS_LABEL_SAFE ? "safe block not found" : "finalized block not found");
}

struct ls_el_read ls_engine_read_number(const struct ls_engine *e, uint64_t number)
{
    uint32_t id = ls_engine_canonical_at(e, number);
    return id == LS_NO_BLOCK ? not_there() : block(id);
}

struct ls_el_read ls_engine_read_pending(const struct ls_engine *e)
{
    return block(e->pending != LS_NO_BLOCK ? e->pending : e->head);
}

struct ls_el_read ls_engine_read_geth_pending(const struct ls_engine *e)
{
    struct ls_el_read r = block(e->head);
    if (e->snap_active && ls_el_peers_have(e, e->sync_target)) {
        r = not_there();
        r.kind = LS_READ_ERROR;
        r.code = LS_RPC_SERVER;
        r.message = "pending block is not available";
    }
    return r;
}

struct ls_el_read ls_engine_read_hash(const struct ls_engine *e, const struct ls_hash *hash)
{
    uint32_t id = ls_universe_find(e->u, hash);
    return id != LS_NO_BLOCK && is_readable(e, id) ? block(id) : not_there();
}
