/*
 * An index that fits its segment and lies: the input is a list of edits (place, place, value) to a
 * right index of a small segment, which is then sealed again. And the input itself as an index.
 * What must hold: whatever an index says, what is served is the recorded block it was asked for.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/capture/files.h"
#include "harness/capture/segment.h"
#include "harness/capture/store.h"
#include "lib/hash.h"
#include "lib/zst.h"

#define SOURCE "fixtures/devnet-reorgs"
#define BLOCKS 9u /* lines of the small segment: genesis, then a run; three to a frame */
#define BYTES_MAX ((size_t)16 << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The small segment, on disk and as lines, and its index. Made once, then read only. */
static struct {
    char dir[64];
    char index_path[LS_PATH_MAX];
    struct ls_buf text;
    struct ls_span lines[BLOCKS];
    struct ls_manifest_run runs[2];
    struct ls_manifest_segment seg;
    struct ls_buf index;
} small;

/* On in every build of the fuzzer, whatever NDEBUG says. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* What goes wrong outside of the code under test is no finding. */
static void need(bool holds)
{
    if (!holds) {
        perror("fuzz_index: scratch files");
        _exit(2);
    }
}

static void remove_files(void)
{
    char segment[LS_PATH_MAX];

    must(ls_path_join(small.dir, LS_SEGMENT_L2_FILE, segment, NULL) == LS_OK);
    unlink(segment);
    unlink(small.index_path);
    rmdir(small.dir);
    ls_buf_fini(&small.text);
    ls_buf_fini(&small.index);
}

static void read_lines(void)
{
    static const uint8_t any_sha[32];
    struct ls_segment source;
    struct ls_span rest;

    must(ls_segment_load(SOURCE, LS_SEGMENT_L2_FILE, any_sha, &source, NULL) == LS_OK);
    small.text = source.text;
    rest = ls_buf_span(&small.text);
    for (size_t i = 0; i < BLOCKS; i++) {
        must(ls_segment_line(&rest, &small.lines[i]));
    }
}

static void write_segment(void)
{
    char path[LS_PATH_MAX];
    struct ls_buf packed;

    ls_buf_init(&packed, BYTES_MAX);
    for (size_t i = 0; i < BLOCKS; i += 3) {
        const uint8_t *end = small.lines[i + 2].p + small.lines[i + 2].n + 1;
        size_t n = (size_t)(end - small.lines[i].p);
        must(ls_zst_compress(small.lines[i].p, n, 1, &packed) == LS_OK);
    }
    ls_sha256(packed.p, packed.n, small.seg.sha256);
    must(ls_path_join(small.dir, LS_SEGMENT_L2_FILE, path, NULL) == LS_OK);
    must(ls_file_write(path, ls_buf_span(&packed), NULL) == LS_OK);
    ls_buf_fini(&packed);
}

static struct ls_store *open_store(struct ls_diag *d)
{
    const struct ls_store_spec spec = {.dir = small.dir, .seg = &small.seg};
    struct ls_store *s = NULL;

    must(ls_store_open(&spec, &s, d) == LS_OK);
    return s;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct ls_diag d;

    (void)argc;
    (void)argv;
    snprintf(small.dir, sizeof small.dir, "/tmp/ls-fuzz-index-XXXXXX");
    need(mkdtemp(small.dir) != NULL);
    must(ls_path_join(small.dir, LS_INDEX_L2_FILE, small.index_path, NULL) == LS_OK);
    read_lines();
    write_segment();
    small.runs[0] = (struct ls_manifest_run){0, 0};
    small.runs[1] = (struct ls_manifest_run){1326, 1326 + BLOCKS - 2};
    small.seg.is_present = true;
    small.seg.lines = BLOCKS;
    small.seg.runs = small.runs;
    small.seg.run_count = 2;
    ls_store_close(open_store(&d));
    ls_buf_init(&small.index, BYTES_MAX);
    must(ls_file_read(small.index_path, &small.index, NULL) == LS_OK);
    return atexit(remove_files);
}

/* --- one input --- */

static void ask(const struct ls_index *ix)
{
    struct ls_hash hash = {{0}};

    for (uint64_t number = 0; number < 2 * BLOCKS; number++) {
        uint32_t id = ls_index_at(ix, number * 100);
        must(id == LS_INDEX_NONE || id < ix->counts.canonical);
        hash.b[0] = (uint8_t)number;
        id = ls_index_find(ix, &hash);
        must(id == LS_INDEX_NONE || id < ix->counts.blocks);
    }
    for (uint32_t id = 0; id < ix->counts.blocks; id++) {
        struct ls_l2_ref ref = ls_index_ref(ix, id);
        uint32_t found = ls_index_find(ix, &ref.hash);
        must(found == LS_INDEX_NONE || ls_hash_eq(&ix->blocks[found].hash, &ref.hash));
    }
}

static void read_as_it_is(const uint8_t *data, size_t size)
{
    struct ls_index ix;
    struct ls_diag d = {{0}};
    void *copy = malloc(size + 1);

    must(copy != NULL);
    memcpy(copy, data, size);
    enum ls_err e = ls_index_read(copy, size, &ix, &d);
    must((d.text[0] == '\0') == (e == LS_OK));
    if (!e) {
        ask(&ix);
    }
    free(copy);
}

/* Edits fall behind head and runs: other runs than the manifest's only make the index stale. */
static void edit(struct ls_index_writer *w, uint8_t *end, const uint8_t *data, size_t size)
{
    uint8_t *from = (uint8_t *)w->frames;
    size_t room = (size_t)(end - from);

    for (; size >= 3; data += 3, size -= 3) {
        from[((size_t)data[0] << 8 | data[1]) % room] = data[2];
    }
}

/* Every block, by id and by number: an error, or the recorded line of what was asked for. */
static void serve(struct ls_store *s)
{
    const struct ls_index *ix = ls_store_index(s);
    struct ls_span text;
    struct ls_l2_ref ref;
    struct ls_diag d;

    for (uint32_t id = 0; id < BLOCKS; id++) {
        d.text[0] = '\0';
        enum ls_err e = ls_store_read(s, id, &text, &ref, &d);
        must((d.text[0] == '\0') == (e == LS_OK));
        if (!e) {
            must(text.n == small.lines[id].n && memcmp(text.p, small.lines[id].p, text.n) == 0);
            must(ref.number == (id == 0 ? 0 : 1325u + id));
            must(ls_index_at(ix, ref.number) == id);
        }
    }
}

static void lie(const uint8_t *data, size_t size)
{
    struct ls_index right;
    struct ls_index ix;
    struct ls_index_writer w;
    struct ls_buf b;
    struct ls_diag d;

    ls_buf_init(&b, BYTES_MAX);
    must(ls_buf_put(&b, small.index.p, small.index.n) == LS_OK);
    must(ls_index_read(b.p, b.n, &right, NULL) == LS_OK);
    struct ls_index_counts counts = right.counts;
    struct ls_index_source source = right.source;
    ls_index_begin(b.p, &counts, &w);
    w.count = BLOCKS;
    edit(&w, b.p + b.n, data, size);
    ls_index_seal(&w, &source);
    if (ls_index_read(b.p, b.n, &ix, NULL) == LS_OK) {
        ask(&ix);
        int fd = open(small.index_path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        need(fd >= 0 && write(fd, b.p, b.n) == (ssize_t)b.n && close(fd) == 0);
        struct ls_store *s = open_store(&d);
        must(!ls_store_made_index(s));
        serve(s);
        ls_store_close(s);
    }
    ls_buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_as_it_is(data, size);
    lie(data, size);
    return 0;
}
