/*
 * Sends recorded HTTP requests, byte for byte, to the engine's two ports and compares what comes
 * back with what a real op-geth said: status, reason, headers, body, and whether the connection
 * stays open.
 *
 *   test_mocks_transport [--profile NAME] [--show ID] [--convert OUT] [FILE…]
 *
 * FILE: JSON lines, zstd or plain; rows with "block" are the chain the engine is on, rows with
 * "request" the cases (tests/data/transport/README.md says what they hold). Without FILE the
 * selection that comes with the sources. The token's clock stands still, so nothing here is late.
 * --convert writes the rows without what is not compared. Exit 0 only when all are equal or listed
 * in EXPLAINED.
 */
#include <poll.h>
#include <strings.h>
#include <zlib.h>

#include "lib/utf8.h"
#include "mocks/http/front.h"
#include "mocks/model/engine.h"
#include "mocks/rpc/engine_rpc.h"
#include "tests/unit/recorded_request.h"
#include "tests/unit/recorded_rows.h"
#include "tests/unit/wire.h"

#define SELECTION "tests/data/transport/%s.ndjson.zst"
#define BLOCKS_MAX 8u /* the chain the cases stand on is 0..5 */
#define HEAD 5u
#define STUCK_MS 2000
#define HEADERS_MAX 32u
#define REPLIES_MAX 4u

/* Answers that stay different, and in what exactly: docs/decisions/0005-what-libmicrohttpd-says.md
 * has the reasons. */
struct explained {
    const char *id;
    const char *kinds;
};
static const struct explained EXPLAINED_GETH[] = {
    {"t114", " content-type body"},        /* header over the cap */
    {"t118", " reason content-type body"}, /* HTTP/2.0 */
    {"t285", " reason content-type body"},
    {"t263", " status reason content-type body"}, /* broken chunks */
    {"t275", " content-type body answers"},       /* negative length */
    {NULL, NULL},
};
static const struct explained EXPLAINED_RETH[] = {
    /* libmicrohttpd answers or refuses by itself */
    {"t094", " status reason content-type connection body connection"}, /* Expect: 200-maybe */
    {"t261", " status reason content-type connection body connection"},
    {"t097", " status reason content-type connection body connection"}, /* gzip, chunked */
    {"t264", " status reason content-type connection body connection"},
    {"t114", " body"},               /* header over the cap */
    {"t118", " status reason body"}, /* HTTP/2.0 */
    {"t285", " status reason body"},
    {"t284", " status reason content-type connection body connection"}, /* HTTP/1.2 */
    {"t263", " status reason content-type connection body"},            /* broken chunks */
    {"t275", " body answers"},                                          /* negative length */
    {"t107", " connection"},                                            /* bytes behind the body */
    {"t274", " connection"},
    {"t110", " connection"}, /* no length */
    {"t277", " connection"},
    /* the front's words for what is no HTTP are op-geth's */
    {"t109", " content-type body"}, /* two lengths */
    {"t276", " content-type body"},
    {"t112", " reason content-type body"}, /* a name with a space */
    {"t279", " reason content-type body"},
    /* 413 has another reason phrase, and says that it closes */
    {"t397", " reason connection"},
    {"x006", " reason connection"},
    {"x007", " reason connection"},
    {"x018", " reason connection"},
    {"x019", " reason connection"},
    {"x020", " reason connection"},
    {"x021", " reason connection"},
    /* ours */
    {"t267", " content-encoding body"}, /* gzip is all we have */
    {"t216", " body"},                  /* brackets deeper than 10,000 */
    {"t217", " body"},
    {"t383", " body"},
    {"x029", " body"}, /* executes a block the rig has no record of */
    {NULL, NULL},
};

/* The real servers we have recordings of. */
static const struct server {
    const char *name; /* of the selection that comes with the sources */
    const char *profile;
    size_t bodies_max[2];
    const struct explained *explained;
    bool any_order; /* members of JSON bodies come in another order, and what varies is not said */
} SERVERS[] = {{"op-geth", "geth", {128u << 20, 5u << 20}, EXPLAINED_GETH, false},
               {"op-reth", "reth", {128u << 20, 15u << 20}, EXPLAINED_RETH, true}};

struct why {
    struct ls_buf text;
    char kinds[128]; /* what differs, a space before each */
};

struct reply {
    unsigned status;
    char reason[128];
    struct {
        char name[48];
        char value[128];
    } headers[HEADERS_MAX];
    size_t header_count;
    bool is_http10; /* the request was */
    struct ls_buf body;
};

struct rig {
    struct ls_universe *universe;
    void *universe_mem;
    void *engine_mem;
    struct ls_engine *engine;
    struct ls_rollup rollup;
    struct ls_backend *port;
    struct ls_front *fronts[2]; /* authenticated, public */
    struct ls_front_time now;
    const struct server *server;
};

/* --- the servers --- */

static void add_block(struct rig *g, struct row *row)
{
    struct ls_ublock b = {.json = row->block_json, .json_bytes = row->block_bytes};
    const struct cJSON *v = ls_json_get(row->tree, "block");
    uint32_t id;
    b.ref.hash = row->hash;
    (void)ls_json_fixed(ls_json_get(v, "parentHash"), b.ref.parent.b, 32);
    (void)ls_json_quantity(ls_json_get(v, "number"), &b.ref.number);
    (void)ls_json_quantity(ls_json_get(v, "timestamp"), &b.ref.timestamp);
    b.parent = ls_universe_find(g->universe, &b.ref.parent);
    if (b.ref.number <= HEAD && ls_universe_add(g->universe, &b, &id) != LS_OK) {
        die("block", "does not fit");
    }
}

static void fork_times(struct rig *g, uint64_t genesis_s)
{
    g->rollup =
        (struct ls_rollup){.genesis_l2_time = genesis_s, .block_time = 2, .l2_chain_id = 901};
    g->rollup.genesis_l2.hash = ls_universe_get(g->universe, 0)->ref.hash;
    for (size_t i = 0; i < LS_FORK_COUNT; i++) {
        g->rollup.fork_time[i] = i <= LS_FORK_DELTA ? 0 : LS_FORK_NEVER;
    }
}

static void start(struct rig *g, const struct rows *rows)
{
    g->universe_mem = need(malloc(ls_universe_size(BLOCKS_MAX)));
    g->universe = ls_universe_init(g->universe_mem, BLOCKS_MAX);
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->items[i].block_json != NULL) {
            add_block(g, &rows->items[i]);
        }
    }
    if (ls_universe_count(g->universe) != HEAD + 1) {
        die("blocks", "not those of a chain 0..5");
    }
    fork_times(g, ls_universe_get(g->universe, 0)->ref.timestamp);
    g->engine_mem = need(malloc(ls_engine_size(g->universe)));
    g->engine =
        ls_engine_init(g->engine_mem, g->universe, 0, ls_engine_profile_find(g->server->profile));
    ls_engine_seed(g->engine, HEAD, LS_NO_BLOCK, LS_NO_BLOCK);
    g->port = need(ls_engine_rpc_new(&(struct ls_engine_rpc_config){
        .engine = g->engine, .universe = g->universe, .rollup = &g->rollup, .jwt_secret = SECRET}));
    g->now = (struct ls_front_time){1, NOW_S};
    for (size_t i = 0; i < 2; i++) {
        struct ls_front_options o = {.backend = i == 0 ? g->port : ls_engine_rpc_public(g->port),
                                     .body_bytes_max = g->server->bodies_max[i],
                                     .reply_bytes_max = BYTES_MAX,
                                     .connections_max = 4,
                                     .gzip = true};
        if (ls_front_new(&o, &g->fronts[i], NULL) != LS_OK) {
            die("front", "cannot listen");
        }
    }
}

static void stop(struct rig *g)
{
    ls_front_free(g->fronts[0]);
    ls_front_free(g->fronts[1]);
    ls_engine_rpc_free(g->port);
    free(g->engine_mem);
    free(g->universe_mem);
}

/* --- one connection --- */

/* Lets server and client go on until neither has anything to do. All is in this process, so what
 * is under way is there at once: a few empty turns mean the end. */
static void settle(struct rig *g, struct wire *w)
{
    int quiet = 0;
    while (quiet < 3) {
        bool did = wire_talk(w);
        for (size_t i = 0; i < 2; i++) {
            struct pollfd p = {.fd = ls_front_fd(g->fronts[i]), .events = POLLIN};
            did = poll(&p, 1, 0) > 0 || ls_front_deadline(g->fronts[i]) == 0 || did;
            ls_front_turn(g->fronts[i], g->now);
        }
        quiet = did ? 0 : quiet + 1;
        if (quiet > 0 && quiet < 3) {
            struct pollfd p = {.fd = w->fd, .events = POLLIN};
            (void)poll(&p, 1, 2);
        }
    }
}

/* --- replies --- */

static void inflate_body(struct ls_buf *body)
{
    struct ls_buf plain;
    z_stream z = {0};
    int e;
    ls_buf_init(&plain, BYTES_MAX);
    uint8_t *room = need(ls_buf_grow(&plain, 1u << 20));
    if (inflateInit2(&z, 15 + 16) != Z_OK) {
        die("gzip", "cannot start");
    }
    z.next_in = body->p;
    z.avail_in = (uInt)body->n;
    z.next_out = room;
    z.avail_out = 1u << 20;
    e = inflate(&z, Z_FINISH);
    plain.n = e == Z_STREAM_END ? (size_t)z.total_out : 0;
    (void)inflateEnd(&z);
    ls_buf_fini(body);
    *body = plain;
    body->p[body->n] = 0;
}

static const char *header_of(const struct reply *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++) {
        if (strcasecmp(r->headers[i].name, name) == 0) {
            return r->headers[i].value;
        }
    }
    return NULL;
}

static size_t chunks(const char *at, const char *end, struct ls_buf *body)
{
    const char *start = at;
    for (;;) {
        char *stop;
        unsigned long n = strtoul(at, &stop, 16);
        if (stop + 2 + n + 2 > end) {
            return 0;
        }
        (void)ls_buf_put(body, stop + 2, n);
        at = stop + 2 + n + 2;
        if (n == 0) {
            return (size_t)(at - start);
        }
    }
}

static bool read_head(struct reply *r, const char *at, const char *head_end)
{
    if (sscanf(at, "HTTP/1.%*d %u", &r->status) != 1) {
        return false;
    }
    const char *line_end = strstr(at, "\r\n");
    (void)snprintf(r->reason, sizeof r->reason, "%.*s", (int)(line_end - at - 13), at + 13);
    for (at = line_end + 2; at < head_end; at = strstr(at, "\r\n") + 2) {
        const char *colon = strchr(at, ':');
        const char *end = strstr(at, "\r\n");
        if (colon == NULL || colon > end || r->header_count == HEADERS_MAX) {
            return false;
        }
        (void)snprintf(r->headers[r->header_count].name, sizeof r->headers[0].name, "%.*s",
                       (int)(colon - at), at);
        colon += strspn(colon + 1, " ") + 1;
        (void)snprintf(r->headers[r->header_count++].value, sizeof r->headers[0].value, "%.*s",
                       (int)(end - colon), colon);
    }
    return true;
}

/* One answer at the start of text; bytes it takes, 0 = none there. */
static size_t read_reply(const char *text, size_t n, bool is_head, struct reply *r)
{
    const char *stop = n == 0 ? NULL : strstr(text, "\r\n\r\n");
    memset(r, 0, sizeof *r);
    ls_buf_init(&r->body, BYTES_MAX);
    if (stop == NULL || !read_head(r, text, stop + 2)) {
        return 0;
    }
    const char *at = stop + 4;
    const char *end = text + n;
    const char *length = header_of(r, "content-length");
    const char *coding = header_of(r, "transfer-encoding");
    size_t body_n = (size_t)(end - at);
    if (coding != NULL && strcmp(coding, "chunked") == 0) {
        body_n = chunks(at, end, &r->body);
    } else {
        size_t said = length != NULL ? strtoul(length, NULL, 10) : body_n;
        body_n = is_head || r->status == 100 ? 0 : said < body_n ? said : body_n;
        (void)ls_buf_put(&r->body, at, body_n);
    }
    if (header_of(r, "content-encoding") != NULL && body_n > 0) {
        inflate_body(&r->body);
    }
    return (size_t)(at - text) + body_n;
}

/* --- comparing --- */

/* Headers a client can tell something from; how a length is said is none. */
static const char *const COMPARED[] = {
    "content-type",           "content-encoding",      "connection", "vary", "allow",
    "x-content-type-options", "sec-websocket-version",
};

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void say_difference(struct why *why, const char *what, const char *want, const char *got)
{
    size_t n = strlen(why->kinds);
    (void)snprintf(why->kinds + n, sizeof why->kinds - n, " %s", what);
    (void)ls_buf_printf(&why->text, "    %s: want \"%.300s\", got \"%.300s\"\n", what,
                        want != NULL ? want : "(none)", got != NULL ? got : "(none)");
}

/* Recorded texts show bytes that are no UTF-8 as "\\xff". */
static void show_bytes(struct ls_buf *body)
{
    struct ls_buf shown;
    ls_buf_init(&shown, BYTES_MAX);
    for (size_t i = 0; i < body->n;) {
        size_t n = ls_utf8_next(body->p + i, body->n - i);
        if (n == 0) {
            (void)ls_buf_printf(&shown, "\\x%02x", body->p[i++]);
        } else {
            (void)ls_buf_put(&shown, body->p + i, n);
            i += n;
        }
    }
    ls_buf_fini(body);
    *body = shown;
}

/* Equal but for the order of members. */
static bool is_same_tree(const struct cJSON *a, const struct cJSON *b)
{
    if (ls_json_count(a) != ls_json_count(b) || ls_json_is_array(a) != ls_json_is_array(b)) {
        return false;
    }
    if (ls_json_first(a) == NULL) {
        struct ls_buf texts[2];
        ls_buf_init(&texts[0], BYTES_MAX);
        ls_buf_init(&texts[1], BYTES_MAX);
        ls_json_print(a, &texts[0]);
        ls_json_print(b, &texts[1]);
        bool is_same = texts[0].n == texts[1].n && memcmp(texts[0].p, texts[1].p, texts[0].n) == 0;
        ls_buf_fini(&texts[0]);
        ls_buf_fini(&texts[1]);
        return is_same;
    }
    const struct cJSON *other = ls_json_first(b);
    for (const struct cJSON *m = ls_json_first(a); m != NULL; m = ls_json_next(m)) {
        const struct cJSON *n = ls_json_is_array(a) ? other : ls_json_get(b, ls_json_key(m));
        if (n == NULL || !is_same_tree(m, n)) {
            return false;
        }
        other = ls_json_next(other);
    }
    return true;
}

static bool is_same_json(const char *a, const char *b)
{
    struct cJSON *trees[2] = {NULL, NULL};
    bool is_same = ls_json_parse(a, strlen(a), 0, &trees[0], NULL) == LS_OK &&
                   ls_json_parse(b, strlen(b), 0, &trees[1], NULL) == LS_OK &&
                   is_same_tree(trees[0], trees[1]);
    ls_json_free(trees[0]);
    ls_json_free(trees[1]);
    return is_same;
}

static void compare_reply(const struct server *s, const struct cJSON *want, const struct reply *got,
                          struct why *why)
{
    uint64_t status = 0;
    const char *reason = ls_json_str(ls_json_get(want, "reason"));
    const char *body = ls_json_str(ls_json_get(want, "body"));
    const char *got_body = got->body.n > 0 ? (const char *)got->body.p : "";
    const struct cJSON *headers = ls_json_get(want, "headers");
    (void)ls_json_u64(ls_json_get(want, "status"), &status);
    if (status != got->status) {
        char texts[2][24];
        (void)snprintf(texts[0], sizeof texts[0], "%llu", (unsigned long long)status);
        (void)snprintf(texts[1], sizeof texts[1], "%u", got->status);
        say_difference(why, "status", texts[0], texts[1]);
    }
    if (!is_same(reason, got->reason)) {
        say_difference(why, "reason", reason, got->reason);
    }
    for (size_t i = 0; i < sizeof COMPARED / sizeof COMPARED[0]; i++) {
        const char *a = ls_json_str(ls_json_get(headers, COMPARED[i]));
        const char *b = header_of(got, COMPARED[i]);
        if (s->any_order && strcmp(COMPARED[i], "vary") == 0) {
            continue;
        }
        if (got->is_http10 && b != NULL && strcmp(b, "close") == 0) {
            continue; /* said aloud or not, 1.0 closes */
        }
        if (a == NULL || b == NULL ? a != b : strcasecmp(a, b) != 0) {
            say_difference(why, COMPARED[i], a, b);
        }
    }
    body = body != NULL ? body : "";
    /* A long one is kept up to an ellipsis of three bytes, and its length. */
    bool is_cut = ls_json_get(want, "body_truncated") != NULL;
    uint64_t length = 0;
    (void)ls_json_u64(ls_json_get(want, "body_len"), &length);
    bool is_same_body =
        is_cut ? (s->any_order || strncmp(body, got_body, strlen(body) - 3) == 0) &&
                     length == got->body.n
               : strcmp(body, got_body) == 0 || (s->any_order && is_same_json(body, got_body));
    if (!is_same_body) {
        say_difference(why, "body", body, got_body);
    }
}

/* A refusal in place of "100 Continue" is recorded as text. */
static void compare_interim(const char *text, const struct reply *got, struct why *why)
{
    struct reply want;
    (void)read_reply(text, strlen(text), false, &want);
    if (want.status != got->status || strcmp(want.reason, got->reason) != 0 ||
        !is_same(header_of(&want, "content-type"), header_of(got, "content-type")) ||
        !is_same((const char *)want.body.p, (const char *)got->body.p)) {
        say_difference(why, "refusal", text, (const char *)got->body.p);
    }
    ls_buf_fini(&want.body);
}

static void compare(const struct server *s, const struct cJSON *c, const struct wire *w,
                    struct why *why)
{
    const struct cJSON *want = ls_json_get(c, "reply");
    const char *line = ls_json_str(ls_json_get(ls_json_get(c, "request"), "line"));
    const char *at = w->in.n > 0 ? (const char *)w->in.p : "";
    size_t left = w->in.n;
    bool is_list = ls_json_is_array(want);
    size_t wanted = is_list ? ls_json_count(want) : 1;
    size_t i = 0;
    for (; left > 0; i++) {
        struct reply got;
        size_t n = read_reply(at, left, strncmp(line, "HEAD", 4) == 0, &got);
        show_bytes(&got.body);
        got.is_http10 = strstr(line, "HTTP/1.0") != NULL;
        if (n > 0 && got.status == 100) {
            i--;
        } else if (n > 0 && ls_json_get(want, "final_in_interim") != NULL) {
            compare_interim(ls_json_str(ls_json_get(c, "interim")), &got, why);
        } else if (n > 0 && i < wanted) {
            compare_reply(s, is_list ? ls_json_at(want, i) : want, &got, why);
        }
        ls_buf_fini(&got.body);
        if (n == 0) {
            break;
        }
        at += n;
        left -= n;
    }
    if (i != wanted || left != 0) {
        char texts[2][64];
        (void)snprintf(texts[0], sizeof texts[0], "%zu", wanted);
        (void)snprintf(texts[1], sizeof texts[1], "%zu and %zu bytes", i, left);
        say_difference(why, "answers", texts[0], texts[1]);
    }
    if (ls_json_true(ls_json_get(c, "keep_open")) == w->is_over) {
        say_difference(why, "connection", w->is_over ? "open" : "closed",
                       w->is_over ? "closed" : "open");
    }
}

static void run_case(struct rig *g, const struct cJSON *c, struct why *why, bool is_shown)
{
    const struct cJSON *request = ls_json_get(c, "request");
    const struct cJSON *interim = ls_json_get(c, "interim");
    bool is_public = is_same(ls_json_str(ls_json_get(c, "port")), "http");
    struct wire w = {0};
    uint64_t repeat = 1;
    wire_init(&w, BYTES_MAX);
    (void)ls_json_u64(ls_json_get(request, "repeat"), &repeat);
    for (uint64_t i = 0; i < repeat; i++) {
        put_head(&w.out, request);
        w.hold_at = interim != NULL ? w.out.n : 0;
        put_body(&w.out, request);
    }
    if (!wire_dial(&w, ls_front_port(g->fronts[is_public ? 1 : 0]))) {
        die("connect", strerror(errno));
    }
    settle(g, &w);
    compare(g->server, c, &w, why);
    if (is_shown) {
        (void)printf("--- sent\n%.2000s\n--- got\n%.2000s\n--- connection %s\n", (char *)w.out.p,
                     w.in.n > 0 ? (char *)w.in.p : "", w.is_over ? "closed" : "open");
    }
    wire_close(&w);
    settle(g, &(struct wire){.fd = -1, .is_over = true});
}

/* --- all of them --- */

static bool is_explained(const struct explained *list, const char *id, const char *kinds)
{
    for (; list->id != NULL; list++) {
        if (strcmp(list->id, id) == 0) {
            return strcmp(list->kinds, kinds) == 0;
        }
    }
    return false;
}

struct counts {
    unsigned equal;
    unsigned explained;
    unsigned different;
};

static void count_case(struct rig *g, const struct cJSON *c, bool is_shown, struct counts *n)
{
    const char *id = ls_json_str(ls_json_get(c, "id"));
    struct why why = {.kinds = ""};
    ls_buf_init(&why.text, BYTES_MAX);
    run_case(g, c, &why, is_shown);
    if (why.kinds[0] == '\0') {
        n->equal++;
    } else {
        bool is_known = is_explained(g->server->explained, id, why.kinds);
        n->explained += is_known ? 1 : 0;
        n->different += is_known ? 0 : 1;
        if (!is_known || is_shown) {
            (void)printf("%s: %s %s\n%s", is_known ? "explained" : "not ok", id,
                         ls_json_str(ls_json_get(c, "name")), (const char *)why.text.p);
        }
    }
    ls_buf_fini(&why.text);
}

static int run_all(const struct rows *rows, struct rig *g, const char *show)
{
    struct counts n = {0};
    for (size_t i = 0; i < rows->count; i++) {
        const struct cJSON *c = rows->items[i].tree;
        if (ls_json_get(c, "request") != NULL &&
            (show == NULL || strcmp(show, rows->items[i].id) == 0)) {
            count_case(g, c, show != NULL, &n);
        }
    }
    if (n.different == 0 && n.equal > 0) {
        (void)printf("ok: every recorded answer is equal or explained\n");
    }
    (void)printf("%s: cases %u, equal %u, explained %u, different %u\n", g->server->name,
                 n.equal + n.explained + n.different, n.equal, n.explained, n.different);
    return n.different == 0 && n.equal + n.explained > 0 ? 0 : 1;
}

/* Rows as they are kept beside the sources: blocks 0..5 without the call that delivers them, cases
 * without what is not compared. */
static int convert(const struct rows *rows, const char *path)
{
    static const char *const kept[] = {"id",    "name",    "port",     "request",
                                       "reply", "interim", "keep_open"};
    struct ls_buf out;
    struct ls_buf packed;
    FILE *f = fopen(path, "wb");
    ls_buf_init(&out, BYTES_MAX);
    ls_buf_init(&packed, BYTES_MAX);
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *r = &rows->items[i];
        uint64_t number = 0;
        struct ls_jw w;
        (void)ls_json_u64(ls_json_get(r->tree, "number"), &number);
        if (number > HEAD) {
            continue;
        }
        ls_jw_init(&w, &out);
        ls_jw_object(&w, NULL);
        if (r->block_json != NULL) {
            ls_jw_hex(&w, "hash", r->hash.b, 32);
            ls_jw_raw(&w, "block", r->block_json, r->block_bytes);
        }
        for (size_t k = 0; r->block_json == NULL && k < sizeof kept / sizeof kept[0]; k++) {
            const struct cJSON *v = ls_json_get(r->tree, kept[k]);
            struct ls_buf text;
            ls_buf_init(&text, BYTES_MAX);
            if (v != NULL) {
                ls_json_print(v, &text);
                ls_jw_raw(&w, kept[k], (const char *)text.p, text.n);
            }
            ls_buf_fini(&text);
        }
        ls_jw_object_end(&w);
        (void)ls_buf_putc(&out, '\n');
    }
    bool is_done = f != NULL && ls_zst_compress(out.p, out.n, 19, &packed) == LS_OK &&
                   fwrite(packed.p, 1, packed.n, f) == packed.n;
    is_done = f != NULL && fclose(f) == 0 && is_done;
    ls_buf_fini(&out);
    ls_buf_fini(&packed);
    return is_done ? 0 : 1;
}

static int play(const struct rows *rows, const struct server *server, const char *show)
{
    struct rig g = {.server = server};
    start(&g, rows);
    int status = run_all(rows, &g, show);
    stop(&g);
    return status;
}

/* What comes with the sources. */
static int play_selections(const char *show)
{
    int status = 0;
    for (size_t i = 0; i < sizeof SERVERS / sizeof SERVERS[0]; i++) {
        struct rows rows = {0};
        char path[64];
        (void)snprintf(path, sizeof path, SELECTION, SERVERS[i].name);
        load_rows(path, &rows);
        status |= play(&rows, &SERVERS[i], show);
        free_rows(&rows);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct rows rows = {0};
    const struct server *server = &SERVERS[0];
    const char *show = NULL;
    const char *to = NULL;
    int status;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--show") == 0 && i + 1 < argc) {
            show = argv[++i];
        } else if (strcmp(argv[i], "--profile") == 0 && i + 1 < argc) {
            server = &SERVERS[strcmp(argv[++i], "reth") == 0];
        } else if (strcmp(argv[i], "--convert") == 0 && i + 1 < argc) {
            to = argv[++i];
        } else {
            load_rows(argv[i], &rows);
        }
    }
    if (rows.count == 0) {
        return play_selections(show);
    }
    if (to != NULL) {
        status = convert(&rows, to);
    } else {
        status = play(&rows, server, show);
    }
    free_rows(&rows);
    return status;
}
