/*
 * A universe of blocks with real hashes, without transactions, and a port to ask over it: for tests
 * of the JSON-RPC layer.
 */
#ifndef LS_TESTS_UNIT_PAYLOAD_WORLD_H
#define LS_TESTS_UNIT_PAYLOAD_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/op/payload.h"
#include "lib/rlp.h"
#include "mocks/backend.h"
#include "mocks/model/universe.h"

#define PAYLOAD_WORLD_BLOCKS 8u
#define PAYLOAD_WORLD_BYTES ((size_t)1 << 22)

struct payload_world {
    struct ls_universe *u;
    void *mem;
    struct ls_rollup rollup;
    struct ls_payload payloads[PAYLOAD_WORLD_BLOCKS];
    char *json[PAYLOAD_WORLD_BLOCKS];
};

/* Block n, not hashed yet. Canyon up to 3, Ecotone 4 and 5, Isthmus from 6 on. */
static inline struct ls_payload payload_draft(const struct payload_world *w, uint64_t number)
{
    struct ls_payload p = {.number = number,
                           .gas_limit = 30000000,
                           .gas_used = number == 2 ? 10000000 : 0,
                           .timestamp = 1000 + 2 * number,
                           .has_withdrawals = true,
                           .has_blob_gas = number >= 4,
                           .has_beacon_root = number >= 4,
                           .has_withdrawals_root = number >= 6};
    p.base_fee = ls_u256_from_u64(1000000000);
    if (number > 0) {
        p.parent_hash = w->payloads[number - 1].block_hash;
    }
    return p;
}

static inline void payload_seal(struct ls_payload *p, struct ls_header *h)
{
    if (ls_payload_header(p, h) != LS_OK) {
        abort();
    }
    p->block_hash = ls_header_hash(h);
}

static inline void payload_world_add(struct payload_world *w, uint32_t n)
{
    struct ls_payload p = payload_draft(w, n);
    struct ls_header h;
    struct ls_buf text;
    struct ls_jw jw;
    uint32_t id;
    payload_seal(&p, &h);
    w->payloads[n] = p;
    ls_buf_init(&text, PAYLOAD_WORLD_BYTES);
    ls_jw_init(&jw, &text);
    ls_jw_object(&jw, NULL);
    ls_header_write(&h, &p.block_hash, &jw);
    ls_jw_array(&jw, "transactions");
    ls_jw_object(&jw, NULL);
    ls_jw_str(&jw, "hash", "0x00000000000000000000000000000000000000000000000000000000000000aa");
    ls_jw_str(&jw, "input", "0x1234");
    ls_jw_object_end(&jw);
    ls_jw_array_end(&jw);
    ls_jw_object_end(&jw);
    w->json[n] = (char *)text.p;
    struct ls_ublock b = {.json = w->json[n], .json_bytes = text.n};
    b.ref.hash = p.block_hash;
    b.ref.number = n;
    b.ref.parent = p.parent_hash;
    b.ref.timestamp = p.timestamp;
    b.parent = n == 0 ? LS_NO_BLOCK : n - 1;
    if (ls_universe_add(w->u, &b, &id) != LS_OK || id != n) {
        abort();
    }
}

static inline void payload_world_init(struct payload_world *w)
{
    memset(w, 0, sizeof *w);
    w->mem = malloc(ls_universe_size(PAYLOAD_WORLD_BLOCKS + 4));
    if (w->mem == NULL) {
        abort();
    }
    w->u = ls_universe_init(w->mem, PAYLOAD_WORLD_BLOCKS + 4);
    w->rollup = (struct ls_rollup){.block_time = 2, .l2_chain_id = 901, .l1_chain_id = 900};
    for (size_t i = 0; i < LS_FORK_COUNT; i++) {
        w->rollup.fork_time[i] = i <= LS_FORK_DELTA      ? 0
                                 : i <= LS_FORK_HOLOCENE ? 1008
                                 : i == LS_FORK_ISTHMUS  ? 1012
                                                         : LS_FORK_NEVER;
    }
    w->rollup.fork_time[LS_FORK_HOLOCENE] = 1012; /* extraData stays empty below */
    for (uint32_t n = 0; n < PAYLOAD_WORLD_BLOCKS; n++) {
        payload_world_add(w, n);
    }
}

static inline void payload_world_fini(struct payload_world *w)
{
    for (size_t i = 0; i < PAYLOAD_WORLD_BLOCKS; i++) {
        free(w->json[i]);
    }
    free(w->mem);
}

/* A deposit that wants this much gas, as "0x…", and its hash (NULL: not wanted). */
static inline void payload_deposit(uint64_t gas, char out[256], uint8_t hash[32])
{
    static const uint8_t zero[32];
    struct ls_buf b;
    ls_buf_init(&b, PAYLOAD_WORLD_BYTES);
    (void)ls_buf_putc(&b, 0x7e);
    size_t mark = ls_rlp_list_begin(&b);
    ls_rlp_put_bytes(&b, zero, 32);
    ls_rlp_put_bytes(&b, zero, 20);
    ls_rlp_put_bytes(&b, zero, 20);
    ls_rlp_put_u64(&b, 0);
    ls_rlp_put_u64(&b, 0);
    ls_rlp_put_u64(&b, gas);
    ls_rlp_put_u64(&b, 0);
    ls_rlp_put_bytes(&b, zero, 0);
    ls_rlp_list_end(&b, mark);
    memcpy(out, "0x", 2);
    ls_hex_encode(b.p, b.n, out + 2);
    out[2 + 2 * b.n] = '\0';
    if (hash != NULL) {
        ls_keccak256(b.p, b.n, hash);
    }
    ls_buf_fini(&b);
}

/* One HTTP exchange; the reply's body is the caller's to free. */
static inline struct ls_http_reply exchange(struct ls_backend *b, const struct ls_http_request *req)
{
    struct ls_http_reply reply = {.status = 200, .content_type = "application/json"};
    ls_buf_init(&reply.body, PAYLOAD_WORLD_BYTES);
    b->ops->handle(b, req, &reply);
    return reply;
}

static inline struct ls_http_request post(const char *body)
{
    return (struct ls_http_request){.verb = "POST",
                                    .path = "/",
                                    .content_type = "application/json",
                                    .body = body,
                                    .body_bytes = strlen(body),
                                    .conn = 1,
                                    .serial = 1};
}

#endif
