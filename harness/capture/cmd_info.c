/*
 * lockstep info: a folder on one screen.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/capture/chain_mem.h"
#include "harness/capture/cmd.h"
#include "harness/capture/commands.h"
#include "harness/capture/files.h"

static const char usage[] =
    "usage: lockstep info DIR...\n"
    "\n"
    "Verifies fixture folders and prints what they hold: chains, ranges, forks crossed, branches,\n"
    "L1 headers, labels, where the data comes from and what of it is not real.\n";

static void print_runs(const struct ls_manifest_segment *seg)
{
    for (size_t i = 0; i < seg->run_count; i++) {
        const struct ls_manifest_run *r = &seg->runs[i];
        printf("%s%" PRIu64, i ? ", " : "", r->first);
        if (r->last > r->first) {
            printf("..%" PRIu64, r->last);
        }
    }
}

static void print_segment(const char *title, const struct ls_manifest_segment *seg)
{
    printf("%-12s %" PRIu64 ": ", title, seg->lines);
    print_runs(seg);
    putchar('\n');
}

/* Forks of the recorded canonical blocks: where each is first seen. */
static void print_forks(const struct ls_chain *c)
{
    enum ls_fork before = LS_FORK_COUNT;
    const char *title = "forks";

    if (!c->has_rollup) {
        printf("%-12s no rollup config in the manifest\n", title);
        return;
    }
    for (uint32_t id = 0; id < ls_universe_count(c->l2) && id <= c->tip; id++) {
        const struct ls_l2_ref *ref = &ls_universe_get(c->l2, id)->ref;
        enum ls_fork now = ls_rollup_fork_at(&c->rollup, ref->timestamp);
        if (now != before) {
            printf("%-12s %s %s block %" PRIu64 "\n", title, ls_fork_name(now),
                   ls_rollup_is_activation(&c->rollup, now, ref->timestamp) ? "begins with" : "at",
                   ref->number);
            title = "";
            before = now;
        }
    }
}

static void print_branches(const char *title, const struct ls_universe *u,
                           const struct ls_chain_branch *branches, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct ls_chain_branch *br = &branches[i];
        const struct ls_ublock *tip = ls_universe_get(u, br->tip);
        printf("%-12s %-24s %" PRIu64 "..%" PRIu64 " tip 0x%02x%02x%02x%02x…%s%s\n", i ? "" : title,
               br->name, ls_universe_get(u, br->first)->ref.number, tip->ref.number,
               tip->ref.hash.b[0], tip->ref.hash.b[1], tip->ref.hash.b[2], tip->ref.hash.b[3],
               br->is_synthetic ? " synthetic" : "", tip->expect_invalid ? " to be refused" : "");
    }
}

static void print_labels(const struct ls_chain *c)
{
    if (c->timeline_count == 0) {
        printf("%-12s none\n", "labels");
        return;
    }
    const struct ls_chain_label *from = &c->timeline[0];
    const struct ls_chain_label *to = &c->timeline[c->timeline_count - 1];
    printf("%-12s %zu rows over %" PRIu64 " s: unsafe %" PRIu64 "..%" PRIu64 ", safe %" PRIu64
           "..%" PRIu64 ", finalized %" PRIu64 "..%" PRIu64 "\n",
           "labels", c->timeline_count, (to->at_ms - from->at_ms) / 1000,
           from->status.unsafe_l2.number, to->status.unsafe_l2.number, from->status.safe_l2.number,
           to->status.safe_l2.number, from->status.finalized_l2.number,
           to->status.finalized_l2.number);
}

static void print_origin(const struct ls_chain *c)
{
    const struct ls_manifest *m = &c->mem->manifest;

    printf("%-12s %s\n", "synthetic", c->synthetic ? c->synthetic : "nothing: all blocks are real");
    for (size_t i = 0; i < m->provenance_count; i++) {
        printf("%-12s %s\n", i ? "" : "provenance", m->provenance[i]);
    }
}

static uint64_t file_bytes(const struct ls_chain *c, const char *file)
{
    char path[LS_PATH_MAX];
    struct stat st;

    return !ls_path_join(c->dir, file, path, NULL) && stat(path, &st) == 0 ? (uint64_t)st.st_size
                                                                           : 0;
}

static void print_sizes(const struct ls_chain *c)
{
    const struct ls_manifest *m = &c->mem->manifest;
    const struct {
        const char *file;
        const struct ls_manifest_segment *seg;
        const struct ls_segment *data;
    } rows[] = {
        {LS_SEGMENT_L2_FILE, &m->l2, &c->mem->l2},
        {LS_SEGMENT_L1_FILE, &m->l1, &c->mem->l1},
        {LS_SEGMENT_STATUS_FILE, &m->status, &c->mem->status},
        {LS_SEGMENT_RECEIPTS_FILE, &m->beside[LS_BESIDE_RECEIPTS],
         &c->mem->beside[LS_BESIDE_RECEIPTS]},
        {LS_SEGMENT_PROOFS_FILE, &m->beside[LS_BESIDE_PROOFS], &c->mem->beside[LS_BESIDE_PROOFS]}};

    printf("%-12s %-20s %10s %8s %12s %12s\n", "files", "", "lines", "branches", "bytes", "packed");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].seg->is_present) {
            printf("%-12s %-20s %10" PRIu64 " %8zu %12zu %12" PRIu64 "\n", "", rows[i].file,
                   rows[i].seg->lines, rows[i].seg->branch_count, rows[i].data->text.n,
                   file_bytes(c, rows[i].file));
        }
    }
}

static void print_chain(const struct ls_chain *c)
{
    const struct ls_manifest *m = &c->mem->manifest;

    printf("%-12s %s (%s)\n", "name", c->name, c->dir);
    printf("%-12s L2 %" PRIu64 ", L1 %" PRIu64 " (0: not stated)\n", "chain ids", c->l2_chain_id,
           c->l1_chain_id);
    print_sizes(c);
    print_segment("L2 blocks", &m->l2);
    print_forks(c);
    print_branches("branches", c->l2, c->branches, c->branch_count);
    if (m->l1.is_present) {
        print_segment("L1 headers", &m->l1);
        print_branches("L1 branches", c->l1, c->l1_branches, c->l1_branch_count);
    } else {
        printf("%-12s none\n", "L1 headers");
    }
    print_labels(c);
    print_origin(c);
}

static int print_all(const struct ls_cmd_list *dirs)
{
    int worst = LS_EXIT_OK;

    for (size_t i = 0; i < dirs->count; i++) {
        struct ls_chain c;
        struct ls_diag d = {""};
        enum ls_err e = ls_chain_open(dirs->items[i], NULL, &c, &d);
        if (e) {
            int code = ls_cmd_fail("info", e, &d);
            worst = code > worst ? code : worst;
        } else {
            fputs(i ? "\n" : "", stdout);
            print_chain(&c);
            ls_chain_close(&c);
        }
    }
    return worst;
}

int ls_cmd_info(int argc, char **argv)
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
        e = ls_fail(&d, LS_ERR_USAGE, "no DIR to look into");
    }
    if (!e && help) {
        fputs(usage, stdout);
    } else {
        code = e ? ls_cmd_fail("info", e, &d) : print_all(&dirs);
    }
    free(dirs.items);
    return code;
}
