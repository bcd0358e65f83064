#include "tests/engine_corpus/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/json.h"
#include "lib/jsonw.h"
#include "tests/engine_corpus/events.h"
#include "tests/engine_corpus/moments.h"
#include "tests/engine_corpus/order.h"
#include "tests/engine_corpus/request.h"
#include "tests/engine_corpus/syncing.h"

#define CLASSES_MAX 128u
#define LAG_MAX 4u

struct class_tally {
    char name[96];
    struct ls_tally tally;
};

struct ls_replay {
    const struct ls_corpus *corpus;
    const struct ls_replay_options *options;
    struct ls_lab lab;
    struct ls_moments moments;
    struct ls_names names;
    struct ls_built built;
    struct class_tally classes[CLASSES_MAX];
    size_t class_count;
    unsigned long sequences;
    unsigned long seen; /* lines, replayed or not */
    unsigned long late; /* sequences, with a disk that was not at once */
    struct ls_tally total;
    /* of the sequence that runs */
    const char *id;
    const char *flavour;
    const struct cJSON *calls;
    bool has_peers; /* the engine was given some: what it answers is a matter of time */
    bool is_trial;  /* nothing is printed */
    bool is_raced;  /* a call of it was answered otherwise in a second run: states part there */
};

/* --- preparation --- */

static void prepare(struct ls_replay *r, const struct cJSON *pre)
{
    uint64_t blocks = 0;
    struct ls_buf state;
    (void)ls_json_u64(ls_json_get(pre, "blocks"), &blocks);
    ls_buf_init(&state, LS_CORPUS_BYTES_MAX);
    for (uint64_t i = 1; i <= blocks && i < r->corpus->block_count; i++) {
        const struct ls_corpus_block *b = &r->corpus->blocks[i];
        ls_event_deliver(&r->lab, b);
        if (ls_json_true(ls_json_get(pre, "fcu_each"))) {
            ls_buf_clear(&state);
            (void)ls_buf_printf(&state,
                                "{\"headBlockHash\":\"%s\",\"safeBlockHash\":\"0x%064d\","
                                "\"finalizedBlockHash\":\"0x%064d\"}",
                                ls_json_str(ls_json_get(b->block, "hash")), 0, 0);
            ls_event_forkchoice(&r->lab, (const char *)state.p);
        }
    }
    const struct cJSON *then = ls_json_get(pre, "then");
    for (const struct cJSON *h = ls_json_first(then); h != NULL; h = ls_json_next(h)) {
        ls_event_deliver(&r->lab, ls_corpus_block(r->corpus, ls_json_str(h)));
    }
    if (ls_json_is_object(ls_json_get(pre, "fcu"))) {
        ls_buf_clear(&state);
        ls_json_print(ls_json_get(pre, "fcu"), &state);
        ls_event_forkchoice(&r->lab, (const char *)state.p);
    }
    ls_buf_fini(&state);
}

/* --- counting --- */

static struct ls_tally *tally_of(struct ls_replay *r, const char *kind, const char *what)
{
    char name[96];
    (void)snprintf(name, sizeof name, "%s %s", kind, what);
    for (size_t i = 0; i < r->class_count; i++) {
        if (strcmp(r->classes[i].name, name) == 0) {
            return &r->classes[i].tally;
        }
    }
    if (r->class_count == CLASSES_MAX) {
        ls_corpus_die("classes", "too many");
    }
    struct class_tally *c = &r->classes[r->class_count++];
    memcpy(c->name, name, sizeof c->name);
    return &c->tally;
}

/* Calls whose recording contradicts itself, by docs/decisions/0008. */
static bool is_excluded(const struct ls_replay *r, size_t call)
{
    static const struct {
        const char *profile;
        const char *id;
        size_t call;
    } list[] = {{"geth", "payload-queue", 16},
                {"geth", "payload-queue", 17},
                {"geth", "payload-queue", 28},
                {"geth", "payload-queue", 31}};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        if (call == list[i].call && strcmp(r->id, list[i].id) == 0 &&
            strcmp(r->options->profile, list[i].profile) == 0) {
            return true;
        }
    }
    return false;
}

static void count(struct ls_tally *t, enum ls_verdict v, bool is_undecided, bool is_raced)
{
    t->excluded += v == LS_VERDICT_EXCLUDED;
    t->calls++;
    t->equal += v == LS_VERDICT_EQUAL;
    t->execution += v == LS_VERDICT_EXECUTION;
    t->different += v == LS_VERDICT_DIFFERENT && !is_raced;
    t->raced += v == LS_VERDICT_DIFFERENT && is_raced;
    t->undecided += is_undecided;
}

/* For all sums at once. */
static void count_call(struct ls_replay *r, const char *method, enum ls_verdict v,
                       bool is_undecided)
{
    count(&r->total, v, is_undecided, r->is_raced);
    count(tally_of(r, "flavour", r->flavour), v, is_undecided, r->is_raced);
    count(tally_of(r, "method", method), v, is_undecided, r->is_raced);
}

static void tell(const struct ls_replay *r, size_t i, const struct cJSON *call, const char *params,
                 const char *answer, enum ls_verdict v)
{
    static const char *const names[] = {"equal", "execution", "different", "excluded"};
    struct ls_buf want;
    const struct cJSON *error = ls_json_get(call, "e");
    ls_buf_init(&want, LS_CORPUS_BYTES_MAX);
    ls_json_print(error != NULL ? error : ls_json_get(call, "r"), &want);
    (void)printf("%s[%zu] %s %s\n  asked    %s\n  recorded %s\n  ours     %s\n", r->id, i,
                 ls_json_str(ls_json_get(call, "m")), names[v], params == NULL ? "null" : params,
                 (const char *)want.p, answer);
    ls_buf_fini(&want);
}

static void report(const struct ls_replay *r, size_t i, const struct cJSON *call,
                   const struct ls_buf *params, const struct ls_buf *answer, enum ls_verdict v)
{
    bool is_shown = r->options->show != NULL && strcmp(r->options->show, r->id) == 0;
    if (!r->is_trial && (is_shown || (r->options->is_verbose && v == LS_VERDICT_DIFFERENT))) {
        tell(r, i, call, (const char *)params->p, (const char *)answer->p, v);
    }
}

/* --- one call --- */

/* Blocks and payload ids that the two engines name differently, from two answers to one call. */
static void learn_names(struct ls_replay *r, const struct cJSON *call, const struct cJSON *ours,
                        bool is_on_built)
{
    const struct cJSON *want = ls_json_get(call, "r");
    const struct cJSON *got = ls_json_get(ours, "result");
    const struct cJSON *payload = ls_json_get(want, "executionPayload");
    const char *id = ls_json_str(ls_json_get(want, "payloadId"));
    const char *our_id = ls_json_str(ls_json_get(got, "payloadId"));
    if (payload != NULL) {
        ls_names_add(&r->names, ls_json_str(ls_json_get(payload, "blockHash")),
                     ls_json_str(ls_json_get(ls_json_get(got, "executionPayload"), "blockHash")));
    }
    /* The id is a hash over the head, too; its first byte is the version. */
    if (is_on_built && id != NULL && our_id != NULL && strncmp(id, our_id, 4) == 0) {
        ls_names_add(&r->names, id, our_id);
    }
}

/* Answers the real engine gives one way or another: whatever it may say counts. */
static enum ls_verdict judge_undecided(const struct ls_replay *r, struct ls_comparison *c,
                                       const char *kind, const struct cJSON *call,
                                       const struct cJSON *answer)
{
    const struct ls_engine_profile *knobs = ls_engine_knobs(r->lab.engine);
    const struct cJSON *result = ls_json_get(answer, "result");
    bool is_fine;
    if (strcmp(kind, "address") == 0) {
        c->any_text = true;
        return ls_compare(c, call, answer);
    }
    if (strcmp(kind, "txindex") == 0) {
        is_fine = knobs->fetch == LS_EL_FETCH_GAP
                      ? ls_syncing_is_reth(ls_json_get(call, "r"), result)
                      : ls_syncing_is_geth(ls_json_get(call, "r"), result,
                                           (struct ls_syncing_view){.has_peers = r->has_peers,
                                                                    .has_head = !knobs->is_snap});
    } else if (strcmp(kind, "pool") == 0) {
        is_fine = ls_json_is_object(ls_json_get(result, "executionPayload"));
    } else {
        return ls_compare(c, call, answer);
    }
    return is_fine ? LS_VERDICT_EQUAL : LS_VERDICT_DIFFERENT;
}

/* The build behind a payload may take what the pool has. */
static bool is_of_pool(const struct ls_replay *r, const struct cJSON *call)
{
    const char *id = ls_json_str(ls_json_at(ls_json_get(call, "p"), 0));
    for (const struct cJSON *c = ls_json_first(r->calls); c != NULL && c != call;
         c = ls_json_next(c)) {
        const char *given = ls_json_str(ls_json_get(ls_json_get(c, "r"), "payloadId"));
        const struct cJSON *at = ls_json_at(ls_json_get(c, "p"), 1);
        if (id != NULL && given != NULL && strcmp(id, given) == 0) {
            return !ls_json_true(ls_json_get(at, "noTxPool"));
        }
    }
    return false;
}

/* The recorded payload has ours, and user transactions of the pool behind: of blocks that were
 * reorged out, when the pool has heard of that. */
static bool has_more_txs(const struct cJSON *call, const struct cJSON *answer)
{
    const struct cJSON *want =
        ls_json_get(ls_json_get(ls_json_get(call, "r"), "executionPayload"), "transactions");
    const struct cJSON *got =
        ls_json_get(ls_json_get(ls_json_get(answer, "result"), "executionPayload"), "transactions");
    const struct cJSON *w = ls_json_first(want);
    const struct cJSON *g = ls_json_first(got);
    while (w != NULL && g != NULL && strcmp(ls_json_str(w), ls_json_str(g)) == 0) {
        w = ls_json_next(w);
        g = ls_json_next(g);
    }
    return ls_json_count(got) > 0 && g == NULL && w != NULL;
}

/* How an answer varies, NULL: it does not. op-geth's transaction indexer shows in every
 * eth_syncing, which only the sequences are marked with. */
static const char *nondeterminism(const struct ls_replay *r, const struct cJSON *call)
{
    const char *nd = ls_json_str(ls_json_get(call, "nd"));
    bool varies = r->has_peers || strcmp(r->options->profile, "geth") == 0;
    if (nd == NULL && varies && strcmp(ls_json_str(ls_json_get(call, "m")), "eth_syncing") == 0) {
        return "txindex";
    }
    return nd;
}

/* Some calls were answered differently in another run: either answer counts. */
static enum ls_verdict judge(const struct ls_replay *r, struct ls_comparison *c,
                             const struct cJSON *call, const struct cJSON *answer)
{
    const char *nd = nondeterminism(r, call);
    const struct cJSON *other = ls_json_get(call, "alt");
    enum ls_verdict v =
        nd != NULL ? judge_undecided(r, c, nd, call, answer) : ls_compare(c, call, answer);
    if (v != LS_VERDICT_DIFFERENT || !ls_json_is_object(other)) {
        return v;
    }
    return ls_compare(c, other, answer);
}

static bool is_race(const struct cJSON *call)
{
    const char *nd = ls_json_str(ls_json_get(call, "nd"));
    return nd != NULL && strcmp(nd, "race") == 0;
}

/* Our answer, with recorded names in out, judged. */
static enum ls_verdict attempt(struct ls_replay *r, size_t i, const struct cJSON *call,
                               const struct ls_buf *params, bool is_on_built, struct ls_buf *out,
                               bool *is_undecided)
{
    const char *method = ls_json_str(ls_json_get(call, "m"));
    const char *port = ls_json_str(ls_json_get(call, "port"));
    uint64_t http = 200;
    (void)ls_json_u64(ls_json_get(call, "http"), &http);
    int status = ls_lab_ask(&r->lab, port != NULL && strcmp(port, "http") == 0, method,
                            (const char *)params->p, out);
    struct cJSON *raw = ls_corpus_parse((const char *)out->p, out->n);
    ls_built_keep(&r->built, i, ls_json_get(ls_json_get(raw, "result"), "executionPayload"));
    learn_names(r, call, raw, is_on_built);
    ls_json_free(raw);
    (void)ls_names_to_recorded(&r->names, out);
    struct cJSON *answer = ls_corpus_parse((const char *)out->p, out->n);
    struct ls_comparison c = {.corpus = r->corpus,
                              .names = &r->names,
                              .is_on_built = is_on_built,
                              .reth_deposits = strcmp(r->options->profile, "reth") == 0};
    enum ls_verdict v = judge(r, &c, call, answer);
    if (v == LS_VERDICT_DIFFERENT && is_of_pool(r, call) && has_more_txs(call, answer)) {
        v = LS_VERDICT_EQUAL;
        *is_undecided = true;
    }
    ls_json_free(answer);
    return status == (int)http ? v : LS_VERDICT_DIFFERENT;
}

/* One call; what was asked and answered go to params and text, which the caller frees. */
static enum ls_verdict ask(struct ls_replay *r, size_t i, const struct cJSON *call,
                           struct ls_buf *params, struct ls_buf *text, bool *is_undecided)
{
    ls_buf_init(params, LS_CORPUS_BYTES_MAX);
    ls_request_params(r->corpus, r->calls, &r->built, call, params);
    bool is_on_built = ls_names_to_ours(&r->names, params);
    return attempt(r, i, call, params, is_on_built, text, is_undecided);
}

static bool is_as_recorded(void *self, size_t i, const struct cJSON *call)
{
    struct ls_buf params;
    struct ls_buf text;
    bool is_undecided = false;
    enum ls_verdict v = ask(self, i, call, &params, &text, &is_undecided);
    ls_buf_fini(&text);
    ls_buf_fini(&params);
    return v != LS_VERDICT_DIFFERENT;
}

/* What the engine does beside its calls shows in its answers. */
static bool takes_time(const struct ls_replay *r)
{
    return r->has_peers || ls_engine_knobs(r->lab.engine)->writes_behind;
}

static void run_call(struct ls_replay *r, size_t i, const struct cJSON *call)
{
    bool is_undecided = nondeterminism(r, call) != NULL || ls_json_get(call, "alt") != NULL;
    struct ls_buf params;
    struct ls_buf text;
    if (takes_time(r)) {
        ls_moments_mark(&r->moments, &r->lab, i, call);
    }
    ls_lab_let_write(&r->lab);
    enum ls_verdict v = ask(r, i, call, &params, &text, &is_undecided);
    if (v == LS_VERDICT_DIFFERENT && takes_time(r) &&
        ls_moments_find(&r->moments, &r->lab, is_as_recorded, r)) {
        v = LS_VERDICT_EQUAL;
        is_undecided = true;
    }
    if (v == LS_VERDICT_DIFFERENT && is_excluded(r, i)) {
        v = LS_VERDICT_EXCLUDED;
    }
    count_call(r, ls_json_str(ls_json_get(call, "m")), v, is_undecided);
    r->is_raced = r->is_raced || is_race(call);
    report(r, i, call, &params, &text, v);
    ls_buf_fini(&text);
    ls_buf_fini(&params);
}

/* The real engine did not answer: its process had ended, or it hung. So must ours. */
static void run_silent(struct ls_replay *r, size_t i, const struct cJSON *call)
{
    const char *method = ls_json_str(ls_json_get(call, "m"));
    bool was_dead = ls_json_get(call, "connection") != NULL;
    struct ls_buf params;
    struct ls_buf text;
    ls_buf_init(&params, LS_CORPUS_BYTES_MAX);
    ls_request_params(r->corpus, r->calls, &r->built, call, &params);
    (void)ls_names_to_ours(&r->names, &params);
    ls_moments_begin(&r->moments);
    bool is_silent = ls_lab_ask(&r->lab, false, method, (const char *)params.p, &text) == 0;
    bool is_equal = is_silent && ls_engine_is_dead(r->lab.engine) == was_dead;
    enum ls_verdict v = is_equal ? LS_VERDICT_EQUAL : LS_VERDICT_DIFFERENT;
    count_call(r, method, v, false);
    report(r, i, call, &params, &text, v);
    ls_buf_fini(&text);
    ls_buf_fini(&params);
}

/* Small enough that every state the real engine showed is that of a tick. */
static uint64_t blocks_a_tick(struct ls_engine *e)
{
    return ls_engine_knobs(e)->fetch == LS_EL_FETCH_GAP ? 64 : 1;
}

/* A row of a sequence: a call with its answer, or something that was done to the engine, which
 * calls of the recorder's own hand are as well. */
static void run_row(struct ls_replay *r, size_t i, const struct cJSON *row)
{
    const char *method = ls_json_str(ls_json_get(row, "m"));
    bool is_answered = ls_json_get(row, "r") != NULL || ls_json_get(row, "e") != NULL;
    if (method != NULL && strncmp(method, "admin_", 6) == 0) {
        r->has_peers = true;
        ls_moments_begin(&r->moments);
        ls_engine_set_backfill(r->lab.engine, blocks_a_tick(r->lab.engine));
    } else if (is_answered) {
        run_call(r, i, row);
    } else if (ls_json_get(row, "connection") != NULL ||
               ls_json_get(row, "no_reply_within_ms") != NULL) {
        run_silent(r, i, row);
    } else if (ls_json_get(row, "event") != NULL) {
        ls_moments_begin(&r->moments);
        ls_event_do(&r->lab, r->corpus, row);
    }
}

/* --- life --- */

struct ls_replay *ls_replay_new(const struct ls_corpus *corpus, const struct ls_replay_options *o)
{
    struct ls_replay *r = ls_corpus_need(calloc(1, sizeof *r));
    r->corpus = corpus;
    r->options = o;
    return r;
}

void ls_replay_free(struct ls_replay *r)
{
    if (r == NULL) {
        return;
    }
    ls_built_clear(&r->built);
    ls_moments_close(&r->moments);
    ls_lab_close(&r->lab);
    free(r);
}

static void run_sequence(struct ls_replay *r, const struct cJSON *seq, struct ls_lab_disk disk)
{
    size_t n = 0;
    r->is_raced = false;
    r->has_peers = false;
    ls_moments_begin(&r->moments);
    ls_names_clear(&r->names);
    ls_built_clear(&r->built);
    ls_lab_fresh(&r->lab, r->corpus, r->options->profile);
    r->lab.disk = disk;
    ls_event_start(&r->lab, r->corpus, ls_json_str(ls_json_get(seq, "desc")));
    prepare(r, ls_json_get(seq, "pre"));
    struct ls_row *rows = ls_rows_as_asked(r->calls, &n);
    for (size_t i = 0; i < n; i++) {
        run_row(r, rows[i].i, rows[i].row);
    }
    free(rows);
}

struct sums {
    struct class_tally classes[CLASSES_MAX];
    size_t class_count;
    struct ls_tally total;
};

static void keep_sums(const struct ls_replay *r, struct sums *s)
{
    memcpy(s->classes, r->classes, sizeof s->classes);
    s->class_count = r->class_count;
    s->total = r->total;
}

static void restore_sums(struct ls_replay *r, const struct sums *s)
{
    memcpy(r->classes, s->classes, sizeof s->classes);
    r->class_count = s->class_count;
    r->total = s->total;
}

static bool has_more_differences(const struct ls_replay *r, const struct sums *before)
{
    return r->total.different != before->total.different || r->total.raced != before->total.raced;
}

/* What a write or removal takes, and where the first batch of blocks ended, shows in the answers
 * only: the first way, from the quickest on, with which all are the recorded ones. */
static struct ls_lab_disk find_disk(struct ls_replay *r, const struct cJSON *seq,
                                    const struct sums *before)
{
    /* The batch that begins with block 3 and ends when 7 or 8 are there. */
    static const unsigned held[] = {0, 14, 16};
    const size_t ways = sizeof held / sizeof held[0];
    for (size_t i = 1; i < ways * (LAG_MAX + 1u); i++) {
        struct ls_lab_disk disk = {.lag = (unsigned)(i / ways), .held = held[i % ways]};
        run_sequence(r, seq, disk);
        bool is_found = !has_more_differences(r, before);
        restore_sums(r, before);
        if (is_found) {
            return disk;
        }
    }
    return (struct ls_lab_disk){.lag = 0};
}

/* With a disk that is as quick as calls are, if that will do. */
static void run_on_disk(struct ls_replay *r, const struct cJSON *seq)
{
    struct sums *before = ls_corpus_need(malloc(sizeof *before));
    struct ls_lab_disk disk = {.lag = 0};
    keep_sums(r, before);
    r->is_trial = true;
    run_sequence(r, seq, disk);
    bool is_told = r->options->show != NULL;
    if (has_more_differences(r, before)) {
        restore_sums(r, before);
        disk = find_disk(r, seq, before);
        is_told = true;
    }
    r->is_trial = false;
    if (is_told) {
        restore_sums(r, before);
        run_sequence(r, seq, disk);
    }
    r->late += disk.lag > 0 || disk.held > 0;
    free(before);
}

void ls_replay_run(struct ls_replay *r, const char *line, size_t n)
{
    if (r->options->every > 1 && r->seen++ % r->options->every != 0) {
        return;
    }
    struct cJSON *seq = ls_corpus_parse(line, n);
    const char *flavour = ls_json_str(ls_json_get(seq, "flavour"));
    r->id = ls_json_str(ls_json_get(seq, "id"));
    r->flavour = flavour == NULL ? "none" : flavour;
    r->calls = ls_json_get(seq, "calls");
    if (r->id == NULL || (r->options->show != NULL && strcmp(r->options->show, r->id) != 0)) {
        ls_json_free(seq);
        return;
    }
    const struct ls_engine_profile *profile = ls_engine_profile_find(r->options->profile);
    if (profile != NULL && profile->writes_behind) {
        run_on_disk(r, seq);
    } else {
        run_sequence(r, seq, (struct ls_lab_disk){.lag = 0});
    }
    r->sequences++;
    ls_json_free(seq);
}

unsigned long ls_replay_sequences(const struct ls_replay *r)
{
    return r->sequences;
}

unsigned long ls_replay_late(const struct ls_replay *r)
{
    return r->late;
}

struct ls_tally ls_replay_total(const struct ls_replay *r)
{
    return r->total;
}

void ls_replay_print(const struct ls_replay *r)
{
    for (size_t i = 0; i < r->class_count; i++) {
        const struct ls_tally *t = &r->classes[i].tally;
        (void)printf("%-56s %6lu calls, %6lu equal, %4lu execution, %4lu different\n",
                     r->classes[i].name, t->calls, t->equal, t->execution, t->different);
    }
}
