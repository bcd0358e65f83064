#include "harness/capture/beside.h"

#include <inttypes.h>
#include <string.h>

#include "harness/capture/chain_mem.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/load.h"
#include "harness/capture/proofs.h"
#include "harness/capture/receipts.h"
#include "lib/hex.h"

/* --- the kinds --- */

static bool hash_member(struct ls_span object, const char *key, struct ls_hash *out)
{
    struct ls_span v = ls_jsontext_get(object, key);

    return v.n > 2 && v.p[0] == '"' &&
           ls_hex_fixed((const char *)v.p + 1, v.n - 2, out->b, sizeof out->b) == LS_OK;
}

static bool block_hash(struct ls_span block, struct ls_hash *out)
{
    return hash_member(block, "hash", out);
}

static bool block_state(struct ls_span block, struct ls_hash *out)
{
    return hash_member(block, "stateRoot", out);
}

/* No transactions, no receipts. */
static struct ls_span receipts_needless(struct ls_span block)
{
    static const char empty[] = "[]";
    struct ls_jsontext it = ls_jsontext_open(ls_jsontext_get(block, "transactions"));
    struct ls_jsontext_item tx;

    return ls_jsontext_next(&it, &tx) ? (struct ls_span){NULL, 0}
                                      : (struct ls_span){(const uint8_t *)empty, sizeof empty - 1};
}

static struct ls_span never_needless(struct ls_span block)
{
    (void)block;
    return (struct ls_span){NULL, 0};
}

static struct ls_span receipts_of(const struct ls_ublock *b)
{
    return (struct ls_span){(const uint8_t *)b->receipts, b->receipts_bytes};
}

static struct ls_span proof_of(const struct ls_ublock *b)
{
    return (struct ls_span){(const uint8_t *)b->proof, b->proof_bytes};
}

static const struct ls_beside KINDS[LS_BESIDE_COUNT] = {
    [LS_BESIDE_RECEIPTS] = {.kind = LS_BESIDE_RECEIPTS,
                            .file = LS_SEGMENT_RECEIPTS_FILE,
                            .journal = LS_BESIDE_RECEIPTS_JOURNAL,
                            .name = "receipts",
                            .what = "receipts",
                            .check = ls_receipts_check,
                            .line_key = ls_receipts_block,
                            .block_key = block_hash,
                            .needless = receipts_needless,
                            .get = receipts_of,
                            .give = ls_universe_set_receipts},
    [LS_BESIDE_PROOFS] = {.kind = LS_BESIDE_PROOFS,
                          .file = LS_SEGMENT_PROOFS_FILE,
                          .journal = LS_BESIDE_PROOFS_JOURNAL,
                          .name = "proofs",
                          .what = "proof",
                          .check = ls_proof_check,
                          .line_key = ls_proof_state,
                          .block_key = block_state,
                          .needless = never_needless,
                          .get = proof_of,
                          .give = ls_universe_set_proof},
};

const struct ls_beside *ls_beside_of(enum ls_beside_kind k)
{
    return &KINDS[k];
}

bool ls_beside_is_none(struct ls_span line)
{
    return line.n == sizeof LS_BESIDE_NONE - 1 && memcmp(line.p, LS_BESIDE_NONE, line.n) == 0;
}

bool ls_beside_is_some(struct ls_span line)
{
    struct ls_jsontext it = ls_jsontext_open(line);
    struct ls_jsontext_item first;

    return line.n > 0 && (line.p[0] == '[' || line.p[0] == '{') && ls_jsontext_next(&it, &first);
}

/* --- the segment --- */

static enum ls_err load_line(const struct ls_chain *c, const struct ls_beside *kind, uint32_t id,
                             struct ls_span line, struct ls_chain_fault *fault, struct ls_diag *d)
{
    const struct ls_ublock *b = ls_universe_get(c->l2, id);

    if (ls_beside_is_none(line)) {
        return LS_OK;
    }
    enum ls_err e = kind->check(ls_ublock_text(b), line, c->has_rollup ? &c->rollup : NULL, d);
    if (e) {
        ls_load_note(fault, kind->file, id + 1, &b->ref.number, d);
        return ls_fail_in(d, e, "%s line %" PRIu32 ", block %" PRIu64, kind->file, id + 1,
                          b->ref.number);
    }
    kind->give(c->l2, id, (const char *)line.p, line.n);
    return LS_OK;
}

enum ls_err ls_beside_load(const struct ls_chain *c, enum ls_beside_kind k,
                           const struct ls_segment *data, struct ls_chain_fault *fault,
                           struct ls_diag *d)
{
    const struct ls_beside *kind = ls_beside_of(k);
    uint64_t lines = c->mem->manifest.beside[k].lines;
    struct ls_span rest = ls_buf_span(&data->text);
    struct ls_span line;
    uint32_t count = ls_universe_count(c->l2);
    uint32_t id = 0;
    enum ls_err e = LS_OK;

    if (lines != count) {
        return ls_fail(d, LS_ERR_RANGE,
                       "%s: the manifest says %" PRIu64 " lines, there are %" PRIu32 " blocks",
                       kind->name, lines, count);
    }
    while (!e && id < count && ls_segment_line(&rest, &line)) {
        e = load_line(c, kind, id, line, fault, d);
        id += !e;
    }
    if (e) {
        return e;
    }
    e = ls_segment_judge(data, kind->file, "the lines that can be read", d);
    if (!e && (id < count || rest.n > 0)) {
        e = ls_fail(d, LS_ERR_RANGE, "%s: %s behind line %" PRIu32 ", there are %" PRIu32 " blocks",
                    kind->file, rest.n > 0 ? "there are more lines" : "lines are missing", id,
                    count);
    }
    if (e) {
        ls_load_note(fault, kind->file, id + 1, NULL, NULL);
    }
    return e;
}
