/*
 * Transcripts: conversations that other tools recorded, as rows of this one's form. A line is
 * {"at_ms", "peer", "req", "res", "http"?, "ms"?, "fault"?}: peer engine, follow (the source) or l1
 * for exchanges; every other peer ("gossip", "probe", "harness" …) becomes an event as it stands.
 * res is the JSON-RPC answer, or the body as a string when it was none, or null when no answer
 * came.
 */
#ifndef LS_HARNESS_RECORD_TRANSCRIPT_H
#define LS_HARNESS_RECORD_TRANSCRIPT_H

#include "harness/record/recording.h"
#include "lib/err.h"

/* Adds the rows of a file (plain or zstd; "-": standard input) to r, one exchange after the other.
 * IO; PARSE, MISSING, RANGE … with the number of the line. */
enum ls_err ls_transcript_import(const char *path, struct ls_recording *r, struct ls_diag *d);

#endif
