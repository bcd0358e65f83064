/*
 * What the subcommands on fixture folders share: reading the command line, and how an error becomes
 * a line and an exit code. Internal to harness/capture.
 *
 * Options are complete words: an abbreviation that means one thing today could mean another
 * tomorrow.
 */
#ifndef LS_HARNESS_CAPTURE_CMD_H
#define LS_HARNESS_CAPTURE_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

enum { LS_EXIT_OK = 0, LS_EXIT_REFUSED = 1, LS_EXIT_USAGE = 2 };

/* Arguments in the order given. items has room for argc entries and borrows from argv. */
struct ls_cmd_list {
    const char **items;
    size_t count;
};

/* One option; exactly one of the targets is set. A name starts with its dashes. */
struct ls_cmd_option {
    const char *name;
    bool *flag;               /* takes no value */
    const char **value;       /* takes one, given at most once */
    uint64_t *number;         /* takes one, decimal or 0x */
    struct ls_cmd_list *list; /* takes one, may be given again */
};

/* Splits argv[1 …] into options ("--name value" or "--name=value") and the rest. "--" ends the
 * options, "-" is an argument. options ends with a NULL name. Sets *help for --help and -h. USAGE
 * with a sentence. */
enum ls_err ls_cmd_parse(int argc, char **argv, const struct ls_cmd_option *options,
                         struct ls_cmd_list *rest, bool *help, struct ls_diag *d);

/* Room for argc entries; NOMEM. Free the items with free. */
enum ls_err ls_cmd_list_init(struct ls_cmd_list *l, int argc, struct ls_diag *d);

/* Usage-class and internal errors 2, refused content 1. e is not OK. */
int ls_cmd_exit_code(enum ls_err e);

/* Prints "lockstep <cmd>: <sentence>" to stderr and returns the exit code of e. For USAGE the
 * sentence ends with how to get help. */
int ls_cmd_fail(const char *cmd, enum ls_err e, const struct ls_diag *d);

#endif
