/*
 * Fixture folders for tests: a scratch folder, a small recorded chain copied into it, and tools to
 * damage it so that only what is meant to be wrong is wrong (hashes of files and manifest are
 * mended unless the test wants them broken).
 */
#ifndef LS_TESTS_HARNESS_FOLDER_H
#define LS_TESTS_HARNESS_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/capture/chain.h"
#include "harness/capture/draft.h"
#include "harness/capture/files.h"
#include "harness/capture/manifest.h"
#include "harness/capture/segment.h"
#include "harness/capture/store.h"
#include "lib/hash.h"
#include "lib/hex.h"

/* 81 Jovian blocks around the first recorded reorg, 7 orphans, L1 with 5 orphans, labels. */
#define FOLDER_SOURCE "fixtures/devnet-reorgs"
#define FOLDER_FIRST 1560u
#define FOLDER_LAST 1640u

static const char *const FOLDER_FILES[] = {LS_MANIFEST_FILE,
                                           LS_SEGMENT_L2_FILE,
                                           LS_SEGMENT_L1_FILE,
                                           LS_SEGMENT_STATUS_FILE,
                                           LS_SEGMENT_RECEIPTS_FILE,
                                           LS_SEGMENT_PROOFS_FILE,
                                           LS_INDEX_L2_FILE,
                                           LS_INDEX_L1_FILE,
                                           "in",
                                           "out",
                                           "err"};

struct folder {
    char dir[64];
    struct ls_diag d;
    struct ls_chain_fault fault; /* of the last folder_open */
};

static inline void folder_path(const struct folder *f, const char *name, char *out)
{
    assert_int_equal(ls_path_join(f->dir, name, out, NULL), LS_OK);
}

static inline void folder_make(struct folder *f)
{
    snprintf(f->dir, sizeof f->dir, "/tmp/lockstep-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->d.text[0] = '\0';
}

static inline void folder_remove(struct folder *f)
{
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < sizeof FOLDER_FILES / sizeof FOLDER_FILES[0]; i++) {
        folder_path(f, FOLDER_FILES[i], path);
        unlink(path);
    }
    rmdir(f->dir);
}

/* Writes the small chain into the folder. */
static inline void folder_fill(struct folder *f)
{
    const struct ls_draft_options o = {
        .first = FOLDER_FIRST, .last = FOLDER_LAST, .level = 1, .replace = true};
    struct ls_chain c;
    struct ls_draft draft;

    assert_int_equal(ls_chain_open(FOLDER_SOURCE, NULL, &c, &f->d), LS_OK);
    ls_draft_init(&draft);
    assert_int_equal(ls_draft_from_chain(&draft, &c, &f->d), LS_OK);
    assert_int_equal(ls_draft_write(&draft, f->dir, &o, &f->d), LS_OK);
    ls_draft_fini(&draft);
    ls_chain_close(&c);
}

static inline void folder_read(const struct folder *f, const char *name, struct ls_buf *out)
{
    char path[LS_PATH_MAX];

    folder_path(f, name, path);
    ls_buf_init(out, LS_SEGMENT_BYTES_MAX);
    assert_int_equal(ls_file_read(path, out, NULL), LS_OK);
}

static inline void folder_write(const struct folder *f, const char *name, const void *p, size_t n)
{
    char path[LS_PATH_MAX];

    folder_path(f, name, path);
    assert_int_equal(ls_file_write(path, (struct ls_span){p, n}, NULL), LS_OK);
}

/* A new folder with the same fixture. */
static inline void folder_clone(const struct folder *from, struct folder *to)
{
    folder_make(to);
    for (size_t i = 0; i < 4; i++) {
        struct ls_buf bytes;
        folder_read(from, FOLDER_FILES[i], &bytes);
        folder_write(to, FOLDER_FILES[i], bytes.p, bytes.n);
        ls_buf_fini(&bytes);
    }
}

/* Replaces every `from` by `to` in b; says how many. */
static inline size_t text_replace(struct ls_buf *b, const char *from, const char *to)
{
    struct ls_buf out;
    size_t n = strlen(from);
    size_t count = 0;

    ls_buf_init(&out, LS_SEGMENT_BYTES_MAX);
    for (size_t i = 0; i < b->n;) {
        if (b->n - i >= n && memcmp(b->p + i, from, n) == 0) {
            ls_buf_puts(&out, to);
            i += n;
            count++;
        } else {
            ls_buf_putc(&out, b->p[i++]);
        }
    }
    assert_int_equal(out.err, LS_OK);
    ls_buf_fini(b);
    *b = out;
    return count;
}

static inline void folder_edit_manifest(const struct folder *f, const char *from, const char *to)
{
    struct ls_buf text;

    folder_read(f, LS_MANIFEST_FILE, &text);
    assert_int_not_equal(text_replace(&text, from, to), 0);
    folder_write(f, LS_MANIFEST_FILE, text.p, text.n);
    ls_buf_fini(&text);
}

/* The decompressed text of a segment. */
static inline void folder_read_segment(const struct folder *f, const char *name, struct ls_buf *out)
{
    static const uint8_t any_sha[32];
    struct ls_segment s;

    assert_int_equal(ls_segment_load(f->dir, name, any_sha, &s, NULL), LS_OK);
    assert_false(s.is_damaged);
    *out = s.text;
}

static inline void put_sha(const uint8_t sha[32], char out[65])
{
    ls_hex_encode(sha, 32, out);
    out[64] = '\0';
}

/* Stores the text as a segment and tells the manifest its hash. */
static inline void folder_write_segment(const struct folder *f, const char *name,
                                        const struct ls_buf *text)
{
    struct ls_buf packed;
    uint8_t old_sha[32];
    uint8_t new_sha[32];
    char from[65];
    char to[65];

    folder_read(f, name, &packed);
    ls_sha256(packed.p, packed.n, old_sha);
    ls_buf_fini(&packed);
    assert_int_equal(ls_segment_store(f->dir, name, ls_buf_span(text), 1, new_sha, NULL), LS_OK);
    put_sha(old_sha, from);
    put_sha(new_sha, to);
    folder_edit_manifest(f, from, to);
}

/* Opens and closes; the result is in the return value and f->d. */
static inline enum ls_err folder_open(struct folder *f)
{
    const struct ls_chain_options options = {.fault = &f->fault};
    struct ls_chain c;

    f->d.text[0] = '\0';
    f->fault = (struct ls_chain_fault){.line = 0};
    enum ls_err e = ls_chain_open(f->dir, &options, &c, &f->d);
    ls_chain_close(&c);
    return e;
}

#endif
