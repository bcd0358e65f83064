#include "harness/check/check.h"

#include <stdlib.h>
#include <string.h>

#include "harness/check/invariants.h"
#include "harness/check/model.h"

/* One of the two times at which an event matters. */
struct moment {
    uint64_t seq;
    size_t line;
    bool is_out;
};

static int by_seq(const void *a, const void *b)
{
    const struct moment *x = a;
    const struct moment *y = b;
    if (x->seq != y->seq) {
        return x->seq < y->seq ? -1 : 1;
    }
    return x->is_out < y->is_out ? -1 : x->is_out > y->is_out;
}

/* Heap memory, the caller's to free; NULL when there is none. */
static struct moment *order_moments(const struct ls_tracelog *log, size_t *count)
{
    size_t lines = ls_tracelog_count(log);
    struct moment *m = malloc((2 * lines + 1) * sizeof *m);
    *count = 0;
    for (size_t i = 0; m && i < lines; i++) {
        const struct ls_trace_event *e = ls_tracelog_at(log, i);
        m[(*count)++] = (struct moment){.seq = e->seq_in, .line = i};
        if (e->kind == LS_TRACE_CALL && e->seq_out != 0) {
            m[(*count)++] = (struct moment){.seq = e->seq_out, .line = i, .is_out = true};
        }
    }
    if (m) {
        qsort(m, *count, sizeof *m, by_seq);
    }
    return m;
}

static bool is_exempt(const struct ls_check_config *cfg, const char *id)
{
    for (size_t i = 0; i < cfg->exempt_count; i++) {
        if (strcmp(cfg->exempt[i], id) == 0) {
            return true;
        }
    }
    return false;
}

bool ls_check_is_known(const char *id)
{
    for (size_t i = 0; ls_check_id(i); i++) {
        if (strcmp(ls_check_id(i), id) == 0) {
            return true;
        }
    }
    return false;
}

const char *ls_check_id(size_t i)
{
    const struct ls_invariant *row = ls_invariant_at(i);
    return row ? row->id : NULL;
}

/* What has been found so far. */
struct findings {
    struct ls_violation *out;
    size_t max;
    size_t count;
    uint64_t found; /* bit i: row i is done */
};

static void look(const struct ls_check_model *m, const struct ls_trace_event *e, size_t line,
                 struct findings *f)
{
    const struct ls_invariant *row;
    for (size_t i = 0; (row = ls_invariant_at(i)) != NULL; i++) {
        struct ls_diag why = {0};
        if ((f->found >> i & 1) != 0 || is_exempt(m->cfg, row->id) || !row->is_broken(m, e, &why)) {
            continue;
        }
        f->found |= UINT64_C(1) << i;
        if (f->count < f->max) {
            struct ls_violation *v = &f->out[f->count];
            *v = (struct ls_violation){.invariant = row->id, .title = row->title, .line = line};
            size_t n = strlen(why.text);
            memcpy(v->text, why.text, n < sizeof v->text ? n : sizeof v->text - 1);
        }
        f->count++;
    }
}

enum ls_err ls_check_run(const struct ls_check_config *cfg, const struct ls_tracelog *log,
                         struct ls_violation *out, size_t max, size_t *count, struct ls_diag *d)
{
    *count = 0;
    enum ls_err err = ls_tracelog_err(log, d);
    if (err != LS_OK) {
        return err;
    }
    size_t moments_count;
    struct moment *moments = order_moments(log, &moments_count);
    if (!moments) {
        return ls_fail(d, LS_ERR_NOMEM, "no memory to judge the trace");
    }
    struct ls_check_model m;
    struct findings f = {.out = out, .max = max};
    ls_check_model_init(&m, cfg);
    for (size_t i = 0; i < moments_count; i++) {
        const struct ls_trace_event *e = ls_tracelog_at(log, moments[i].line);
        if (moments[i].is_out) {
            ls_check_model_out(&m, e);
        } else {
            look(&m, e, moments[i].line, &f);
            ls_check_model_in(&m, e);
        }
    }
    if (m.is_out_of_memory) {
        err = ls_fail(d, LS_ERR_NOMEM, "no memory to judge the trace");
    }
    *count = f.count;
    ls_check_model_fini(&m);
    free(moments);
    return err;
}
