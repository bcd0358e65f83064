/*
 * Making an index: the segment is read once from end to end in constant memory, every block checked
 * alone and against its parent, and the index written beside it. Internal to harness/capture.
 */
#ifndef LS_HARNESS_CAPTURE_INDEX_BUILD_H
#define LS_HARNESS_CAPTURE_INDEX_BUILD_H

#include "harness/capture/store.h"

/* A mapped file or memory. */
struct ls_mapping {
    void *p;
    size_t n;
};

/* Size and time of change of an open file; sha256 is left alone. IO; PARSE when it is empty. path
 * is for the sentence, here and below. */
enum ls_err ls_mapping_source(int fd, const char *path, struct ls_index_source *out,
                              struct ls_diag *d);
/* Maps the whole of an open file for reading, as large as source says; fd may be closed then. IO.
 */
enum ls_err ls_mapping_open(int fd, const char *path, const struct ls_index_source *source,
                            struct ls_mapping *out, struct ls_diag *d);
/* Pages that were touched count as ours no longer, until they are touched again; what they hold
 * stays. For a mapping of a file. */
void ls_mapping_forget(const struct ls_mapping *m);
/* Zeroed is fine. */
void ls_mapping_close(struct ls_mapping *m);

/* Makes the index of the mapped segment (source: as it was opened) and puts it at path, or, where
 * that cannot be written, nowhere; out is its mapping in any case. Errors as ls_store_open. */
enum ls_err ls_index_build(const struct ls_store_spec *spec, const struct ls_mapping *segment,
                           const struct ls_index_source *source, const char *path,
                           struct ls_mapping *out, struct ls_diag *d);

#endif
