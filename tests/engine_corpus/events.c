#include "tests/engine_corpus/events.h"

#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "tests/engine_corpus/request.h"

#define ZERO "0x0000000000000000000000000000000000000000000000000000000000000000"

/* --- calls that must be VALID --- */

static void must_be_valid(struct ls_lab *lab, const char *method, const char *params)
{
    struct ls_buf text;
    ls_lab_let_write(lab);
    (void)ls_lab_ask(lab, false, method, params, &text);
    struct cJSON *answer = ls_corpus_parse((const char *)text.p, text.n);
    const struct cJSON *result = ls_json_get(answer, "result");
    const struct cJSON *inner = ls_json_get(result, "payloadStatus");
    const char *status = ls_json_str(ls_json_get(inner != NULL ? inner : result, "status"));
    if (status == NULL || strcmp(status, "VALID") != 0) {
        ls_corpus_die("preparation is not VALID", (const char *)text.p);
    }
    ls_json_free(answer);
    ls_buf_fini(&text);
}

void ls_event_deliver(struct ls_lab *lab, const struct ls_corpus_block *block)
{
    struct ls_buf params;
    if (block == NULL || block->params == NULL) {
        ls_corpus_die("preparation", "names a block that is not there");
    }
    ls_buf_init(&params, LS_CORPUS_BYTES_MAX);
    ls_request_block(block, &params);
    must_be_valid(lab, block->method, (const char *)params.p);
    ls_buf_fini(&params);
}

void ls_event_forkchoice(struct ls_lab *lab, const char *state)
{
    struct ls_buf params;
    ls_buf_init(&params, LS_CORPUS_BYTES_MAX);
    (void)ls_buf_printf(&params, "[%s,null]", state);
    must_be_valid(lab, "engine_forkchoiceUpdatedV3", (const char *)params.p);
    ls_buf_fini(&params);
}

/* --- feed --- */

/* The canonical blocks of a corpus come first, in order. */
static const char *hash_at(const struct ls_corpus *corpus, uint64_t number)
{
    if (number >= corpus->block_count) {
        ls_corpus_die("feed", "goes past the chain");
    }
    return ls_json_str(ls_json_get(corpus->blocks[number].block, "hash"));
}

/* The hash that many blocks below number; zero when behind is absent. */
static const char *label_at(const struct ls_corpus *corpus, uint64_t number,
                            const struct cJSON *behind)
{
    uint64_t n = 0;
    if (behind == NULL || ls_json_u64(behind, &n) != LS_OK) {
        return ZERO;
    }
    return hash_at(corpus, n < number ? number - n : 0);
}

static void feed(struct ls_lab *lab, const struct ls_corpus *corpus, const struct cJSON *row)
{
    uint64_t from = 0;
    uint64_t to = 0;
    char state[512];
    const struct cJSON *behind = ls_json_get(row, "labels_behind");
    (void)ls_json_u64(ls_json_get(row, "from"), &from);
    (void)ls_json_u64(ls_json_get(row, "to"), &to);
    for (uint64_t n = from; n <= to; n++) {
        ls_event_deliver(lab, ls_corpus_block(corpus, hash_at(corpus, n)));
        if (!ls_json_true(ls_json_get(row, "fcu_each"))) {
            continue;
        }
        (void)snprintf(state, sizeof state,
                       "{\"headBlockHash\":\"%s\",\"safeBlockHash\":\"%s\","
                       "\"finalizedBlockHash\":\"%s\"}",
                       hash_at(corpus, n), label_at(corpus, n, ls_json_at(behind, 0)),
                       label_at(corpus, n, ls_json_at(behind, 1)));
        ls_event_forkchoice(lab, state);
    }
}

/* --- restart --- */

static bool is_read_of_head(const struct cJSON *row)
{
    const char *method = ls_json_str(ls_json_get(row, "m"));
    const char *tag = ls_json_str(ls_json_at(ls_json_get(row, "p"), 0));
    return method != NULL && strcmp(method, "eth_getBlockByNumber") == 0 && tag != NULL &&
           strcmp(tag, "latest") == 0;
}

/* The head that the recorded engine came back with, LS_NO_BLOCK when nobody asked. */
static uint32_t head_after(const struct ls_lab *lab, const struct cJSON *row)
{
    struct ls_hash hash;
    for (row = ls_json_next(row); row != NULL && ls_json_get(row, "signal") == NULL;
         row = ls_json_next(row)) {
        const struct cJSON *r = ls_json_get(row, "r");
        if (is_read_of_head(row)) {
            return ls_json_fixed(ls_json_get(r, "hash"), hash.b, sizeof hash.b) == LS_OK
                       ? ls_universe_find(lab->universe, &hash)
                       : LS_NO_BLOCK;
        }
    }
    return LS_NO_BLOCK;
}

/* How many blocks a kill cost: by the recorded head after it, else by the model's rule. */
static uint64_t lost_by(const struct ls_lab *lab, const struct cJSON *row)
{
    uint32_t head = ls_engine_label(lab->engine, LS_LABEL_LATEST);
    uint32_t after = head_after(lab, row);
    if (after == LS_NO_BLOCK) {
        return ls_engine_unwritten(lab->engine);
    }
    return ls_universe_is_ancestor(lab->universe, after, head)
               ? ls_universe_get(lab->universe, head)->ref.number -
                     ls_universe_get(lab->universe, after)->ref.number
               : 0;
}

static void restart(struct ls_lab *lab, const struct cJSON *row)
{
    const char *signal = ls_json_str(ls_json_get(row, "signal"));
    if (signal != NULL && strcmp(signal, "SIGKILL") == 0) {
        ls_engine_crash(lab->engine, lost_by(lab, row));
    } else {
        ls_engine_restart(lab->engine, 0);
    }
}

/* --- flags --- */

void ls_event_start(struct ls_lab *lab, const struct ls_corpus *corpus, const char *description)
{
    struct ls_engine_profile *knobs = ls_engine_knobs(lab->engine);
    unsigned fed = 0;
    if (description == NULL) {
        return;
    }
    (void)sscanf(description, "1..%u delivered by nP/fcU first", &fed);
    if (strstr(description, " delivered by nP/fcU first") == NULL) {
        fed = 0;
    }
    for (unsigned n = 1; n <= fed; n++) {
        ls_event_deliver(lab, ls_corpus_block(corpus, hash_at(corpus, n)));
    }
    if (strstr(description, "--syncmode snap") != NULL) {
        ls_engine_set_profile(lab->engine, ls_engine_profile_find("snap"));
    }
    if (strstr(description, "--engine.allow-unwind-canonical-header") != NULL) {
        knobs->old_head = LS_EL_OLD_UNWIND;
    }
}

/* --- all of them --- */

void ls_event_do(struct ls_lab *lab, const struct ls_corpus *corpus, const struct cJSON *row)
{
    const char *event = ls_json_str(ls_json_get(row, "event"));
    if (event == NULL) {
        return;
    }
    if (strcmp(event, "feed") == 0) {
        feed(lab, corpus, row);
    } else if (strcmp(event, "wait") == 0) {
        uint64_t ms = 0;
        (void)ls_json_u64(ls_json_get(row, "ms"), &ms);
        lab->now_ns += ms * 1000000u;
        ls_engine_settle(lab->engine);
    } else if (strcmp(event, "restart") == 0) {
        restart(lab, row);
    }
}
