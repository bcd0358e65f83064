/*
 * Bump allocation in chunks that double; the newest chunk is the one that is filled.
 */
#include "lib/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_FIRST 4096u
#define CHUNK_DOUBLING_MAX (1024u * 1024u)
#define ALIGN alignof(max_align_t)

struct ls_arena_chunk {
    struct ls_arena_chunk *next;
    size_t cap;
    size_t used;
    alignas(max_align_t) unsigned char mem[];
};

void ls_arena_init(struct ls_arena *a, size_t bytes_max)
{
    *a = (struct ls_arena){.bytes_max = bytes_max};
}

static void free_chunks(struct ls_arena_chunk *c)
{
    while (c) {
        struct ls_arena_chunk *next = c->next;
        free(c);
        c = next;
    }
}

void ls_arena_fini(struct ls_arena *a)
{
    free_chunks(a->chunks);
    a->chunks = NULL;
    a->bytes_used = 0;
}

void ls_arena_reset(struct ls_arena *a)
{
    a->bytes_used = 0;
    if (!a->chunks) {
        return;
    }
    free_chunks(a->chunks->next);
    a->chunks->next = NULL;
    a->chunks->used = 0;
}

/* A new first chunk with room for at least n bytes; NULL when memory is out. */
static struct ls_arena_chunk *add_chunk(struct ls_arena *a, size_t n)
{
    size_t cap = CHUNK_FIRST;
    if (a->chunks && a->chunks->cap < CHUNK_DOUBLING_MAX) {
        cap = a->chunks->cap * 2;
    } else if (a->chunks) {
        cap = CHUNK_DOUBLING_MAX;
    }
    cap = cap < n ? n : cap;
    if (cap > SIZE_MAX - sizeof(struct ls_arena_chunk)) {
        return NULL;
    }
    struct ls_arena_chunk *c = malloc(sizeof *c + cap);
    if (!c) {
        return NULL;
    }
    *c = (struct ls_arena_chunk){.next = a->chunks, .cap = cap};
    a->chunks = c;
    return c;
}

/* Space for n bytes that the caller fills at once. */
static void *take(struct ls_arena *a, size_t n)
{
    if (n > SIZE_MAX - ALIGN) {
        return NULL;
    }
    size_t size = n ? (n + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    if (size > a->bytes_max - a->bytes_used) {
        return NULL;
    }
    struct ls_arena_chunk *c = a->chunks;
    if (!c || size > c->cap - c->used) {
        c = add_chunk(a, size);
        if (!c) {
            return NULL;
        }
    }
    void *p = c->mem + c->used;
    c->used += size;
    a->bytes_used += size;
    return p;
}

void *ls_arena_alloc(struct ls_arena *a, size_t n)
{
    void *p = take(a, n);
    if (p) {
        memset(p, 0, n ? n : 1);
    }
    return p;
}

void *ls_arena_dup(struct ls_arena *a, const void *p, size_t n)
{
    if (n == SIZE_MAX) {
        return NULL;
    }
    unsigned char *copy = take(a, n + 1);
    if (!copy) {
        return NULL;
    }
    if (n) {
        memcpy(copy, p, n);
    }
    copy[n] = 0;
    return copy;
}
