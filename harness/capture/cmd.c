/*
 * Command lines and errors of the subcommands.
 */
#include "harness/capture/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/num.h"

int ls_cmd_exit_code(enum ls_err e)
{
    enum ls_err_class c = ls_err_class(e);

    return c == LS_CLASS_USAGE || c == LS_CLASS_INTERNAL ? LS_EXIT_USAGE : LS_EXIT_REFUSED;
}

int ls_cmd_fail(const char *cmd, enum ls_err e, const struct ls_diag *d)
{
    fprintf(stderr, "lockstep %s: %s", cmd, d->text[0] ? d->text : ls_err_text(e));
    if (e == LS_ERR_USAGE) {
        fprintf(stderr, "; see lockstep %s --help", cmd);
    }
    fputc('\n', stderr);
    return ls_cmd_exit_code(e);
}

enum ls_err ls_cmd_list_init(struct ls_cmd_list *l, int argc, struct ls_diag *d)
{
    l->count = 0;
    l->items = calloc((size_t)argc + 1, sizeof *l->items);
    return l->items ? LS_OK : ls_fail(d, LS_ERR_NOMEM, "out of memory");
}

static enum ls_err set_number(const struct ls_cmd_option *o, const char *text, struct ls_diag *d)
{
    size_t n = strlen(text);
    bool is_hex = n > 2 && text[0] == '0' && text[1] == 'x';

    if (is_hex ? ls_parse_quantity(text, n, o->number) : ls_parse_dec(text, n, o->number)) {
        return ls_fail(d, LS_ERR_USAGE, "%s: \"%.40s\" is not a number", o->name, text);
    }
    return LS_OK;
}

static enum ls_err set_value(const struct ls_cmd_option *o, const char *text, struct ls_diag *d)
{
    if (!text) {
        return ls_fail(d, LS_ERR_USAGE, "%s needs a value", o->name);
    }
    if (o->list) {
        o->list->items[o->list->count++] = text;
        return LS_OK;
    }
    if (o->number) {
        return set_number(o, text, d);
    }
    if (*o->value) {
        return ls_fail(d, LS_ERR_USAGE, "%s is given twice", o->name);
    }
    *o->value = text;
    return LS_OK;
}

/* The option that arg begins with, alone or in front of '='. *inline_value: what is behind it. */
static const struct ls_cmd_option *match(const struct ls_cmd_option *options, const char *arg,
                                         const char **inline_value)
{
    for (const struct ls_cmd_option *o = options; o->name; o++) {
        size_t n = strlen(o->name);
        if (strncmp(arg, o->name, n) == 0 && (arg[n] == '\0' || arg[n] == '=')) {
            *inline_value = arg[n] == '=' ? arg + n + 1 : NULL;
            return o;
        }
    }
    return NULL;
}

/* Takes argv[*i], and argv[*i + 1] when that is its value. */
static enum ls_err take_option(int argc, char **argv, int *i, const struct ls_cmd_option *options,
                               struct ls_diag *d)
{
    const char *value = NULL;
    const struct ls_cmd_option *o = match(options, argv[*i], &value);

    if (!o) {
        return ls_fail(d, LS_ERR_USAGE, "unknown option \"%.80s\"", argv[*i]);
    }
    if (o->flag) {
        *o->flag = true;
        return value ? ls_fail(d, LS_ERR_USAGE, "%s takes no value", o->name) : LS_OK;
    }
    if (!value && *i + 1 < argc) {
        value = argv[++*i];
    }
    return set_value(o, value, d);
}

enum ls_err ls_cmd_parse(int argc, char **argv, const struct ls_cmd_option *options,
                         struct ls_cmd_list *rest, bool *help, struct ls_diag *d)
{
    bool is_over = false;
    enum ls_err e = LS_OK;

    for (int i = 1; !e && i < argc; i++) {
        const char *arg = argv[i];
        if (is_over || arg[0] != '-' || arg[1] == '\0') {
            rest->items[rest->count++] = arg;
        } else if (strcmp(arg, "--") == 0) {
            is_over = true;
        } else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            *help = true;
        } else {
            e = take_option(argc, argv, &i, options, d);
        }
    }
    return e;
}
