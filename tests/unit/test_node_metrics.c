/*
 * GET /metrics: the page and what is counted for it.
 */
#include "tests/unit/node_rig.h"

#include "node/io/metrics.h"

#define P "op_node_default_"

static struct ls_buf page_of(const struct ls_meter *m, const struct ls_core_status *s)
{
    struct ls_buf b;

    ls_buf_init(&b, LS_METRICS_BYTES_MAX);
    ls_metrics_write(m, s, &b);
    assert_int_equal(b.err, LS_OK);
    return b;
}

/* line: a whole line of the page. */
static void assert_has(const struct ls_buf *page, const char *line)
{
    char whole[256];

    (void)snprintf(whole, sizeof whole, "\n%s\n", line);
    if (strstr((const char *)page->p, whole) == NULL) {
        fail_msg("no line \"%s\" in\n%s", line, (const char *)page->p);
    }
}

static void assert_lacks(const struct ls_buf *page, const char *text)
{
    if (strstr((const char *)page->p, text) != NULL) {
        fail_msg("\"%s\" in\n%s", text, (const char *)page->p);
    }
}

static void references_have_op_nodes_names(void **state)
{
    struct ls_core_status s = {
        .published = {.unsafe_l2 = {.hash = {{1, 2, 0, 0, 0, 0, 0, 0, 9}},
                                    .number = 12,
                                    .timestamp = 995,
                                    .l1_origin = {.hash = {{3}}, .number = 4},
                                    .sequence_number = 5},
                      .head_l1 = {.hash = {{7}}, .number = 40, .timestamp = 990}},
        .queue_count = 3,
        .queue_bytes = 4000};
    struct ls_meter m = {.unsafe_payloads = 0};
    struct ls_buf page;

    (void)state;
    ls_meter_heads(&m, &s.published, 1000);
    ls_meter_heads(&m, &s.published, 1060); /* the same blocks: their age was taken before */
    page = page_of(&m, &s);
    assert_has(&page, P "refs_number{layer=\"l2\",type=\"l2_unsafe\"} 12");
    assert_has(&page, P "refs_time{layer=\"l2\",type=\"l2_unsafe\"} 995");
    assert_has(&page, P "refs_hash{layer=\"l2\",type=\"l2_unsafe\"} 513");
    assert_has(&page, P "refs_latency{layer=\"l2\",type=\"l2_unsafe\"} -5");
    assert_has(&page, P "refs_seqnr{type=\"l2_unsafe\"} 5");
    assert_has(&page, P "refs_number{layer=\"l1_origin\",type=\"l2_unsafe\"} 4");
    assert_has(&page, P "refs_hash{layer=\"l1_origin\",type=\"l2_unsafe\"} 3");
    assert_has(&page, P "refs_number{layer=\"l1\",type=\"l1_head\"} 40");
    assert_has(&page, P "unsafe_payloads_buffer_len 3");
    assert_has(&page, P "unsafe_payloads_buffer_mem_size 4000");
    assert_lacks(&page, "refs_seqnr{type=\"l1_head\"}");
    assert_lacks(&page, "\"l2_safe\""); /* never set */
    ls_buf_fini(&page);
    s.published.unsafe_l2.hash.b[0] = 8;
    ls_meter_heads(&m, &s.published, 1060);
    page = page_of(&m, &s);
    assert_has(&page, P "refs_latency{layer=\"l2\",type=\"l2_unsafe\"} -65");
    ls_buf_fini(&page);
}

static void answers_of_the_engine_are_counted_by_status(void **state)
{
    struct ls_action fcu = {.target = LS_TO_ENGINE, .method = LS_M_FORKCHOICE};
    struct ls_action payload = {.target = LS_TO_ENGINE, .method = LS_M_NEW_PAYLOAD};
    struct ls_event syncing = {.kind = LS_EV_REPLY, .verdict = {.status = LS_STATUS_SYNCING}};
    struct ls_event valid = {.kind = LS_EV_REPLY, .verdict = {.status = LS_STATUS_VALID}};
    struct ls_event hash = {.kind = LS_EV_REPLY,
                            .verdict = {.status = LS_STATUS_INVALID_BLOCK_HASH}};
    struct ls_event failed = {.kind = LS_EV_FAIL, .fail = LS_FAIL_RPC, .code = -38002};
    struct ls_meter m = {.unsafe_payloads = 0};
    struct ls_core_status s = {.engine = LS_ENGINE_REFUSING};
    struct ls_buf page;

    (void)state;
    ls_meter_answer(&m, &fcu, &syncing);
    ls_meter_answer(&m, &fcu, &syncing);
    ls_meter_answer(&m, &fcu, &valid);
    ls_meter_answer(&m, &fcu, &failed);
    ls_meter_answer(&m, &payload, &hash);
    ls_meter_payload(&m, 77);
    page = page_of(&m, &s);
    assert_has(&page, P "fcu_total{status=\"syncing\"} 2");
    assert_has(&page, P "fcu_total{status=\"valid\"} 1");
    assert_has(&page, P "fcu_total{status=\"error\"} 1");
    assert_has(&page, P "fcu_total{status=\"invalid\"} 0");
    assert_has(&page, P "new_payload_total{status=\"invalid_block_hash\"} 1");
    assert_has(&page, P "new_payload_total{status=\"valid\"} 0");
    assert_has(&page, P "unsafe_payloads_total 1");
    assert_has(&page, P "last_unsafe_payloads_unix 77");
    assert_has(&page, P "el_sync_state{state=\"rejects\"} 1");
    assert_has(&page, P "el_sync_state{state=\"ok\"} 0");
    ls_buf_fini(&page);
}

static void passes_and_the_sources_heads_are_shown(void **state)
{
    struct ls_action status = {.target = LS_TO_SOURCE, .method = LS_M_STATUS};
    struct ls_action safe = {
        .target = LS_TO_SOURCE, .method = LS_M_BLOCK, .params = {.tag = LS_TAG_SAFE}};
    struct ls_action ours = {
        .target = LS_TO_ENGINE, .method = LS_M_BLOCK, .params = {.tag = LS_TAG_SAFE}};
    struct ls_event told = {.kind = LS_EV_REPLY,
                            .status = {.unsafe_l2 = {.hash = {{1}}, .number = 30},
                                       .local_safe_l2 = {.hash = {{1}}, .number = 21},
                                       .safe_l2 = {.hash = {{1}}, .number = 20},
                                       .finalized_l2 = {.hash = {{1}}, .number = 10}},
                            .block = {.found = true, .ref = {.hash = {{1}}, .number = 25}}};
    struct ls_core_status s = {.last_follow_wall_s = 990,
                               .passes = {[LS_PASS_SUCCESS] = 6, [LS_PASS_CONTRADICTION] = 2}};
    struct ls_meter m = {.unsafe_payloads = 0};
    struct ls_buf page = page_of(&m, &s);

    (void)state;
    assert_lacks(&page, P "follow_source_ref{");
    ls_buf_fini(&page);
    ls_meter_answer(&m, &status, &told);
    ls_meter_answer(&m, &ours, &told); /* not the source's */
    page = page_of(&m, &s);
    assert_has(&page, P "follow_source_ref{type=\"unsafe\"} 30");
    assert_has(&page, P "follow_source_ref{type=\"local_safe\"} 21");
    assert_has(&page, P "follow_source_ref{type=\"safe\"} 20");
    assert_has(&page, P "follow_source_ref{type=\"finalized\"} 10");
    assert_has(&page, P "follow_source_requests_total{result=\"success\"} 6");
    assert_has(&page, P "follow_source_requests_total{result=\"contradiction\"} 2");
    assert_has(&page, P "follow_source_requests_total{result=\"error_l1_mismatch\"} 0");
    assert_has(&page, P "follow_last_success_unix 990");
    ls_buf_fini(&page);
    ls_meter_answer(&m, &safe, &told);
    page = page_of(&m, &s);
    assert_has(&page, P "follow_source_ref{type=\"safe\"} 25");
    ls_buf_fini(&page);
}

/* The format wants every sample below the TYPE of its metric, and each metric in one piece. */
static void each_metric_is_one_block_with_its_type(void **state)
{
    struct ls_core_status s = {
        .published = {.unsafe_l2 = {.hash = {{1}}, .l1_origin = {.hash = {{1}}}},
                      .safe_l2 = {.hash = {{1}}},
                      .finalized_l2 = {.hash = {{1}}},
                      .head_l1 = {.hash = {{1}}}}};
    struct ls_meter m = {.source = {[LS_METER_SAFE] = {.hash = {{1}}}}};
    struct ls_buf page = page_of(&m, &s);
    char name[128] = "";
    size_t samples = 0;
    char *rest = NULL;

    (void)state;
    for (char *line = strtok_r((char *)page.p, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "# TYPE ", 7) == 0) {
            assert_int_equal(sscanf(line, "# TYPE %127s", name), 1);
        } else if (line[0] != '#') {
            size_t n = strcspn(line, "{ ");

            assert_int_equal(n, strlen(name));
            assert_memory_equal(line, name, n);
            samples++;
        }
    }
    assert_true(samples > 40);
    ls_buf_fini(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_have_op_nodes_names),
        cmocka_unit_test(answers_of_the_engine_are_counted_by_status),
        cmocka_unit_test(passes_and_the_sources_heads_are_shown),
        cmocka_unit_test(each_metric_is_one_block_with_its_type),
    };

    return cmocka_run_group_tests_name("node_metrics", tests, NULL, NULL);
}
