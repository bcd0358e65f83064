/*
 * Replays exchanges recorded with the real op-sync-tester against ours, over sockets, and counts
 * the answers that are equal: status, headers that were kept, the bytes of the body, how long it
 * took, and what the node behind was asked.
 *
 *   test_mocks_synctester_corpus [--chain PATH]... [--show ID] [--select DIR] [FILE...]
 *
 * PATH is a fixture folder, its l2 file, or an object with "blocks"; several make one node. FILE is
 * JSON lines, zstd or plain: case files, and of op-node's runs the -engine files and the -series
 * after them, whose polled sessions have to be ones that ours went through, in that order. --show
 * ID prints both sides of one exchange ("05-newpayload:29"). --select writes what is needed of each
 * FILE to DIR, under its name, when nothing in it differs. Without FILE it replays
 * tests/data/synctester.
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
#include "mocks/rpc/synctester_config.h"
#include "tests/unit/synctester_expect.h"
#include "tests/unit/synctester_lab.h"
#include "tests/unit/synctester_request.h"
#include "tests/unit/synctester_rows.h"
#include "tests/unit/synctester_wire.h"

#define CHAINS_MAX 8u
#define DEFAULT_DATA "tests/data/synctester"

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
    struct ls_buf states;   /* of the session of the last run, a line each */
    size_t state_at;        /* how far the polls have got in them */
    const char *select_dir; /* NULL: nothing is selected */
    struct ls_buf selected; /* rows of the file */
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
               (ls_span_is(result, "null") ||
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

/* --- comparison --- */

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

/* The members of a row that count. */
static void select_row(struct corpus *c, struct ls_span row)
{
    static const char *const members[] = {"case",
                                          "i",
                                          "n",
                                          "url",
                                          "path",
                                          "method",
                                          "headers",
                                          "req",
                                          "http",
                                          "res",
                                          "raw",
                                          "reshdr",
                                          "ms",
                                          "up",
                                          "yaml",
                                          "args",
                                          "running_after_0.9s",
                                          "probe",
                                          "session"};
    struct ls_jw w;
    if (c->select_dir == NULL) {
        return;
    }
    ls_jw_init(&w, &c->selected);
    ls_jw_object(&w, NULL);
    bool is_run = member_text(row, "path").p != NULL; /* of op-node: its headers and times vary */
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct ls_span v = member_text(row, members[i]);
        bool is_vain =
            is_run && (strcmp(members[i], "headers") == 0 || strcmp(members[i], "ms") == 0);
        if (v.p != NULL && !is_vain) {
            ls_jw_raw(&w, members[i], (const char *)v.p, v.n);
        }
    }
    ls_jw_object_end(&w);
    (void)ls_buf_putc(&c->selected, '\n');
}

static void write_selected(struct corpus *c, const char *name)
{
    struct ls_buf packed;
    char path[4096];
    if (c->select_dir == NULL || c->file.different > 0) {
        ls_buf_clear(&c->selected);
        return;
    }
    (void)snprintf(path, sizeof path, "%s/%s.ndjson.zst", c->select_dir, name);
    ls_buf_init(&packed, RECORDED_BYTES_MAX);
    FILE *f = fopen(path, "wb");
    if (f == NULL || ls_zst_compress(c->selected.p, c->selected.n, 19, &packed) != LS_OK ||
        fwrite(packed.p, 1, packed.n, f) != packed.n || fclose(f) != 0) {
        die(path, "cannot be written");
    }
    ls_buf_fini(&packed);
    ls_buf_clear(&c->selected);
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

/* --- the runs of op-node: the session as it was polled --- */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s);
    size_t m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* Keeps the session of x as it is now, when it changed. */
static void keep_state(struct corpus *c, const struct exchange *x)
{
    struct ls_buf bytes;
    ls_buf_init(&bytes, 65536);
    put_request(&bytes, "POST", x->url, "Content-Type: application/json\r\n",
                (struct ls_span){(const uint8_t *)SESSION_CALL, sizeof SESSION_CALL - 1});
    struct reply r = talk(&c->wire, &bytes, false);
    struct ls_span session = member_text(ls_buf_span(&r.body), "result");
    bool is_known = c->states.n > session.n &&
                    memcmp(c->states.p + c->states.n - session.n - 1, session.p, session.n) == 0;
    if (!is_known) {
        (void)ls_buf_put(&c->states, session.p, session.n);
        (void)ls_buf_putc(&c->states, '\n');
    }
    free_reply(&r);
    ls_buf_fini(&bytes);
}

static void run_poll(struct corpus *c, struct ls_span row, const char *file, size_t line)
{
    struct ls_span session = member_text(row, "session");
    struct ls_span state;
    size_t at = c->state_at;
    if (session.p == NULL || session.p[0] != '{') {
        return;
    }
    do {
        c->state_at = at;
        state = next_line(&c->states, &at);
    } while (state.p != NULL && (state.n != session.n || memcmp(state.p, session.p, state.n) != 0));
    if (state.p != NULL) {
        c->file.equal++;
        return;
    }
    c->file.different++;
    c->state_at = 0;
    printf("  %s:line%zu: no such session: %.*s\n", file, line, (int)session.n, session.p);
}

/* --- start-up: "yaml", "args", "running_after_0.9s", "probe" --- */

/* What is about the command line of the real program, or about a node it dials, is excluded. */
static const char *why_start_excluded(struct ls_span row, const char *yaml)
{
    if (!ls_span_is(member_text(row, "args"), "[]") || yaml[0] == '\0') {
        return has(row, "\"case\":\"empty-file\"") ? NULL : "the command line of the real program";
    }
    return strstr(yaml, "ftp://") != NULL || strstr(yaml, "ws://") != NULL
               ? "no node is dialled here"
               : NULL;
}

/* [verb, path, body, status, answer] against a tester made from the file. */
static bool same_probe(struct corpus *c, struct wire *w, const struct cJSON *probe)
{
    struct ls_buf bytes;
    uint64_t status = 0;
    const char *body = ls_json_str(ls_json_at(probe, 2));
    const char *wanted = ls_json_str(ls_json_at(probe, 4));
    ls_buf_init(&bytes, 65536);
    (void)c;
    put_request(&bytes, ls_json_str(ls_json_at(probe, 0)), ls_json_str(ls_json_at(probe, 1)),
                "Content-Type: application/json\r\n",
                (struct ls_span){(const uint8_t *)body, strlen(body)});
    struct reply r = talk(w, &bytes, false);
    bool is_same = ls_json_u64(ls_json_at(probe, 3), &status) == LS_OK && status == r.status &&
                   strlen(wanted) == r.body.n && memcmp(wanted, r.body.p, r.body.n) == 0;
    free_reply(&r);
    ls_buf_fini(&bytes);
    return is_same;
}

/* Starts a tester as the file says; NULL: it would not start. */
static struct ls_backend *start_tester(struct corpus *c, const char *yaml, struct ls_diag *d)
{
    struct ls_synctester_chain chains[LS_SYNCTESTER_CHAINS_MAX];
    struct ls_synctester_file file;
    struct ls_backend *backend = NULL;
    struct ls_synctester_config cfg = {.chains = chains};
    if (ls_synctester_file_parse("config.yaml", yaml, strlen(yaml), &file, d) != LS_OK) {
        return NULL;
    }
    for (; cfg.chain_count < file.count; cfg.chain_count++) {
        chains[cfg.chain_count] =
            (struct ls_synctester_chain){file.entries[cfg.chain_count].chain_id, &c->lab.base};
    }
    (void)ls_synctester_new(&cfg, &backend, d);
    ls_synctester_file_free(&file);
    return backend;
}

static bool same_start(struct corpus *c, struct ls_span row, const char *yaml, struct ls_diag *d)
{
    struct cJSON *root = NULL;
    struct wire wire = {0};
    bool is_running = ls_span_is(member_text(row, "running_after_0.9s"), "true");
    struct ls_backend *backend = start_tester(c, yaml, d);
    bool is_same = is_running == (backend != NULL);
    if (backend != NULL && ls_json_parse((const char *)row.p, row.n, 0, &root, NULL) == LS_OK) {
        open_wire(&wire, backend);
        for (const struct cJSON *p = ls_json_first(ls_json_get(root, "probe")); p != NULL;
             p = ls_json_next(p)) {
            is_same = is_same && same_probe(c, &wire, p);
        }
    }
    ls_json_free(root);
    ls_front_free(wire.front);
    ls_synctester_free(backend);
    return is_same;
}

static void run_start(struct corpus *c, struct ls_span row, const char *file)
{
    struct ls_diag d = {""};
    char *yaml = string_of(member_text(row, "yaml"));
    char *name = string_of(member_text(row, "case"));
    char id[96];
    (void)snprintf(id, sizeof id, "%s:%.*s", file, (int)member_text(row, "i").n,
                   (const char *)member_text(row, "i").p);
    const char *why = why_start_excluded(row, yaml);
    bool is_same = why == NULL && same_start(c, row, yaml, &d);
    if (why != NULL) {
        c->file.excluded++;
    } else if (is_same) {
        c->file.equal++;
    } else {
        c->file.different++;
    }
    if (c->show != NULL ? strcmp(c->show, id) == 0 : why == NULL && !is_same) {
        printf("  %s %s: %s; %s\n", id, name,
               why != NULL ? why
               : is_same   ? "equal"
                           : "differs",
               d.text);
    }
    free(name);
    free(yaml);
}

static bool is_start(struct ls_span row)
{
    return member_text(row, "running_after_0.9s").p != NULL;
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
    read_file(path, &text);
    c->file = (struct counts){0};
    c->files++;
    scan_receipts(c, &text);
    bool is_run = strncmp(name, "op-node-", 8) == 0 && ends_with(name, "-engine");
    bool is_series = ends_with(name, "-series");
    if (is_run) {
        fresh_tester(c); /* each run had one of its own */
        ls_buf_clear(&c->states);
        c->state_at = 0;
    }
    while ((line = next_line(&text, &at)).p != NULL) {
        count++;
        if (is_series) {
            run_poll(c, line, name, count);
            select_row(c, line);
        }
        if (is_start(line)) {
            run_start(c, line, name);
            select_row(c, line);
        }
        if (!is_exchange(line)) {
            continue;
        }
        read_exchange(line, name, count, &x);
        run_exchange(c, &x);
        if (is_run) {
            keep_state(c, &x);
        }
        select_row(c, line);
        free_exchange(&x);
    }
    write_selected(c, name);
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

/* What the repository has, in order of their names. */
static void run_own_data(struct corpus *c)
{
    static const char *const names[] = {"01-transport",
                                        "02-url",
                                        "03-session",
                                        "04-eth",
                                        "05-newpayload",
                                        "06-forkchoice",
                                        "07-attributes",
                                        "08-getpayload",
                                        "09-elsync",
                                        "10-flow-newpayload-all-forks",
                                        "11-flow-derivation-all-forks",
                                        "12-flow-elsync",
                                        "13-upstream-faults",
                                        "14-bedrock-upstream",
                                        "15-process-config",
                                        "16-worked-traces",
                                        "17-slow-upstream",
                                        "op-node-c-elsync-genesis-engine",
                                        "op-node-c-elsync-genesis-series"};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, DEFAULT_DATA "/%s.ndjson.zst", names[i]);
        run_file(c, path);
    }
}

int main(int argc, char **argv)
{
    static struct corpus c;
    static char own_chain[] = "fixtures/devnet-forks";
    static char own_blocks[] = DEFAULT_DATA "/op-mainnet.ndjson.zst";
    char *chains[CHAINS_MAX];
    size_t chain_count = 0;
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--chain") == 0 && chain_count < CHAINS_MAX) {
            chains[chain_count++] = argv[i + 1];
        } else if (strcmp(argv[i], "--show") == 0) {
            c.show = argv[i + 1];
        } else if (strcmp(argv[i], "--select") == 0) {
            c.select_dir = argv[i + 1];
        } else {
            die(argv[i], "is no option");
        }
    }
    if (chain_count == 0) {
        chains[chain_count++] = own_chain;
        chains[chain_count++] = own_blocks;
    }
    ls_buf_init(&c.selected, RECORDED_BYTES_MAX);
    ls_buf_init(&c.states, RECORDED_BYTES_MAX);
    make_lab(&c.lab, chains, chain_count);
    fresh_tester(&c);
    if (i == argc) {
        run_own_data(&c);
    }
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
    ls_buf_fini(&c.states);
    return c.total.different == 0 ? 0 : 1;
}
