/*
 * lockstep verify and lockstep export: open a folder, which checks it, and say what is in it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/chain_mem.h"
#include "harness/capture/cmd.h"
#include "harness/capture/commands.h"
#include "harness/capture/files.h"
#include "harness/capture/segment.h"

static const char verify_usage[] =
    "usage: lockstep verify DIR...\n"
    "\n"
    "Checks every block of fixture folders: SHA-256 of the files, header hashes, parent links,\n"
    "transactions roots, timestamps, order and number; with a rollup config also fork rules and "
    "L1\n"
    "origins; with a label timeline that each label is a recorded block. Exit code 1 names the\n"
    "block and the field that are wrong.\n";

static const char export_usage[] =
    "usage: lockstep export DIR [-o FILE] [--l1 | --status]\n"
    "\n"
    "Writes the blocks of a folder, one a line, as they were imported: canonical blocks in order,\n"
    "then orphans. The folder is verified first.\n"
    "\n"
    "  -o FILE    write there instead of standard output\n"
    "  --l1       the L1 headers\n"
    "  --status   the label timeline\n";

/* --- verify --- */

static void print_verified(const char *dir, const struct ls_chain *c)
{
    printf("ok %s: %" PRIu32 " L2 blocks (%zu branches), %" PRIu32
           " L1 headers, %zu label rows%s\n",
           dir, ls_universe_count(c->l2), c->branch_count, ls_universe_count(c->l1),
           c->timeline_count, c->has_rollup ? "" : "; no rollup config: fork rules not checked");
}

/* All folders are looked at; the worst result is the exit code. */
static int verify_all(const struct ls_cmd_list *dirs)
{
    int worst = LS_EXIT_OK;

    for (size_t i = 0; i < dirs->count; i++) {
        struct ls_chain c;
        struct ls_diag d = {""};
        enum ls_err e = ls_chain_open(dirs->items[i], NULL, &c, &d);
        if (e) {
            int code = ls_cmd_fail("verify", e, &d);
            worst = code > worst ? code : worst;
        } else {
            print_verified(dirs->items[i], &c);
            ls_chain_close(&c);
        }
    }
    return worst;
}

int ls_cmd_verify(int argc, char **argv)
{
    const struct ls_cmd_option options[] = {{.name = NULL}};
    struct ls_cmd_list dirs = {NULL, 0};
    struct ls_diag d = {""};
    bool help = false;
    int code = LS_EXIT_OK;
    enum ls_err e = ls_cmd_list_init(&dirs, argc, &d);

    if (!e) {
        e = ls_cmd_parse(argc, argv, options, &dirs, &help, &d);
    }
    if (!e && !help && dirs.count == 0) {
        e = ls_fail(&d, LS_ERR_USAGE, "no DIR to verify");
    }
    if (!e && help) {
        fputs(verify_usage, stdout);
    } else {
        code = e ? ls_cmd_fail("verify", e, &d) : verify_all(&dirs);
    }
    free(dirs.items);
    return code;
}

/* --- export --- */

static enum ls_err put(const char *path, const struct ls_buf *text, struct ls_diag *d)
{
    if (path) {
        return ls_file_write(path, ls_buf_span(text), d);
    }
    if ((text->n > 0 && fwrite(text->p, 1, text->n, stdout) != text->n) || fflush(stdout)) {
        return ls_fail(d, LS_ERR_IO, "cannot write to standard output");
    }
    return LS_OK;
}

static void put_blocks(const struct ls_universe *u, struct ls_buf *text)
{
    for (uint32_t id = 0; id < ls_universe_count(u); id++) {
        const struct ls_ublock *b = ls_universe_get(u, id);
        ls_buf_put(text, b->json, b->json_bytes);
        ls_buf_putc(text, '\n');
    }
}

static enum ls_err export_chain(const char *dir, const char *path, bool l1, bool status,
                                struct ls_diag *d)
{
    struct ls_chain c;
    struct ls_buf text;
    enum ls_err e = ls_chain_open(dir, NULL, &c, d);

    ls_buf_init(&text, LS_SEGMENT_BYTES_MAX);
    if (!e && status) {
        ls_buf_put(&text, c.mem->status.text.p, c.mem->status.text.n);
    } else if (!e) {
        put_blocks(l1 ? c.l1 : c.l2, &text);
    }
    if (!e) {
        e = text.err ? ls_fail(d, text.err, "%s", ls_err_text(text.err)) : put(path, &text, d);
    }
    ls_buf_fini(&text);
    ls_chain_close(&c);
    return e;
}

int ls_cmd_export(int argc, char **argv)
{
    const char *path = NULL;
    bool l1 = false;
    bool status = false;
    bool help = false;
    const struct ls_cmd_option options[] = {{.name = "-o", .value = &path},
                                            {.name = "--l1", .flag = &l1},
                                            {.name = "--status", .flag = &status},
                                            {.name = NULL}};
    struct ls_cmd_list dirs = {NULL, 0};
    struct ls_diag d = {""};
    enum ls_err e = ls_cmd_list_init(&dirs, argc, &d);

    if (!e) {
        e = ls_cmd_parse(argc, argv, options, &dirs, &help, &d);
    }
    if (!e && help) {
        fputs(export_usage, stdout);
    } else if (!e && (dirs.count != 1 || (l1 && status))) {
        e = ls_fail(&d, LS_ERR_USAGE,
                    dirs.count != 1 ? "one DIR is needed, %zu are given"
                                    : "--l1 and --status exclude one another",
                    dirs.count);
    } else if (!e) {
        e = export_chain(dirs.items[0], path, l1, status, &d);
    }
    free(dirs.items);
    return e ? ls_cmd_fail("export", e, &d) : LS_EXIT_OK;
}
