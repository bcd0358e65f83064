#include "mocks/rpc/basefee.h"

#include "lib/num.h"

/* EIP-1559 parameters of the OP chains before Holocene (op-node's superchain defaults). */
#define ELASTICITY 6u
#define DENOMINATOR 50u
#define DENOMINATOR_CANYON 250u
/* Of Ethereum. */
#define ELASTICITY_L1 2u
#define DENOMINATOR_L1 8u

__extension__ typedef unsigned __int128 wide;

struct fee_rule {
    uint64_t elasticity;
    uint64_t denominator;
    uint64_t floor;
};

/* From the parent: its extraData since Holocene, where zero means the chain's default. */
static struct fee_rule fee_rule_of(const struct ls_rollup *rollup, const struct ls_header *parent,
                                   uint64_t timestamp)
{
    if (rollup == NULL) {
        return (struct fee_rule){.elasticity = ELASTICITY_L1, .denominator = DENOMINATOR_L1};
    }
    struct fee_rule r = {.elasticity = ELASTICITY,
                         .denominator = ls_rollup_is_active(rollup, LS_FORK_CANYON, timestamp)
                                            ? DENOMINATOR_CANYON
                                            : DENOMINATOR};
    if (ls_rollup_is_active(rollup, LS_FORK_HOLOCENE, parent->timestamp) &&
        parent->extra_bytes >= 9 && ls_be32(parent->extra + 1) != 0) {
        r.denominator = ls_be32(parent->extra + 1);
        r.elasticity = ls_be32(parent->extra + 5);
    }
    if (ls_rollup_is_active(rollup, LS_FORK_JOVIAN, parent->timestamp) &&
        parent->extra_bytes >= 17) {
        r.floor = ls_be64(parent->extra + 9);
    }
    return r;
}

uint64_t ls_base_fee_next(const struct ls_rollup *rollup, const struct ls_header *parent,
                          uint64_t parent_fee, uint64_t timestamp)
{
    struct fee_rule r = fee_rule_of(rollup, parent, timestamp);
    uint64_t target = r.elasticity == 0 ? 0 : parent->gas_limit / r.elasticity;
    uint64_t used = parent->gas_used;
    if (rollup != NULL && ls_rollup_is_active(rollup, LS_FORK_JOVIAN, parent->timestamp) &&
        parent->blob_gas_used > used) {
        used = parent->blob_gas_used; /* the data footprint */
    }
    uint64_t fee = parent_fee;
    if (target != 0 && used > target) {
        wide delta = (wide)parent_fee * (used - target) / target / r.denominator;
        fee += delta == 0 ? 1 : (uint64_t)delta;
    } else if (target != 0 && used < target) {
        wide delta = (wide)parent_fee * (target - used) / target / r.denominator;
        fee = delta > fee ? 0 : fee - (uint64_t)delta;
    }
    return fee < r.floor ? r.floor : fee;
}
