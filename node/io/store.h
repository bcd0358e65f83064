/*
 * Unsafe payloads while the core has not made up its mind: the core knows a handle, the store has
 * what newPayload needs, as text that is ready to be sent. Bounded by slots and bytes.
 */
#ifndef LS_NODE_IO_STORE_H
#define LS_NODE_IO_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

/* What the accounting adds to the text of each payload. */
#define LS_STORE_OVERHEAD_BYTES 1000u

struct ls_store;

/* slots_max: 1 .. 65535. NOMEM. */
enum ls_err ls_store_new(uint32_t slots_max, uint64_t bytes_max, struct ls_store **out);

/* Frees everything; NULL is fine. */
void ls_store_free(struct ls_store *s);

/* Keeps the elements of a newPayload params array (comma-separated JSON) and the method's version.
 * The memory of params goes to the store; params is left empty. *handle (never 0) names it until
 * ls_store_release. LIMIT when slots or bytes are used up: then params is untouched. */
enum ls_err ls_store_put(struct ls_store *s, unsigned version, struct ls_buf *params,
                         uint32_t *handle);

/* Bytes the store counts for a payload with params of n bytes. */
uint64_t ls_store_cost(size_t n);

struct ls_stored {
    unsigned version;
    struct ls_span params;
};

/* A handle that is not alive is our own mistake: asserted. The span lives until release. */
struct ls_stored ls_store_get(const struct ls_store *s, uint32_t handle);

/* Frees the payload; the handle is dead from here on. Asserts as get does. */
void ls_store_release(struct ls_store *s, uint32_t handle);

/* Payloads kept. */
uint32_t ls_store_count(const struct ls_store *s);

/* Their cost together. */
uint64_t ls_store_bytes(const struct ls_store *s);

#endif
