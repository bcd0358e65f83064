/*
 * Indexes and what is read through them: every block is found and is the recorded one; a stale
 * index is made anew; a wrong one is named and never believed; a window is what cutting gives.
 */
#include "tests/unit/harness_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harness/capture/chain_mem.h"
#include "lib/zst.h"

/* A folder's manifest, and the spec of one of its segments. */
struct opened {
    struct ls_chain chain;
    struct ls_store_spec spec;
    struct ls_store *store;
    struct ls_diag d;
};

static void open_chain(const struct folder *f, bool is_l1, struct opened *o)
{
    *o = (struct opened){.store = NULL};
    if (ls_chain_open(f->dir, NULL, &o->chain, &o->d)) {
        fail_msg("%s", o->d.text);
    }
    const struct ls_manifest *m = &o->chain.mem->manifest;
    o->spec = (struct ls_store_spec){
        .dir = f->dir, .seg = is_l1 ? &m->l1 : &m->l2, .rollup = &o->chain.rollup, .is_l1 = is_l1};
}

static enum ls_err open_store(struct opened *o)
{
    ls_store_close(o->store);
    o->store = NULL;
    o->d.text[0] = '\0';
    return ls_store_open(&o->spec, &o->store, &o->d);
}

static void must_open(struct opened *o)
{
    if (open_store(o)) {
        fail_msg("%s", o->d.text);
    }
}

static void close_all(struct opened *o)
{
    ls_store_close(o->store);
    ls_chain_close(&o->chain);
}

static void make_folder(struct folder *f)
{
    folder_make(f);
    folder_fill(f);
}

static void clone_source(struct folder *f, const char *source)
{
    struct folder from;

    snprintf(from.dir, sizeof from.dir, "%s", source);
    folder_clone(&from, f);
}

/* --- tools: an index that fits the file and is wrong all the same --- */

struct lie {
    const char *name;
    void (*tell)(struct ls_index_writer *w, uint32_t id);
};

static void lie_hash(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].hash.b[31] ^= 1;
}
static void lie_parent(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].parent.b[0] ^= 1;
}
static void lie_origin_hash(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].origin_hash.b[9] ^= 1;
}
static void lie_number(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].number++;
}
static void lie_time(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].timestamp ^= 1;
}
static void lie_origin(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].origin_number--;
}
static void lie_sequence(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].sequence_number++;
}
static void lie_text(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].text++;
}
static void lie_text_far(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].text = UINT64_MAX - 5;
}
static void lie_bytes(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].bytes--;
}
static void lie_bytes_far(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].bytes = UINT32_MAX;
}
static void lie_two_lines(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].bytes += w->blocks[id + 1].bytes + 1;
}
static void lie_frame(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].frame = UINT32_MAX;
}
/* The whole entry of a neighbour: everything fits but the place. */
static void lie_neighbour(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id] = w->blocks[id + 1];
}

/* The end of the line alone. */
static void lie_suffix(struct ls_index_writer *w, uint32_t id)
{
    w->blocks[id].text++;
    w->blocks[id].bytes--;
}

/* Index bytes, writable again, sealed for the segment they were made for. */
static void reseal(struct ls_buf *b, const struct ls_index *was, const struct lie *lie, uint32_t id)
{
    struct ls_index_counts counts = was->counts;
    struct ls_index_source source = was->source;
    struct ls_index_writer w;

    ls_index_begin(b->p, &counts, &w);
    w.count = (uint32_t)counts.blocks;
    lie->tell(&w, id);
    ls_index_seal(&w, &source);
}

static void write_index(const struct folder *f, const struct ls_buf *b)
{
    folder_write(f, LS_INDEX_L2_FILE, b->p, b->n);
}

/* --- finding --- */

static void check_block(struct opened *o, const struct ls_ublock *b, bool is_canonical)
{
    const struct ls_index *ix = ls_store_index(o->store);
    uint32_t id = ls_index_find(ix, &b->ref.hash);
    struct ls_span text;
    struct ls_l2_ref ref;

    assert_int_not_equal(id, LS_INDEX_NONE);
    if (is_canonical) {
        assert_int_equal(ls_index_at(ix, b->ref.number), id);
    } else {
        assert_int_not_equal(ls_index_at(ix, b->ref.number), id);
    }
    if (ls_store_read(o->store, id, &text, &ref, &o->d)) {
        fail_msg("%s", o->d.text);
    }
    assert_int_equal(text.n, b->json_bytes);
    assert_memory_equal(text.p, b->json, text.n);
    assert_memory_equal(&ref, &b->ref, sizeof ref);
}

/* Every block of the segment, the last first, so that frames are met out of order. */
static void check_all(struct opened *o)
{
    const struct ls_universe *u = o->spec.is_l1 ? o->chain.l1 : o->chain.l2;
    uint64_t canonical = ls_store_index(o->store)->counts.canonical;

    assert_int_equal(ls_store_index(o->store)->counts.blocks, ls_universe_count(u));
    for (uint32_t id = ls_universe_count(u); id-- > 0;) {
        check_block(o, ls_universe_get(u, id), id < canonical);
    }
}

static void finds_every_block_by_number_and_hash(void **state)
{
    struct folder f;
    struct opened o;

    (void)state;
    make_folder(&f);
    for (int is_l1 = 0; is_l1 < 2; is_l1++) {
        open_chain(&f, is_l1, &o);
        must_open(&o);
        check_all(&o);
        close_all(&o);
    }
    folder_remove(&f);
}

static void knows_what_is_not_there(void **state)
{
    const struct ls_hash none = {{1, 2, 3}};
    struct folder f;
    struct opened o;

    (void)state;
    make_folder(&f);
    open_chain(&f, false, &o);
    must_open(&o);
    const struct ls_index *ix = ls_store_index(o.store);
    assert_int_equal(ls_index_find(ix, &none), LS_INDEX_NONE);
    assert_int_equal(ls_index_at(ix, 1), LS_INDEX_NONE);
    assert_int_equal(ls_index_at(ix, FOLDER_FIRST - 1), LS_INDEX_NONE);
    assert_int_equal(ls_index_at(ix, FOLDER_LAST + 1), LS_INDEX_NONE);
    assert_int_equal(ls_index_at(ix, UINT64_MAX), LS_INDEX_NONE);
    assert_int_equal(ls_index_at(ix, 0), 0);
    close_all(&o);
    folder_remove(&f);
}

/* What was proved of a frame is forgotten with it: a place in the cache that held proved blocks
 * proves nothing of those that come into it. */
static void lies_about_a_block_late(struct folder *f, struct opened *o)
{
    static const struct lie lie = {"number", lie_number};
    struct ls_span text;
    struct ls_buf bytes;

    folder_read(f, LS_INDEX_L2_FILE, &bytes);
    reseal(&bytes, ls_store_index(o->store), &lie, 40);
    write_index(f, &bytes);
    ls_buf_fini(&bytes);
    must_open(o);
    for (uint32_t id = ls_universe_count(o->chain.l2); id-- > 40;) {
        enum ls_err e = ls_store_read(o->store, id, &text, NULL, &o->d);
        /* The block above sits on the entry's hash, which is right. */
        assert_int_equal(e, id == 40 ? LS_ERR_HASH : LS_OK);
    }
}

/* More frames than are kept decompressed: three lines a frame. */
static void reads_across_many_frames(void **state)
{
    struct folder f;
    struct opened o;
    struct ls_buf text;
    struct ls_buf packed;
    uint8_t old_sha[32];
    uint8_t new_sha[32];
    char from[65];
    char to[65];

    (void)state;
    make_folder(&f);
    folder_read(&f, LS_SEGMENT_L2_FILE, &packed);
    ls_sha256(packed.p, packed.n, old_sha);
    ls_buf_clear(&packed);
    folder_read_segment(&f, LS_SEGMENT_L2_FILE, &text);
    struct ls_span rest = ls_buf_span(&text);
    struct ls_span line;
    while (rest.n > 0) {
        const uint8_t *start = rest.p;
        for (int i = 0; i < 3 && ls_segment_line(&rest, &line); i++) {
        }
        assert_int_equal(ls_zst_compress(start, (size_t)(rest.p - start), 1, &packed), LS_OK);
    }
    folder_write(&f, LS_SEGMENT_L2_FILE, packed.p, packed.n);
    ls_sha256(packed.p, packed.n, new_sha);
    put_sha(old_sha, from);
    put_sha(new_sha, to);
    folder_edit_manifest(&f, from, to);
    open_chain(&f, false, &o);
    must_open(&o);
    assert_true(ls_store_index(o.store)->counts.frames > LS_STORE_FRAMES);
    check_all(&o);
    check_all(&o);
    lies_about_a_block_late(&f, &o);
    close_all(&o);
    ls_buf_fini(&text);
    ls_buf_fini(&packed);
    folder_remove(&f);
}

/* --- when an index is made --- */

/* KiB of the mapping of that file that are resident. */
static unsigned resident_kib(const char *file)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[512];
    unsigned kib = 0;
    bool is_found = false;

    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) && !(is_found && sscanf(line, "Rss: %u", &kib) == 1)) {
        is_found |= strstr(line, file) != NULL;
    }
    fclose(maps);
    assert_true(is_found);
    return kib;
}

/* A long life must not end with the whole index in memory. */
static void gives_pages_of_the_index_back(void **state)
{
    struct folder f;
    struct opened o;
    struct ls_span text;
    uint64_t sum = 0;

    (void)state;
    folder_make(&f);
    clone_source(&f, "fixtures/devnet-dense");
    open_chain(&f, false, &o);
    must_open(&o);
    const struct ls_index *ix = ls_store_index(o.store);
    for (uint32_t id = 0; id < ix->counts.blocks; id++) {
        sum += ls_index_ref(ix, id).timestamp;
    }
    assert_true(sum > 0);
    unsigned whole = resident_kib(LS_INDEX_L2_FILE);
    for (uint32_t i = 0; i < LS_STORE_RESIDENT_USES; i++) {
        assert_int_equal(ls_store_read(o.store, 0, &text, NULL, &o.d), LS_OK);
    }
    assert_true(resident_kib(LS_INDEX_L2_FILE) < whole);
    assert_int_equal(ls_store_read(o.store, (uint32_t)ix->counts.blocks - 1, &text, NULL, &o.d),
                     LS_OK);
    close_all(&o);
    folder_remove(&f);
}

static void makes_the_index_once(void **state)
{
    struct folder f;
    struct opened o;

    (void)state;
    make_folder(&f);
    open_chain(&f, false, &o);
    must_open(&o);
    assert_true(ls_store_made_index(o.store));
    must_open(&o);
    assert_false(ls_store_made_index(o.store));
    close_all(&o);
    folder_remove(&f);
}

static void touch(const struct folder *f)
{
    const struct timespec when[2] = {{.tv_sec = 1}, {.tv_sec = 1, .tv_nsec = 7}};
    char path[LS_PATH_MAX];

    folder_path(f, LS_SEGMENT_L2_FILE, path);
    assert_int_equal(utimensat(AT_FDCWD, path, when, 0), 0);
}

/* Bytes of the head and tables, one changed at a time; and files that are no index at all. */
static void makes_a_stale_index_anew(void **state)
{
    struct folder f;
    struct opened o;
    struct ls_buf good;

    (void)state;
    make_folder(&f);
    open_chain(&f, false, &o);
    must_open(&o);
    touch(&f);
    must_open(&o);
    assert_true(ls_store_made_index(o.store));
    folder_read(&f, LS_INDEX_L2_FILE, &good);
    size_t tables = (size_t)((const uint8_t *)ls_store_index(o.store)->blocks -
                             (const uint8_t *)ls_store_index(o.store)->runs) +
                    128;
    for (size_t at = 0; at < tables; at++) {
        struct ls_index ix;
        good.p[at] ^= 0x40;
        if (ls_index_read(good.p, good.n, &ix, NULL) == LS_OK) {
            fail_msg("byte %zu changed, and the index was read", at);
        }
        if (at % 37 == 0) {
            write_index(&f, &good);
            must_open(&o);
            assert_true(ls_store_made_index(o.store));
        }
        good.p[at] ^= 0x40;
    }
    for (size_t n = 1; n < good.n; n += 1 + good.n / 5) {
        folder_write(&f, LS_INDEX_L2_FILE, good.p, n);
        must_open(&o);
        assert_true(ls_store_made_index(o.store));
    }
    check_all(&o);
    ls_buf_fini(&good);
    close_all(&o);
    folder_remove(&f);
}

static void makes_the_index_anew_for_another_segment(void **state)
{
    struct folder f;
    struct opened o;
    struct ls_buf text;

    (void)state;
    make_folder(&f);
    open_chain(&f, false, &o);
    must_open(&o);
    close_all(&o);
    folder_read_segment(&f, LS_SEGMENT_L2_FILE, &text);
    const uint8_t *last = text.p + text.n - 1;
    while (last > text.p && last[-1] != '\n') {
        last--;
    }
    text.n = (size_t)(last - text.p); /* without the last orphan */
    folder_write_segment(&f, LS_SEGMENT_L2_FILE, &text);
    ls_buf_fini(&text);
    struct ls_buf manifest;
    folder_read(&f, LS_MANIFEST_FILE, &manifest);
    ls_buf_fini(&manifest);
    struct opened again = {.store = NULL};
    struct ls_manifest m;
    struct ls_arena a;
    ls_arena_init(&a, 1u << 20);
    folder_read(&f, LS_MANIFEST_FILE, &manifest);
    assert_int_equal(ls_manifest_parse(ls_buf_span(&manifest), &a, &m, NULL), LS_OK);
    again.spec = (struct ls_store_spec){.dir = f.dir, .seg = &m.l2};
    /* The manifest still says one block more: the new index cannot be made, the old is not used. */
    assert_int_equal(open_store(&again), LS_ERR_RANGE);
    assert_non_null(strstr(again.d.text, "lines are missing"));
    m.l2.lines--;
    must_open(&again);
    assert_true(ls_store_made_index(again.store));
    ls_store_close(again.store);
    ls_buf_fini(&manifest);
    ls_arena_fini(&a);
    folder_remove(&f);
}

/* The time of change can be set by anyone: the size is compared too. */
static void sees_that_a_segment_grew(void **state)
{
    struct folder f;
    struct opened o;
    struct ls_buf bytes;

    (void)state;
    make_folder(&f);
    touch(&f);
    open_chain(&f, false, &o);
    must_open(&o);
    folder_read(&f, LS_SEGMENT_L2_FILE, &bytes);
    ls_buf_putc(&bytes, 0);
    folder_write(&f, LS_SEGMENT_L2_FILE, bytes.p, bytes.n);
    touch(&f);
    assert_int_equal(open_store(&o), LS_ERR_HASH);
    assert_non_null(strstr(o.d.text, "damaged"));
    ls_buf_fini(&bytes);
    close_all(&o);
    folder_remove(&f);
}

static size_t count_files(const struct folder *f)
{
    DIR *dir = opendir(f->dir);
    size_t n = 0;

    assert_non_null(dir);
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        n += e->d_name[0] != '.';
    }
    closedir(dir);
    return n;
}

/* Eight processes at once, none of which finds an index: each must serve every block. */
static void many_processes_may_open_at_once(void **state)
{
    struct folder f;
    struct opened o;
    pid_t children[8];
    int ready[2];
    char go;

    (void)state;
    make_folder(&f);
    open_chain(&f, false, &o);
    assert_int_equal(pipe(ready), 0);
    fflush(NULL);
    for (size_t i = 0; i < 8; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            close(ready[1]);
            (void)!read(ready[0], &go, 1); /* until the parent closes its end */
            struct ls_span text;
            bool is_right = open_store(&o) == LS_OK;
            for (uint32_t id = 0; is_right && id < ls_universe_count(o.chain.l2); id++) {
                is_right = ls_store_read(o.store, id, &text, NULL, NULL) == LS_OK &&
                           text.n == ls_universe_get(o.chain.l2, id)->json_bytes;
            }
            _exit(is_right ? 0 : 1);
        }
    }
    close(ready[0]);
    close(ready[1]);
    for (size_t i = 0; i < 8; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count_files(&f), 5); /* four of the fixture, one index, nothing left aside */
    close_all(&o);
    folder_remove(&f);
}

/* --- an index that lies --- */

static void never_believes_an_entry(void **state)
{
    static const struct lie lies[] = {
        {"hash", lie_hash},
        {"parent", lie_parent},
        {"origin hash", lie_origin_hash},
        {"number", lie_number},
        {"time", lie_time},
        {"origin", lie_origin},
        {"sequence number", lie_sequence},
        {"text", lie_text},
        {"text outside", lie_text_far},
        {"bytes", lie_bytes},
        {"bytes outside", lie_bytes_far},
        {"two lines", lie_two_lines},
        {"frame", lie_frame},
        {"neighbour", lie_neighbour},
        {"suffix", lie_suffix},
    };
    struct folder f;
    struct opened o;
    struct ls_buf good;
    struct ls_span text;

    (void)state;
    make_folder(&f);
    open_chain(&f, false, &o);
    must_open(&o);
    folder_read(&f, LS_INDEX_L2_FILE, &good);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct ls_buf bad;
        ls_buf_init(&bad, good.n);
        ls_buf_put(&bad, good.p, good.n);
        reseal(&bad, ls_store_index(o.store), &lies[i], 40);
        write_index(&f, &bad);
        ls_buf_fini(&bad);
        must_open(&o);
        assert_false(ls_store_made_index(o.store));
        assert_int_equal(ls_store_read(o.store, 42, &text, NULL, &o.d), LS_OK);
        if (ls_store_read(o.store, 40, &text, NULL, &o.d) != LS_ERR_HASH ||
            !strstr(o.d.text, LS_INDEX_L2_FILE)) {
            fail_msg("%s: %s", lies[i].name, o.d.text);
        }
        /* Blocks that were not lied about are served. */
        assert_int_equal(ls_store_read(o.store, 20, &text, NULL, &o.d), LS_OK);
    }
    ls_buf_fini(&good);
    close_all(&o);
    folder_remove(&f);
}

/* At the start of a run no parent stands below: the place is told by the number alone. */
static void never_believes_the_first_entry_of_a_run(void **state)
{
    static const struct lie lie = {"neighbour", lie_neighbour};
    struct folder f;
    struct opened o;
    struct ls_buf bytes;
    struct ls_span text;

    (void)state;
    make_folder(&f);
    open_chain(&f, false, &o);
    must_open(&o);
    folder_read(&f, LS_INDEX_L2_FILE, &bytes);
    reseal(&bytes, ls_store_index(o.store), &lie, 1);
    write_index(&f, &bytes);
    must_open(&o);
    assert_int_equal(ls_store_read(o.store, 1, &text, NULL, &o.d), LS_ERR_HASH);
    ls_buf_fini(&bytes);
    close_all(&o);
    folder_remove(&f);
}

/* Slots without one free place, all wrong: looking up ends and finds nothing. */
static void a_full_table_ends_the_search(void **state)
{
    const struct ls_hash none = {{9}};
    struct folder f;
    struct opened o;
    struct ls_buf bytes;

    (void)state;
    make_folder(&f);
    open_chain(&f, false, &o);
    must_open(&o);
    folder_read(&f, LS_INDEX_L2_FILE, &bytes);
    size_t slots = ((size_t)ls_store_index(o.store)->slot_mask + 1) * sizeof(uint32_t);
    memset(bytes.p + bytes.n - slots, 0xff, slots);
    write_index(&f, &bytes);
    must_open(&o);
    assert_int_equal(ls_index_find(ls_store_index(o.store), &none), LS_INDEX_NONE);
    assert_int_equal(
        ls_index_find(ls_store_index(o.store), &ls_universe_get(o.chain.l2, 3)->ref.hash),
        LS_INDEX_NONE);
    ls_buf_fini(&bytes);
    close_all(&o);
    folder_remove(&f);
}

/* --- making an index checks every block --- */

static void drop_a_line(struct ls_buf *t, size_t start, size_t end)
{
    memmove(t->p + start, t->p + end, t->n - end);
    t->n -= end - start;
}

static void double_a_line(struct ls_buf *t, size_t start, size_t end)
{
    size_t n = end - start;
    size_t behind = t->n - end;

    assert_non_null(ls_buf_grow(t, n));
    memmove(t->p + end + n, t->p + end, behind);
    memcpy(t->p + end, t->p + start, n);
}

static void break_a_digit(struct ls_buf *t, size_t start, size_t end)
{
    char *at = strstr((char *)t->p + start, "\"stateRoot\":\"0x");

    assert_true(at && at < (char *)t->p + end);
    at += strlen("\"stateRoot\":\"0x");
    *at = *at == '1' ? '2' : '1';
}

/* Canonical 1614 gives way to the orphan of that number, which sits on another block. */
static void put_an_orphan_in_the_chain(struct ls_buf *t, size_t start, size_t end)
{
    struct ls_span rest = ls_buf_span(t);
    struct ls_span lines[89];
    struct ls_buf out;

    (void)start;
    (void)end;
    ls_buf_init(&out, LS_SEGMENT_BYTES_MAX);
    for (size_t i = 0; i < 89; i++) {
        assert_true(ls_segment_line(&rest, &lines[i]));
    }
    lines[1614 - FOLDER_FIRST + 1] = lines[83]; /* 82 is the orphan 1613 */
    for (size_t i = 0; i < 89; i++) {
        ls_buf_put(&out, lines[i].p, lines[i].n);
        ls_buf_putc(&out, '\n');
    }
    ls_buf_fini(t);
    *t = out;
}

static void no_last_line_feed(struct ls_buf *t, size_t start, size_t end)
{
    (void)start;
    (void)end;
    t->n--;
}

static void refuses_to_index_what_is_wrong(void **state)
{
    static const struct {
        void (*damage)(struct ls_buf *t, size_t start, size_t end);
        const char *block;
        const char *says;
    } rows[] = {
        {drop_a_line, "line 20, block 1579", "missing, doubled or moved"},
        {double_a_line, "line 21, block 1578", "missing, doubled or moved"},
        {break_a_digit, "line 20, block 1578", "hash"},
        {put_an_orphan_in_the_chain, "line 56, block 1614", "parentHash"},
        {no_last_line_feed, "line 89", "has no end"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct folder f;
        struct opened o = {.store = NULL};
        struct ls_manifest m;
        struct ls_arena a;
        struct ls_buf manifest;
        struct ls_buf text;
        make_folder(&f);
        folder_read_segment(&f, LS_SEGMENT_L2_FILE, &text);
        struct ls_span rest = ls_buf_span(&text);
        struct ls_span line;
        for (int n = 0; n < 20; n++) {
            assert_true(ls_segment_line(&rest, &line));
        }
        size_t start = (size_t)(line.p - text.p);
        rows[i].damage(&text, start, start + line.n + 1);
        folder_write_segment(&f, LS_SEGMENT_L2_FILE, &text);
        ls_arena_init(&a, 1u << 20);
        folder_read(&f, LS_MANIFEST_FILE, &manifest);
        assert_int_equal(ls_manifest_parse(ls_buf_span(&manifest), &a, &m, NULL), LS_OK);
        o.spec = (struct ls_store_spec){.dir = f.dir, .seg = &m.l2};
        if (open_store(&o) == LS_OK || !strstr(o.d.text, rows[i].block) ||
            !strstr(o.d.text, rows[i].says)) {
            fail_msg("row %zu: %s", i, o.d.text);
        }
        assert_int_equal(count_files(&f), 4);
        ls_buf_fini(&manifest);
        ls_buf_fini(&text);
        ls_arena_fini(&a);
        folder_remove(&f);
    }
}

/* The content is right and the manifest names another file: found at the end. */
static void refuses_a_segment_the_manifest_does_not_name(void **state)
{
    struct folder f;
    struct opened o;
    struct ls_manifest_segment seg;

    (void)state;
    make_folder(&f);
    open_chain(&f, false, &o);
    for (int has_index = 0; has_index < 2; has_index++) {
        const struct ls_manifest_segment *right = o.spec.seg;
        seg = *right;
        seg.sha256[5] ^= 1;
        o.spec.seg = &seg;
        assert_int_equal(open_store(&o), LS_ERR_HASH);
        assert_non_null(strstr(o.d.text, "sha256"));
        seg = *right;
        seg.lines++;
        assert_int_equal(open_store(&o), LS_ERR_RANGE);
        o.spec.seg = right;
        must_open(&o);
    }
    close_all(&o);
    folder_remove(&f);
}

/* --- windows --- */

static void compare_universes(const struct ls_universe *a, const struct ls_universe *b)
{
    assert_int_equal(ls_universe_count(a), ls_universe_count(b));
    for (uint32_t id = 0; id < ls_universe_count(a); id++) {
        const struct ls_ublock *x = ls_universe_get(a, id);
        const struct ls_ublock *y = ls_universe_get(b, id);
        assert_int_equal(x->json_bytes, y->json_bytes);
        assert_memory_equal(x->json, y->json, x->json_bytes);
        assert_int_equal(x->parent, y->parent);
        assert_int_equal(x->is_gap, y->is_gap);
    }
}

static void compare_branches(const struct ls_chain_branch *a, const struct ls_chain_branch *b,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(a[i].name, b[i].name);
        assert_int_equal(a[i].first, b[i].first);
        assert_int_equal(a[i].tip, b[i].tip);
    }
}

/* The window of a large folder and the folder `cut` made of it are the same chain. */
static void a_window_is_what_cutting_gives(void **state)
{
    const struct ls_chain_options window = {
        .has_window = true, .first = FOLDER_FIRST, .last = FOLDER_LAST, .extra_blocks = 3};
    struct folder small;
    struct folder large;
    struct ls_chain a;
    struct ls_chain b;

    (void)state;
    make_folder(&small);
    clone_source(&large, FOLDER_SOURCE);
    assert_int_equal(ls_chain_open(small.dir, NULL, &a, &small.d), LS_OK);
    for (int round = 0; round < 2; round++) { /* with the index to be made, and made */
        if (ls_chain_open(large.dir, &window, &b, &large.d)) {
            fail_msg("%s", large.d.text);
        }
        compare_universes(a.l2, b.l2);
        compare_universes(a.l1, b.l1);
        assert_int_equal(b.genesis, a.genesis);
        assert_int_equal(b.first, a.first);
        assert_int_equal(b.tip, a.tip);
        assert_int_equal(b.branch_count, a.branch_count);
        assert_int_equal(b.l1_branch_count, a.l1_branch_count);
        compare_branches(a.branches, b.branches, a.branch_count);
        compare_branches(a.l1_branches, b.l1_branches, a.l1_branch_count);
        assert_int_equal(b.timeline_count, a.timeline_count);
        for (size_t i = 0; i < a.timeline_count; i++) {
            assert_int_equal(a.timeline[i].at_ms, b.timeline[i].at_ms);
        }
        assert_int_equal(ls_universe_capacity(b.l2), ls_universe_count(b.l2) + 3);
        ls_chain_close(&b);
    }
    ls_chain_close(&a);
    folder_remove(&small);
    folder_remove(&large);
}

static void a_window_may_be_narrow_wide_or_nowhere(void **state)
{
    static const struct {
        uint64_t first, last;
        uint32_t blocks; /* 0: RANGE */
    } rows[] = {
        {FOLDER_FIRST, FOLDER_FIRST, 2},
        {0, UINT64_MAX, 89},
        {0, 0, 1},
        {1618, 1618, 2},
        {FOLDER_FIRST, 1614, 63}, /* the branch that leaves the window stays whole */
        {FOLDER_LAST, UINT64_MAX, 2},
        {1, FOLDER_FIRST - 1, 0},
        {FOLDER_LAST + 1, UINT64_MAX, 0},
    };
    struct folder f;
    struct ls_chain c;

    (void)state;
    make_folder(&f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ls_chain_options o = {
            .has_window = true, .first = rows[i].first, .last = rows[i].last};
        enum ls_err e = ls_chain_open(f.dir, &o, &c, &f.d);
        if (e != (rows[i].blocks ? LS_OK : LS_ERR_RANGE)) {
            fail_msg("row %zu: %s", i, f.d.text);
        }
        if (!e && ls_universe_count(c.l2) != rows[i].blocks) {
            fail_msg("row %zu: %u blocks", i, ls_universe_count(c.l2));
        }
        ls_chain_close(&c);
    }
    folder_remove(&f);
}

/* Rows of the labels stay with a branch, above the window too. */
static void a_branch_that_leaves_the_window_stays_whole(void **state)
{
    const struct ls_chain_options o = {.has_window = true, .first = FOLDER_FIRST, .last = 1614};
    struct folder f;
    struct ls_chain c;
    bool is_above = false;

    (void)state;
    make_folder(&f);
    if (ls_chain_open(f.dir, &o, &c, &f.d)) {
        fail_msg("%s", f.d.text);
    }
    const struct ls_chain_branch *br = ls_chain_branch(&c, "orphan-1613");
    assert_non_null(br);
    assert_int_equal(ls_universe_get(c.l2, br->tip)->ref.number, 1619);
    for (size_t i = 0; i < c.timeline_count; i++) {
        is_above |= c.timeline[i].status.unsafe_l2.number > 1614;
    }
    assert_true(is_above);
    ls_chain_close(&c);
    folder_remove(&f);
}

/* Genesis and block 1 have no hole between them. */
static void a_window_above_genesis_has_no_gap(void **state)
{
    const struct ls_chain_options o = {.has_window = true, .first = 1, .last = 10};
    struct folder f;
    struct ls_chain c;

    (void)state;
    clone_source(&f, "fixtures/devnet-forks");
    if (ls_chain_open(f.dir, &o, &c, &f.d)) {
        fail_msg("%s", f.d.text);
    }
    assert_int_equal(ls_universe_count(c.l2), 11);
    assert_false(ls_universe_get(c.l2, 1)->is_gap);
    assert_int_equal(c.first, c.genesis);
    ls_chain_close(&c);
    folder_remove(&f);
}

static void an_index_that_lies_spoils_no_window(void **state)
{
    static const struct lie lie = {"neighbour", lie_neighbour};
    const struct ls_chain_options o = {
        .has_window = true, .first = FOLDER_FIRST, .last = FOLDER_LAST};
    struct folder f;
    struct opened of;
    struct ls_buf bytes;
    struct ls_chain c;

    (void)state;
    make_folder(&f);
    open_chain(&f, false, &of);
    must_open(&of);
    folder_read(&f, LS_INDEX_L2_FILE, &bytes);
    reseal(&bytes, ls_store_index(of.store), &lie, 30);
    write_index(&f, &bytes);
    assert_int_not_equal(ls_chain_open(f.dir, &o, &c, &f.d), LS_OK);
    assert_non_null(strstr(f.d.text, "block 1589"));
    ls_chain_close(&c);
    ls_buf_fini(&bytes);
    close_all(&of);
    folder_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_block_by_number_and_hash),
        cmocka_unit_test(knows_what_is_not_there),
        cmocka_unit_test(reads_across_many_frames),
        cmocka_unit_test(gives_pages_of_the_index_back),
        cmocka_unit_test(makes_the_index_once),
        cmocka_unit_test(makes_a_stale_index_anew),
        cmocka_unit_test(makes_the_index_anew_for_another_segment),
        cmocka_unit_test(sees_that_a_segment_grew),
        cmocka_unit_test(many_processes_may_open_at_once),
        cmocka_unit_test(never_believes_an_entry),
        cmocka_unit_test(never_believes_the_first_entry_of_a_run),
        cmocka_unit_test(a_full_table_ends_the_search),
        cmocka_unit_test(refuses_to_index_what_is_wrong),
        cmocka_unit_test(refuses_a_segment_the_manifest_does_not_name),
        cmocka_unit_test(a_window_is_what_cutting_gives),
        cmocka_unit_test(a_window_may_be_narrow_wide_or_nowhere),
        cmocka_unit_test(a_branch_that_leaves_the_window_stays_whole),
        cmocka_unit_test(a_window_above_genesis_has_no_gap),
        cmocka_unit_test(an_index_that_lies_spoils_no_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
