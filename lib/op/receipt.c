#include "lib/op/receipt.h"

#include "lib/json.h"
#include "lib/op/reader.h"
#include "lib/op/rlpput.h"
#include "lib/rlp.h"

#define TYPE_LEGACY 0x00u
#define TYPE_SET_CODE 0x04u /* the last of Ethereum's own */
#define TYPE_DEPOSIT 0x7eu
#define BLOOM_BYTES 256u

static void put_topics(struct ls_reader *log, struct ls_buf *b)
{
    const struct cJSON *topics = ls_reader_get(log, "topics");
    size_t mark = ls_rlp_list_begin(b);

    if (!ls_json_is_array(topics)) {
        ls_reader_fail(log, topics ? LS_ERR_TYPE : LS_ERR_MISSING, "topics");
    }
    for (const struct cJSON *v = ls_json_first(topics); v && !log->err; v = ls_json_next(v)) {
        uint8_t topic[32] = {0};
        ls_reader_fail(log, ls_json_fixed(v, topic, sizeof topic), "topics");
        ls_rlp_put_bytes(b, topic, sizeof topic);
    }
    ls_rlp_list_end(b, mark);
}

static void put_logs(struct ls_reader *r, struct ls_buf *b)
{
    const struct cJSON *logs = ls_reader_get(r, "logs");
    size_t mark = ls_rlp_list_begin(b);

    if (!ls_json_is_array(logs)) {
        ls_reader_fail(r, logs ? LS_ERR_TYPE : LS_ERR_MISSING, "logs");
    }
    for (const struct cJSON *v = ls_json_first(logs); v && !r->err; v = ls_json_next(v)) {
        struct ls_reader log = ls_reader_open(v, "logs", r->diag);
        size_t log_mark = ls_rlp_list_begin(b);
        ls_rlpput_fixed(&log, "address", 20, b);
        put_topics(&log, b);
        ls_rlpput_data(&log, "data", LS_RECEIPT_BYTES_MAX, b);
        ls_rlp_list_end(b, log_mark);
        r->err = log.err; /* its sentence stands */
    }
    ls_rlp_list_end(b, mark);
}

static void put_outcome(struct ls_reader *r, struct ls_buf *b)
{
    uint64_t status = 0;
    uint8_t root[32];

    if (ls_reader_opt_quantity(r, "status", &status)) {
        ls_reader_fail(r, status > 1 ? LS_ERR_RANGE : LS_OK, "status");
        ls_rlp_put_u64(b, status);
    } else if (ls_reader_opt_fixed(r, "root", root, sizeof root)) {
        ls_rlp_put_bytes(b, root, sizeof root);
    } else {
        ls_reader_fail(r, LS_ERR_MISSING, "status");
    }
}

enum ls_err ls_receipt_encode(const struct cJSON *receipt, struct ls_buf *b, struct ls_diag *d)
{
    struct ls_reader r = ls_reader_open(receipt, "receipt", d);
    uint64_t type = TYPE_LEGACY;
    uint64_t version = 0;

    (void)ls_reader_opt_quantity(&r, "type", &type);
    if (type > TYPE_SET_CODE && type != TYPE_DEPOSIT) {
        ls_reader_fail(&r, LS_ERR_UNSUPPORTED, "type");
    }
    if (type != TYPE_LEGACY) {
        ls_buf_putc(b, (uint8_t)type);
    }
    size_t mark = ls_rlp_list_begin(b);
    put_outcome(&r, b);
    ls_rlpput_u64(&r, "cumulativeGasUsed", b);
    ls_rlpput_fixed(&r, "logsBloom", BLOOM_BYTES, b);
    put_logs(&r, b);
    if (type == TYPE_DEPOSIT && ls_reader_opt_quantity(&r, "depositReceiptVersion", &version)) {
        ls_rlpput_u64(&r, "depositNonce", b);
        ls_rlp_put_u64(b, version);
    }
    ls_rlp_list_end(b, mark);
    return r.err ? r.err : b->err;
}
