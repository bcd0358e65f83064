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
#include "lib/jsonw.h"

#define JSON_BYTES_MAX (1u << 20) /* of what is said about one folder */

static const char verify_usage[] =
    "usage: lockstep verify [--json] DIR...\n"
    "\n"
    "Checks every block of fixture folders: SHA-256 of the files, header hashes, parent links,\n"
    "transactions roots, timestamps, order and number; with a rollup config also fork rules and "
    "L1\n"
    "origins; receipts against the block's receiptsRoot, proofs against its stateRoot; with a "
    "label\n"
    "timeline that each label is a recorded block. Exit code 1 names the block and the field that\n"
    "are wrong.\n"
    "\n"
    "  --json    one JSON object a folder and line on standard output: ok, counts, or an error\n"
    "            with file, line, block, field and text\n";

static const char export_usage[] =
    "usage: lockstep export DIR [-o FILE] [--l1 | --status | --receipts | --proofs]\n"
    "\n"
    "Writes the blocks of a folder, one a line, as they were imported: canonical blocks in order,\n"
    "then orphans. The folder is verified first.\n"
    "\n"
    "  -o FILE    write there instead of standard output\n"
    "  --l1       the L1 headers\n"
    "  --status   the label timeline\n"
    "  --receipts the receipts: a line a block, null where there are none\n"
    "  --proofs   the proofs of the L2ToL1MessagePasser: likewise\n";

/* --- verify --- */

static void print_verified(const char *dir, const struct ls_chain *c)
{
    printf("ok %s: %" PRIu32 " L2 blocks (%zu branches), %" PRIu32
           " L1 headers, %zu label rows%s\n",
           dir, ls_universe_count(c->l2), c->branch_count, ls_universe_count(c->l1),
           c->timeline_count, c->has_rollup ? "" : "; no rollup config: fork rules not checked");
}

static void write_counts(const struct ls_chain *c, struct ls_jw *w)
{
    ls_jw_str(w, "name", c->name);
    ls_jw_u64(w, "l2_blocks", ls_universe_count(c->l2));
    ls_jw_u64(w, "l2_branches", c->branch_count);
    ls_jw_u64(w, "l1_headers", ls_universe_count(c->l1));
    ls_jw_u64(w, "l1_branches", c->l1_branch_count);
    ls_jw_u64(w, "label_rows", c->timeline_count);
    ls_jw_bool(w, "fork_rules_checked", c->has_rollup);
}

static void write_fault(const struct ls_chain_fault *f, enum ls_err e, const struct ls_diag *d,
                        struct ls_jw *w)
{
    ls_jw_object(w, "error");
    ls_jw_str(w, "code", ls_err_name(e));
    if (f->file[0]) {
        ls_jw_str(w, "file", f->file);
    }
    if (f->line) {
        ls_jw_u64(w, "line", f->line);
    }
    if (f->has_block) {
        ls_jw_u64(w, "block", f->block);
    }
    if (f->field[0]) {
        ls_jw_str(w, "field", f->field);
    }
    ls_jw_str(w, "text", d->text);
    ls_jw_object_end(w);
}

static void print_json(const char *dir, const struct ls_chain *c, enum ls_err e,
                       const struct ls_chain_fault *f, const struct ls_diag *d)
{
    struct ls_buf b;
    struct ls_jw w;

    ls_buf_init(&b, JSON_BYTES_MAX);
    ls_jw_init(&w, &b);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "dir", dir);
    ls_jw_bool(&w, "ok", !e);
    if (e) {
        write_fault(f, e, d, &w);
    } else {
        write_counts(c, &w);
    }
    ls_jw_object_end(&w);
    if (!b.err) {
        puts((const char *)b.p);
    }
    ls_buf_fini(&b);
}

static int verify_one(const char *dir, bool is_json)
{
    struct ls_chain_fault fault = {.line = 0};
    const struct ls_chain_options options = {.fault = &fault};
    struct ls_chain c;
    struct ls_diag d = {""};
    int code = LS_EXIT_OK;
    enum ls_err e = ls_chain_open(dir, &options, &c, &d);

    if (is_json) {
        print_json(dir, &c, e, &fault, &d);
    } else if (!e) {
        print_verified(dir, &c);
    }
    if (e) {
        code = is_json ? ls_cmd_exit_code(e) : ls_cmd_fail("verify", e, &d);
    }
    ls_chain_close(&c);
    return code;
}

/* All folders are looked at; the worst result is the exit code. */
static int verify_all(const struct ls_cmd_list *dirs, bool is_json)
{
    int worst = LS_EXIT_OK;

    for (size_t i = 0; i < dirs->count; i++) {
        int code = verify_one(dirs->items[i], is_json);
        worst = code > worst ? code : worst;
    }
    return worst;
}

int ls_cmd_verify(int argc, char **argv)
{
    bool is_json = false;
    const struct ls_cmd_option options[] = {{.name = "--json", .flag = &is_json}, {.name = NULL}};
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
        code = e ? ls_cmd_fail("verify", e, &d) : verify_all(&dirs, is_json);
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
        struct ls_span line = ls_ublock_text(b);
        ls_buf_put(text, line.p, line.n);
        ls_buf_putc(text, '\n');
    }
}

/* What of a folder is written. */
struct parts {
    bool l1;
    bool status;
    bool receipts;
    bool proofs;
};

static enum ls_err export_chain(const char *dir, const char *path, const struct parts *parts,
                                struct ls_diag *d)
{
    struct ls_chain c;
    struct ls_buf text;
    enum ls_err e = ls_chain_open(dir, NULL, &c, d);

    ls_buf_init(&text, LS_SEGMENT_BYTES_MAX);
    if (!e && parts->status) {
        ls_buf_put(&text, c.mem->status.text.p, c.mem->status.text.n);
    } else if (!e && parts->receipts) {
        ls_buf_put(&text, c.mem->beside[LS_BESIDE_RECEIPTS].text.p,
                   c.mem->beside[LS_BESIDE_RECEIPTS].text.n);
    } else if (!e && parts->proofs) {
        ls_buf_put(&text, c.mem->beside[LS_BESIDE_PROOFS].text.p,
                   c.mem->beside[LS_BESIDE_PROOFS].text.n);
    } else if (!e) {
        put_blocks(parts->l1 ? c.l1 : c.l2, &text);
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
    struct parts parts = {.l1 = false};
    bool help = false;
    const struct ls_cmd_option options[] = {{.name = "-o", .value = &path},
                                            {.name = "--l1", .flag = &parts.l1},
                                            {.name = "--status", .flag = &parts.status},
                                            {.name = "--receipts", .flag = &parts.receipts},
                                            {.name = "--proofs", .flag = &parts.proofs},
                                            {.name = NULL}};
    struct ls_cmd_list dirs = {NULL, 0};
    struct ls_diag d = {""};
    enum ls_err e = ls_cmd_list_init(&dirs, argc, &d);

    if (!e) {
        e = ls_cmd_parse(argc, argv, options, &dirs, &help, &d);
    }
    if (!e && help) {
        fputs(export_usage, stdout);
    } else if (!e &&
               (dirs.count != 1 || parts.l1 + parts.status + parts.receipts + parts.proofs > 1)) {
        e = ls_fail(&d, LS_ERR_USAGE,
                    dirs.count != 1 ? "one DIR is needed, %zu are given"
                                    : "--l1, --status, --receipts and --proofs exclude one another",
                    dirs.count);
    } else if (!e) {
        e = export_chain(dirs.items[0], path, &parts, &d);
    }
    free(dirs.items);
    return e ? ls_cmd_fail("export", e, &d) : LS_EXIT_OK;
}
