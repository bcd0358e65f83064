/*
 * The folder while blocks come in: reading what is there, adding to it.
 */
#include "harness/capture/pull_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "harness/capture/beside.h"
#include "harness/capture/check.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/manifest.h"
#include "harness/capture/pull_labels.h"
#include "lib/hex.h"
#include "lib/json.h"

#define FACTS_BYTES_MAX ((size_t)32 << 20)
#define HEAL_BYTES (2 * LS_PULL_SYNC_BYTES) /* how far back a power cut may reach */

/* --- lines --- */

static bool read_hash(struct ls_span v, struct ls_hash *out)
{
    return v.n == 68 && v.p[0] == '"' &&
           ls_hex_fixed((const char *)v.p + 1, 66, out->b, sizeof out->b) == LS_OK;
}

static bool read_number(struct ls_span v, uint64_t *out)
{
    return v.n > 4 && v.p[0] == '"' &&
           ls_parse_quantity((const char *)v.p + 1, v.n - 2, out) == LS_OK;
}

bool ls_pull_glance(struct ls_span text, struct ls_l2_ref *out)
{
    struct ls_jsontext it = ls_jsontext_open(text);
    struct ls_jsontext_item m;
    unsigned have = 0;

    *out = (struct ls_l2_ref){.sequence_number = LS_PULL_GLANCED};
    while (ls_jsontext_next(&it, &m)) {
        if (ls_jsontext_is(&m, "hash")) {
            have |= read_hash(m.value, &out->hash) ? 1u : 0u;
        } else if (ls_jsontext_is(&m, "parentHash")) {
            have |= read_hash(m.value, &out->parent) ? 2u : 0u;
        } else if (ls_jsontext_is(&m, "number")) {
            have |= read_number(m.value, &out->number) ? 4u : 0u;
        } else if (ls_jsontext_is(&m, "timestamp")) {
            have |= read_number(m.value, &out->timestamp) ? 8u : 0u;
        }
    }
    return have == 15u;
}

/* --- reading journals --- */

struct scan {
    struct ls_pull_folder *f;
    struct ls_pull_layer *layer;
    struct ls_arena scratch;
    bool is_l1;
    uint64_t line;
    uint64_t lines;
    uint64_t at; /* of the last line that was looked at */
    struct ls_diag *d;
};

static enum ls_err decode(struct scan *s, struct ls_span text, struct ls_l2_ref *ref)
{
    struct ls_block block;
    struct ls_l1_ref l1;

    if (!s->is_l1) {
        ls_arena_reset(&s->scratch);
        return ls_check_l2_block(text, ls_pull_facts_rollup(&s->f->facts), &s->scratch, &block, ref,
                                 s->d);
    }
    enum ls_err e = ls_check_l1_header(text, &l1, s->d);
    *ref = (struct ls_l2_ref){
        .hash = l1.hash, .number = l1.number, .parent = l1.parent, .timestamp = l1.timestamp};
    return e;
}

/* Genesis apart from the chain is the first line. */
static bool is_anchor(const struct scan *s, const struct ls_l2_ref *ref)
{
    const struct ls_pull_facts *facts = &s->f->facts;

    return !s->is_l1 && s->line == 0 && ref->number < facts->from &&
           ls_hash_eq(&ref->hash, &facts->genesis.hash);
}

static enum ls_err place_line(struct scan *s, struct ls_span text)
{
    struct ls_l2_ref ref;
    enum ls_err e = LS_OK;

    if (s->line + s->layer->track.window >= s->lines) {
        e = decode(s, text, &ref);
    } else if (!ls_pull_glance(text, &ref)) {
        e = ls_fail(s->d, LS_ERR_PARSE, "is no block");
    }
    if (!e && is_anchor(s, &ref)) {
        ls_pull_track_anchor(&s->layer->track, &ref);
        return LS_OK;
    }
    return e ? e : ls_pull_track_add(&s->layer->track, &ref, s->d);
}

static enum ls_err count_line(void *ctx, uint64_t at, struct ls_span text, struct ls_diag *d)
{
    uint64_t *lines = ctx;

    (void)at;
    (void)text;
    (void)d;
    ++*lines;
    return LS_OK;
}

/* Lines from byte `at` on are damaged: dropped when a power cut may have done it. */
static enum ls_err heal(struct ls_pull_folder *f, struct ls_pull_journal *j, uint64_t at,
                        uint64_t line, uint64_t lines, enum ls_err e, struct ls_diag *d)
{
    if (e == LS_ERR_NOMEM || e == LS_ERR_IO || j->bytes - at > HEAL_BYTES) {
        return ls_fail_in(d, e, "\"%s\" line %" PRIu64, j->path, line + 1);
    }
    f->healed += lines - line;
    return ls_pull_journal_cut(j, at, d);
}

static enum ls_err scan_line(void *ctx, uint64_t at, struct ls_span text, struct ls_diag *d)
{
    struct scan *s = ctx;
    enum ls_err e = place_line(s, text);

    (void)d; /* is s->d */
    s->at = at;
    s->line += !e;
    return e;
}

static enum ls_err scan_blocks(struct ls_pull_folder *f, struct ls_pull_layer *layer, bool is_l1,
                               struct ls_diag *d)
{
    struct scan s = {.f = f, .layer = layer, .is_l1 = is_l1, .d = d};
    enum ls_err e = ls_pull_journal_each(&layer->journal, count_line, &s.lines, d);

    if (e) {
        return e;
    }
    ls_arena_init(&s.scratch, LS_CHECK_BLOCK_BYTES_MAX);
    e = ls_pull_journal_each(&layer->journal, scan_line, &s, d);
    ls_arena_fini(&s.scratch);
    return e ? heal(f, &layer->journal, s.at, s.line, s.lines, e, d) : LS_OK;
}

static enum ls_err scan_row(struct ls_pull_folder *f, struct ls_span line, struct ls_diag *d)
{
    struct cJSON *root = NULL;
    struct ls_sync_status status;
    enum ls_err e = ls_json_parse((const char *)line.p, line.n, 0, &root, d);

    if (!e) {
        e = ls_json_u64(ls_json_get(root, "at_ms"), &f->last_row_ms);
    }
    if (!e) {
        e = ls_sync_status_parse(ls_json_get(root, "result"), &status, d);
    }
    if (!e) {
        e = ls_pull_labels_check(&status, &f->l2.track, &f->l1.track, d);
    }
    if (!e) {
        struct ls_span result = ls_jsontext_get(line, "result");
        ls_buf_clear(&f->last_row);
        e = ls_buf_put(&f->last_row, result.p, result.n);
    }
    ls_json_free(root);
    return e;
}

struct row_scan {
    struct ls_pull_folder *f;
    uint64_t at; /* of the last row that was looked at */
};

static enum ls_err scan_row_line(void *ctx, uint64_t at, struct ls_span text, struct ls_diag *d)
{
    struct row_scan *s = ctx;
    enum ls_err e = scan_row(s->f, text, d);

    s->at = at;
    s->f->rows += !e;
    return e;
}

/* Rows are only read as far as their blocks are there: after a power cut the row may have come
 * through and its block not. */
static enum ls_err scan_rows(struct ls_pull_folder *f, struct ls_diag *d)
{
    struct row_scan s = {.f = f};
    uint64_t lines = 0;
    enum ls_err e = ls_pull_journal_each(&f->status, count_line, &lines, d);

    if (e) {
        return e;
    }
    e = ls_pull_journal_each(&f->status, scan_row_line, &s, d);
    return e ? heal(f, &f->status, s.at, f->rows, lines, e, d) : LS_OK;
}

/* --- the folder --- */

static bool has_file(const struct ls_pull_folder *f, const char *name)
{
    char path[LS_PATH_MAX];

    return ls_path_join(f->dir, name, path, NULL) == LS_OK && ls_file_exists(path);
}

/* One writer a folder: the lock is on the folder itself and goes with the process, however it
 * ends. */
static enum ls_err lock(struct ls_pull_folder *f, struct ls_diag *d)
{
    if (f->lock_fd >= 0) {
        return LS_OK;
    }
    f->lock_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->lock_fd < 0) {
        return ls_fail(d, LS_ERR_IO, "cannot open the folder \"%s\": %s", f->dir, strerror(errno));
    }
    if (flock(f->lock_fd, LOCK_EX | LOCK_NB)) {
        return ls_fail(d, LS_ERR_IO, "another process is capturing into \"%s\"", f->dir);
    }
    return LS_OK;
}

static enum ls_err init(struct ls_pull_folder *f, const char *dir, uint32_t window,
                        struct ls_diag *d)
{
    *f = (struct ls_pull_folder){
        .l2.journal.fd = -1, .l1.journal.fd = -1, .status.fd = -1, .lock_fd = -1};
    for (size_t k = 0; k < LS_BESIDE_COUNT; k++) {
        f->beside[k].fd = -1;
    }
    ls_arena_init(&f->arena, FACTS_BYTES_MAX);
    ls_buf_init(&f->last_row, LS_MANIFEST_BYTES_MAX);
    if (strlen(dir) >= sizeof f->dir) {
        return ls_fail(d, LS_ERR_LIMIT, "the path \"%.64s…\" is too long", dir);
    }
    snprintf(f->dir, sizeof f->dir, "%s", dir);
    enum ls_err e = ls_pull_track_init(&f->l2.track, window, d);
    return e ? e : ls_pull_track_init(&f->l1.track, window, d);
}

enum ls_err ls_pull_folder_look(const char *dir, uint32_t window, struct ls_pull_folder *f,
                                struct ls_diag *d)
{
    enum ls_err e = init(f, dir, window, d);

    if (!e && ls_file_exists(dir)) {
        e = lock(f, d);
    }
    if (e) {
        return e;
    }
    f->is_new = !has_file(f, LS_PULL_FACTS_FILE);
    if (f->is_new && (has_file(f, LS_MANIFEST_FILE) || has_file(f, LS_PULL_L2_JOURNAL))) {
        return ls_fail(d, LS_ERR_EXISTS,
                       "\"%s\" holds blocks but no %s of a capture: give another folder", dir,
                       LS_PULL_FACTS_FILE);
    }
    if (f->is_new) {
        return LS_OK;
    }
    e = ls_pull_folder_roll(dir, d);
    return e ? e : ls_pull_facts_read(dir, &f->arena, &f->facts, d);
}

enum ls_err ls_pull_folder_save(struct ls_pull_folder *f, struct ls_diag *d)
{
    f->is_made |= !ls_file_exists(f->dir);
    enum ls_err e = ls_dir_make(f->dir, d);

    if (!e) {
        e = lock(f, d);
    }
    if (!e) {
        e = ls_pull_facts_write(f->dir, &f->facts, d);
    }
    f->is_new = f->is_new && e;
    return e;
}

enum ls_err ls_pull_folder_open(struct ls_pull_folder *f, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    if (has_file(f, LS_MANIFEST_FILE) && !has_file(f, LS_PULL_L2_JOURNAL)) {
        e = ls_pull_folder_unfold(f, d);
    }
    if (!e) {
        e = ls_pull_journal_open(f->dir, LS_PULL_L2_JOURNAL, &f->l2.journal, d);
    }
    if (!e) {
        e = ls_pull_journal_open(f->dir, LS_PULL_L1_JOURNAL, &f->l1.journal, d);
    }
    if (!e) {
        e = ls_pull_journal_open(f->dir, LS_PULL_STATUS_JOURNAL, &f->status, d);
    }
    for (int k = 0; !e && k < LS_BESIDE_COUNT; k++) {
        if (f->facts.has_beside[k]) {
            const char *name = ls_beside_of((enum ls_beside_kind)k)->journal;
            e = ls_pull_journal_open(f->dir, name, &f->beside[k], d);
        }
    }
    if (!e) {
        e = scan_blocks(f, &f->l1, true, d);
    }
    if (!e) {
        e = scan_blocks(f, &f->l2, false, d);
    }
    if (!e) {
        e = scan_rows(f, d);
    }
    f->is_open = !e;
    return e;
}

void ls_pull_folder_forget(struct ls_pull_folder *f)
{
    static const char *const files[] = {LS_PULL_FACTS_FILE,         LS_PULL_L2_JOURNAL,
                                        LS_PULL_L1_JOURNAL,         LS_PULL_STATUS_JOURNAL,
                                        LS_BESIDE_RECEIPTS_JOURNAL, LS_BESIDE_PROOFS_JOURNAL};
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (!ls_path_join(f->dir, files[i], path, NULL)) {
            unlink(path);
        }
    }
    if (f->is_made) {
        rmdir(f->dir);
    }
}

void ls_pull_folder_close(struct ls_pull_folder *f)
{
    ls_pull_journal_close(&f->l2.journal);
    ls_pull_journal_close(&f->l1.journal);
    ls_pull_journal_close(&f->status);
    for (size_t k = 0; k < LS_BESIDE_COUNT; k++) {
        ls_pull_journal_close(&f->beside[k]);
    }
    ls_pull_track_fini(&f->l2.track);
    ls_pull_track_fini(&f->l1.track);
    ls_arena_fini(&f->arena);
    ls_buf_fini(&f->last_row);
    if (f->lock_fd >= 0) {
        close(f->lock_fd);
    }
    f->lock_fd = -1;
    f->is_open = false;
}

/* --- adding --- */

/* As one line: what a node prints over several lines loses the white space between its tokens. */
static enum ls_err put_line(struct ls_pull_journal *j, struct ls_span text, struct ls_diag *d)
{
    struct ls_buf flat;
    enum ls_err e;

    if (!memchr(text.p, '\n', text.n) && !memchr(text.p, '\r', text.n)) {
        return ls_pull_journal_put(j, text, d);
    }
    ls_buf_init(&flat, text.n + 1);
    ls_jsontext_compact(text, &flat);
    e = flat.err ? ls_fail(d, flat.err, "out of memory")
                 : ls_pull_journal_put(j, ls_buf_span(&flat), d);
    ls_buf_fini(&flat);
    return e;
}

enum ls_err ls_pull_folder_put(struct ls_pull_layer *layer, struct ls_span text,
                               const struct ls_l2_ref *ref, struct ls_diag *d)
{
    enum ls_pull_place place = ls_pull_track_place(&layer->track, ref);
    enum ls_err e = LS_OK;

    /* The line first: what is not on its way to the disk is not the tip. */
    if (place == LS_PULL_EXTENDS || place == LS_PULL_FORKS) {
        e = put_line(&layer->journal, text, d);
    }
    return e ? e : ls_pull_track_add(&layer->track, ref, d);
}

enum ls_err ls_pull_folder_put_beside(struct ls_pull_folder *f, enum ls_beside_kind k,
                                      struct ls_span text, struct ls_diag *d)
{
    return ls_beside_is_some(text) ? put_line(&f->beside[k], text, d) : LS_OK;
}

enum ls_err ls_pull_folder_put_genesis(struct ls_pull_folder *f, struct ls_span text,
                                       const struct ls_l2_ref *ref, struct ls_diag *d)
{
    enum ls_err e = put_line(&f->l2.journal, text, d);

    if (!e) {
        ls_pull_track_anchor(&f->l2.track, ref);
    }
    return e;
}

static uint64_t row_time(const struct ls_pull_folder *f, uint64_t now_ms)
{
    uint64_t at = now_ms > f->facts.labels_from_ms ? now_ms - f->facts.labels_from_ms : 0;

    return at > f->last_row_ms ? at : f->last_row_ms; /* wall clocks are set back at times */
}

enum ls_err ls_pull_folder_put_row(struct ls_pull_folder *f, struct ls_span result, uint64_t now_ms,
                                   struct ls_diag *d)
{
    struct ls_buf line;
    enum ls_err e = LS_OK;

    if (f->last_row.n == result.n && memcmp(f->last_row.p, result.p, result.n) == 0) {
        return LS_OK;
    }
    if (f->rows == 0) {
        f->facts.labels_from_ms = now_ms;
        e = ls_pull_folder_save(f, d);
    }
    ls_buf_init(&line, result.n + 64);
    ls_buf_printf(&line, "{\"at_ms\":%" PRIu64 ",\"result\":", row_time(f, now_ms));
    ls_buf_put(&line, result.p, result.n);
    ls_buf_putc(&line, '}');
    if (!e && line.err) {
        e = ls_fail(d, line.err, "label row: %s", ls_err_text(line.err));
    }
    if (!e) {
        e = put_line(&f->status, ls_buf_span(&line), d);
    }
    if (!e) {
        f->last_row_ms = row_time(f, now_ms);
        f->rows++;
        ls_buf_clear(&f->last_row);
        e = ls_buf_put(&f->last_row, result.p, result.n);
    }
    ls_buf_fini(&line);
    return e;
}

enum ls_err ls_pull_folder_sync(struct ls_pull_folder *f, struct ls_diag *d)
{
    enum ls_err e = ls_pull_journal_sync(&f->l1.journal, d);

    for (size_t k = 0; !e && k < LS_BESIDE_COUNT; k++) {
        if (f->facts.has_beside[k]) {
            e = ls_pull_journal_sync(&f->beside[k], d);
        }
    }
    if (!e) {
        e = ls_pull_journal_sync(&f->l2.journal, d);
    }
    return e ? e : ls_pull_journal_sync(&f->status, d);
}
