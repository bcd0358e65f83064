/*
 * From a finished fixture back to journals, so that a capture can go on: the inverse of finishing,
 * in constant memory but for the orphans. In a journal each line is the tip when it is written, so
 * orphans are put back beside the canonical blocks of their height, and the canonical tip comes
 * last.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/capture/beside.h"
#include "harness/capture/check.h"
#include "harness/capture/manifest.h"
#include "harness/capture/pull_folder.h"
#include "harness/capture/segment.h"
#include "lib/hash.h"
#include "lib/zst.h"

#define ORPHAN_BYTES_MAX ((size_t)1 << 30)
#define TABLES_BYTES_MAX ((size_t)64 << 20)

/* One segment on its way into a journal. */
struct unfold {
    struct ls_pull_journal out;
    uint64_t canonical; /* lines; UINT64_MAX: all (label rows) */
    uint64_t line;
    bool is_beside;     /* lines that say nothing of their block are not written */
    bool takes_orphans; /* first pass: only what is behind the canonical lines is kept */
    struct ls_buf part; /* of the line that the pieces have not ended yet */
    struct ls_buf orphans;
    struct ls_span orphans_left;
    struct ls_buf last; /* canonical line */
    struct ls_diag *d;
};

/* --- lines out of pieces --- */

/* Orphans of that height and below. */
static enum ls_err put_orphans(struct unfold *u, uint64_t up_to)
{
    struct ls_l2_ref ref;
    enum ls_err e = LS_OK;

    while (!e && u->orphans_left.n > 0) {
        struct ls_span rest = u->orphans_left;
        struct ls_span line;
        if (!ls_segment_line(&rest, &line) || !ls_pull_glance(line, &ref)) {
            return ls_fail(u->d, LS_ERR_PARSE, "an orphan is no block");
        }
        if (ref.number > up_to) {
            break;
        }
        u->orphans_left = rest;
        e = ls_pull_journal_put(&u->out, line, u->d);
    }
    return e;
}

static enum ls_err put_canonical(struct unfold *u, struct ls_span line)
{
    struct ls_l2_ref ref;
    enum ls_err e = LS_OK;

    if (u->orphans.n > 0) {
        if (!ls_pull_glance(line, &ref)) {
            return ls_fail(u->d, LS_ERR_PARSE, "line %" PRIu64 " is no block", u->line + 1);
        }
        e = put_orphans(u, ref.number);
        ls_buf_clear(&u->last);
        e = e ? e : ls_buf_put(&u->last, line.p, line.n);
    }
    return e ? e : ls_pull_journal_put(&u->out, line, u->d);
}

static enum ls_err take_line(struct unfold *u, struct ls_span line)
{
    enum ls_err e = LS_OK;
    bool is_orphan = u->line >= u->canonical;

    if (u->is_beside && !ls_beside_is_some(line)) {
        u->line++;
        return LS_OK;
    }
    if (u->takes_orphans && is_orphan) {
        ls_buf_put(&u->orphans, line.p, line.n);
        e = ls_buf_putc(&u->orphans, '\n');
    } else if (!u->takes_orphans && !is_orphan) {
        e = put_canonical(u, line);
    }
    u->line++;
    return e;
}

/* ls_zst_sink */
static enum ls_err take_piece(void *user, const void *p, size_t n)
{
    struct unfold *u = user;
    struct ls_span rest = {p, n};
    struct ls_span line;
    enum ls_err e = LS_OK;

    if (u->part.n > 0) { /* end the line that an earlier piece began */
        const uint8_t *end = memchr(p, '\n', n);
        size_t bytes = end ? (size_t)(end - rest.p) : n;
        e = ls_buf_put(&u->part, p, bytes);
        if (e || !end) {
            return e;
        }
        e = take_line(u, ls_buf_span(&u->part));
        ls_buf_clear(&u->part);
        rest.p += bytes + 1;
        rest.n -= bytes + 1;
    }
    while (!e && ls_segment_line(&rest, &line)) {
        e = take_line(u, line);
    }
    return e ? e : ls_buf_put(&u->part, rest.p, rest.n);
}

static enum ls_err pass(struct unfold *u, struct ls_span packed, bool takes_orphans)
{
    u->takes_orphans = takes_orphans;
    u->line = 0;
    ls_buf_clear(&u->part);
    enum ls_err e = ls_zst_stream(packed.p, packed.n, take_piece, u);
    if (e && !u->d->text[0]) {
        ls_fail(u->d, e, "%s", e == LS_ERR_PARSE ? "damaged or cut" : ls_err_text(e));
    }
    return e;
}

/* --- one segment --- */

static enum ls_err map_file(const char *path, struct ls_span *out, struct ls_diag *d)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *p = MAP_FAILED;

    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
        p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (p == MAP_FAILED) {
        return ls_fail(d, LS_ERR_IO, "cannot read \"%s\"", path);
    }
    *out = (struct ls_span){p, (size_t)st.st_size};
    return LS_OK;
}

static enum ls_err run_passes(struct unfold *u, const struct ls_manifest_segment *seg,
                              struct ls_span packed)
{
    uint8_t sha256[32];
    bool has_orphans = u->canonical < seg->lines;

    ls_sha256(packed.p, packed.n, sha256);
    if (memcmp(sha256, seg->sha256, sizeof sha256) != 0) {
        return ls_fail(u->d, LS_ERR_HASH, "sha256 differs from the manifest's");
    }
    enum ls_err e = has_orphans ? pass(u, packed, true) : LS_OK;
    u->orphans_left = ls_buf_span(&u->orphans);
    if (!e) {
        e = pass(u, packed, false);
    }
    if (!e && has_orphans) {
        e = put_orphans(u, UINT64_MAX);
    }
    if (!e && has_orphans) { /* the tip again: it is canonical, whatever the orphans did */
        e = ls_pull_journal_put(&u->out, ls_buf_span(&u->last), u->d);
    }
    return e ? e : ls_pull_journal_sync(&u->out, u->d);
}

static uint64_t count_canonical(const struct ls_manifest_segment *seg)
{
    uint64_t n = 0;

    for (size_t i = 0; i < seg->run_count; i++) {
        n += seg->runs[i].last - seg->runs[i].first + 1;
    }
    return seg->run_count > 0 ? n : UINT64_MAX;
}

/* Writes the segment's lines to dir/journal, aside and then renamed. */
static enum ls_err unfold_segment(const char *dir, const char *segment, const char *journal,
                                  const struct ls_manifest_segment *seg, bool is_beside,
                                  struct ls_diag *d)
{
    char from[LS_PATH_MAX];
    char to[LS_PATH_MAX];
    char aside[LS_PATH_MAX];
    char name[64];
    struct unfold u = {
        .out.fd = -1, .canonical = count_canonical(seg), .is_beside = is_beside, .d = d};
    struct ls_span packed = {NULL, 0};
    enum ls_err e = LS_OK;

    snprintf(name, sizeof name, "%s.new", journal);
    ls_buf_init(&u.part, LS_CHECK_BLOCK_BYTES_MAX);
    ls_buf_init(&u.last, LS_CHECK_BLOCK_BYTES_MAX);
    ls_buf_init(&u.orphans, ORPHAN_BYTES_MAX);
    if ((e = ls_path_join(dir, segment, from, d)) || (e = ls_path_join(dir, journal, to, d)) ||
        (e = ls_path_join(dir, name, aside, d))) {
        return e;
    }
    unlink(aside);
    e = map_file(from, &packed, d);
    if (!e) {
        e = ls_pull_journal_open(dir, name, &u.out, d);
    }
    if (!e) {
        e = run_passes(&u, seg, packed);
    }
    if (!e && rename(aside, to)) {
        e = ls_fail(d, LS_ERR_IO, "cannot rename \"%s\"", aside);
    }
    if (e) {
        unlink(aside);
    }
    ls_pull_journal_close(&u.out);
    ls_pull_journal_unmap(packed);
    ls_buf_fini(&u.part);
    ls_buf_fini(&u.last);
    ls_buf_fini(&u.orphans);
    return e ? ls_fail_in(d, e, "\"%s\"", from) : LS_OK;
}

/* --- the folder --- */

static enum ls_err unfold_all(const char *dir, const struct ls_manifest *m, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    /* The L2 journal comes last: where it stands, all do. */
    if (m->l1.is_present) {
        e = unfold_segment(dir, LS_SEGMENT_L1_FILE, LS_PULL_L1_JOURNAL, &m->l1, false, d);
    }
    if (!e && m->status.is_present) {
        e = unfold_segment(dir, LS_SEGMENT_STATUS_FILE, LS_PULL_STATUS_JOURNAL, &m->status, false,
                           d);
    }
    for (int k = 0; !e && k < LS_BESIDE_COUNT; k++) {
        if (m->beside[k].is_present) {
            const struct ls_beside *kind = ls_beside_of((enum ls_beside_kind)k);
            e = unfold_segment(dir, kind->file, kind->journal, &m->beside[k], true, d);
        }
    }
    return e ? e : unfold_segment(dir, LS_SEGMENT_L2_FILE, LS_PULL_L2_JOURNAL, &m->l2, false, d);
}

enum ls_err ls_pull_folder_unfold(const struct ls_pull_folder *f, struct ls_diag *d)
{
    char path[LS_PATH_MAX];
    struct ls_buf text;
    struct ls_arena tables;
    struct ls_manifest m;
    enum ls_err e = ls_path_join(f->dir, LS_MANIFEST_FILE, path, d);

    ls_buf_init(&text, LS_MANIFEST_BYTES_MAX);
    ls_arena_init(&tables, TABLES_BYTES_MAX);
    if (!e) {
        e = ls_file_read(path, &text, d);
    }
    if (!e) {
        e = ls_manifest_parse(ls_buf_span(&text), &tables, &m, d);
        if (e) {
            ls_fail_in(d, e, "\"%s\"", path);
        }
    }
    if (!e) {
        e = unfold_all(f->dir, &m, d);
    }
    ls_arena_fini(&tables);
    ls_buf_fini(&text);
    return e;
}
