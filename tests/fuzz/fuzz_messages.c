/*
 * Any bytes as a JSON-RPC reply, and any JSON as a sync status, an engine's verdict and a rollup
 * config. What must hold: a refusal says why; a status that was read and is written reads back as
 * itself; a config that was taken has its forks in order.
 */
#include <stdlib.h>

#include "lib/json.h"
#include "lib/op/rollup.h"
#include "lib/op/rpc.h"
#include "lib/op/sync_status.h"

#define TEXT_BYTES_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On in every build of the fuzzer, whatever NDEBUG says. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void write_status(const struct ls_sync_status *s, struct ls_buf *text)
{
    struct ls_jw w;

    ls_buf_init(text, TEXT_BYTES_MAX);
    ls_jw_init(&w, text);
    ls_sync_status_write(s, &w, NULL);
    must(text->err == LS_OK);
}

/* Numbers past 2^53, which only hex can carry in, are written in full but not read: JSON numbers
 * are exact only below. */
static void check_status(const struct cJSON *v)
{
    struct ls_sync_status s;
    struct ls_sync_status t;
    struct ls_buf first;
    struct ls_buf second;
    struct cJSON *again = NULL;
    struct ls_diag d = {{0}};
    enum ls_err e = ls_sync_status_parse(v, &s, &d);

    must((d.text[0] == '\0') == (e == LS_OK));
    if (e != LS_OK) {
        return;
    }
    write_status(&s, &first);
    must(ls_json_parse((const char *)first.p, first.n, 0, &again, NULL) == LS_OK);
    e = ls_sync_status_parse(again, &t, NULL);
    must(e == LS_OK || e == LS_ERR_RANGE);
    if (e == LS_OK) {
        write_status(&t, &second);
        must(first.n == second.n && memcmp(first.p, second.p, first.n) == 0);
        ls_buf_fini(&second);
    }
    ls_json_free(again);
    ls_buf_fini(&first);
}

static void check_verdict(const struct cJSON *v)
{
    struct ls_payload_verdict verdict;

    if (ls_payload_verdict_parse(v, &verdict, NULL) == LS_OK ||
        ls_forkchoice_result_parse(v, &verdict, NULL) == LS_OK) {
        must(memchr(verdict.error, 0, sizeof verdict.error) != NULL);
        must(ls_payload_status_name(verdict.status)[0] != 'u');
    }
}

static void check_rollup(const char *text, size_t n)
{
    struct ls_rollup r;
    struct ls_diag d = {{0}};
    enum ls_err e = ls_rollup_parse(text, n, &r, &d);

    must((d.text[0] == '\0') == (e == LS_OK));
    if (e == LS_OK) {
        must(r.block_time > 0 && r.l1_chain_id != r.l2_chain_id);
        for (size_t f = 1; f <= LS_FORK_ISTHMUS; f++) {
            must(r.fork_time[f - 1] <= r.fork_time[f]);
        }
    }
}

static void check_reply(const char *text, size_t n)
{
    struct ls_rpc_reply reply;
    struct ls_diag d = {{0}};
    enum ls_err e = ls_rpc_reply_parse(text, n, 1, &reply, &d);

    must((reply.root != NULL) == (e == LS_OK));
    must((d.text[0] == '\0') == (e == LS_OK));
    if (e == LS_OK) {
        must(reply.is_error == (reply.result == NULL));
        must(!reply.is_error || reply.message != NULL);
        (void)ls_rpc_is_not_found(reply.code, reply.message);
        check_status(reply.result);
        check_verdict(reply.result);
    }
    ls_rpc_reply_fini(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct cJSON *v = NULL;

    check_reply(text, size);
    check_rollup(text, size);
    if (ls_json_parse(text, size, 0, &v, NULL) == LS_OK) {
        check_status(v);
        check_verdict(v);
    }
    ls_json_free(v);
    return 0;
}
