/*
 * One sequence at a time: only the second byte has bounds of its own.
 */
#include "lib/utf8.h"

size_t ls_utf8_next(const uint8_t *p, size_t n)
{
    if (n == 0) {
        return 0;
    }
    uint8_t lead = p[0];
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t len = 0;
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        len = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        len = 3;
        low = lead == 0xe0 ? 0xa0 : low;
        high = lead == 0xed ? 0x9f : high;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        len = 4;
        low = lead == 0xf0 ? 0x90 : low;
        high = lead == 0xf4 ? 0x8f : high;
    }
    if (len == 0 || n < len || p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf) {
            return 0;
        }
    }
    return len;
}
