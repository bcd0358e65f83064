/*
 * Errors and numbers of the subcommands.
 */
#include "harness/capture/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/num.h"

int ls_cmd_fail(const char *cmd, enum ls_err e, const struct ls_diag *d)
{
    enum ls_err_class c = ls_err_class(e);

    fprintf(stderr, "lockstep %s: %s\n", cmd, d->text[0] ? d->text : ls_err_text(e));
    return c == LS_CLASS_USAGE || c == LS_CLASS_INTERNAL ? LS_EXIT_USAGE : LS_EXIT_REFUSED;
}

int ls_cmd_usage(const char *cmd, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "lockstep %s: ", cmd);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "; see lockstep %s --help\n", cmd);
    return LS_EXIT_USAGE;
}

enum ls_err ls_cmd_number(const char *option, const char *text, uint64_t *out, struct ls_diag *d)
{
    size_t n = strlen(text);
    bool is_hex = n > 2 && text[0] == '0' && text[1] == 'x';

    if (is_hex ? ls_parse_quantity(text, n, out) : ls_parse_dec(text, n, out)) {
        return ls_fail(d, LS_ERR_USAGE, "%s: \"%.40s\" is not a number", option, text);
    }
    return LS_OK;
}
