/*
 * In which order the rows of a sequence are replayed: that in which they were asked. They stand in
 * the order in which they were answered, which is another one where a call was asked beside one
 * that hung.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_ORDER_H
#define LS_TESTS_ENGINE_CORPUS_ORDER_H

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

struct ls_row {
    const struct cJSON *row;
    size_t i; /* its place in the recording, which others name it by */
};

/* The rows of an array, by the time they were asked at (t_ms) where they say it. The caller frees
 * the array of *n; memory that is not there ends the process. */
struct ls_row *ls_rows_as_asked(const struct cJSON *calls, size_t *n);
/* Some row was not answered in its turn. */
bool ls_rows_are_mixed(const struct cJSON *calls);

#endif
