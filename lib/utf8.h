/*
 * UTF-8 well-formedness, by table 3-7 of the Unicode standard: no overlong form, no surrogate,
 * nothing past U+10FFFF.
 */
#ifndef LS_LIB_UTF8_H
#define LS_LIB_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length (1..4) of the well-formed sequence at p, 0 when there is none within n bytes. */
size_t ls_utf8_next(const uint8_t *p, size_t n);

#endif
