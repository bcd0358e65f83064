/*
 * Any bytes as a node's answer to a batch of one to eight calls (the first byte says how many).
 * What must hold: every call has a fate; what counts as an answer is a JSON value of the body, or
 * null; messages can stand in a sentence.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/pull_batch.h"
#include "lib/json.h"

#define CALLS_MAX 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On in every build of the fuzzer, whatever NDEBUG says. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_result(struct ls_span body, struct ls_span result)
{
    size_t offset;
    bool is_inside = result.p >= body.p && result.p + result.n <= body.p + body.n;

    must(result.p && result.n > 0 && (is_inside || ls_pull_is_null(result)));
    must(ls_json_validate((const char *)result.p, result.n, 0, &offset) == LS_OK);
}

static void check_item(struct ls_span body, const struct ls_pull_item *item)
{
    const struct ls_pull_answer *a = &item->answer;

    switch (item->fate) {
    case LS_PULL_LOST:
        must(!a->result.p && !a->is_error);
        break;
    case LS_PULL_ANSWERED:
        must(!a->is_error);
        check_result(body, a->result);
        break;
    case LS_PULL_REFUSED:
    case LS_PULL_BUSY:
    case LS_PULL_TOO_LARGE:
        must(a->is_error && !a->result.p);
        break;
    }
    must(memchr(a->message, '\0', sizeof a->message) != NULL);
    for (const char *p = a->message; *p; p++) {
        must(isprint((unsigned char)*p));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ls_pull_item items[CALLS_MAX];
    struct ls_diag d = {{0}};

    if (size == 0) {
        return 0;
    }
    size_t count = 1 + data[0] % CALLS_MAX;
    struct ls_span body = {data + 1, size - 1};
    memset(items, 0xa5, sizeof items);
    enum ls_err e = ls_pull_batch_split(body, count, items, &d);
    must(e == LS_OK || e == LS_ERR_LIMIT || e == LS_ERR_PARSE);
    must((d.text[0] == '\0') == (e == LS_OK));
    for (size_t i = 0; !e && i < count; i++) {
        check_item(body, &items[i]);
    }
    return 0;
}
