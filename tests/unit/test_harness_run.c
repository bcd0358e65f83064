/*
 * What surrounds a run: the command line, which files it means, the plan, and the TAP text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/report/tap.h"
#include "harness/run/locate.h"
#include "harness/run/options.h"
#include "harness/run/plan.h"

#define SCENARIO(id)                                                        \
    "return {id = '" id "', title = 't', priority = 'P0', applies = 'A',\n" \
    "variants = {'A', 'B'},\nfixtures = {'no-such-fixture'},\nrun = function(w) end}\n"

/* --- command line --- */

/* A command line in writable memory, as main gets it; the parsed names point into it. */
struct line {
    char text[16][128];
    char *argv[17];
    struct ls_run_options o;
    struct ls_diag d;
};

static enum ls_err parse(struct line *l, const char *const *args)
{
    int argc = 0;
    *l = (struct line){0};
    for (const char *arg = "run"; arg; arg = args[argc - 1]) {
        assert_true(argc < 16 && strlen(arg) < sizeof l->text[0]);
        strcpy(l->text[argc], arg);
        l->argv[argc] = l->text[argc];
        argc++;
    }
    return ls_run_options_parse(argc, l->argv, "lockstep", &l->o, &l->d);
}

#define PARSE(l, ...) parse((l), (const char *const[]){__VA_ARGS__, NULL})

static void options_have_defaults(void **state)
{
    (void)state;
    struct line l;
    const struct ls_run_options *o = &l.o;
    assert_int_equal(parse(&l, (const char *const[]){NULL}), LS_OK);
    assert_int_equal(o->tick_ns, 50000000);
    assert_int_equal(o->seed, 1);
    assert_int_equal(o->repeat, 1);
    assert_int_equal(o->name_count, 0);
    assert_false(o->only_variant);
    assert_string_equal(o->cl_kind, "lightcl");
}

static void options_are_read_in_any_order(void **state)
{
    (void)state;
    struct line l;
    const struct ls_run_options *o = &l.o;
    assert_int_equal(PARSE(&l, "FOL-01", "-j", "3", "--variant", "A", "--tick=20ms", "x.lua",
                           "--seed", "77", "--long", "--repeat", "5"),
                     LS_OK);
    assert_int_equal(o->workers, 3);
    assert_true(o->only_variant && o->variant == LS_VARIANT_A && o->is_long);
    assert_int_equal(o->tick_ns, 20000000);
    assert_int_equal(o->seed, 77);
    assert_int_equal(o->repeat, 5);
    assert_int_equal(o->name_count, 2);
    assert_string_equal(o->names[0], "FOL-01");
    assert_string_equal(o->names[1], "x.lua");
}

static void wrong_options_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *flag;
        const char *value;
        const char *what;
    } cases[] = {{"--bogus", NULL, "unknown option \"--bogus\""},
                 {"--seed", NULL, "option \"--seed\" needs a value"},
                 {"-j", "0", "--jobs \"0\": a number from 1"},
                 {"--repeat", "many", "--repeat \"many\""},
                 {"--variant", "C", "--variant \"C\": A or B"},
                 {"--profile", "besu", "--profile: \"besu\" is none of geth snap reth"},
                 {"--profile", "inv:B+3", "without one block"},
                 {"--tick", "0ms", "--tick \"0ms\": a duration"},
                 {"--from", "head", "--from \"head\": a number"},
                 {"--to", "-1", "--to \"-1\": a number"},
                 {"--seed", "-1", "--seed \"-1\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct line l;
        assert_int_equal(PARSE(&l, cases[i].flag, cases[i].value), LS_ERR_USAGE);
        if (!strstr(l.d.text, cases[i].what)) {
            fail_msg("\"%s\" is not in \"%s\"", cases[i].what, l.d.text);
        }
    }
}

static void the_engines_profile_is_read(void **state)
{
    struct line l;
    (void)state;
    assert_int_equal(PARSE(&l, "--profile", "EL-DEEP:9"), LS_OK);
    assert_string_equal(l.o.engine.name, "deep");
    assert_int_equal(l.o.engine.reorg_depth_max, 9);
    assert_int_equal(PARSE(&l, "--seed", "9"), LS_OK);
    assert_null(l.o.profile);
}

/* --- files --- */

struct tree {
    char dir[64];
};

static void put_file(const struct tree *t, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", t->dir, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static int make_tree(void **state)
{
    struct tree *t = calloc(1, sizeof *t);
    assert_non_null(t);
    strcpy(t->dir, "/tmp/lockstep-test-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    char sub[128];
    snprintf(sub, sizeof sub, "%s/fol", t->dir);
    assert_int_equal(mkdir(sub, 0700), 0);
    put_file(t, "fol/FOL-02.lua", SCENARIO("FOL-02"));
    put_file(t, "fol/FOL-01.lua", SCENARIO("FOL-01"));
    put_file(t, "fol/helper.lua", "return {}\n");
    put_file(t, "fol/README", "none\n");
    *state = t;
    return 0;
}

static int remove_tree(void **state)
{
    struct tree *t = *state;
    static const char *const files[] = {"fol/FOL-01.lua", "fol/FOL-02.lua", "fol/helper.lua",
                                        "fol/README"};
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", t->dir, files[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/fol", t->dir);
    rmdir(path);
    assert_int_equal(rmdir(t->dir), 0);
    free(t);
    return 0;
}

static void a_folder_means_its_scenarios_by_name(void **state)
{
    struct tree *t = *state;
    struct ls_paths p = {0};
    struct ls_diag d = {0};
    assert_int_equal(ls_locate_scenarios(t->dir, NULL, &p, &d), LS_OK);
    assert_int_equal(p.count, 2);
    assert_non_null(strstr(p.items[0], "/fol/FOL-01.lua"));
    assert_non_null(strstr(p.items[1], "/fol/FOL-02.lua"));
    ls_paths_fini(&p);
}

static void an_id_is_sought_below_the_scenarios(void **state)
{
    struct tree *t = *state;
    struct ls_paths p = {0};
    struct ls_diag d = {0};
    assert_int_equal(ls_locate_scenarios("FOL-02", t->dir, &p, &d), LS_OK);
    assert_int_equal(p.count, 1);
    assert_int_equal(ls_locate_scenarios("FOL-0", t->dir, &p, &d), LS_ERR_NOT_FOUND);
    assert_non_null(strstr(d.text, "no scenario \"FOL-0\""));
    assert_int_equal(ls_locate_scenarios("other.lua", t->dir, &p, &d), LS_ERR_NOT_FOUND);
    ls_paths_fini(&p);
}

static void a_missing_fixture_names_file_line_and_way_out(void **state)
{
    struct tree *t = *state;
    struct line l;
    assert_int_equal(PARSE(&l, "--fixtures", t->dir, t->dir), LS_OK);
    struct ls_plan plan;
    assert_int_equal(ls_plan_make(&l.o, &plan, &l.d), LS_ERR_CONFIG);
    assert_non_null(strstr(l.d.text, "/fol/FOL-01.lua:3: there is no fixture \"no-such-fixture\""));
    assert_non_null(strstr(l.d.text, "lockstep import"));
    ls_plan_fini(&plan);
}

#define ON_FIXTURE(name)                                                    \
    "return {id = 'FOL-01', title = 't', priority = 'P0', applies = 'A',\n" \
    "variants = {'A', 'B'},\nfixtures = {'" name "'},\nrun = function(w) end}\n"

/* A window behind a fixture's name, or of the command line; the name's own goes first. */
static void a_fixture_may_be_a_window(void **state)
{
    static const struct {
        const char *text, *from, *to;
        uint64_t first, last;
    } rows[] = {
        {ON_FIXTURE("devnet-forks@100..120"), "0", "400", 100, 120},
        {ON_FIXTURE("devnet-forks"), "200", "210", 200, 210},
        {ON_FIXTURE("devnet-forks"), "500", "9999", 500, 511},
        {ON_FIXTURE("devnet-forks"), "0", "7", 0, 7},
    };
    struct tree *t = *state;
    char path[128];

    snprintf(path, sizeof path, "%s/fol/FOL-01.lua", t->dir);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct line l;
        struct ls_plan plan;
        put_file(t, "fol/FOL-01.lua", rows[i].text);
        assert_int_equal(PARSE(&l, "--fixtures", "fixtures", "--cl", "/bin/true", "--from",
                               rows[i].from, "--to", rows[i].to, path),
                         LS_OK);
        if (ls_plan_make(&l.o, &plan, &l.d)) {
            fail_msg("row %zu: %s", i, l.d.text);
        }
        assert_int_equal(plan.fixture_count, 1);
        const struct ls_chain *c = &plan.fixtures[0].chain;
        assert_int_equal(ls_universe_get(c->l2, c->first)->ref.number, rows[i].first);
        assert_int_equal(ls_universe_get(c->l2, c->tip)->ref.number, rows[i].last);
        ls_plan_fini(&plan);
    }
}

static void a_window_that_is_none_names_file_and_line(void **state)
{
    static const char *const texts[] = {ON_FIXTURE("devnet-forks@"), ON_FIXTURE("devnet-forks@5"),
                                        ON_FIXTURE("devnet-forks@9..5"),
                                        ON_FIXTURE("devnet-forks@a..9")};
    struct tree *t = *state;
    char path[128];

    snprintf(path, sizeof path, "%s/fol/FOL-01.lua", t->dir);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct line l;
        struct ls_plan plan;
        put_file(t, "fol/FOL-01.lua", texts[i]);
        assert_int_equal(PARSE(&l, "--fixtures", "fixtures", path), LS_OK);
        assert_int_equal(ls_plan_make(&l.o, &plan, &l.d), LS_ERR_CONFIG);
        assert_non_null(strstr(l.d.text, "FOL-01.lua:3: fixture \"devnet-forks@"));
        ls_plan_fini(&plan);
    }
}

static void two_files_with_one_id_are_refused(void **state)
{
    struct tree *t = *state;
    put_file(t, "fol/FOL-02.lua", SCENARIO("FOL-01"));
    struct line l;
    assert_int_equal(PARSE(&l, "--fixtures", t->dir, t->dir), LS_OK);
    struct ls_plan plan;
    assert_int_equal(ls_plan_make(&l.o, &plan, &l.d), LS_ERR_CONFIG);
    assert_non_null(strstr(l.d.text, "/fol/FOL-02.lua:1: id \"FOL-01\" is taken by"));
    ls_plan_fini(&plan);
}

static void a_program_that_is_not_there_is_named(void **state)
{
    struct tree *t = *state;
    struct line l;
    assert_int_equal(PARSE(&l, "--cl", "/nonexistent/cl", t->dir), LS_OK);
    struct ls_plan plan;
    assert_int_equal(ls_plan_make(&l.o, &plan, &l.d), LS_ERR_USAGE);
    assert_non_null(strstr(l.d.text, "--cl \"/nonexistent/cl\""));
    ls_plan_fini(&plan);
}

/* --- TAP --- */

static void tap_lines_follow_the_protocol(void **state)
{
    (void)state;
    struct ls_buf b;
    ls_buf_init(&b, 4096);
    ls_tap_begin(&b, 4);
    ls_tap_test(&b, 1, LS_OUTCOME_PASSED, "one #1", NULL);
    ls_tap_test(&b, 2, LS_OUTCOME_FAILED, "two", NULL);
    ls_tap_yaml(&b);
    ls_tap_yaml_str(&b, "message", "it's wrong");
    ls_tap_yaml_text(&b, "lines", "a\nb\n", 4);
    ls_tap_yaml_end(&b);
    ls_tap_test(&b, 3, LS_OUTCOME_KNOWN, "three", "op-node #18571");
    ls_tap_test(&b, 4, LS_OUTCOME_SKIPPED, "four", "no L1");
    ls_tap_note(&b, "end");
    assert_string_equal((const char *)b.p, "TAP version 14\n"
                                           "1..4\n"
                                           "ok 1 - one \\#1\n"
                                           "not ok 2 - two\n"
                                           "  ---\n"
                                           "  message: 'it''s wrong'\n"
                                           "  lines: |\n"
                                           "    a\n"
                                           "    b\n"
                                           "  ...\n"
                                           "not ok 3 - three # TODO op-node \\#18571\n"
                                           "ok 4 - four # SKIP no L1\n"
                                           "# end\n");
    ls_buf_fini(&b);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, make_tree, remove_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(options_have_defaults),
                                       cmocka_unit_test(options_are_read_in_any_order),
                                       cmocka_unit_test(the_engines_profile_is_read),
                                       cmocka_unit_test(wrong_options_are_named),
                                       TREE_TEST(a_folder_means_its_scenarios_by_name),
                                       TREE_TEST(an_id_is_sought_below_the_scenarios),
                                       TREE_TEST(a_missing_fixture_names_file_line_and_way_out),
                                       TREE_TEST(a_fixture_may_be_a_window),
                                       TREE_TEST(a_window_that_is_none_names_file_and_line),
                                       TREE_TEST(two_files_with_one_id_are_refused),
                                       TREE_TEST(a_program_that_is_not_there_is_named),
                                       cmocka_unit_test(tap_lines_follow_the_protocol)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
