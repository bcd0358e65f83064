/*
 * Keccak-f[1600], the permutation under Keccak-256 (lib/hash.h), of FIPS 202 section 3. Internal to
 * lib: whoever wants a hash asks lib/hash.h.
 */
#ifndef LS_LIB_KECCAK_F_H
#define LS_LIB_KECCAK_F_H

#include <stdint.h>

/* Permutes the state in place: lane (x, y) is a[5 * y + x]. */
void ls_keccak_f(uint64_t a[25]);

#endif
