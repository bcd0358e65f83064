/*
 * Any JSON as a block. What must hold: a decoded header, written and read again, has the same hash;
 * once its roots are made to fit, the block verifies, and its payload and the parameters written
 * from it stand for the same block.
 */
#include <stdlib.h>

#include "lib/json.h"
#include "lib/op/block.h"
#include "lib/op/payload.h"
#include "lib/op/tx.h"

#define ARENA_BYTES_MAX (1u << 22)
#define TEXT_BYTES_MAX (1u << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On in every build of the fuzzer, whatever NDEBUG says. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_header(const struct ls_block *b)
{
    struct ls_hash hash = ls_header_hash(&b->header);
    struct ls_hash stated;
    struct ls_hash again;
    struct ls_header h;
    struct cJSON *v = NULL;
    struct ls_buf text;
    struct ls_jw w;

    ls_buf_init(&text, TEXT_BYTES_MAX);
    ls_jw_init(&w, &text);
    ls_jw_object(&w, NULL);
    ls_header_write(&b->header, &hash, &w);
    ls_jw_object_end(&w);
    must(ls_json_parse((const char *)text.p, text.n, 0, &v, NULL) == LS_OK);
    must(ls_header_from_json(v, &h, &stated, NULL) == LS_OK);
    again = ls_header_hash(&h);
    must(ls_hash_eq(&hash, &stated) && ls_hash_eq(&hash, &again));
    ls_json_free(v);
    ls_buf_fini(&text);
}

/* The payload of a block that verifies, through its parameters and back. */
static void check_payload(const struct ls_block *b, struct ls_arena *a)
{
    struct ls_payload p;
    struct ls_payload q;
    struct cJSON *v = NULL;
    struct ls_buf text;
    struct ls_jw w;

    if (ls_payload_from_block(b, &p) != LS_OK) {
        return;
    }
    must(ls_payload_verify(&p, NULL) == LS_OK);
    ls_buf_init(&text, TEXT_BYTES_MAX);
    ls_jw_init(&w, &text);
    ls_payload_write_params(&p, 4, &w, NULL);
    must(ls_json_parse((const char *)text.p, text.n, 0, &v, NULL) == LS_OK);
    if (ls_payload_from_json(ls_json_at(v, 0), a, &q, NULL) == LS_OK) {
        q.has_beacon_root = p.has_beacon_root;
        q.beacon_root = p.beacon_root;
        must(ls_payload_verify(&q, NULL) == LS_OK);
    }
    ls_json_free(v);
    ls_buf_fini(&text);
}

static void check_reference(const struct ls_block *b)
{
    struct ls_rollup r = {.genesis_l2 = {.number = 1}, .block_time = 2};
    struct ls_l2_ref ref;
    struct ls_deposit deposit;
    struct ls_diag d;

    for (size_t f = 0; f < LS_FORK_COUNT; f++) {
        r.fork_time[f] = b->header.gas_limit % 2 == 0 ? 0 : b->header.timestamp + f % 2;
    }
    (void)ls_block_l2_ref(b, NULL, &ref, &d);
    (void)ls_block_l2_ref(b, &r, &ref, &d);
    (void)ls_block_check_fork(b, &r, &d);
    for (size_t i = 0; b->is_hydrated && i < b->tx_count; i++) {
        must(b->txs[i].n > 0);
        if (b->txs[i].p[0] == 0x7e) {
            must(ls_tx_decode_deposit(b->txs[i], &deposit) == LS_OK);
        }
    }
}

static void check(struct ls_block *b, struct ls_arena *a)
{
    enum ls_err e = ls_block_verify(b, NULL);

    must(e == LS_OK || e == LS_ERR_HASH);
    check_header(b);
    check_reference(b);
    if (b->is_hydrated) {
        must(ls_trie_ordered_root(b->txs, b->tx_count, &b->header.tx_root) == LS_OK);
    }
    b->hash = ls_header_hash(&b->header);
    must(ls_block_verify(b, NULL) == LS_OK);
    check_payload(b, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cJSON *v = NULL;
    struct ls_arena a;
    struct ls_block b;
    struct ls_diag d = {{0}};

    ls_arena_init(&a, ARENA_BYTES_MAX);
    if (ls_json_parse((const char *)data, size, 0, &v, NULL) == LS_OK) {
        enum ls_err e = ls_block_from_json(v, &a, &b, &d);

        must((d.text[0] == '\0') == (e == LS_OK));
        if (e == LS_OK) {
            check(&b, &a);
        }
    }
    ls_json_free(v);
    ls_arena_fini(&a);
    return 0;
}
