/*
 * Replays exchanges recorded with the real op-sync-tester against ours, over sockets, and counts
 * the answers that are equal: status, headers that were kept, the bytes of the body, how long it
 * took, and what the node behind was asked.
 *
 *   test_mocks_synctester_corpus [--chain PATH]... [--show ID] [--select OUT] [FILE...]
 *
 * PATH is a fixture folder, its l2 file, or an object with "blocks"; several make one node. FILE is
 * JSON lines, zstd or plain: case files and the -engine files of op-node's runs. --show ID prints
 * both sides of one exchange ("05-newpayload:29"). --select writes a compact form of what was
 * replayed to OUT. Without arguments it runs what the repository has.
 *
 * Last line: files, exchanges, equal, different, excluded. Exit 0 only when none is different.
 * What is not compared, or not as it is, stands in the table EXCLUDED and in the functions named
 * mask_*; everything else is.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/jsonw.h"
#include "mocks/rpc/synctester.h"
#include "tests/unit/synctester_lab.h"
#include "tests/unit/synctester_rows.h"
#include "tests/unit/synctester_wire.h"

#define CHAINS_MAX 8u
#define DEFAULT_CHAIN "fixtures/devnet-forks"
#define DEFAULT_DATA "tests/data/synctester"
#define SLOW_MS 500.0 /* what took longer took it on purpose */
#define SLACK_MS 100.0

struct counts {
    size_t equal;
    size_t different;
    size_t excluded;
    size_t masked; /* among the equal: compared without what the process made */
};

struct corpus {
    struct lab lab;
    struct ls_upstream dead;
    struct ls_backend *backend;
    struct wire wire;
    const char *show;
    struct ls_buf selected; /* rows for --select */
    bool is_selecting;
    struct counts file;
    struct counts total;
    size_t files;
};

/* --- what is not compared --- */

static const struct {
    const char *file; /* prefix; NULL = any */
    const char *name; /* of the case, prefix */
    const char *why;
} EXCLUDED[] = {
    {"01-transport", "ws-session", "the port speaks no WebSocket"},
};

static const char *why_excluded(const struct exchange *x)
{
    for (size_t i = 0; i < sizeof EXCLUDED / sizeof EXCLUDED[0]; i++) {
        if ((EXCLUDED[i].file == NULL ||
             strncmp(x->file, EXCLUDED[i].file, strlen(EXCLUDED[i].file)) == 0) &&
            strncmp(x->name, EXCLUDED[i].name, strlen(EXCLUDED[i].name)) == 0) {
            return EXCLUDED[i].why;
        }
    }
    return NULL;
}

/* The real one prints the address of the number in its memory: digits behind "MinBaseFee: " are
 * left out on both sides. */
static bool mask_address(struct ls_buf *body)
{
    static const char mark[] = "MinBaseFee not nil. MinBaseFee: ";
    char *at = body->n > 0 ? strstr((char *)body->p, mark) : NULL;
    if (at == NULL) {
        return false;
    }
    at += sizeof mark - 1;
    size_t digits = strspn(at, "0123456789");
    memmove(at, at + digits, strlen(at + digits) + 1);
    body->n -= digits;
    return true;
}

/* --- the dead node of chain 903 --- */

static void dead_ask(struct ls_upstream *u, const struct ls_upstream_query *q,
                     struct ls_upstream_answer *out)
{
    (void)u;
    (void)q;
    *out = (struct ls_upstream_answer){
        .kind = LS_UPSTREAM_FAILURE,
        .block = LS_NO_BLOCK,
        .message = "Post \"http://127.0.0.1:9499/\": dial tcp 127.0.0.1:9499: connect: "
                   "connection refused"};
}

static const struct ls_upstream_ops DEAD_OPS = {.ask = dead_ask};

static void fresh_tester(struct corpus *c)
{
    const struct ls_synctester_chain chains[] = {
        {901, &c->lab.base}, {902, &c->lab.base}, {903, &c->dead}};
    const struct ls_synctester_config cfg = {.chains = chains, .chain_count = 3};
    struct ls_diag d;
    ls_front_free(c->wire.front);
    ls_synctester_free(c->backend);
    c->dead = (struct ls_upstream){.ops = &DEAD_OPS, .universe = c->lab.universe};
    if (ls_synctester_new(&cfg, &c->backend, &d) != LS_OK) {
        die("tester", d.text);
    }
    open_wire(&c->wire, c->backend);
}

/* --- the world as it was then --- */

static bool is_method(const struct exchange *x, const char *prefix)
{
    char *method = string_of(member_text(x->req.p != NULL && x->req.p[0] == '{'
                                             ? x->req
                                             : (struct ls_span){(const uint8_t *)"{}", 2},
                                         "method"));
    bool is_it = strncmp(method, prefix, strlen(prefix)) == 0;
    free(method);
    return is_it;
}

static bool has(struct ls_span text, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; text.p != NULL && i + n <= text.n; i++) {
        if (memcmp(text.p + i, what, n) == 0) {
            return true;
        }
    }
    return false;
}

/* The number in the last ["eth_getBlockByNumber",["0x…" of the upstream requests. */
static bool asked_number(const struct exchange *x, uint64_t *number)
{
    static const char mark[] = "[\"eth_getBlockByNumber\",[\"0x";
    const char *found = NULL;
    for (size_t i = 0; x->up.p != NULL && i + sizeof mark <= x->up.n; i++) {
        if (memcmp(x->up.p + i, mark, sizeof mark - 1) == 0) {
            found = (const char *)x->up.p + i + sizeof mark - 1;
        }
    }
    *number = found != NULL ? strtoull(found, NULL, 16) : 0;
    return found != NULL;
}

/* The recorded chain grew; where its tip shows, it is what the exchange says it was: the block of a
 * label asked for, or the one below a block that was not there. */
static void set_tip(struct corpus *c, const struct exchange *x)
{
    struct lab *lab = &c->lab;
    struct ls_span result = x->res.p != NULL && x->res.p[0] == '{' ? member_text(x->res, "result")
                                                                   : (struct ls_span){NULL, 0};
    uint64_t number = 0;
    uint32_t tip = lab->tip;
    bool is_label = has(x->up, "\"pending\"") || has(x->up, "\"latest\"") ||
                    has(x->up, "\"safe\"") || has(x->up, "\"finalized\"");
    if (is_label && result.p != NULL && result.p[0] == '{') {
        char *text = string_of(member_text(result, "number"));
        tip = ls_universe_at(lab->universe, lab->tip, strtoull(text, NULL, 16));
        free(text);
    } else if (asked_number(x, &number) &&
               (text_is(result, "null") ||
                (is_method(x, "engine_forkchoiceUpdated") && has(result, "SYNCING")))) {
        uint32_t there =
            number > 0 ? ls_universe_at(lab->universe, lab->tip, number - 1) : LS_NO_BLOCK;
        tip = there != LS_NO_BLOCK ? there : tip;
    }
    ls_upstream_fixture_set_tip(lab->chain, tip == LS_NO_BLOCK ? lab->tip : tip);
    ls_upstream_fixture_set_labels(lab->chain, tip, tip);
}

/* What was injected upstream, by the name of the case. */
static const struct {
    const char *part; /* of the name */
    enum lab_fault fault;
    unsigned from;
    unsigned to;
} INJECTED[] = {
    {"rpc-error-32005", LAB_RATE_LIMITED, 1, 99},
    {"http-500", LAB_HTTP_500, 1, 99},
    {"http-429", LAB_HTTP_429, 1, 99},
    {"http-200-garbage", LAB_GARBAGE, 1, 99},
    {"null-", LAB_NULL, 1, 99},
    {"empty-object", LAB_EMPTY_OBJECT, 1, 99},
    {"string-", LAB_STRING, 1, 99},
    {"wrong-id", LAB_WRONG_ID, 1, 99},
    {"fcu-finalized-fetch-fails", LAB_RATE_LIMITED, 2, 2},
    {"fcu-safe-fetch-fails", LAB_RATE_LIMITED, 3, 3},
    {"fcu-attr-fetch-fails", LAB_RATE_LIMITED, 4, 4},
    {"-upstream-hash-field-wrong", LAB_HASH_WRONG, 1, 99},
    {"-upstream-stateRoot-changed", LAB_STATE_ROOT, 1, 99},
    {"-upstream-no-transactions", LAB_NO_TXS, 1, 99},
    {"-upstream-one-tx-less", LAB_ONE_TX_LESS, 1, 99},
    {"-upstream-no-number", LAB_NO_NUMBER, 1, 99},
    {"-upstream-no-withdrawals", LAB_NO_WITHDRAWALS, 1, 99},
    {"-upstream-extra-field", LAB_EXTRA_FIELD, 1, 99},
    {"receipts-empty", LAB_NO_RECEIPTS, 1, 99},
    {"upstream-35s", LAB_SLOW, 1, 99},
};

static void set_fault(struct corpus *c, const struct exchange *x)
{
    struct lab *lab = &c->lab;
    clear_log(lab);
    lab->fault = LAB_FINE;
    lab->fault_from = 1;
    lab->fault_to = 0;
    lab->fault_then = LAB_FINE;
    if (strstr(x->file, "upstream") == NULL) {
        return;
    }
    bool is_null_first = strncmp(x->name, "np-null-then-", 13) == 0;
    for (size_t i = 0; i < sizeof INJECTED / sizeof INJECTED[0] && !is_null_first; i++) {
        if (strstr(x->name, INJECTED[i].part) != NULL) {
            lab->fault = INJECTED[i].fault;
            lab->fault_from = INJECTED[i].from;
            lab->fault_to = INJECTED[i].to;
            return;
        }
    }
    if (is_null_first) {
        lab->fault = LAB_NULL;
        lab->fault_to = 1;
        lab->fault_then = strstr(x->name, "error") != NULL ? LAB_RATE_LIMITED : LAB_FINE;
    }
}

/* --- requests --- */

static const char CHAIN_ID_CALL[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]}";
static const char SESSION_CALL[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sync_getSession\",\"params\":[]}";
static const char UNKNOWN_PAYLOAD[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"engine_newPayloadV2\",\"params\":[{\"blockHash\":"
    "\"0xabababababababababababababababababababababababababababababababab\"}]}";

static void put_request(struct ls_buf *out, const char *verb, const char *url, const char *headers,
                        struct ls_span body)
{
    (void)ls_buf_printf(out, "%s %s HTTP/1.1\r\nHost: tester\r\n%s", verb, url, headers);
    if (body.n > 0 || strcmp(verb, "POST") == 0) {
        (void)ls_buf_printf(out, "Content-Length: %zu\r\n", body.n);
    }
    (void)ls_buf_puts(out, "\r\n");
    (void)ls_buf_put(out, body.p, body.n);
}

/* The padded calls: to this many bytes, inside or behind. */
static void put_padded(struct ls_buf *out, size_t bytes, bool is_inside)
{
    size_t n = sizeof CHAIN_ID_CALL - 1;
    uint8_t *at;
    (void)ls_buf_put(out, CHAIN_ID_CALL, is_inside ? n - 1 : n);
    at = need(ls_buf_grow(out, bytes - n));
    memset(at, ' ', bytes - n);
    if (is_inside) {
        (void)ls_buf_putc(out, '}');
    }
}

static void put_chunked(struct ls_buf *out, const char *url, struct ls_span body)
{
    (void)ls_buf_printf(out,
                        "POST %s HTTP/1.1\r\nHost: tester\r\nContent-Type: application/json\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n",
                        url);
    for (size_t at = 0; at < body.n; at += 65536) {
        size_t n = body.n - at < 65536 ? body.n - at : 65536;
        (void)ls_buf_printf(out, "%zx\r\n", n);
        (void)ls_buf_put(out, body.p + at, n);
        (void)ls_buf_puts(out, "\r\n");
    }
    (void)ls_buf_puts(out, "0\r\n\r\n");
}

/* Requests of which only a description was kept. false: x is none of them. */
static bool put_described(const struct exchange *x, const char *what, struct ls_buf *out)
{
    static const char json[] = "Content-Type: application/json\r\n";
    static const char upgrade[] = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                                  "Sec-WebSocket-Version: 13\r\n";
    const struct ls_span call = {(const uint8_t *)CHAIN_ID_CALL, sizeof CHAIN_ID_CALL - 1};
    struct ls_buf body;
    size_t bytes = 0;
    ls_buf_init(&body, RECORDED_BYTES_MAX);
    const char *spaces = strstr(what, "spaces to ");
    if (spaces != NULL) {
        bytes = (size_t)strtoul(spaces + 10, NULL, 10);
        put_padded(&body, bytes, strstr(what, "inner") != NULL);
    }
    bool is_known = true;
    if (strstr(what, "chunked") != NULL) {
        put_chunked(out, x->url, bytes > 0 ? ls_buf_span(&body) : call);
    } else if (bytes > 0) {
        put_request(out, "POST", x->url, json, ls_buf_span(&body));
    } else if (strstr(what, "HTTP/1.0") != NULL) {
        (void)ls_buf_printf(out, "POST %s HTTP/1.0\r\n%sContent-Length: %zu\r\n\r\n%s", x->url,
                            json, call.n, CHAIN_ID_CALL);
    } else if (strstr(what, "without Host") != NULL) {
        (void)ls_buf_printf(out, "POST %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", x->url,
                            json, call.n, CHAIN_ID_CALL);
    } else if (strstr(what, "Expect: 100-continue") != NULL) {
        put_request(out, "POST", x->url,
                    "Content-Type: application/json\r\nExpect: 100-continue\r\n", call);
    } else if (strstr(what, "two pipelined") != NULL) {
        put_request(out, "POST", x->url, json, call);
        put_request(out, "POST", x->url, json, call);
    } else if (strcmp(x->verb, "WS") == 0) {
        put_request(out, "GET", x->url, upgrade, (struct ls_span){NULL, 0});
    } else {
        is_known = false;
    }
    ls_buf_fini(&body);
    return is_known;
}

static void put_batch(struct ls_buf *out, size_t count)
{
    (void)ls_buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        (void)ls_buf_printf(out,
                            "%s{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"sync_listSessions\","
                            "\"params\":[]}",
                            i > 0 ? "," : "", i);
    }
    (void)ls_buf_putc(out, ']');
}

static void put_headers(const struct exchange *x, bool has_body, struct ls_buf *out)
{
    struct cJSON *tree = NULL;
    if (x->headers.p == NULL) {
        if (has_body || strcmp(x->verb, "GET") != 0) {
            (void)ls_buf_puts(out, "Content-Type: application/json\r\n");
        }
        return;
    }
    (void)ls_json_parse((const char *)x->headers.p, x->headers.n, 0, &tree, NULL);
    for (const struct cJSON *h = ls_json_first(tree); h != NULL; h = ls_json_next(h)) {
        if (strcmp(ls_json_key(h), "host") != 0) {
            (void)ls_buf_printf(out, "%s: %s\r\n", ls_json_key(h), ls_json_str(h));
        }
    }
    ls_json_free(tree);
}

static void make_request(const struct exchange *x, struct ls_buf *out)
{
    struct ls_buf headers;
    struct ls_buf body;
    char *text = string_of(x->req);
    ls_buf_init(out, RECORDED_BYTES_MAX);
    ls_buf_init(&headers, 65536);
    ls_buf_init(&body, RECORDED_BYTES_MAX);
    if (!put_described(x, is_json_string(x->req) ? text : "", out)) {
        if (strncmp(text, "<batch of ", 10) == 0) {
            put_batch(&body, (size_t)strtoul(text + 10, NULL, 10));
        } else if (is_json_string(x->req) && strcmp(x->name, "string-json") != 0) {
            (void)ls_buf_puts(&body, text); /* a body that was no JSON */
        } else if (x->req.p != NULL) {
            (void)ls_buf_put(&body, x->req.p, x->req.n);
        }
        put_headers(x, body.n > 0, &headers);
        put_request(out, x->verb[0] != '\0' ? x->verb : "POST", x->url,
                    headers.n > 0 ? (const char *)headers.p : "", ls_buf_span(&body));
    }
    ls_buf_fini(&headers);
    ls_buf_fini(&body);
    free(text);
}

/* --- comparison --- */

/* The answer as it has to be. */
struct expected {
    unsigned status;
    bool is_continued;
    struct ls_buf body;
    bool is_loose;   /* the bytes were not kept, only the value */
    char *headers;   /* object of those that count, owned; NULL: not told */
    bool is_summary; /* of a long batch */
};

static const char *const COUNTED_HEADERS[] = {"content-type", "vary", "x-content-type-options",
                                              "content-encoding"};

/* Header lines into an object of those that count. */
static char *collect_headers(const char *head)
{
    struct ls_buf out;
    struct ls_jw w;
    char value[128];
    ls_buf_init(&out, 4096);
    ls_jw_init(&w, &out);
    ls_jw_object(&w, NULL);
    for (size_t i = 0; i < sizeof COUNTED_HEADERS / sizeof COUNTED_HEADERS[0]; i++) {
        if (header_of(head, COUNTED_HEADERS[i], value)) {
            ls_jw_str(&w, COUNTED_HEADERS[i], value);
        }
    }
    ls_jw_object_end(&w);
    char *text = need(strdup((const char *)out.p));
    ls_buf_fini(&out);
    return text;
}

/* A whole answer as it came from the socket. */
static void expect_raw(const char *text, struct expected *e)
{
    if (strncmp(text, "HTTP/1.1 100", 12) == 0) {
        e->is_continued = true;
        text = strstr(text, "\r\n\r\n") + 4;
    }
    const char *body = strstr(text, "\r\n\r\n");
    e->status = (unsigned)strtoul(text + strcspn(text, " "), NULL, 10);
    e->headers = collect_headers(text);
    (void)ls_buf_puts(&e->body, body != NULL ? body + 4 : "");
}

static void expect(const struct exchange *x, struct expected *e)
{
    memset(e, 0, sizeof *e);
    ls_buf_init(&e->body, RECORDED_BYTES_MAX);
    e->status = x->http;
    if (x->reshdr.p != NULL && x->reshdr.p[0] == '{') {
        e->headers = need(strndup((const char *)x->reshdr.p, x->reshdr.n));
    }
    char *text = string_of(is_json_string(x->raw) ? x->raw : x->res);
    if (is_json_string(x->res) && strncmp(text, "HTTP/1.", 7) == 0) {
        expect_raw(text, e);
    } else if (is_json_string(x->raw) || is_json_string(x->res)) {
        (void)ls_buf_puts(&e->body, text);
    } else if (x->res.p != NULL) {
        (void)ls_buf_put(&e->body, x->res.p, x->res.n);
        (void)ls_buf_putc(&e->body, '\n');
        e->is_loose = text_is(x->raw, "null");
        e->is_summary = x->res.p[0] == '{' && member_text(x->res, "ids_in_order").p != NULL;
    }
    free(text);
}

static void free_expected(struct expected *e)
{
    ls_buf_fini(&e->body);
    free(e->headers);
}

static bool same_value(const struct cJSON *a, const struct cJSON *b)
{
    struct ls_buf x;
    struct ls_buf y;
    ls_buf_init(&x, RECORDED_BYTES_MAX);
    ls_buf_init(&y, RECORDED_BYTES_MAX);
    ls_json_print(a, &x);
    ls_json_print(b, &y);
    bool is_same = x.n == y.n && (x.n == 0 || memcmp(x.p, y.p, x.n) == 0);
    ls_buf_fini(&x);
    ls_buf_fini(&y);
    return is_same;
}

static bool same_json(struct ls_span a, struct ls_span b)
{
    struct cJSON *x = NULL;
    struct cJSON *y = NULL;
    bool is_same = ls_json_parse((const char *)a.p, a.n, 0, &x, NULL) == LS_OK &&
                   ls_json_parse((const char *)b.p, b.n, 0, &y, NULL) == LS_OK && same_value(x, y);
    ls_json_free(x);
    ls_json_free(y);
    return is_same;
}

/* {answers, ids_in_order, first, last} against a batch. */
static bool same_summary(const struct expected *e, const struct reply *r)
{
    struct cJSON *sum = NULL;
    struct cJSON *all = NULL;
    bool is_same = ls_json_parse((const char *)e->body.p, e->body.n, 0, &sum, NULL) == LS_OK &&
                   ls_json_parse((const char *)r->body.p, r->body.n, 0, &all, NULL) == LS_OK;
    size_t count = ls_json_count(all);
    uint64_t wanted = 0;
    is_same = is_same && ls_json_u64(ls_json_get(sum, "answers"), &wanted) == LS_OK &&
              count == wanted && same_value(ls_json_at(all, 0), ls_json_get(sum, "first")) &&
              same_value(ls_json_at(all, count - 1), ls_json_get(sum, "last"));
    uint64_t number = 0;
    for (const struct cJSON *one = ls_json_first(all); is_same && one != NULL;
         one = ls_json_next(one)) {
        uint64_t id = 0;
        is_same = ls_json_u64(ls_json_get(one, "id"), &id) == LS_OK && id == number++;
    }
    ls_json_free(sum);
    ls_json_free(all);
    return is_same;
}

static bool same_headers(const struct expected *e, const struct reply *r)
{
    struct cJSON *told = NULL;
    char value[128];
    bool is_same = true;
    if (e->headers == NULL) {
        return true;
    }
    (void)ls_json_parse(e->headers, strlen(e->headers), 0, &told, NULL);
    for (size_t i = 0; i < sizeof COUNTED_HEADERS / sizeof COUNTED_HEADERS[0]; i++) {
        const char *wanted = ls_json_str(ls_json_get(told, COUNTED_HEADERS[i]));
        bool is_there = header_of(r->head, COUNTED_HEADERS[i], value);
        is_same = is_same && is_there == (wanted != NULL) &&
                  (wanted == NULL || strcmp(wanted, value) == 0);
    }
    ls_json_free(told);
    return is_same;
}

/* What took its time on purpose takes it here too, and nothing else does. */
static bool same_time(const struct exchange *x, const struct reply *r)
{
    double took_ms = (double)r->took_ns / 1e6;
    if (x->ms < SLOW_MS) {
        return took_ms < SLOW_MS;
    }
    return took_ms > x->ms - SLACK_MS && took_ms < x->ms + SLACK_MS;
}

/* The node behind was asked the same, in the same order. Not told for chains that have none, and
 * for a call during which another one asked. */
static bool same_upstream(struct corpus *c, const struct exchange *x)
{
    struct ls_buf asked;
    if (x->up.p == NULL || strstr(x->url, "/903/") != NULL || has(x->res, "\"HTTP/1.") ||
        has(x->up, "delayed") || strcmp(x->name, "during-sleep-same-session") == 0) {
        return true;
    }
    ls_buf_init(&asked, RECORDED_BYTES_MAX);
    (void)ls_buf_putc(&asked, '[');
    (void)ls_buf_put(&asked, c->lab.log.p, c->lab.log.n);
    (void)ls_buf_putc(&asked, ']');
    bool is_same = asked.n == x->up.n && memcmp(asked.p, x->up.p, asked.n) == 0;
    ls_buf_fini(&asked);
    return is_same;
}

/* What differs, or NULL. */
static const char *compare(struct corpus *c, const struct exchange *x, struct expected *e,
                           struct reply *r)
{
    bool is_masked = mask_address(&e->body) && mask_address(&r->body);
    c->file.masked += is_masked ? 1 : 0;
    if (e->status != r->status || e->is_continued != r->is_continued) {
        return "status";
    }
    bool is_body = e->is_summary ? same_summary(e, r)
                   : e->is_loose
                       ? same_json(ls_buf_span(&e->body), ls_buf_span(&r->body))
                       : e->body.n == r->body.n &&
                             (e->body.n == 0 || memcmp(e->body.p, r->body.p, e->body.n) == 0);
    if (!is_body) {
        return "body";
    }
    if (!same_headers(e, r)) {
        return "headers";
    }
    if (!same_time(x, r)) {
        return "time";
    }
    return same_upstream(c, x) ? NULL : "requests upstream";
}

/* --- exchanges that need company --- */

static void call_unknown_payload(struct corpus *c, const char *url, uint64_t wait_ns, int *stays)
{
    struct ls_buf bytes;
    ls_buf_init(&bytes, 65536);
    put_request(&bytes, "POST", url, "Content-Type: application/json\r\n",
                (struct ls_span){(const uint8_t *)UNKNOWN_PAYLOAD, sizeof UNKNOWN_PAYLOAD - 1});
    int fd = start_call(&c->wire, &bytes, wait_ns, stays != NULL);
    if (stays != NULL) {
        *stays = fd;
    }
    ls_buf_fini(&bytes);
}

/* Sessions of exchanges that were held back: known from a list only. */
static void add_held_back(struct corpus *c, const struct exchange *x)
{
    struct cJSON *root = NULL;
    if (x->res.p == NULL || (x->res.p[0] != '{' && x->res.p[0] != '[') ||
        ls_json_parse((const char *)x->res.p, x->res.n, 0, &root, NULL) != LS_OK) {
        return;
    }
    const struct cJSON *first = ls_json_get(root, "first");
    const struct cJSON *list = ls_json_get(first != NULL ? first : root, "result");
    for (const struct cJSON *id = ls_json_first(list); id != NULL; id = ls_json_next(id)) {
        const char *name = ls_json_str(id);
        struct ls_buf bytes;
        char url[256];
        if (name == NULL || strncmp(name, "engine_", 7) == 0) {
            break;
        }
        /* One that is there stays as it is; one that was deleted is in no list. */
        ls_buf_init(&bytes, 65536);
        (void)snprintf(url, sizeof url, "%.*s/%s", (int)strlen("/chain/901/synctest"), x->url,
                       name);
        put_request(&bytes, "POST", url, "Content-Type: application/json\r\n",
                    (struct ls_span){(const uint8_t *)SESSION_CALL, sizeof SESSION_CALL - 1});
        struct reply r = talk(&c->wire, &bytes, false);
        free_reply(&r);
        ls_buf_fini(&bytes);
    }
    ls_json_free(root);
}

static void prepare(struct corpus *c, const struct exchange *x, int *company)
{
    if (strcmp(x->name, "during-sleep-same-session") == 0) {
        call_unknown_payload(c, x->url, 300000000u, company);
    } else if (strcmp(x->name, "after-client-left-in-np-sleep") == 0) {
        call_unknown_payload(c, x->url, 500000000u, NULL);
    } else if (strcmp(x->name, "after-35s-same-session") == 0) {
        c->wire.now.mono_ns += UINT64_C(6000000000); /* the real answer came after 35 s */
        ls_front_turn(c->wire.front, c->wire.now);
    } else if (is_method(x, "sync_listSessions") || strncmp(x->name, "batch-1500", 10) == 0) {
        add_held_back(c, x);
    }
}

/* --- running --- */

static void show(const struct exchange *x, const struct expected *e, const struct reply *r,
                 const struct corpus *c, const char *differs)
{
    printf("%s %s: %s\n  request  %s %.*s\n", x->id, x->name, differs != NULL ? differs : "equal",
           x->url, (int)(x->req.n < 4000 ? x->req.n : 4000), (const char *)x->req.p);
    printf("  wanted   %u %s %.0f ms\n%.*s\n", e->status, e->headers != NULL ? e->headers : "",
           x->ms, (int)e->body.n, e->body.n > 0 ? (char *)e->body.p : "");
    printf("  got      %u %.0f ms\n%s%.*s\n", r->status, (double)r->took_ns / 1e6, r->head,
           (int)r->body.n, r->body.n > 0 ? (char *)r->body.p : "");
    printf("  upstream wanted %.*s\n           got    [%s]\n", (int)x->up.n,
           x->up.p != NULL ? (const char *)x->up.p : "",
           c->lab.log.n > 0 ? (char *)c->lab.log.p : "");
}

static void select_row(struct corpus *c, struct ls_span row)
{
    if (c->is_selecting) {
        (void)ls_buf_put(&c->selected, row.p, row.n);
        (void)ls_buf_putc(&c->selected, '\n');
    }
}

static void run_exchange(struct corpus *c, const struct exchange *x)
{
    struct ls_buf bytes;
    struct expected e;
    int company = -1;
    const char *why = why_excluded(x);
    if (why != NULL) {
        c->file.excluded++;
        if (c->show != NULL && strcmp(c->show, x->id) == 0) {
            printf("%s %s: excluded, %s\n", x->id, x->name, why);
        }
        return;
    }
    set_tip(c, x);
    set_fault(c, x);
    prepare(c, x, &company);
    clear_log(&c->lab);
    make_request(x, &bytes);
    struct reply r = talk(&c->wire, &bytes, strcmp(x->verb, "HEAD") == 0);
    expect(x, &e);
    const char *differs = compare(c, x, &e, &r);
    if (differs != NULL) {
        c->file.different++;
    } else {
        c->file.equal++;
    }
    if (c->show != NULL ? strcmp(c->show, x->id) == 0 : differs != NULL) {
        if (c->show != NULL) {
            show(x, &e, &r, c, differs);
        } else {
            printf("  %s %s: %s differs\n", x->id, x->name, differs);
        }
    }
    if (company >= 0) {
        (void)close(company);
    }
    free_expected(&e);
    free_reply(&r);
    ls_buf_fini(&bytes);
}

/* --- files --- */

/* Its name without folder and endings, owned. */
static char *stem_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = need(strdup(slash != NULL ? slash + 1 : path));
    char *dot = strstr(name, ".ndjson");
    if (dot != NULL) {
        *dot = '\0';
    }
    return name;
}

/* Receipts that the node behind must have had. */
static void scan_receipts(struct corpus *c, const struct ls_buf *text)
{
    size_t at = 0;
    struct ls_span line;
    while ((line = next_line(text, &at)).p != NULL) {
        struct cJSON *root = NULL;
        struct ls_span res = member_text(line, "res");
        if (has(line, "\"eth_getBlockReceipts\"") && res.p != NULL && res.p[0] == '{' &&
            ls_json_parse((const char *)res.p, res.n, 0, &root, NULL) == LS_OK &&
            ls_json_count(ls_json_get(root, "result")) > 0) {
            add_receipts(&c->lab, ls_json_get(root, "result"));
        }
        ls_json_free(root);
    }
}

static void print_counts(const char *name, const struct counts *n)
{
    printf("%-40s exchanges %5zu  equal %5zu  different %4zu  excluded %3zu  masked %2zu\n", name,
           n->equal + n->different + n->excluded, n->equal, n->different, n->excluded, n->masked);
}

static bool is_exchange(struct ls_span row)
{
    return member_text(row, "http").p != NULL && member_text(row, "req").p != NULL;
}

static void run_file(struct corpus *c, const char *path)
{
    struct ls_buf text;
    struct ls_span line;
    struct exchange x;
    size_t at = 0;
    size_t count = 0;
    char *name = stem_of(path);
    read_whole(path, &text);
    c->file = (struct counts){0};
    c->files++;
    scan_receipts(c, &text);
    if (strncmp(name, "op-node-", 8) == 0) {
        fresh_tester(c); /* each run had one of its own */
    }
    while ((line = next_line(&text, &at)).p != NULL) {
        count++;
        if (!is_exchange(line)) {
            continue;
        }
        read_exchange(line, name, count, &x);
        run_exchange(c, &x);
        select_row(c, line);
        free_exchange(&x);
    }
    if (c->show == NULL) {
        print_counts(name, &c->file);
    }
    c->total.equal += c->file.equal;
    c->total.different += c->file.different;
    c->total.excluded += c->file.excluded;
    c->total.masked += c->file.masked;
    ls_buf_fini(&text);
    free(name);
}

int main(int argc, char **argv)
{
    static struct corpus c;
    char *chains[CHAINS_MAX];
    size_t chain_count = 0;
    const char *out = NULL;
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--chain") == 0 && chain_count < CHAINS_MAX) {
            chains[chain_count++] = argv[i + 1];
        } else if (strcmp(argv[i], "--show") == 0) {
            c.show = argv[i + 1];
        } else if (strcmp(argv[i], "--select") == 0) {
            out = argv[i + 1];
        } else {
            die(argv[i], "is no option");
        }
    }
    if (chain_count == 0) {
        chains[chain_count++] = need(strdup(DEFAULT_CHAIN));
    }
    c.is_selecting = out != NULL;
    ls_buf_init(&c.selected, RECORDED_BYTES_MAX);
    make_lab(&c.lab, chains, chain_count);
    fresh_tester(&c);
    for (; i < argc; i++) {
        run_file(&c, argv[i]);
    }
    print_counts("all", &c.total);
    printf("files %zu exchanges %zu equal %zu different %zu excluded %zu\n", c.files,
           c.total.equal + c.total.different + c.total.excluded, c.total.equal, c.total.different,
           c.total.excluded);
    ls_front_free(c.wire.front);
    ls_synctester_free(c.backend);
    free_lab(&c.lab);
    ls_buf_fini(&c.selected);
    return c.total.different == 0 ? 0 : 1;
}
