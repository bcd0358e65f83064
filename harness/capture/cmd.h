/*
 * What the subcommands on fixture folders share: how an error becomes a line and an exit code, and
 * numbers on a command line. Internal to harness/capture.
 */
#ifndef LS_HARNESS_CAPTURE_CMD_H
#define LS_HARNESS_CAPTURE_CMD_H

#include <stdint.h>

#include "lib/err.h"

enum { LS_EXIT_OK = 0, LS_EXIT_REFUSED = 1, LS_EXIT_USAGE = 2 };

/* Prints "lockstep <cmd>: <sentence>" to stderr and returns the exit code of e: usage-class and
 * internal errors 2, refused content 1. */
int ls_cmd_fail(const char *cmd, enum ls_err e, const struct ls_diag *d);

/* Prints a sentence about the command line and how to get help; returns LS_EXIT_USAGE. */
int ls_cmd_usage(const char *cmd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Reads a decimal or 0x number given to an option; USAGE with the option's name. */
enum ls_err ls_cmd_number(const char *option, const char *text, uint64_t *out, struct ls_diag *d);

#endif
