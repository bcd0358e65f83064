/*
 * Replays recorded call sequences of a real engine against the mock's geth profile and counts,
 * class by class, how many answers are equal (objects compared member by member, order aside).
 *
 *   test_mocks_sequences CHAIN BRANCHES MUTATIONS SEQUENCES [-v] [-m PERCENT]
 *
 * The files are JSON lines, zstd or plain: blocks with the newPayload call that delivers them,
 * altered payloads, and sequences of calls with the answers that were given. -v prints every
 * difference, -m fails below that share of equal answers. Without arguments it checks itself on a
 * small chain made here: that equal answers count as equal and different ones as different.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/payload.h"
#include "mocks/model/engine.h"
#include "mocks/rpc/engine_rpc.h"
#include "tests/unit/recorded_rows.h"

#define EXTRA_BLOCKS 256u /* altered payloads that become known in one sequence */
#define CLASSES_MAX 128u

struct class_count {
    char name[96];
    unsigned long equal;
    unsigned long total;
};

struct replay {
    struct rows blocks; /* canonical chain, then branches; parents before children */
    struct rows mutations;
    struct ls_rollup rollup;
    struct ls_universe *universe;
    void *universe_mem;
    struct ls_engine *engine;
    void *engine_mem;
    struct ls_backend *port;
    struct class_count classes[CLASSES_MAX];
    size_t class_count;
    unsigned long nondeterministic;
    bool is_verbose;
};

static const struct row *block_row(const struct replay *r, const char *hash)
{
    struct ls_hash h = {{0}};
    if (hash == NULL || strlen(hash) != 66 || ls_hex_fixed(hash, 66, h.b, sizeof h.b) != LS_OK) {
        return NULL;
    }
    for (size_t i = 0; i < r->blocks.count; i++) {
        if (ls_hash_eq(&r->blocks.items[i].hash, &h)) {
            return &r->blocks.items[i];
        }
    }
    return NULL;
}

static const struct row *mutation_row(const struct replay *r, const char *id)
{
    for (size_t i = 0; i < r->mutations.count; i++) {
        if (strcmp(r->mutations.items[i].id, id) == 0) {
            return &r->mutations.items[i];
        }
    }
    return NULL;
}

/* --- one engine --- */

static void add_block(struct replay *r, const struct row *row)
{
    struct ls_ublock b = {.json = row->block_json, .json_bytes = row->block_bytes};
    const struct cJSON *v = ls_json_get(row->tree, "block");
    uint32_t id;
    b.ref.hash = row->hash;
    (void)ls_json_fixed(ls_json_get(v, "parentHash"), b.ref.parent.b, 32);
    (void)ls_json_quantity(ls_json_get(v, "number"), &b.ref.number);
    (void)ls_json_quantity(ls_json_get(v, "timestamp"), &b.ref.timestamp);
    b.parent = ls_universe_find(r->universe, &b.ref.parent);
    enum ls_err e = ls_universe_add(r->universe, &b, &id);
    if (e != LS_OK) {
        die("block", ls_err_text(e));
    }
}

static void fresh_engine(struct replay *r)
{
    uint32_t blocks_max = (uint32_t)r->blocks.count + EXTRA_BLOCKS;
    ls_engine_rpc_free(r->port);
    if (r->universe_mem == NULL) {
        r->universe_mem = need(malloc(ls_universe_size(blocks_max)));
    }
    r->universe = ls_universe_init(r->universe_mem, blocks_max);
    for (size_t i = 0; i < r->blocks.count; i++) {
        add_block(r, &r->blocks.items[i]);
    }
    if (r->engine_mem == NULL) {
        r->engine_mem = need(malloc(ls_engine_size(r->universe)));
    }
    r->engine = ls_engine_init(r->engine_mem, r->universe, 0, ls_engine_profile_find("geth"));
    struct ls_engine_rpc_config cfg = {
        .engine = r->engine, .universe = r->universe, .rollup = &r->rollup};
    r->port = need(ls_engine_rpc_new(&cfg));
}

/* The whole answer, parsed; params is JSON text. */
static struct cJSON *ask(struct replay *r, bool is_public, const char *method, const char *params)
{
    struct ls_buf body;
    struct ls_http_reply reply = {.status = 200, .content_type = "application/json"};
    struct ls_backend *port = is_public ? ls_engine_rpc_public(r->port) : r->port;
    ls_buf_init(&body, FILE_BYTES_MAX);
    ls_buf_init(&reply.body, FILE_BYTES_MAX);
    (void)ls_buf_printf(&body,
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":", method);
    (void)ls_buf_puts(&body, params);
    (void)ls_buf_puts(&body, "}");
    struct ls_http_request req = {.verb = "POST",
                                  .path = "/",
                                  .content_type = "application/json",
                                  .body = (const char *)body.p,
                                  .body_bytes = body.n,
                                  .conn = 1};
    port->ops->handle(port, &req, &reply);
    struct cJSON *tree = parse((const char *)reply.body.p, reply.body.n);
    ls_buf_fini(&reply.body);
    ls_buf_fini(&body);
    return tree;
}

static void must_be_valid(struct replay *r, const char *method, const char *params)
{
    struct cJSON *answer = ask(r, false, method, params);
    const struct cJSON *result = ls_json_get(answer, "result");
    const struct cJSON *inner = ls_json_get(result, "payloadStatus");
    const char *status = ls_json_str(ls_json_get(inner != NULL ? inner : result, "status"));
    if (status == NULL || strcmp(status, "VALID") != 0) {
        struct ls_buf text;
        ls_buf_init(&text, FILE_BYTES_MAX);
        ls_json_print(answer, &text);
        die("preparation is not VALID", (const char *)text.p);
    }
    ls_json_free(answer);
}

/* --- parameters --- */

static void print_members(struct ls_jw *w, const struct cJSON *from, const struct cJSON *without,
                          const struct cJSON *over)
{
    for (const struct cJSON *m = ls_json_first(from); m != NULL; m = ls_json_next(m)) {
        const char *key = ls_json_key(m);
        bool is_gone = ls_json_get(over, key) != NULL;
        for (const struct cJSON *d = ls_json_first(without); d != NULL; d = ls_json_next(d)) {
            is_gone = is_gone || strcmp(ls_json_str(d), key) == 0;
        }
        if (!is_gone) {
            struct ls_buf text;
            ls_buf_init(&text, FILE_BYTES_MAX);
            ls_json_print(m, &text);
            ls_jw_raw(w, key, (const char *)text.p, text.n);
            ls_buf_fini(&text);
        }
    }
}

static const struct cJSON *base_payload(const struct row *block)
{
    return ls_json_at(ls_json_get(block->tree, "params"), 0);
}

/* The payload a {"$payload": …} stands for. */
static void print_payload(const struct replay *r, const char *name, struct ls_jw *w)
{
    const struct row *block = block_row(r, name);
    ls_jw_object(w, NULL);
    if (block != NULL) {
        print_members(w, base_payload(block), NULL, NULL);
    } else {
        const struct row *m = mutation_row(r, name);
        const struct row *base =
            m == NULL ? NULL : block_row(r, ls_json_str(ls_json_get(m->tree, "base")));
        if (base == NULL) {
            die("unknown payload", name);
        }
        const struct cJSON *set = ls_json_get(m->tree, "set");
        print_members(w, base_payload(base), ls_json_get(m->tree, "del"), set);
        print_members(w, set, NULL, NULL);
    }
    ls_jw_object_end(w);
}

static void print_built(const struct replay *r, const struct cJSON *calls, const struct cJSON *ref,
                        struct ls_jw *w)
{
    uint64_t k = 0;
    (void)ls_json_u64(ls_json_get(ref, "$built"), &k);
    const struct cJSON *set = ls_json_get(ref, "set");
    const struct cJSON *reply = ls_json_get(ls_json_at(calls, (size_t)k), "r");
    const struct cJSON *payload = ls_json_get(reply, "executionPayload");
    const char *name = ls_json_str(ls_json_get(payload, "$payload"));
    if (name != NULL) {
        payload = base_payload(block_row(r, name));
    }
    ls_jw_object(w, NULL);
    print_members(w, payload, NULL, set);
    print_members(w, set, NULL, NULL);
    ls_jw_object_end(w);
}

static void print_params(const struct replay *r, const struct cJSON *calls, const struct cJSON *p,
                         struct ls_buf *out)
{
    struct ls_jw w;
    if (!ls_json_is_array(p)) {
        ls_json_print(p, out);
        return;
    }
    ls_jw_init(&w, out);
    ls_jw_array(&w, NULL);
    for (const struct cJSON *v = ls_json_first(p); v != NULL; v = ls_json_next(v)) {
        const char *name = ls_json_str(ls_json_get(v, "$payload"));
        if (name != NULL) {
            print_payload(r, name, &w);
        } else if (ls_json_get(v, "$built") != NULL) {
            print_built(r, calls, v, &w);
        } else {
            struct ls_buf text;
            ls_buf_init(&text, FILE_BYTES_MAX);
            ls_json_print(v, &text);
            ls_jw_raw(&w, NULL, (const char *)text.p, text.n);
            ls_buf_fini(&text);
        }
    }
    ls_jw_array_end(&w);
}

/* --- comparing --- */

static bool is_equal(const struct replay *r, const struct cJSON *want, const struct cJSON *got);

static bool is_same_text(const struct cJSON *a, const struct cJSON *b)
{
    struct ls_buf x;
    struct ls_buf y;
    ls_buf_init(&x, FILE_BYTES_MAX);
    ls_buf_init(&y, FILE_BYTES_MAX);
    ls_json_print(a, &x);
    ls_json_print(b, &y);
    bool same = x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
    ls_buf_fini(&x);
    ls_buf_fini(&y);
    return same;
}

static bool are_members_equal(const struct replay *r, const struct cJSON *want,
                              const struct cJSON *got)
{
    if (!ls_json_is_object(got) || ls_json_count(want) != ls_json_count(got)) {
        return false;
    }
    for (const struct cJSON *m = ls_json_first(want); m != NULL; m = ls_json_next(m)) {
        if (!is_equal(r, m, ls_json_get(got, ls_json_key(m)))) {
            return false;
        }
    }
    return true;
}

static bool is_hash_list_of(const struct cJSON *txs, const struct cJSON *hashes)
{
    if (!ls_json_is_array(hashes) || ls_json_count(txs) != ls_json_count(hashes)) {
        return false;
    }
    const struct cJSON *h = ls_json_first(hashes);
    for (const struct cJSON *tx = ls_json_first(txs); tx != NULL; tx = ls_json_next(tx)) {
        const char *want = ls_json_str(ls_json_get(tx, "hash"));
        const char *got = ls_json_str(h);
        if (want == NULL || got == NULL || strcmp(want, got) != 0) {
            return false;
        }
        h = ls_json_next(h);
    }
    return true;
}

/* {"$block": h, "full": b} or {"$header": h}: the recorded object of that block. */
static bool is_block_equal(const struct replay *r, const struct cJSON *ref, const struct cJSON *got)
{
    const char *header = ls_json_str(ls_json_get(ref, "$header"));
    const struct row *row =
        block_row(r, header != NULL ? header : ls_json_str(ls_json_get(ref, "$block")));
    if (row == NULL || !ls_json_is_object(got)) {
        return false;
    }
    const struct cJSON *block = ls_json_get(row->tree, "block");
    bool is_full = ls_json_true(ls_json_get(ref, "full"));
    size_t seen = 0;
    for (const struct cJSON *m = ls_json_first(block); m != NULL; m = ls_json_next(m)) {
        const char *key = ls_json_key(m);
        const struct cJSON *have = ls_json_get(got, key);
        bool is_body = strcmp(key, "transactions") == 0 || strcmp(key, "uncles") == 0 ||
                       strcmp(key, "withdrawals") == 0 || strcmp(key, "size") == 0;
        if (header != NULL && is_body) {
            continue;
        }
        bool is_list = header == NULL && !is_full && strcmp(key, "transactions") == 0;
        if (is_list ? !is_hash_list_of(m, have) : !is_equal(r, m, have)) {
            return false;
        }
        seen++;
    }
    return seen == ls_json_count(got);
}

/* {"$body": h}: transactions and withdrawals of the payload. */
static bool is_body_equal(const struct replay *r, const char *hash, const struct cJSON *got)
{
    const struct row *row = block_row(r, hash);
    const struct cJSON *payload = row == NULL ? NULL : base_payload(row);
    return payload != NULL &&
           is_equal(r, ls_json_get(payload, "transactions"), ls_json_get(got, "transactions")) &&
           is_equal(r, ls_json_get(payload, "withdrawals"), ls_json_get(got, "withdrawals"));
}

static bool are_items_equal(const struct replay *r, const struct cJSON *want,
                            const struct cJSON *got)
{
    if (!ls_json_is_array(got) || ls_json_count(want) != ls_json_count(got)) {
        return false;
    }
    const struct cJSON *g = ls_json_first(got);
    for (const struct cJSON *w = ls_json_first(want); w != NULL; w = ls_json_next(w)) {
        if (!is_equal(r, w, g)) {
            return false;
        }
        g = ls_json_next(g);
    }
    return true;
}

static bool is_equal(const struct replay *r, const struct cJSON *want, const struct cJSON *got)
{
    if (want == NULL || got == NULL) {
        return want == got;
    }
    if (ls_json_is_object(want)) {
        const char *payload = ls_json_str(ls_json_get(want, "$payload"));
        const char *body = ls_json_str(ls_json_get(want, "$body"));
        if (ls_json_get(want, "$block") != NULL || ls_json_get(want, "$header") != NULL) {
            return is_block_equal(r, want, got);
        }
        if (body != NULL) {
            return is_body_equal(r, body, got);
        }
        if (payload != NULL) {
            return are_members_equal(r, base_payload(block_row(r, payload)), got);
        }
        return are_members_equal(r, want, got);
    }
    if (ls_json_is_array(want)) {
        return are_items_equal(r, want, got);
    }
    const char *text = ls_json_str(want);
    if (text != NULL && strcmp(text, "$caps") == 0) {
        return ls_json_is_array(got); /* the list stands in another file */
    }
    return is_same_text(want, got);
}

/* --- sequences --- */

static struct class_count *class_of(struct replay *r, const char *flavour, const char *method)
{
    char name[96];
    (void)snprintf(name, sizeof name, "%s %s", flavour, method);
    for (size_t i = 0; i < r->class_count; i++) {
        if (strcmp(r->classes[i].name, name) == 0) {
            return &r->classes[i];
        }
    }
    if (r->class_count == CLASSES_MAX) {
        die("classes", "too many");
    }
    struct class_count *c = &r->classes[r->class_count++];
    memcpy(c->name, name, sizeof c->name);
    return c;
}

static void tell(const char *id, size_t i, const struct cJSON *call, const struct cJSON *got)
{
    struct ls_buf want_text;
    struct ls_buf got_text;
    const struct cJSON *error = ls_json_get(call, "e");
    ls_buf_init(&want_text, FILE_BYTES_MAX);
    ls_buf_init(&got_text, FILE_BYTES_MAX);
    ls_json_print(error != NULL ? error : ls_json_get(call, "r"), &want_text);
    ls_json_print(got, &got_text);
    (void)printf("%s[%zu] %s\n  want %s\n  got  %s\n", id, i,
                 ls_json_str(ls_json_get(call, "m")), (const char *)want_text.p,
                 (const char *)got_text.p);
    ls_buf_fini(&want_text);
    ls_buf_fini(&got_text);
}

static void run_call(struct replay *r, const char *id, const char *flavour,
                     const struct cJSON *calls, size_t i, const struct cJSON *call)
{
    const char *method = ls_json_str(ls_json_get(call, "m"));
    const char *port = ls_json_str(ls_json_get(call, "port"));
    struct ls_buf params;
    ls_buf_init(&params, FILE_BYTES_MAX);
    print_params(r, calls, ls_json_get(call, "p"), &params);
    struct cJSON *answer = ask(r, port != NULL && strcmp(port, "http") == 0, method,
                               params.p == NULL ? "null" : (const char *)params.p);
    ls_buf_fini(&params);
    if (ls_json_get(call, "nd") != NULL) {
        r->nondeterministic++;
    } else {
        const struct cJSON *error = ls_json_get(call, "e");
        bool same = error != NULL
                        ? is_equal(r, error, ls_json_get(answer, "error"))
                        : is_equal(r, ls_json_get(call, "r"), ls_json_get(answer, "result"));
        struct class_count *of_flavour = class_of(r, "flavour", flavour);
        struct class_count *of_method = class_of(r, "method", method);
        of_flavour->total++;
        of_method->total++;
        of_flavour->equal += same;
        of_method->equal += same;
        if (!same && r->is_verbose) {
            tell(id, i, call, answer);
        }
    }
    ls_json_free(answer);
}

static void deliver(struct replay *r, const struct row *block)
{
    struct ls_buf params;
    ls_buf_init(&params, FILE_BYTES_MAX);
    ls_json_print(ls_json_get(block->tree, "params"), &params);
    must_be_valid(r, ls_json_str(ls_json_get(block->tree, "method")), (const char *)params.p);
    ls_buf_fini(&params);
}

static void forkchoice(struct replay *r, const char *state)
{
    struct ls_buf params;
    ls_buf_init(&params, FILE_BYTES_MAX);
    (void)ls_buf_printf(&params, "[%s,null]", state);
    must_be_valid(r, "engine_forkchoiceUpdatedV3", (const char *)params.p);
    ls_buf_fini(&params);
}

static void prepare(struct replay *r, const struct cJSON *pre)
{
    uint64_t blocks = 0;
    struct ls_buf state;
    (void)ls_json_u64(ls_json_get(pre, "blocks"), &blocks);
    ls_buf_init(&state, FILE_BYTES_MAX);
    for (uint64_t i = 1; i <= blocks; i++) {
        const struct row *row = &r->blocks.items[i];
        deliver(r, row);
        if (ls_json_true(ls_json_get(pre, "fcu_each"))) {
            ls_buf_clear(&state);
            (void)ls_buf_printf(&state,
                                "{\"headBlockHash\":\"%s\",\"safeBlockHash\":\"0x%064d\","
                                "\"finalizedBlockHash\":\"0x%064d\"}",
                                ls_json_str(ls_json_get(row->tree, "hash")), 0, 0);
            forkchoice(r, (const char *)state.p);
        }
    }
    const struct cJSON *then = ls_json_get(pre, "then");
    for (const struct cJSON *h = ls_json_first(then); h != NULL; h = ls_json_next(h)) {
        deliver(r, block_row(r, ls_json_str(h)));
    }
    if (ls_json_is_object(ls_json_get(pre, "fcu"))) {
        ls_buf_clear(&state);
        ls_json_print(ls_json_get(pre, "fcu"), &state);
        forkchoice(r, (const char *)state.p);
    }
    ls_buf_fini(&state);
}

static void run_sequence(void *self, const char *line, size_t n)
{
    struct replay *r = self;
    struct cJSON *seq = parse(line, n);
    const struct cJSON *calls = ls_json_get(seq, "calls");
    const char *flavour = ls_json_str(ls_json_get(seq, "flavour"));
    size_t i = 0;
    fresh_engine(r);
    prepare(r, ls_json_get(seq, "pre"));
    for (const struct cJSON *c = ls_json_first(calls); c != NULL; c = ls_json_next(c)) {
        run_call(r, ls_json_str(ls_json_get(seq, "id")), flavour == NULL ? "" : flavour, calls, i++,
                 c);
    }
    ls_json_free(seq);
}

static void print_counts(const struct replay *r, unsigned long *equal, unsigned long *total)
{
    *equal = 0;
    *total = 0;
    for (size_t i = 0; i < r->class_count; i++) {
        const struct class_count *c = &r->classes[i];
        (void)printf("%-60s %6lu of %6lu\n", c->name, c->equal, c->total);
        if (strncmp(c->name, "flavour", 7) == 0) {
            *equal += c->equal;
            *total += c->total;
        }
    }
    (void)printf("equal %lu of %lu, %lu not compared\n", *equal, *total, r->nondeterministic);
}

static void fini(struct replay *r)
{
    ls_engine_rpc_free(r->port);
    free(r->engine_mem);
    free(r->universe_mem);
    free_rows(&r->blocks);
    free_rows(&r->mutations);
}

/* --- recorded files --- */

/* The recorded devnet: fork times after genesis, as its README says. */
static void recorded_rollup(struct replay *r)
{
    static const struct {
        enum ls_fork fork;
        uint64_t after_s;
    } forks[] = {{LS_FORK_CANYON, 0},    {LS_FORK_DELTA, 0},    {LS_FORK_ECOTONE, 20},
                 {LS_FORK_FJORD, 40},    {LS_FORK_GRANITE, 60}, {LS_FORK_HOLOCENE, 80},
                 {LS_FORK_ISTHMUS, 100}, {LS_FORK_JOVIAN, 120}};
    uint64_t start = 0;
    const struct row *genesis = &r->blocks.items[0];
    (void)ls_json_quantity(ls_json_get(ls_json_get(genesis->tree, "block"), "timestamp"), &start);
    r->rollup = (struct ls_rollup){.genesis_l2_time = start, .block_time = 2, .l2_chain_id = 901};
    r->rollup.genesis_l2.hash = genesis->hash;
    for (size_t i = 0; i < LS_FORK_COUNT; i++) {
        r->rollup.fork_time[i] = i <= LS_FORK_REGOLITH ? 0 : LS_FORK_NEVER;
    }
    for (size_t i = 0; i < sizeof forks / sizeof forks[0]; i++) {
        uint64_t after_s = forks[i].after_s;
        r->rollup.fork_time[forks[i].fork] = after_s == 0 ? 0 : start + after_s;
    }
}

static int replay_files(int argc, char **argv)
{
    struct replay r = {0};
    struct ls_buf sequences;
    double least = 0;
    unsigned long equal;
    unsigned long total;
    for (int i = 5; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0) {
            r.is_verbose = true;
        } else if (strcmp(argv[i], "-m") == 0 && i + 1 < argc) {
            least = strtod(argv[++i], NULL);
        } else {
            die(argv[i], "unknown option");
        }
    }
    load_rows(argv[1], &r.blocks);
    load_rows(argv[2], &r.blocks);
    load_rows(argv[3], &r.mutations);
    recorded_rollup(&r);
    read_file(argv[4], &sequences);
    each_line(&sequences, run_sequence, &r);
    ls_buf_fini(&sequences);
    print_counts(&r, &equal, &total);
    fini(&r);
    return total > 0 && (double)equal * 100.0 >= least * (double)total ? 0 : 1;
}

/* --- the check of the checker --- */

#define SMALL_BLOCKS 4u

/* Block n on parent, Canyon, without transactions; its row as a recording has it. */
static void small_block(struct replay *r, uint64_t number, struct ls_hash *parent)
{
    struct ls_payload p = {.parent_hash = *parent,
                           .number = number,
                           .gas_limit = 30000000,
                           .timestamp = 1000 + 2 * number,
                           .has_withdrawals = true};
    struct ls_header h;
    struct ls_buf line;
    struct ls_jw w;
    if (ls_payload_header(&p, &h) != LS_OK) {
        die("block", "no header");
    }
    p.block_hash = ls_header_hash(&h);
    ls_buf_init(&line, FILE_BYTES_MAX);
    ls_jw_init(&w, &line);
    ls_jw_object(&w, NULL);
    ls_jw_hex(&w, "hash", p.block_hash.b, 32);
    ls_jw_str(&w, "method", "engine_newPayloadV2");
    ls_payload_write_params(&p, 2, &w, "params");
    ls_jw_object(&w, "block");
    ls_header_write(&h, &p.block_hash, &w);
    ls_jw_array(&w, "transactions");
    ls_jw_array_end(&w);
    ls_jw_object_end(&w);
    ls_jw_object_end(&w);
    add_row(&r->blocks, (const char *)line.p, line.n);
    ls_buf_fini(&line);
    *parent = p.block_hash;
}

/* @n: hash of block n. #: zero hash. Single quotes become double ones outside of double quotes. */
static void expand(const struct replay *r, const char *text, struct ls_buf *out)
{
    bool is_quoted = false;
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            is_quoted = !is_quoted;
        }
        if (*text == '@') {
            const struct row *row = &r->blocks.items[*++text - '0'];
            (void)ls_buf_puts(out, ls_json_str(ls_json_get(row->tree, "hash")));
        } else if (*text == '#') {
            (void)ls_buf_printf(out, "0x%064d", 0);
        } else {
            (void)ls_buf_putc(out, *text == '\'' && !is_quoted ? '"' : (uint8_t)*text);
        }
    }
}

/* The calls of the small sequence, one a line; @n is the hash of block n, # the zero hash. The last
 * but one states what the engine does not answer. */
static const char *const SMALL_CALLS[] = {
    "{'m':'engine_newPayloadV2','p':[{'$payload':'@3'}],"
    "'r':{'status':'SYNCING','latestValidHash':null,'validationError':null}}",
    "{'m':'engine_forkchoiceUpdatedV3','p':[{'headBlockHash':'@3','safeBlockHash':'@1',"
    "'finalizedBlockHash':'@1'},null],'r':{'payloadId':null,'payloadStatus':"
    "{'status':'SYNCING','latestValidHash':null,'validationError':null}}}",
    "{'m':'engine_newPayloadV2','p':[{'$payload':'@2'}],"
    "'r':{'status':'VALID','latestValidHash':'@2','validationError':null}}",
    "{'m':'engine_newPayloadV2','p':[{'$payload':'@3'}],"
    "'r':{'status':'VALID','latestValidHash':'@3','validationError':null}}",
    "{'m':'engine_forkchoiceUpdatedV3','p':[{'headBlockHash':'@3','safeBlockHash':'@2',"
    "'finalizedBlockHash':'@1'},null],'r':{'payloadId':null,'payloadStatus':"
    "{'status':'VALID','latestValidHash':'@3','validationError':null}}}",
    "{'m':'eth_getBlockByNumber','p':['safe',true],'r':{'$block':'@2','full':true}}",
    "{'m':'engine_newPayloadV2','p':[{'$payload':'m0'}],'e':{'code':-32602,'message':"
    "\"invalid argument 0: missing required field 'gasUsed' for ExecutableData\"}}",
    "{'m':'engine_newPayloadV2','p':[{'$payload':'@4'}],"
    "'r':{'status':'SYNCING','latestValidHash':null,'validationError':null}}",
    "{'m':'eth_getBlockByNumber','p':['latest',true],'r':{'$block':'@3','full':true}}",
};
#define SMALL_CALL_COUNT (sizeof SMALL_CALLS / sizeof SMALL_CALLS[0])

static const char SMALL_START[] =
    "{'id':'small','flavour':'small','pre':{'blocks':1,'fcu':{'headBlockHash':'@1',"
    "'safeBlockHash':'#','finalizedBlockHash':'#'}},'calls':[";

static void write_small_sequence(const struct replay *r, struct ls_buf *out)
{
    expand(r, SMALL_START, out);
    for (size_t i = 0; i < SMALL_CALL_COUNT; i++) {
        (void)ls_buf_puts(out, i == 0 ? "" : ",");
        expand(r, SMALL_CALLS[i], out);
    }
    (void)ls_buf_puts(out, "]}");
}

static int check_the_checker(void)
{
    struct replay r = {0};
    struct ls_buf text;
    struct ls_hash parent = {{0}};
    unsigned long equal;
    unsigned long total;
    for (uint64_t n = 0; n <= SMALL_BLOCKS; n++) {
        small_block(&r, n, &parent);
    }
    r.rollup = (struct ls_rollup){.block_time = 2, .l2_chain_id = 901};
    for (size_t i = LS_FORK_DELTA; i < LS_FORK_COUNT; i++) {
        r.rollup.fork_time[i] = LS_FORK_NEVER;
    }
    ls_buf_init(&text, FILE_BYTES_MAX);
    expand(&r, "{'id':'m0','base':'@2','del':['gasUsed'],'set':{}}", &text);
    add_row(&r.mutations, (const char *)text.p, text.n);
    ls_buf_clear(&text);
    write_small_sequence(&r, &text);
    r.is_verbose = true;
    run_sequence(&r, (const char *)text.p, text.n);
    ls_buf_fini(&text);
    print_counts(&r, &equal, &total);
    fini(&r);
    /* The engine says VALID to block 4. */
    if (equal != SMALL_CALL_COUNT - 1 || total != SMALL_CALL_COUNT) {
        (void)printf("not ok: all answers but one must be equal\n");
        return 1;
    }
    (void)printf("ok: equal answers count as equal, the wrong one as different\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        return check_the_checker();
    }
    if (argc < 5) {
        (void)fprintf(stderr, "usage: %s [CHAIN BRANCHES MUTATIONS SEQUENCES [-v] [-m PERCENT]]\n",
                      argv[0]);
        return 2;
    }
    return replay_files(argc, argv);
}
