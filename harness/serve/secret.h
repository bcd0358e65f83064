/*
 * The secret file of the engine's port: read, or made as real engines make theirs.
 */
#ifndef LS_HARNESS_SERVE_SECRET_H
#define LS_HARNESS_SERVE_SECRET_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/jwt.h"

/* Reads the secret from path; when there is no such file, makes a random one and writes it there
 * (mode 0600). IO names the file, PARSE says what is wrong with its text without quoting it. */
enum ls_err ls_serve_secret(const char *path, uint8_t out[LS_JWT_SECRET_BYTES], struct ls_diag *d);

#endif
