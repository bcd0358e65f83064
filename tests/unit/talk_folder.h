/*
 * Folders of conversations for tests: made of lines, as a recorder that was killed leaves them.
 */
#ifndef LS_TESTS_TALK_FOLDER_H
#define LS_TESTS_TALK_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/capture/files.h"
#include "harness/record/recording.h"
#include "harness/record/tape.h"

static const char *const TALK_FILES[] = {LS_TAPE_MANIFEST_FILE, LS_TAPE_JOURNAL_FILE,
                                         LS_TAPE_CALLS_FILE, "in"};

struct talk_folder {
    char dir[64];
    struct ls_diag d;
};

static inline void talk_make(struct talk_folder *f)
{
    snprintf(f->dir, sizeof f->dir, "/tmp/lockstep-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->d.text[0] = '\0';
}

static inline void talk_path(const struct talk_folder *f, const char *name, char *out)
{
    assert_int_equal(ls_path_join(f->dir, name, out, NULL), LS_OK);
}

static inline void talk_remove(struct talk_folder *f)
{
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < sizeof TALK_FILES / sizeof TALK_FILES[0]; i++) {
        talk_path(f, TALK_FILES[i], path);
        unlink(path);
    }
    rmdir(f->dir);
}

static inline void talk_write(const struct talk_folder *f, const char *name, const char *text)
{
    char path[LS_PATH_MAX];

    talk_path(f, name, path);
    assert_int_equal(
        ls_file_write(path, (struct ls_span){(const uint8_t *)text, strlen(text)}, NULL), LS_OK);
}

static inline void talk_read(const struct talk_folder *f, const char *name, struct ls_buf *out)
{
    char path[LS_PATH_MAX];

    talk_path(f, name, path);
    ls_buf_init(out, 1u << 24);
    assert_int_equal(ls_file_read(path, out, NULL), LS_OK);
}

static inline bool talk_has(const struct talk_folder *f, const char *name)
{
    char path[LS_PATH_MAX];

    talk_path(f, name, path);
    return ls_file_exists(path);
}

/* An unfinished recording of these lines. */
static inline void talk_lines(const struct talk_folder *f, const char *lines)
{
    talk_write(f, LS_TAPE_MANIFEST_FILE,
               "{\"format\":1,\"kind\":\"conversation\",\"name\":\"test\",\"provenance\":[]}");
    talk_write(f, LS_TAPE_JOURNAL_FILE, lines);
}

static inline enum ls_err talk_open(struct talk_folder *f, struct ls_tape *t)
{
    f->d.text[0] = '\0';
    return ls_tape_open(f->dir, t, &f->d);
}

/* A tape of these lines; the folder may go at once. */
static inline void talk_tape(const char *lines, struct ls_tape *t)
{
    struct talk_folder f;

    talk_make(&f);
    talk_lines(&f, lines);
    if (talk_open(&f, t) != LS_OK) {
        fail_msg("%s", f.d.text);
    }
    talk_remove(&f);
}

/* A line: an exchange that was answered with a result. rest: further members, with a comma first.
 */
#define TALK_CALL(in, out, peer, method, params, result)                             \
    "{\"seq_in\":" #in ",\"seq_out\":" #out ",\"at_ms\":0,\"ms\":0,\"peer\":\"" peer \
    "\",\"method\":\"" method "\",\"params\":" params ",\"result\":" result ",\"http\":200}\n"

#endif
