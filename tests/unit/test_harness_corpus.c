/*
 * engine_corpus: that it counts equal answers as equal, what only execution can tell as that, and
 * anything else as different; and that the engine answers the recorded corpus.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/json.h"
#include "lib/op/payload.h"
#include "tests/engine_corpus/replay.h"

#define CORPUS "fixtures/engine-corpus"
#define SMALL_BLOCKS 4u
#define GAS_LIMIT 30000000u
#define TEXT_MAX ((size_t)1 << 20)

/* --- a small chain --- */

/* Block n on parent, Canyon, without transactions; the gas limit tells siblings apart. */
static void small_block(struct ls_corpus *c, uint64_t number, uint64_t gas_limit,
                        struct ls_hash *parent)
{
    struct ls_payload p = {.parent_hash = *parent,
                           .number = number,
                           .gas_limit = gas_limit,
                           .timestamp = 1000 + 2 * number,
                           .has_withdrawals = true};
    struct ls_header h;
    struct ls_buf text;
    struct ls_jw w;
    assert_int_equal(ls_payload_header(&p, &h), LS_OK);
    struct ls_hash hash = ls_header_hash(&h);
    ls_buf_init(&text, TEXT_MAX);
    ls_jw_init(&w, &text);
    ls_jw_object(&w, NULL);
    ls_header_write(&h, &hash, &w);
    ls_jw_array(&w, "transactions");
    ls_jw_array_end(&w);
    ls_jw_array(&w, "withdrawals");
    ls_jw_array_end(&w);
    ls_jw_object_end(&w);
    ls_corpus_add_block(c, (const char *)text.p, text.n);
    ls_buf_fini(&text);
    *parent = hash;
}

/* @n: hash of block n. #: zero hash. Single quotes become double ones outside of double quotes. */
static void expand(const struct ls_corpus *c, const char *text, struct ls_buf *out)
{
    bool is_quoted = false;
    for (; *text != '\0'; text++) {
        is_quoted = is_quoted != (*text == '"');
        if (*text == '@') {
            const struct ls_corpus_block *b = &c->blocks[*++text - '0'];
            (void)ls_buf_puts(out, ls_json_str(ls_json_get(b->block, "hash")));
        } else if (*text == '#') {
            (void)ls_buf_printf(out, "0x%064d", 0);
        } else {
            (void)ls_buf_putc(out, *text == '\'' && !is_quoted ? '"' : (uint8_t)*text);
        }
    }
}

static void small_corpus(struct ls_corpus *c)
{
    struct ls_hash parent = {{0}};
    struct ls_buf text;
    *c = (struct ls_corpus){.rollup = {.block_time = 2, .l2_chain_id = 901}};
    for (size_t i = LS_FORK_ECOTONE; i < LS_FORK_COUNT; i++) {
        c->rollup.fork_time[i] = LS_FORK_NEVER;
    }
    for (uint64_t n = 0; n <= SMALL_BLOCKS; n++) {
        small_block(c, n, GAS_LIMIT, &parent);
    }
    (void)ls_json_fixed(ls_json_get(c->blocks[2].block, "hash"), parent.b, sizeof parent.b);
    small_block(c, 3, GAS_LIMIT + 1, &parent); /* @5: beside @3 */
    ls_buf_init(&text, TEXT_MAX);
    expand(c, "{'id':'m0','base':'@2','del':['gasUsed'],'set':{}}", &text);
    ls_corpus_add_mutation(c, (const char *)text.p, text.n);
    ls_buf_fini(&text);
}

static struct ls_tally replay(const struct ls_corpus *c, const char *profile, const char *calls)
{
    const struct ls_replay_options options = {.profile = profile};
    struct ls_replay *r = ls_replay_new(c, &options);
    struct ls_buf text;
    ls_buf_init(&text, TEXT_MAX);
    expand(c,
           "{'id':'small','flavour':'small','pre':{'blocks':1,'fcu':{'headBlockHash':'@1',"
           "'safeBlockHash':'#','finalizedBlockHash':'#'}},'calls':[",
           &text);
    expand(c, calls, &text);
    (void)ls_buf_puts(&text, "]}");
    ls_replay_run(r, (const char *)text.p, text.n);
    struct ls_tally t = ls_replay_total(r);
    ls_buf_fini(&text);
    ls_replay_free(r);
    return t;
}

static void expect_of(const char *profile, const struct ls_corpus *c, const char *calls,
                      unsigned long equal, unsigned long execution, unsigned long different)
{
    struct ls_tally t = replay(c, profile, calls);
    if (t.equal != equal || t.execution != execution || t.different != different) {
        fail_msg("%lu equal, %lu execution, %lu different: %s", t.equal, t.execution, t.different,
                 calls);
    }
}

static void expect(const struct ls_corpus *c, const char *calls, unsigned long equal,
                   unsigned long execution, unsigned long different)
{
    expect_of("geth", c, calls, equal, execution, different);
}

#define STATUS(status, lvh, error) \
    "{'status':'" status "','latestValidHash':" lvh ",'validationError':" error "}"
#define FCU(head) "{'headBlockHash':'" head "','safeBlockHash':'#','finalizedBlockHash':'#'}"

static void counts_equal_answers_as_equal(void **state)
{
    struct ls_corpus c;
    (void)state;
    small_corpus(&c);
    expect(
        &c,
        "{'m':'engine_newPayloadV2','p':[{'$payload':'@3'}],'r':" STATUS(
            "SYNCING", "null",
            "null") "},"
                    "{'m':'engine_newPayloadV2','p':[{'$payload':'@2'}],'r':" STATUS(
                        "VALID", "'@2'",
                        "null") "},"
                                "{'m':'engine_newPayloadV2','p':[{'$payload':'m0'}],'e':{'code':-"
                                "32602,'message':"
                                "\"invalid argument 0: missing required field 'gasUsed' for "
                                "ExecutableData\"}},"
                                "{'m':'engine_forkchoiceUpdatedV3','p':[" FCU(
                                    "@2") ",null],'r':{'payloadId':null,"
                                          "'payloadStatus':" STATUS(
                                              "VALID", "'@2'",
                                              "null") "}},"
                                                      "{'m':'eth_getBlockByNumber','p':['latest',"
                                                      "true],'r':{'$block':'@2','full':true}},"
                                                      "{'m':'eth_getBlockByNumber','p':['latest',"
                                                      "false],'r':{'number':'0x2','hash':'@2'}}",
        6, 0, 0);
    ls_corpus_close(&c);
}

/* Each of these answers is not the engine's. */
static void counts_any_other_answer_as_different(void **state)
{
    static const char *const calls[] = {
        "{'m':'engine_newPayloadV2','p':[{'$payload':'@2'}],'r':" STATUS("SYNCING", "null",
                                                                         "null") "}",
        "{'m':'engine_newPayloadV2','p':[{'$payload':'@2'}],'r':" STATUS("VALID", "'@1'",
                                                                         "null") "}",
        "{'m':'engine_newPayloadV2','p':[{'$payload':'@2'}],'r':{'status':'VALID',"
        "'latestValidHash':'@2'}}",
        "{'m':'engine_newPayloadV2','p':[{'$payload':'@2'}],'http':500,'r':" STATUS("VALID", "'@2'",
                                                                                    "null") "}",
        "{'m':'engine_newPayloadV2','p':[{'$payload':'m0'}],'e':{'code':-32602,'message':'no'}}",
        "{'m':'eth_getBlockByNumber','p':['latest',true],'r':{'$block':'@2','full':true}}",
        "{'m':'eth_getBlockByNumber','p':['latest',true],'r':{'$header':'@1'}}",
        "{'m':'eth_getBlockByNumber','p':['latest',true],'r':null}",
        "{'m':'eth_getBlockByNumber','p':['safe',true],'e':{'code':-32001,'message':"
        "'safe block not found'}}",
        "{'m':'eth_chainId','p':[],'r':'0x1'}",
        "{'m':'eth_getProof','p':['0x4200000000000000000000000000000000000016',[],'0x1'],"
        "'e':{'code':-32000,'message':'header not found'}}",
    };
    struct ls_corpus c;
    (void)state;
    small_corpus(&c);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        expect(&c, calls[i], 0, 0, 1);
    }
    ls_corpus_close(&c);
}

static void counts_roots_in_texts_as_execution(void **state)
{
    struct ls_comparison c = {0};
    static const struct {
        const char *want, *got;
        enum ls_verdict v;
    } rows[] = {
        {"invalid merkle root (remote: 1 local: 2)", "invalid merkle root (remote: 1 local: 3)",
         LS_VERDICT_EXECUTION},
        {"could not apply tx 1 [0x1]: nonce too low", "invalid gas used (remote: 1 local: 3)",
         LS_VERDICT_EXECUTION},
        {"invalid gas used (remote: 1 local: 2)", "invalid gasUsed: have 2, gasLimit 1",
         LS_VERDICT_DIFFERENT},
        {"invalid baseFee: have 1, want 2", "invalid baseFee: have 1, want 3",
         LS_VERDICT_DIFFERENT},
        {"invalid timestamp", "invalid merkle root (remote: 1 local: 3)", LS_VERDICT_DIFFERENT},
    };
    (void)state;
    c.names = test_calloc(1, sizeof *c.names);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_buf text;
        ls_buf_init(&text, TEXT_MAX);
        (void)ls_buf_printf(&text, "{\"m\":\"m\",\"r\":{\"validationError\":\"%s\"}}",
                            rows[i].want);
        struct cJSON *call = ls_corpus_parse((const char *)text.p, text.n);
        ls_buf_clear(&text);
        (void)ls_buf_printf(&text, "{\"result\":{\"validationError\":\"%s\"}}", rows[i].got);
        struct cJSON *answer = ls_corpus_parse((const char *)text.p, text.n);
        assert_int_equal(ls_compare(&c, call, answer), rows[i].v);
        ls_json_free(call);
        ls_json_free(answer);
        ls_buf_fini(&text);
    }
    test_free((void *)(uintptr_t)c.names);
}

/* Blocks that were built have other roots and names, and nothing else. */
static void excuses_only_results_of_blocks_that_were_built(void **state)
{
    static const char built[] =
        "0x1111111111111111111111111111111111111111111111111111111111111111";
    static const char ours[] = "0x2222222222222222222222222222222222222222222222222222222222222222";
    static const struct {
        const char *want, *got;
        enum ls_verdict v;
    } rows[] = {
        {"'stateRoot':'0x1'", "'stateRoot':'0x2'", LS_VERDICT_EXECUTION},
        {"'gasUsed':'0x1','size':'0x1'", "'gasUsed':'0x2','size':'0x3'", LS_VERDICT_EXECUTION},
        {"'gasLimit':'0x1'", "'gasLimit':'0x2'", LS_VERDICT_DIFFERENT},
        {"'baseFeePerGas':'0x1'", "'baseFeePerGas':'0x2'", LS_VERDICT_DIFFERENT},
        {"'a':'0x1'", "'a':'0x1','b':'0x1'", LS_VERDICT_DIFFERENT},
        {"'a':'0x1'", "'a':'0x1','withdrawalsRoot':'0x1'", LS_VERDICT_EXECUTION},
    };
    struct ls_names *names = test_calloc(1, sizeof *names);
    struct ls_comparison c = {.names = names};
    (void)state;
    ls_names_add(names, built, ours);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] * 2; i++) {
        const char *hash = i % 2 == 0 ? built : ours; /* the second: a block that was not built */
        enum ls_verdict v = i % 2 == 0 ? rows[i / 2].v : LS_VERDICT_DIFFERENT;
        struct ls_buf text;
        struct ls_corpus none = {0};
        ls_buf_init(&text, TEXT_MAX);
        (void)ls_buf_printf(&text, "{\"m\":\"m\",\"r\":{\"hash\":\"%s\",", hash);
        expand(&none, rows[i / 2].want, &text);
        (void)ls_buf_puts(&text, "}}");
        struct cJSON *call = ls_corpus_parse((const char *)text.p, text.n);
        ls_buf_clear(&text);
        (void)ls_buf_printf(&text, "{\"result\":{\"hash\":\"%s\",", hash);
        expand(&none, rows[i / 2].got, &text);
        (void)ls_buf_puts(&text, "}}");
        struct cJSON *answer = ls_corpus_parse((const char *)text.p, text.n);
        assert_int_equal(ls_compare(&c, call, answer), v);
        ls_json_free(call);
        ls_json_free(answer);
        ls_buf_fini(&text);
    }
    test_free(names);
}

static void names_of_built_blocks_are_exchanged_both_ways(void **state)
{
    struct ls_names *names = test_calloc(1, sizeof *names);
    struct ls_buf text;
    (void)state;
    ls_buf_init(&text, TEXT_MAX);
    ls_names_add(names, "0x0011223344556677", "0x8899aabbccddeeff");
    ls_names_add(names, "0x01", "0x01"); /* the same: no name */
    ls_names_add(names, "0x01", NULL);
    assert_int_equal(names->count, 1);
    (void)ls_buf_puts(&text, "[\"0x0011223344556677\",\"local: 0011223344556677\"]");
    assert_true(ls_names_to_ours(names, &text));
    assert_string_equal((const char *)text.p,
                        "[\"0x8899aabbccddeeff\",\"local: 8899aabbccddeeff\"]");
    assert_false(ls_names_to_ours(names, &text));
    assert_true(ls_names_to_recorded(names, &text));
    assert_string_equal((const char *)text.p,
                        "[\"0x0011223344556677\",\"local: 0011223344556677\"]");
    assert_true(ls_names_has(names, "0x0011223344556677"));
    assert_false(ls_names_has(names, "0x8899aabbccddeeff"));
    ls_buf_fini(&text);
    test_free(names);
}

/* --- the recorded corpus --- */

static void run_line(void *self, const char *line, size_t n)
{
    ls_replay_run(self, line, n);
}

static void geth_answers_as_the_real_one_did(void **state)
{
    static const struct ls_replay_options options = {.profile = "geth", .is_verbose = true};
    struct ls_corpus c;
    (void)state;
    ls_corpus_open(&c, CORPUS);
    struct ls_replay *r = ls_replay_new(&c, &options);
    ls_corpus_lines(CORPUS "/op-geth.ndjson.zst", run_line, r);
    struct ls_tally t = ls_replay_total(r);
    assert_int_equal(t.different, 0);
    assert_int_equal(ls_replay_sequences(r), 1540);
    assert_int_equal(t.equal + t.execution, 45642);
    assert_true(t.execution < 1000); /* a rule that excused more would hide something */
    ls_replay_free(r);
    ls_corpus_close(&c);
}

/* Under a sanitizer a sample has to do: the whole takes half a minute there. */
#if defined(__SANITIZE_ADDRESS__)
#define EVERY 10
#else
#define EVERY 1
#endif

static struct ls_tally replay_files(const struct ls_replay_options *o, const char *const *files,
                                    size_t n, unsigned long *sequences)
{
    struct ls_corpus c;
    ls_corpus_open(&c, CORPUS);
    struct ls_replay *r = ls_replay_new(&c, o);
    for (size_t i = 0; i < n; i++) {
        ls_corpus_lines(files[i], run_line, r);
    }
    struct ls_tally t = ls_replay_total(r);
    *sequences = ls_replay_sequences(r);
    ls_replay_free(r);
    ls_corpus_close(&c);
    return t;
}

static void reth_answers_as_the_real_one_did(void **state)
{
    static const struct ls_replay_options o = {
        .profile = "reth", .is_verbose = true, .every = EVERY};
    static const char *const files[] = {CORPUS "/op-reth.ndjson.zst"};
    unsigned long sequences;
    (void)state;
    struct ls_tally t = replay_files(&o, files, 1, &sequences);
    assert_int_equal(t.different, 0);
    assert_int_equal(sequences, 1540 / EVERY);
    assert_int_equal(t.equal + t.execution, t.calls);
    assert_true(t.calls > 40000 / EVERY);
    assert_true(t.execution < 1200 / EVERY * 2);
}

static void reth_has_the_quirks_of_the_real_one(void **state)
{
    static const struct ls_replay_options o = {.profile = "reth", .is_verbose = true};
    static const char *const files[] = {CORPUS "/op-reth-quirks.ndjson.zst"};
    unsigned long sequences;
    (void)state;
    struct ls_tally t = replay_files(&o, files, 1, &sequences);
    assert_int_equal(t.different, 0);
    assert_int_equal(sequences, 69);
    assert_int_equal(t.equal + t.execution, t.calls);
    assert_int_equal(t.calls, 2947);
    assert_true(t.execution < 30);
    assert_true(t.undecided < 60); /* answers for which time was found */
}

static void restarts_and_kills_leave_what_the_real_engines_had(void **state)
{
    static const struct ls_replay_options geth = {.profile = "geth", .is_verbose = true};
    static const struct ls_replay_options reth = {.profile = "reth", .is_verbose = true};
    static const char *const of_geth[] = {CORPUS "/op-geth-restart.ndjson.zst"};
    static const char *const of_reth[] = {CORPUS "/op-reth-restart.ndjson.zst"};
    unsigned long sequences;
    (void)state;
    struct ls_tally t = replay_files(&geth, of_geth, 1, &sequences);
    assert_int_equal(t.different, 0);
    assert_int_equal(sequences, 36);
    assert_int_equal(t.calls, 1078);
    t = replay_files(&reth, of_reth, 1, &sequences);
    assert_int_equal(t.different, 0);
    assert_int_equal(sequences, 70);
    assert_int_equal(t.calls, 1782);
}

static void geth_has_the_limits_of_the_real_one(void **state)
{
    static const struct ls_replay_options o = {.profile = "geth", .is_verbose = true};
    static const char *const files[] = {CORPUS "/op-geth-quirks.ndjson.zst"};
    unsigned long sequences;
    (void)state;
    struct ls_tally t = replay_files(&o, files, 1, &sequences);
    assert_int_equal(t.different, 0);
    assert_int_equal(t.excluded, 4); /* docs/decisions/0008 */
    assert_int_equal(t.calls, 394);
}

static void both_engines_synchronise_by_peers_as_the_real_ones(void **state)
{
    static const struct ls_replay_options geth = {.profile = "geth", .is_verbose = true};
    static const struct ls_replay_options reth = {.profile = "reth", .is_verbose = true};
    static const char *const of_geth[] = {CORPUS "/op-geth-sync.ndjson.zst"};
    static const char *const of_reth[] = {CORPUS "/op-reth-sync.ndjson.zst"};
    unsigned long sequences;
    (void)state;
    struct ls_tally t = replay_files(&geth, of_geth, 1, &sequences);
    assert_int_equal(t.different, 0);
    assert_int_equal(t.calls, 4660);
    t = replay_files(&reth, of_reth, 1, &sequences);
    assert_int_equal(t.different, 0);
    assert_int_equal(t.calls, 7264);
}

/* --- time --- */

#define PEERS "{'m':'admin_addPeer','p':['x'],'r':true}"
#define NUMBER(n) "{'m':'eth_blockNumber','p':[],'r':'" n "'}"
#define FAR                                                                             \
    "{'m':'engine_forkchoiceUpdatedV3','p':[" FCU("@4") ",null],'r':{'payloadId':null," \
                                                        "'payloadStatus':" STATUS(      \
                                                            "SYNCING", "null", "null") "}}"
#define PROGRESS(current, highest)                                                  \
    "{'m':'eth_syncing','p':[],'r':{'startingBlock':'0x1','currentBlock':'" current \
    "','highestBlock':'" highest "'}}"
#define IDLE "{'m':'eth_syncing','p':[],'r':false}"

static void time_goes_on_for_recorded_answers_in_their_order_only(void **state)
{
    struct ls_corpus c;
    (void)state;
    small_corpus(&c);
    expect(&c, PEERS "," FAR "," NUMBER("0x2") "," NUMBER("0x4"), 3, 0, 0);
    expect(&c, PEERS "," FAR "," NUMBER("0x4") "," NUMBER("0x3"), 2, 0, 1);
    expect(&c, FAR "," NUMBER("0x4"), 1, 0, 1); /* nobody to get it from */
    expect(&c, PEERS "," FAR "," NUMBER("0x9") "," NUMBER("0x1"), 2, 0, 1);
    ls_corpus_close(&c);
}

/* A head that is known only when time went on before the call ahead, which shows nothing of it. */
static void time_may_have_gone_on_before_an_earlier_call(void **state)
{
    struct ls_corpus c;
    (void)state;
    small_corpus(&c);
    expect(&c,
           PEERS "," FAR "," FAR ",{'m':'engine_forkchoiceUpdatedV3','p':[" FCU(
               "@2") ",null],'r':{'payloadId':null,"
                     "'payloadStatus':" STATUS("VALID", "'@2'", "null") "}}," NUMBER("0x3"),
           4, 0, 0);
    ls_corpus_close(&c);
}

static void eth_syncing_must_tell_that_it_runs_and_how_far_it_is(void **state)
{
    struct ls_corpus c;
    (void)state;
    small_corpus(&c);
    expect(&c, PEERS "," FAR "," PROGRESS("0x2", "0x4") "," NUMBER("0x2") "," IDLE, 4, 0, 0);
    expect(&c, PEERS "," FAR "," NUMBER("0x2") "," PROGRESS("0x1", "0x4"), 2, 0, 1);
    expect(&c, PEERS "," FAR "," NUMBER("0x4") "," PROGRESS("0x2", "0x4"), 2, 0, 1);
    expect(&c, PEERS "," FAR "," NUMBER("0x2") "," IDLE "," NUMBER("0x2"), 3, 0, 1);
    expect(&c, PEERS "," PROGRESS("0x2", "0x4"), 0, 0, 1);
    expect(&c, PEERS "," IDLE "," PROGRESS("0x4", "0x4"), 2, 0, 0);
    ls_corpus_close(&c);
}

/* --- op-reth's disk --- */

#define NEW(n)                                         \
    "{'m':'engine_newPayloadV2','p':[{'$payload':'@" n \
    "'}],'r':" STATUS("VALID", "'@" n "'", "null") "}"
#define HEAD(n)                                                                          \
    "{'m':'engine_forkchoiceUpdatedV3','p':[" FCU("@" n) ",null],'r':{'payloadId':null," \
                                                         "'payloadStatus':" STATUS(      \
                                                             "VALID", "'@" n "'", "null") "}}"
#define BY_HASH(n, r) "{'m':'eth_getBlockByHash','p':['@" n "',false],'r':" r "}"
#define FOUND "{'$block':'@3','full':false}"
#define LATEST(n) \
    "{'m':'eth_getBlockByNumber','p':['latest',false],'r':{'$block':'@" n "','full':false}}"
/* Block 3 is written, and leaves the chain. */
#define REORGED NEW("2") "," HEAD("2") "," NEW("3") "," HEAD("3") "," NEW("5") "," HEAD("5")

/* What left the chain is there until the disk lets it go, or for good when it was read before; and
 * not yet there when its write was late. */
static void the_disk_goes_on_for_recorded_answers_in_their_order_only(void **state)
{
    struct ls_corpus c;
    (void)state;
    small_corpus(&c);
    expect_of("reth", &c, REORGED "," BY_HASH("3", FOUND) "," BY_HASH("3", FOUND), 8, 0, 0);
    expect_of("reth", &c, REORGED "," BY_HASH("3", "null") "," BY_HASH("3", "null"), 8, 0, 0);
    expect_of("reth", &c, REORGED "," BY_HASH("3", FOUND) "," BY_HASH("3", "null"), 7, 0, 1);
    expect_of("reth", &c, REORGED "," BY_HASH("3", "null") "," BY_HASH("3", FOUND), 8, 0, 0);
    expect_of("reth", &c, REORGED "," BY_HASH("4", FOUND), 6, 0, 1);
    expect_of("geth", &c, REORGED "," BY_HASH("3", "null"), 6, 0, 1);
    ls_corpus_close(&c);
}

/* A forkchoice to such a block is VALID either way: what follows tells whether it did anything. */
static void a_forkchoice_is_taken_as_what_follows_tells(void **state)
{
    struct ls_corpus c;
    (void)state;
    small_corpus(&c);
    expect_of("reth", &c, REORGED "," HEAD("3") "," LATEST("3"), 8, 0, 0);
    expect_of("reth", &c, REORGED "," HEAD("3") "," LATEST("5"), 8, 0, 0);
    expect_of("reth", &c, REORGED "," HEAD("3") "," LATEST("3") "," LATEST("5"), 8, 0, 1);
    expect_of("reth", &c, REORGED "," HEAD("3") "," LATEST("5") "," LATEST("3"), 8, 0, 1);
    ls_corpus_close(&c);
}

/* --- calls without an answer, and beside others --- */

#define LOST "{'m':'eth_blockNumber','p':[],'connection':'ConnectionRefusedError'}"
#define HUNG "{'m':'eth_blockNumber','p':[],'no_reply_within_ms':5000}"

static void a_call_without_an_answer_must_have_none_from_us(void **state)
{
    struct ls_corpus c;
    (void)state;
    small_corpus(&c);
    expect(&c, NUMBER("0x1") "," LOST, 1, 0, 1);
    expect(&c, NUMBER("0x1") "," HUNG "," NUMBER("0x1"), 2, 0, 1);
    ls_corpus_close(&c);
}

static void calls_are_asked_in_the_order_of_their_times(void **state)
{
    struct ls_corpus c;
    (void)state;
    small_corpus(&c);
    expect(&c,
           NEW("2") ",{'t_ms':9,'m':'eth_blockNumber','p':[],'r':'0x2'},{'t_ms':5,'m':'engine_"
                    "forkchoiceUpdatedV3','p':[" FCU(
                        "@2") ",null],'r':{'payloadId':null,'payloadStatus':" STATUS("VALID",
                                                                                     "'@2'",
                                                                                     "null") "}}",
           3, 0, 0);
    expect(&c, NEW("2") "," NUMBER("0x2") "," HEAD("2"), 2, 0, 1);
    ls_corpus_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_equal_answers_as_equal),
        cmocka_unit_test(counts_any_other_answer_as_different),
        cmocka_unit_test(counts_roots_in_texts_as_execution),
        cmocka_unit_test(excuses_only_results_of_blocks_that_were_built),
        cmocka_unit_test(names_of_built_blocks_are_exchanged_both_ways),
        cmocka_unit_test(geth_answers_as_the_real_one_did),
        cmocka_unit_test(geth_has_the_limits_of_the_real_one),
        cmocka_unit_test(both_engines_synchronise_by_peers_as_the_real_ones),
        cmocka_unit_test(time_goes_on_for_recorded_answers_in_their_order_only),
        cmocka_unit_test(time_may_have_gone_on_before_an_earlier_call),
        cmocka_unit_test(eth_syncing_must_tell_that_it_runs_and_how_far_it_is),
        cmocka_unit_test(the_disk_goes_on_for_recorded_answers_in_their_order_only),
        cmocka_unit_test(a_forkchoice_is_taken_as_what_follows_tells),
        cmocka_unit_test(a_call_without_an_answer_must_have_none_from_us),
        cmocka_unit_test(calls_are_asked_in_the_order_of_their_times),
        cmocka_unit_test(reth_answers_as_the_real_one_did),
        cmocka_unit_test(reth_has_the_quirks_of_the_real_one),
        cmocka_unit_test(restarts_and_kills_leave_what_the_real_engines_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
