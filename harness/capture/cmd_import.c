/*
 * lockstep import.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/attributes.h"
#include "harness/capture/cmd.h"
#include "harness/capture/commands.h"
#include "harness/capture/import.h"
#include "harness/capture/manifest.h"

#define LEVEL_DEFAULT 6u
#define LEVEL_MAX 19u

static const char usage[] =
    "usage: lockstep import [options] FILE... -o DIR\n"
    "\n"
    "Makes a fixture folder from recorded L2 blocks. A FILE (\"-\": standard input) holds "
    "JSON-RPC\n"
    "results or bare blocks with full transactions: one a line, in arrays, or in an object with a\n"
    "\"blocks\" list; plain or zstd. The folder is verified before import says so.\n"
    "\n"
    "  -o DIR              where to; the folder above it must exist\n"
    "  --rollup FILE       op-node's rollup.json: fork rules and L1 origins are checked with it\n"
    "  --genesis FILE      holds the L2 genesis block (or many: the config's is taken)\n"
    "  --l1 FILE           L1 headers, in the same forms; may be given again\n"
    "  --status FILE       label timeline: {\"at_ms\": N, \"result\": optimism_syncStatus} a line\n"
    "  --receipts FILE     eth_getBlockReceipts results of the blocks; may be given again\n"
    "  --proofs FILE       eth_getProof results of 0x4200000000000000000000000000000000000016 at "
    "the\n"
    "                      blocks, no keys; may be given again\n"
    "  --canonical-tip H   hash of the last canonical block of either chain; may be given again "
    "(default:\n"
    "                      what the last label row says, else the highest block)\n"
    "  --first N --last N  keep this window of L2 numbers, genesis, and the L1 it needs\n"
    "  --name NAME         name in the manifest (default: that of DIR)\n"
    "  --provenance TEXT   where the data comes from, without hosts; may be given again\n"
    "  --attributes FILE   build blocks from payload attributes (state commitments are made up)\n"
    "  --base-fee WEI      base fee of the first such block (default 1000000000)\n"
    "  --level N           zstd level 1..19 (default 6)\n"
    "  --replace           replace the fixture that stands in DIR\n";

struct request {
    struct ls_cmd_list files;
    struct ls_cmd_list l1;
    struct ls_cmd_list status;
    struct ls_cmd_list attributes;
    struct ls_cmd_list provenance;
    struct ls_cmd_list receipts;
    struct ls_cmd_list proofs;
    struct ls_cmd_list tips;
    const char *dir;
    const char *rollup;
    const char *genesis;
    const char *name;
    uint64_t base_fee;
    uint64_t level;
    struct ls_draft_options write;
    bool help;
};

static enum ls_err parse(int argc, char **argv, struct request *q, struct ls_diag *d)
{
    const struct ls_cmd_option options[] = {
        {.name = "-o", .value = &q->dir},
        {.name = "--rollup", .value = &q->rollup},
        {.name = "--genesis", .value = &q->genesis},
        {.name = "--l1", .list = &q->l1},
        {.name = "--status", .list = &q->status},
        {.name = "--attributes", .list = &q->attributes},
        {.name = "--base-fee", .number = &q->base_fee},
        {.name = "--receipts", .list = &q->receipts},
        {.name = "--proofs", .list = &q->proofs},
        {.name = "--canonical-tip", .list = &q->tips},
        {.name = "--first", .number = &q->write.first},
        {.name = "--last", .number = &q->write.last},
        {.name = "--name", .value = &q->name},
        {.name = "--provenance", .list = &q->provenance},
        {.name = "--level", .number = &q->level},
        {.name = "--replace", .flag = &q->write.replace},
        {.name = NULL},
    };
    struct ls_cmd_list *const lists[] = {&q->files,      &q->l1,       &q->status, &q->attributes,
                                         &q->provenance, &q->receipts, &q->proofs, &q->tips};
    enum ls_err e = LS_OK;

    q->level = LEVEL_DEFAULT;
    q->base_fee = LS_ATTRIBUTES_BASE_FEE;
    q->write.last = UINT64_MAX;
    for (size_t i = 0; !e && i < sizeof lists / sizeof lists[0]; i++) {
        e = ls_cmd_list_init(lists[i], argc, d);
    }
    return e ? e : ls_cmd_parse(argc, argv, options, &q->files, &q->help, d);
}

static enum ls_err check(struct request *q, struct ls_diag *d)
{
    if (q->files.count == 0 && q->attributes.count == 0) {
        return ls_fail(d, LS_ERR_USAGE, "no FILE to import");
    }
    if (!q->dir) {
        return ls_fail(d, LS_ERR_USAGE, "-o DIR is missing: where should the folder go?");
    }
    if (q->level < 1 || q->level > LEVEL_MAX) {
        return ls_fail(d, LS_ERR_USAGE, "--level: must be 1..%u", LEVEL_MAX);
    }
    if (q->write.first > q->write.last) {
        return ls_fail(d, LS_ERR_USAGE, "--first is above --last");
    }
    if (q->name && !ls_manifest_is_name(q->name)) {
        return ls_fail(d, LS_ERR_USAGE, "--name: \"%.40s\" is not a name (letters, digits, - _ .)",
                       q->name);
    }
    if (q->attributes.count > 0 && !q->rollup) {
        return ls_fail(d, LS_ERR_USAGE, "--attributes needs --rollup: it says what a block has");
    }
    q->write.level = (int)q->level;
    return LS_OK;
}

static enum ls_err each(struct ls_draft *f, const struct ls_cmd_list *files,
                        enum ls_err (*take)(struct ls_draft *, const char *, struct ls_diag *),
                        struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    for (size_t i = 0; !e && i < files->count; i++) {
        e = take(f, files->items[i], d);
    }
    return e;
}

static enum ls_err fill(struct ls_draft *f, const struct request *q, struct ls_diag *d)
{
    enum ls_err e = q->rollup ? ls_import_rollup(f, q->rollup, d) : LS_OK;

    if (!e && q->name) {
        snprintf(f->name, sizeof f->name, "%s", q->name);
    }
    if (!e) {
        e = each(f, &q->provenance, ls_draft_add_provenance, d);
    }
    if (!e && q->genesis) {
        e = ls_import_genesis(f, q->genesis, d);
    }
    if (!e) {
        e = each(f, &q->files, ls_import_l2, d);
    }
    for (size_t i = 0; !e && i < q->attributes.count; i++) {
        e = ls_import_attributes(f, q->attributes.items[i], q->base_fee, d);
    }
    if (!e) {
        e = each(f, &q->l1, ls_import_l1, d);
    }
    if (!e) {
        e = each(f, &q->status, ls_import_status, d);
    }
    if (!e) {
        e = each(f, &q->receipts, ls_import_receipts, d);
    }
    if (!e) {
        e = each(f, &q->proofs, ls_import_proofs, d);
    }
    return e ? e : each(f, &q->tips, ls_import_tip, d);
}

static enum ls_err run(int argc, char **argv, struct request *q, struct ls_diag *d)
{
    struct ls_draft f;
    enum ls_err e = parse(argc, argv, q, d);

    if (e || q->help) {
        return e;
    }
    e = check(q, d);
    if (e) {
        return e;
    }
    ls_draft_init(&f);
    e = fill(&f, q, d);
    if (!e) {
        e = ls_draft_write(&f, q->dir, &q->write, d);
    }
    if (!e) {
        printf("imported and verified: %s\n", q->dir);
        if (f.rows_left_out > 0) {
            printf("left out %zu label rows that name blocks outside of it\n", f.rows_left_out);
        }
    }
    ls_draft_fini(&f);
    return e;
}

int ls_cmd_import(int argc, char **argv)
{
    struct ls_diag d = {""};
    struct request q = {.dir = NULL};
    enum ls_err e = run(argc, argv, &q, &d);

    if (!e && q.help) {
        fputs(usage, stdout);
    }
    free(q.files.items);
    free(q.l1.items);
    free(q.status.items);
    free(q.attributes.items);
    free(q.provenance.items);
    free(q.receipts.items);
    free(q.proofs.items);
    free(q.tips.items);
    return e ? ls_cmd_fail("import", e, &d) : LS_EXIT_OK;
}
