/*
 * The engine tests of hive (simulators/ethereum/engine) that apply to an engine of an OP chain, as
 * a table: one row a named test and variant, each a short script against the geth profile over a
 * recorded chain, and expectations that are hive's, with OP's where the specification of the OP
 * engine differs. Each row runs on a fresh engine.
 *
 * hive's tests that are not here, and why:
 *  - Suggested Fee Recipient, PrevRandao Opcode, Fork ID, Transaction Re-Org, Build Payload with
 * Invalid ChainID Transaction: what transactions do, or devp2p; nothing executes here.
 *  - Invalid NewPayload of PrevRandao and of a transaction's Signature, Nonce, GasPrice, Tip, Gas,
 * Value, ChainID: only execution tells the first, only a recovered signer the others.
 *  - Versioned Hashes that match blob transactions, Incorrect BlobGasUsed by blobs, everything
 * about blobs and their pool: an OP chain has none; the list must be empty.
 *  - Withdrawals themselves (accounts credited): the list is empty on OP, its root is a storage
 * root.
 *  - Pre-merge, terminal difficulty, transition: an OP chain has begun behind them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <nettle/base64.h>

#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/jsonw.h"
#include "lib/jwt.h"
#include "lib/op/payload.h"
#include "mocks/rpc/engine_rpc.h"
#include "tests/unit/hive_blocks.h"

#define CHAIN "fixtures/devnet-forks"
#define WORDS_MAX 12u
#define NOW_S 1700000000

/* --- scripts ---
 *
 * Statements end with ";". Blocks are named as in hive_blocks.h. An answer is a status, VALID
 * (latest valid hash: the block itself), SYNCING and INVALID (null), or INVALID:B; or the code of
 * an error.
 *
 * start N: the engine has the canonical chain up to N, no labels.
 *
 * new B ANSWER: newPayload in the version of its fork.
 *
 * newv V B ARGS ANSWER: in version V. ARGS is "p" for the payload alone, or says what comes after
 * it: "ok" its own arguments, "hash" a versioned hash, "nohash" null for the list, "noroot" null
 * for the beacon root.
 *
 * fcu H S F ANSWER: forkchoice.
 *
 * att V H T OPTS ANSWER: forkchoice to H with attributes T seconds after it, in version V. OPTS is
 * "-", or of "root", "root2", "nowd" (withdrawals null), "rand", "fee", "zero" (time zero) some.
 *
 * unique, same: the payload id is unlike all before in this row; is the one before.
 *
 * get V ANSWER: getPayload of the last id: VALID, or an error.
 *
 * is LABEL B: the label, or the number; B "none": there is none.
 *
 * has B, lacks B: eth_getBlockByHash.
 *
 * hashes B,B,… COUNTS: payload bodies by hash; of each the count of its transactions, or "-".
 *
 * range FROM N COUNTS: the same by range, or an error.
 *
 * peers: peers send what is asked for. caps METHOD: is among the exchanged capabilities.
 */

/* --- asking --- */

static struct cJSON *ask(struct run *r, const char *method, const struct ls_buf *params)
{
    struct ls_buf text;
    int http = ls_lab_ask(&r->l->lab, false, method, (const char *)params->p, &text);
    struct cJSON *answer = ls_corpus_parse((const char *)text.p, text.n);
    if (http != 200) {
        bad(r, "HTTP", (const char *)text.p);
    }
    ls_buf_fini(&text);
    return answer;
}

static void describe(const struct cJSON *answer, struct ls_buf *out)
{
    ls_buf_init(out, LS_CORPUS_BYTES_MAX);
    ls_json_print(answer, out);
}

static bool is_code(const struct cJSON *answer, const char *want)
{
    int64_t code = 0;
    return ls_json_i64(ls_json_get(ls_json_get(answer, "error"), "code"), &code) == LS_OK &&
           code == strtoll(want, NULL, 10);
}

/* self: the block the call was about. */
static void expect_status(struct run *r, const struct cJSON *answer, const char *want,
                          const char *self)
{
    const struct cJSON *result = ls_json_get(answer, "result");
    const struct cJSON *inner = ls_json_get(result, "payloadStatus");
    const struct cJSON *status = inner != NULL ? inner : result;
    const char *lvh = ls_json_str(ls_json_get(status, "latestValidHash"));
    const char *got = ls_json_str(ls_json_get(status, "status"));
    const char *colon = strchr(want, ':');
    size_t n = colon != NULL ? (size_t)(colon - want) : strlen(want);
    char expected[67] = "";
    bool is_fine = false;
    if (want[0] == '-') {
        is_fine = is_code(answer, want);
    } else if (got != NULL && strlen(got) == n && strncmp(got, want, n) == 0) {
        bool has_hash = colon != NULL || strcmp(want, "VALID") == 0;
        if (has_hash) {
            hash_text(r, colon != NULL ? colon + 1 : self, expected);
        }
        is_fine = has_hash ? lvh != NULL && strcmp(lvh, expected) == 0 : lvh == NULL;
    }
    if (!is_fine) {
        struct ls_buf text;
        describe(answer, &text);
        bad(r, "was answered", (const char *)text.p);
    }
}

static void put_args(struct run *r, const struct ls_payload *p, const char *args, struct ls_buf *b)
{
    struct ls_jw w;
    bool has_requests = p->has_withdrawals_root;
    ls_jw_init(&w, b);
    ls_jw_array(&w, NULL);
    ls_payload_write(p, &w, NULL);
    if (strcmp(args, "p") != 0) {
        if (strcmp(args, "nohash") == 0) {
            ls_jw_null(&w, NULL);
        } else {
            ls_jw_array(&w, NULL);
            if (strcmp(args, "hash") == 0) {
                ls_jw_str(&w, NULL,
                          "0x0100000000000000000000000000000000000000000000000000000000000001");
            } else if (strcmp(args, "ok") != 0 && strcmp(args, "noroot") != 0) {
                bad(r, "no such arguments", args);
            }
            ls_jw_array_end(&w);
        }
        if (strcmp(args, "noroot") == 0) {
            ls_jw_null(&w, NULL);
        } else {
            ls_jw_hex(&w, NULL, p->beacon_root.b, sizeof p->beacon_root.b);
        }
        if (has_requests) {
            ls_jw_array(&w, NULL);
            ls_jw_array_end(&w);
        }
    }
    ls_jw_array_end(&w);
}

static void new_payload(struct run *r, const char *version, const char *name, const char *args,
                        const char *want)
{
    struct ls_arena a;
    struct ls_payload p;
    struct ls_buf params;
    char method[] = "engine_newPayloadV?";
    ls_arena_init(&a, LS_CORPUS_BYTES_MAX);
    ls_buf_init(&params, LS_CORPUS_BYTES_MAX);
    payload_of(r, name, &a, &p);
    method[sizeof method - 2] =
        version != NULL ? version[0]
                        : (char)('0' + ls_payload_version(&r->l->corpus.rollup, p.timestamp));
    if (version == NULL) {
        args = p.has_beacon_root ? "ok" : "p";
    }
    put_args(r, &p, args, &params);
    struct cJSON *answer = ask(r, method, &params);
    expect_status(r, answer, want, name);
    ls_json_free(answer);
    ls_buf_fini(&params);
    ls_arena_fini(&a);
}

static void put_state(struct run *r, const char *h, const char *s, const char *f, struct ls_buf *b)
{
    char hash[3][67];
    hash_text(r, h, hash[0]);
    hash_text(r, s, hash[1]);
    hash_text(r, f, hash[2]);
    (void)ls_buf_printf(b,
                        "[{\"headBlockHash\":\"%s\",\"safeBlockHash\":\"%s\","
                        "\"finalizedBlockHash\":\"%s\"},",
                        hash[0], hash[1], hash[2]);
}

static void forkchoice(struct run *r, const char *h, const char *s, const char *f, const char *want)
{
    struct ls_buf params;
    ls_buf_init(&params, LS_CORPUS_BYTES_MAX);
    put_state(r, h, s, f, &params);
    (void)ls_buf_puts(&params, "null]");
    struct cJSON *answer = ask(r, "engine_forkchoiceUpdatedV3", &params);
    expect_status(r, answer, want, h);
    if (ls_json_str(ls_json_get(ls_json_get(answer, "result"), "payloadId")) != NULL) {
        bad(r, "gave an id", NULL);
    }
    ls_json_free(answer);
    ls_buf_fini(&params);
}

static void put_attributes(struct run *r, const char *h, int64_t after, const char *opts,
                           struct ls_buf *b)
{
    struct ls_arena a;
    struct ls_payload head;
    ls_arena_init(&a, LS_CORPUS_BYTES_MAX);
    payload_of(r, strcmp(h, "?") == 0 ? "15" : h, &a, &head); /* the unknown one is of Ecotone */
    uint64_t time = strstr(opts, "zero") != NULL ? 0 : head.timestamp + (uint64_t)after;
    (void)ls_buf_printf(b,
                        "{\"timestamp\":\"0x%llx\",\"prevRandao\":\"0x%064x\","
                        "\"suggestedFeeRecipient\":\"0x%040x\",\"transactions\":[],"
                        "\"noTxPool\":true,\"gasLimit\":\"0x1c9c380\",\"withdrawals\":%s",
                        (unsigned long long)time, strstr(opts, "rand") != NULL ? 9u : 1u,
                        strstr(opts, "fee") != NULL ? 9u : 1u,
                        strstr(opts, "nowd") != NULL ? "null" : "[]");
    if (strstr(opts, "root") != NULL) {
        (void)ls_buf_printf(b, ",\"parentBeaconBlockRoot\":\"0x%064x\"",
                            strstr(opts, "root2") != NULL ? 2u : 1u);
    }
    (void)ls_buf_puts(b, "}]");
    ls_arena_fini(&a);
}

/* VALID brings an id, anything else none. */
static void attributes(struct run *r, char (*w)[WORD_BYTES])
{
    struct ls_buf params;
    char method[] = "engine_forkchoiceUpdatedV?";
    method[sizeof method - 2] = w[1][0];
    ls_buf_init(&params, LS_CORPUS_BYTES_MAX);
    put_state(r, w[2], "-", "-", &params);
    put_attributes(r, w[2], strtoll(w[3], NULL, 10), w[4], &params);
    struct cJSON *answer = ask(r, method, &params);
    expect_status(r, answer, w[5], w[2]);
    const char *id = ls_json_str(ls_json_get(ls_json_get(answer, "result"), "payloadId"));
    if ((id != NULL) != (strcmp(w[5], "VALID") == 0)) {
        bad(r, "id", id);
    }
    if (id != NULL) {
        assert_true(r->id_count < IDS_MAX);
        (void)snprintf(r->ids[r->id_count++], sizeof r->ids[0], "%s", id);
    }
    ls_json_free(answer);
    ls_buf_fini(&params);
}

static void expect_unique(struct run *r, bool is_same)
{
    const char *last = r->ids[r->id_count - 1];
    assert_true(r->id_count > 1);
    if (is_same) {
        if (strcmp(last, r->ids[r->id_count - 2]) != 0) {
            bad(r, "is another", last);
        }
        return;
    }
    for (size_t i = 0; i + 1 < r->id_count; i++) {
        if (strcmp(last, r->ids[i]) == 0) {
            bad(r, "was given before", last);
        }
    }
}

static void get_payload(struct run *r, const char *version, const char *want)
{
    struct ls_buf params;
    char method[] = "engine_getPayloadV?";
    method[sizeof method - 2] = version[0];
    ls_buf_init(&params, LS_CORPUS_BYTES_MAX);
    (void)ls_buf_printf(&params, "[\"%s\"]", r->ids[r->id_count - 1]);
    struct cJSON *answer = ask(r, method, &params);
    bool is_payload =
        ls_json_is_object(ls_json_get(ls_json_get(answer, "result"), "executionPayload"));
    if (want[0] == '-' ? !is_code(answer, want) : !is_payload) {
        struct ls_buf text;
        describe(answer, &text);
        bad(r, "was answered", (const char *)text.p);
    }
    ls_json_free(answer);
    ls_buf_fini(&params);
}

/* --- reading --- */

static void read_block(struct run *r, const char *method, const char *what, const char *want)
{
    struct ls_buf params;
    char hash[67];
    ls_buf_init(&params, LS_CORPUS_BYTES_MAX);
    (void)ls_buf_printf(&params, "[\"%s\",false]", what);
    struct cJSON *answer = ask(r, method, &params);
    const char *got = ls_json_str(ls_json_get(ls_json_get(answer, "result"), "hash"));
    if (strcmp(want, "none") == 0) {
        if (got != NULL) {
            bad(r, "is", got);
        }
    } else {
        hash_text(r, want, hash);
        if (got == NULL || strcmp(got, hash) != 0) {
            bad(r, "is", got);
        }
    }
    ls_json_free(answer);
    ls_buf_fini(&params);
}

static void read_by_hash(struct run *r, const char *name, bool is_there)
{
    char hash[67];
    hash_text(r, name, hash);
    read_block(r, "eth_getBlockByHash", hash, is_there ? name : "none");
}

/* One digit a body, or - for null. */
static void expect_bodies(struct run *r, struct cJSON *answer, const char *want)
{
    char got[64] = "";
    size_t n = 0;
    const struct cJSON *list = ls_json_get(answer, "result");
    for (const struct cJSON *b = ls_json_first(list); b != NULL && n < 60; b = ls_json_next(b)) {
        size_t txs = ls_json_count(ls_json_get(b, "transactions"));
        got[n++] = ls_json_is_null(b) ? '-' : (char)('0' + txs % 10);
        if (!ls_json_is_null(b) && !ls_json_is_array(ls_json_get(b, "withdrawals"))) {
            bad(r, "body without withdrawals", NULL);
        }
    }
    bool is_error = want[0] == '-' && strlen(want) > 4;
    if (is_error ? !is_code(answer, want) : strcmp(got, want) != 0) {
        bad(r, "got", got);
    }
    ls_json_free(answer);
}

static void bodies_by_hash(struct run *r, char *names, const char *want)
{
    struct ls_buf params;
    char hash[67];
    char *save = NULL;
    const char *sep = "[[";
    ls_buf_init(&params, LS_CORPUS_BYTES_MAX);
    for (char *n = strtok_r(names, ",", &save); n != NULL; n = strtok_r(NULL, ",", &save)) {
        hash_text(r, n, hash);
        (void)ls_buf_printf(&params, "%s\"%s\"", sep, hash);
        sep = ",";
    }
    (void)ls_buf_puts(&params, "]]");
    expect_bodies(r, ask(r, "engine_getPayloadBodiesByHashV1", &params), want);
    ls_buf_fini(&params);
}

static void bodies_by_range(struct run *r, const char *from, const char *n, const char *want)
{
    struct ls_buf params;
    ls_buf_init(&params, LS_CORPUS_BYTES_MAX);
    (void)ls_buf_printf(&params, "[\"0x%llx\",\"0x%llx\"]", strtoull(from, NULL, 10),
                        strtoull(n, NULL, 10));
    expect_bodies(r, ask(r, "engine_getPayloadBodiesByRangeV1", &params), want);
    ls_buf_fini(&params);
}

static void expect_capability(struct run *r, const char *method)
{
    struct ls_buf params;
    ls_buf_init(&params, LS_CORPUS_BYTES_MAX);
    (void)ls_buf_puts(&params, "[[\"engine_newPayloadV4\"]]");
    struct cJSON *answer = ask(r, "engine_exchangeCapabilities", &params);
    const struct cJSON *m = ls_json_first(ls_json_get(answer, "result"));
    while (m != NULL && strcmp(ls_json_str(m), method) != 0) {
        m = ls_json_next(m);
    }
    if (m == NULL) {
        bad(r, "is not offered:", method);
    }
    ls_json_free(answer);
    ls_buf_fini(&params);
}

/* --- running --- */

static void start(struct run *r, const char *number)
{
    uint32_t id = ls_universe_find(r->l->lab.universe,
                                   &ls_corpus_at(&r->l->corpus, strtoull(number, NULL, 10))->hash);
    ls_engine_seed(r->l->lab.engine, id, LS_NO_BLOCK, LS_NO_BLOCK);
}

static void peers(struct run *r)
{
    ls_engine_set_backfill(r->l->lab.engine, 1000);
    ls_engine_tick(r->l->lab.engine);
}

static void obey(struct run *r, char (*w)[WORD_BYTES])
{
    const char *verb = w[0];
    if (strcmp(verb, "start") == 0) {
        start(r, w[1]);
    } else if (strcmp(verb, "new") == 0) {
        new_payload(r, NULL, w[1], NULL, w[2]);
    } else if (strcmp(verb, "newv") == 0) {
        new_payload(r, w[1], w[2], w[3], w[4]);
    } else if (strcmp(verb, "fcu") == 0) {
        forkchoice(r, w[1], w[2], w[3], w[4]);
    } else if (strcmp(verb, "att") == 0) {
        attributes(r, w);
    } else if (strcmp(verb, "unique") == 0 || strcmp(verb, "same") == 0) {
        expect_unique(r, verb[0] == 's');
    } else if (strcmp(verb, "get") == 0) {
        get_payload(r, w[1], w[2]);
    } else if (strcmp(verb, "is") == 0) {
        read_block(r, "eth_getBlockByNumber", w[1], w[2]);
    } else if (strcmp(verb, "has") == 0 || strcmp(verb, "lacks") == 0) {
        read_by_hash(r, w[1], verb[0] == 'h');
    } else if (strcmp(verb, "hashes") == 0) {
        bodies_by_hash(r, w[1], w[2]);
    } else if (strcmp(verb, "range") == 0) {
        bodies_by_range(r, w[1], w[2], w[3]);
    } else if (strcmp(verb, "peers") == 0) {
        peers(r);
    } else if (strcmp(verb, "caps") == 0) {
        expect_capability(r, w[1]);
    } else {
        bad(r, "no such verb", verb);
    }
}

static void run_script(struct run *r, const char *script)
{
    char copy[2048];
    char *save = NULL;
    assert_true(strlen(script) < sizeof copy);
    (void)strcpy(copy, script);
    for (char *line = strtok_r(copy, ";", &save); line != NULL; line = strtok_r(NULL, ";", &save)) {
        char words[WORDS_MAX][WORD_BYTES] = {{0}};
        char shown[256];
        char *inner = NULL;
        size_t n = 0;
        (void)snprintf(shown, sizeof shown, "%s", line);
        r->statement = shown;
        for (char *t = strtok_r(line, " ", &inner); t != NULL; t = strtok_r(NULL, " ", &inner)) {
            assert_true(n < WORDS_MAX && strlen(t) < WORD_BYTES);
            (void)strcpy(words[n++], t);
        }
        obey(r, words);
    }
}

/* --- the catalogue --- */

struct row {
    const char *hive;
    const char *script;
};

#include "tests/unit/hive_rows.h"

static void open_lab(struct lab *l)
{
    struct ls_standins s = {NULL, 0, NULL, 0};
    ls_corpus_open(&l->corpus, CHAIN);
    add_branch(l, &s, 'x');
    add_branch(l, &s, 'y');
    ls_standins_make(&s, &l->corpus, &l->names);
    ls_standins_free(&s);
}

static void close_lab(struct lab *l)
{
    ls_lab_close(&l->lab);
    ls_corpus_close(&l->corpus);
}

struct hive_case {
    struct lab *l;
    const struct row *row;
};

static void passes(void **state)
{
    const struct hive_case *c = *state;
    struct run r = {.l = c->l, .hive = c->row->hive};
    ls_lab_fresh(&c->l->lab, &c->l->corpus, "geth");
    run_script(&r, c->row->script);
}

/* --- engine-auth --- */

/* A token for the time, signed with another key than ls_jwt_make takes. */
static void sign_with(const uint8_t *key, size_t key_bytes, int64_t iat_s, char *out)
{
    uint8_t mac[32];
    ls_jwt_make(key, iat_s, out);
    char *dot = strrchr(out, '.');
    ls_hmac_sha256(key, key_bytes, out, (size_t)(dot - out), mac);
    base64_encode_raw(dot + 1, sizeof mac, mac);
    dot[1 + BASE64_ENCODE_RAW_LENGTH(sizeof mac) - 1] = '\0'; /* without padding */
    for (char *c = dot + 1; *c != '\0'; c++) {
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
}

static void expect_http(const struct lab *l, const char *header, const char *hive, unsigned want)
{
    static const char body[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]}";
    struct ls_http_reply reply = {.status = 200, .content_type = "application/json"};
    struct ls_http_request req = {.verb = "POST",
                                  .path = "/",
                                  .content_type = "application/json",
                                  .authorization = header,
                                  .body = body,
                                  .body_bytes = sizeof body - 1,
                                  .wall_s = NOW_S,
                                  .conn = 1};
    ls_buf_init(&reply.body, LS_CORPUS_BYTES_MAX);
    l->lab.port->ops->handle(l->lab.port, &req, &reply);
    if (reply.status != want) {
        fail_msg("hive \"%s\": HTTP %u", hive, reply.status);
    }
    ls_buf_fini(&reply.body);
}

struct auth_row {
    const char *hive;
    size_t secret_bytes;
    int64_t drift_s;
    unsigned http;
};

static const struct auth_row auth_rows[] = {
    {"JWT Authentication: No time drift, correct secret", 32, 0, 200},
    {"JWT Authentication: No time drift, incorrect secret (shorter)", 31, 0, 401},
    {"JWT Authentication: No time drift, incorrect secret (longer)", 33, 0, 401},
    {"JWT Authentication: Negative time drift, exceeding limit, correct secret", 32, -61, 401},
    {"JWT Authentication: Negative time drift, within limit, correct secret", 32, -58, 200},
    {"JWT Authentication: Positive time drift, exceeding limit, correct secret", 32, 61, 401},
    {"JWT Authentication: Positive time drift, within limit, correct secret", 32, 58, 200},
};

struct auth_case {
    struct lab *l;
    const struct auth_row *row;
};

static void authenticates(void **state)
{
    const struct auth_case *c = *state;
    const uint8_t key[64] = "secretsecretsecretsecretsecretsecret";
    char token[LS_JWT_TEXT_MAX];
    char header[LS_JWT_TEXT_MAX + 16];
    ls_lab_fresh(&c->l->lab, &c->l->corpus, "geth");
    ls_engine_rpc_set_secret(c->l->lab.port, key);
    sign_with(key, c->row->secret_bytes, NOW_S + c->row->drift_s, token);
    (void)snprintf(header, sizeof header, "Bearer %s", token);
    expect_http(c->l, header, c->row->hive, c->row->http);
}

#define ROWS (sizeof rows / sizeof rows[0])
#define AUTH_ROWS (sizeof auth_rows / sizeof auth_rows[0])

int main(void)
{
    struct lab *l = ls_corpus_need(calloc(1, sizeof *l));
    struct hive_case cases[ROWS];
    struct auth_case auth_cases[AUTH_ROWS];
    struct CMUnitTest tests[ROWS + AUTH_ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        cases[i] = (struct hive_case){l, &rows[i]};
        tests[i] = (struct CMUnitTest){rows[i].hive, passes, NULL, NULL, &cases[i]};
    }
    for (size_t i = 0; i < AUTH_ROWS; i++) {
        auth_cases[i] = (struct auth_case){l, &auth_rows[i]};
        tests[ROWS + i] =
            (struct CMUnitTest){auth_rows[i].hive, authenticates, NULL, NULL, &auth_cases[i]};
    }
    open_lab(l);
    int failed = cmocka_run_group_tests_name("hive", tests, NULL, NULL);
    close_lab(l);
    free(l);
    return failed;
}
