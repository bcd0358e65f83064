#include "harness/record/tape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/files.h"
#include "harness/capture/manifest.h"
#include "harness/capture/segment.h"

#define ARENA_BYTES_MAX ((size_t)8 << 30)
#define LINE_BYTES_MIN 40u /* no row is shorter; for the size of the list */

static enum ls_err read_head(const char *dir, struct ls_tape *t, struct ls_diag *d)
{
    struct ls_buf text = {0};
    char path[LS_PATH_MAX];
    enum ls_err e = ls_path_join(dir, LS_TAPE_MANIFEST_FILE, path, d);

    ls_buf_init(&text, LS_MANIFEST_BYTES_MAX);
    if (e == LS_OK) {
        e = ls_file_read(path, &text, d);
    }
    if (e == LS_OK) {
        e = ls_tape_head_read(ls_buf_span(&text), &t->arena, &t->head, d);
        e = e != LS_OK ? ls_fail_in(d, e, "\"%s\"", path) : LS_OK;
    }
    ls_buf_fini(&text);
    return e;
}

static enum ls_err read_journal(const char *dir, struct ls_tape *t, struct ls_diag *d)
{
    char path[LS_PATH_MAX];
    enum ls_err e = ls_path_join(dir, LS_TAPE_JOURNAL_FILE, path, d);

    ls_buf_init(&t->text, LS_SEGMENT_BYTES_MAX);
    return e != LS_OK ? e : ls_file_read(path, &t->text, d);
}

static enum ls_err read_calls(const char *dir, struct ls_tape *t, struct ls_diag *d)
{
    struct ls_segment s;
    enum ls_err e = ls_segment_load(dir, LS_TAPE_CALLS_FILE, t->head.sha256, &s, d);

    if (e != LS_OK) {
        return e;
    }
    t->text = s.text;
    if (s.is_damaged || s.is_sha_wrong) {
        return ls_fail(d, LS_ERR_HASH, "\"%s/%s\" %s", dir, LS_TAPE_CALLS_FILE,
                       s.is_damaged ? "is damaged or cut" : "is not the file its manifest names");
    }
    return LS_OK;
}

/* --- rows --- */

static enum ls_err check_order(const struct ls_row *row, uint64_t last_out, struct ls_diag *d)
{
    bool is_event = row->kind == LS_ROW_EVENT;

    if (row->seq_out <= last_out) {
        return ls_fail(d, LS_ERR_RANGE, "seq_out: %" PRIu64 " does not rise", row->seq_out);
    }
    if (row->seq_in == 0 || row->seq_in > row->seq_out ||
        (!is_event && row->seq_in == row->seq_out)) {
        return ls_fail(d, LS_ERR_RANGE, "seq_in: %" PRIu64 " is not below seq_out", row->seq_in);
    }
    return LS_OK;
}

static enum ls_err read_rows(struct ls_tape *t, struct ls_diag *d)
{
    struct ls_span rest = ls_buf_span(&t->text);
    size_t room = rest.n / LINE_BYTES_MIN + 1;
    struct ls_span line;
    uint64_t last_out = 0;
    enum ls_err e = LS_OK;

    t->rows = calloc(room, sizeof *t->rows);
    if (t->rows == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    while (e == LS_OK && ls_segment_line(&rest, &line)) {
        struct ls_row *row = &t->rows[t->count];
        if (t->count == LS_TAPE_ROWS_MAX || t->count == room) {
            return ls_fail(d, LS_ERR_LIMIT, "more than %u lines", LS_TAPE_ROWS_MAX);
        }
        e = ls_row_read(line, &t->arena, row, d);
        if (e == LS_OK) {
            e = check_order(row, last_out, d);
        }
        if (e != LS_OK) {
            return ls_fail_in(d, e, "line %zu", t->count + 1);
        }
        last_out = row->seq_out;
        t->count++;
    }
    return e;
}

/* qsort has no context: the key stands beside the index. */
struct place {
    uint64_t seq;
    uint32_t index;
    bool is_payload;
};

/* A payload comes after the call it is placed at. */
static int by_seq(const void *va, const void *vb)
{
    const struct place *a = va, *b = vb;

    return a->seq != b->seq ? (a->seq > b->seq) - (a->seq < b->seq)
                            : (int)a->is_payload - (int)b->is_payload;
}

static enum ls_err check_distinct(const struct place *places, size_t count, struct ls_diag *d)
{
    for (size_t i = 1; i < count; i++) {
        if (places[i].seq == places[i - 1].seq) {
            return ls_fail(d, LS_ERR_RANGE, "line %" PRIu32 ": seq_in: %" PRIu64 " is there twice",
                           places[i].index + 1, places[i].seq);
        }
    }
    return LS_OK;
}

static bool is_same(struct ls_span a, struct ls_span b)
{
    return a.n > 0 && a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* When the node had the payload of places[at]; all are sorted by seq_in. Between the post and the
 * node's answer to it other things may have gone on, and what arrives here first need not be what
 * the node did first. What it asked in that time, it asked before. If it then sent the payload to
 * its engine without asking anything else, it was idle: what it was told meanwhile came after. If
 * it asked other things first, it was busy with what it had been told: that came before. */
static uint64_t asked_seq(const struct ls_tape *t, const struct place *places, size_t at)
{
    const struct ls_row *given = &t->rows[places[at].index];
    struct ls_span hash = ls_row_block_hash(given);
    uint64_t seq = given->seq_in;

    for (size_t i = at + 1; i < t->exchange_count; i++) {
        const struct ls_row *row = &t->rows[places[i].index];
        if (row->peer == LS_PEER_ENGINE && is_same(ls_row_block_hash(row), hash)) {
            break;
        }
        if (row->peer != LS_PEER_NODE && row->seq_in > given->seq_out) {
            return given->seq_out;
        }
        seq = row->peer != LS_PEER_NODE ? row->seq_in : seq;
    }
    return seq;
}

static void place_payloads(struct ls_tape *t, struct place *places)
{
    for (size_t i = 0; i < t->exchange_count; i++) {
        struct ls_row *row = &t->rows[places[i].index];
        if (ls_row_is_payload(row)) {
            row->asked_seq = asked_seq(t, places, i);
        }
    }
    for (size_t i = 0; i < t->exchange_count; i++) {
        const struct ls_row *row = &t->rows[places[i].index];
        places[i].seq = row->asked_seq;
        places[i].is_payload = ls_row_is_payload(row);
    }
    qsort(places, t->exchange_count, sizeof *places, by_seq);
}

static enum ls_err sort_in(struct ls_tape *t, struct ls_diag *d)
{
    struct place *places = calloc(t->count + 1, sizeof *places);
    enum ls_err e;

    t->by_in = calloc(t->count + 1, sizeof *t->by_in);
    if (places == NULL || t->by_in == NULL) {
        free(places);
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < t->count; i++) {
        if (t->rows[i].kind != LS_ROW_EVENT) {
            places[t->exchange_count++] =
                (struct place){.seq = t->rows[i].seq_in, .index = (uint32_t)i};
        }
    }
    qsort(places, t->exchange_count, sizeof *places, by_seq);
    e = check_distinct(places, t->exchange_count, d);
    if (e == LS_OK) {
        place_payloads(t, places);
    }
    for (size_t i = 0; i < t->exchange_count; i++) {
        t->by_in[i] = places[i].index;
    }
    free(places);
    return e;
}

enum ls_err ls_tape_open(const char *dir, struct ls_tape *out, struct ls_diag *d)
{
    enum ls_err e;

    *out = (struct ls_tape){.rows = NULL};
    ls_arena_init(&out->arena, ARENA_BYTES_MAX);
    e = read_head(dir, out, d);
    if (e != LS_OK) {
        return e;
    }
    e = out->head.is_finished ? read_calls(dir, out, d) : read_journal(dir, out, d);
    if (e != LS_OK) {
        return e;
    }
    e = read_rows(out, d);
    if (e == LS_OK) {
        e = sort_in(out, d);
    }
    if (e == LS_OK && out->head.is_finished && out->count != out->head.row_count) {
        e = ls_fail(d, LS_ERR_HASH, "%zu lines, but the manifest says %" PRIu64, out->count,
                    out->head.row_count);
    }
    return e != LS_OK ? ls_fail_in(d, e, "\"%s\"", dir) : LS_OK;
}

void ls_tape_close(struct ls_tape *t)
{
    free(t->rows);
    free(t->by_in);
    ls_buf_fini(&t->text);
    ls_arena_fini(&t->arena);
    *t = (struct ls_tape){.rows = NULL};
}

bool ls_tape_has(const struct ls_tape *t, enum ls_peer peer)
{
    for (size_t i = 0; i < t->exchange_count; i++) {
        if (t->rows[t->by_in[i]].peer == peer) {
            return true;
        }
    }
    return false;
}
