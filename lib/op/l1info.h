/*
 * The L1-info deposit: which L1 block an L2 block was made from (spec sections 5.1, 5.2).
 */
#ifndef LS_OP_L1INFO_H
#define LS_OP_L1INFO_H

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/op/rollup.h"
#include "lib/op/types.h"

enum ls_l1info_format { LS_L1INFO_BEDROCK, LS_L1INFO_ECOTONE, LS_L1INFO_ISTHMUS, LS_L1INFO_JOVIAN };

struct ls_l1info {
    enum ls_l1info_format format;
    struct ls_block_id origin;
    uint64_t origin_time; /* s */
    uint64_t sequence_number;
};

/* Decodes calldata by its selector. PARSE when selector, length or padding is wrong. */
enum ls_err ls_l1info_decode(struct ls_span calldata, struct ls_l1info *out, struct ls_diag *d);

/* The format op-node expects at this block time under this config. */
enum ls_l1info_format ls_l1info_expected(const struct ls_rollup *r, uint64_t timestamp_s);

/* "bedrock" "ecotone" "isthmus" "jovian". */
const char *ls_l1info_format_name(enum ls_l1info_format f);

#endif
