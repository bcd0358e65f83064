/*
 * Recorded blocks as people have them: NDJSON, arrays, whole documents; JSON-RPC responses, bare
 * results, collections with a "blocks" list; plain or zstd; a file or standard input. Each block is
 * handed on as one line of JSON.
 */
#ifndef LS_HARNESS_CAPTURE_INPUT_H
#define LS_HARNESS_CAPTURE_INPUT_H

#include "lib/bytes.h"
#include "lib/err.h"

/* Who takes what is found. text is borrowed for the call; where says file and line. An error ends
 * the reading; it is passed on with where in front of its sentence. */
struct ls_input_sink {
    enum ls_err (*item)(void *ctx, struct ls_span text, struct ls_diag *d);
    /* A collection's object, before its blocks; NULL: not wanted. */
    enum ls_err (*collection)(void *ctx, struct ls_span text, struct ls_diag *d);
    void *ctx;
};

/* Hands on every block or header in the file path ("-": standard input), cleaned
 * (ls_input_clean). IO, LIMIT, PARSE, RPC (a recorded error answer), NOT_FOUND (a null result). */
enum ls_err ls_input_blocks(const char *path, const struct ls_input_sink *sink, struct ls_diag *d);

/* Hands on what is in the file without JSON-RPC envelopes: of a response its result, of all else
 * the value as it stands, arrays whole. Errors as ls_input_blocks, but null is handed on. */
enum ls_err ls_input_results(const char *path, const struct ls_input_sink *sink, struct ls_diag *d);

/* Hands on every JSON value of the file as it stands, elements of top-level arrays one by one. */
enum ls_err ls_input_values(const char *path, const struct ls_input_sink *sink, struct ls_diag *d);

/* Appends the block as one line: members a collector added ("_…" and "raw", in the block and in its
 * transactions) are left out. Text that has none and no line break is copied byte for byte. Errors
 * stick in b. */
void ls_input_clean(struct ls_span block, struct ls_buf *b);

#endif
