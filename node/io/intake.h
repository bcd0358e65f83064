/*
 * From an unsafe payload whose hash is right to what the core and the store need of it.
 */
#ifndef LS_NODE_IO_INTAKE_H
#define LS_NODE_IO_INTAKE_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/op/payload.h"
#include "lib/op/rollup.h"
#include "node/core/core.h"
#include "node/io/store.h"

/* Puts p's newPayload params into the store and fills the members of a PAYLOAD event (handle, ref,
 * bytes; kind too, not the time). PARSE and the like: the payload cannot be a block of this chain
 * at its time; LIMIT: the store is full; NOMEM. Nothing is stored then, and d says why. */
enum ls_err ls_intake(const struct ls_payload *p, const struct ls_rollup *r, struct ls_store *store,
                      struct ls_event *out, struct ls_diag *d);

#endif
