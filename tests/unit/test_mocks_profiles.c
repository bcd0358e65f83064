/*
 * The profiles of engines: each is shown by one sequence of calls that it and op-geth answer in two
 * ways. Both are written down, so a knob that does nothing fails here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mocks/model/engine.h"
#include "tests/unit/small_world.h"

#define NONE LS_NO_BLOCK

/* Chain a: 1..80 on genesis. Chain b: 6..48 on a5. */
struct bench {
    struct small_world w;
    struct ls_engine *e;
    uint32_t a[81];
    uint32_t b[49];
    char seen[400];
};

/* The engine of a profile, "deep:16"; block: what a profile with a block is about. */
static void bench_up(struct bench *s, const char *profile, unsigned block)
{
    struct ls_engine_profile p;
    const char *text;
    small_world_init(&s->w, 256);
    s->a[0] = s->w.genesis;
    for (unsigned i = 1; i <= 80; i++) {
        s->a[i] = grow(&s->w, s->a[i - 1], 1, 'a');
    }
    s->b[5] = s->a[5];
    for (unsigned i = 6; i <= 48; i++) {
        s->b[i] = grow(&s->w, s->b[i - 1], 1, 'b');
    }
    void *mem = malloc(ls_engine_size(s->w.u));
    assert_non_null(mem);
    assert_int_equal(ls_engine_profile_read(profile, &p, &text), LS_EL_CHOICE_OK);
    s->e = ls_engine_init(mem, s->w.u, s->w.genesis, &p);
    if (text != NULL) {
        ls_engine_condemn(s->e, s->a[block]);
    }
    s->seen[0] = '\0';
}

static void bench_down(struct bench *s)
{
    free(s->e);
    small_world_fini(&s->w);
}

/* --- what a sequence saw, as text --- */

static void say(struct bench *s, const char *text)
{
    size_t n = strlen(s->seen);
    (void)snprintf(s->seen + n, sizeof s->seen - n, "%s%s", n == 0 ? "" : " ", text);
}

static void say_block(struct bench *s, uint32_t id)
{
    char text[32] = "none";
    if (id != NONE) {
        const struct ls_l2_ref *r = &ls_universe_get(s->w.u, id)->ref;
        (void)snprintf(text, sizeof text, "%c%u", r->hash.b[1], (unsigned)r->number);
    }
    say(s, text);
}

static void say_verdict(struct bench *s, struct ls_el_verdict v)
{
    char text[64];
    if (v.is_error) {
        (void)snprintf(text, sizeof text, "%d", v.code);
        say(s, text);
        return;
    }
    say(s, ls_payload_status_name(v.status));
}

/* "latest/safe/finalized" */
static void say_labels(struct bench *s)
{
    say(s, "at");
    say_block(s, ls_engine_label(s->e, LS_LABEL_LATEST));
    say_block(s, ls_engine_label(s->e, LS_LABEL_SAFE));
    say_block(s, ls_engine_label(s->e, LS_LABEL_FINALIZED));
}

static void say_read(struct bench *s, enum ls_label label)
{
    struct ls_el_read r = ls_engine_read_label(s->e, label);
    char text[80];
    switch (r.kind) {
    case LS_READ_BLOCK:
        say_block(s, r.id);
        break;
    case LS_READ_NULL:
        say(s, "null");
        break;
    case LS_READ_ERROR:
        (void)snprintf(text, sizeof text, "%d \"%s\"", r.code, r.message);
        say(s, text);
        break;
    }
}

/* --- calls --- */

static void np(struct bench *s, uint32_t id)
{
    const struct ls_l2_ref *r = &ls_universe_get(s->w.u, id)->ref;
    const struct ls_np_input in = {
        .id = {r->hash, r->number}, .parent = r->parent, .timestamp = r->timestamp, .block = id};
    say_verdict(s, ls_engine_new_payload(s->e, &in));
}

static void fcu(struct bench *s, uint32_t head, uint32_t safe, uint32_t finalized)
{
    struct ls_forkchoice f = {0};
    f.head = head == NONE ? f.head : ls_universe_get(s->w.u, head)->ref.hash;
    f.safe = safe == NONE ? f.safe : ls_universe_get(s->w.u, safe)->ref.hash;
    f.finalized = finalized == NONE ? f.finalized : ls_universe_get(s->w.u, finalized)->ref.hash;
    say_verdict(s, ls_engine_forkchoice(s->e, &f));
}

/* How many of count forkchoices to head were INVALID. */
static void say_refusals(struct bench *s, uint32_t head, unsigned count)
{
    struct ls_forkchoice f = {.head = ls_universe_get(s->w.u, head)->ref.hash};
    char text[32];
    unsigned refused = 0;
    for (unsigned i = 0; i < count; i++) {
        refused += ls_engine_forkchoice(s->e, &f).status == LS_STATUS_INVALID ? 1u : 0u;
    }
    (void)snprintf(text, sizeof text, "%u refused", refused);
    say(s, text);
}

/* Has 20 blocks of chain a with these labels, and b to 12 on the side. */
static void warm(struct bench *s, uint32_t safe, uint32_t finalized)
{
    ls_engine_seed(s->e, s->b[12], NONE, NONE);
    ls_engine_seed(s->e, s->a[20], safe, finalized);
}

/* --- the sequences --- */

static void genesis_before_the_target(struct bench *s)
{
    ls_engine_set_backfill(s->e, 100);
    fcu(s, s->a[0], NONE, NONE);
    np(s, s->a[80]);
    fcu(s, s->a[80], NONE, NONE);
    ls_engine_tick(s->e);
    ls_engine_tick(s->e);
    say_labels(s);
}

static void older_head_with_labels(struct bench *s)
{
    warm(s, s->a[4], s->a[2]);
    fcu(s, s->a[10], s->a[6], s->b[7]); /* an off-chain label is looked at by one of them only */
    fcu(s, s->a[10], s->a[6], s->a[3]);
    say_labels(s);
}

static void payloads_above_a_gap(struct bench *s)
{
    np(s, s->a[3]);
    np(s, s->a[2]);
    np(s, s->a[1]);
    fcu(s, s->a[3], NONE, NONE);
}

static void right_reorg_twice(struct bench *s)
{
    warm(s, s->a[8], s->a[2]);
    fcu(s, s->b[12], s->b[8], s->a[3]);
    say_labels(s);
    fcu(s, s->b[12], s->b[8], s->a[3]);
    say_labels(s);
}

static void labels_on_the_same_head(struct bench *s)
{
    warm(s, s->a[8], s->a[2]);
    fcu(s, s->a[20], s->a[10], s->a[5]);
    say_labels(s);
    np(s, s->a[21]);
    fcu(s, s->a[21], s->a[10], s->a[5]);
    say_labels(s);
}

static void sync_to_far_labels(struct bench *s)
{
    ls_engine_set_backfill(s->e, 100);
    np(s, s->a[80]);
    fcu(s, s->a[80], s->a[70], s->a[60]);
    ls_engine_tick(s->e);
    say_labels(s);
    fcu(s, s->a[80], s->a[70], NONE);
    ls_engine_tick(s->e);
    say_labels(s);
}

static void heads_below_finalized_and_above(struct bench *s)
{
    warm(s, s->a[12], s->a[10]);
    fcu(s, s->a[8], s->a[6], s->a[4]);
    say_labels(s);
    fcu(s, s->a[10], NONE, NONE);
    say_labels(s);
    fcu(s, s->a[11], NONE, NONE);
    say_labels(s);
}

static void reorgs_of_fifteen(struct bench *s)
{
    warm(s, NONE, NONE);
    fcu(s, s->b[12], NONE, NONE); /* 20 to 5 */
    say_labels(s);
    fcu(s, s->a[5], NONE, NONE); /* and back by 15, or by 7 */
    say_labels(s);
}

static void third_block_and_its_children(struct bench *s)
{
    np(s, s->a[1]);
    np(s, s->a[2]);
    np(s, s->a[3]);
    np(s, s->a[4]);
    say_refusals(s, s->a[4], 300); /* op-geth gives a rejection up after 128 */
    ls_engine_restart(s->e, 0);
    np(s, s->a[3]);
    np(s, s->a[4]);
}

static void known_and_new(struct bench *s)
{
    warm(s, NONE, NONE);
    np(s, s->a[20]);
    np(s, s->a[21]);
    fcu(s, s->a[20], s->a[4], s->a[4]);
    fcu(s, s->b[12], NONE, NONE);
    say_labels(s);
}

static void time_of_a_call(struct bench *s)
{
    char text[32];
    uint64_t ms = ls_engine_knobs(s->e)->call_ns / 1000000u;
    (void)snprintf(text, sizeof text, "%u ms", (unsigned)ms);
    say(s, text);
}

static void two_consecutive_far_heads(struct bench *s)
{
    say_read(s, LS_LABEL_SAFE);
    fcu(s, s->a[40], NONE, NONE);
    fcu(s, s->a[42], NONE, NONE);
    say_labels(s);
    fcu(s, s->a[43], NONE, NONE);
    say_labels(s);
    fcu(s, s->a[43], s->a[30], s->a[20]);
    say_labels(s);
    np(s, s->a[44]);
}

static void unset_labels(struct bench *s)
{
    say_read(s, LS_LABEL_SAFE);
    say_read(s, LS_LABEL_FINALIZED);
}

static void labels_after_restart(struct bench *s)
{
    warm(s, s->a[8], s->a[4]);
    ls_engine_restart(s->e, 0);
    say_labels(s);
}

static void bodies_of_old_blocks(struct bench *s)
{
    ls_engine_seed(s->e, s->a[80], NONE, NONE);
    say(s, ls_engine_is_pruned(s->e, s->a[69]) ? "gone" : "there");
    say(s, ls_engine_is_pruned(s->e, s->a[70]) ? "gone" : "there");
}

static void bad_label_on_a_new_head(struct bench *s)
{
    warm(s, s->a[8], s->a[4]);
    fcu(s, s->b[12], s->b[7], s->a[7]);
    say_labels(s);
}

/* --- the table --- */

static const struct {
    const char *profile;
    void (*sequence)(struct bench *s);
    const char *seen; /* by this profile */
    const char *geth; /* by op-geth */
} DIFFERENCES[] = {
    {"EL-SNAP", genesis_before_the_target, "VALID SYNCING SYNCING at g0 none none",
     "VALID SYNCING SYNCING at a80 none none"},
    {"EL-RETH", older_head_with_labels, "VALID VALID at a20 a4 a2", "-38002 VALID at a20 a6 a3"},
    {"EL-RETH", payloads_above_a_gap, "SYNCING SYNCING VALID VALID",
     "SYNCING SYNCING VALID SYNCING"},
    {"EL-RETH", unset_labels, "null null",
     "-32000 \"safe block not found\" -32000 \"finalized block not found\""},
    {"EL-NM", right_reorg_twice, "-38002 at b12 a8 a3 VALID at b12 b8 a3",
     "VALID at b12 b8 a3 VALID at b12 b8 a3"},
    {"EL-ERI", labels_on_the_same_head, "VALID at a20 a8 a2 VALID VALID at a21 a10 a5",
     "VALID at a20 a10 a5 VALID VALID at a21 a10 a5"},
    {"EL-38002", sync_to_far_labels, "SYNCING -38002 at g0 none none SYNCING at a80 none none",
     "SYNCING SYNCING at a80 none none VALID at a80 a70 none"},
    {"EL-SKIP", heads_below_finalized_and_above,
     "VALID at a20 a12 a10 VALID at a20 a12 a10 VALID at a11 a12 a10",
     "VALID at a20 a6 a4 VALID at a20 a6 a4 VALID at a20 a6 a4"},
    {"EL-DEEP:14", reorgs_of_fifteen, "-38006 at a20 none none -38006 at a20 none none",
     "VALID at b12 none none VALID at b12 none none"},
    {"EL-DEEP:15", reorgs_of_fifteen, "VALID at b12 none none VALID at a5 none none",
     "VALID at b12 none none VALID at b12 none none"},
    {"EL-INV:a3", third_block_and_its_children,
     "VALID VALID INVALID INVALID 300 refused VALID VALID",
     "VALID VALID VALID VALID 0 refused VALID VALID"},
    {"EL-STUCK", known_and_new, "SYNCING SYNCING SYNCING SYNCING at a20 none none",
     "VALID VALID VALID VALID at b12 a4 a4"},
    {"EL-SLOW", time_of_a_call, "500 ms", "0 ms"},
    {"EL-SLOW:7", time_of_a_call, "7 ms", "0 ms"},
    {"EL-WIN", two_consecutive_far_heads,
     "g0 SYNCING SYNCING at g0 none none SYNCING at a43 none none VALID at a43 a30 a20 VALID",
     "-32000 \"safe block not found\" SYNCING SYNCING at g0 none none SYNCING at g0 none none "
     "SYNCING at g0 none none SYNCING"},
    {"EL-LBL", unset_labels, "null null",
     "-32000 \"safe block not found\" -32000 \"finalized block not found\""},
    {"EL-LBL:not-found", unset_labels, "-32000 \"block not found\" -32000 \"block not found\"",
     "-32000 \"safe block not found\" -32000 \"finalized block not found\""},
    {"EL-LBL:unknown", unset_labels, "-32000 \"Unknown block\" -32000 \"Unknown block\"",
     "-32000 \"safe block not found\" -32000 \"finalized block not found\""},
    {"EL-LBL:39001", unset_labels, "-39001 \"Unknown block\" -39001 \"Unknown block\"",
     "-32000 \"safe block not found\" -32000 \"finalized block not found\""},
    {"EL-LBL:genesis", unset_labels, "g0 g0",
     "-32000 \"safe block not found\" -32000 \"finalized block not found\""},
    {"EL-NOSAFE", labels_after_restart, "at a20 none a4", "at a20 a4 a4"},
    {"EL-PRUNE:10", bodies_of_old_blocks, "gone there", "there there"},
    {"EL-PRUNE", bodies_of_old_blocks, "there there", "there there"},
    {"geth-legacy", older_head_with_labels, "VALID VALID at a20 a4 a2",
     "-38002 VALID at a20 a6 a3"},
    {"strict", bad_label_on_a_new_head, "-38002 at a20 a8 a4", "-38002 at b12 a8 a4"},
    {"strict", heads_below_finalized_and_above,
     "VALID at a20 a12 a10 VALID at a20 a12 a10 VALID at a11 a12 a10",
     "VALID at a20 a6 a4 VALID at a20 a6 a4 VALID at a20 a6 a4"},
};

static void each_profile_differs_from_geth_as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof DIFFERENCES / sizeof DIFFERENCES[0]; i++) {
        struct bench s;
        bench_up(&s, DIFFERENCES[i].profile, 3);
        DIFFERENCES[i].sequence(&s);
        if (strcmp(s.seen, DIFFERENCES[i].seen) != 0) {
            print_error("row %zu, %s\n", i, DIFFERENCES[i].profile);
        }
        assert_string_equal(s.seen, DIFFERENCES[i].seen);
        bench_down(&s);
        bench_up(&s, "geth", 0);
        DIFFERENCES[i].sequence(&s);
        assert_string_equal(s.seen, DIFFERENCES[i].geth);
        bench_down(&s);
    }
}

/* The catalogue's list (scenarios 2.1); none may go. */
static void the_fifteen_of_the_catalogue_are_there(void **state)
{
    static const char *const names[] = {"EL-GETH",  "EL-SNAP", "EL-RETH", "EL-NM",     "EL-ERI",
                                        "EL-38002", "EL-SKIP", "EL-DEEP", "EL-INV",    "EL-STUCK",
                                        "EL-SLOW",  "EL-WIN",  "EL-LBL",  "EL-NOSAFE", "EL-PRUNE"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct ls_engine_profile *p = ls_engine_profile_find(names[i]);
        assert_non_null(p);
        assert_ptr_equal(ls_engine_profile_at(i), p);
        assert_non_null(p->what);
        assert_false(p->is_mortal);
        assert_false(p->builds_hang);
    }
}

static void names_and_parameters_are_read(void **state)
{
    static const struct {
        const char *text;
        enum ls_el_choice_fault fault;
    } cases[] = {{"nm", LS_EL_CHOICE_OK},
                 {"El-nM", LS_EL_CHOICE_OK},
                 {"nm:3", LS_EL_CHOICE_NO_PARAM},
                 {"n", LS_EL_CHOICE_NO_NAME},
                 {"nmx", LS_EL_CHOICE_NO_NAME},
                 {"", LS_EL_CHOICE_NO_NAME},
                 {"el-", LS_EL_CHOICE_NO_NAME},
                 {"deep:16", LS_EL_CHOICE_OK},
                 {"deep:0", LS_EL_CHOICE_NO_PARAM},
                 {"deep:", LS_EL_CHOICE_NO_PARAM},
                 {"deep:x", LS_EL_CHOICE_NO_PARAM},
                 {"slow:18446744073709551615", LS_EL_CHOICE_NO_PARAM},
                 {"lbl:nul", LS_EL_CHOICE_NO_PARAM},
                 {"inv", LS_EL_CHOICE_NO_PARAM},
                 {"inv:", LS_EL_CHOICE_NO_PARAM},
                 {"inv:B+3", LS_EL_CHOICE_OK},
                 {"prune:18446744073709551616", LS_EL_CHOICE_NO_PARAM}};
    struct ls_engine_profile p;
    const char *block;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum ls_el_choice_fault fault = ls_engine_profile_read(cases[i].text, &p, &block);
        if (fault != cases[i].fault) {
            print_error("\"%s\"\n", cases[i].text);
        }
        assert_int_equal(fault, cases[i].fault);
    }
    assert_int_equal(ls_engine_profile_read("EL-INV:x@3+1", &p, &block), LS_EL_CHOICE_OK);
    assert_string_equal(block, "x@3+1");
    assert_int_equal(ls_engine_profile_read("deep:7", &p, &block), LS_EL_CHOICE_OK);
    assert_null(block);
    assert_int_equal(p.reorg_depth_max, 7);
    assert_int_equal(p.bodies_kept, UINT64_MAX);
}

static void the_list_of_names_is_cut_to_its_room(void **state)
{
    char all[LS_EL_NAMES_MAX];
    char some[12];
    (void)state;
    ls_engine_profile_names(all, sizeof all);
    assert_non_null(strstr(all, " geth snap reth nm "));
    assert_non_null(strstr(all, " deep:BLOCKS inv:BLOCK "));
    assert_non_null(strstr(all, " strict"));
    ls_engine_profile_names(some, sizeof some);
    assert_string_equal(some, " geth snap ");
}

/* EL-INV on a block that is there already (ENG-02). */
static void condemned_blocks_go_with_what_stands_on_them(void **state)
{
    struct bench s;
    (void)state;
    bench_up(&s, "geth", 0);
    warm(&s, s.a[15], s.a[5]);
    ls_engine_condemn(s.e, s.a[12]);
    say_labels(&s);
    fcu(&s, s.a[20], NONE, NONE);
    fcu(&s, s.a[12], NONE, NONE);
    np(&s, s.a[20]);
    np(&s, s.a[13]);
    fcu(&s, s.a[11], s.a[9], s.a[5]);
    say_labels(&s);
    assert_string_equal(s.seen,
                        "at a11 none a5 INVALID INVALID INVALID INVALID VALID at a11 a9 a5");
    ls_engine_restart(s.e, 0);
    s.seen[0] = '\0';
    np(&s, s.a[12]);
    np(&s, s.a[13]);
    assert_string_equal(s.seen, "VALID VALID");
    bench_down(&s);
}

/* A switch is another program on the same database. */
static void profiles_are_switched_while_the_engine_runs(void **state)
{
    struct bench s;
    (void)state;
    bench_up(&s, "stuck", 0);
    warm(&s, s.a[8], s.a[4]);
    np(&s, s.a[21]);
    ls_engine_set_profile(s.e, ls_engine_profile_find("nm"));
    say_labels(&s);
    np(&s, s.a[21]);
    fcu(&s, s.b[12], s.b[9], s.a[4]);
    ls_engine_set_profile(s.e, ls_engine_profile_find("geth"));
    fcu(&s, s.a[21], s.a[9], s.a[4]);
    say_labels(&s);
    assert_string_equal(s.seen, "SYNCING at a20 a8 a4 VALID -38002 VALID at a21 a9 a4");
    bench_down(&s);
}

static void the_dead_come_back_by_restart_only(void **state)
{
    struct bench s;
    (void)state;
    bench_up(&s, "geth", 0);
    warm(&s, s.a[8], s.a[4]);
    assert_false(ls_engine_is_dead(s.e));
    ls_engine_kill(s.e);
    ls_engine_set_profile(s.e, ls_engine_profile_find("reth"));
    assert_true(ls_engine_is_dead(s.e));
    ls_engine_restart(s.e, 2);
    assert_false(ls_engine_is_dead(s.e));
    say_labels(&s);
    assert_string_equal(s.seen, "at a18 a8 a4");
    bench_down(&s);
}

static void labels_of_reth_are_unset_while_their_block_is_reorged_out(void **state)
{
    struct bench s;
    (void)state;
    bench_up(&s, "reth", 0);
    warm(&s, s.a[15], s.a[4]);
    fcu(&s, s.b[12], NONE, NONE);
    say_read(&s, LS_LABEL_SAFE);
    say_read(&s, LS_LABEL_FINALIZED);
    fcu(&s, s.a[20], NONE, NONE);
    say_read(&s, LS_LABEL_SAFE);
    assert_string_equal(s.seen, "VALID null a4 VALID a15");
    bench_down(&s);
}

static void reth_starts_with_what_it_had_written(void **state)
{
    struct bench s;
    (void)state;
    bench_up(&s, "reth", 0);
    warm(&s, s.a[8], s.a[4]);
    np(&s, s.a[21]);
    fcu(&s, s.a[21], s.a[9], s.a[5]);
    assert_int_equal(ls_engine_unwritten(s.e), 1);
    np(&s, s.a[22]);
    np(&s, s.a[23]);
    fcu(&s, s.a[23], s.a[10], s.a[6]);
    assert_int_equal(ls_engine_unwritten(s.e), 0);
    np(&s, s.a[24]);
    fcu(&s, s.a[23], s.a[15], s.a[7]); /* nothing to write, so the labels are not */
    ls_engine_restart(s.e, 0);
    say_labels(&s);
    fcu(&s, s.a[24], NONE, NONE);
    fcu(&s, s.b[12], NONE, NONE);
    np(&s, s.a[24]);
    fcu(&s, s.a[24], s.a[16], NONE);
    ls_engine_crash(s.e, 1);
    say_labels(&s);
    assert_string_equal(s.seen, "VALID VALID VALID VALID VALID VALID VALID at a23 a10 a6 SYNCING "
                                "SYNCING VALID VALID at a23 a10 a6");
    bench_down(&s);
}

static void a_safe_block_of_reth_without_a_finalized_one_becomes_both(void **state)
{
    struct bench s;
    (void)state;
    bench_up(&s, "reth", 0);
    warm(&s, s.a[8], NONE);
    ls_engine_restart(s.e, 0);
    say_labels(&s);
    assert_string_equal(s.seen, "at a20 a8 a8");
    bench_down(&s);
}

static void geth_that_lost_its_head_has_its_blocks(void **state)
{
    struct bench s;
    (void)state;
    bench_up(&s, "geth", 0);
    warm(&s, s.a[8], s.a[4]);
    ls_engine_crash(s.e, 20);
    say_read(&s, LS_LABEL_LATEST);
    say_read(&s, LS_LABEL_SAFE);
    np(&s, s.a[21]);
    assert_string_equal(s.seen, "g0 -32000 \"safe block not found\" VALID");
    bench_down(&s);
}

static void an_unwinding_reth_goes_back_without_labels(void **state)
{
    struct bench s;
    (void)state;
    bench_up(&s, "reth", 0);
    warm(&s, s.a[8], s.a[4]);
    ls_engine_knobs(s.e)->old_head = LS_EL_OLD_UNWIND;
    fcu(&s, s.a[15], s.a[9], s.a[5]);
    say_labels(&s);
    fcu(&s, s.a[15], s.a[9], s.a[5]);
    say_labels(&s);
    fcu(&s, s.a[20], NONE, NONE);
    assert_string_equal(s.seen, "VALID at a15 a8 a4 VALID at a15 a9 a5 SYNCING");
    bench_down(&s);
}

static void reth_says_that_it_syncs_until_its_head_moves(void **state)
{
    struct bench s;
    (void)state;
    bench_up(&s, "reth", 0);
    struct ls_el_syncing at = ls_engine_syncing(s.e);
    assert_true(at.is_syncing);
    warm(&s, s.a[8], s.a[4]);
    assert_false(ls_engine_syncing(s.e).is_syncing);
    ls_engine_restart(s.e, 2);
    at = ls_engine_syncing(s.e);
    assert_true(at.is_syncing);
    assert_int_equal(at.starting, 18);
    assert_int_equal(at.current, 18);
    assert_int_equal(at.stages, 18);
    ls_engine_set_profile(s.e, ls_engine_profile_find("geth"));
    assert_false(ls_engine_syncing(s.e).is_syncing);
    bench_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_profile_differs_from_geth_as_written),
        cmocka_unit_test(the_fifteen_of_the_catalogue_are_there),
        cmocka_unit_test(names_and_parameters_are_read),
        cmocka_unit_test(the_list_of_names_is_cut_to_its_room),
        cmocka_unit_test(condemned_blocks_go_with_what_stands_on_them),
        cmocka_unit_test(profiles_are_switched_while_the_engine_runs),
        cmocka_unit_test(labels_of_reth_are_unset_while_their_block_is_reorged_out),
        cmocka_unit_test(reth_starts_with_what_it_had_written),
        cmocka_unit_test(a_safe_block_of_reth_without_a_finalized_one_becomes_both),
        cmocka_unit_test(geth_that_lost_its_head_has_its_blocks),
        cmocka_unit_test(an_unwinding_reth_goes_back_without_labels),
        cmocka_unit_test(reth_says_that_it_syncs_until_its_head_moves),
        cmocka_unit_test(the_dead_come_back_by_restart_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
