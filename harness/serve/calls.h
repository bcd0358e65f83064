/*
 * The last lines of the trace, for people who look: a ring of bounded size, numbered from 1.
 */
#ifndef LS_HARNESS_SERVE_CALLS_H
#define LS_HARNESS_SERVE_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/jsonw.h"

#define LS_CALLS_MAX 1024u /* lines kept */

struct ls_calls;

/* NULL when out of memory. */
struct ls_calls *ls_calls_new(void);
/* NULL is fine. */
void ls_calls_free(struct ls_calls *c);

/* Keeps a copy of a line of JSON; without memory it is counted and lost. */
void ls_calls_add(struct ls_calls *c, const char *line, size_t n);

/* Lines ever added: the number of the newest. */
uint64_t ls_calls_last(const struct ls_calls *c);

/* Writes the newest n lines whose number is greater than after, oldest first, as a list. */
void ls_calls_write(const struct ls_calls *c, uint64_t after, uint64_t n, struct ls_jw *w,
                    const char *key);

#endif
