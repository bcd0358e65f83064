/*
 * Receipts, decoded and written again as op-geth's typed receipt is (mock-engine 1.7, Q22): members
 * in the order of its struct, from, to and whatever else it does not know dropped.
 */
#include <string.h>

#include "lib/json.h"
#include "mocks/rpc/synctester_parts.h"

/* What stands there when the member is absent or null. */
enum absent {
    MISSING, /* the decoder refuses the receipt */
    ZERO,    /* "0x0" */
    EMPTY,   /* "0x" */
    NOBODY,  /* the zero address */
    NOTHING, /* null */
    OMITTED
};

static const struct {
    const char *name;
    enum absent absent;
} FIELDS[] = {
    {"type", ZERO},
    {"root", EMPTY},
    {"status", ZERO},
    {"cumulativeGasUsed", MISSING},
    {"logsBloom", MISSING},
    {"logs", MISSING},
    {"transactionHash", MISSING},
    {"contractAddress", NOBODY},
    {"gasUsed", MISSING},
    {"effectiveGasPrice", NOTHING},
    {"blobGasUsed", OMITTED},
    {"blobGasPrice", OMITTED},
    {"depositNonce", OMITTED},
    {"depositReceiptVersion", OMITTED},
    {"blockHash", OMITTED},
    {"blockNumber", OMITTED},
    {"transactionIndex", ZERO},
    {"l1GasPrice", OMITTED},
    {"l1BlobBaseFee", OMITTED},
    {"l1GasUsed", OMITTED},
    {"l1Fee", OMITTED},
    {"l1FeeScalar", OMITTED},
    {"l1BaseFeeScalar", OMITTED},
    {"l1BlobBaseFeeScalar", OMITTED},
    {"operatorFeeScalar", OMITTED},
    {"operatorFeeConstant", OMITTED},
    {"daFootprintGasScalar", OMITTED},
};

static const char *const LOG_FIELDS[] = {
    "address",          "topics",    "data",           "blockNumber", "transactionHash",
    "transactionIndex", "blockHash", "blockTimestamp", "logIndex",    "removed"};

static void put_copy(struct ls_jw *w, const char *key, const struct cJSON *v,
                     struct ls_buf *scratch)
{
    ls_buf_clear(scratch);
    ls_json_print(v, scratch);
    ls_jw_raw(w, key, (const char *)scratch->p, scratch->n);
}

static void put_logs(struct ls_jw *w, const struct cJSON *logs, struct ls_buf *scratch)
{
    ls_jw_array(w, "logs");
    for (const struct cJSON *log = ls_json_first(logs); log != NULL; log = ls_json_next(log)) {
        ls_jw_object(w, NULL);
        for (size_t i = 0; i < sizeof LOG_FIELDS / sizeof LOG_FIELDS[0]; i++) {
            const struct cJSON *v = ls_json_get(log, LOG_FIELDS[i]);
            if (v != NULL && !ls_json_is_null(v)) {
                put_copy(w, LOG_FIELDS[i], v, scratch);
            } else if (strcmp(LOG_FIELDS[i], "blockTimestamp") == 0) {
                ls_jw_str(w, LOG_FIELDS[i], "0x0");
            }
        }
        ls_jw_object_end(w);
    }
    ls_jw_array_end(w);
}

static void put_absent(struct ls_jw *w, const char *name, enum absent what)
{
    switch (what) {
    case ZERO:
        ls_jw_str(w, name, "0x0");
        break;
    case EMPTY:
        ls_jw_str(w, name, "0x");
        break;
    case NOBODY:
        ls_jw_str(w, name, "0x0000000000000000000000000000000000000000");
        break;
    case NOTHING:
        ls_jw_null(w, name);
        break;
    case MISSING:
    case OMITTED:
        break;
    }
}

static void put_receipt(struct ls_jw *w, const struct cJSON *receipt, struct ls_buf *scratch)
{
    ls_jw_object(w, NULL);
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        const struct cJSON *v = ls_json_get(receipt, FIELDS[i].name);
        if (v == NULL || ls_json_is_null(v)) {
            put_absent(w, FIELDS[i].name, FIELDS[i].absent);
        } else if (strcmp(FIELDS[i].name, "logs") == 0) {
            put_logs(w, v, scratch);
        } else {
            put_copy(w, FIELDS[i].name, v, scratch);
        }
    }
    ls_jw_object_end(w);
}

/* The first member that is needed and not there, or NULL. */
static const char *missing_in(const struct cJSON *receipt)
{
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        const struct cJSON *v = ls_json_get(receipt, FIELDS[i].name);
        if (FIELDS[i].absent == MISSING && (v == NULL || ls_json_is_null(v))) {
            return FIELDS[i].name;
        }
    }
    return NULL;
}

bool ls_st_put_receipts(struct ls_st_call *c, const struct cJSON *list)
{
    struct ls_buf scratch;
    struct ls_jw w;
    for (const struct cJSON *r = ls_json_first(list); r != NULL; r = ls_json_next(r)) {
        const char *missing = missing_in(r);
        if (missing != NULL) {
            ls_rpc_error(c->rpc, LS_RPC_SERVER, "missing required field '%s' for Receipt", missing);
            return false;
        }
    }
    ls_buf_init(&scratch, LS_ST_ARENA_MAX);
    ls_rpc_result(c->rpc, &w);
    ls_jw_array(&w, NULL);
    for (const struct cJSON *r = ls_json_first(list); r != NULL; r = ls_json_next(r)) {
        put_receipt(&w, r, &scratch);
    }
    ls_jw_array_end(&w);
    ls_buf_fini(&scratch);
    return true;
}
