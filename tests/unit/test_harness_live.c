/*
 * The live world with a shell script in the node's place: processes, ports, holds, ticks, and what
 * is left when it is over. That a real node follows in it is what scenarios/ is for.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/capture/chain.h"
#include "harness/live/live.h"
#include "harness/live/rundir.h"
#include "mocks/model/engine.h"
#include "mocks/trace.h"

#define TURNS_MAX 20000
#define EVENTS_MAX 32

struct stage {
    struct ls_chain chain;
    struct ls_trace *trace;
    struct ls_world *world;
    struct ls_rundir dir; /* of the node's script */
    char script[LS_RUNDIR_PATH_MAX];
    struct ls_trace_event events[EVENTS_MAX];
    size_t event_count;
};

/* ls_trace_sink */
static void keep_event(void *user, const char *line, size_t n)
{
    struct stage *s = user;

    assert_true(s->event_count < EVENTS_MAX);
    assert_int_equal(ls_trace_parse(line, n, &s->events[s->event_count++], NULL), LS_OK);
}

static int setup(void **state)
{
    struct stage *s = calloc(1, sizeof *s);

    *state = s;
    s->trace = ls_trace_new(keep_event, s);
    return ls_chain_open("fixtures/devnet-forks", NULL, &s->chain, NULL) == LS_OK &&
                   ls_rundir_make(&s->dir, NULL, NULL) == LS_OK &&
                   ls_rundir_path(&s->dir, "node", s->script, sizeof s->script) == LS_OK
               ? 0
               : 1;
}

static int teardown(void **state)
{
    struct stage *s = *state;

    if (s->world != NULL) {
        s->world->ops->free(s->world);
    }
    ls_trace_free(s->trace);
    ls_chain_close(&s->chain);
    ls_rundir_remove(&s->dir);
    free(s);
    return 0;
}

/* A world whose node is this shell script. */
static struct ls_world *make_seeded(struct stage *s, const char *script, uint64_t seed)
{
    const struct ls_live_options o = {.chain = &s->chain,
                                      .variant = LS_VARIANT_B,
                                      .program = s->script,
                                      .tick_ns = 1000000,
                                      .seed = seed,
                                      .temp_parent = s->dir.path,
                                      .trace = s->trace};

    if (script != NULL) {
        assert_int_equal(ls_rundir_write(&s->dir, "node",
                                         (struct ls_span){(const uint8_t *)script, strlen(script)},
                                         NULL),
                         LS_OK);
        assert_int_equal(chmod(s->script, 0700), 0);
    }
    assert_int_equal(ls_live_new(&o, &s->world, NULL), LS_OK);
    return s->world;
}

static struct ls_world *make(struct stage *s, const char *script)
{
    return make_seeded(s, script, 42);
}

static void start(struct ls_world *w)
{
    assert_int_equal(w->ops->start(w, &(struct ls_start_options){0}, NULL), LS_OK);
    assert_true(w->ops->is_running(w));
}

#define UNTIL(w, condition)                            \
    do {                                               \
        int turns_ = 0;                                \
        while (!(condition) && turns_++ < TURNS_MAX) { \
            (w)->ops->turn(w);                         \
        }                                              \
        assert_true(condition);                        \
    } while (0)

static const struct ls_trace_event *event_of(const struct stage *s, enum ls_trace_kind kind,
                                             size_t nth)
{
    for (size_t i = 0; i < s->event_count; i++) {
        if (s->events[i].kind == kind && nth-- == 0) {
            return &s->events[i];
        }
    }
    fail_msg("the trace has no such event");
    return &s->events[0];
}

#define SLEEPER "#!/bin/sh\nexec tail -f /dev/null\n"

static void a_node_lives_and_dies_in_the_trace(void **state)
{
    struct stage *s = *state;
    struct ls_world *w = make(s, SLEEPER);

    assert_false(w->ops->is_running(w));
    start(w);
    w->ops->signal(w, SIGKILL);
    UNTIL(w, !w->ops->is_running(w));
    assert_int_equal(w->ops->exit_status(w), -SIGKILL);
    start(w);
    w->ops->signal(w, SIGTERM);
    UNTIL(w, !w->ops->is_running(w));
    assert_int_equal(w->ops->exit_status(w), -SIGTERM);

    assert_non_null(strstr(event_of(s, LS_TRACE_START, 0)->text, s->script));
    assert_int_equal(event_of(s, LS_TRACE_START, 0)->incarnation, 1);
    assert_int_equal(event_of(s, LS_TRACE_EXIT, 0)->code, -SIGKILL);
    assert_int_equal(event_of(s, LS_TRACE_EXIT, 0)->incarnation, 1);
    assert_int_equal(event_of(s, LS_TRACE_START, 1)->incarnation, 2);
    assert_int_equal(event_of(s, LS_TRACE_EXIT, 1)->code, -SIGTERM);
}

static void tells_the_exit_code(void **state)
{
    struct stage *s = *state;
    struct ls_world *w = make(s, "#!/bin/sh\nexit 3\n");

    start(w);
    UNTIL(w, !w->ops->is_running(w));
    assert_int_equal(w->ops->exit_status(w), 3);
    assert_int_equal(event_of(s, LS_TRACE_EXIT, 0)->code, 3);
}

static void starts_no_second_node_beside_the_first(void **state)
{
    struct stage *s = *state;
    struct ls_world *w = make(s, SLEEPER);

    start(w);
    assert_int_equal(w->ops->start(w, &(struct ls_start_options){0}, NULL), LS_ERR_USAGE);
}

static void names_a_program_that_is_not_there(void **state)
{
    struct stage *s = *state;
    struct ls_world *w = make(s, NULL);
    struct ls_diag d = {{0}};

    assert_int_equal(w->ops->start(w, &(struct ls_start_options){0}, &d), LS_ERR_IO);
    assert_non_null(strstr(d.text, s->script));
    assert_false(w->ops->is_running(w));
}

static void names_an_adapter_it_does_not_have(void **state)
{
    struct stage *s = *state;
    struct ls_live_options o = {
        .chain = &s->chain, .adapter = "abacus", .program = "/bin/true", .trace = s->trace};
    struct ls_diag d = {{0}};

    assert_int_equal(ls_live_new(&o, &s->world, &d), LS_ERR_CONFIG);
    assert_non_null(strstr(d.text, "\"abacus\""));
    assert_null(s->world);
}

static void leaves_no_child_and_no_folder(void **state)
{
    struct stage *s = *state;
    struct ls_world *w = make(s, "#!/bin/sh\necho $$\nexec tail -f /dev/null\n");
    char log[LS_RUNDIR_PATH_MAX], text[32] = {0}, folder[LS_RUNDIR_PATH_MAX];
    pid_t pid;
    int fd;

    (void)snprintf(folder, sizeof folder, "%s", ls_live_temp_dir(w));
    (void)snprintf(log, sizeof log, "%.480s/cl.log", folder);
    start(w);
    fd = open(log, O_RDONLY);
    assert_true(fd >= 0);
    UNTIL(w, pread(fd, text, sizeof text - 1, 0) > 0 && strchr(text, '\n') != NULL);
    close(fd);
    pid = (pid_t)atoi(text);
    assert_int_equal(kill(pid, 0), 0);
    w->ops->free(w);
    s->world = NULL;
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(access(folder, F_OK), -1);
}

static void keeps_the_folder_when_asked(void **state)
{
    struct stage *s = *state;
    struct ls_world *w = make(s, SLEEPER);
    char folder[LS_RUNDIR_PATH_MAX];

    (void)snprintf(folder, sizeof folder, "%s", ls_live_temp_dir(w));
    ls_live_keep_temp(w);
    w->ops->free(w);
    s->world = NULL;
    assert_int_equal(access(folder, F_OK), 0);
}

static void the_secret_is_private_and_of_the_seed(void **state)
{
    struct stage *s = *state;
    char path[LS_RUNDIR_PATH_MAX], text[3][65] = {{0}};

    for (size_t i = 0; i < 3; i++) {
        struct ls_world *w = make_seeded(s, i == 0 ? SLEEPER : NULL, i < 2 ? 42 : 43);
        struct stat st;
        int fd;
        (void)snprintf(path, sizeof path, "%.480s/jwt.hex", ls_live_temp_dir(w));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        fd = open(path, O_RDONLY);
        assert_int_equal(read(fd, text[i], 64), 64);
        close(fd);
        w->ops->free(w);
        s->world = NULL;
    }
    assert_string_equal(text[0], text[1]);
    assert_string_not_equal(text[0], text[2]);
    assert_int_equal(strspn(text[0], "0123456789abcdef"), 64);
}

/* --- ports --- */

static int dial(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static int ask(const struct ls_world *w, const char *method)
{
    char body[128], text[512];
    int fd = dial(ls_live_port(w, LS_EP_SOURCE));
    int n;

    assert_true(fd >= 0);
    (void)snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}", method);
    n = snprintf(text, sizeof text,
                 "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                 "Content-Length: %zu\r\n\r\n%s",
                 strlen(body), body);
    assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
    return fd;
}

static bool is_answered(int fd)
{
    char c;

    return recv(fd, &c, 1, MSG_PEEK) == 1;
}

static void held_requests_wait_for_their_release(void **state)
{
    struct stage *s = *state;
    struct ls_world *w = make(s, SLEEPER);
    int held, passing;

    w->ops->hold(w, LS_EP_SOURCE, "optimism_sync*", 0);
    held = ask(w, "optimism_syncStatus");
    UNTIL(w, w->ops->held(w, LS_EP_SOURCE) == 1);
    passing = ask(w, "optimism_rollupConfig");
    UNTIL(w, is_answered(passing));
    assert_false(is_answered(held));
    assert_int_equal(s->event_count, 1);

    w->ops->release(w, LS_EP_SOURCE, "other_*");
    assert_int_equal(w->ops->held(w, LS_EP_SOURCE), 1);
    w->ops->release(w, LS_EP_SOURCE, "optimism_sync*");
    assert_int_equal(w->ops->held(w, LS_EP_SOURCE), 0);
    UNTIL(w, is_answered(held));
    assert_int_equal(s->event_count, 2);
    assert_true(s->events[1].seq_in < s->events[0].seq_in);
    assert_true(s->events[0].seq_out < s->events[1].seq_out);
    close(held);
    close(passing);
}

static void a_hold_keeps_as_many_as_it_was_told(void **state)
{
    struct stage *s = *state;
    struct ls_world *w = make(s, SLEEPER);
    int fds[3];

    w->ops->hold(w, LS_EP_SOURCE, "*", 2);
    for (size_t i = 0; i < 3; i++) {
        fds[i] = ask(w, "optimism_syncStatus");
        UNTIL(w, w->ops->held(w, LS_EP_SOURCE) == (i < 2 ? i + 1 : 2) &&
                     (i < 2 || is_answered(fds[i])));
    }
    w->ops->release(w, LS_EP_SOURCE, NULL);
    for (size_t i = 0; i < 3; i++) {
        UNTIL(w, is_answered(fds[i]));
        close(fds[i]);
    }
}

static void a_closed_port_refuses_until_it_is_opened(void **state)
{
    struct stage *s = *state;
    struct ls_world *w = make(s, SLEEPER);
    uint16_t port = ls_live_port(w, LS_EP_SOURCE);
    int fd;

    assert_int_equal(w->ops->port(w, LS_EP_SOURCE, false, NULL), LS_OK);
    assert_int_equal(dial(port), -1);
    w->ops->turn(w);
    assert_int_equal(w->ops->port(w, LS_EP_SOURCE, true, NULL), LS_OK);
    assert_int_equal(ls_live_port(w, LS_EP_SOURCE), port);
    fd = ask(w, "optimism_syncStatus");
    UNTIL(w, is_answered(fd));
    close(fd);
}

static void the_nodes_port_is_free_and_stays_so(void **state)
{
    struct stage *s = *state;
    struct ls_world *w = make(s, SLEEPER);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(ls_live_rpc_port(w))};
    int on = 1, node = socket(AF_INET, SOCK_STREAM, 0), thief = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(thief, (struct sockaddr *)&at, sizeof at), -1);
    assert_int_equal(setsockopt(node, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(bind(node, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(node, 1), 0);
    close(node);
    close(thief);
}

/* --- time --- */

static void a_tick_moves_the_engine(void **state)
{
    struct stage *s = *state;
    struct ls_world *w = make(s, SLEEPER);
    struct ls_forkchoice f = {.head = ls_universe_get(s->chain.l2, s->chain.tip)->ref.hash};
    uint64_t before = w->ops->now(w);

    ls_engine_set_backfill(w->engine, 100000);
    (void)ls_engine_forkchoice(w->engine, &f);
    assert_false(ls_engine_has(w->engine, s->chain.tip));
    UNTIL(w, w->ops->now(w) == before + 1);
    UNTIL(w, ls_engine_has(w->engine, s->chain.tip));
    assert_true(w->is_live);
    assert_int_equal(w->tick_ns, 1000000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_node_lives_and_dies_in_the_trace),
        T(tells_the_exit_code),
        T(starts_no_second_node_beside_the_first),
        T(names_a_program_that_is_not_there),
        T(names_an_adapter_it_does_not_have),
        T(leaves_no_child_and_no_folder),
        T(keeps_the_folder_when_asked),
        T(the_secret_is_private_and_of_the_seed),
        T(held_requests_wait_for_their_release),
        T(a_hold_keeps_as_many_as_it_was_told),
        T(a_closed_port_refuses_until_it_is_opened),
        T(the_nodes_port_is_free_and_stays_so),
        T(a_tick_moves_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
