/*
 * The scenario language over a world in memory: what waits, what judges, what complains, and what a
 * script cannot do.
 */
#include <stdio.h>
#include <unistd.h>

#include "harness/scenario/meta.h"
#include "harness/scenario/run.h"
#include "tests/unit/harness_toy.h"

struct fixture {
    struct toy toy;
    char dir[64];
    char path[96];
    struct ls_scenario_options o;
    struct ls_scenario_result r;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    toy_init(&f->toy);
    strcpy(f->dir, "/tmp/lockstep-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/t.lua", f->dir);
    f->o = (struct ls_scenario_options){.path = f->path,
                                        .world = &f->toy.world,
                                        .log = f->toy.log,
                                        .fixture = "toy",
                                        .seed = 1,
                                        .ticks_max = 500};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char helper[96];
    snprintf(helper, sizeof helper, "%s/helper.lua", f->dir);
    unlink(f->path);
    unlink(helper);
    assert_int_equal(rmdir(f->dir), 0);
    toy_fini(&f->toy);
    free(f);
    return 0;
}

static void write_file(const struct fixture *f, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    fclose(out);
}

/* Runs a script whose run function has this body; its first line is line 2. */
static void run(struct fixture *f, const char *body)
{
    char text[4096];
    int n = snprintf(text, sizeof text, "return {run = function(w)\n%s\nend}\n", body);
    assert_true(n > 0 && (size_t)n < sizeof text);
    write_file(f, "t.lua", text);
    ls_scenario_run(&f->o, &f->r);
}

static void expect_passed(const struct fixture *f)
{
    if (f->r.outcome != LS_OUTCOME_PASSED) {
        fail_msg("%s:%d: %s; expected %s; seen %s", f->r.at.file, f->r.at.line, f->r.what,
                 f->r.expected, f->r.seen);
    }
}

static void expect_outcome(const struct fixture *f, enum ls_outcome outcome, int line,
                           const char *what)
{
    if (f->r.outcome != outcome || f->r.at.line != line || !strstr(f->r.what, what)) {
        fail_msg("%s at line %d: \"%s\"; wanted %s at line %d: \"%s\"",
                 ls_outcome_name(f->r.outcome), f->r.at.line, f->r.what, ls_outcome_name(outcome),
                 line, what);
    }
}

static void expect_text(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    }
}

/* --- waiting and judging --- */

static void a_predicate_that_comes_true_lets_the_script_go_on(void **state)
{
    struct fixture *f = *state;
    f->toy.node = toy_follower;
    run(f, "w:engine{knows = 'B+20'}\n"
           "w:source{safe = 'B+8', finalized = 'B+3'}\n"
           "w:start()\n"
           "local got = w:within(3, 'labels', function() return w:label('safe') end)\n"
           "w:expect('what the predicate returned', got, w:block('B+8'))\n"
           "w:expect('finalized', w:label('finalized'), w:block('B+3'))\n");
    expect_passed(f);
}

static void a_bound_that_passes_names_line_bound_and_state(void **state)
{
    struct fixture *f = *state;
    run(f, "w:start()\n"
           "w:within(4, 'safe moves',\n"
           "  function() return w:label('safe') ~= nil, 'still unset' end)\n");
    expect_outcome(f, LS_OUTCOME_FAILED, 3, "safe moves");
    expect_text(f->r.expected, "within 4 ticks of tick 0");
    expect_text(f->r.seen, "still unset; not by tick 4; engine latest=G safe=none");
    assert_int_equal(f->r.ticks, 4);
}

static void a_live_world_gets_a_tick_and_one_and_a_half_seconds_of_slack(void **state)
{
    struct fixture *f = *state;
    f->toy.world.is_live = true;
    run(f, "w:within(4, 'never', function() return false end)");
    expect_outcome(f, LS_OUTCOME_FAILED, 2, "never");
    assert_int_equal(f->r.ticks, 4 + 1 + 30);
}

static void slack_that_was_left_is_told(void **state)
{
    struct fixture *f = *state;
    run(f, "w:within(9, 'tick 2', function() return w:now() >= 2 end)\n"
           "w:within(9, 'tick 8', function() return w:now() >= 8 end)\n");
    expect_passed(f);
    assert_int_equal(f->r.slack_min, 3);
}

static void wait_takes_exactly_its_ticks(void **state)
{
    struct fixture *f = *state;
    run(f, "w:wait(7)\nw:expect('now', w:now(), 7)");
    expect_passed(f);
    assert_int_equal(f->r.ticks, 7);
}

static void expect_shows_what_is_and_what_should_be(void **state)
{
    struct fixture *f = *state;
    run(f, "w:expect('safe block', w:block('B+3'), w:block('B+4'))");
    expect_outcome(f, LS_OUTCOME_FAILED, 2, "safe block");
    assert_string_equal(f->r.expected, "B+4");
    expect_text(f->r.seen, "B+3; engine latest=G");
}

static void expect_nil_is_an_expectation(void **state)
{
    struct fixture *f = *state;
    run(f, "w:expect('unset', w:label('safe'), nil)\n"
           "w:expect('unset', w:label('latest'), nil)\n");
    expect_outcome(f, LS_OUTCOME_FAILED, 3, "unset");
}

static void never_watches_to_the_end(void **state)
{
    struct fixture *f = *state;
    run(f, "w:never('tick 5 comes', function() return w:now() == 5 end)\n"
           "w:wait(9)\n");
    expect_outcome(f, LS_OUTCOME_FAILED, 2, "tick 5 comes");
    assert_string_equal(f->r.expected, "never");
    assert_int_equal(f->r.ticks, 5);
}

static void every_is_called_once_a_tick(void **state)
{
    struct fixture *f = *state;
    run(f, "local seen = {}\n"
           "w:every(function(tick) seen[#seen + 1] = tick end)\n"
           "w:wait(3)\n"
           "w:expect('ticks', table.concat(seen, ' '), '1 2 3')\n");
    expect_passed(f);
}

static void a_script_without_end_is_stopped(void **state)
{
    struct fixture *f = *state;
    f->o.ticks_max = 20;
    run(f, "while true do w:wait(1) end");
    expect_outcome(f, LS_OUTCOME_FAILED, 2, "takes too long");
}

static bool always(void *user)
{
    (void)user;
    return true;
}

static void an_interrupt_ends_the_wait(void **state)
{
    struct fixture *f = *state;
    f->o.is_interrupted = always;
    run(f, "w:wait(9)");
    expect_outcome(f, LS_OUTCOME_FAILED, 2, "interrupted");
}

/* --- the node's process --- */

static void stop_waits_for_the_end(void **state)
{
    struct fixture *f = *state;
    run(f, "w:start()\nw:stop()\n"
           "w:expect('running', w:is_running(), false)\n"
           "w:expect('exit', w:exit_status(), 0)\n"
           "w:start()\nw:kill()\n"
           "w:expect('exit', w:exit_status(), -9)\n");
    expect_passed(f);
}

static void what_the_node_said_is_counted(void **state)
{
    struct fixture *f = *state;
    run(f, "w:start()\nw:expect('lines', w:said('four'), 4)\n"); /* the toy counts letters */
    expect_passed(f);
}

static void a_node_without_a_log_said_nothing(void **state)
{
    struct fixture *f = *state;
    run(f, "w:said('x')\n");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "no log yet");
}

static void a_node_that_ignores_sigterm_fails(void **state)
{
    struct fixture *f = *state;
    f->toy.is_stubborn = true;
    run(f, "w:start()\nw:stop()");
    expect_outcome(f, LS_OUTCOME_FAILED, 3, "ends after SIGTERM");
}

static void restart_starts_again(void **state)
{
    struct fixture *f = *state;
    run(f, "w:start()\nw:restart()\nw:wait(1)\n"
           "w:expect('running', w:is_running(), true)\n");
    expect_passed(f);
    assert_int_equal(f->toy.incarnation, 2);
}

static void starting_twice_is_misuse(void **state)
{
    struct fixture *f = *state;
    run(f, "w:start()\nw:start()");
    expect_outcome(f, LS_OUTCOME_BROKEN, 3, "runs already");
}

/* --- source and payloads --- */

static void steady_moves_the_source_and_feeds_ahead(void **state)
{
    struct fixture *f = *state;
    f->toy.node = toy_follower;
    run(f, "w:engine{head = 'B+10'}\n"
           "w:source{safe = 'B+10', finalized = 'B+4'}\n"
           "w:steady(2, {feed = 3})\n"
           "w:start()\n"
           "w:wait(5)\n"
           "w:freeze()\n"
           "w:expect('safe', w:heads().safe, w:block('B+20'))\n"
           "w:expect('finalized', w:heads().finalized, w:block('B+14'))\n"
           "w:expect('unsafe', w:heads().unsafe, w:block('B+23'))\n"
           "w:within(2, 'payloads', function() return w:label('latest') == w:block('B+23') end)\n"
           "w:wait(3)\n"
           "w:expect('frozen', w:heads().safe, w:block('B+20'))\n");
    expect_passed(f);
}

static void advance_past_the_window_is_misuse(void **state)
{
    struct fixture *f = *state;
    run(f, "w:source{safe = 'B+30', finalized = 'B+4'}\nw:advance(10)");
    expect_outcome(f, LS_OUTCOME_BROKEN, 3, "cannot go up by 10");
}

static void advance_goes_up_the_branch_the_source_is_on(void **state)
{
    struct fixture *f = *state;
    run(f, "w:source{safe = 'x@10+1', finalized = 'B+4'}\n"
           "w:advance{safe = 2}\n"
           "w:expect('safe', w:heads().safe, w:block('x@10+3'))\n");
    expect_passed(f);
}

static uint64_t safe_of(struct fixture *f)
{
    struct ls_src_answer a = ls_source_answer(f->toy.world.source, 1);
    return ls_universe_get(f->toy.chain.l2, a.heads.safe_l2)->ref.number;
}

static void a_balanced_source_has_backends_that_are_behind(void **state)
{
    struct fixture *f = *state;
    run(f, "w:source{safe = 'B+10', finalized = 'B+4', backends = {0, 0, 8}, by = 'turn'}\n");
    expect_passed(f);
    uint64_t top = safe_of(f);
    assert_int_equal(safe_of(f), top);
    assert_int_equal(safe_of(f), top - 8);
}

static void wrong_backends_are_misuse(void **state)
{
    struct fixture *f = *state;
    run(f, "w:source{backends = {}}");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "1 to 8 lags");
    run(f, "w:source{backends = {1}, by = 'luck'}");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "turn");
}

static void a_backend_may_be_on_a_fork(void **state)
{
    struct fixture *f = *state;
    run(f,
        "w:source{safe = 'B+12', finalized = 'B+4', backends = {0, {fork = 'x@10+5', lag = 1}}}\n");
    expect_passed(f);
    struct ls_src_answer a = ls_source_answer(f->toy.world.source, 1);
    assert_int_equal(a.heads.safe_l2, f->toy.canonical[12]);
    a = ls_source_answer(f->toy.world.source, 1);
    assert_int_equal(a.heads.safe_l2, f->toy.fork[0]);
    run(f, "w:source{safe = 'B+12', finalized = 'B+4', backends = {{far = 1}}}\n");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "far");
}

static void the_sources_port_can_lead_to_another_chain(void **state)
{
    struct fixture *f = *state;
    run(f, "w:source{chain = 'other'}\n");
    expect_passed(f);
    assert_string_equal(f->toy.foreign, "fixtures/other");
    run(f, "w:source{chain = 'own'}\n");
    expect_passed(f);
    assert_string_equal(f->toy.foreign, "");
    run(f, "w:source{chain = '../x'}\n");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "name of a fixture");
    run(f, "w:source{chain = 'missing'}\n");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "is missing");
}

static void the_l1_can_be_another_network_or_several_nodes(void **state)
{
    struct fixture *f = *state;
    struct ls_l1 *l1 = f->toy.world.l1;
    f->toy.chain.l1 = f->toy.chain.l2;
    ls_l1_set_tip(l1, f->toy.canonical[20]);
    run(f, "w:l1{chain_id = 17}\n");
    expect_passed(f);
    assert_int_equal(ls_l1_chain_id(l1), 17);
    run(f, "w:l1{chain_id = 0, backends = {0, 1}}\n");
    expect_passed(f);
    assert_int_equal(ls_l1_chain_id(l1), 0);
    ls_l1_turn(l1, 1);
    assert_int_equal(ls_l1_by_tag(l1, LS_L1_TAG_LATEST), f->toy.canonical[20]);
    ls_l1_turn(l1, 1);
    assert_int_equal(ls_l1_by_tag(l1, LS_L1_TAG_LATEST), f->toy.canonical[19]);
    run(f, "w:l1{backends = {{branch = 'nowhere'}}}\n");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "no L1 branch");
    run(f, "w:l1{backends = {0}, by = 'luck'}\n");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "turn");
}

static void feed_goes_along_the_branch_of_the_last_block(void **state)
{
    struct fixture *f = *state;
    run(f, "w:start()\nw:feed('B+9', 'x@10+2')\n");
    expect_passed(f);
    assert_int_equal(f->toy.fed_count, 4);
    assert_int_equal(f->toy.fed[1], f->toy.canonical[10]);
    assert_int_equal(f->toy.fed[3], f->toy.fork[1]);
}

/* --- the trace --- */

static void calls_name_the_blocks_they_carry(void **state)
{
    struct fixture *f = *state;
    f->toy.node = toy_follower;
    run(f, "w:engine{knows = 'B+20'}\n"
           "w:source{safe = 'B+8', finalized = 'B+3'}\n"
           "w:start()\nw:wait(2)\n"
           "local mark = w:mark()\n"
           "local fcus = w:calls('engine', 'engine_forkchoiceUpdated*')\n"
           "w:expect('count', #fcus, 2)\n"
           "w:expect('head', fcus[1].head, w:block('B+8'))\n"
           "w:expect('finalized', fcus[1].finalized, w:block('B+3'))\n"
           "w:expect('status', fcus[1].status, 'VALID')\n"
           "w:expect('later ones only', #w:calls('engine', '*', fcus[1]), 1)\n"
           "w:expect('none since', #w:calls('engine', '*', mark), 0)\n"
           "local poll = w:calls('source', 'optimism_syncStatus')[1]\n"
           "w:expect('snapshot', poll.safe, w:block('B+8'))\n"
           "w:expect('in order', poll.done < fcus[1].seq, true)\n");
    expect_passed(f);
}

/* --- names --- */

static void blocks_have_names_and_arithmetic(void **state)
{
    struct fixture *f = *state;
    run(f, "w:expect('genesis', tostring(w:block('B+0')), 'G')\n"
           "w:expect('name', tostring(w:block('B+7') + 3), 'B+10')\n"
           "w:expect('fork', tostring(w:block('x@10+5')), 'x@10+5')\n"
           "w:expect('down to the trunk', tostring(w:block('x@10+2') - 3), 'B+9')\n"
           "w:expect('distance', w:block('B+9') - w:block('B+4'), 5)\n"
           "w:expect('by hash', w:block(w:block('B+5').hash), w:block('B+5'))\n"
           "w:expect('ancestor', w:block('B+10'):is_ancestor_of('x@10+1'), true)\n"
           "w:expect('no ancestor', w:block('B+11'):is_ancestor_of('x@10+1'), false)\n"
           "w:expect('parent', w:block('x@10+1').parent, w:block('B+10'))\n"
           "w:expect('scaled', w:at(256), w:block('B+20'))\n");
    expect_passed(f);
}

static void wrong_names_are_misuse_that_says_what_is_right(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *body;
        const char *what;
    } cases[] = {{"w:block('B+40')", "fixture \"toy\" ends at B+39"},
                 {"w:block('B40')", "is no block name; write \"B+340\""},
                 {"w:block('y@10+1')", "there is no fork \"y\""},
                 {"w:block('x@9+1')", "fork \"x\" leaves after B+10"},
                 {"w:block('x@10+6')", "fork \"x\" is only 5 blocks long"},
                 {"w:block(7)", "must be a block or a block name"},
                 {"return w:block('B+39') + 1", "there is no block 1 from B+39"},
                 {"return w:block('B+3').size", "a block has no \"size\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(f, cases[i].body);
        expect_outcome(f, LS_OUTCOME_BROKEN, 2, cases[i].what);
    }
}

/* --- complaints --- */

static void mistakes_of_the_script_are_broken_not_failed(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *body;
        const char *what;
    } cases[] = {
        {"w:explode()", "unknown verb \"explode\"; docs/SCENARIOS.md"},
        {"w.start()", "call verbs with a colon"},
        {"w:engine{haed = 'B+3'}", "engine{}: unknown key \"haed\"; known: profile head"},
        {"w:engine{profile = 'besu'}", "no profile \"besu\"; known: geth"},
        {"w:engine{profile = 'EL-DEEP:x'}", "profile deep takes a colon and BLOCKS"},
        {"w:profile('nm:1')", "profile nm takes no parameter"},
        {"w:profile('inv:B+77')", "ends at B+39"},
        {"w:profile('inv:G')", "genesis is not executed"},
        {"w:source('B+3')", "source takes a table"},
        {"w:within(2, 'x')", "within needs a function"},
        {"w:within('soon', 'x', function() end)", "within's ticks must be a whole number"},
        {"w:calls('bank', '*')", "\"bank\" is no endpoint"},
        {"w:label('sage')", "\"sage\" is no label"},
        {"w.mine = 3", "w takes no values"},
        {"w:fault('engine', {kind = 'hang'})", "this world cannot disturb that endpoint"},
        {"w:moments()", "has no label timeline"},
        {"local x = nil + 1", "attempt to perform arithmetic on a nil value"},
        {"error('mine')", "mine"},
        {"w:within(2, 'x', function() w:wait(1) end)", "a predicate must not wait itself"},
        {"w:within(2, 'x', function() return nil .. 'x' end)", "attempt to concatenate"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(f, cases[i].body);
        expect_outcome(f, LS_OUTCOME_BROKEN, 2, cases[i].what);
    }
}

/* --- profiles --- */

static void the_profile_is_changed_while_the_engine_runs(void **state)
{
    struct fixture *f = *state;
    run(f, "w:engine{head = 'B+20', safe = 'B+9', finalized = 'B+3', profile = 'EL-INV:B+10'}\n"
           "w:expect('condemned with its blocks', w:label('latest'), w:block('B+9'))\n"
           "w:expect('name', w:profile(), 'inv')\n"
           "w:expect('name', w:profile('deep:3'), 'deep')\n"
           "w:expect('labels stay', w:label('safe'), w:block('B+9'))\n"
           "w:profile('el-inv:' .. w:block('B+8'))\n"
           "w:expect('by name', w:label('latest'), w:block('B+7'))\n");
    expect_passed(f);
}

static void knobs_of_the_engine_are_turned_one_by_one(void **state)
{
    static const char *const names[] = {"stuck", "mortal", "builds_hang", "disk_lags"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char script[64];
        struct ls_engine_profile *k = ls_engine_knobs(f->toy.world.engine);
        const bool *const knobs[] = {&k->is_stuck, &k->is_mortal, &k->builds_hang, &k->disk_lags};
        (void)snprintf(script, sizeof script, "w:engine{%s = true}", names[i]);
        assert_false(*knobs[i]);
        run(f, script);
        expect_passed(f);
        assert_true(*knobs[i]);
    }
}

static void a_syntax_error_names_file_and_line(void **state)
{
    struct fixture *f = *state;
    run(f, "local a = 1\nlocal = 2");
    expect_outcome(f, LS_OUTCOME_BROKEN, 3, "<name> expected near '='");
    expect_text(f->r.at.file, "/t.lua");
}

/* --- the sandbox --- */

static void an_endless_loop_is_stopped(void **state)
{
    struct fixture *f = *state;
    run(f, "while true do end");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "is there an endless loop?");
}

static void an_endless_predicate_is_stopped(void **state)
{
    struct fixture *f = *state;
    run(f, "w:within(2, 'x', function() while true do end end)");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "is there an endless loop?");
}

static void memory_has_an_end(void **state)
{
    struct fixture *f = *state;
    run(f, "local t = {}\nfor i = 1, 1 << 30 do t[i] = ('x'):rep(1000) .. i end");
    assert_int_equal(f->r.outcome, LS_OUTCOME_BROKEN);
    expect_text(f->r.what, "not enough memory");
}

static void the_outside_is_out_of_reach(void **state)
{
    struct fixture *f = *state;
    run(f, "for _, name in ipairs{'os', 'io', 'require', 'package', 'debug', 'coroutine', 'load',\n"
           "  'loadfile', 'dofile', 'pcall', 'xpcall', 'print', 'collectgarbage', 'next'} do\n"
           "  w:expect(name .. ' is not there', _G[name], nil)\n"
           "end\n"
           "w:expect('no bytecode', string.dump, nil)\n"
           "w:expect('no reseeding', math.randomseed, nil)\n");
    expect_passed(f);
}

static void pairs_goes_by_key(void **state)
{
    struct fixture *f = *state;
    run(f, "local t, out = {b = 1, a = 2, [3] = 3, [1] = 4, c = 5}, {}\n"
           "for k, v in pairs(t) do out[#out + 1] = k .. v end\n"
           "w:expect('order', table.concat(out, ' '), '14 33 a2 b1 c5')\n");
    expect_passed(f);
}

static void chance_depends_on_the_seed_only(void **state)
{
    struct fixture *f = *state;
    static const char body[] = "w:fail('draws', math.random(1 << 30) .. ' ' .. math.random())";
    run(f, body);
    char first[sizeof f->r.seen];
    strcpy(first, f->r.seen);
    run(f, body);
    expect_outcome(f, LS_OUTCOME_FAILED, 2, "draws");
    f->o.seed = 2;
    struct ls_scenario_result again = f->r;
    run(f, body);
    assert_string_not_equal(again.seen, f->r.seen);
}

static void use_reads_a_file_of_the_same_collection(void **state)
{
    struct fixture *f = *state;
    write_file(f, "helper.lua", "return {answer = 42}\n");
    run(f, "w:expect('answer', use('helper').answer, 42)");
    expect_passed(f);
    run(f, "use('../../etc/passwd')");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "give a file name below the scenarios");
    run(f, "use('nothing')");
    expect_outcome(f, LS_OUTCOME_BROKEN, 2, "there is no nothing.lua beside this file");
}

/* --- metadata --- */

static enum ls_err load_meta(struct fixture *f, const char *text, struct ls_scenario_meta *m,
                             struct ls_diag *d)
{
    write_file(f, "t.lua", text);
    *d = (struct ls_diag){0};
    return ls_meta_load(f->path, m, d);
}

static void metadata_is_read(void **state)
{
    struct fixture *f = *state;
    struct ls_scenario_meta m;
    struct ls_diag d;
    assert_int_equal(
        load_meta(f,
                  "return {id = 'X-01', title = 'a title', priority = 'P1', applies = 'L',\n"
                  "variants = {'B'}, fixtures = {'one', 'two'}, covers = {'R-1.1'},\n"
                  "exempt = {{id = 'I-06', reason = 'why'}}, ticks_max = 7,\n"
                  "known_deviations = {{cl = 'op-node', what = 'halts', link = 'x#1'}},\n"
                  "run = function(w) end}\n",
                  &m, &d),
        LS_OK);
    assert_string_equal(m.id, "X-01");
    assert_int_equal(m.applies, 'L');
    assert_false(m.has_variant[LS_VARIANT_A]);
    assert_true(m.has_variant[LS_VARIANT_B]);
    assert_int_equal(m.fixture_count, 2);
    assert_string_equal(m.fixtures[1], "two");
    assert_string_equal(m.exempt[0].reason, "why");
    assert_string_equal(m.known[0].link, "x#1");
    assert_int_equal(m.ticks_max, 7);
}

static void wrong_metadata_names_its_line(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        const char *what;
    } cases[] = {
        {"return 7", "t.lua:1: the file must return a table"},
        {"return {\nid = 'X',\ntitel = 'a'}", "t.lua:3: \"titel\" is no key of a scenario"},
        {"return {id = 'X'}", "t.lua:1: the scenario has no \"title\""},
        {"return {id = 'X', title = 't', applies = 'A',\npriority = 'P9'}",
         "t.lua:2: \"priority\" is"},
        {"return {id = 'X', title = 't', priority = 'P0', applies = 'A',\nvariants = {'C'}}",
         "t.lua:2: \"variants\" knows"},
        {"return {id = 'X', title = 't', priority = 'P0', applies = 'A',\nvariants = {'A'}}",
         "the scenario has no run"},
        {"return {id = 'X', title = 't', priority = 'P0', applies = 'A',\nexempt = {'I-06'}}",
         "t.lua:2: \"exempt\" must hold"},
        {"return {id = 'X' title = 't'}", "t.lua:1: '}' expected near 'title'"},
        {"return setmetatable({}, {__index = function() error('trap') end})", "trap"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ls_scenario_meta m;
        struct ls_diag d;
        assert_int_equal(load_meta(f, cases[i].text, &m, &d), LS_ERR_CONFIG);
        expect_text(d.text, cases[i].what);
    }
}

static void a_missing_file_is_named(void **state)
{
    struct fixture *f = *state;
    struct ls_scenario_meta m;
    struct ls_diag d = {0};
    assert_int_equal(ls_meta_load("/nonexistent/t.lua", &m, &d), LS_ERR_IO);
    expect_text(d.text, "\"/nonexistent/t.lua\"");
    write_file(f, "t.lua", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_predicate_that_comes_true_lets_the_script_go_on),
        TEST(a_bound_that_passes_names_line_bound_and_state),
        TEST(a_live_world_gets_a_tick_and_one_and_a_half_seconds_of_slack),
        TEST(slack_that_was_left_is_told),
        TEST(wait_takes_exactly_its_ticks),
        TEST(expect_shows_what_is_and_what_should_be),
        TEST(expect_nil_is_an_expectation),
        TEST(never_watches_to_the_end),
        TEST(every_is_called_once_a_tick),
        TEST(a_script_without_end_is_stopped),
        TEST(an_interrupt_ends_the_wait),
        TEST(stop_waits_for_the_end),
        TEST(what_the_node_said_is_counted),
        TEST(a_node_without_a_log_said_nothing),
        TEST(a_node_that_ignores_sigterm_fails),
        TEST(restart_starts_again),
        TEST(starting_twice_is_misuse),
        TEST(steady_moves_the_source_and_feeds_ahead),
        TEST(advance_past_the_window_is_misuse),
        TEST(a_balanced_source_has_backends_that_are_behind),
        TEST(wrong_backends_are_misuse),
        TEST(a_backend_may_be_on_a_fork),
        TEST(the_sources_port_can_lead_to_another_chain),
        TEST(the_l1_can_be_another_network_or_several_nodes),
        TEST(advance_goes_up_the_branch_the_source_is_on),
        TEST(feed_goes_along_the_branch_of_the_last_block),
        TEST(calls_name_the_blocks_they_carry),
        TEST(blocks_have_names_and_arithmetic),
        TEST(wrong_names_are_misuse_that_says_what_is_right),
        TEST(mistakes_of_the_script_are_broken_not_failed),
        TEST(the_profile_is_changed_while_the_engine_runs),
        TEST(knobs_of_the_engine_are_turned_one_by_one),
        TEST(a_syntax_error_names_file_and_line),
        TEST(an_endless_loop_is_stopped),
        TEST(an_endless_predicate_is_stopped),
        TEST(memory_has_an_end),
        TEST(the_outside_is_out_of_reach),
        TEST(pairs_goes_by_key),
        TEST(chance_depends_on_the_seed_only),
        TEST(use_reads_a_file_of_the_same_collection),
        TEST(metadata_is_read),
        TEST(wrong_metadata_names_its_line),
        TEST(a_missing_file_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
