/*
 * Any text as manifest.json. What must hold: what was read and is written again reads as the same
 * manifest, and writes to the same bytes; a refusal says why.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/capture/manifest.h"
#include "lib/json.h"

#define TABLES_BYTES_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On in every build of the fuzzer, whatever NDEBUG says. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void compare_segments(const struct ls_manifest_segment *a,
                             const struct ls_manifest_segment *b)
{
    must(a->is_present == b->is_present);
    if (!a->is_present) {
        return;
    }
    must(memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0 && a->lines == b->lines);
    must(a->run_count == b->run_count || a->run_count == 0);
    for (size_t i = 0; i < b->run_count; i++) {
        must(a->runs[i].first == b->runs[i].first && a->runs[i].last == b->runs[i].last);
        must(a->runs[i].first <= a->runs[i].last);
    }
    /* Branches without runs say nothing, and are not written. */
    must(a->branch_count == b->branch_count || a->run_count == 0);
    for (size_t i = 0; i < b->branch_count; i++) {
        const struct ls_manifest_branch *x = &a->branches[i];
        const struct ls_manifest_branch *y = &b->branches[i];
        must(strcmp(x->name, y->name) == 0 && ls_manifest_is_name(x->name));
        must(x->first == y->first && x->tip.number == y->tip.number);
        must(ls_hash_eq(&x->tip.hash, &y->tip.hash) && x->is_synthetic == y->is_synthetic &&
             x->invalid_from == y->invalid_from);
    }
}

static void compare(const struct ls_manifest *a, const struct ls_manifest *b)
{
    must(strcmp(a->name, b->name) == 0 && ls_manifest_is_name(a->name));
    must(a->l2_chain_id == b->l2_chain_id && a->l1_chain_id == b->l1_chain_id);
    must(!a->synthetic == !b->synthetic);
    must(!a->synthetic || strcmp(a->synthetic, b->synthetic) == 0);
    must(a->provenance_count == b->provenance_count);
    for (size_t i = 0; i < a->provenance_count; i++) {
        must(strcmp(a->provenance[i], b->provenance[i]) == 0);
    }
    must((a->rollup.n == 0) == (b->rollup.n == 0));
    compare_segments(&a->l2, &b->l2);
    compare_segments(&a->l1, &b->l1);
    compare_segments(&a->status, &b->status);
    for (size_t k = 0; k < LS_BESIDE_COUNT; k++) {
        compare_segments(&a->beside[k], &b->beside[k]);
    }
}

static void write(const struct ls_manifest *m, struct ls_buf *b)
{
    ls_buf_init(b, LS_MANIFEST_BYTES_MAX);
    ls_manifest_write(m, b);
    must(b->err == LS_OK);
}

static void write_twice(const struct ls_manifest *m, struct ls_arena *a)
{
    struct ls_manifest again;
    struct ls_buf first;
    struct ls_buf second;

    write(m, &first);
    must(ls_manifest_parse(ls_buf_span(&first), a, &again, NULL) == LS_OK);
    compare(m, &again);
    write(&again, &second);
    must(first.n == second.n && memcmp(first.p, second.p, first.n) == 0);
    ls_buf_fini(&first);
    ls_buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ls_arena a;
    struct ls_manifest m;
    struct ls_diag d = {{0}};

    ls_arena_init(&a, TABLES_BYTES_MAX);
    enum ls_err e = ls_manifest_parse((struct ls_span){data, size}, &a, &m, &d);
    must((d.text[0] == '\0') == (e == LS_OK));
    if (!e) {
        write_twice(&m, &a);
    }
    ls_arena_fini(&a);
    return 0;
}
