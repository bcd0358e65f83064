/*
 * Keccak-256 (Ethereum's, pad byte 0x01), SHA-256 and HMAC-SHA-256 over nettle.
 */
#ifndef LS_LIB_HASH_H
#define LS_LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Incremental Keccak-256. */
struct ls_keccak {
    uint64_t state[25];
    uint8_t block[136];
    size_t fill;
};

void ls_keccak_init(struct ls_keccak *k);
void ls_keccak_update(struct ls_keccak *k, const void *p, size_t n);
/* Writes the digest; k must be initialised again before reuse. */
void ls_keccak_final(struct ls_keccak *k, uint8_t out[32]);

/* Incremental SHA-256. */
struct ls_sha256 {
    uint64_t state[16];
};

void ls_sha256_init(struct ls_sha256 *h);
void ls_sha256_update(struct ls_sha256 *h, const void *p, size_t n);
/* Writes the digest; h must be initialised again before reuse. */
void ls_sha256_final(struct ls_sha256 *h, uint8_t out[32]);

/* One-shot forms. p may be NULL when n is 0. */
void ls_keccak256(const void *p, size_t n, uint8_t out[32]);
void ls_sha256(const void *p, size_t n, uint8_t out[32]);
void ls_hmac_sha256(const uint8_t *key, size_t key_bytes, const void *p, size_t n, uint8_t out[32]);

#endif
