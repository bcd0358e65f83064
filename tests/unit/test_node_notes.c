/*
 * Notes of the core as log lines.
 */
#include "tests/unit/node_rig.h"

#include "node/io/notes.h"

static struct ls_block_id id(const char *hash, uint64_t number)
{
    return (struct ls_block_id){hash_of(hash), number};
}

/* The line of a note, without its time. */
static void assert_line(const struct ls_action *note, enum ls_log_level level, const char *detail,
                        const char *want)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    struct ls_log log = {.out = f, .level = level, .format = LS_LOG_LOGFMT};

    assert_non_null(f);
    ls_notes_write(&log, note, detail);
    assert_int_equal(fclose(f), 0);
    if (want == NULL ? n != 0 : strstr(text, want) == NULL) {
        fail_msg("\"%s\", expected \"%s\"", text, want != NULL ? want : "nothing");
    }
    free(text);
}

static void blocks_have_names(void **state)
{
    struct ls_action a = {.kind = LS_ACT_NOTE,
                          .note = LS_NOTE_DIVERGED,
                          .a = id(RIG_HASH_A, 5),
                          .b = id(RIG_HASH_B, 6)};

    (void)state;
    assert_line(&a, LS_LOG_INFO, NULL,
                "lvl=warn msg=\"our chain differs from the source's: switching\" ours=\"" RIG_HASH_A
                ":5\" source=\"" RIG_HASH_B ":6\"\n");
}

static void chain_ids_are_bare_numbers(void **state)
{
    struct ls_action a = {
        .kind = LS_ACT_HALT, .note = LS_NOTE_ENGINE_WRONG_CHAIN, .a.number = 10, .b.number = 901};

    (void)state;
    assert_line(&a, LS_LOG_INFO, NULL, "found=\"10\" expected=\"901\"\n");
}

static void code_and_reason_come_last(void **state)
{
    struct ls_action a = {.kind = LS_ACT_NOTE, .note = LS_NOTE_SOURCE_DOWN, .code = 500};

    (void)state;
    assert_line(&a, LS_LOG_INFO, "HTTP status 500",
                "msg=\"source does not answer\" code=500 why=\"HTTP status 500\"\n");
    assert_line(&a, LS_LOG_INFO, "", "code=500\n");
}

static void the_level_of_a_note_counts(void **state)
{
    struct ls_action a = {.kind = LS_ACT_NOTE, .note = LS_NOTE_PAYLOAD_DROPPED};

    (void)state;
    assert_line(&a, LS_LOG_INFO, NULL, NULL);
    assert_line(&a, LS_LOG_DEBUG, NULL, "lvl=debug msg=\"unsafe payload dropped\"");
}

static void every_note_makes_a_line(void **state)
{
    (void)state;
    for (unsigned n = 0; n < LS_NOTE_COUNT; n++) {
        struct ls_action a = {.kind = LS_ACT_NOTE, .note = (enum ls_note)n};

        assert_line(&a, LS_LOG_DEBUG, NULL, ls_note_text(a.note));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_have_names),         cmocka_unit_test(chain_ids_are_bare_numbers),
        cmocka_unit_test(code_and_reason_come_last), cmocka_unit_test(the_level_of_a_note_counts),
        cmocka_unit_test(every_note_makes_a_line),
    };

    return cmocka_run_group_tests_name("node_notes", tests, NULL, NULL);
}
