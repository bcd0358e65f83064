#include "tests/engine_corpus/moments.h"

#include <stdlib.h>
#include <string.h>

#define PLACES_MAX 2u   /* at which time goes on, in one search */
#define ASKS_MAX 20000u /* calls asked again, in one search */

static size_t engine_bytes(const struct ls_lab *lab)
{
    return ls_engine_size(lab->universe);
}

static void copy_from(const struct ls_lab *lab, void **copy)
{
    if (*copy == NULL) {
        *copy = ls_corpus_need(malloc(engine_bytes(lab)));
    }
    memcpy(*copy, lab->engine_mem, engine_bytes(lab));
}

static void copy_to(struct ls_lab *lab, const void *copy)
{
    memcpy(lab->engine_mem, copy, engine_bytes(lab));
}

void ls_moments_begin(struct ls_moments *m)
{
    m->count = 0;
}

void ls_moments_close(struct ls_moments *m)
{
    for (size_t i = 0; i < LS_MOMENTS_MAX; i++) {
        free(m->ring[i].engine);
        free(m->ring[i].tried);
    }
    *m = (struct ls_moments){.count = 0};
}

void ls_moments_mark(struct ls_moments *m, const struct ls_lab *lab, size_t i,
                     const struct cJSON *call)
{
    struct ls_moment *at = &m->ring[m->count % LS_MOMENTS_MAX];
    copy_from(lab, &at->engine);
    at->i = i;
    at->call = call;
    m->count++;
}

/* The call that many before the newest. */
static struct ls_moment *before(struct ls_moments *m, size_t back)
{
    return &m->ring[(m->count - 1u - back) % LS_MOMENTS_MAX];
}

struct search {
    struct ls_moments *m;
    struct ls_lab *lab;
    ls_moments_ask *ask;
    void *self;
    unsigned asked;
};

static bool is_as_recorded(struct search *s, const struct ls_moment *at)
{
    s->asked++;
    return s->ask(s->self, at->i, at->call);
}

/* false: nothing more will come. */
static bool let_time_go_on(struct search *s)
{
    uint64_t generation = ls_engine_generation(s->lab->engine);
    ls_engine_tick(s->lab->engine);
    return ls_engine_generation(s->lab->engine) != generation;
}

/* The calls from that many before the newest on, with time in between at so many places at most.
 * true: their copies are those of the time line found. */
static bool explore(struct search *s, size_t back, unsigned places)
{
    struct ls_moment *at = before(s->m, back);
    for (unsigned left = places;; left = places - 1u) {
        copy_from(s->lab, &at->tried);
        if (is_as_recorded(s, at) && (back == 0 || explore(s, back - 1u, left))) {
            memcpy(at->engine, at->tried, engine_bytes(s->lab));
            return true;
        }
        copy_to(s->lab, at->tried);
        if (places == 0 || s->asked >= ASKS_MAX || !let_time_go_on(s)) {
            return false;
        }
    }
}

bool ls_moments_find(struct ls_moments *m, struct ls_lab *lab, ls_moments_ask *ask, void *self)
{
    struct search s = {.m = m, .lab = lab, .ask = ask, .self = self};
    for (unsigned places = 1; places <= PLACES_MAX; places++) {
        for (size_t back = 0; back < m->count && back < LS_MOMENTS_MAX; back++) {
            copy_to(lab, before(m, back)->engine);
            if (explore(&s, back, places)) {
                return true;
            }
        }
    }
    copy_to(lab, before(m, 0)->engine);
    ls_engine_settle(lab->engine);
    (void)ask(self, before(m, 0)->i, before(m, 0)->call);
    return false;
}
