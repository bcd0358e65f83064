/*
 * Conversations over sockets: the proxy between a client and a scripted peer, and the player, asked
 * by the recording itself and by a client that asks otherwise. Everything runs in one loop.
 */
#include "tests/unit/talk_folder.h"

#include "harness/live/client.h"
#include "harness/live/loop.h"
#include "harness/record/feed.h"
#include "harness/record/match.h"
#include "harness/record/player.h"
#include "harness/record/proxy.h"
#include "harness/record/rehearse.h"
#include "harness/record/verdict.h"

#define HOUR_NS (UINT64_C(3600) * UINT64_C(1000000000))
#define MS_NS UINT64_C(1000000)
#define TURNS_MAX 20000

/* The peer behind the proxy, or a node that takes payloads: says what it is told to say. */
struct peer {
    struct ls_backend backend; /* first */
    struct ls_gate gate;
    struct ls_loop *loop;
    const char *body;
    unsigned status;
    const char *content_type;
    unsigned retry_after_s;
    enum ls_http_fate fate;
    char seen[512];
    unsigned requests;
};

struct answer {
    struct ls_loop *loop;
    int calls;
    enum ls_client_failure failure;
    unsigned status;
    char type[64];
    uint64_t retry_after_s;
    char body[512];
};

struct rig {
    struct talk_folder f;
    struct ls_loop *loop;
    struct ls_client *client;
    struct peer peer;
    struct ls_recording recording;
    struct ls_proxy *proxy;
    struct ls_diag trouble;
    struct ls_tape tape;
    struct ls_match *match;
    struct ls_player *player;
    struct ls_rehearsal *rehearsal;
    struct ls_feed *feed;
    uint64_t settle_ns;
};

static void peer_says(struct ls_backend *b, const struct ls_http_request *req,
                      struct ls_http_reply *reply)
{
    struct peer *p = (struct peer *)b;

    p->requests++;
    (void)snprintf(p->seen, sizeof p->seen, "%s %s %s %s %.*s", req->verb, req->path,
                   req->content_type != NULL ? req->content_type : "-",
                   req->authorization != NULL ? req->authorization : "-",
                   (int)(req->body_bytes < 200 ? req->body_bytes : 200), req->body);
    (void)ls_buf_puts(&reply->body, p->body);
    reply->status = p->status;
    reply->content_type = p->content_type;
    reply->retry_after_s = p->retry_after_s;
    reply->fate = p->fate;
    ls_loop_happened(p->loop);
}

static const struct ls_backend_ops peer_ops = {.handle = peer_says};

static void open_peer(struct rig *r)
{
    struct ls_gate_place at = {.address = "127.0.0.1"};

    r->peer = (struct peer){.backend = {&peer_ops},
                            .loop = r->loop,
                            .body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x1\"}",
                            .status = 200,
                            .content_type = "application/json"};
    assert_int_equal(ls_gate_open(&r->peer.gate, &r->peer.backend, r->loop, &at, NULL), LS_OK);
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    *state = r;
    talk_make(&r->f);
    assert_int_equal(ls_loop_new(HOUR_NS, &r->loop, NULL), LS_OK);
    assert_int_equal(ls_client_new(r->loop, &r->client, NULL), LS_OK);
    r->recording.lock_fd = -1;
    r->recording.journal.fd = -1;
    open_peer(r);
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    ls_client_free(r->client);
    ls_feed_free(r->feed);
    ls_rehearsal_free(r->rehearsal);
    ls_proxy_free(r->proxy);
    ls_player_free(r->player);
    ls_match_free(r->match);
    ls_recording_close(&r->recording);
    ls_gate_close(&r->peer.gate);
    ls_loop_free(r->loop);
    ls_tape_close(&r->tape);
    talk_remove(&r->f);
    free(r);
    return 0;
}

/* The owner of the loop's preparation is the proxy or the player: the peer's gate is looked after
 * here. */
static void turn(struct rig *r)
{
    ls_gate_prepare(&r->peer.gate);
    ls_loop_step(r->loop, ls_loop_now_ns(r->loop) + 5 * MS_NS);
}

#define UNTIL(r, condition)                            \
    do {                                               \
        int turns_ = 0;                                \
        while (!(condition) && turns_++ < TURNS_MAX) { \
            turn(r);                                   \
        }                                              \
        assert_true(condition);                        \
    } while (0)

static void on_answer(void *user, const struct ls_client_answer *a)
{
    struct answer *out = user;

    out->calls++;
    out->failure = a->failure;
    out->status = a->status;
    out->retry_after_s = a->retry_after_s;
    (void)snprintf(out->type, sizeof out->type, "%s",
                   a->content_type != NULL ? a->content_type : "-");
    (void)snprintf(out->body, sizeof out->body, "%.*s", (int)(a->body.n < 500 ? a->body.n : 500),
                   a->body.n > 0 ? (const char *)a->body.p : "");
}

static struct ls_client_call *post(struct rig *r, uint16_t port, const char *body,
                                   struct answer *out)
{
    char url[64];
    struct ls_client_call *call;

    *out = (struct answer){.loop = r->loop};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    call = ls_client_send(r->client,
                          &(struct ls_client_request){.verb = "POST",
                                                      .url = url,
                                                      .content_type = "application/json",
                                                      .authorization = "Bearer secret.token",
                                                      .body = {(const uint8_t *)body, strlen(body)},
                                                      .answer_bytes_max = 1u << 20,
                                                      .is_once = true},
                          on_answer, out);
    assert_non_null(call);
    return call;
}

/* --- the proxy --- */

static void on_trouble(void *user, const struct ls_diag *d)
{
    struct rig *r = user;

    r->trouble = *d;
}

static void open_proxy(struct rig *r, const char *url)
{
    struct ls_proxy_options o = {.loop = r->loop, .recording = &r->recording};
    const struct ls_tape_head head = {.name = "talk"};

    assert_int_equal(ls_recording_new(r->f.dir, &head, &r->recording, NULL), LS_OK);
    o.on_trouble = on_trouble;
    o.user = r;
    o.peers[LS_PEER_ENGINE] = (struct ls_proxy_peer){.url = url, .at = {.address = "127.0.0.1"}};
    assert_int_equal(ls_proxy_new(&o, &r->proxy, &r->f.d), LS_OK);
}

static void open_proxy_to_peer(struct rig *r, char url[64])
{
    (void)snprintf(url, 64, "http://127.0.0.1:%u/base/", ls_gate_port(&r->peer.gate));
    open_proxy(r, url);
}

static void ask(struct rig *r, const char *body, struct answer *a)
{
    post(r, ls_proxy_port(r->proxy, LS_PEER_ENGINE), body, a);
    UNTIL(r, a->calls == 1);
}

/* Stops the proxy and reads what it recorded. */
static const struct ls_row *recorded(struct rig *r, size_t count)
{
    ls_proxy_free(r->proxy);
    r->proxy = NULL;
    assert_int_equal(ls_recording_finish(&r->recording, 1, NULL), LS_OK);
    assert_int_equal(talk_open(&r->f, &r->tape), LS_OK);
    assert_int_equal(r->tape.count, count);
    return r->tape.rows;
}

#define CALL_1 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_x\",\"params\":[1]}"

static void the_proxy_changes_nothing_and_records_the_exchange(void **state)
{
    struct rig *r = *state;
    const struct ls_row *row;
    struct answer a;
    char url[64];

    open_proxy_to_peer(r, url);
    ask(r, CALL_1, &a);
    assert_string_equal(r->peer.seen, "POST /base/ application/json Bearer secret.token " CALL_1);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.type, "application/json");
    assert_string_equal(a.body, r->peer.body);
    row = recorded(r, 1);
    assert_int_equal(row->kind, LS_ROW_CALL);
    assert_int_equal(row->seq_in, 1);
    assert_int_equal(row->seq_out, 2);
    assert_memory_equal(row->calls[0].method.p, "eth_x", 5);
    assert_memory_equal(row->calls[0].said.text.p, "\"0x1\"", 5);
}

static void the_token_is_nowhere_in_the_folder(void **state)
{
    struct rig *r = *state;
    struct ls_buf text;
    struct answer a;
    char url[64], port[16];

    open_proxy_to_peer(r, url);
    ask(r, CALL_1, &a);
    talk_read(&r->f, LS_TAPE_JOURNAL_FILE, &text);
    assert_null(strstr((const char *)text.p, "secret"));
    ls_buf_fini(&text);
    (void)recorded(r, 1);
    talk_read(&r->f, LS_TAPE_MANIFEST_FILE, &text);
    (void)snprintf(port, sizeof port, "%u", ls_gate_port(&r->peer.gate));
    assert_null(strstr((const char *)text.p, "secret"));
    assert_null(strstr((const char *)text.p, port));
    ls_buf_fini(&text);
}

static void what_is_no_json_rpc_answer_is_passed_and_kept_whole(void **state)
{
    struct rig *r = *state;
    const struct ls_row *row;
    struct answer a;
    char url[64];

    open_proxy_to_peer(r, url);
    r->peer.status = 429;
    r->peer.body = "slow down";
    r->peer.content_type = "text/plain";
    r->peer.retry_after_s = 9;
    ask(r, CALL_1, &a);
    assert_int_equal(a.status, 429);
    assert_string_equal(a.type, "text/plain");
    assert_int_equal(a.retry_after_s, 9);
    assert_string_equal(a.body, "slow down");
    ask(r, CALL_1, &a);
    assert_string_equal(a.type, "text/plain");
    r->peer.content_type = NULL;
    ask(r, "no json", &a);
    assert_string_equal(a.type, "-");
    row = recorded(r, 3) + 1;
    assert_int_equal(row[0].http, 429);
    assert_int_equal(row[0].retry_after_s, 9);
    assert_memory_equal(row[0].content_type.p, "text/plain", 10);
    assert_memory_equal(row[0].body.p, "slow down", 9);
    assert_int_equal(row[1].kind, LS_ROW_RAW);
    assert_memory_equal(row[1].request.p, "no json", 7);
    assert_true(row[1].has_no_type);
}

static void a_batch_is_recorded_as_the_batch(void **state)
{
    struct rig *r = *state;
    const struct ls_row *row;
    struct answer a;
    char url[64];

    open_proxy_to_peer(r, url);
    r->peer.body = "[{\"id\":2,\"result\":\"b\"},{\"id\":1,\"error\":{\"code\":4}}]";
    ask(r, "[{\"id\":1,\"method\":\"a\"},{\"id\":2,\"method\":\"b\"}]", &a);
    assert_string_equal(a.body, r->peer.body);
    row = recorded(r, 1);
    assert_int_equal(row->kind, LS_ROW_BATCH);
    assert_int_equal(row->call_count, 2);
    assert_int_equal(row->calls[0].said.kind, LS_SAID_ERROR);
    assert_memory_equal(row->calls[1].said.text.p, "\"b\"", 3);
}

static void failures_of_the_peer_are_felt_and_named(void **state)
{
    struct rig *r = *state;
    const struct ls_row *row;
    struct answer a;
    char url[64];

    open_proxy_to_peer(r, url);
    ask(r, CALL_1, &a);
    r->peer.fate = LS_FATE_RESET;
    ask(r, CALL_1, &a);
    assert_int_equal(a.failure, LS_CLIENT_RESET);
    assert_int_equal(r->peer.requests, 2); /* not tried again behind the node's back */
    r->peer.fate = LS_FATE_TRUNCATE;
    r->peer.body = "0123456789";
    ask(r, CALL_1, &a);
    assert_int_equal(a.failure, LS_CLIENT_CUT);
    assert_string_equal(a.body, "01234");
    assert_int_equal(ls_front_set_open(r->peer.gate.front, false, NULL), LS_OK);
    ask(r, CALL_1, &a);
    assert_int_equal(a.failure, LS_CLIENT_RESET);
    row = recorded(r, 4) + 1;
    assert_int_equal(row[0].fail, LS_FAIL_RESET);
    assert_int_equal(row[1].fail, LS_FAIL_CUT);
    assert_int_equal(row[1].http, 200);
    assert_memory_equal(row[1].body.p, "01234", 5);
    assert_int_equal(row[1].body.n, 5);
    assert_int_equal(row[2].fail, LS_FAIL_REFUSED);
}

static void a_node_that_gives_up_is_recorded_and_so_is_what_is_open_at_the_end(void **state)
{
    struct rig *r = *state;
    const struct ls_row *row;
    struct ls_client_call *call;
    struct answer a, b;
    char url[64];

    open_proxy_to_peer(r, url);
    r->peer.fate = LS_FATE_HANG;
    call = post(r, ls_proxy_port(r->proxy, LS_PEER_ENGINE), CALL_1, &a);
    UNTIL(r, r->peer.requests == 1);
    ls_client_cancel(call);
    UNTIL(r, ls_proxy_count(r->proxy, LS_PEER_ENGINE) == 1);
    post(r, ls_proxy_port(r->proxy, LS_PEER_ENGINE), CALL_1, &b);
    UNTIL(r, r->peer.requests == 2);
    row = recorded(r, 2);
    assert_int_equal(row[0].fail, LS_FAIL_GONE);
    assert_int_equal(row[1].fail, LS_FAIL_OPEN);
    assert_int_equal(row[1].seq_in, 3);
}

static void paths_and_verbs_are_passed_on(void **state)
{
    struct rig *r = *state;
    const struct ls_row *row;
    struct answer a = {.loop = r->loop};
    char url[64], from[96];

    open_proxy_to_peer(r, url);
    r->peer.body = "[]";
    (void)snprintf(from, sizeof from, "http://127.0.0.1:%u/eth/v1/x?y=1",
                   ls_proxy_port(r->proxy, LS_PEER_ENGINE));
    assert_non_null(ls_client_send(
        r->client, &(struct ls_client_request){.verb = "GET", .url = from, .answer_bytes_max = 100},
        on_answer, &a));
    UNTIL(r, a.calls == 1);
    assert_string_equal(r->peer.seen, "GET /base/eth/v1/x?y=1 - - ");
    row = recorded(r, 1);
    assert_memory_equal(row->verb.p, "GET", 3);
    assert_memory_equal(row->path.p, "/eth/v1/x?y=1", row->path.n);
}

/* What a full disk does: the journal cannot be written. */
static void a_recording_that_cannot_go_on_does_not_stop_the_node(void **state)
{
    struct rig *r = *state;
    struct answer a;
    char url[64];

    open_proxy_to_peer(r, url);
    ask(r, CALL_1, &a);
    assert_true(ls_proxy_is_recording(r->proxy));
    close(r->recording.journal.fd);
    r->recording.journal.fd = -1;
    ask(r, CALL_1, &a);
    assert_int_equal(a.status, 200);
    assert_false(ls_proxy_is_recording(r->proxy));
    assert_non_null(strstr(r->trouble.text, LS_TAPE_JOURNAL_FILE));
    ask(r, CALL_1, &a);
    assert_string_equal(a.body, r->peer.body);
    assert_int_equal(talk_open(&r->f, &r->tape), LS_OK);
    assert_int_equal(r->tape.count, 1);
}

/* --- the player --- */

static void open_player(struct rig *r, const char *lines, bool is_loose, uint64_t patience_ns)
{
    struct ls_player_options o = {.loop = r->loop,
                                  .tape = &r->tape,
                                  .is_loose = is_loose,
                                  .patience_ns = patience_ns,
                                  .settle_ns = r->settle_ns};

    talk_tape(lines, &r->tape);
    assert_int_equal(
        ls_match_new(&(struct ls_match_options){.tape = &r->tape, .is_loose = is_loose}, &r->match,
                     NULL),
        LS_OK);
    for (size_t i = 0; i < LS_PEER_COUNT; i++) {
        o.at[i] = (struct ls_gate_place){.address = "127.0.0.1"};
    }
    o.match = r->match;
    assert_int_equal(ls_player_new(&o, &r->player, &r->f.d), LS_OK);
}

static void rehearse(struct rig *r)
{
    uint16_t ports[LS_PEER_COUNT];
    int turns = 0;

    for (int p = 0; p < LS_PEER_COUNT; p++) {
        ports[p] = ls_player_port(r->player, (enum ls_peer)p);
    }
    assert_int_equal(ls_rehearsal_new(r->loop, &r->tape, r->match, ports, &r->rehearsal, NULL),
                     LS_OK);
    while (!ls_rehearsal_is_over(r->rehearsal) && turns++ < TURNS_MAX) {
        ls_rehearsal_turn(r->rehearsal);
        turn(r);
    }
    assert_true(ls_rehearsal_is_over(r->rehearsal));
}

#define HEAD(in, out, peer) \
    "{\"seq_in\":" #in ",\"seq_out\":" #out ",\"at_ms\":0,\"ms\":0,\"peer\":\"" peer "\","

static const char every_kind[] = TALK_CALL(1, 2, "engine", "a", "[ 1 ]", "{ \"x\" : 1 }")
    HEAD(3, 5, "l1") "\"method\":\"b\",\"error\":{\"code\":-3},\"http\":500}\n" HEAD(
        4, 6,
        "source") "\"batch\":[{\"method\":\"c\",\"result\":1},{\"method\":\"d\"}],\"http\":"
                  "200}\n" HEAD(
                      7, 8,
                      "l1") "\"method\":\"b\",\"fail\":\"reset\",\"http\":0}"
                            "\n" HEAD(
                                9, 12,
                                "l1") "\"method\":\"b\",\"fail\":\"gone\","
                                      "\"http\":0}\n" HEAD(
                                          10, 13,
                                          "l1") "\"method\":"
                                                "\"b\","
                                                "\"fail\":"
                                                "\"cut\","
                                                "\"body\":"
                                                "\"{"
                                                "\\\"re\","
                                                "\"http\":"
                                                "200}"
                                                "\n" HEAD(
                                                    14, 15,
                                                    "l"
                                                    "1") "\"method\":\"b\",\"body\":\"<b>\","
                                                         "\"http\":200,\"content_type\":\"text/"
                                                         "html\","
                                                         "\"retry_after\":3}\n" HEAD(
                                                             16, 17,
                                                             "l1") "\"method\":\"b\",\"body_"
                                                                   "hex\":\"0xff00\",\"http\":"
                                                                   "200,\"content_type\":null}"
                                                                   "\n" HEAD(
                                                                       18, 19,
                                                                       "l1") "\"verb\":"
                                                                             "\"GET\","
                                                                             "\"path\":"
                                                                             "\"/"
                                                                             "x\","
                                                                             "\"request\""
                                                                             ":\"\","
                                                                             "\"body\":"
                                                                             "\"ok\","
                                                                             "\"http\":"
                                                                             "404}"
                                                                             "\n" HEAD(
                                                                                 20, 21,
                                                                                 "l"
                                                                                 "1") "\"request\":"
                                                                                      "\"no "
                                                                                      "json\","
                                                                                      "\"body\":"
                                                                                      "\"\","
                                                                                      "\"http\":"
                                                                                      "200}\n";

static void every_kind_of_answer_is_given_again(void **state)
{
    struct rig *r = *state;

    open_player(r, every_kind, false, HOUR_NS);
    rehearse(r);
    assert_string_equal(ls_rehearsal_first(r->rehearsal), "");
    assert_int_equal(ls_rehearsal_answers(r->rehearsal), 9); /* one waited for nothing */
    assert_true(ls_player_is_over(r->player));
}

/* The rehearsal is no yes-man: asked of a player of another recording, it sees the difference. */
static void a_rehearsal_notices_other_answers(void **state)
{
    static const char *const others[] = {
        TALK_CALL(1, 2, "engine", "a", "[]", "2"),
        HEAD(1, 2, "engine") "\"method\":\"a\",\"error\":1,\"http\":200}\n",
        HEAD(1, 2, "engine") "\"method\":\"a\",\"result\":1,\"http\":201}\n",
        HEAD(1, 2, "engine") "\"method\":\"a\",\"result\":1,\"http\":200,\"retry_after\":1}\n",
        HEAD(1, 2, "engine") "\"method\":\"a\",\"result\":1,\"http\":200,\"content_type\":\"x\"}\n",
        HEAD(1, 2, "engine") "\"method\":\"a\",\"body\":\"1\",\"http\":200}\n",
        HEAD(1, 2, "engine") "\"method\":\"a\",\"fail\":\"reset\",\"http\":0}\n",
        HEAD(1, 2, "engine") "\"method\":\"a\",\"fail\":\"cut\",\"body\":\"1\",\"http\":200}\n"};
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct ls_tape mine;
        uint16_t ports[LS_PEER_COUNT] = {0};
        talk_tape(TALK_CALL(1, 2, "engine", "a", "[]", "1"), &mine);
        open_player(r, others[i], false, HOUR_NS);
        ports[LS_PEER_ENGINE] = ls_player_port(r->player, LS_PEER_ENGINE);
        assert_int_equal(ls_rehearsal_new(r->loop, &mine, r->match, ports, &r->rehearsal, NULL),
                         LS_OK);
        ls_rehearsal_turn(r->rehearsal);
        UNTIL(r, ls_rehearsal_answers(r->rehearsal) == 1);
        assert_int_equal(ls_rehearsal_differences(r->rehearsal), 1);
        assert_string_not_equal(ls_rehearsal_first(r->rehearsal), "");
        ls_rehearsal_free(r->rehearsal);
        r->rehearsal = NULL;
        ls_player_free(r->player);
        r->player = NULL;
        ls_match_free(r->match);
        r->match = NULL;
        ls_tape_close(&r->tape);
        ls_tape_close(&mine);
    }
}

static void ask_player(struct rig *r, enum ls_peer peer, const char *method, struct answer *a)
{
    char body[128];

    (void)snprintf(body, sizeof body, "{\"id\":\"q\",\"method\":\"%s\"}", method);
    post(r, ls_player_port(r->player, peer), body, a);
}

static const char two_peers[] = TALK_CALL(1, 2, "engine", "a", "[]", "1")
    TALK_CALL(3, 4, "source", "s", "[]", "2") TALK_CALL(5, 6, "engine", "b", "[]", "3");

static void an_early_call_waits_for_the_other_peers(void **state)
{
    struct rig *r = *state;
    struct answer a, s, b;

    open_player(r, two_peers, false, HOUR_NS);
    ask_player(r, LS_PEER_ENGINE, "b", &b);
    UNTIL(r, ls_player_requests(r->player) == 1);
    ask_player(r, LS_PEER_ENGINE, "a", &a);
    UNTIL(r, a.calls == 1);
    assert_string_equal(a.body, "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"result\":1}");
    assert_int_equal(b.calls, 0);
    ask_player(r, LS_PEER_SOURCE, "s", &s);
    UNTIL(r, s.calls == 1 && b.calls == 1);
    assert_string_equal(b.body, "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"result\":3}");
    assert_true(ls_player_is_over(r->player));
    assert_false(ls_match_sum(r->match, LS_PEER_ENGINE)->first.is_there);
}

/* Answers leave in their order: the one that was given first, although both are due. */
static void answers_leave_in_the_recorded_order(void **state)
{
    struct rig *r = *state;
    struct answer a, b, c;

    r->settle_ns = 20 * MS_NS; /* one after the other */
    open_player(r,
                TALK_CALL(1, 5, "engine", "a", "[]", "1") TALK_CALL(3, 6, "l1", "b", "[]", "2")
                    TALK_CALL(4, 7, "source", "c", "[]", "3"),
                false, HOUR_NS);
    ask_player(r, LS_PEER_L1, "b", &b);
    UNTIL(r, ls_player_requests(r->player) == 1);
    ask_player(r, LS_PEER_ENGINE, "a", &a);
    UNTIL(r, ls_player_requests(r->player) == 2);
    turn(r);
    assert_int_equal(a.calls + b.calls, 0);
    ask_player(r, LS_PEER_SOURCE, "c", &c);
    UNTIL(r, a.calls == 1);
    assert_int_equal(b.calls + c.calls, 0);
    UNTIL(r, b.calls + c.calls == 1);
    assert_int_equal(b.calls, 1);
    UNTIL(r, c.calls == 1);
    assert_false(ls_match_sum(r->match, LS_PEER_L1)->first.is_there);
}

static void patience_ends_and_the_verdict_names_the_call(void **state)
{
    struct rig *r = *state;
    struct ls_buf tap = {0};
    struct answer b;

    open_player(r, two_peers, false, 10 * MS_NS);
    ask_player(r, LS_PEER_ENGINE, "b", &b);
    UNTIL(r, b.calls == 1);
    assert_string_equal(b.body, "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"result\":3}");
    ls_match_finish(r->match);
    ls_buf_init(&tap, 1u << 16);
    assert_int_equal(ls_verdict_count(&r->tape), 2);
    assert_false(ls_verdict_write(r->match, &r->tape, false, &tap));
    assert_non_null(strstr((const char *)tap.p, "not ok 1 - engine: 1 of 2 calls as recorded"));
    assert_non_null(strstr((const char *)tap.p, "    seq: 1\n"));
    assert_non_null(strstr((const char *)tap.p, "expected: 'a []'"));
    assert_non_null(strstr((const char *)tap.p, "got: 'b'"));
    assert_non_null(strstr((const char *)tap.p, "not ok 2 - source: 0 of 1"));
    ls_buf_fini(&tap);
}

static void an_unrecorded_call_gets_an_error_of_its_own(void **state)
{
    struct rig *r = *state;
    struct answer x;

    open_player(r, two_peers, false, HOUR_NS);
    ask_player(r, LS_PEER_ENGINE, "x", &x);
    UNTIL(r, x.calls == 1);
    assert_int_equal(x.status, 200);
    assert_non_null(strstr(x.body, "\"id\":\"q\",\"error\":{\"code\":-32000"));
    assert_int_equal(ls_match_sum(r->match, LS_PEER_ENGINE)->extra, 1);
}

static void a_poll_beyond_the_end_of_its_peer_waits_and_is_extra_in_the_end(void **state)
{
    struct rig *r = *state;
    struct answer s;

    open_player(r,
                TALK_CALL(1, 2, "source", "s", "[]", "1") TALK_CALL(3, 4, "engine", "a", "[]", "2"),
                false, 10 * MS_NS);
    ask_player(r, LS_PEER_SOURCE, "s", &s);
    UNTIL(r, s.calls == 1);
    assert_int_equal(ls_match_sum(r->match, LS_PEER_SOURCE)->extra, 0);
    ask_player(r, LS_PEER_SOURCE, "s", &s);
    UNTIL(r, s.calls == 1);
    assert_string_equal(s.body, "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"result\":1}");
    assert_int_equal(ls_match_sum(r->match, LS_PEER_SOURCE)->extra, 1);
}

static void a_client_batch_is_answered_from_single_calls(void **state)
{
    struct rig *r = *state;
    struct answer a;

    open_player(r,
                TALK_CALL(1, 2, "engine", "a", "[]", "1") TALK_CALL(3, 4, "engine", "b", "[]", "2"),
                false, HOUR_NS);
    post(r, ls_player_port(r->player, LS_PEER_ENGINE),
         "[{\"id\":8,\"method\":\"b\"},{\"method\":\"a\"},{\"id\":9,\"method\":\"x\"}]", &a);
    UNTIL(r, a.calls == 1);
    assert_ptr_equal(strstr(a.body, "[{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":2},{"), a.body);
    assert_non_null(strstr(a.body, "\"id\":9,\"error\""));
    assert_null(strstr(a.body, "\"result\":1")); /* a notification is made, not answered */
    assert_int_equal(ls_match_sum(r->match, LS_PEER_ENGINE)->same, 2);
}

/* --- the feed --- */

static void feed(struct rig *r, const char *lines, bool is_loose)
{
    char url[64];
    struct ls_feed_options o = {.loop = r->loop,
                                .tape = &r->tape,
                                .is_loose = is_loose,
                                .url = url,
                                .method = "admin_postUnsafePayload"};

    talk_tape(lines, &r->tape);
    assert_int_equal(
        ls_match_new(
            &(struct ls_match_options){.tape = &r->tape, .is_loose = is_loose, .has_feeder = true},
            &r->match, NULL),
        LS_OK);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", ls_gate_port(&r->peer.gate));
    o.match = r->match;
    assert_int_equal(ls_feed_new(&o, &r->feed, NULL), LS_OK);
}

static void feed_turns(struct rig *r, int turns)
{
    for (int i = 0; i < turns; i++) {
        ls_feed_turn(r->feed);
        turn(r);
    }
}

static void made(struct rig *r, enum ls_peer peer, const char *method, const char *params)
{
    struct ls_match_call call;
    struct ls_arena a;

    ls_arena_init(&a, 1u << 16);
    assert_int_equal(ls_match_call((struct ls_span){(const uint8_t *)method, strlen(method)},
                                   (struct ls_span){(const uint8_t *)params, strlen(params)}, &a,
                                   &call),
                     LS_OK);
    assert_non_null(ls_match_take(r->match, peer, &call).row);
    ls_arena_fini(&a);
}

#define NP_AA "[{\"blockHash\":\"0xaa\",\"blockNumber\":\"0x1\"},[],\"0x07\",[]]"

static void a_payload_is_made_of_its_new_payload_and_handed_over_in_time(void **state)
{
    struct rig *r = *state;

    feed(r,
         TALK_CALL(1, 2, "source", "s", "[]", "1")
             TALK_CALL(3, 4, "engine", "engine_newPayloadV4", NP_AA, "{}")
                 TALK_CALL(5, 6, "engine", "engine_newPayloadV4", NP_AA, "{}"),
         false);
    assert_int_equal(ls_feed_count(r->feed), 1); /* a node sends it again by itself */
    feed_turns(r, 5);
    assert_int_equal(r->peer.requests, 0); /* the source has not been asked */
    made(r, LS_PEER_SOURCE, "s", "[]");
    ls_feed_turn(r->feed);
    UNTIL(r, ls_feed_taken(r->feed) == 1);
    assert_string_equal(r->peer.seen,
                        "POST / application/json - {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
                        "\"admin_postUnsafePayload\",\"params\":[{\"parentBeaconBlockRoot\":"
                        "\"0x07\",\"executionPayload\":{\"blockHash\":\"0xaa\","
                        "\"blockNumber\":\"0x1\"}}]}");
}

static void a_payload_is_handed_over_early_when_nothing_else_happens(void **state)
{
    struct rig *r = *state;

    feed(r,
         TALK_CALL(1, 2, "source", "s", "[]", "1")
             TALK_CALL(3, 4, "engine", "engine_newPayloadV4", NP_AA, "{}"),
         false);
    assert_true(ls_feed_push(r->feed));
    UNTIL(r, ls_feed_taken(r->feed) == 1);
    assert_false(ls_feed_push(r->feed));
}

static void a_payload_waits_for_a_node_that_is_not_up(void **state)
{
    struct rig *r = *state;

    feed(r, TALK_CALL(1, 2, "engine", "engine_newPayloadV4", NP_AA, "{}"), false);
    assert_int_equal(ls_front_set_open(r->peer.gate.front, false, NULL), LS_OK);
    feed_turns(r, 20);
    assert_int_equal(ls_feed_taken(r->feed), 0);
    assert_int_equal(ls_front_set_open(r->peer.gate.front, true, NULL), LS_OK);
    for (int i = 0; ls_feed_taken(r->feed) == 0 && i < TURNS_MAX; i++) {
        feed_turns(r, 1);
    }
    assert_int_equal(ls_feed_taken(r->feed), 1);
}

static void a_recorded_hand_over_is_made_again_as_it_was(void **state)
{
    struct rig *r = *state;

    feed(r,
         TALK_CALL(1, 2, "node", "optimism_syncStatus", "[]", "{}")
             TALK_CALL(3, 4, "node", "admin_postUnsafePayload",
                       "[{\"executionPayload\": {\"blockHash\":\"0xaa\"}}]", "null")
                 TALK_CALL(5, 6, "engine", "engine_newPayloadV4", NP_AA, "{}"),
         false);
    assert_int_equal(ls_feed_count(r->feed), 1);
    ls_feed_turn(r->feed);
    UNTIL(r, ls_feed_taken(r->feed) == 1);
    assert_non_null(
        strstr(r->peer.seen, "\"params\":[{\"executionPayload\": {\"blockHash\":\"0xaa\"}}]}"));
    assert_int_equal(ls_match_next(r->match)->peer, LS_PEER_ENGINE); /* it counts as made */
}

static void loose_payloads_follow_the_source_and_each_other(void **state)
{
    struct rig *r = *state;

    feed(r,
         TALK_CALL(1, 2, "engine", "never", "[]", "1") TALK_CALL(3, 4, "source", "s", "[]", "1")
             TALK_CALL(5, 6, "engine", "engine_newPayloadV4", NP_AA, "{}") TALK_CALL(
                 7, 8, "engine", "engine_newPayloadV4", "[{\"blockHash\":\"0xbb\"}]", "{}"),
         true);
    feed_turns(r, 5);
    assert_int_equal(r->peer.requests, 0);
    made(r, LS_PEER_SOURCE, "s", "[]");
    for (int i = 0; ls_feed_taken(r->feed) == 0 && i < TURNS_MAX; i++) {
        feed_turns(r, 1);
    }
    feed_turns(r, 5);
    assert_int_equal(ls_feed_taken(r->feed), 1); /* the first has not arrived at the engine */
    made(r, LS_PEER_ENGINE, "engine_newPayloadV4", NP_AA);
    for (int i = 0; ls_feed_taken(r->feed) == 1 && i < TURNS_MAX; i++) {
        feed_turns(r, 1);
    }
    assert_int_equal(ls_feed_taken(r->feed), 2);
}

/* --- places --- */

static void places_to_listen_are_read(void **state)
{
    static const struct {
        const char *text, *address;
        uint16_t port;
    } good[] = {{"8551", "127.0.0.1", 8551},
                {":0", "127.0.0.1", 0},
                {"localhost:1", "127.0.0.1", 1},
                {"0.0.0.0:65535", "0.0.0.0", 65535}};
    static const char *const bad[] = {"",
                                      ":",
                                      "x",
                                      "host:1",
                                      "127.0.0.1",
                                      "127.0.0.1:65536",
                                      "1:2:3",
                                      "127.0.0.1:-1",
                                      "1234567890123456:1"};
    struct ls_gate_place p;
    struct ls_diag d;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(ls_gate_place_parse(good[i].text, strlen(good[i].text), &p, &d), LS_OK);
        assert_string_equal(p.address, good[i].address);
        assert_int_equal(p.port, good[i].port);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(ls_gate_place_parse(bad[i], strlen(bad[i]), &p, &d), LS_ERR_USAGE);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_proxy_changes_nothing_and_records_the_exchange),
        T(the_token_is_nowhere_in_the_folder),
        T(what_is_no_json_rpc_answer_is_passed_and_kept_whole),
        T(a_batch_is_recorded_as_the_batch),
        T(failures_of_the_peer_are_felt_and_named),
        T(a_node_that_gives_up_is_recorded_and_so_is_what_is_open_at_the_end),
        T(paths_and_verbs_are_passed_on),
        T(a_recording_that_cannot_go_on_does_not_stop_the_node),
        T(every_kind_of_answer_is_given_again),
        T(a_rehearsal_notices_other_answers),
        T(an_early_call_waits_for_the_other_peers),
        T(answers_leave_in_the_recorded_order),
        T(patience_ends_and_the_verdict_names_the_call),
        T(an_unrecorded_call_gets_an_error_of_its_own),
        T(a_poll_beyond_the_end_of_its_peer_waits_and_is_extra_in_the_end),
        T(a_client_batch_is_answered_from_single_calls),
        T(a_payload_is_made_of_its_new_payload_and_handed_over_in_time),
        T(a_payload_is_handed_over_early_when_nothing_else_happens),
        T(a_payload_waits_for_a_node_that_is_not_up),
        T(a_recorded_hand_over_is_made_again_as_it_was),
        T(loose_payloads_follow_the_source_and_each_other),
        T(places_to_listen_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
