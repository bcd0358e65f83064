#include "harness/capture/labels.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/capture/chain_mem.h"
#include "harness/capture/check.h"
#include "harness/capture/files.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/load.h"
#include "lib/json.h"
#include "lib/num.h"

/* --- a row --- */

static enum ls_err read_row(const struct ls_chain *c, struct ls_span text,
                            struct ls_chain_label *row, struct ls_diag *d)
{
    struct cJSON *root = NULL;
    enum ls_err e = ls_json_parse((const char *)text.p, text.n, 0, &root, d);

    if (!e) {
        e = ls_json_u64(ls_json_get(root, "at_ms"), &row->at_ms);
        if (e) {
            ls_fail(d, e, "at_ms: %s", ls_err_text(e));
        }
    }
    if (!e) {
        e = ls_sync_status_parse(ls_json_get(root, "result"), &row->status, d);
    }
    if (!e) {
        row->json = ls_jsontext_get(text, "result");
        e = ls_check_labels(&row->status, c->l2, c->l1, c->l1_tip, d);
    }
    ls_json_free(root);
    return e;
}

/* Its time alone; what else stands in the row is read later, and this again. */
static enum ls_err read_time(struct ls_span text, struct ls_chain_label *row, struct ls_diag *d)
{
    struct ls_span at = ls_jsontext_get(text, "at_ms");
    enum ls_err e = at.p ? ls_parse_dec((const char *)at.p, at.n, &row->at_ms) : LS_ERR_MISSING;

    return e ? ls_fail(d, e, "at_ms: %s", ls_err_text(e)) : LS_OK;
}

/* --- loading --- */

static enum ls_err load_row(struct ls_chain *c, size_t i, struct ls_span text, struct ls_diag *d)
{
    struct ls_labels *l = &c->mem->labels;
    struct ls_chain_label *row = &l->rows[i];
    bool is_later = l->unread && i > 0; /* the first stands in for one that turns out wrong */
    enum ls_err e = is_later ? read_time(text, row, d) : read_row(c, text, row, d);

    if (is_later) {
        l->unread[i] = text;
    }
    if (!e && i > 0 && row->at_ms < l->rows[i - 1].at_ms) {
        e = ls_fail(d, LS_ERR_RANGE, "at_ms: earlier than the row before");
    }
    return e;
}

static enum ls_err load_rows(struct ls_chain *c, const struct ls_manifest_segment *seg,
                             struct ls_diag *d)
{
    struct ls_span rest = ls_buf_span(&c->mem->status.text);
    struct ls_span text;
    char where[64];
    uint64_t i = 0;
    enum ls_err e = LS_OK;

    for (; !e && i < seg->lines && ls_segment_line(&rest, &text); i++) {
        e = load_row(c, (size_t)i, text, d);
    }
    if (e) {
        ls_load_note(&c->mem->fault, LS_SEGMENT_STATUS_FILE, i, NULL, d);
        return ls_fail_in(d, e, "%s line %" PRIu64, LS_SEGMENT_STATUS_FILE, i);
    }
    snprintf(where, sizeof where, "line %" PRIu64, i);
    e = ls_segment_judge(&c->mem->status, LS_SEGMENT_STATUS_FILE, where, d);
    if (!e && (i < seg->lines || rest.n > 0)) {
        e = ls_fail(d, LS_ERR_RANGE, "%s: %s behind %s, the manifest says %" PRIu64 " rows",
                    LS_SEGMENT_STATUS_FILE,
                    rest.n > 0 ? "there are more lines" : "lines are missing", where, seg->lines);
    }
    c->timeline = c->mem->labels.rows;
    c->timeline_count = (size_t)i;
    return e;
}

enum ls_err ls_labels_load(struct ls_chain *c, struct ls_diag *d)
{
    struct ls_chain_mem *m = c->mem;
    const struct ls_manifest_segment *seg = &m->manifest.status;

    if (!seg->is_present || seg->lines == 0) {
        return LS_OK;
    }
    enum ls_err e =
        m->is_window ? LS_OK
                     : ls_segment_load(c->dir, LS_SEGMENT_STATUS_FILE, seg->sha256, &m->status, d);
    if (e) {
        return e;
    }
    /* Each row is longer than a byte: a count beyond the text is wrong before it is believed. */
    if (seg->lines > m->status.text.n) {
        return ls_fail(d, LS_ERR_RANGE, "%s: fewer rows than the manifest says",
                       LS_SEGMENT_STATUS_FILE);
    }
    m->labels.rows = calloc((size_t)seg->lines, sizeof *m->labels.rows);
    m->labels.unread = m->is_lazy ? calloc((size_t)seg->lines, sizeof *m->labels.unread) : NULL;
    if (!m->labels.rows || (m->is_lazy && !m->labels.unread)) {
        return ls_fail(d, LS_ERR_NOMEM, "%s: out of memory", LS_SEGMENT_STATUS_FILE);
    }
    return load_rows(c, seg, d);
}

void ls_labels_fini(struct ls_labels *l)
{
    free(l->rows);
    free(l->unread);
    *l = (struct ls_labels){.rows = NULL};
}

/* --- reading later --- */

static enum ls_err read_later(const struct ls_chain *c, size_t i)
{
    struct ls_labels *l = &c->mem->labels;
    struct ls_chain_label row = {.at_ms = 0};
    struct ls_diag d = {{0}};

    if (l->fault || !l->unread || !l->unread[i].p) {
        return l->fault;
    }
    enum ls_err e = read_row(c, l->unread[i], &row, &d);
    if (!e && row.at_ms != l->rows[i].at_ms) {
        e = ls_fail(&d, LS_ERR_RANGE, "at_ms: there is another, spelled with an escape");
    }
    if (e) {
        ls_fail_in(&d, e, "%s line %zu", LS_SEGMENT_STATUS_FILE, i + 1);
        l->fault = e;
        l->why = d;
        return e;
    }
    l->rows[i] = row;
    l->unread[i] = (struct ls_span){NULL, 0};
    return LS_OK;
}

const struct ls_chain_label *ls_chain_label(const struct ls_chain *c, size_t row)
{
    assert(row < c->timeline_count);
    return &c->timeline[read_later(c, row) == LS_OK ? row : 0];
}

enum ls_err ls_labels_prove(struct ls_chain *c, uint32_t rows, bool *is_done, struct ls_diag *d)
{
    struct ls_labels *l = &c->mem->labels;

    for (; !l->fault && rows > 0 && l->proved < c->timeline_count; rows--) {
        if (read_later(c, l->proved) == LS_OK) {
            l->proved++;
        }
    }
    *is_done = l->proved == c->timeline_count;
    return ls_labels_fault(l, d);
}

enum ls_err ls_labels_fault(const struct ls_labels *l, struct ls_diag *d)
{
    if (l->fault && d) {
        *d = l->why;
    }
    return l->fault;
}
