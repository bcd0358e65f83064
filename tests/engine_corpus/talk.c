#include "tests/engine_corpus/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/json.h"
#include "tests/engine_corpus/standin.h"
#include "tests/engine_corpus/talk_row.h"

#define PATH_BYTES 4096u
#define SHORT_DIGITS 8u
#define LABELS 3u
#define PAST_MAX 256u

static const char *const label_names[LABELS] = {"latest", "safe", "finalized"};

struct labels {
    uint32_t id[LABELS]; /* by enum ls_label */
};

struct ls_talk {
    struct ls_corpus *corpus;
    const struct ls_replay_options *options;
    struct ls_world world;
    struct ls_talk_sum sum;
    /* of the conversation that runs */
    const char *path;
    struct ls_standins standins;
    struct ls_names names;
    struct cJSON **lines;
    size_t line_count;
    size_t at;
    bool is_down;                 /* the next answer begins a life */
    struct labels past[PAST_MAX]; /* what the labels were since a probe saw them, newest last */
    size_t past_count;
    struct ls_tally tally;
};

/* --- reading --- */

static void path_of(const char *path, char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%s/calls.ndjson.zst", path);
    if (access(out, R_OK) != 0) {
        (void)snprintf(out, PATH_BYTES, "%s", path);
    }
}

static void look_for_peer(void *self, const char *line, size_t n)
{
    bool *is_talk = self;
    if (!*is_talk) {
        struct cJSON *v = ls_corpus_parse(line, n);
        *is_talk = ls_json_get(v, "peer") != NULL;
        ls_json_free(v);
    }
}

bool ls_talk_is(const char *path)
{
    char file[PATH_BYTES];
    bool is_talk = false;
    path_of(path, file);
    ls_corpus_lines(file, look_for_peer, &is_talk);
    return is_talk;
}

static const char *status_of(const struct ls_talk_row *row)
{
    const struct cJSON *inner = ls_json_get(row->result, "payloadStatus");
    const char *s = ls_json_str(ls_json_get(inner != NULL ? inner : row->result, "status"));
    return s == NULL ? "" : s;
}

static bool is_method(const struct ls_talk_row *row, const char *begin)
{
    return strncmp(row->method, begin, strlen(begin)) == 0;
}

static void collect(void *self, const char *line, size_t n)
{
    struct ls_talk *t = self;
    struct ls_talk_row row;
    struct cJSON *v = ls_corpus_parse(line, n);
    ls_talk_row_read(v, &row);
    ls_standins_collect(&t->standins, t->corpus, v, row.names_l2);
    if (row.kind == LS_TALK_CALL && is_method(&row, "engine_forkchoiceUpdated") &&
        strcmp(status_of(&row), "VALID") == 0) {
        const struct cJSON *state = ls_json_at(row.params, 0);
        ls_standins_stand(&t->standins, state, "safeBlockHash");
        ls_standins_stand(&t->standins, state, "finalizedBlockHash");
    }
    ls_json_free(v);
}

static void keep(void *self, const char *line, size_t n)
{
    struct ls_talk *t = self;
    struct ls_buf text;
    ls_buf_init(&text, LS_CORPUS_BYTES_MAX);
    (void)ls_buf_put(&text, line, n);
    (void)ls_names_to_ours(&t->names, &text);
    t->lines = ls_corpus_need(realloc(t->lines, (t->line_count + 1) * sizeof(struct cJSON *)));
    t->lines[t->line_count++] = ls_corpus_parse((const char *)text.p, text.n);
    ls_buf_fini(&text);
}

/* --- labels --- */

static uint32_t id_of(const struct ls_talk *t, const char *hash)
{
    const struct ls_corpus_block *b = ls_corpus_block(t->corpus, hash);
    return b == NULL ? LS_NO_BLOCK : ls_universe_find(t->world.lab.universe, &b->hash);
}

/* The digits a block had in the recording, behind "0x". */
static const char *recorded_digits(const struct ls_talk *t, const struct ls_corpus_block *b)
{
    const char *ours = ls_json_str(ls_json_get(b->block, "hash")) + 2;
    for (size_t i = 0; i < t->names.count; i++) {
        if (strcmp(t->names.items[i].ours, ours) == 0) {
            return t->names.items[i].recorded;
        }
    }
    return ours;
}

/* The block of a short label; NULL: none was read, or none is known by that name. */
static const struct ls_corpus_block *block_of(const struct ls_talk *t, const char *label)
{
    const char *digits;
    uint64_t number;
    if (!ls_talk_label(label, &number, &digits)) {
        return NULL;
    }
    for (size_t i = 0; i < t->corpus->block_count; i++) {
        const struct ls_corpus_block *b = &t->corpus->blocks[i];
        if (b->number == number && strncmp(recorded_digits(t, b), digits, SHORT_DIGITS) == 0) {
            return b;
        }
    }
    return NULL;
}

static const char *probed(const struct ls_talk_row *row, unsigned label)
{
    return ls_json_str(ls_json_get(row->labels, label_names[label]));
}

static struct labels labels_now(const struct ls_talk *t)
{
    struct labels l;
    for (unsigned i = 0; i < LABELS; i++) {
        l.id[i] = ls_engine_label(t->world.lab.engine, (enum ls_label)i);
    }
    return l;
}

/* --- lives --- */

static bool is_write(const struct ls_talk_row *row)
{
    return row->kind == LS_TALK_CALL && strncmp(row->method, "engine_", 7) == 0;
}

/* The labels that are read first, before any call moved them. */
static bool find_start(const struct ls_talk *t, struct ls_talk_row *out)
{
    for (size_t i = t->at; i < t->line_count; i++) {
        ls_talk_row_read(t->lines[i], out);
        if (out->kind == LS_TALK_PROBE) {
            return true;
        }
        if ((is_write(out) && strcmp(status_of(out), "SYNCING") != 0) ||
            (out->kind == LS_TALK_DOWN && i > t->at)) {
            return false;
        }
    }
    return false;
}

static void begin_life(struct ls_talk *t)
{
    struct ls_talk_row row;
    uint32_t id[LABELS] = {LS_NO_BLOCK, LS_NO_BLOCK, LS_NO_BLOCK};
    ls_world_begin(&t->world, t->corpus, t->options->profile, LS_NO_BLOCK, LS_NO_BLOCK,
                   LS_NO_BLOCK);
    if (find_start(t, &row)) {
        for (unsigned i = 0; i < LABELS; i++) {
            const struct ls_corpus_block *b = block_of(t, probed(&row, i));
            id[i] = b == NULL ? LS_NO_BLOCK : ls_universe_find(t->world.lab.universe, &b->hash);
        }
        t->world.counts.lives--;
        ls_world_begin(&t->world, t->corpus, t->options->profile, id[LS_LABEL_LATEST],
                       id[LS_LABEL_SAFE], id[LS_LABEL_FINALIZED]);
    }
    t->past_count = 0;
    t->is_down = false;
}

/* --- what an answer needs, and what it tells --- */

static const char *text_at(const struct cJSON *v, size_t i)
{
    const char *s = ls_json_str(ls_json_at(v, i));
    return s == NULL ? "" : s;
}

static bool need_for_read(struct ls_talk *t, const struct ls_talk_row *row)
{
    uint32_t id = id_of(t, ls_json_str(ls_json_get(row->result, "hash")));
    const char *tag = text_at(row->params, 0);
    if (is_method(row, "eth_getBlockByHash")) {
        return ls_world_need(&t->world, id, LS_NEED_BLOCK);
    }
    if (strcmp(tag, "latest") == 0) {
        return ls_world_need(&t->world, id, LS_NEED_HEAD);
    }
    return strncmp(tag, "0x", 2) == 0 && ls_world_need(&t->world, id, LS_NEED_CANONICAL);
}

static bool need_for_payload(struct ls_talk *t, const struct ls_talk_row *row)
{
    const struct cJSON *payload = ls_json_at(row->params, 0);
    uint32_t id = id_of(t, ls_json_str(ls_json_get(payload, "blockHash")));
    uint32_t parent = id_of(t, ls_json_str(ls_json_get(payload, "parentHash")));
    return strcmp(status_of(row), "VALID") == 0 &&
           (id == LS_NO_BLOCK || !ls_engine_has(t->world.lab.engine, id)) &&
           ls_world_need(&t->world, parent, LS_NEED_BLOCK);
}

static uint32_t named_in(const struct ls_talk *t, const struct ls_talk_row *row, const char *key)
{
    return id_of(t, ls_json_str(ls_json_get(ls_json_at(row->params, 0), key)));
}

/* A label that is not on the chain of the head is there all the same. */
static bool need_for_forkchoice(struct ls_talk *t, const struct ls_talk_row *row)
{
    const char *why = ls_json_str(ls_json_get(ls_json_get(row->error, "data"), "err"));
    bool is_clock = false;
    if (strcmp(status_of(row), "VALID") == 0 || why != NULL) {
        is_clock = ls_world_need(&t->world, named_in(t, row, "headBlockHash"), LS_NEED_BLOCK);
    }
    if (why != NULL && strcmp(why, "safe block not in canonical chain") == 0) {
        is_clock =
            ls_world_need(&t->world, named_in(t, row, "safeBlockHash"), LS_NEED_BLOCK) || is_clock;
    }
    return is_clock;
}

static bool needs(struct ls_talk *t, const struct ls_talk_row *row)
{
    if (is_method(row, "engine_newPayload")) {
        return need_for_payload(t, row);
    }
    if (is_method(row, "engine_forkchoiceUpdated")) {
        return need_for_forkchoice(t, row);
    }
    return is_method(row, "eth_getBlockBy") && need_for_read(t, row);
}

static void tell_forkchoice(struct ls_talk *t, const struct ls_talk_row *row)
{
    const struct cJSON *state = ls_json_at(row->params, 0);
    const char *why = ls_json_str(ls_json_get(ls_json_get(row->error, "data"), "err"));
    struct ls_forkchoice f = {.head = {{0}}};
    if (strcmp(status_of(row), "SYNCING") == 0) {
        (void)ls_json_fixed(ls_json_get(state, "headBlockHash"), f.head.b, sizeof f.head.b);
        (void)ls_json_fixed(ls_json_get(state, "safeBlockHash"), f.safe.b, sizeof f.safe.b);
        (void)ls_json_fixed(ls_json_get(state, "finalizedBlockHash"), f.finalized.b,
                            sizeof f.finalized.b);
        ls_world_deny(&t->world, named_in(t, row, "headBlockHash"));
        ls_world_want(&t->world, &f);
    } else if (why != NULL && strcmp(why, "safe block not available in database") == 0) {
        ls_world_deny(&t->world, named_in(t, row, "safeBlockHash"));
    } else if (why != NULL && strcmp(why, "final block not available in database") == 0) {
        ls_world_deny(&t->world, named_in(t, row, "finalizedBlockHash"));
    }
}

static void tell_read(struct ls_talk *t, const struct ls_talk_row *row)
{
    uint64_t number = 0;
    if (!ls_json_is_null(row->result)) {
        return;
    }
    if (is_method(row, "eth_getBlockByHash")) {
        ls_world_deny(&t->world, id_of(t, text_at(row->params, 0)));
    } else if (ls_json_quantity(ls_json_at(row->params, 0), &number) == LS_OK) {
        ls_world_deny_from(&t->world, number);
    }
}

static void tells(struct ls_talk *t, const struct ls_talk_row *row)
{
    if (is_method(row, "engine_newPayload") && strcmp(status_of(row), "SYNCING") == 0) {
        ls_world_deny(&t->world, named_in(t, row, "parentHash"));
    } else if (is_method(row, "engine_forkchoiceUpdated")) {
        tell_forkchoice(t, row);
    } else if (is_method(row, "eth_getBlockBy")) {
        tell_read(t, row);
    }
}

/* --- one call --- */

/* A payload that was cut is the block's own call. */
static void request_of(const struct ls_talk *t, const struct ls_talk_row *row, struct ls_buf *out)
{
    const struct cJSON *payload = ls_json_at(row->params, 0);
    const struct ls_corpus_block *b =
        ls_corpus_block(t->corpus, ls_json_str(ls_json_get(payload, "blockHash")));
    ls_buf_init(out, LS_CORPUS_BYTES_MAX);
    if (is_method(row, "engine_newPayload") && b != NULL && b->params != NULL &&
        ls_json_is_number(ls_json_get(payload, "transactions"))) {
        ls_json_print(b->params, out);
    } else if (row->params != NULL) {
        ls_json_print(row->params, out);
    } else {
        (void)ls_buf_puts(out, "[]");
    }
}

static bool is_same_text(const struct cJSON *a, const struct cJSON *b)
{
    const char *x = ls_json_str(a);
    const char *y = ls_json_str(b);
    return x != NULL && y != NULL && strcmp(x, y) == 0;
}

/* A block that was cut: each member that was kept is ours, and so is the count of transactions. */
static enum ls_verdict judge_cut(const struct cJSON *want, const struct cJSON *got)
{
    const struct cJSON *txs = ls_json_get(got, "transactions");
    bool is_equal = ls_json_is_object(got);
    for (const struct cJSON *m = ls_json_first(want); is_equal && m != NULL; m = ls_json_next(m)) {
        const char *key = ls_json_key(m);
        uint64_t n = 0;
        if (strcmp(key, "transactions") == 0) {
            is_equal = ls_json_u64(m, &n) == LS_OK && n == ls_json_count(txs);
        } else if (strcmp(key, "tx0input") == 0) {
            is_equal = is_same_text(m, ls_json_get(ls_json_at(txs, 0), "input"));
        } else {
            is_equal = is_same_text(m, ls_json_get(got, key));
        }
    }
    return is_equal ? LS_VERDICT_EQUAL : LS_VERDICT_DIFFERENT;
}

static enum ls_verdict judge(const struct ls_talk *t, const struct ls_talk_row *row,
                             const struct cJSON *answer)
{
    static const struct ls_names none;
    struct ls_buf text;
    if (ls_json_is_number(ls_json_get(row->result, "transactions"))) {
        return judge_cut(row->result, ls_json_get(answer, "result"));
    }
    ls_buf_init(&text, LS_CORPUS_BYTES_MAX);
    (void)ls_buf_printf(&text, "{\"m\":\"%s\",\"%s\":", row->method,
                        row->error != NULL ? "e" : "r");
    ls_json_print(row->error != NULL ? row->error : row->result, &text);
    (void)ls_buf_puts(&text, "}");
    struct cJSON *call = ls_corpus_parse((const char *)text.p, text.n);
    struct ls_comparison c = {.corpus = t->corpus, .names = &none};
    enum ls_verdict v = ls_compare(&c, call, answer);
    ls_json_free(call);
    ls_buf_fini(&text);
    return v;
}

static void count(struct ls_talk *t, enum ls_verdict v, bool is_clock)
{
    t->tally.calls++;
    t->tally.equal += v == LS_VERDICT_EQUAL;
    t->tally.execution += v == LS_VERDICT_EXECUTION;
    t->tally.different += v == LS_VERDICT_DIFFERENT;
    t->tally.undecided += is_clock;
}

static bool is_shown(const struct ls_talk *t, enum ls_verdict v)
{
    return (t->options->show != NULL && strcmp(t->options->show, t->path) == 0) ||
           (t->options->is_verbose && v == LS_VERDICT_DIFFERENT);
}

static void show_call(const struct ls_talk *t, const struct ls_talk_row *row, const char *params,
                      const char *answer, enum ls_verdict v)
{
    static const char *const names[] = {"equal", "execution", "different"};
    struct ls_buf want;
    ls_buf_init(&want, LS_CORPUS_BYTES_MAX);
    ls_json_print(row->error != NULL ? row->error : row->result, &want);
    (void)printf("%s[%zu] %s %s\n  asked    %s\n  recorded %s\n  ours     %s\n", t->path, t->at,
                 row->method, names[v], params, (const char *)want.p, answer);
    ls_buf_fini(&want);
}

static void keep_past(struct ls_talk *t, const struct labels *l)
{
    if (t->past_count == PAST_MAX) {
        memmove(t->past, t->past + 1, (PAST_MAX - 1) * sizeof t->past[0]);
        t->past_count--;
    }
    t->past[t->past_count++] = *l;
}

static void run_call(struct ls_talk *t, const struct ls_talk_row *row)
{
    struct ls_buf params;
    struct ls_buf text;
    bool is_clock = needs(t, row);
    struct labels before = labels_now(t);
    request_of(t, row, &params);
    int status = ls_lab_ask(&t->world.lab, false, row->method, (const char *)params.p, &text);
    struct cJSON *answer = ls_corpus_parse((const char *)text.p, text.n);
    enum ls_verdict v = status == 200 ? judge(t, row, answer) : LS_VERDICT_DIFFERENT;
    count(t, v, is_clock);
    if (is_shown(t, v)) {
        show_call(t, row, (const char *)params.p, (const char *)text.p, v);
    }
    tells(t, row);
    struct labels after = labels_now(t);
    if (memcmp(&before, &after, sizeof before) != 0) {
        keep_past(t, &before);
    }
    ls_json_free(answer);
    ls_buf_fini(&text);
    ls_buf_fini(&params);
}

/* --- one reading of the labels --- */

/* id has the label's name, or both are none. */
static bool is_label(const struct ls_talk *t, const char *label, uint32_t id)
{
    const struct ls_corpus_block *b = block_of(t, label);
    const char *digits;
    uint64_t number;
    if (b == NULL) {
        return id == LS_NO_BLOCK && !ls_talk_label(label, &number, &digits);
    }
    return id == ls_universe_find(t->world.lab.universe, &b->hash);
}

static bool are_labels(const struct ls_talk *t, const struct ls_talk_row *row,
                       const struct labels *now)
{
    bool is_equal = true;
    for (unsigned i = 0; i < LABELS; i++) {
        is_equal = is_equal && is_label(t, probed(row, i), now->id[i]);
    }
    return is_equal;
}

/* Each is now, or was at some time since a probe saw the labels. */
static bool were_labels(const struct ls_talk *t, const struct ls_talk_row *row,
                        const struct labels *now)
{
    for (unsigned i = 0; i < LABELS; i++) {
        const char *label = probed(row, i);
        bool is_found = is_label(t, label, now->id[i]);
        for (size_t k = 0; !is_found && k < t->past_count; k++) {
            is_found = is_label(t, label, t->past[k].id[i]);
        }
        if (!is_found) {
            return false;
        }
    }
    return true;
}

static void show_labels(const struct ls_talk *t, const struct ls_talk_row *row,
                        const struct labels *now)
{
    for (unsigned i = 0; i < LABELS; i++) {
        const struct ls_ublock *b =
            now->id[i] == LS_NO_BLOCK ? NULL : ls_universe_get(t->world.lab.universe, now->id[i]);
        (void)printf("%s[%zu] %s: recorded %s, ours %llu\n", t->path, t->at, label_names[i],
                     probed(row, i), b == NULL ? 0 : (unsigned long long)b->ref.number);
    }
}

/* A probe reads the labels one by one while the node goes on: what they were since the probe before
 * counts as well, as decided by the clock. */
static void run_probe(struct ls_talk *t, const struct ls_talk_row *row)
{
    struct labels now = labels_now(t);
    bool is_clock = false;
    bool is_equal = are_labels(t, row, &now);
    if (!is_equal && were_labels(t, row, &now)) {
        is_equal = is_clock = true;
    }
    if (!is_equal) {
        const struct ls_corpus_block *b = block_of(t, probed(row, LS_LABEL_LATEST));
        uint32_t id = b == NULL ? LS_NO_BLOCK : ls_universe_find(t->world.lab.universe, &b->hash);
        is_clock = ls_world_need(&t->world, id, LS_NEED_HEAD);
        now = labels_now(t);
        is_equal = are_labels(t, row, &now);
    } else if (!is_clock) {
        (void)ls_world_need(&t->world, now.id[LS_LABEL_LATEST], LS_NEED_HEAD);
    }
    if (!is_clock) {
        t->past_count = 0;
    }
    enum ls_verdict v = is_equal ? LS_VERDICT_EQUAL : LS_VERDICT_DIFFERENT;
    count(t, v, is_clock);
    t->sum.probes++;
    if (is_shown(t, v)) {
        show_labels(t, row, &now);
    }
}

/* --- one conversation --- */

static void run_line(struct ls_talk *t)
{
    struct ls_talk_row row;
    ls_talk_row_read(t->lines[t->at], &row);
    if (t->is_down && (row.kind == LS_TALK_CALL || row.kind == LS_TALK_PROBE)) {
        begin_life(t);
    }
    switch (row.kind) {
    case LS_TALK_CALL:
        run_call(t, &row);
        break;
    case LS_TALK_PROBE:
        run_probe(t, &row);
        break;
    case LS_TALK_DOWN:
        t->is_down = true;
        break;
    case LS_TALK_FOREIGN:
        t->sum.foreign++;
        break;
    case LS_TALK_DEED:
        ls_world_deed(&t->world);
        break;
    case LS_TALK_OTHER:
        break;
    }
}

static void add_up(struct ls_talk *t)
{
    struct ls_tally *sum = &t->sum.tally;
    sum->calls += t->tally.calls;
    sum->equal += t->tally.equal;
    sum->execution += t->tally.execution;
    sum->different += t->tally.different;
    sum->undecided += t->tally.undecided;
    t->sum.talks++;
}

static void forget(struct ls_talk *t, size_t block_count)
{
    for (size_t i = 0; i < t->line_count; i++) {
        ls_json_free(t->lines[i]);
    }
    free(t->lines);
    t->lines = NULL;
    t->line_count = 0;
    ls_standins_free(&t->standins);
    ls_corpus_drop(t->corpus, block_count);
}

void ls_talk_run(struct ls_talk *t, const char *path)
{
    char file[PATH_BYTES];
    size_t block_count = t->corpus->block_count;
    path_of(path, file);
    t->path = path;
    t->tally = (struct ls_tally){0};
    t->is_down = true;
    ls_names_clear(&t->names);
    ls_corpus_lines(file, collect, t);
    ls_standins_make(&t->standins, t->corpus, &t->names);
    ls_corpus_lines(file, keep, t);
    for (t->at = 0; t->at < t->line_count; t->at++) {
        run_line(t);
    }
    add_up(t);
    (void)printf(
        "%-56s %6lu calls, %6lu equal, %4lu execution, %4lu different, %4lu by the clock\n", path,
        t->tally.calls, t->tally.equal, t->tally.execution, t->tally.different, t->tally.undecided);
    forget(t, block_count);
}

/* --- life --- */

struct ls_talk *ls_talk_new(struct ls_corpus *corpus, const struct ls_replay_options *o)
{
    struct ls_talk *t = ls_corpus_need(calloc(1, sizeof *t));
    t->corpus = corpus;
    t->options = o;
    return t;
}

void ls_talk_free(struct ls_talk *t)
{
    if (t != NULL) {
        ls_world_close(&t->world);
        free(t);
    }
}

struct ls_talk_sum ls_talk_total(const struct ls_talk *t)
{
    struct ls_talk_sum sum = t->sum;
    sum.world = t->world.counts;
    return sum;
}
