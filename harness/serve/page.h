/*
 * The page of the control port: one self-contained HTML document (page.html), part of the program.
 */
#ifndef LS_HARNESS_SERVE_PAGE_H
#define LS_HARNESS_SERVE_PAGE_H

#include <stddef.h>

/* The document, *bytes long, not terminated; static. */
const char *ls_page(size_t *bytes);

#endif
