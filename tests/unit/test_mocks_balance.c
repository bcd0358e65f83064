/* The load balancer: who is asked, who is asked again, and what happens when members go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mocks/filter/balance.h"

#define MEMBERS 3u

/* Says its number; holds, delays while told to. */
struct member {
    struct ls_backend base;
    char number;
    bool is_holding;
    uint64_t delay_ns;
    uint64_t abandoned;
    uint64_t left;
};

static void member_handle(struct ls_backend *b, const struct ls_http_request *req,
                          struct ls_http_reply *reply)
{
    struct member *m = (struct member *)b;
    (void)req;
    reply->fate = m->is_holding ? LS_FATE_HOLD : LS_FATE_SEND;
    reply->delay_ns = m->delay_ns;
    (void)ls_buf_putc(&reply->body, (uint8_t)m->number);
}

static void member_abandon(struct ls_backend *b, uint64_t serial)
{
    ((struct member *)b)->abandoned = serial;
}

static void member_left(struct ls_backend *b, uint64_t serial)
{
    ((struct member *)b)->left = serial;
}

static const struct ls_backend_ops MEMBER_OPS = {
    .handle = member_handle, .abandon = member_abandon, .left = member_left};

struct fixture {
    struct member members[MEMBERS];
    struct ls_backend *balance;
    enum ls_http_fate fate;
    unsigned status;
};

static void set_by(struct fixture *f, enum ls_balance_by by, uint64_t seed)
{
    struct ls_backend *all[MEMBERS];
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < MEMBERS; i++) {
        f->members[i] = (struct member){.base = {&MEMBER_OPS}, .number = (char)('0' + i)};
        all[i] = &f->members[i].base;
    }
    f->balance = ls_balance_new(all, MEMBERS, by, seed);
    assert_non_null(f->balance);
}

/* The number of who answered; '-' for nobody. */
static char ask(struct fixture *f, uint64_t conn, uint64_t serial)
{
    const struct ls_http_request req = {
        .verb = "POST", .path = "/", .conn = conn, .serial = serial};
    struct ls_http_reply reply = {.status = 200};
    ls_buf_init(&reply.body, 64);
    f->balance->ops->handle(f->balance, &req, &reply);
    char who = reply.status == 200 ? (char)reply.body.p[0] : '-';
    f->fate = reply.fate;
    f->status = reply.status;
    ls_buf_fini(&reply.body);
    return who;
}

static void members_take_turns(void **state)
{
    struct fixture f;
    (void)state;
    set_by(&f, LS_BALANCE_TURN, 0);
    for (uint64_t i = 0; i < 9; i++) {
        assert_int_equal(ask(&f, 1, i + 1), '0' + (int)(i % MEMBERS));
    }
    assert_int_equal(ls_balance_served(f.balance, 2), 3);
    ls_balance_free(f.balance);
}

static void a_connection_stays_with_its_member(void **state)
{
    struct fixture f;
    (void)state;
    set_by(&f, LS_BALANCE_CONN, 0);
    char first = ask(&f, 1, 1);
    assert_int_not_equal(ask(&f, 2, 2), first);
    for (uint64_t i = 3; i < 10; i++) {
        assert_int_equal(ask(&f, 1, i), first);
    }
    ls_balance_free(f.balance);
}

static void chance_repeats_with_its_seed_and_reaches_everyone(void **state)
{
    struct fixture f;
    char first[65] = "";
    char second[65] = "";
    (void)state;
    for (int run = 0; run < 2; run++) {
        set_by(&f, LS_BALANCE_CHANCE, 7);
        for (uint64_t i = 0; i < 64; i++) {
            (run == 0 ? first : second)[i] = ask(&f, 1, i + 1);
        }
        ls_balance_free(f.balance);
    }
    assert_string_equal(first, second);
    assert_true(strchr(first, '0') && strchr(first, '1') && strchr(first, '2'));
}

static void members_that_are_out_are_not_asked(void **state)
{
    struct fixture f;
    (void)state;
    set_by(&f, LS_BALANCE_TURN, 0);
    ls_balance_set_in(f.balance, 1, false);
    assert_int_equal(ask(&f, 1, 1), '0');
    assert_int_equal(ask(&f, 1, 2), '2');
    ls_balance_set_in(f.balance, 0, false);
    ls_balance_set_in(f.balance, 2, false);
    assert_int_equal(ask(&f, 1, 3), '-');
    assert_int_equal(f.status, 503);
    ls_balance_set_in(f.balance, 1, true);
    assert_int_equal(ask(&f, 1, 4), '1');
    ls_balance_free(f.balance);
}

static void a_held_request_goes_back_to_its_member(void **state)
{
    struct fixture f;
    (void)state;
    set_by(&f, LS_BALANCE_TURN, 0);
    f.members[0].is_holding = true;
    (void)ask(&f, 1, 1);
    assert_int_equal(f.fate, LS_FATE_HOLD);
    assert_int_equal(ask(&f, 2, 2), '1');
    (void)ask(&f, 1, 1);
    assert_int_equal(f.fate, LS_FATE_HOLD);
    f.members[0].is_holding = false;
    assert_int_equal(ask(&f, 1, 1), '0');
    assert_int_equal(ls_balance_served(f.balance, 0), 1);
    assert_int_equal(ask(&f, 1, 3), '2'); /* the turns went on meanwhile */
    ls_balance_free(f.balance);
}

static void the_member_hears_that_its_client_left(void **state)
{
    struct fixture f;
    (void)state;
    set_by(&f, LS_BALANCE_TURN, 0);
    for (uint64_t serial = 1; serial < 3000; serial += 3) { /* more than wait at a time */
        f.members[0].is_holding = true;
        (void)ask(&f, 1, serial);
        f.balance->ops->abandon(f.balance, serial);
        assert_int_equal(f.members[0].abandoned, serial);
        f.members[1].delay_ns = 5;
        (void)ask(&f, 1, serial + 1);
        f.balance->ops->left(f.balance, serial + 1);
        assert_int_equal(f.members[1].left, serial + 1);
        (void)ask(&f, 1, serial + 2);
    }
    assert_int_equal(f.members[2].abandoned + f.members[2].left, 0);
    ls_balance_free(f.balance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_take_turns),
        cmocka_unit_test(a_connection_stays_with_its_member),
        cmocka_unit_test(chance_repeats_with_its_seed_and_reaches_everyone),
        cmocka_unit_test(members_that_are_out_are_not_asked),
        cmocka_unit_test(a_held_request_goes_back_to_its_member),
        cmocka_unit_test(the_member_hears_that_its_client_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
