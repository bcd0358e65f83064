#include "mocks/filter/balance.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/filter/chance.h"

#define WAITING_MAX                                                              \
    256u /* requests under way; of further ones the backends do not hear the end \
          */
#define NONE SIZE_MAX

struct waiting {
    uint64_t serial; /* 0 = free */
    size_t member;
    bool is_held;
};

struct balance {
    struct ls_backend base;
    struct ls_backend *members[LS_BALANCE_MAX];
    bool is_in[LS_BALANCE_MAX];
    uint64_t served[LS_BALANCE_MAX];
    size_t count;
    enum ls_balance_by by;
    uint64_t random;
    size_t turn;
    struct waiting waiting[WAITING_MAX];
};

static struct waiting *find(struct balance *l, uint64_t serial)
{
    for (size_t i = 0; serial != 0 && i < WAITING_MAX; i++) {
        if (l->waiting[i].serial == serial) {
            return &l->waiting[i];
        }
    }
    return NULL;
}

/* A carrier does not say when a delay is over, so the oldest of those make room. With all of them
 * held, a further one is asked of anybody. */
static void remember(struct balance *l, uint64_t serial, size_t member, bool is_held)
{
    struct waiting *oldest = NULL;
    for (size_t i = 0; i < WAITING_MAX; i++) {
        struct waiting *w = &l->waiting[i];
        if (!w->is_held && (oldest == NULL || w->serial < oldest->serial)) {
            oldest = w;
        }
    }
    if (serial != 0 && oldest != NULL) {
        *oldest = (struct waiting){serial, member, is_held};
    }
}

/* The first that is in, from `from` on. */
static size_t next_in(const struct balance *l, size_t from)
{
    for (size_t k = 0; k < l->count; k++) {
        size_t i = (from + k) % l->count;
        if (l->is_in[i]) {
            return i;
        }
    }
    return NONE;
}

static size_t choose(struct balance *l, const struct ls_http_request *req)
{
    size_t i = NONE;
    switch (l->by) {
    case LS_BALANCE_TURN:
        i = next_in(l, l->turn);
        l->turn = i == NONE ? l->turn : i + 1;
        return i;
    case LS_BALANCE_CONN:
        return next_in(l, (size_t)(req->conn % l->count));
    case LS_BALANCE_CHANCE:
        return next_in(l, (size_t)(ls_chance_next(&l->random) * (double)l->count));
    }
    return i;
}

static void balance_handle(struct ls_backend *b, const struct ls_http_request *req,
                           struct ls_http_reply *reply)
{
    struct balance *l = (struct balance *)b;
    struct waiting *w = find(l, req->serial);
    size_t i = w != NULL ? w->member : choose(l, req);
    if (i == NONE) {
        reply->status = 503;
        reply->content_type = "text/plain; charset=utf-8";
        (void)ls_buf_puts(&reply->body, "no backend\n");
        reply->fault = "balance";
        return;
    }
    l->served[i] += w == NULL ? 1 : 0;
    l->members[i]->ops->handle(l->members[i], req, reply);
    bool is_held = reply->fate == LS_FATE_HOLD;
    bool is_waiting = is_held || reply->delay_ns > 0;
    if (w != NULL) {
        *w = (struct waiting){is_waiting ? req->serial : 0, i, is_held};
    } else if (is_waiting) {
        remember(l, req->serial, i, is_held);
    }
}

static void balance_abandon(struct ls_backend *b, uint64_t serial)
{
    struct balance *l = (struct balance *)b;
    struct waiting *w = find(l, serial);
    if (w != NULL) {
        struct ls_backend *member = l->members[w->member];
        *w = (struct waiting){0};
        if (member->ops->abandon != NULL) {
            member->ops->abandon(member, serial);
        }
    }
}

static void balance_left(struct ls_backend *b, uint64_t serial)
{
    struct balance *l = (struct balance *)b;
    struct waiting *w = find(l, serial);
    if (w != NULL) {
        struct ls_backend *member = l->members[w->member];
        *w = (struct waiting){0};
        if (member->ops->left != NULL) {
            member->ops->left(member, serial);
        }
    }
}

/* Asks the one whose turn it would be: the request is nobody's yet. */
static bool balance_admit(struct ls_backend *b, const struct ls_http_request *req,
                          struct ls_http_reply *reply)
{
    struct balance *l = (struct balance *)b;
    size_t i = next_in(l, l->turn);
    return i == NONE || ls_backend_admits(l->members[i], req, reply);
}

static const struct ls_backend_ops BALANCE_OPS = {.handle = balance_handle,
                                                  .abandon = balance_abandon,
                                                  .left = balance_left,
                                                  .admit = balance_admit};

struct ls_backend *ls_balance_new(struct ls_backend *const *backends, size_t count,
                                  enum ls_balance_by by, uint64_t seed)
{
    assert(count > 0 && count <= LS_BALANCE_MAX);
    struct balance *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return NULL;
    }
    l->base.ops = &BALANCE_OPS;
    l->count = count;
    l->by = by;
    l->random = seed;
    for (size_t i = 0; i < count; i++) {
        l->members[i] = backends[i];
        l->is_in[i] = true;
    }
    return &l->base;
}

void ls_balance_free(struct ls_backend *b)
{
    free(b);
}

void ls_balance_set_in(struct ls_backend *b, size_t i, bool is_in)
{
    struct balance *l = (struct balance *)b;
    assert(i < l->count);
    l->is_in[i] = is_in;
}

uint64_t ls_balance_served(const struct ls_backend *b, size_t i)
{
    const struct balance *l = (const struct balance *)b;
    assert(i < l->count);
    return l->served[i];
}
