#include "mocks/rpc/source_rpc.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/header.h"
#include "lib/op/output.h"
#include "mocks/rpc/blockjson.h"
#include "mocks/rpc/eth_reads.h"
#include "mocks/rpc/note.h"

struct source_port {
    struct ls_backend base;
    struct ls_source_rpc_config cfg;
    struct ls_rollup rollup;
    uint64_t chain_id;
    struct ls_blockjson *blocks;
    struct ls_src_answer answer; /* of the call being served */
};

/* --- variant A: an execution layer --- */

static struct ls_el_read found(uint32_t id, const char *missing)
{
    if (id != LS_NO_BLOCK) {
        return (struct ls_el_read){.kind = LS_READ_BLOCK, .id = id};
    }
    if (missing == NULL) {
        return (struct ls_el_read){.kind = LS_READ_NULL, .id = LS_NO_BLOCK};
    }
    return (struct ls_el_read){
        .kind = LS_READ_ERROR, .id = LS_NO_BLOCK, .code = LS_RPC_SERVER, .message = missing};
}

static struct ls_el_read read_tag(struct source_port *p, enum ls_src_tag tag, const char *missing)
{
    uint32_t id = ls_source_by_tag(p->cfg.source, &p->answer, tag);
    /* A source made to answer null answers null. */
    return found(id, p->answer.mood == LS_SRC_NORMAL ? missing : NULL);
}

static struct ls_el_read read_block(void *self, enum ls_go_block kind, uint64_t number)
{
    struct source_port *p = self;
    switch (kind) {
    case LS_GO_NUMBER:
        break;
    case LS_GO_LATEST:
    case LS_GO_PENDING:
        return read_tag(p, LS_SRC_LATEST, NULL);
    case LS_GO_SAFE:
        return read_tag(p, LS_SRC_SAFE, "safe block not found");
    case LS_GO_FINALIZED:
        return read_tag(p, LS_SRC_FINALIZED, "finalized block not found");
    case LS_GO_EARLIEST:
        return read_tag(p, LS_SRC_EARLIEST, NULL);
    }
    return found(ls_source_by_number(p->cfg.source, &p->answer, number), NULL);
}

static struct ls_el_read read_hash(void *self, const struct ls_hash *hash)
{
    struct source_port *p = self;
    return found(ls_source_by_hash(p->cfg.source, &p->answer, hash), NULL);
}

static const struct ls_eth_ops SOURCE_READS = {.read = read_block, .read_hash = read_hash};

/* --- variant B: a consensus node --- */

static bool takes_nothing(struct ls_rpc_call *call)
{
    struct ls_go_args a;
    ls_go_args_begin(&a, call);
    return ls_go_args_end(&a);
}

/* All members but those this kind of node does not have. */
static void put_status(const struct ls_sync_status *s, enum ls_src_shape shape, struct ls_jw *w,
                       const char *key)
{
    ls_jw_object(w, key);
    ls_l1_ref_write(&s->current_l1, w, "current_l1");
    ls_l1_ref_write(&s->current_l1_finalized, w, "current_l1_finalized");
    ls_l1_ref_write(&s->head_l1, w, "head_l1");
    ls_l1_ref_write(&s->safe_l1, w, "safe_l1");
    ls_l1_ref_write(&s->finalized_l1, w, "finalized_l1");
    ls_l2_ref_write(&s->unsafe_l2, w, "unsafe_l2");
    ls_l2_ref_write(&s->safe_l2, w, "safe_l2");
    ls_l2_ref_write(&s->finalized_l2, w, "finalized_l2");
    if (shape != LS_SRC_SHAPE_KONA) {
        ls_l2_ref_write(&s->pending_safe_l2, w, "pending_safe_l2");
    }
    ls_l2_ref_write(&s->cross_unsafe_l2, w, "cross_unsafe_l2");
    if (shape != LS_SRC_SHAPE_OLD) {
        ls_l2_ref_write(&s->local_safe_l2, w, "local_safe_l2");
    }
    ls_jw_object_end(w);
}

static void sync_status(struct source_port *p, struct ls_rpc_call *call)
{
    struct ls_sync_status status;
    struct ls_jw w;
    if (!takes_nothing(call)) {
        return;
    }
    ls_rpc_result(call, &w);
    if (!ls_source_status(p->cfg.source, &p->answer, &status)) {
        ls_jw_null(&w, NULL);
        return;
    }
    enum ls_src_shape shape = ls_source_shape(p->cfg.source);
    put_status(&status, shape, &w, NULL);
    if (shape == LS_SRC_SHAPE_OLD) {
        memset(&status.local_safe_l2, 0, sizeof status.local_safe_l2);
    }
    ls_note_heads(call->event, &status);
}

static void rollup_config(struct source_port *p, struct ls_rpc_call *call)
{
    struct ls_jw w;
    if (takes_nothing(call)) {
        ls_rpc_result(call, &w);
        ls_jw_raw(&w, NULL, p->cfg.rollup_json, p->cfg.rollup_json_bytes);
    }
}

static void version(struct source_port *p, struct ls_rpc_call *call)
{
    struct ls_jw w;
    (void)p;
    if (takes_nothing(call)) {
        ls_rpc_result(call, &w);
        ls_jw_str(&w, NULL, "v0.0.0-lockstep-mock");
    }
}

/* The message passer's storage root after the block: from Isthmus on the header's withdrawalsRoot,
 * before it what a recorded proof says. false: not known. */
static bool passer_root(const struct ls_ublock *b, const struct ls_header *h, struct ls_hash *out)
{
    struct cJSON *proof = NULL;
    if (h->tail >= LS_TAIL_REQUESTS_HASH) {
        *out = h->withdrawals_root;
        return true;
    }
    if (b->proof == NULL || ls_json_parse(b->proof, b->proof_bytes, 0, &proof, NULL)) {
        return false;
    }
    const char *hex = ls_json_str(ls_json_get(proof, "storageHash"));
    bool is_there = hex != NULL && ls_hex_fixed(hex, strlen(hex), out->b, sizeof out->b) == LS_OK;
    ls_json_free(proof);
    return is_there;
}

/* Without the storage root the members that need it stay zero. */
static void put_output(struct source_port *p, uint32_t id, struct ls_jw *w)
{
    const struct ls_ublock *b = ls_universe_get(p->cfg.l2, id);
    struct ls_header h = {0};
    struct ls_hash zero = {0};
    struct ls_hash passer = {0};
    struct ls_hash output = {0};
    struct cJSON *root = NULL;
    if (ls_blockjson_tree(b, &root) == LS_OK) {
        (void)ls_header_from_json(root, &h, NULL, NULL);
    }
    ls_json_free(root);
    if (passer_root(b, &h, &passer)) {
        output = ls_output_root_v0(&h.state_root, &passer, &b->ref.hash);
    }
    ls_jw_hex(w, "version", zero.b, sizeof zero.b);
    ls_jw_hex(w, "outputRoot", output.b, sizeof output.b);
    ls_l2_ref_write(&b->ref, w, "blockRef");
    ls_jw_hex(w, "withdrawalStorageRoot", passer.b, sizeof passer.b);
    ls_jw_hex(w, "stateRoot", h.state_root.b, sizeof h.state_root.b);
}

static void output_at_block(struct source_port *p, struct ls_rpc_call *call)
{
    struct ls_go_args a;
    struct ls_sync_status status;
    struct ls_jw w;
    uint64_t number = 0;
    ls_go_args_begin(&a, call);
    if (!ls_go_u64(&a, ls_go_args_take(&a, true), LS_GO_ARGUMENT, &number) || !ls_go_args_end(&a)) {
        return;
    }
    bool is_answered = ls_source_status(p->cfg.source, &p->answer, &status);
    uint32_t id = ls_source_by_number(p->cfg.source, &p->answer, number);
    if (!is_answered) {
        ls_rpc_result(call, &w);
        ls_jw_null(&w, NULL);
        return;
    }
    if (id == LS_NO_BLOCK) {
        ls_rpc_error(call, LS_RPC_SERVER,
                     "failed to get L2 block ref with sync status: failed to determine "
                     "L2BlockRef of height %llu, could not get payload: not found",
                     (unsigned long long)number);
        return;
    }
    ls_rpc_result(call, &w);
    ls_jw_object(&w, NULL);
    put_output(p, id, &w);
    put_status(&status, ls_source_shape(p->cfg.source), &w, "syncStatus");
    ls_jw_object_end(&w);
    ls_note_result(call->event, p->cfg.l2, id);
}

/* --- the port --- */

static const struct {
    const char *name;
    void (*run)(struct source_port *p, struct ls_rpc_call *call);
} METHODS[] = {
    {"optimism_syncStatus", sync_status},
    {"optimism_rollupConfig", rollup_config},
    {"optimism_outputAtBlock", output_at_block},
    {"optimism_version", version},
};

static void serve_cl(struct source_port *p, struct ls_rpc_call *call)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (strcmp(METHODS[i].name, call->method) == 0) {
            METHODS[i].run(p, call);
            return;
        }
    }
    ls_rpc_no_method(call);
}

/* Identity does not depend on the heads, so it uses up no answer of a mood or a balancer. */
static bool is_about_heads(const char *method)
{
    static const char *const others[] = {"eth_chainId", "net_version", "web3_clientVersion",
                                         "optimism_rollupConfig", "optimism_version"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(method, others[i]) == 0) {
            return false;
        }
    }
    return true;
}

static enum ls_src_flavour flavour_of(const struct source_port *p)
{
    return p->cfg.is_flavour_fixed ? p->cfg.flavour : ls_source_flavour(p->cfg.source);
}

static void handle_call(void *self, struct ls_rpc_call *call)
{
    struct source_port *p = self;
    ls_note_asked(call->event, call->method, call->params, p->cfg.l2);
    if (is_about_heads(call->method)) {
        p->answer = ls_source_answer(p->cfg.source, call->req->conn);
    }
    if (flavour_of(p) == LS_SRC_CL) {
        serve_cl(p, call);
        return;
    }
    const struct ls_eth_view view = {.ops = &SOURCE_READS,
                                     .self = p,
                                     .universe = p->cfg.l2,
                                     .blocks = p->blocks,
                                     .chain_id = p->chain_id,
                                     .is_public = true,
                                     .state = p->cfg.state,
                                     .rollup = &p->rollup};
    if (!ls_eth_serve(&view, call)) {
        ls_rpc_no_method(call);
    }
}

static void source_handle(struct ls_backend *b, const struct ls_http_request *req,
                          struct ls_http_reply *reply)
{
    struct source_port *p = (struct source_port *)b;
    ls_rpc_serve(req, reply, &LS_RPC_LIMITS_PUBLIC, p->cfg.trace, handle_call, p);
}

static bool source_admit(struct ls_backend *b, const struct ls_http_request *req,
                         struct ls_http_reply *reply)
{
    (void)b;
    return ls_rpc_admits(req, reply, &LS_RPC_LIMITS_PUBLIC);
}

static const struct ls_backend_ops SOURCE_OPS = {.handle = source_handle, .admit = source_admit};

bool ls_source_rpc_turn_to(struct ls_backend *b, const struct ls_source_rpc_config *cfg)
{
    struct source_port *p = (struct source_port *)b;
    struct ls_blockjson *blocks = ls_blockjson_new(cfg->l2);
    if (blocks == NULL) {
        return false;
    }
    ls_blockjson_free(p->blocks);
    p->blocks = blocks;
    p->cfg = *cfg;
    p->rollup = *cfg->rollup;
    p->cfg.rollup = &p->rollup;
    p->chain_id = cfg->rollup->l2_chain_id;
    return true;
}

struct ls_backend *ls_source_rpc_new(const struct ls_source_rpc_config *cfg)
{
    struct source_port *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->base.ops = &SOURCE_OPS;
    if (!ls_source_rpc_turn_to(&p->base, cfg)) {
        free(p);
        return NULL;
    }
    return &p->base;
}

void ls_source_rpc_free(struct ls_backend *b)
{
    struct source_port *p = (struct source_port *)b;
    if (p != NULL) {
        ls_blockjson_free(p->blocks);
        free(p);
    }
}
