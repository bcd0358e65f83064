/*
 * Rows and folders of conversations: written, read, killed, finished, taken up again, damaged; and
 * transcripts of other tools.
 */
#include "tests/unit/talk_folder.h"

#include "harness/record/transcript.h"
#include "lib/zst.h"

struct rig {
    struct talk_folder f;
    struct ls_tape tape;
    struct ls_recording r;
    bool is_recording;
    struct ls_arena a;
    struct ls_buf b;
};

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    *state = r;
    talk_make(&r->f);
    ls_arena_init(&r->a, 1u << 20);
    ls_buf_init(&r->b, 1u << 20);
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    if (r->is_recording) {
        ls_recording_close(&r->r);
    }
    ls_tape_close(&r->tape);
    talk_remove(&r->f);
    ls_arena_fini(&r->a);
    ls_buf_fini(&r->b);
    free(r);
    return 0;
}

static struct ls_span span(const char *s)
{
    return (struct ls_span){(const uint8_t *)s, strlen(s)};
}

/* --- rows --- */

/* What is read from a line and written again is the line. */
static void comes_back(struct rig *r, const char *line)
{
    struct ls_row row;
    struct ls_diag d = {{0}};

    ls_buf_clear(&r->b);
    if (ls_row_read(span(line), &r->a, &row, &d) != LS_OK) {
        fail_msg("%s: %s", line, d.text);
    }
    ls_row_write(&row, &r->b);
    assert_int_equal(r->b.err, LS_OK);
    assert_string_equal((const char *)r->b.p, line);
}

#define HEAD "{\"seq_in\":1,\"seq_out\":4,\"at_ms\":20,\"ms\":3,\"peer\":\"engine\","

static void rows_of_every_kind_come_back_byte_for_byte(void **state)
{
    struct rig *r = *state;

    comes_back(r, HEAD "\"method\":\"a\",\"params\":[ 1, {\"b\":\"\\u00e4\"}],\"result\":null,"
                       "\"http\":200}");
    comes_back(r, HEAD "\"method\":\"a\",\"error\":{\"code\":-32000},\"http\":429,"
                       "\"retry_after\":7}");
    comes_back(r, HEAD "\"batch\":[{\"method\":\"a\",\"result\":1},{\"method\":\"b\"}],"
                       "\"http\":200}");
    comes_back(r, HEAD "\"method\":\"a\",\"fail\":\"gone\",\"http\":0}");
    comes_back(r, HEAD "\"method\":\"a\",\"fail\":\"cut\",\"body\":\"{\\\"res\",\"http\":200}");
    comes_back(r, HEAD "\"method\":\"a\",\"body\":\"<b>\\n\\u0001\",\"http\":502,"
                       "\"content_type\":\"text/html\"}");
    comes_back(r, HEAD "\"method\":\"a\",\"body_hex\":\"0xff00\",\"http\":200,"
                       "\"content_type\":null}");
    comes_back(r, HEAD "\"verb\":\"GET\",\"path\":\"/x?y\",\"request\":\"\",\"body\":\"ok\","
                       "\"http\":200}");
    comes_back(r, HEAD "\"request_hex\":\"0x00\",\"fail\":\"refused\",\"http\":0}");
    comes_back(r,
               "{\"seq_in\":5,\"seq_out\":5,\"at_ms\":1,\"peer\":\"probe\",\"event\":{\"el\":1}}");
}

static void line_breaks_of_an_answer_do_not_break_the_line(void **state)
{
    struct rig *r = *state;
    struct ls_row_call call = {.method = span("m"),
                               .params = span("[\n  1,\r\n  \"a b\"\n]"),
                               .said = {LS_SAID_RESULT, span("{\n \"x\": 1}")}};
    const struct ls_row row = {.kind = LS_ROW_CALL,
                               .seq_in = 1,
                               .seq_out = 2,
                               .calls = &call,
                               .call_count = 1,
                               .http = 200};

    ls_row_write(&row, &r->b);
    assert_null(memchr(r->b.p, '\n', r->b.n));
    assert_non_null(strstr((const char *)r->b.p, "\"params\":[1,\"a b\"],\"result\":{\"x\":1}"));
}

static void refuses(struct rig *r, const char *line, const char *what)
{
    struct ls_row row;
    struct ls_diag d = {{0}};

    if (ls_row_read(span(line), &r->a, &row, &d) == LS_OK) {
        fail_msg("taken: %s", line);
    }
    if (strstr(d.text, what) == NULL) {
        fail_msg("\"%s\" does not name %s", d.text, what);
    }
}

static void bad_rows_are_refused_with_the_members_name(void **state)
{
    struct rig *r = *state;

    refuses(r, "", "object");
    refuses(r, "[]", "object");
    refuses(r, "{\"seq_in\":1", "object");
    refuses(r, "{\"seq_in\":1}", "seq_out");
    refuses(r, "{\"seq_in\":-1,\"seq_out\":2}", "seq_in");
    refuses(r, "{\"seq_in\":1,\"seq_out\":2,\"at_ms\":0,\"peer\":\"moon\",\"method\":\"a\"}",
            "moon");
    refuses(r, "{\"seq_in\":1,\"seq_out\":2,\"at_ms\":0,\"peer\":7}", "peer");
    refuses(r, HEAD "\"http\":200}", "method");
    refuses(r, HEAD "\"method\":1,\"http\":200}", "method");
    refuses(r, HEAD "\"batch\":[],\"http\":200}", "batch");
    refuses(r, HEAD "\"batch\":[3],\"http\":200}", "method");
    refuses(r, HEAD "\"method\":\"a\",\"result\":1}", "http");
    refuses(r, HEAD "\"method\":\"a\",\"result\":1,\"http\":1000}", "http");
    refuses(r, HEAD "\"method\":\"a\",\"result\":1,\"http\":0}", "http");
    refuses(r, HEAD "\"method\":\"a\",\"fail\":\"gone\",\"http\":200}", "http");
    refuses(r, HEAD "\"method\":\"a\",\"fail\":\"bored\",\"http\":0}", "fail");
    refuses(r, HEAD "\"method\":\"a\",\"http\":200}", "result");
    refuses(r, HEAD "\"request\":\"x\",\"http\":200}", "result");
    refuses(r, HEAD "\"method\":\"a\",\"body\":7,\"http\":200}", "body");
    refuses(r, HEAD "\"method\":\"a\",\"body_hex\":\"0xf\",\"http\":200}", "body");
    refuses(r, HEAD "\"method\":\"a\",\"result\":1,\"http\":200,\"ms\":\"x\"}", "ms");
}

/* --- folders --- */

#define LINE_1 TALK_CALL(1, 2, "engine", "eth_chainId", "[]", "\"0x385\"")
#define LINE_2 TALK_CALL(3, 5, "l1", "eth_chainId", "[]", "\"0x384\"")
#define LINE_3 TALK_CALL(4, 6, "source", "optimism_rollupConfig", "[]", "{\"l2_chain_id\": 901}")

static void begin(struct rig *r)
{
    const struct ls_tape_head head = {.name = "talk", .notes = {"made by a test"}, .note_count = 1};

    assert_int_equal(ls_recording_new(r->f.dir, &head, &r->r, &r->f.d), LS_OK);
    r->is_recording = true;
}

static void put(struct rig *r, const char *line)
{
    struct ls_row row;

    assert_int_equal(
        ls_row_read((struct ls_span){(const uint8_t *)line, strlen(line) - 1}, &r->a, &row, NULL),
        LS_OK);
    assert_int_equal(ls_recording_put(&r->r, &row, &r->f.d), LS_OK);
}

static void close_recording(struct rig *r)
{
    ls_recording_close(&r->r);
    r->is_recording = false;
}

static void a_finished_folder_holds_what_was_put(void **state)
{
    struct rig *r = *state;

    begin(r);
    put(r, LINE_1);
    put(r, LINE_2);
    put(r, LINE_3);
    put(r, TALK_CALL(7, 8, "engine", "eth_chainId", "[]", "\"0x1\"")); /* the first one counts */
    assert_int_equal(ls_recording_finish(&r->r, 3, &r->f.d), LS_OK);
    assert_false(talk_has(&r->f, LS_TAPE_JOURNAL_FILE));
    assert_int_equal(talk_open(&r->f, &r->tape), LS_OK);
    assert_true(r->tape.head.is_finished);
    assert_int_equal(r->tape.count, 4);
    assert_int_equal(r->tape.head.row_count, 4);
    assert_int_equal(r->tape.head.l2_chain_id, 901);
    assert_int_equal(r->tape.head.l1_chain_id, 900);
    assert_string_equal(r->tape.head.name, "talk");
    assert_string_equal(r->tape.head.notes[0], "made by a test");
    assert_int_equal(r->tape.head.rollup.n, strlen("{\"l2_chain_id\":901}"));
    assert_memory_equal(r->tape.head.rollup.p, "{\"l2_chain_id\":901}", r->tape.head.rollup.n);
    assert_true(ls_tape_has(&r->tape, LS_PEER_SOURCE));
    assert_false(ls_tape_has(&r->tape, LS_PEER_NODE));
    /* Asked in the order 1, 3, 4 though answered in another. */
    assert_int_equal(r->tape.rows[r->tape.by_in[2]].seq_in, 4);
}

static void an_empty_recording_can_be_finished(void **state)
{
    struct rig *r = *state;

    begin(r);
    assert_int_equal(ls_recording_finish(&r->r, 3, &r->f.d), LS_OK);
    assert_int_equal(talk_open(&r->f, &r->tape), LS_OK);
    assert_int_equal(r->tape.count, 0);
}

/* Closing without finishing is what a kill does. */
static void a_killed_recording_can_be_read_and_finished(void **state)
{
    struct rig *r = *state;
    struct ls_buf journal;

    begin(r);
    put(r, LINE_1);
    put(r, LINE_2);
    close_recording(r);
    talk_read(&r->f, LS_TAPE_JOURNAL_FILE, &journal);
    (void)ls_buf_puts(&journal, "{\"seq_in\":4,\"seq_o"); /* the row in hand */
    talk_write(&r->f, LS_TAPE_JOURNAL_FILE, (const char *)journal.p);
    ls_buf_fini(&journal);
    assert_int_equal(talk_open(&r->f, &r->tape), LS_OK);
    assert_false(r->tape.head.is_finished);
    assert_int_equal(r->tape.count, 2);
    ls_tape_close(&r->tape);
    assert_int_equal(ls_recording_resume(r->f.dir, &r->r, &r->f.d), LS_OK);
    r->is_recording = true;
    assert_int_equal(r->r.seq_last, 5);
    assert_int_equal(ls_recording_finish(&r->r, 3, &r->f.d), LS_OK);
    assert_int_equal(talk_open(&r->f, &r->tape), LS_OK);
    assert_true(r->tape.head.is_finished);
    assert_int_equal(r->tape.count, 2);
    assert_int_equal(r->tape.head.l1_chain_id, 900);
}

/* The manifest decides: a journal that could not be taken away any more is not read. */
static void a_journal_beside_a_finished_recording_does_not_count(void **state)
{
    struct rig *r = *state;

    begin(r);
    put(r, LINE_1);
    assert_int_equal(ls_recording_finish(&r->r, 3, &r->f.d), LS_OK);
    talk_write(&r->f, LS_TAPE_JOURNAL_FILE, "{}\n");
    assert_int_equal(talk_open(&r->f, &r->tape), LS_OK);
    assert_int_equal(r->tape.count, 1);
}

static void one_folder_has_one_recorder_and_one_recording(void **state)
{
    struct rig *r = *state;
    const struct ls_tape_head head = {.name = "x"};
    struct ls_recording other;

    begin(r);
    assert_int_equal(ls_recording_new(r->f.dir, &head, &other, &r->f.d), LS_ERR_EXISTS);
    ls_recording_discard(&other); /* which is none of its own */
    ls_recording_close(&other);
    assert_int_equal(ls_recording_resume(r->f.dir, &other, &r->f.d), LS_ERR_IO);
    assert_non_null(strstr(r->f.d.text, "another process"));
    ls_recording_close(&other);
    assert_true(talk_has(&r->f, LS_TAPE_MANIFEST_FILE));
    assert_int_equal(ls_recording_finish(&r->r, 3, &r->f.d), LS_OK);
    close_recording(r);
    assert_int_equal(ls_recording_resume(r->f.dir, &other, &r->f.d), LS_ERR_EXISTS);
    ls_recording_close(&other);
}

static void a_recording_that_did_not_begin_leaves_nothing(void **state)
{
    struct rig *r = *state;

    begin(r);
    ls_recording_discard(&r->r);
    assert_false(talk_has(&r->f, LS_TAPE_MANIFEST_FILE));
    assert_false(talk_has(&r->f, LS_TAPE_JOURNAL_FILE));
    assert_true(ls_file_exists(r->f.dir)); /* that was there before */
}

static void opens_with(struct rig *r, enum ls_err want, const char *what)
{
    enum ls_err e = talk_open(&r->f, &r->tape);

    ls_tape_close(&r->tape);
    if (e != want || strstr(r->f.d.text, what) == NULL) {
        fail_msg("%s: %s", ls_err_name(e), r->f.d.text);
    }
}

static void what_was_changed_afterwards_is_refused(void **state)
{
    struct rig *r = *state;
    struct ls_buf packed;
    char path[LS_PATH_MAX];

    begin(r);
    put(r, LINE_1);
    put(r, LINE_2);
    assert_int_equal(ls_recording_finish(&r->r, 3, &r->f.d), LS_OK);
    talk_path(&r->f, LS_TAPE_CALLS_FILE, path);
    talk_read(&r->f, LS_TAPE_CALLS_FILE, &packed);
    packed.n -= 3;
    assert_int_equal(ls_file_write(path, ls_buf_span(&packed), NULL), LS_OK);
    opens_with(r, LS_ERR_HASH, "damaged or cut");
    ls_buf_clear(&packed);
    assert_int_equal(ls_zst_compress(LINE_1 LINE_2, strlen(LINE_1 LINE_2), 19, &packed), LS_OK);
    assert_int_equal(ls_file_write(path, ls_buf_span(&packed), NULL), LS_OK);
    opens_with(r, LS_ERR_HASH, "manifest");
    ls_buf_fini(&packed);
}

static void a_finished_folder_has_as_many_lines_as_it_says(void **state)
{
    struct rig *r = *state;
    struct ls_buf text;
    char *rows;

    begin(r);
    put(r, LINE_1);
    put(r, LINE_2);
    assert_int_equal(ls_recording_finish(&r->r, 3, &r->f.d), LS_OK);
    talk_read(&r->f, LS_TAPE_MANIFEST_FILE, &text);
    rows = strstr((char *)text.p, "\"rows\":2");
    assert_non_null(rows);
    rows[strlen("\"rows\":")] = '3';
    talk_write(&r->f, LS_TAPE_MANIFEST_FILE, (const char *)text.p);
    ls_buf_fini(&text);
    opens_with(r, LS_ERR_HASH, "2 lines, but the manifest says 3");
}

static void what_was_taken_up_is_not_taken_away(void **state)
{
    struct rig *r = *state;

    begin(r);
    close_recording(r);
    assert_int_equal(ls_recording_resume(r->f.dir, &r->r, &r->f.d), LS_OK);
    r->is_recording = true;
    ls_recording_discard(&r->r);
    assert_true(talk_has(&r->f, LS_TAPE_MANIFEST_FILE));
    assert_true(talk_has(&r->f, LS_TAPE_JOURNAL_FILE));
}

static void lines_out_of_order_are_refused_with_their_number(void **state)
{
    struct rig *r = *state;

    talk_lines(&r->f, LINE_1 LINE_1);
    opens_with(r, LS_ERR_RANGE, "line 2: seq_out");
    talk_lines(&r->f, LINE_1 TALK_CALL(1, 3, "l1", "a", "[]", "1"));
    opens_with(r, LS_ERR_RANGE, "seq_in: 1 is there twice");
    talk_lines(&r->f, TALK_CALL(3, 3, "l1", "a", "[]", "1"));
    opens_with(r, LS_ERR_RANGE, "line 1: seq_in");
    talk_lines(&r->f, LINE_1 "what\n");
    opens_with(r, LS_ERR_PARSE, "line 2");
}

static void other_folders_are_refused_by_their_manifest(void **state)
{
    struct rig *r = *state;

    opens_with(r, LS_ERR_IO, "manifest.json");
    talk_write(&r->f, LS_TAPE_MANIFEST_FILE, "{\"format\":1,\"name\":\"blocks\",\"l2\":{}}");
    opens_with(r, LS_ERR_UNSUPPORTED, "lockstep info");
    talk_write(&r->f, LS_TAPE_MANIFEST_FILE,
               "{\"format\":2,\"kind\":\"conversation\",\"name\":\"x\"}");
    opens_with(r, LS_ERR_UNSUPPORTED, "format");
    talk_write(&r->f, LS_TAPE_MANIFEST_FILE,
               "{\"format\":1,\"kind\":\"conversation\",\"name\":\"../x\"}");
    opens_with(r, LS_ERR_PARSE, "name");
    talk_write(&r->f, LS_TAPE_MANIFEST_FILE,
               "{\"format\":1,\"kind\":\"conversation\",\"name\":\"x\",\"calls\":{\"rows\":1}}");
    opens_with(r, LS_ERR_MISSING, "sha256");
    talk_write(&r->f, LS_TAPE_MANIFEST_FILE,
               "{\"format\":1,\"kind\":\"conversation\",\"name\":\"x\"}");
    opens_with(r, LS_ERR_IO, "calls.ndjson");
}

/* --- when a node had a payload --- */

#define AA "{\"executionPayload\":{\"blockHash\":\"0xaa\"}}"
#define GIVE(in, out) TALK_CALL(in, out, "node", "admin_postUnsafePayload", "[" AA "]", "null")
#define SEND(in, out) \
    TALK_CALL(in, out, "engine", "engine_newPayloadV4", "[{\"blockHash\":\"0xaa\"}]", "{}")

static uint64_t asked_seq_of_payload(struct rig *r, const char *lines)
{
    talk_lines(&r->f, lines);
    assert_int_equal(talk_open(&r->f, &r->tape), LS_OK);
    for (size_t i = 0; i < r->tape.count; i++) {
        if (ls_row_is_payload(&r->tape.rows[i])) {
            uint64_t seq = r->tape.rows[i].asked_seq;
            ls_tape_close(&r->tape);
            return seq;
        }
    }
    fail_msg("no payload");
    return 0;
}

static void a_payload_has_its_place_among_what_the_node_asked(void **state)
{
    struct rig *r = *state;

    /* Nothing else: when it came. */
    assert_int_equal(asked_seq_of_payload(r, GIVE(1, 2) SEND(3, 4)), 1);
    /* Asked while it was on its way, then sent at once: after that call, before its answer. */
    assert_int_equal(
        asked_seq_of_payload(r, GIVE(1, 3) TALK_CALL(2, 4, "l1", "a", "[]", "1") SEND(5, 6)), 2);
    /* Other calls first: the node was busy with what it had been told until it took it. */
    assert_int_equal(asked_seq_of_payload(r, TALK_CALL(1, 3, "l1", "a", "[]", "1") GIVE(2, 4)
                                                 TALK_CALL(5, 6, "l1", "b", "[]", "1") SEND(7, 8)),
                     4);
    /* Its own newPayload ends the search, also before the node's answer. */
    assert_int_equal(
        asked_seq_of_payload(r, SEND(2, 3) GIVE(1, 4) TALK_CALL(5, 6, "l1", "b", "[]", "1")), 1);
}

/* --- transcripts --- */

static const char transcript[] =
    "{\"at_ms\":0,\"peer\":\"harness\",\"event\":\"CL start\"}\n"
    "{\"at_ms\":5,\"peer\":\"engine\",\"req\":{\"id\":1,\"method\":\"eth_chainId\"},\"res\":{"
    "\"id\":1,"
    "\"result\":\"0x385\"},\"http\":200}\n"
    "\n"
    "{\"at_ms\":9,\"peer\":\"follow\",\"req\":{\"id\":1,\"method\":\"optimism_syncStatus\"},"
    "\"res\":"
    "\"<html>\",\"http\":200,\"fault\":\"garbage\"}\n"
    "{\"at_ms\":10,\"peer\":\"follow\",\"req\":{\"id\":2,\"method\":\"optimism_syncStatus\"},"
    "\"res\":null,"
    "\"http\":0,\"fault\":\"no answer\"}\n"
    "{\"at_ms\":11,\"peer\":\"follow\",\"req\":{\"id\":3,\"method\":\"optimism_syncStatus\"},"
    "\"res\":null,"
    "\"http\":0,\"fault\":\"connection closed\"}\n"
    "{\"at_ms\":12,\"peer\":\"l1\",\"req\":{\"id\":4,\"method\":\"a\",\"params\":[]},\"res\":{"
    "\"id\":4,"
    "\"error\":{\"code\":3},\"result\":null},\"http\":200,\"ms\":128}\n"
    "{\"at_ms\":13,\"peer\":\"l1\",\"req\":[{\"id\":5,\"method\":\"a\"},{\"id\":6,\"method\":\"b\"}"
    "],"
    "\"res\":[{\"id\":6,\"result\":6},{\"id\":5,\"result\":5}],\"http\":200}";

static void import(struct rig *r, const char *text)
{
    char path[LS_PATH_MAX];

    talk_write(&r->f, "in", text);
    talk_path(&r->f, "in", path);
    begin(r);
    assert_int_equal(ls_transcript_import(path, &r->r, &r->f.d), LS_OK);
    close_recording(r);
    assert_int_equal(talk_open(&r->f, &r->tape), LS_OK);
}

static void a_transcript_becomes_exchanges_and_events(void **state)
{
    struct rig *r = *state;
    const struct ls_row *row;

    import(r, transcript);
    row = r->tape.rows;
    assert_int_equal(r->tape.count, 7);
    assert_int_equal(r->tape.exchange_count, 6);
    assert_int_equal(row[0].kind, LS_ROW_EVENT);
    assert_memory_equal(row[0].event.p, "{\"event\":\"CL start\"}", row[0].event.n);
    assert_int_equal(row[1].peer, LS_PEER_ENGINE);
    assert_int_equal(row[1].at_ms, 5);
    assert_int_equal(row[2].peer, LS_PEER_SOURCE);
    assert_true(row[2].has_body);
    assert_memory_equal(row[2].body.p, "<html>", row[2].body.n);
    assert_int_equal(row[1].fault.n, 0);
    assert_int_equal(row[2].fault.n, strlen("garbage"));
    assert_memory_equal(row[2].fault.p, "garbage", row[2].fault.n);
    assert_int_equal(row[3].fail, LS_FAIL_GONE);
    assert_int_equal(row[4].fail, LS_FAIL_RESET);
    assert_int_equal(row[5].calls[0].said.kind, LS_SAID_ERROR);
    assert_int_equal(row[5].ms, 128);
    assert_int_equal(row[6].call_count, 2);
    assert_memory_equal(row[6].calls[0].said.text.p, "5", 1);
    assert_int_equal(row[6].seq_in, row[5].seq_out + 1);
}

static void import_fails(struct rig *r, const char *text, const char *what)
{
    char path[LS_PATH_MAX];

    talk_write(&r->f, "in", text);
    talk_path(&r->f, "in", path);
    begin(r);
    assert_int_not_equal(ls_transcript_import(path, &r->r, &r->f.d), LS_OK);
    if (strstr(r->f.d.text, what) == NULL) {
        fail_msg("%s", r->f.d.text);
    }
    ls_recording_discard(&r->r);
    close_recording(r);
}

static void a_bad_transcript_is_refused_with_its_line(void **state)
{
    struct rig *r = *state;

    import_fails(r, "{\"at_ms\":0,\"peer\":\"harness\"}\nwhat\n", "line 2: no JSON");
    import_fails(r, "{\"at_ms\":0}\n", "line 1: peer");
    import_fails(r, "{\"at_ms\":\"x\",\"peer\":\"l1\"}\n", "line 1: at_ms");
    import_fails(r, "{\"at_ms\":0,\"peer\":\"l1\",\"req\":{},\"http\":200}\n", "line 1: req");
    import_fails(r,
                 "{\"at_ms\":0,\"peer\":\"l1\",\"req\":{\"id\":1,\"method\":\"a\"},\"http\":200}\n",
                 "line 1: res");
    import_fails(
        r, "{\"at_ms\":0,\"peer\":\"l1\",\"req\":{\"id\":1,\"method\":\"a\"},\"http\":\"x\"}\n",
        "line 1: http");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(rows_of_every_kind_come_back_byte_for_byte),
        T(line_breaks_of_an_answer_do_not_break_the_line),
        T(bad_rows_are_refused_with_the_members_name),
        T(a_finished_folder_holds_what_was_put),
        T(an_empty_recording_can_be_finished),
        T(a_killed_recording_can_be_read_and_finished),
        T(a_journal_beside_a_finished_recording_does_not_count),
        T(one_folder_has_one_recorder_and_one_recording),
        T(a_recording_that_did_not_begin_leaves_nothing),
        T(what_was_changed_afterwards_is_refused),
        T(a_finished_folder_has_as_many_lines_as_it_says),
        T(what_was_taken_up_is_not_taken_away),
        T(lines_out_of_order_are_refused_with_their_number),
        T(other_folders_are_refused_by_their_manifest),
        T(a_payload_has_its_place_among_what_the_node_asked),
        T(a_transcript_becomes_exchanges_and_events),
        T(a_bad_transcript_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
