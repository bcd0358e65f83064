/*
 * engine_corpus on recorded conversations: what happened to an engine follows from what it
 * answered, and from nothing else; answers nothing explains differ. And our engine answers the
 * recorded conversations of a node with its op-geth.
 */
#include <stdlib.h>

#include "lib/json.h"
#include "lib/jsonw.h"
#include "tests/engine_corpus/talk.h"
#include "tests/unit/talk_folder.h"

#define TEXT_MAX ((size_t)1 << 20)

/* --- conversations in short ---
 *
 * np N STATUS: newPayload of canonical block N.
 *
 * fcu H S F STATUS: forkchoice; 0 is no label. STATUS may be MISSING, the error of a safe block
 * that is not there.
 *
 * at N M: the block read at number N is M, or "-" for null.
 *
 * probe L S F: labels that were read; "-" is none.
 *
 * deed: something was done. down: the engine was not there. made-up: the next answer is another
 * program's.
 */

struct writer {
    const struct ls_corpus *c;
    struct ls_buf text;
    bool is_made_up;
};

static const char *hash_of(const struct writer *w, const char *number)
{
    const struct ls_corpus_block *b = ls_corpus_at(w->c, strtoull(number, NULL, 10));
    assert_non_null(b);
    return ls_json_str(ls_json_get(b->block, "hash"));
}

static void put_exchange(struct writer *w, const char *method, const char *params,
                         const char *answer)
{
    (void)ls_buf_printf(&w->text,
                        "{\"at_ms\":1,\"peer\":\"engine\",\"req\":{\"id\":1,\"method\":\"%s\","
                        "\"params\":[%s]},\"res\":{\"id\":1,%s},\"http\":200%s}\n",
                        method, params, answer, w->is_made_up ? ",\"fault\":\"rewritten\"" : "");
    w->is_made_up = false;
}

static void status(const struct writer *w, char *const *word, const char *valid, size_t bytes,
                   char *out)
{
    bool is_valid = strcmp(word[0], "VALID") == 0;
    (void)snprintf(
        out, bytes, "{\"status\":\"%s\",\"latestValidHash\":%s%s%s,\"validationError\":null}",
        word[0], is_valid ? "\"" : "", is_valid ? hash_of(w, valid) : "null", is_valid ? "\"" : "");
}

static void put_payload(struct writer *w, char *const *word)
{
    char params[1024];
    char verdict[256];
    char answer[512];
    const struct ls_corpus_block *b = ls_corpus_at(w->c, strtoull(word[1], NULL, 10));
    status(w, word + 2, word[1], sizeof verdict, verdict);
    (void)snprintf(params, sizeof params,
                   "{\"blockHash\":\"%s\",\"blockNumber\":\"0x%llx\",\"parentHash\":\"%s\","
                   "\"timestamp\":%s,\"transactions\":1}",
                   hash_of(w, word[1]), (unsigned long long)b->number,
                   ls_json_str(ls_json_get(b->block, "parentHash")), "\"0x1\"");
    (void)snprintf(answer, sizeof answer, "\"result\":%s", verdict);
    put_exchange(w, b->method, params, answer);
}

static void put_forkchoice(struct writer *w, char *const *word)
{
    static const char zero[] = "0x0000000000000000000000000000000000000000000000000000000000000000";
    char params[1024];
    char verdict[256];
    char answer[512];
    const char *label[2];
    for (size_t i = 0; i < 2; i++) {
        label[i] = strcmp(word[2 + i], "0") == 0 ? zero : hash_of(w, word[2 + i]);
    }
    (void)snprintf(
        params, sizeof params,
        "{\"headBlockHash\":\"%s\",\"safeBlockHash\":\"%s\",\"finalizedBlockHash\":\"%s\"}"
        ",null",
        hash_of(w, word[1]), label[0], label[1]);
    if (strcmp(word[4], "MISSING") == 0) {
        (void)snprintf(
            answer, sizeof answer,
            "\"error\":{\"code\":-38002,\"message\":\"Invalid forkchoice state\",\"data\":{"
            "\"err\":\"safe block not available in database\"}}");
    } else {
        status(w, word + 4, word[1], sizeof verdict, verdict);
        (void)snprintf(answer, sizeof answer,
                       "\"result\":{\"payloadStatus\":%s,\"payloadId\":null}", verdict);
    }
    put_exchange(w, "engine_forkchoiceUpdatedV3", params, answer);
}

static void put_read(struct writer *w, char *const *word)
{
    char params[64];
    char answer[256] = "\"result\":null";
    (void)snprintf(params, sizeof params, "\"0x%llx\",true", strtoull(word[1], NULL, 10));
    if (strcmp(word[2], "-") != 0) {
        const struct ls_corpus_block *b = ls_corpus_at(w->c, strtoull(word[2], NULL, 10));
        (void)snprintf(answer, sizeof answer, "\"result\":{\"hash\":\"%s\",\"transactions\":%zu}",
                       hash_of(w, word[2]), ls_json_count(ls_json_get(b->block, "transactions")));
    }
    put_exchange(w, "eth_getBlockByNumber", params, answer);
}

static void put_probe(struct writer *w, char *const *word)
{
    static const char *const names[] = {"latest", "safe", "finalized"};
    (void)ls_buf_puts(&w->text, "{\"at_ms\":1,\"peer\":\"probe\",\"el\":{");
    for (size_t i = 0; i < 3; i++) {
        (void)ls_buf_printf(&w->text, "%s\"%s\":\"", i > 0 ? "," : "", names[i]);
        if (strcmp(word[1 + i], "-") == 0) {
            (void)ls_buf_puts(&w->text, "not found\"");
        } else {
            (void)ls_buf_printf(&w->text, "%s:%.10s\"", word[1 + i], hash_of(w, word[1 + i]));
        }
    }
    (void)ls_buf_puts(&w->text, "}}\n");
}

static void put_line(struct writer *w, char *const *word)
{
    if (strcmp(word[0], "np") == 0) {
        put_payload(w, word);
    } else if (strcmp(word[0], "fcu") == 0) {
        put_forkchoice(w, word);
    } else if (strcmp(word[0], "at") == 0) {
        put_read(w, word);
    } else if (strcmp(word[0], "probe") == 0) {
        put_probe(w, word);
    } else if (strcmp(word[0], "deed") == 0) {
        (void)ls_buf_puts(&w->text, "{\"at_ms\":1,\"peer\":\"harness\",\"event\":\"deed\"}\n");
    } else if (strcmp(word[0], "down") == 0) {
        (void)ls_buf_puts(&w->text,
                          "{\"at_ms\":1,\"peer\":\"probe\",\"el\":{\"latest\":\"down\"}}\n");
    } else {
        assert_string_equal(word[0], "made-up");
        w->is_made_up = true;
    }
}

static void write_talk(struct writer *w, const char *script)
{
    char copy[1024];
    char *save = NULL;
    (void)snprintf(copy, sizeof copy, "%s", script);
    for (char *line = strtok_r(copy, ";", &save); line != NULL; line = strtok_r(NULL, ";", &save)) {
        char *word[6] = {NULL};
        char *inner = NULL;
        size_t n = 0;
        for (char *t = strtok_r(line, " ", &inner); t != NULL; t = strtok_r(NULL, " ", &inner)) {
            assert_true(n < 6);
            word[n++] = t;
        }
        put_line(w, word);
    }
}

/* --- the rules --- */

struct row {
    const char *what;
    const char *script;
    unsigned long different;
    unsigned long clock;
    struct ls_world_counts world;
};

#define LIFE 1
static const struct row rows[] = {
    {"a fresh engine imports in order",
     "probe 0 - -;np 1 VALID;fcu 1 0 0 VALID;probe 1 - -;at 1 1;at 2 -",
     0,
     0,
     {.lives = LIFE}},
    {"a status that is not the engine's differs",
     "probe 0 - -;np 1 SYNCING",
     1,
     0,
     {.lives = LIFE}},
    {"a block that is not the engine's differs", "probe 9 - -;at 8 7", 1, 0, {.lives = LIFE}},
    {"labels that are not the engine's differ",
     "probe 9 - -;fcu 9 8 7 VALID;probe 9 8 7;probe 9 8 6",
     1,
     0,
     {.lives = LIFE}},
    {"labels are as they were read first",
     "probe 9 8 7;at 9 9;at 10 -;probe 9 8 7",
     0,
     0,
     {.lives = LIFE}},
    {"without a reading the engine begins at genesis",
     "at 0 0;np 2 SYNCING",
     0,
     0,
     {.lives = LIFE}},
    {"without a reading a block on the chain shows the head",
     "at 5 5;np 6 VALID",
     0,
     0,
     {.lives = LIFE, .there = 1}},
    {"what nobody denied was there", "probe 3 - -;np 5 VALID", 0, 0, {.lives = LIFE, .there = 1}},
    {"what was denied is not there without a reason",
     "probe 3 - -;np 5 SYNCING;np 5 VALID",
     1,
     0,
     {.lives = LIFE}},
    {"a read of null denies what is above", "probe 3 - -;at 4 -;np 6 VALID", 1, 0, {.lives = LIFE}},
    {"a deed before the denial is no reason",
     "probe 3 - -;deed;np 5 SYNCING;np 5 VALID",
     1,
     0,
     {.lives = LIFE}},
    {"a deed after it is",
     "probe 3 - -;np 5 SYNCING;deed;np 5 VALID",
     0,
     0,
     {.lives = LIFE, .given = 1}},
    {"peers send what a forkchoice asked for",
     "probe 3 - -;fcu 9 8 7 SYNCING;fcu 9 8 7 VALID;probe 9 8 7",
     0,
     1,
     {.lives = LIFE, .synced = 1}},
    {"and what is on the way to it, the labels as they were",
     "probe 3 - -;fcu 9 8 7 SYNCING;probe 6 - -;at 6 6;at 7 -",
     0,
     1,
     {.lives = LIFE, .synced = 1}},
    {"and nothing above it",
     "probe 3 - -;fcu 9 8 7 SYNCING;np 12 SYNCING;np 12 VALID",
     1,
     0,
     {.lives = LIFE}},
    {"what peers sent moves no label",
     "probe 3 - -;fcu 9 8 7 SYNCING;probe 9 8 -",
     1,
     1,
     {.lives = LIFE, .synced = 1}},
    {"a safe block that was missing was denied",
     "probe 9 - -;fcu 9 12 0 MISSING;np 13 VALID",
     1,
     0,
     {.lives = LIFE}},
    {"a head that went back without a deed differs",
     "probe 9 8 7;probe 5 - -",
     1,
     0,
     {.lives = LIFE}},
    {"nor is one before the head was seen a reason",
     "probe 9 8 7;deed;probe 9 8 7;probe 5 - -",
     1,
     0,
     {.lives = LIFE}},
    {"a head nobody asked for differs", "probe 3 - -;probe 9 - -", 1, 0, {.lives = LIFE}},
    {"unless something was done",
     "probe 3 - -;deed;probe 9 - -;at 8 8",
     0,
     0,
     {.lives = LIFE, .given = 1}},
    {"one that was taken back loses the labels above",
     "probe 9 8 3;deed;probe 5 - 3;at 6 -",
     0,
     0,
     {.lives = LIFE, .rewound = 1}},
    {"a probe may have read before the last call",
     "probe 3 - -;np 4 VALID;fcu 4 0 0 VALID;np 5 VALID;probe 3 - -;probe 4 - -",
     0,
     1,
     {.lives = LIFE}},
    {"or before some calls, which takes nothing back",
     "probe 3 - -;np 4 VALID;fcu 4 0 0 VALID;deed;np 5 VALID;fcu 5 4 0 VALID;probe 3 - -;at 5 5",
     0,
     1,
     {.lives = LIFE}},
    {"but not before the last probe",
     "probe 3 - -;np 4 VALID;fcu 4 0 0 VALID;probe 4 - -;probe 3 - -",
     1,
     0,
     {.lives = LIFE}},
    {"an engine that was down begins anew",
     "probe 9 8 7;down;probe 3 - -;np 5 SYNCING;np 4 VALID",
     0,
     0,
     {.lives = 2}},
    {"and keeps no denial",
     "probe 3 - -;np 5 SYNCING;down;probe 3 - -;np 5 VALID",
     0,
     0,
     {.lives = 2, .there = 1}},
    {"what another program answered is not compared, and did not reach the engine",
     "probe 3 - -;made-up;np 4 SYNCING;made-up;fcu 4 0 0 VALID;probe 3 - -",
     0,
     0,
     {.lives = LIFE}},
};

static void check(const struct row *row, const struct ls_talk_sum *s)
{
    const struct ls_world_counts *w = &s->world;
    if (s->tally.different != row->different || s->tally.undecided != row->clock ||
        memcmp(w, &row->world, sizeof *w) != 0) {
        fail_msg(
            "%s: %lu different, %lu by the clock; lives %lu, there %lu, synced %lu, given %lu, "
            "rewound %lu",
            row->what, s->tally.different, s->tally.undecided, w->lives, w->there, w->synced,
            w->given, w->rewound);
    }
}

static void what_happened_follows_from_the_answers(void **state)
{
    static const struct ls_replay_options options = {.profile = "geth"};
    struct ls_corpus c;
    struct talk_folder f;
    char path[LS_PATH_MAX];
    (void)state;
    talk_make(&f);
    talk_path(&f, "in", path);
    ls_corpus_open(&c, "fixtures/devnet-forks");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct writer w = {.c = &c};
        ls_buf_init(&w.text, TEXT_MAX);
        write_talk(&w, rows[i].script);
        talk_write(&f, "in", (const char *)w.text.p);
        struct ls_talk *t = ls_talk_new(&c, &options);
        assert_true(ls_talk_is(path));
        ls_talk_run(t, path);
        struct ls_talk_sum sum = ls_talk_total(t);
        check(&rows[i], &sum);
        ls_talk_free(t);
        ls_buf_fini(&w.text);
    }
    ls_corpus_close(&c);
    talk_remove(&f);
}

/* --- the recorded conversations --- */

static void geth_answers_the_recorded_node(void **state)
{
    static const char *const names[] = {"A-cl-fresh-gossip",
                                        "B-cl-fresh-peers-gossip",
                                        "D-elsync-fresh-peers-gossip",
                                        "E-elsync-fresh-peers-nogossip",
                                        "F-cl-progressed-nogossip",
                                        "G-l1-reorg",
                                        "boot02",
                                        "boot04",
                                        "boot15",
                                        "clrestart",
                                        "cur-l1-zero",
                                        "el-answers",
                                        "el-fresh-gossip-moving",
                                        "el-long",
                                        "el-lost-blocks",
                                        "el-mid",
                                        "el-start",
                                        "fin-conflict",
                                        "gap-starve",
                                        "hungsrc",
                                        "l1-long",
                                        "l1-mid",
                                        "l1-start",
                                        "missing",
                                        "missing-fresh",
                                        "reo-live",
                                        "reo03",
                                        "reo03-unknown",
                                        "reo04",
                                        "reo05",
                                        "src-content",
                                        "src-late",
                                        "src-transport",
                                        "src-transport2",
                                        "syn01",
                                        "syn06",
                                        "uns11",
                                        "a-boot04",
                                        "a-boot04-nolabels",
                                        "a-burst",
                                        "a-burst-reverse",
                                        "a-fresh-gossip-first",
                                        "a-payload-race"};
    static const struct ls_replay_options options = {.profile = "geth", .is_verbose = true};
    const size_t count = sizeof names / sizeof names[0];
    struct ls_corpus c;
    (void)state;
    ls_corpus_open(&c, "fixtures/devnet-forks");
    ls_corpus_extend(&c, "fixtures/devnet-dense");
    ls_corpus_extend(&c, "fixtures/devnet-reorgs");
    struct ls_talk *t = ls_talk_new(&c, &options);
    for (size_t i = 0; i < count; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "fixtures/conversations/op-node-%s", names[i]);
        ls_talk_run(t, path);
    }
    struct ls_talk_sum s = ls_talk_total(t);
    assert_int_equal(s.tally.different, 0);
    assert_int_equal(s.talks, count);
    assert_int_equal(s.tally.equal, 5088);
    assert_int_equal(s.foreign, 205);
    /* Rules that explained more would hide something. */
    assert_true(s.tally.undecided < 50);
    assert_true(s.world.there < 20 && s.world.given < 3 && s.world.rewound == 1);
    ls_talk_free(t);
    ls_corpus_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_happened_follows_from_the_answers),
        cmocka_unit_test(geth_answers_the_recorded_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
