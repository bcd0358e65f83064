#include "harness/serve/calls.h"

#include <stdlib.h>
#include <string.h>

struct line {
    char *p; /* NULL: lost, or none yet */
    size_t n;
};

struct ls_calls {
    struct line lines[LS_CALLS_MAX]; /* number i at i % LS_CALLS_MAX */
    uint64_t last;
};

struct ls_calls *ls_calls_new(void)
{
    return calloc(1, sizeof(struct ls_calls));
}

void ls_calls_free(struct ls_calls *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < LS_CALLS_MAX; i++) {
        free(c->lines[i].p);
    }
    free(c);
}

void ls_calls_add(struct ls_calls *c, const char *line, size_t n)
{
    struct line *l = &c->lines[++c->last % LS_CALLS_MAX];
    char *p = realloc(l->p, n > 0 ? n : 1);

    if (p == NULL) {
        free(l->p);
        *l = (struct line){0};
        return;
    }
    memcpy(p, line, n);
    *l = (struct line){p, n};
}

uint64_t ls_calls_last(const struct ls_calls *c)
{
    return c->last;
}

void ls_calls_write(const struct ls_calls *c, uint64_t after, uint64_t n, struct ls_jw *w,
                    const char *key)
{
    uint64_t kept = c->last < LS_CALLS_MAX ? c->last : LS_CALLS_MAX;
    uint64_t wanted = after < c->last ? c->last - after : 0;

    n = n < kept ? n : kept;
    n = n < wanted ? n : wanted;
    ls_jw_array(w, key);
    for (uint64_t i = c->last - n + 1; i <= c->last; i++) {
        const struct line *l = &c->lines[i % LS_CALLS_MAX];
        if (l->p != NULL) {
            ls_jw_raw(w, NULL, l->p, l->n);
        }
    }
    ls_jw_array_end(w);
}
