/* The sync tester's URLs: rows of mock-engine 1.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mocks/rpc/synctester_url.h"

#define ID "6b1e9c52-3f2a-4d8e-9b7c-3f39c7c34f77"
#define BASE "/chain/901/synctest"

/* ls_st_has_chain */
static bool has_chain(void *self, uint64_t chain_id)
{
    (void)self;
    return chain_id == 901;
}

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct ls_st_url));
    return *state == NULL ? 1 : 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static struct ls_st_url *parse(void **state, const char *target)
{
    struct ls_st_url *u = *state;
    ls_st_url_parse(target, has_chain, NULL, u);
    return u;
}

static void paths_lead_to_routes(void **state)
{
    static const struct {
        const char *target;
        enum ls_st_route route;
        bool has_session;
    } rows[] = {
        {"/", LS_ST_ROUTE_ROOT, false},
        {"/?latest=abc", LS_ST_ROUTE_ROOT, false},
        {"/healthz", LS_ST_ROUTE_HEALTH, false},
        {"/healthz/", LS_ST_ROUTE_HEALTH, false},
        {BASE, LS_ST_ROUTE_CHAIN, false},
        {BASE "/", LS_ST_ROUTE_CHAIN, false},
        {BASE "?latest=abc", LS_ST_ROUTE_CHAIN, false},
        {BASE "/" ID, LS_ST_ROUTE_CHAIN, true},
        {BASE "/" ID "/", LS_ST_ROUTE_CHAIN, true},
        {BASE "/" ID "///", LS_ST_ROUTE_CHAIN, true},
        {"//chain/901/synctest/" ID, LS_ST_ROUTE_CHAIN, true},
        {"/chain/901", LS_ST_ROUTE_MISSING, false},
        {"/chain", LS_ST_ROUTE_MISSING, false},
        {"/nothing", LS_ST_ROUTE_MISSING, false},
        {"/ws", LS_ST_ROUTE_MISSING, false},
        {BASE "/" ID "/x", LS_ST_ROUTE_MISSING, false},
        {BASE "/" ID "/ws", LS_ST_ROUTE_MISSING, false},
        {"/Chain/901/synctest/" ID, LS_ST_ROUTE_MISSING, false},
        {"/chain/999/synctest/" ID, LS_ST_ROUTE_MISSING, true},
        {"/chain/0x385/synctest/" ID, LS_ST_ROUTE_MISSING, true},
        {"/chain/0901/synctest/" ID, LS_ST_ROUTE_MISSING, true},
        {"/chain/0901/synctest", LS_ST_ROUTE_MISSING, false},
        {"/%63hain/901/synctest/" ID, LS_ST_ROUTE_MISSING, true},
        {"/chain//synctest/" ID, LS_ST_ROUTE_REDIRECT, true},
        {"/chain/./synctest/" ID, LS_ST_ROUTE_REDIRECT, true},
        {"//nothing", LS_ST_ROUTE_REDIRECT, false},
        {BASE "/healthz", LS_ST_ROUTE_BAD, false},
        {BASE "/ws", LS_ST_ROUTE_BAD, false},
        {"/chain/999/synctest/zz", LS_ST_ROUTE_BAD, false},
        {"/chain/901%zz", LS_ST_ROUTE_MALFORMED, false},
        {"/chain/901%4", LS_ST_ROUTE_MALFORMED, false},
        {"chain/901/synctest", LS_ST_ROUTE_MALFORMED, false},
        {"*", LS_ST_ROUTE_MALFORMED, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ls_st_url *u = parse(state, rows[i].target);
        if (u->route != rows[i].route || u->has_session != rows[i].has_session) {
            print_error("%s: route %d, session %d\n", rows[i].target, (int)u->route,
                        u->has_session);
        }
        assert_int_equal(u->route, rows[i].route);
        assert_int_equal(u->has_session, rows[i].has_session);
    }
}

static void a_dirty_path_is_sent_to_a_clean_one(void **state)
{
    static const struct {
        const char *target;
        const char *location;
    } rows[] = {
        {"/chain//synctest/" ID "?latest=5", "/chain/synctest?latest=5"},
        {"//a/./b//c/", "/a/b/c/"},
        {"/a/../b", "/b"},
        {"/../..", "/"},
        {"/chain/901/synctest//healthz", "/chain/901/synctest/healthz"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ls_st_url *u = parse(state, rows[i].target);
        assert_int_equal(u->route, LS_ST_ROUTE_REDIRECT);
        assert_string_equal(u->text, rows[i].location);
    }
}

static void sessions_are_named_by_the_segment_as_it_stands(void **state)
{
    static const struct {
        const char *segment;
        const char *id;
    } rows[] = {
        {ID, ID},
        {"6B1E9C52-3F2A-4D8E-9B7C-3F39C7C34F77", "6B1E9C52-3F2A-4D8E-9B7C-3F39C7C34F77"},
        {"6b1e9c523f2a4d8e9b7c3f39c7c34f77", "6b1e9c523f2a4d8e9b7c3f39c7c34f77"},
        {"urn:uuid:" ID, "urn:uuid:" ID},
        {"URN:UUID:" ID, "URN:UUID:" ID},
        {"{" ID "}", "{" ID "}"},
        {"x" ID "y", "x" ID "y"},
        {"%7b" ID "%7D", "{" ID "}"},
        {"6b1e9c52%2D3f2a%2D4d8e%2D9b7c%2D3f39c7c34f77", ID},
        {"6b1e9c52-3f2a-4d8e-fb7c-3f39c7c34f77", "6b1e9c52-3f2a-4d8e-fb7c-3f39c7c34f77"},
    };
    char target[256];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(target, sizeof target, BASE "/%s?latest=7", rows[i].segment);
        const struct ls_st_url *u = parse(state, target);
        assert_int_equal(u->route, LS_ST_ROUTE_CHAIN);
        assert_true(u->has_session);
        assert_int_equal(u->chain_id, 901);
        assert_string_equal(u->id, rows[i].id);
        assert_int_equal(u->id_bytes, strlen(rows[i].id));
        assert_int_equal(u->start.heads.latest, 7);
    }
}

static void what_is_no_uuid4_is_told_in_googles_words(void **state)
{
#define FORMAT "invalid session id format: "
    static const struct {
        const char *segment;
        const char *fault;
    } rows[] = {
        {"1234", FORMAT "invalid UUID length: 4"},
        {ID "x", FORMAT "invalid UUID length: 37"},
        {"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", FORMAT "invalid UUID format"},
        {"6b1e9c52-3f2a-4d8e-9b7c+3f39c7c34f77", FORMAT "invalid UUID format"},
        {"6b1e9c52-3f2a-4d8e-9b7c-3f39c7c34f7g", FORMAT "invalid UUID format"},
        {"gb1e9c523f2a4d8e9b7c3f39c7c34f77", FORMAT "invalid UUID format"},
        {"xrn:uuid:" ID, FORMAT "invalid urn prefix: \"xrn:uuid:\""},
        {"c9a646d3-9c61-11ef-8f2a-0242ac120002", "session format must satisfy uuid4 format"},
        {"0190a1b2c3d47e5f8a9b0c1d2e3f4a5b", "session format must satisfy uuid4 format"},
        {"00000000-0000-0000-0000-000000000000", "session format must satisfy uuid4 format"},
    };
    char target[256];
    char text[256];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(target, sizeof target, BASE "/%s", rows[i].segment);
        (void)snprintf(text, sizeof text, "invalid UUID\n%s", rows[i].fault);
        const struct ls_st_url *u = parse(state, target);
        assert_int_equal(u->route, LS_ST_ROUTE_BAD);
        assert_string_equal(u->text, text);
    }
}

static void numbers_are_plain_decimals(void **state)
{
    static const struct {
        const char *query;
        uint64_t latest;
        uint64_t safe;
        uint64_t finalized;
    } rows[] = {
        {"", 0, 0, 0},
        {"latest=5", 5, 0, 0},
        {"latest=", 0, 0, 0},
        {"latest", 0, 0, 0},
        {"latest=007&safe=06&finalized=0", 7, 6, 0},
        {"latest=18446744073709551615", UINT64_MAX, 0, 0},
        {"latest=5&latest=6", 5, 0, 0},
        {"Latest=9", 0, 0, 0},
        {"l%61test=9", 9, 0, 0},
        {"latest=%35", 5, 0, 0},
        {"latest=%zz", 0, 0, 0},
        {"latest=%zz&latest=8", 8, 0, 0},
        {"latest=5;safe=4", 0, 0, 0},
        {"latest=5&x=%zz", 5, 0, 0},
        {"latest=5&safe=9&finalized=12", 5, 9, 12},
        {"&&safe=3&", 0, 3, 0},
        {"el_sync_target=50&latest=60", 60, 0, 0},
    };
    char target[256];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(target, sizeof target, BASE "/" ID "?%s", rows[i].query);
        const struct ls_st_url *u = parse(state, target);
        assert_int_equal(u->route, LS_ST_ROUTE_CHAIN);
        assert_int_equal(u->start.heads.latest, rows[i].latest);
        assert_int_equal(u->start.heads.safe, rows[i].safe);
        assert_int_equal(u->start.heads.finalized, rows[i].finalized);
        assert_int_equal(u->has_query, rows[i].query[0] != '\0');
    }
}

static void the_first_bad_number_is_named(void **state)
{
    static const struct {
        const char *query;
        const char *name;
    } rows[] = {
        {"latest=+5", "latest"},
        {"latest=-1", "latest"},
        {"latest=0x5", "latest"},
        {"latest=%205", "latest"},
        {"latest=5%20", "latest"},
        {"latest=5.0", "latest"},
        {"safe=1e3", "safe"},
        {"safe=1_0", "safe"},
        {"finalized=abc", "finalized"},
        {"latest=18446744073709551616", "latest"},
        {"latest=%D9%A5", "latest"},
        {"safe=bad&latest=bad", "latest"},
        {"finalized=bad&safe=bad", "safe"},
        {"latest=5&safe=4&finalized=x", "finalized"},
        {"latest=4?safe=3", "latest"},
    };
    char target[256];
    char text[128];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(target, sizeof target, BASE "/" ID "?%s", rows[i].query);
        (void)snprintf(text, sizeof text, "invalid value for \"%s\": invalid param", rows[i].name);
        const struct ls_st_url *u = parse(state, target);
        assert_int_equal(u->route, LS_ST_ROUTE_BAD);
        assert_string_equal(u->text, text);
    }
}

static void only_true_is_true(void **state)
{
    static const struct {
        const char *query;
        bool is_on;
    } rows[] = {
        {"el_sync_active=true", true},
        {"el_sync_active=1", false},
        {"el_sync_active=TRUE", false},
        {"el_sync_active=", false},
        {"el_sync_active", false},
        {"el_sync_active=true&el_sync_active=false", true},
        {"el_sync_active=false&el_sync_active=true", false},
        {"el_sync_active=%74rue", true},
        {"", false},
    };
    char target[256];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(target, sizeof target, BASE "/" ID "?%s", rows[i].query);
        assert_int_equal(parse(state, target)->start.is_el_sync, rows[i].is_on);
    }
}

static void faults_are_decoded_in_order(void **state)
{
    const struct ls_st_url *u =
        parse(state, BASE "/" ID "?fault=hang&latest=3&fault=rpc_error,text=a+b%2C&fault=%zz");
    assert_int_equal(u->route, LS_ST_ROUTE_CHAIN);
    assert_int_equal(u->start.heads.latest, 3);
    assert_int_equal(u->fault_count, 2);
    assert_string_equal(u->faults[0], "hang");
    assert_string_equal(u->faults[1], "rpc_error,text=a b,");
}

static void a_target_has_a_maximum(void **state)
{
    char *target = malloc(LS_ST_TARGET_MAX + 2);
    assert_non_null(target);
    memset(target, 'a', LS_ST_TARGET_MAX + 1);
    target[0] = '/';
    target[LS_ST_TARGET_MAX - 1] = '\0';
    assert_int_equal(parse(state, target)->route, LS_ST_ROUTE_MISSING);
    target[LS_ST_TARGET_MAX - 1] = 'a';
    target[LS_ST_TARGET_MAX] = '\0';
    assert_int_equal(parse(state, target)->route, LS_ST_ROUTE_MALFORMED);
    free(target);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(paths_lead_to_routes),
        T(a_dirty_path_is_sent_to_a_clean_one),
        T(sessions_are_named_by_the_segment_as_it_stands),
        T(what_is_no_uuid4_is_told_in_googles_words),
        T(numbers_are_plain_decimals),
        T(the_first_bad_number_is_named),
        T(only_true_is_true),
        T(faults_are_decoded_in_order),
        T(a_target_has_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
