/*
 * All 24 rounds over plain words, two at a time: a round reads one state and writes the other, so
 * that no lane is moved. Theta's sums are added to each lane where it is read; rho and pi are where
 * it is read from and how far it is turned; chi makes a row of five of them; iota is the constant.
 */
#include "lib/keccak_f.h"

#define ROUNDS 24u

static const uint64_t CONSTANTS[ROUNDS] = {
    UINT64_C(0x0000000000000001), UINT64_C(0x0000000000008082), UINT64_C(0x800000000000808a),
    UINT64_C(0x8000000080008000), UINT64_C(0x000000000000808b), UINT64_C(0x0000000080000001),
    UINT64_C(0x8000000080008081), UINT64_C(0x8000000000008009), UINT64_C(0x000000000000008a),
    UINT64_C(0x0000000000000088), UINT64_C(0x0000000080008009), UINT64_C(0x000000008000000a),
    UINT64_C(0x000000008000808b), UINT64_C(0x800000000000008b), UINT64_C(0x8000000000008089),
    UINT64_C(0x8000000000008003), UINT64_C(0x8000000000008002), UINT64_C(0x8000000000000080),
    UINT64_C(0x000000000000800a), UINT64_C(0x800000008000000a), UINT64_C(0x8000000080008081),
    UINT64_C(0x8000000000008080), UINT64_C(0x0000000080000001), UINT64_C(0x8000000080008008),
};

static inline uint64_t turn(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

static inline void chi(uint64_t *row, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    row[0] = a ^ (~b & c);
    row[1] = b ^ (~c & d);
    row[2] = c ^ (~d & e);
    row[3] = d ^ (~e & a);
    row[4] = e ^ (~a & b);
}

static inline void round_of(const uint64_t *a, uint64_t *out, uint64_t constant)
{
    uint64_t sum0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
    uint64_t sum1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
    uint64_t sum2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
    uint64_t sum3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
    uint64_t sum4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
    uint64_t d0 = sum4 ^ turn(sum1, 1);
    uint64_t d1 = sum0 ^ turn(sum2, 1);
    uint64_t d2 = sum1 ^ turn(sum3, 1);
    uint64_t d3 = sum2 ^ turn(sum4, 1);
    uint64_t d4 = sum3 ^ turn(sum0, 1);

    chi(out, a[0] ^ d0, turn(a[6] ^ d1, 44), turn(a[12] ^ d2, 43), turn(a[18] ^ d3, 21),
        turn(a[24] ^ d4, 14));
    out[0] ^= constant;
    chi(out + 5, turn(a[3] ^ d3, 28), turn(a[9] ^ d4, 20), turn(a[10] ^ d0, 3),
        turn(a[16] ^ d1, 45), turn(a[22] ^ d2, 61));
    chi(out + 10, turn(a[1] ^ d1, 1), turn(a[7] ^ d2, 6), turn(a[13] ^ d3, 25), turn(a[19] ^ d4, 8),
        turn(a[20] ^ d0, 18));
    chi(out + 15, turn(a[4] ^ d4, 27), turn(a[5] ^ d0, 36), turn(a[11] ^ d1, 10),
        turn(a[17] ^ d2, 15), turn(a[23] ^ d3, 56));
    chi(out + 20, turn(a[2] ^ d2, 62), turn(a[8] ^ d3, 55), turn(a[14] ^ d4, 39),
        turn(a[15] ^ d0, 41), turn(a[21] ^ d1, 2));
}

void ls_keccak_f(uint64_t a[25])
{
    uint64_t b[25];
    for (unsigned i = 0; i < ROUNDS; i += 2) {
        round_of(a, b, CONSTANTS[i]);
        round_of(b, a, CONSTANTS[i + 1]);
    }
}
