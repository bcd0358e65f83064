/* Transactions and parameters as op-geth decodes them: what passes, and what is said of the rest,
 * word by word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/arena.h"
#include "lib/hex.h"
#include "mocks/model/engine.h"
#include "mocks/rpc/engine_rpc.h"
#include "mocks/rpc/gosign.h"
#include "mocks/rpc/gotx.h"
#include "tests/unit/payload_world.h"
#include "tests/unit/recorded_rows.h"

#define TRANSACTIONS "tests/data/gotypes/transactions.ndjson.zst"
#define SENDERS "tests/data/gotypes/senders.ndjson.zst"
#define PARAMS "tests/data/gotypes/params.ndjson.zst"
#define TX_BYTES_MAX 4096u
#define HASH32 "0x0000000000000000000000000000000000000000000000000000000000000000"
#define NO_HEAD                                                           \
    "{\"headBlockHash\":\"" HASH32 "\",\"safeBlockHash\":\"" HASH32 "\"," \
    "\"finalizedBlockHash\":\"" HASH32 "\"}"

struct sentences {
    struct rows transactions;
    struct rows senders;
    struct rows params;
    struct payload_world world;
    void *engine_mem;
    struct ls_backend *port;
    struct ls_arena arena;
};

static int set_up(void **state)
{
    struct sentences *s = need(calloc(1, sizeof *s));
    load_rows(TRANSACTIONS, &s->transactions);
    load_rows(SENDERS, &s->senders);
    load_rows(PARAMS, &s->params);
    payload_world_init(&s->world);
    s->engine_mem = need(malloc(ls_engine_size(s->world.u)));
    struct ls_engine *e =
        ls_engine_init(s->engine_mem, s->world.u, 0, ls_engine_profile_find("geth"));
    s->port = need(ls_engine_rpc_new(&(struct ls_engine_rpc_config){
        .engine = e, .universe = s->world.u, .rollup = &s->world.rollup}));
    ls_arena_init(&s->arena, (size_t)1 << 20);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct sentences *s = *state;
    ls_arena_fini(&s->arena);
    ls_engine_rpc_free(s->port);
    free(s->engine_mem);
    payload_world_fini(&s->world);
    free_rows(&s->transactions);
    free_rows(&s->senders);
    free_rows(&s->params);
    free(s);
    return 0;
}

/* A copy that ends where its memory does, so that a step past it is seen. */
static struct ls_span exact_copy(const uint8_t *p, size_t n)
{
    uint8_t *copy = need(malloc(n + (n == 0)));
    memcpy(copy, p, n);
    return (struct ls_span){copy, n};
}

static struct ls_span tx_of(struct sentences *s, const struct cJSON *row)
{
    struct ls_span tx;
    ls_arena_reset(&s->arena);
    assert_int_equal(ls_json_data(ls_json_get(row, "tx"), &s->arena, TX_BYTES_MAX, &tx), LS_OK);
    return tx;
}

static void every_transaction_gets_its_sentence(void **state)
{
    struct sentences *s = *state;
    for (size_t i = 0; i < s->transactions.count; i++) {
        const struct cJSON *row = s->transactions.items[i].tree;
        const char *want = ls_json_str(ls_json_get(row, "fault"));
        char why[LS_GORLP_TEXT_MAX] = "";
        struct ls_span given = tx_of(s, row);
        struct ls_span tx = exact_copy(given.p, given.n);
        bool is_taken = ls_gotx_check(tx, why);
        free((void *)(uintptr_t)tx.p);
        if (is_taken != (want == NULL) || strcmp(why, want == NULL ? "" : want) != 0) {
            fail_msg("row %zu: \"%s\", not \"%s\"", i, why, want == NULL ? "" : want);
        }
    }
}

/* Whatever is cut off. */
static void a_transaction_that_ends_early_is_none(void **state)
{
    struct sentences *s = *state;
    for (size_t i = 0; i < s->transactions.count; i++) {
        const struct cJSON *row = s->transactions.items[i].tree;
        struct ls_span tx = tx_of(s, row);
        for (size_t n = 0; ls_json_is_null(ls_json_get(row, "fault")) && n < tx.n; n++) {
            char why[LS_GORLP_TEXT_MAX] = "";
            struct ls_span cut = exact_copy(tx.p, n);
            assert_false(ls_gotx_check(cut, why));
            assert_string_not_equal(why, "");
            free((void *)(uintptr_t)cut.p);
        }
    }
}

static void every_sender_gets_its_sentence(void **state)
{
    struct sentences *s = *state;
    for (size_t i = 0; i < s->senders.count; i++) {
        const struct cJSON *row = s->senders.items[i].tree;
        const char *want = ls_json_str(ls_json_get(row, "fault"));
        struct ls_gosign_rules rules = {
            .chain_id = 901, .has_set_code = ls_json_true(ls_json_get(row, "is_isthmus"))};
        char why[LS_GOSIGN_TEXT_MAX] = "";
        bool is_taken = ls_gosign_check(tx_of(s, row), &rules, why);
        if (is_taken != (want == NULL) || strcmp(why, want == NULL ? "" : want) != 0) {
            fail_msg("row %zu: \"%s\", not \"%s\"", i, why, want == NULL ? "" : want);
        }
    }
}

/* v r s at the edges of what a signature may be, in a legacy transaction of chain 901. */
static void signatures_at_the_edges(void **state)
{
#define HALF "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"
#define HALF_AND_1 "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1"
#define ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
#define BELOW_ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140"
#define RANGE "invalid transaction v, r, s values"
    static const struct {
        const char *vrs; /* RLP, hex */
        const char *fault;
    } cases[] = {
        {"1b01a0" HALF, NULL},
        {"1c01a0" HALF_AND_1, RANGE},
        {"1ba0" BELOW_ORDER "01", NULL},
        {"1ba0" ORDER "01", RANGE},
        {"1b8001", RANGE},
        {"1b0180", RANGE},
        {"800101", RANGE},
        {"010101", RANGE},
        {"82072d0101", NULL}, /* 35 + 2 * 901 */
        {"82072e0101", NULL},
        {"82072e8001", RANGE},
        {"82072c0101", "invalid chain id for signer: have 900 want 901"},
        {"82072f0101", "invalid chain id for signer: have 902 want 901"},
        {"220101", "invalid chain id for signer: have 9223372036854775807 want 901"},
        {"8901000000000000000001"
         "01",
         "invalid chain id for signer: have 9223372036854775790 want 901"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        uint8_t bytes[256];
        char why[LS_GOSIGN_TEXT_MAX] = "";
        size_t n = 6 + strlen(cases[i].vrs) / 2;
        (void)snprintf(text, sizeof text, n < 56 ? "%02zx808080808080%s" : "f8%02zx808080808080%s",
                       n < 56 ? 0xc0 + n : n, cases[i].vrs);
        n = strlen(text) / 2;
        assert_true(ls_hex_digits(text, bytes, n));
        (void)ls_gosign_check((struct ls_span){bytes, n},
                              &(struct ls_gosign_rules){.chain_id = 901}, why);
        if (strcmp(why, cases[i].fault == NULL ? "" : cases[i].fault) != 0) {
            fail_msg("row %zu: \"%s\"", i, why);
        }
    }
}

/* What is wrong with the value at this place among the parameters; "" when it was taken. */
static void ask(struct ls_backend *port, const char *method, const char *head, const char *value,
                unsigned place, char *out, size_t cap)
{
    struct ls_buf body;
    struct cJSON *root;
    char prefix[32];
    ls_buf_init(&body, (size_t)1 << 20);
    (void)ls_buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":[%s%s]}",
                        method, head, value);
    struct ls_http_request req = post((const char *)body.p);
    struct ls_http_reply reply = exchange(port, &req);
    assert_int_equal(ls_json_parse((const char *)reply.body.p, reply.body.n, 0, &root, NULL),
                     LS_OK);
    const char *message = ls_json_str(ls_json_get(ls_json_get(root, "error"), "message"));
    size_t n = (size_t)snprintf(prefix, sizeof prefix, "invalid argument %u: ", place);
    bool is_refused = message != NULL && strncmp(message, prefix, n) == 0;
    (void)snprintf(out, cap, "%s", is_refused ? message + n : "");
    ls_json_free(root);
    ls_buf_fini(&reply.body);
    ls_buf_fini(&body);
}

static void every_parameter_gets_its_sentence(void **state)
{
    struct sentences *s = *state;
    for (size_t i = 0; i < s->params.count; i++) {
        const struct cJSON *row = s->params.items[i].tree;
        const char *want = ls_json_str(ls_json_get(row, "fault"));
        const char *value = ls_json_str(ls_json_get(row, "value"));
        char got[512];
        if (strcmp(ls_json_str(ls_json_get(row, "type")), "attributes") == 0) {
            ask(s->port, "engine_forkchoiceUpdatedV1", NO_HEAD ",", value, 1, got, sizeof got);
        } else {
            ask(s->port, "engine_newPayloadV1", "", value, 0, got, sizeof got);
        }
        if (strcmp(got, want == NULL ? "" : want) != 0) {
            fail_msg("row %zu: \"%s\", not \"%s\"", i, got, want == NULL ? "" : want);
        }
    }
}

/* With and without its blobs. */
static void the_hashes_of_a_blob_transaction_are_found(void **state)
{
    static const char hash[] = "a001111111111111111111111111111111111111111111111111111111111111"
                               "11";
    char plain[200];
    char dressed[250];
    char text[512];
    uint8_t bytes[256];
    (void)state;
    (void)snprintf(plain, sizeof plain,
                   "f8430180808080940000000000000000000000000000000000000000"
                   "8080c080e1%s808080",
                   hash);
    (void)snprintf(dressed, sizeof dressed, "f848%sc0c0c0", plain);
    const char *const forms[] = {plain, dressed, "cf0180808080808080c080c0808080", "80"};
    const size_t counts[] = {1, 1, 0, 0};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        (void)snprintf(text, sizeof text, "03%s", forms[i]);
        size_t n = strlen(text) / 2;
        assert_true(ls_hex_digits(text, bytes, n));
        struct ls_gotx_hashes h = ls_gotx_blob_hashes((struct ls_span){bytes, n});
        assert_int_equal(h.count, counts[i]);
        for (size_t k = 0; k < h.count; k++) {
            assert_int_equal(h.first[k * h.stride], 1);
            assert_int_equal(h.first[k * h.stride + 31], 0x11);
        }
    }
    bytes[0] = 2;
    assert_int_equal(ls_gotx_blob_hashes((struct ls_span){bytes, sizeof bytes}).count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transaction_gets_its_sentence),
        cmocka_unit_test(a_transaction_that_ends_early_is_none),
        cmocka_unit_test(every_sender_gets_its_sentence),
        cmocka_unit_test(signatures_at_the_edges),
        cmocka_unit_test(every_parameter_gets_its_sentence),
        cmocka_unit_test(the_hashes_of_a_blob_transaction_are_found),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
