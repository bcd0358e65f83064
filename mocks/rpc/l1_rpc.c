#include "mocks/rpc/l1_rpc.h"

#include <stdlib.h>
#include <string.h>

#include "mocks/rpc/eth_reads.h"
#include "mocks/rpc/note.h"

struct l1_port {
    struct ls_backend base;
    struct ls_l1_rpc_config cfg;
    struct ls_blockjson *blocks;
};

static struct ls_el_read found(uint32_t id)
{
    return (struct ls_el_read){.kind = id == LS_NO_BLOCK ? LS_READ_NULL : LS_READ_BLOCK, .id = id};
}

static struct ls_el_read by_tag(const struct ls_l1 *l1, enum ls_l1_tag tag, const char *missing)
{
    struct ls_el_read r = found(ls_l1_by_tag(l1, tag));
    if (r.kind == LS_READ_NULL && missing != NULL) {
        r = (struct ls_el_read){
            .kind = LS_READ_ERROR, .id = LS_NO_BLOCK, .code = LS_RPC_SERVER, .message = missing};
    }
    return r;
}

static struct ls_el_read read_block(void *self, enum ls_go_block kind, uint64_t number)
{
    const struct l1_port *p = self;
    switch (kind) {
    case LS_GO_NUMBER:
        break;
    case LS_GO_LATEST:
    case LS_GO_PENDING:
        return by_tag(p->cfg.l1, LS_L1_TAG_LATEST, NULL);
    case LS_GO_SAFE:
        return by_tag(p->cfg.l1, LS_L1_TAG_SAFE, "safe block not found");
    case LS_GO_FINALIZED:
        return by_tag(p->cfg.l1, LS_L1_TAG_FINALIZED, "finalized block not found");
    case LS_GO_EARLIEST:
        return by_tag(p->cfg.l1, LS_L1_TAG_EARLIEST, NULL);
    }
    return found(ls_l1_by_number(p->cfg.l1, number));
}

static struct ls_el_read read_hash(void *self, const struct ls_hash *hash)
{
    const struct l1_port *p = self;
    return found(ls_l1_by_hash(p->cfg.l1, hash));
}

static const struct ls_eth_ops L1_READS = {.read = read_block, .read_hash = read_hash};

/* L1 state is not recorded. op-node and kona read one slot at start, the unsafe-block signer, and
 * end when they cannot; an empty slot tells them that there is none, which is so: nobody gossips
 * here. */
static void empty_slot(struct ls_rpc_call *call)
{
    static const struct ls_hash ZERO;
    struct ls_jw w;
    ls_rpc_result(call, &w);
    ls_jw_hex(&w, NULL, ZERO.b, sizeof ZERO.b);
}

static void handle_call(void *self, struct ls_rpc_call *call)
{
    struct l1_port *p = self;
    uint64_t other_id = ls_l1_chain_id(p->cfg.l1);
    const struct ls_eth_view view = {.ops = &L1_READS,
                                     .self = p,
                                     .universe = p->cfg.universe,
                                     .blocks = p->blocks,
                                     .chain_id = other_id != 0 ? other_id : p->cfg.chain_id,
                                     .is_public = true};
    ls_note_asked(call->event, call->method, call->params, p->cfg.universe);
    ls_l1_turn(p->cfg.l1, call->req->conn);
    if (strcmp(call->method, "eth_getStorageAt") == 0) {
        empty_slot(call);
    } else if (!ls_eth_serve(&view, call)) {
        ls_rpc_no_method(call);
    }
}

static void l1_handle(struct ls_backend *b, const struct ls_http_request *req,
                      struct ls_http_reply *reply)
{
    struct l1_port *p = (struct l1_port *)b;
    ls_rpc_serve(req, reply, &LS_RPC_LIMITS_PUBLIC, p->cfg.trace, handle_call, p);
}

static bool l1_admit(struct ls_backend *b, const struct ls_http_request *req,
                     struct ls_http_reply *reply)
{
    (void)b;
    return ls_rpc_admits(req, reply, &LS_RPC_LIMITS_PUBLIC);
}

static const struct ls_backend_ops L1_OPS = {.handle = l1_handle, .admit = l1_admit};

struct ls_backend *ls_l1_rpc_new(const struct ls_l1_rpc_config *cfg)
{
    struct l1_port *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->base.ops = &L1_OPS;
    p->cfg = *cfg;
    p->blocks = ls_blockjson_new(cfg->universe);
    if (p->blocks == NULL) {
        free(p);
        return NULL;
    }
    return &p->base;
}

void ls_l1_rpc_free(struct ls_backend *b)
{
    struct l1_port *p = (struct l1_port *)b;
    if (p != NULL) {
        ls_blockjson_free(p->blocks);
        free(p);
    }
}
