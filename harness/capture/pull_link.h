/*
 * Link: requests out, answers back, several at a time. What the fetcher needs of HTTP, so that it
 * is tested without any.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_LINK_H
#define LS_HARNESS_CAPTURE_PULL_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

#define LS_PULL_ANSWER_MAX ((size_t)256 << 20) /* bytes of one answer */

/* How a request ended. */
struct ls_pull_reply {
    enum ls_err err;         /* OK: an HTTP answer came; else CONNECT, TIMEOUT, LIMIT (too long) */
    unsigned status;         /* of HTTP; 0 without an answer */
    uint64_t retry_after_ms; /* 0: not asked for */
    uint64_t took_ms;
    struct ls_span body; /* valid until the slot is used again */
    const char *why;     /* with err: the carrier's words, static; never NULL */
};

struct ls_pull_link;

struct ls_pull_link_ops {
    /* POSTs body (borrowed until the reply) to url from a free slot. NOMEM. */
    enum ls_err (*send)(struct ls_pull_link *l, unsigned slot, const char *url,
                        struct ls_span body);
    /* Waits for a request to end, at most until until_ms of now_ms. true: *slot and *out are set;
     * false: the time is over, or is_stopped. */
    bool (*wait)(struct ls_pull_link *l, uint64_t until_ms, unsigned *slot,
                 struct ls_pull_reply *out);
    /* Forgets the request of this slot, if there is one. */
    void (*cancel)(struct ls_pull_link *l, unsigned slot);
    uint64_t (*now_ms)(struct ls_pull_link *l); /* any clock that does not go back */
    bool (*is_stopped)(struct ls_pull_link *l);
};

/* Embed as the first member. */
struct ls_pull_link {
    const struct ls_pull_link_ops *ops;
};

#endif
