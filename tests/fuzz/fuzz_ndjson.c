/*
 * Any text as a segment, and as a file to import. The first byte says which layer and how many of
 * the lines are canonical; the manifest is made to fit. What must hold: a loaded segment has a
 * block a line, each with the line's bytes, linked downwards; a refusal names the file; import
 * hands on nothing that is not JSON on one line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/capture/files.h"
#include "harness/capture/input.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/load.h"
#include "lib/hex.h"
#include "lib/json.h"

#define LINES_MAX 64u
#define BYTES_MAX ((size_t)16 << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file whose text is changed for each input: the importer reads files. */
static char path[64];

/* On in every build of the fuzzer, whatever NDEBUG says. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void remove_file(void)
{
    unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    snprintf(path, sizeof path, "/tmp/ls-fuzz-ndjson-XXXXXX");
    int fd = mkstemp(path);
    must(fd >= 0);
    close(fd);
    return atexit(remove_file);
}

/* --- as a segment --- */

/* Number and hash as a line states them, looked for as text: the line may be anything. */
static struct ls_block_id stated(struct ls_span line)
{
    struct ls_block_id id = {.number = 0};
    char *text = strndup((const char *)line.p, line.n);
    const char *number = strstr(text, "\"number\":\"");
    const char *hash = strstr(text, "\"hash\":\"");

    if (number) {
        id.number = strtoull(number + 10, NULL, 16);
    }
    if (hash && strlen(hash + 8) >= 66) {
        (void)ls_hex_fixed(hash + 8, 66, id.hash.b, 32);
    }
    free(text);
    return id;
}

struct shape {
    struct ls_manifest_segment seg;
    struct ls_manifest_run run;
    struct ls_manifest_branch branch;
};

/* The manifest of a text: its first `canonical` lines are one run. */
static void describe(struct ls_span text, uint64_t canonical, struct shape *s)
{
    struct ls_span line;
    struct ls_block_id id;

    *s = (struct shape){.branch = {.name = "canonical"}};
    while (ls_segment_line(&text, &line)) {
        if (s->seg.lines < canonical) {
            id = stated(line);
            s->run.first = s->seg.lines == 0 ? id.number : s->run.first;
            s->branch.tip = id;
        }
        s->seg.lines++;
    }
    if (canonical > s->seg.lines) {
        canonical = s->seg.lines;
    }
    s->run.last = s->run.first + (canonical > 0 ? canonical - 1 : 0);
    s->branch.first = s->run.first;
    s->seg.is_present = true;
    s->seg.runs = &s->run;
    s->seg.run_count = canonical > 0;
    s->seg.branches = &s->branch;
    s->seg.branch_count = 1;
}

static void check_loaded(const struct ls_universe *u, const struct shape *s, struct ls_span text)
{
    struct ls_span line;

    must(ls_universe_count(u) == s->seg.lines);
    for (uint32_t id = 0; id < ls_universe_count(u); id++) {
        const struct ls_ublock *b = ls_universe_get(u, id);
        must(ls_segment_line(&text, &line));
        must(b->json_bytes == line.n && memcmp(b->json, line.p, line.n) == 0);
        must(b->parent == LS_NO_BLOCK || b->parent < id);
        must(ls_universe_find(u, &b->ref.hash) == id);
    }
}

static void load(struct ls_span text, bool is_l1, uint64_t canonical)
{
    struct ls_chain chain = {.l1_tip = LS_NO_BLOCK};
    struct ls_segment data = {.is_damaged = false};
    struct ls_loaded got;
    struct ls_diag d = {{0}};
    struct shape s;

    describe(text, canonical, &s);
    if (s.seg.lines == 0 || s.seg.lines > LINES_MAX) {
        return;
    }
    void *mem = aligned_alloc(16, (ls_universe_size(LINES_MAX) + 15) / 16 * 16);
    must(mem != NULL);
    ls_buf_init(&data.text, BYTES_MAX);
    must(ls_buf_put(&data.text, text.p, text.n) == LS_OK);
    const struct ls_load what = {.chain = &chain,
                                 .seg = &s.seg,
                                 .data = &data,
                                 .universe = ls_universe_init(mem, LINES_MAX),
                                 .is_l1 = is_l1};
    enum ls_err e = ls_load_blocks(&what, &got, &d);
    must(e ? strstr(d.text, is_l1 ? LS_SEGMENT_L1_FILE : LS_SEGMENT_L2_FILE) != NULL : !d.text[0]);
    if (!e) {
        check_loaded(what.universe, &s, ls_buf_span(&data.text));
    }
    free(got.branches);
    ls_segment_fini(&data);
    free(mem);
}

/* --- as a file to import --- */

static enum ls_err take(void *ctx, struct ls_span text, struct ls_diag *d)
{
    size_t *count = ctx;

    (void)d;

    must(memchr(text.p, '\n', text.n) == NULL);
    must(ls_json_validate((const char *)text.p, text.n, 0, NULL) == LS_OK);
    ++*count;
    return LS_OK;
}

static void import(struct ls_span text)
{
    size_t count = 0;
    const struct ls_input_sink sink = {.item = take, .ctx = &count};
    struct ls_diag d = {{0}};
    FILE *f = fopen(path, "wbe");

    must(f && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0);
    enum ls_err e = ls_input_blocks(path, &sink, &d);
    must((d.text[0] == '\0') == (e == LS_OK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1) {
        struct ls_span text = {data + 1, size - 1};
        load(text, data[0] & 1, data[0] >> 1 & 0x3f);
        import(text);
    }
    return 0;
}
