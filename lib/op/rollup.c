#include "lib/op/rollup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"

static const char *const FORK_NAMES[LS_FORK_COUNT] = {
    [LS_FORK_BEDROCK] = "bedrock", [LS_FORK_REGOLITH] = "regolith", [LS_FORK_CANYON] = "canyon",
    [LS_FORK_DELTA] = "delta",     [LS_FORK_ECOTONE] = "ecotone",   [LS_FORK_FJORD] = "fjord",
    [LS_FORK_GRANITE] = "granite", [LS_FORK_HOLOCENE] = "holocene", [LS_FORK_ISTHMUS] = "isthmus",
    [LS_FORK_JOVIAN] = "jovian",   [LS_FORK_KARST] = "karst",       [LS_FORK_INTEROP] = "interop",
};

/* The newest fork whose order op-node checks (spec 4.1). */
#define LAST_ORDERED_FORK LS_FORK_ISTHMUS

/* --- members ---
 *
 * What each object may hold. op-node refuses what it does not know, so that a misspelt fork time is
 * not silently "never"; we do the same, and know in addition the members kona and op-alloy write.
 */

enum kind {
    KIND_NUMBER,   /* JSON integer, read by us where we need it */
    KIND_CHAIN_ID, /* JSON integer, or the name op-alloy writes */
    KIND_ADDRESS,
    KIND_HASH,
    KIND_DATA8, /* eip1559Params */
    KIND_STRING,
    KIND_GENESIS,
    KIND_BLOCK_ID,
    KIND_SYSTEM_CONFIG,
    KIND_CHAIN_OP_CONFIG,
    KIND_ALT_DA
};

struct member {
    const char *name;
    enum kind kind;
};

static const struct member ROLLUP_MEMBERS[] = {
    {"genesis", KIND_GENESIS},
    {"block_time", KIND_NUMBER},
    {"max_sequencer_drift", KIND_NUMBER},
    {"seq_window_size", KIND_NUMBER},
    {"channel_timeout", KIND_NUMBER},
    {"l1_chain_id", KIND_CHAIN_ID},
    {"l2_chain_id", KIND_CHAIN_ID},
    {"regolith_time", KIND_NUMBER},
    {"canyon_time", KIND_NUMBER},
    {"delta_time", KIND_NUMBER},
    {"ecotone_time", KIND_NUMBER},
    {"fjord_time", KIND_NUMBER},
    {"granite_time", KIND_NUMBER},
    {"holocene_time", KIND_NUMBER},
    {"isthmus_time", KIND_NUMBER},
    {"jovian_time", KIND_NUMBER},
    {"karst_time", KIND_NUMBER},
    {"interop_time", KIND_NUMBER},
    {"pectra_blob_schedule_time", KIND_NUMBER},
    {"batch_inbox_address", KIND_ADDRESS},
    {"deposit_contract_address", KIND_ADDRESS},
    {"l1_system_config_address", KIND_ADDRESS},
    {"protocol_versions_address", KIND_ADDRESS},
    {"chain_op_config", KIND_CHAIN_OP_CONFIG},
    {"alt_da", KIND_ALT_DA},
    /* op-alloy's */
    {"granite_channel_timeout", KIND_NUMBER},
    {"blobs_data", KIND_NUMBER},
    {"interop_message_expiry_window", KIND_NUMBER},
    {"superchain_config_address", KIND_ADDRESS},
    {"da_challenge_address", KIND_ADDRESS},
    {NULL, KIND_NUMBER},
};

static const struct member GENESIS_MEMBERS[] = {
    {"l1", KIND_BLOCK_ID},    {"l2", KIND_BLOCK_ID},
    {"l2_time", KIND_NUMBER}, {"system_config", KIND_SYSTEM_CONFIG},
    {NULL, KIND_NUMBER},
};

static const struct member BLOCK_ID_MEMBERS[] = {
    {"hash", KIND_HASH},
    {"number", KIND_NUMBER},
    {NULL, KIND_NUMBER},
};

static const struct member SYSTEM_CONFIG_MEMBERS[] = {
    {"batcherAddr", KIND_ADDRESS},
    {"overhead", KIND_HASH},
    {"scalar", KIND_HASH},
    {"gasLimit", KIND_NUMBER},
    {"eip1559Params", KIND_DATA8},
    {"operatorFeeParams", KIND_HASH},
    {"minBaseFee", KIND_NUMBER},
    {"daFootprintGasScalar", KIND_NUMBER},
    /* op-alloy's */
    {"baseFeeScalar", KIND_NUMBER},
    {"blobBaseFeeScalar", KIND_NUMBER},
    {"eip1559Denominator", KIND_NUMBER},
    {"eip1559Elasticity", KIND_NUMBER},
    {"operatorFeeScalar", KIND_NUMBER},
    {"operatorFeeConstant", KIND_NUMBER},
    {NULL, KIND_NUMBER},
};

static const struct member CHAIN_OP_CONFIG_MEMBERS[] = {
    {"eip1559Elasticity", KIND_NUMBER},
    {"eip1559Denominator", KIND_NUMBER},
    {"eip1559DenominatorCanyon", KIND_NUMBER},
    {NULL, KIND_NUMBER},
};

static const struct member ALT_DA_MEMBERS[] = {
    {"da_challenge_contract_address", KIND_ADDRESS},
    {"da_commitment_type", KIND_STRING},
    {"da_challenge_window", KIND_NUMBER},
    {"da_resolve_window", KIND_NUMBER},
    {NULL, KIND_NUMBER},
};

/* Chain ids that op-alloy writes by name. */
struct chain_name {
    const char *name;
    uint64_t id;
};

static const struct chain_name CHAIN_NAMES[] = {
    {"mainnet", 1},
    {"sepolia", 11155111},
    {"optimism", 10},
    {"optimism-goerli", 420},
    {"optimism-sepolia", 11155420},
    {"base", 8453},
    {"base-goerli", 84531},
    {"base-sepolia", 84532},
    {"unichain", 130},
    {"unichain-sepolia", 1301},
    {"mode", 34443},
    {"zora", 7777777},
};

static enum ls_err read_chain_id(const struct cJSON *v, uint64_t *out)
{
    const char *name = ls_json_str(v);

    if (name == NULL) {
        return ls_json_u64(v, out);
    }
    for (size_t i = 0; i < sizeof CHAIN_NAMES / sizeof CHAIN_NAMES[0]; i++) {
        if (strcmp(name, CHAIN_NAMES[i].name) == 0) {
            *out = CHAIN_NAMES[i].id;
            return LS_OK;
        }
    }
    return LS_ERR_NOT_FOUND;
}

/* The member table of an object kind; NULL for plain values. */
static const struct member *members_of(enum kind kind)
{
    switch (kind) {
    case KIND_GENESIS:
        return GENESIS_MEMBERS;
    case KIND_BLOCK_ID:
        return BLOCK_ID_MEMBERS;
    case KIND_SYSTEM_CONFIG:
        return SYSTEM_CONFIG_MEMBERS;
    case KIND_CHAIN_OP_CONFIG:
        return CHAIN_OP_CONFIG_MEMBERS;
    case KIND_ALT_DA:
        return ALT_DA_MEMBERS;
    case KIND_NUMBER:
    case KIND_CHAIN_ID:
    case KIND_ADDRESS:
    case KIND_HASH:
    case KIND_DATA8:
    case KIND_STRING:
        return NULL;
    }
    return NULL;
}

static enum ls_err check_value(const struct cJSON *v, enum kind kind)
{
    uint8_t bytes[32];
    uint64_t number;

    switch (kind) {
    case KIND_NUMBER:
        return ls_json_u64(v, &number);
    case KIND_CHAIN_ID:
        return read_chain_id(v, &number);
    case KIND_ADDRESS:
        return ls_json_fixed(v, bytes, 20);
    case KIND_HASH:
        return ls_json_fixed(v, bytes, 32);
    case KIND_DATA8:
        return ls_json_fixed(v, bytes, 8);
    case KIND_STRING:
        return ls_json_is_string(v) ? LS_OK : LS_ERR_TYPE;
    case KIND_GENESIS:
    case KIND_BLOCK_ID:
    case KIND_SYSTEM_CONFIG:
    case KIND_CHAIN_OP_CONFIG:
    case KIND_ALT_DA:
        return ls_json_is_object(v) ? LS_OK : LS_ERR_TYPE;
    }
    return LS_ERR_INTERNAL;
}

static const struct member *find_member(const struct member *table, const char *name)
{
    for (; table->name != NULL; table++) {
        if (strcmp(table->name, name) == 0) {
            return table;
        }
    }
    return NULL;
}

/* Every member of object is in the table and of its kind; null stands for absent. Descends into
 * objects: the tables nest three deep and no further. */
static enum ls_err check_members(const struct cJSON *object, const struct member *table,
                                 struct ls_diag *d)
{
    for (const struct cJSON *v = ls_json_first(object); v != NULL; v = ls_json_next(v)) {
        const struct member *m = find_member(table, ls_json_key(v));
        enum ls_err e;

        if (m == NULL) {
            return ls_fail(d, LS_ERR_CONFIG, "unknown member \"%s\"", ls_json_key(v));
        }
        if (ls_json_is_null(v)) {
            continue;
        }
        e = check_value(v, m->kind);
        if (e != LS_OK) {
            return ls_fail(d, LS_ERR_CONFIG, "%s: \"%s\"", ls_err_text(e), m->name);
        }
        if (members_of(m->kind) != NULL) {
            e = check_members(v, members_of(m->kind), d);
            if (e != LS_OK) {
                return ls_fail_in(d, e, "%s", m->name);
            }
        }
    }
    return LS_OK;
}

/* --- values; kinds have been checked --- */

/* A required number. */
static enum ls_err read_number(const struct cJSON *object, const char *name, uint64_t *out,
                               struct ls_diag *d)
{
    if (ls_json_u64(ls_json_get(object, name), out) != LS_OK) {
        return ls_fail(d, LS_ERR_CONFIG, "required member is missing: \"%s\"", name);
    }
    return LS_OK;
}

static enum ls_err read_id(const struct cJSON *genesis, const char *name, struct ls_block_id *out,
                           struct ls_diag *d)
{
    const struct cJSON *id = ls_json_get(genesis, name);

    if (ls_json_fixed(ls_json_get(id, "hash"), out->hash.b, 32) != LS_OK ||
        ls_hash_is_zero(&out->hash)) {
        return ls_fail(d, LS_ERR_CONFIG, "required hash is missing or zero: \"genesis.%s\"", name);
    }
    return read_number(id, "number", &out->number, d);
}

static enum ls_err read_genesis(const struct cJSON *root, struct ls_rollup *r, struct ls_diag *d)
{
    const struct cJSON *genesis = ls_json_get(root, "genesis");
    enum ls_err e = read_id(genesis, "l1", &r->genesis_l1, d);

    if (e == LS_OK) {
        e = read_id(genesis, "l2", &r->genesis_l2, d);
    }
    if (e == LS_OK) {
        e = read_number(genesis, "l2_time", &r->genesis_l2_time, d);
    }
    if (e == LS_OK && r->genesis_l2_time == 0) {
        e = ls_fail(d, LS_ERR_CONFIG, "zero is no time: \"genesis.l2_time\"");
    }
    if (e == LS_OK && ls_hash_eq(&r->genesis_l1.hash, &r->genesis_l2.hash)) {
        e = ls_fail(d, LS_ERR_CONFIG, "L1 and L2 have the same genesis hash: \"genesis\"");
    }
    return e;
}

static enum ls_err read_chain(const struct cJSON *root, struct ls_rollup *r, struct ls_diag *d)
{
    enum ls_err e = read_number(root, "block_time", &r->block_time, d);

    if (e != LS_OK) {
        return e;
    }
    if (r->block_time == 0) {
        return ls_fail(d, LS_ERR_CONFIG, "zero is no block time: \"block_time\"");
    }
    if (read_chain_id(ls_json_get(root, "l1_chain_id"), &r->l1_chain_id) != LS_OK ||
        r->l1_chain_id == 0) {
        return ls_fail(d, LS_ERR_CONFIG, "required member is missing or zero: \"l1_chain_id\"");
    }
    if (read_chain_id(ls_json_get(root, "l2_chain_id"), &r->l2_chain_id) != LS_OK ||
        r->l2_chain_id == 0) {
        return ls_fail(d, LS_ERR_CONFIG, "required member is missing or zero: \"l2_chain_id\"");
    }
    if (r->l1_chain_id == r->l2_chain_id) {
        return ls_fail(d, LS_ERR_CONFIG, "L1 and L2 have the same chain id: \"l2_chain_id\"");
    }
    return LS_OK;
}

static void read_forks(const struct cJSON *root, struct ls_rollup *r)
{
    for (size_t f = LS_FORK_BEDROCK + 1; f < LS_FORK_COUNT; f++) {
        char name[32];

        (void)snprintf(name, sizeof name, "%s_time", FORK_NAMES[f]);
        r->fork_time[f] = LS_FORK_NEVER;
        (void)ls_json_u64(ls_json_get(root, name), &r->fork_time[f]);
    }
    r->fork_time[LS_FORK_BEDROCK] = 0;
}

/* Each fork needs the one before it, not later (spec 4.1). */
static enum ls_err check_fork_order(const struct ls_rollup *r, struct ls_diag *d)
{
    for (size_t f = LS_FORK_BEDROCK + 1; f <= LAST_ORDERED_FORK; f++) {
        const uint64_t *t = &r->fork_time[f];

        if (t[0] == LS_FORK_NEVER || t[-1] <= t[0]) {
            continue;
        }
        if (t[-1] == LS_FORK_NEVER) {
            return ls_fail(d, LS_ERR_CONFIG, "fork \"%s\" is set, but not \"%s\" before it",
                           FORK_NAMES[f], FORK_NAMES[f - 1]);
        }
        return ls_fail(d, LS_ERR_CONFIG,
                       "fork \"%s\" at %" PRIu64 " is earlier than \"%s\" at %" PRIu64,
                       FORK_NAMES[f], t[0], FORK_NAMES[f - 1], t[-1]);
    }
    return LS_OK;
}

static enum ls_err read_config(const struct cJSON *root, struct ls_rollup *out, struct ls_diag *d)
{
    struct ls_rollup r = {.block_time = 0};
    enum ls_err e;

    if (!ls_json_is_object(root)) {
        return ls_fail(d, LS_ERR_CONFIG, "not a JSON object: \"rollup config\"");
    }
    e = check_members(root, ROLLUP_MEMBERS, d);
    if (e == LS_OK) {
        e = read_genesis(root, &r, d);
    }
    if (e == LS_OK) {
        e = read_chain(root, &r, d);
    }
    if (e == LS_OK) {
        read_forks(root, &r);
        e = check_fork_order(&r, d);
    }
    if (e == LS_OK) {
        *out = r;
    }
    return e;
}

enum ls_err ls_rollup_parse(const char *text, size_t n, struct ls_rollup *out, struct ls_diag *d)
{
    struct cJSON *root = NULL;
    enum ls_err e = ls_json_parse(text, n, 0, &root, d);

    if (e == LS_OK) {
        e = read_config(root, out, d);
    }
    ls_json_free(root);
    return e;
}

/* --- schedule --- */

bool ls_rollup_is_active(const struct ls_rollup *r, enum ls_fork fork, uint64_t timestamp_s)
{
    return r->fork_time[fork] != LS_FORK_NEVER && timestamp_s >= r->fork_time[fork];
}

bool ls_rollup_is_activation(const struct ls_rollup *r, enum ls_fork fork, uint64_t timestamp_s)
{
    return timestamp_s > r->genesis_l2_time && timestamp_s >= r->block_time &&
           ls_rollup_is_active(r, fork, timestamp_s) &&
           !ls_rollup_is_active(r, fork, timestamp_s - r->block_time);
}

enum ls_fork ls_rollup_fork_at(const struct ls_rollup *r, uint64_t timestamp_s)
{
    for (size_t f = LS_FORK_COUNT; f-- > LS_FORK_BEDROCK + 1;) {
        if (ls_rollup_is_active(r, (enum ls_fork)f, timestamp_s)) {
            return (enum ls_fork)f;
        }
    }
    return LS_FORK_BEDROCK;
}

const char *ls_fork_name(enum ls_fork fork)
{
    return (size_t)fork < LS_FORK_COUNT ? FORK_NAMES[fork] : "unknown";
}
