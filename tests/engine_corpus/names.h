/*
 * Blocks that an engine built itself: the recorded engine gave one another hash than ours does, and
 * everything that hangs on it (payload ids of builds on it too). Texts that go to our engine have
 * the recorded names replaced by ours, and its answers the other way round.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_NAMES_H
#define LS_TESTS_ENGINE_CORPUS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/bytes.h"

#define LS_NAMES_MAX 1024u
#define LS_NAME_DIGITS_MAX 64u

struct ls_name {
    char recorded[LS_NAME_DIGITS_MAX + 1]; /* hex digits */
    char ours[LS_NAME_DIGITS_MAX + 1];
};

struct ls_names {
    struct ls_name items[LS_NAMES_MAX];
    size_t count;
};

/* No names: a sequence begins. */
void ls_names_clear(struct ls_names *n);
/* Two "0x…" texts of one length that name the same thing; equal ones and known ones are left out.
 */
void ls_names_add(struct ls_names *n, const char *recorded, const char *ours);
/* Replaces in place; true: there was something to replace. */
bool ls_names_to_ours(const struct ls_names *n, struct ls_buf *text);
bool ls_names_to_recorded(const struct ls_names *n, struct ls_buf *text);
/* "0x…" is the recorded name of such a block. */
bool ls_names_has(const struct ls_names *n, const char *recorded);

#endif
