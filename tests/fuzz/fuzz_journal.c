/*
 * Journals of a capture that somebody changed: the input is a list of edits (which file, place,
 * value; or a cut) to a right capture with orphans, labels, receipts and proofs. What must hold:
 * opening refuses with a sentence, or mends; what was mended opens again to the same; and what can
 * be finished is a fixture that verifies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/capture/beside.h"
#include "harness/capture/chain.h"
#include "harness/capture/manifest.h"
#include "harness/capture/pull_folder.h"

#define SOURCE "fixtures/devnet-reorgs"
#define FIRST 1608u
#define LAST 1616u
#define WINDOW 64u
#define BYTES_MAX ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { L2, L1, STATUS, RECEIPTS, FACTS, PROOFS, FILES };
static const char *const NAMES[FILES] = {LS_PULL_L2_JOURNAL,     LS_PULL_L1_JOURNAL,
                                         LS_PULL_STATUS_JOURNAL, LS_BESIDE_RECEIPTS_JOURNAL,
                                         LS_PULL_FACTS_FILE,     LS_BESIDE_PROOFS_JOURNAL};

/* The right files, made once. */
static struct {
    char dir[64];
    struct ls_buf files[FILES];
} right;

/* On in every build of the fuzzer, whatever NDEBUG says. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void path_of(const char *name, char out[LS_PATH_MAX])
{
    must(ls_path_join(right.dir, name, out, NULL) == LS_OK);
}

/* --- once --- */

static void put_line(struct ls_buf *b, const char *json, size_t n)
{
    ls_buf_put(b, json, n);
    ls_buf_putc(b, '\n');
}

/* Blocks of the window in the order in which they were the tip: the orphans first. */
static void put_blocks(const struct ls_universe *u, uint32_t tip, uint64_t first, uint64_t last,
                       struct ls_buf *b)
{
    for (uint64_t n = first; n <= last; n++) {
        for (uint32_t id = 0; id < ls_universe_count(u); id++) {
            const struct ls_ublock *x = ls_universe_get(u, id);
            if (x->ref.number == n && id != ls_universe_at(u, tip, n)) {
                put_line(b, x->json, x->json_bytes);
            }
        }
        const struct ls_ublock *x = ls_universe_get(u, ls_universe_at(u, tip, n));
        put_line(b, x->json, x->json_bytes);
    }
}

static void put_rows(const struct ls_chain *c, struct ls_buf *b)
{
    for (size_t i = 0; i < c->timeline_count; i++) {
        const struct ls_chain_label *row = &c->timeline[i];
        if (row->status.finalized_l2.number >= FIRST && row->status.unsafe_l2.number <= LAST) {
            ls_buf_printf(b, "{\"at_ms\":%u,\"result\":", (unsigned)i);
            ls_buf_put(b, row->json.p, row->json.n);
            ls_buf_puts(b, "}\n");
        }
    }
}

static void put_facts(const struct ls_chain *c)
{
    struct ls_pull_facts facts = {.name = "fuzzed", .from = FIRST, .has_beside = {true, true}};
    struct ls_arena a;
    char path[LS_PATH_MAX];

    ls_arena_init(&a, BYTES_MAX);
    must(ls_pull_facts_set_rollup(&facts, c->rollup_json, &a, NULL) == LS_OK);
    facts.genesis = facts.rollup.genesis_l2;
    must(ls_pull_facts_write(right.dir, &facts, NULL) == LS_OK);
    path_of(LS_PULL_FACTS_FILE, path);
    must(ls_file_read(path, &right.files[FACTS], NULL) == LS_OK);
    ls_arena_fini(&a);
}

static void clear(void)
{
    static const char *const made[] = {LS_MANIFEST_FILE,         LS_SEGMENT_L2_FILE,
                                       LS_SEGMENT_L1_FILE,       LS_SEGMENT_STATUS_FILE,
                                       LS_SEGMENT_RECEIPTS_FILE, LS_SEGMENT_PROOFS_FILE};
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < FILES; i++) {
        path_of(NAMES[i], path);
        unlink(path);
    }
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        path_of(made[i], path);
        unlink(path);
    }
}

static void remove_folder(void)
{
    clear();
    rmdir(right.dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct ls_chain c;

    (void)argc;
    (void)argv;
    snprintf(right.dir, sizeof right.dir, "/tmp/lockstep-fuzz-XXXXXX");
    must(mkdtemp(right.dir) != NULL);
    must(ls_chain_open(SOURCE, NULL, &c, NULL) == LS_OK);
    for (size_t i = 0; i < FILES; i++) {
        ls_buf_init(&right.files[i], BYTES_MAX);
    }
    uint64_t low = ls_universe_get(c.l2, ls_chain_at(&c, FIRST))->ref.l1_origin.number;
    uint64_t high = ls_universe_get(c.l2, ls_chain_at(&c, LAST))->ref.l1_origin.number;
    put_blocks(c.l2, c.tip, FIRST, LAST, &right.files[L2]);
    put_blocks(c.l1, c.l1_tip, low, high, &right.files[L1]);
    put_rows(&c, &right.files[STATUS]);
    ls_buf_puts(&right.files[RECEIPTS], "[{\"blockHash\":\"0x00\"}]\n");
    ls_buf_puts(&right.files[PROOFS], "{\"accountProof\":[]}\n");
    put_facts(&c);
    ls_chain_close(&c);
    return atexit(remove_folder);
}

/* --- one input --- */

/* Five bytes an edit: file, three of place, value; file numbers from 128 on cut the file there. */
static void edit(struct ls_buf files[FILES], const uint8_t *data, size_t size)
{
    for (; size >= 5; data += 5, size -= 5) {
        struct ls_buf *b = &files[data[0] % FILES];
        size_t at = (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
        if (b->n == 0) {
            continue;
        }
        if (data[0] >= 128) {
            b->n = at % b->n;
        } else {
            b->p[at % b->n] = data[4];
        }
    }
}

static void write_files(const uint8_t *data, size_t size)
{
    struct ls_buf files[FILES];
    char path[LS_PATH_MAX];

    for (size_t i = 0; i < FILES; i++) {
        ls_buf_init(&files[i], BYTES_MAX);
        must(ls_buf_put(&files[i], right.files[i].p, right.files[i].n) == LS_OK);
    }
    edit(files, data, size);
    for (size_t i = 0; i < FILES; i++) {
        path_of(NAMES[i], path);
        FILE *f = fopen(path, "wb");
        must(f && fwrite(files[i].p, 1, files[i].n, f) == files[i].n && fclose(f) == 0);
        ls_buf_fini(&files[i]);
    }
}

/* Opens the folder; false when it is refused. */
static bool open_folder(struct ls_pull_folder *f)
{
    struct ls_diag d = {{0}};
    enum ls_err e = ls_pull_folder_look(right.dir, WINDOW, f, &d);

    if (!e) {
        e = ls_pull_folder_open(f, &d);
    }
    must((e == LS_OK) == f->is_open);
    must(e == LS_OK || d.text[0] != '\0');
    return e == LS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ls_pull_folder f;
    struct ls_pull_folder again;
    struct ls_pull_result result;
    struct ls_diag d = {{0}};

    clear();
    write_files(data, size);
    if (open_folder(&f)) {
        uint64_t blocks = f.l2.track.end;
        uint64_t headers = f.l1.track.end;
        uint64_t rows = f.rows;
        ls_pull_folder_close(&f);
        must(open_folder(&again) && again.healed == 0);
        must(again.l2.track.end == blocks && again.l1.track.end == headers && again.rows == rows);
        enum ls_err e = ls_pull_folder_finish(&again, 1, &result, &d);
        must(e ? d.text[0] != '\0' : result.is_verified);
        ls_pull_folder_close(&again);
    } else {
        ls_pull_folder_close(&f);
    }
    return 0;
}
