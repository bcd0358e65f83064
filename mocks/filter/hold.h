/*
 * Hold: a filter in front of a backend that keeps chosen requests before they take effect, until
 * they are let go. It owns no request and no socket: it answers LS_FATE_HOLD, and the carrier asks
 * again after ls_hold_release. What a held request does is decided only then, in the order in which
 * the requests came.
 *
 * Requests are chosen by JSON-RPC method; of a batch, one element is enough.
 */
#ifndef LS_MOCKS_FILTER_HOLD_H
#define LS_MOCKS_FILTER_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "mocks/backend.h"

#define LS_HOLD_RULES_MAX 16u
#define LS_HOLD_GLOB_MAX 64u  /* bytes of a pattern, terminator included */
#define LS_HOLD_HELD_MAX 256u /* requests; a carrier has at most one a connection */

struct ls_hold_rule {
    char glob[LS_HOLD_GLOB_MAX]; /* empty: the slot is free */
    uint32_t left;               /* how many more to hold; UINT32_MAX = all that come */
};

struct ls_hold_entry {
    uint64_t serial;             /* 0: the slot is free */
    char glob[LS_HOLD_GLOB_MAX]; /* of the rule that holds it */
    bool is_free_to_go;
};

/* Use backend as the carrier's backend; the rest is private. */
struct ls_hold {
    struct ls_backend backend;
    struct ls_backend *inner;
    struct ls_hold_rule rules[LS_HOLD_RULES_MAX];
    struct ls_hold_entry entries[LS_HOLD_HELD_MAX];
};

/* Wraps inner (borrowed, outlives h). Without rules every request passes. */
void ls_hold_init(struct ls_hold *h, struct ls_backend *inner);

/* From now on holds requests whose method matches glob ('*' any text, '?' one character): the next
 * count of them, 0 = all. The same glob again replaces the count. LIMIT when there are too many
 * rules, RANGE when the glob is empty or too long. */
enum ls_err ls_hold_add(struct ls_hold *h, const char *glob, uint32_t count);

/* Ends the rule with this glob (NULL: all rules) and lets go what it holds: those requests pass
 * when they are asked again. */
void ls_hold_release(struct ls_hold *h, const char *glob);

/* Requests held now. */
size_t ls_hold_count(const struct ls_hold *h);

/* true when text matches glob. */
bool ls_hold_glob_match(const char *glob, const char *text);

#endif
