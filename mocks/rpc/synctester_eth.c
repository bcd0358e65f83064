/* eth_* of the sync tester: the node behind is asked and relayed, below the session's labels
 * (mock-engine 1.7). */
#include <inttypes.h>
#include <string.h>

#include "lib/json.h"
#include "mocks/rpc/note.h"
#include "mocks/rpc/synctester_parts.h"

/* The node did not give a result: its own error is passed on, anything else is -32000. */
static bool is_result(struct ls_st_call *c, const struct ls_upstream_answer *a)
{
    struct ls_span message = {(const uint8_t *)a->message, 0};
    switch (a->kind) {
    case LS_UPSTREAM_RESULT:
        return true;
    case LS_UPSTREAM_ERROR:
        message.n = strlen(a->message);
        ls_rpc_error_spans(c->rpc, a->code, message, a->data);
        break;
    case LS_UPSTREAM_FAILURE:
        message.n = strlen(a->message);
        ls_rpc_error_spans(c->rpc, LS_RPC_SERVER, message, (struct ls_span){0});
        break;
    }
    return false;
}

static void not_found(struct ls_st_call *c)
{
    ls_rpc_error(c->rpc, LS_RPC_SERVER, "not found");
}

/* The result as it came. */
static void relay(struct ls_st_call *c, const struct ls_upstream_answer *a, bool is_full)
{
    struct ls_jw w;
    size_t start = c->rpc->out->n;
    ls_rpc_result(c->rpc, &w);
    if (a->block != LS_NO_BLOCK) {
        ls_blockjson_put(c->chain->blocks, a->block, is_full ? LS_FORM_FULL : LS_FORM_HASHES,
                         c->rpc->out);
        ls_note_result(c->rpc->event, c->chain->upstream->universe, a->block);
    } else {
        ls_jw_raw(&w, NULL, (const char *)a->text.p, a->text.n);
        ls_rpc_escape_html(c->rpc->out, start);
    }
}

/* --- chain id --- */

/* The node's chain id; false: answered. */
static bool read_chain_id(struct ls_st_call *c, struct ls_span text, struct ls_u256 *out)
{
    static const char type[] = "into Go value of type *hexutil.Big";
    struct cJSON *root = NULL;
    bool is_read = false;
    if (ls_json_parse((const char *)text.p, text.n, 0, &root, NULL) != LS_OK) {
        ls_rpc_error(c->rpc, LS_RPC_SERVER, "invalid character looking for beginning of value");
        return false;
    }
    const char *s = ls_json_str(root);
    if (s == NULL) {
        ls_rpc_error(c->rpc, LS_RPC_SERVER, "json: cannot unmarshal non-string %s", type);
    } else if (s[0] != '0' || (s[1] != 'x' && s[1] != 'X')) {
        ls_rpc_error(c->rpc, LS_RPC_SERVER,
                     "json: cannot unmarshal hex string without 0x prefix %s", type);
    } else if (ls_json_u256(root, out) != LS_OK) {
        ls_rpc_error(c->rpc, LS_RPC_SERVER, "json: cannot unmarshal invalid hex string %s", type);
    } else {
        is_read = true;
    }
    ls_json_free(root);
    return is_read;
}

void ls_st_eth_chain_id(struct ls_st_call *c)
{
    struct ls_go_args args;
    struct ls_upstream_query q = {.what = LS_UPSTREAM_CHAIN_ID};
    struct ls_upstream_answer a;
    struct ls_u256 told;
    uint64_t backend = 0;
    struct ls_jw w;
    ls_go_args_begin(&args, c->rpc);
    if (!ls_go_args_end(&args) || !ls_st_enter(c)) {
        return;
    }
    ls_st_ask(c, &q, &a);
    if (!is_result(c, &a) || !read_chain_id(c, a.text, &told)) {
        return;
    }
    bool is_small = ls_u256_to_u64(&told, &backend);
    if (!is_small || backend != c->chain->chain_id) {
        ls_rpc_error(c->rpc, LS_RPC_SERVER,
                     "chainID mismatch: config: %" PRIu64 ", backend: %" PRIu64, c->chain->chain_id,
                     backend);
        return;
    }
    ls_rpc_result(c->rpc, &w);
    ls_jw_quantity(&w, NULL, backend);
}

/* --- blocks --- */

static enum ls_st_tag tag_of(enum ls_go_block kind)
{
    switch (kind) {
    case LS_GO_NUMBER:
        break;
    case LS_GO_LATEST:
        return LS_ST_LATEST;
    case LS_GO_PENDING:
        return LS_ST_PENDING;
    case LS_GO_SAFE:
        return LS_ST_SAFE;
    case LS_GO_FINALIZED:
        return LS_ST_FINALIZED;
    case LS_GO_EARLIEST:
        return LS_ST_EARLIEST;
    }
    return LS_ST_NUMBER;
}

void ls_st_eth_block_by_number(struct ls_st_call *c)
{
    struct ls_go_args args;
    struct ls_upstream_query q = {.what = LS_UPSTREAM_BLOCK};
    struct ls_upstream_answer a;
    enum ls_go_block kind = LS_GO_LATEST;
    uint64_t number = 0;
    char text[40];
    ls_go_args_begin(&args, c->rpc);
    const struct cJSON *which = ls_go_args_take(&args, true);
    if (!ls_go_block_number(&args, which, &kind, &number) ||
        !ls_go_bool(&args, ls_go_args_take(&args, true), LS_GO_ARGUMENT, &q.is_full) ||
        !ls_go_args_end(&args) || !ls_st_enter(c)) {
        return;
    }
    if (!ls_st_target(c->session, tag_of(kind), number, &number)) {
        not_found(c);
        return;
    }
    ls_st_print_number(number, text);
    q.text = text;
    ls_st_ask(c, &q, &a);
    if (is_result(c, &a)) {
        relay(c, &a, q.is_full);
    }
}

/* The number of a block that came as text. false: answered. */
static bool read_number(struct ls_st_call *c, struct ls_span text, uint64_t *out)
{
    struct cJSON *root = NULL;
    struct ls_u256 number;
    bool is_read = false;
    (void)ls_json_parse((const char *)text.p, text.n, 0, &root, NULL);
    const struct cJSON *v = ls_json_get(root, "number");
    if (!ls_json_is_object(root) && !ls_json_is_null(root)) {
        ls_rpc_error(c->rpc, LS_RPC_SERVER,
                     "json: cannot unmarshal %s into Go value of type backend.HeaderNumberOnly",
                     ls_go_kind_name(root));
    } else if (v == NULL || ls_json_is_null(v)) {
        ls_st_crash(c); /* Q2: an unknown block is null, and null has no number */
    } else if (ls_json_u256(v, &number) != LS_OK) {
        ls_rpc_error(c->rpc, LS_RPC_SERVER,
                     "json: cannot unmarshal %s into Go struct field HeaderNumberOnly.number of "
                     "type *hexutil.Big",
                     ls_json_str(v) == NULL ? "non-string" : "invalid hex string");
    } else {
        *out = ls_be64(number.be + 24);
        is_read = true;
    }
    ls_json_free(root);
    return is_read;
}

void ls_st_eth_block_by_hash(struct ls_st_call *c)
{
    struct ls_go_args args;
    struct ls_hash hash = {0};
    struct ls_upstream_query q = {.what = LS_UPSTREAM_BLOCK, .hash = &hash};
    struct ls_upstream_answer a;
    uint64_t number = 0;
    ls_go_args_begin(&args, c->rpc);
    if (!ls_go_hash(&args, ls_go_args_take(&args, true), LS_GO_ARGUMENT, &hash) ||
        !ls_go_bool(&args, ls_go_args_take(&args, true), LS_GO_ARGUMENT, &q.is_full) ||
        !ls_go_args_end(&args) || !ls_st_enter(c)) {
        return;
    }
    ls_st_ask(c, &q, &a);
    if (!is_result(c, &a)) {
        return;
    }
    if (a.block != LS_NO_BLOCK) {
        number = ls_universe_get(c->chain->upstream->universe, a.block)->ref.number;
    } else if (!read_number(c, a.text, &number)) {
        return;
    }
    if (ls_st_is_visible(c->session, number)) {
        relay(c, &a, q.is_full);
    } else {
        not_found(c);
    }
}

/* --- receipts --- */

/* rpc.BlockNumberOrHash. */
struct selector {
    enum { BY_NUMBER, BY_HASH, BY_NOTHING } by;
    enum ls_st_tag tag;
    uint64_t number;
    struct ls_hash hash;
};

static void select_number(struct ls_go_args *args, const struct cJSON *v, struct selector *out)
{
    enum ls_go_block kind = LS_GO_LATEST;
    out->by = BY_NUMBER;
    if (ls_go_block_number(args, v, &kind, &out->number)) {
        out->tag = tag_of(kind);
    }
}

static void select_object(struct ls_go_args *args, const struct cJSON *v, struct selector *out)
{
    const struct cJSON *number = ls_json_get(v, "blockNumber");
    const struct cJSON *hash = ls_json_get(v, "blockHash");
    bool is_canonical = false; /* it has to be a bool, and is not looked at */
    bool has_number = number != NULL && !ls_json_is_null(number);
    bool has_hash = hash != NULL && !ls_json_is_null(hash);
    if (has_number) {
        select_number(args, number, out);
    }
    if (has_hash && ls_go_hash(args, hash, LS_GO_ARGUMENT, &out->hash)) {
        out->by = BY_HASH;
    }
    (void)ls_go_bool(args, ls_json_get(v, "requireCanonical"), LS_GO_ARGUMENT, &is_canonical);
    if (args->is_failed) {
        /* Go tries again, as a string, and tells what is wrong with that. */
        args->is_failed = false;
        ls_go_args_fail(args, "json: cannot unmarshal object into Go value of type string");
    } else if (has_number && has_hash) {
        ls_go_args_fail(args, "cannot specify both BlockHash and BlockNumber, choose one or the "
                              "other");
    }
}

/* A hash, by its length, or a tag or number: in the words of hexutil rather than of the decoder. */
static void select_text(struct ls_go_args *args, const struct cJSON *v, struct selector *out)
{
    const char *s = ls_json_str(v);
    if (strlen(s) != 66) {
        select_number(args, v, out);
        if (args->is_failed && strstr(args->call->text, "larger than int64") != NULL) {
            args->is_failed = false;
            ls_go_args_fail(args, "blocknumber too high");
        }
        return;
    }
    out->by = BY_HASH;
    if (s[0] != '0' || (s[1] != 'x' && s[1] != 'X')) {
        ls_go_args_fail(args, "hex string without 0x prefix");
    } else if (strspn(s + 2, "0123456789abcdefABCDEF") != 64) {
        ls_go_args_fail(args, "invalid hex string");
    } else {
        (void)ls_go_hash(args, v, LS_GO_ARGUMENT, &out->hash);
    }
}

static void take_selector(struct ls_go_args *args, struct selector *out)
{
    const struct cJSON *v = ls_go_args_take(args, true);
    *out = (struct selector){.by = BY_NOTHING};
    if (v == NULL || ls_json_is_null(v)) {
        return;
    }
    if (ls_json_is_object(v)) {
        select_object(args, v, out);
    } else if (ls_json_is_string(v)) {
        select_text(args, v, out);
    } else {
        ls_go_args_fail(args, "json: cannot unmarshal %s into Go value of type string",
                        ls_go_kind_name(v));
    }
}

static void put_receipts(struct ls_st_call *c, const struct ls_upstream_answer *a)
{
    struct cJSON *root = NULL;
    uint64_t number = 0;
    if (ls_json_parse((const char *)a->text.p, a->text.n, 0, &root, NULL) != LS_OK) {
        ls_rpc_error(c->rpc, LS_RPC_SERVER, "invalid character looking for beginning of value");
        return;
    }
    const struct cJSON *first = ls_json_get(ls_json_at(root, 0), "blockNumber");
    if (ls_json_is_null(root)) {
        not_found(c);
    } else if (!ls_json_is_array(root)) {
        ls_rpc_error(c->rpc, LS_RPC_SERVER,
                     "json: cannot unmarshal %s into Go value of type []*types.Receipt",
                     ls_go_kind_name(root));
    } else if (ls_json_count(root) == 0) {
        ls_rpc_error(c->rpc, LS_RPC_SERVER, "no receipts");
    } else if (ls_json_quantity(first, &number) != LS_OK) {
        ls_st_crash(c);
    } else if (!ls_st_is_visible(c->session, number)) {
        not_found(c);
    } else {
        (void)ls_st_put_receipts(c, root);
    }
    ls_json_free(root);
}

void ls_st_eth_receipts(struct ls_st_call *c)
{
    struct ls_go_args args;
    struct ls_upstream_query q = {.what = LS_UPSTREAM_RECEIPTS, .text = "nil"};
    struct ls_upstream_answer a;
    struct selector s;
    char text[40];
    ls_go_args_begin(&args, c->rpc);
    take_selector(&args, &s);
    if (!ls_go_args_end(&args) || !ls_st_enter(c)) {
        return;
    }
    if (s.by == BY_HASH) {
        q.hash = &s.hash;
    } else if (s.by == BY_NUMBER) {
        if (!ls_st_target(c->session, s.tag, s.number, &s.number)) {
            not_found(c);
            return;
        }
        ls_st_print_number(s.number, text);
        q.text = text;
    }
    ls_st_ask(c, &q, &a);
    if (is_result(c, &a)) {
        put_receipts(c, &a);
    }
}
