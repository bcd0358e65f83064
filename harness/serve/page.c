#include "harness/serve/page.h"

/* The assembler reads the file where the compiler is run, which is the root of the tree; the
 * Makefile knows that this object depends on it. */
__asm__(".section .rodata\n"
        ".balign 16\n"
        "ls_page_begin:\n"
        ".incbin \"harness/serve/page.html\"\n"
        "ls_page_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char ls_page_begin[];
extern const char ls_page_end[];

const char *ls_page(size_t *bytes)
{
    *bytes = (size_t)(ls_page_end - ls_page_begin);
    return ls_page_begin;
}
