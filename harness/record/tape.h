/*
 * Tape: a recorded conversation in memory, read from its folder.
 *
 * The folder holds manifest.json and, once finished, calls.ndjson.zst; while it is being recorded,
 * or after the recorder was killed, calls.ndjson in its place. Both can be read at any time; a last
 * line that is not complete does not count.
 */
#ifndef LS_HARNESS_RECORD_TAPE_H
#define LS_HARNESS_RECORD_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/record/row.h"
#include "lib/arena.h"
#include "lib/bytes.h"
#include "lib/err.h"

#define LS_TAPE_FORMAT 1u
#define LS_TAPE_KIND "conversation"
#define LS_TAPE_MANIFEST_FILE "manifest.json"
#define LS_TAPE_JOURNAL_FILE "calls.ndjson"
#define LS_TAPE_CALLS_FILE "calls.ndjson.zst"
#define LS_TAPE_ROWS_MAX (1u << 24)
#define LS_TAPE_NAME_MAX 64u
#define LS_TAPE_NOTES_MAX 64u

/* What the manifest says. Memory is in the arena of who made it. */
struct ls_tape_head {
    char name[LS_TAPE_NAME_MAX];
    bool is_finished;
    uint64_t l2_chain_id;                 /* 0: not seen */
    uint64_t l1_chain_id;                 /* 0: not seen */
    const char *notes[LS_TAPE_NOTES_MAX]; /* "provenance": sentences, no hosts, no keys */
    size_t note_count;
    struct ls_span rollup; /* text of the object; n 0: none */
    uint8_t sha256[32];    /* of calls.ndjson.zst; finished only */
    uint64_t row_count;    /* finished only */
};

/* Reads the text of a manifest. UNSUPPORTED when it is another kind of folder or another version;
 * else the member is named. */
enum ls_err ls_tape_head_read(struct ls_span text, struct ls_arena *a, struct ls_tape_head *out,
                              struct ls_diag *d);

/* Appends the manifest's text. Errors stick in b. */
void ls_tape_head_write(const struct ls_tape_head *h, struct ls_buf *b);

/* Fills in what is not known yet from what an exchange says: chain ids, rollup config (copied). */
void ls_tape_head_learn(struct ls_tape_head *h, const struct ls_row *row, struct ls_arena *a);

struct ls_tape {
    struct ls_tape_head head;
    struct ls_row *rows; /* by seq_out */
    size_t count;
    /* Indexes of the exchanges (rows that are no events), by asked_seq. A payload counts as handed
     * to the node after what the node asked while it was on its way. */
    uint32_t *by_in;
    size_t exchange_count;
    struct ls_buf text;
    struct ls_arena arena;
};

/* Reads a folder whole. IO; HASH when a finished folder's file is not the one of its manifest, or
 * cut; PARSE, RANGE … with the number of the line. Free with ls_tape_close, also after an error. */
enum ls_err ls_tape_open(const char *dir, struct ls_tape *out, struct ls_diag *d);
void ls_tape_close(struct ls_tape *t);

/* true when some exchange is with this peer. */
bool ls_tape_has(const struct ls_tape *t, enum ls_peer peer);

#endif
