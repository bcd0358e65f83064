/* The sync testers of `lockstep serve`: the served chain, and chains of a config file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/capture/files.h"
#include "harness/live/rundir.h"
#include "harness/serve/testers.h"

#define SERVED "fixtures/devnet-forks"
#define ID "11111111-1111-4111-8111-111111111111"

struct world {
    struct ls_chain served;
    struct ls_upstream *upstream;
    struct ls_rundir dir;
    char config[LS_RUNDIR_PATH_MAX];
    struct ls_testers testers;
    struct ls_testers_options options;
    struct ls_http_reply reply;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_int_equal(ls_chain_open(SERVED, NULL, &w->served, NULL), LS_OK);
    w->upstream = ls_upstream_fixture_new(&(struct ls_upstream_fixture){
        .universe = w->served.l2, .chain_id = 901, .tip = ls_chain_at(&w->served, 5)});
    assert_non_null(w->upstream);
    assert_int_equal(ls_rundir_make(&w->dir, NULL, NULL), LS_OK);
    assert_int_equal(ls_rundir_path(&w->dir, "c.yaml", w->config, sizeof w->config), LS_OK);
    w->options = (struct ls_testers_options){
        .fixture = SERVED, .served = w->upstream, .served_chain_id = 901};
    ls_buf_init(&w->reply.body, 1u << 20);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    ls_testers_fini(&w->testers);
    ls_upstream_fixture_free(w->upstream);
    ls_chain_close(&w->served);
    ls_rundir_remove(&w->dir);
    ls_buf_fini(&w->reply.body);
    free(w);
    return 0;
}

static void write_config(struct world *w, const char *text)
{
    struct ls_span bytes = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(ls_file_write(w->config, bytes, NULL), LS_OK);
    w->options.config = w->config;
}

/* The answer's body to eth_getBlockByNumber(latest, false) of a session at this block. */
static const char *latest(struct world *w, const char *chain_id, const char *number)
{
    static const char body[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByNumber\","
                               "\"params\":[\"latest\",false]}";
    char url[256];
    struct ls_buf kept = w->reply.body;
    (void)snprintf(url, sizeof url, "/chain/%s/synctest/" ID "?latest=%s", chain_id, number);
    const struct ls_http_request req = {.verb = "POST",
                                        .path = url,
                                        .content_type = "application/json",
                                        .body = body,
                                        .body_bytes = sizeof body - 1};
    ls_buf_clear(&kept);
    w->reply = (struct ls_http_reply){.body = kept, .status = 200};
    w->testers.backend->ops->handle(w->testers.backend, &req, &w->reply);
    return (const char *)w->reply.body.p;
}

static void refuses(struct world *w, enum ls_err e, const char *text)
{
    struct ls_diag d = {""};
    assert_int_equal(ls_testers_init(&w->testers, &w->options, &d), e);
    assert_non_null(strstr(d.text, text));
    assert_null(w->testers.backend);
}

static void without_a_file_the_served_chain_is_there(void **state)
{
    struct world *w = *state;
    assert_int_equal(ls_testers_init(&w->testers, &w->options, NULL), LS_OK);
    assert_non_null(strstr(latest(w, "901", "5"), "\"number\":\"0x5\""));
    /* another session would be a first request again; this one is at 5, the tip */
    (void)latest(w, "10", "1");
    assert_int_equal(w->reply.status, 404);
}

static void entries_are_folders_seen_from_the_file_or_from_here(void **state)
{
    struct world *w = *state;
    char link[LS_RUNDIR_PATH_MAX];
    char target[4096];
    assert_non_null(getcwd(target, sizeof target - 64));
    (void)strcat(target, "/fixtures/op-mainnet-run");
    assert_int_equal(ls_rundir_path(&w->dir, "beside", link, sizeof link), LS_OK);
    assert_int_equal(symlink(target, link), 0);
    write_config(w, "synctesters:\n"
                    "  op: {chain_id: 10, el_rpc: beside}\n"
                    "  reorgs: {chain_id: 7, el_rpc: fixtures/devnet-reorgs}\n"
                    "  served: {chain_id: 901, el_rpc: fixtures/../" SERVED "}\n");
    assert_int_equal(ls_testers_init(&w->testers, &w->options, NULL), LS_OK);
    assert_non_null(strstr(latest(w, "10", "109279689"), "\"number\":\"0x68379c9\""));
    assert_non_null(strstr(latest(w, "7", "1837"), "\"number\":\"0x72d\""));
    /* The served chain is at 5 yet, the others are whole. */
    assert_non_null(strstr(latest(w, "901", "6"), "\"result\":null"));
    assert_int_equal(unlink(link), 0);
}

static void what_is_no_recorded_chain_is_told_with_its_line(void **state)
{
    struct world *w = *state;
    write_config(w, "synctesters:\n  dev:\n    chain_id: 901\n    el_rpc: http://localhost:1/\n");
    refuses(w, LS_ERR_CONFIG, "c.yaml:2: el_rpc \"http://localhost:1/\" is a node's URL");
    write_config(w, "synctesters:\n\n  dev: {chain_id: 901, el_rpc: fixtures/nothing}\n");
    refuses(w, LS_ERR_IO, "c.yaml:3: ");
    write_config(w, "synctesters:\n  dev: {chain_id: 901}\n");
    refuses(w, LS_ERR_CONFIG, "c.yaml:2: el_rpc is missing");
    write_config(w, "synctesters:\n  a: {chain_id: 9, el_rpc: " SERVED "}\n"
                    "  b: {chain_id: 9, el_rpc: " SERVED "}\n");
    refuses(w, LS_ERR_USAGE, "route \"/chain/9/synctest\" already exists");
    w->options.config = "no/such/file.yaml";
    refuses(w, LS_ERR_IO, "no/such/file.yaml");
}

static void limits_reach_the_port(void **state)
{
    struct world *w = *state;
    w->options.sessions_max = 1;
    assert_int_equal(ls_testers_init(&w->testers, &w->options, NULL), LS_OK);
    (void)latest(w, "901", "5");
    static const char body[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sync_getSession\",\"params\":[]}";
    const struct ls_http_request req = {
        .verb = "POST",
        .path = "/chain/901/synctest/22222222-2222-4222-8222-222222222222",
        .content_type = "application/json",
        .body = body,
        .body_bytes = sizeof body - 1};
    ls_buf_clear(&w->reply.body);
    w->testers.backend->ops->handle(w->testers.backend, &req, &w->reply);
    assert_non_null(strstr((const char *)w->reply.body.p, "too many sessions, at most 1"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(without_a_file_the_served_chain_is_there),
        T(entries_are_folders_seen_from_the_file_or_from_here),
        T(what_is_no_recorded_chain_is_told_with_its_line),
        T(limits_reach_the_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
