/*
 * The texts of a segment that are read when they are asked for: what a universe asks whose blocks
 * were taken from the index. Internal to harness/capture; chain.h has what callers see.
 *
 * A text is proved before it is handed out (store.h), so that a block of a chain that was opened
 * lazily is as good as one that was verified at opening, only later. The first one that cannot be
 * proved makes all of it broken, for good: from then on no text is had.
 *
 * Memory is bounded: texts are kept in two halves, and when one is full the other, with the texts
 * that were read before, goes. So a text lives for at least as long as the next half's worth of
 * reading, far longer than any one request.
 */
#ifndef LS_HARNESS_CAPTURE_LAZY_H
#define LS_HARNESS_CAPTURE_LAZY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capture/check.h"
#include "harness/capture/store.h"
#include "mocks/model/universe.h"

#define LS_LAZY_HALF_BYTES (LS_CHECK_BLOCK_BYTES_MAX + 4096u) /* the largest block fits */
#define LS_LAZY_HASHED_BYTES ((size_t)8 << 20)

struct ls_lazy;

/* Opens the segment through its index, making that when there is none; a half has half_bytes, in
 * which the longest text must fit. What spec points at must outlive this. Errors as ls_store_open,
 * and HASH when the segment file, as far as it is no larger than LS_LAZY_HASHED_BYTES, is not the
 * one of the manifest. Close with ls_lazy_close. */
enum ls_err ls_lazy_open(const struct ls_store_spec *spec, size_t half_bytes, struct ls_lazy **out,
                         struct ls_diag *d);
/* NULL is fine. */
void ls_lazy_close(struct ls_lazy *z);

/* Its index: ids, references and places of the blocks, unproved. Lives as long as z. */
const struct ls_index *ls_lazy_index(const struct ls_lazy *z);
/* What blocks of the universe carry as their texts. */
struct ls_utexts *ls_lazy_texts(struct ls_lazy *z);

/* Proves up to `blocks` more that were not proved in this way before; *is_done: there are none
 * left. The error of the first block that is wrong, now and ever after. */
enum ls_err ls_lazy_prove(struct ls_lazy *z, uint32_t blocks, bool *is_done, struct ls_diag *d);

/* OK, or why a text could not be had. */
enum ls_err ls_lazy_fault(const struct ls_lazy *z, struct ls_diag *d);

#endif
