/*
 * Arena: many small objects with one lifetime (a decoded block, one request), freed at once.
 * Bounded by a maximum; not for long-lived tables.
 */
#ifndef LS_LIB_ARENA_H
#define LS_LIB_ARENA_H

#include <stddef.h>

struct ls_arena_chunk;

/* Zeroed is a valid arena of maximum 0. */
struct ls_arena {
    struct ls_arena_chunk *chunks;
    size_t bytes_used;
    size_t bytes_max;
};

/* Prepares an empty arena that will never hold more than bytes_max bytes. */
void ls_arena_init(struct ls_arena *a, size_t bytes_max);

/* Frees everything; a can be used again. Accepts zeroed. */
void ls_arena_fini(struct ls_arena *a);

/* Forgets all objects, keeps one chunk for reuse. */
void ls_arena_reset(struct ls_arena *a);

/* n bytes, zeroed, aligned for any type; NULL when the maximum or memory is exhausted.
 * n = 0 gives a valid pointer. Owned by the arena. */
void *ls_arena_alloc(struct ls_arena *a, size_t n);

/* A copy of n bytes followed by a zero byte; NULL as above. */
void *ls_arena_dup(struct ls_arena *a, const void *p, size_t n);

#endif
