/*
 * Keccak-256 is nettle's permutation under a sponge of our own: nettle's sha3_256 pads with FIPS
 * 202's 0x06, Ethereum pads with 0x01.
 */
#include "lib/hash.h"

#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <nettle/sha3.h>
#include <string.h>

#define RATE_BYTES 136u
#define RATE_WORDS (RATE_BYTES / 8)

_Static_assert(sizeof(struct sha3_state) == sizeof((struct ls_keccak *)0)->state, "same state");

/* Written out: of a loop, compilers do not make one load. */
static uint64_t load_le64(const uint8_t *p)
{
    uint32_t low =
        (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    uint32_t high =
        (uint32_t)p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 24;
    return (uint64_t)high << 32 | low;
}

static void absorb(struct ls_keccak *k, const uint8_t *block)
{
    for (size_t i = 0; i < RATE_WORDS; i++) {
        k->state[i] ^= load_le64(block + 8 * i);
    }
    sha3_permute((struct sha3_state *)k->state);
}

void ls_keccak_init(struct ls_keccak *k)
{
    memset(k->state, 0, sizeof k->state);
    k->fill = 0;
}

void ls_keccak_update(struct ls_keccak *k, const void *p, size_t n)
{
    const uint8_t *in = p;
    if (n == 0) {
        return;
    }
    if (k->fill) {
        size_t take = RATE_BYTES - k->fill < n ? RATE_BYTES - k->fill : n;
        memcpy(k->block + k->fill, in, take);
        k->fill += take;
        in += take;
        n -= take;
        if (k->fill < RATE_BYTES) {
            return;
        }
        absorb(k, k->block);
        k->fill = 0;
    }
    for (; n >= RATE_BYTES; in += RATE_BYTES, n -= RATE_BYTES) {
        absorb(k, in);
    }
    if (n) {
        memcpy(k->block, in, n);
        k->fill = n;
    }
}

void ls_keccak_final(struct ls_keccak *k, uint8_t out[32])
{
    memset(k->block + k->fill, 0, RATE_BYTES - k->fill);
    k->block[k->fill] = 0x01;
    k->block[RATE_BYTES - 1] |= 0x80;
    absorb(k, k->block);
    for (size_t i = 0; i < 32; i++) {
        out[i] = (uint8_t)(k->state[i / 8] >> (8 * (i % 8)));
    }
}

void ls_keccak256(const void *p, size_t n, uint8_t out[32])
{
    struct ls_keccak k;
    ls_keccak_init(&k);
    ls_keccak_update(&k, p, n);
    ls_keccak_final(&k, out);
}

/* nettle's context lives in the caller's bytes. */
static struct sha256_ctx *sha256_of(struct ls_sha256 *h)
{
    _Static_assert(sizeof(struct sha256_ctx) <= sizeof h->state, "the context fits");
    _Static_assert(_Alignof(struct sha256_ctx) <= _Alignof(struct ls_sha256), "and is aligned");
    return (struct sha256_ctx *)h->state;
}

void ls_sha256_init(struct ls_sha256 *h)
{
    sha256_init(sha256_of(h));
}

void ls_sha256_update(struct ls_sha256 *h, const void *p, size_t n)
{
    if (n) {
        sha256_update(sha256_of(h), n, p);
    }
}

void ls_sha256_final(struct ls_sha256 *h, uint8_t out[32])
{
    sha256_digest(sha256_of(h), SHA256_DIGEST_SIZE, out);
}

void ls_sha256(const void *p, size_t n, uint8_t out[32])
{
    struct ls_sha256 h;
    ls_sha256_init(&h);
    ls_sha256_update(&h, p, n);
    ls_sha256_final(&h, out);
}

void ls_hmac_sha256(const uint8_t *key, size_t key_bytes, const void *p, size_t n, uint8_t out[32])
{
    static const uint8_t empty[1];
    struct hmac_sha256_ctx ctx;
    hmac_sha256_set_key(&ctx, key_bytes, key ? key : empty);
    if (n) {
        hmac_sha256_update(&ctx, n, p);
    }
    hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, out);
}
