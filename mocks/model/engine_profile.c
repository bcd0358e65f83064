/*
 * The personalities: one table, one row an engine (mock-engine 4.3, scenarios 2.1). A knob that a
 * row does not name is off, or what op-geth does: the enumerations begin with that.
 */
#include <string.h>

#include "lib/num.h"
#include "mocks/model/engine.h"
#include "mocks/model/profile_name.h"
#include "mocks/model/synctester.h"

#define KEPT UINT64_MAX /* every body */
#define NS_PER_MS 1000000u

/* op-geth 1.16.3, full sync, as in the recorded call sequences. A rejection is given up after so
 * many hits (0: never), bodies older than so many blocks are gone. */
#define GETH_BUT(hits, bodies)                                                                   \
    .unknown_parent = LS_EL_PARENT_SYNCING, .unknown_head = LS_EL_HEAD_SYNCING_START,            \
    .error_data = true, .side_block_by_hash = true, .stash_max = 96, .invalid_hits_max = (hits), \
    .parent_by_number = true, .builds_max = 10, .bodies_kept = (bodies)
#define GETH GETH_BUT(128, KEPT)

/* op-reth on reth 2.0.0, as in its answers to the same sequences (mock-engine 2.3 - 2.6). */
#define RETH                                                                                      \
    .unknown_parent = LS_EL_PARENT_SYNCING, .unknown_head = LS_EL_HEAD_SYNCING_START,             \
    .zero_head = LS_EL_ZERO_ERROR, .old_head = LS_EL_OLD_SKIP, .label_unset = LS_EL_UNSET_NULL,   \
    .restore = LS_EL_RESTORE_WRITTEN, .stash_max = 64, .invalid_hits_max = 129,                   \
    .payload_resets_hits = true, .builds = LS_EL_BUILDS_RETH, .words = LS_EL_WORDS_RETH,          \
    .builds_max = LS_EL_BUILDS_MAX, .old_head_builds = true, .connects = true,                    \
    .syncing_at_start = true, .label_by_chain = true, .bodies_kept = KEPT, .writes_behind = true, \
    .fetch = LS_EL_FETCH_GAP, .pipeline_gap = 32

/* The upstream sync tester's numbers (mock-engine 1.14). */
#define WINDOW .window_need = LS_ST_WINDOW_NEED, .window_keep = LS_ST_WINDOW_KEEP

/* clang-format off */
static const struct ls_engine_profile PROFILES[] = {
    {.name = "geth",   GETH, .what = "op-geth, full sync"},
    {.name = "snap",   GETH, .is_snap = true, .snap_done_on_canonical_fcu = true,
     .what = "snap sync, which a forkchoice to genesis ends before it began"},
    {.name = "reth",   RETH, .what = "op-reth"},
    {.name = "nm",     GETH, .labels_by_old_head = true,
     .what = "labels on a new branch are -38002 the first time, though the head moves (Nethermind)"},
    {.name = "eri",    GETH, .same_head_keeps_labels = true, .label_unset = LS_EL_UNSET_UNKNOWN,
     .what = "labels of a forkchoice that keeps the head are dropped (Erigon)"},
    {.name = "38002",  GETH, .finalized_first = true,
     .what = "an unknown finalized block is -38002, and no sync starts (ethrex)"},
    {.name = "skip",   GETH, .old_head = LS_EL_OLD_FINAL,
     .what = "a head at or below finalized is VALID and skipped, above it the head goes back"},
    {.name = "deep",   GETH, .old_head = LS_EL_OLD_REWIND, .reorg_depth_max = 32,
     .param = LS_EL_PARAM_BLOCKS, .what = "a reorg of more blocks is -38006"},
    {.name = "inv",    GETH_BUT(0, KEPT), .param = LS_EL_PARAM_BLOCK,
     .what = "this block and its descendants are INVALID until the engine restarts"},
    {.name = "stuck",  GETH, .is_stuck = true, .what = "SYNCING to everything"},
    {.name = "slow",   GETH, .call_ns = UINT64_C(500) * NS_PER_MS, .param = LS_EL_PARAM_MS,
     .what = "an engine call takes so many ms; it takes effect though nobody waits for the answer"},
    {.name = "win",    GETH, WINDOW, .zero_head = LS_EL_ZERO_SYNCING,
     .old_head = LS_EL_OLD_REWIND, .label_unset = LS_EL_UNSET_GENESIS, .null_omitted = true,
     .what = "two consecutive far heads make a sync, and the second still says SYNCING"},
    {.name = "lbl",    GETH, .label_unset = LS_EL_UNSET_NULL, .param = LS_EL_PARAM_DIALECT,
     .what = "how an unset label reads: null not-found unknown 39001 genesis geth"},
    {.name = "nosafe", GETH, .restore = LS_EL_RESTORE_NO_SAFE,
     .what = "a restart keeps finalized and forgets safe"},
    {.name = "prune",  GETH_BUT(128, 64), .param = LS_EL_PARAM_BLOCKS,
     .what = "bodies more than so many blocks below the head are gone"},
    /* Beyond the catalogue's fifteen: mock-engine 2.1. */
    {.name = "geth-legacy", GETH, .old_head = LS_EL_OLD_SKIP,
     .what = "upstream geth to 1.17.2: an older head is VALID and everything else ignored"},
    {.name = "strict", GETH, .old_head = LS_EL_OLD_FINAL, .labels_atomic = true,
     .what = "the text of the specification: all of a forkchoice or nothing"},
};
/* clang-format on */

#define COUNT (sizeof PROFILES / sizeof PROFILES[0])

const struct ls_engine_profile *ls_engine_profile_at(size_t i)
{
    return i < COUNT ? &PROFILES[i] : NULL;
}

static const struct ls_engine_profile *find(const char *text)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (ls_profile_is(text, "el-", PROFILES[i].name)) {
            return &PROFILES[i];
        }
    }
    return NULL;
}

const struct ls_engine_profile *ls_engine_profile_find(const char *name)
{
    return ls_profile_param(name) == NULL ? find(name) : NULL;
}

/* --- parameters --- */

static bool read_dialect(const char *text, enum ls_el_unset *out)
{
    static const struct {
        const char *name;
        enum ls_el_unset value;
    } words[] = {{"geth", LS_EL_UNSET_ERROR},          {"null", LS_EL_UNSET_NULL},
                 {"not-found", LS_EL_UNSET_NOT_FOUND}, {"unknown", LS_EL_UNSET_TEXT},
                 {"39001", LS_EL_UNSET_UNKNOWN},       {"genesis", LS_EL_UNSET_GENESIS}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].name, text) == 0) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

/* The knob a number goes to: a row with one has it set. */
static void set_blocks(struct ls_engine_profile *p, uint64_t n)
{
    if (p->reorg_depth_max != 0) {
        p->reorg_depth_max = n;
    } else {
        p->bodies_kept = n;
    }
}

static bool set_param(struct ls_engine_profile *p, const char *text, const char **block)
{
    uint64_t n = 0;
    bool is_number = ls_parse_dec(text, strlen(text), &n) == LS_OK && n > 0;
    switch (p->param) {
    case LS_EL_PARAM_NONE:
        return false;
    case LS_EL_PARAM_BLOCKS:
        if (is_number) {
            set_blocks(p, n);
        }
        return is_number;
    case LS_EL_PARAM_MS:
        p->call_ns = n * NS_PER_MS;
        return is_number && n <= UINT64_MAX / NS_PER_MS;
    case LS_EL_PARAM_DIALECT:
        return read_dialect(text, &p->label_unset);
    case LS_EL_PARAM_BLOCK:
        *block = text;
        return *text != '\0';
    }
    return false;
}

enum ls_el_choice_fault ls_engine_profile_read(const char *text, struct ls_engine_profile *out,
                                               const char **block)
{
    const struct ls_engine_profile *row = find(text);
    const char *param = ls_profile_param(text);
    *block = NULL;
    if (row == NULL) {
        return LS_EL_CHOICE_NO_NAME;
    }
    *out = *row;
    if (param == NULL) {
        return row->param == LS_EL_PARAM_BLOCK ? LS_EL_CHOICE_NO_PARAM : LS_EL_CHOICE_OK;
    }
    return set_param(out, param, block) ? LS_EL_CHOICE_OK : LS_EL_CHOICE_NO_PARAM;
}

const char *ls_engine_param_name(enum ls_el_param param)
{
    switch (param) {
    case LS_EL_PARAM_NONE:
        break;
    case LS_EL_PARAM_BLOCKS:
        return "BLOCKS";
    case LS_EL_PARAM_MS:
        return "MS";
    case LS_EL_PARAM_DIALECT:
        return "DIALECT";
    case LS_EL_PARAM_BLOCK:
        return "BLOCK";
    }
    return NULL;
}

/* --- for people --- */

static size_t put(char *out, size_t cap, size_t n, const char *text)
{
    while (*text != '\0' && n + 1 < cap) {
        out[n++] = *text++;
    }
    out[n] = '\0';
    return n;
}

void ls_engine_profile_names(char *out, size_t cap)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < COUNT; i++) {
        const char *param = ls_engine_param_name(PROFILES[i].param);
        n = put(out, cap, n, " ");
        n = put(out, cap, n, PROFILES[i].name);
        if (param != NULL) {
            n = put(out, cap, n, ":");
            n = put(out, cap, n, param);
        }
    }
}
