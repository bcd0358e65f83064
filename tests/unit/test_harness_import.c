/*
 * Importing: blocks in every wrapping, in any order; what comes out is what went in; what cannot be
 * a block is refused with file and line. And the command lines around it.
 */
#include "tests/unit/harness_folder.h"

#include <cJSON.h>
#include <fcntl.h>

#include "harness/capture/commands.h"
#include "harness/capture/input.h"
#include "lib/zst.h"

#define RUN "fixtures/op-mainnet-run"

/* --- command lines --- */

/* Runs a subcommand with its output in the folder's "out" and "err"; returns the exit code. */
static int call(const struct folder *f, int (*cmd)(int, char **), const char *const *args)
{
    char *argv[32];
    char path[LS_PATH_MAX];
    int argc = 0;
    int keep[2] = {dup(1), dup(2)};

    for (; args[argc]; argc++) {
        argv[argc] = strdup(args[argc]);
    }
    argv[argc] = NULL;
    fflush(stdout);
    for (int fd = 1; fd <= 2; fd++) {
        folder_path(f, fd == 1 ? "out" : "err", path);
        int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_true(to >= 0);
        dup2(to, fd);
        close(to);
    }
    int code = cmd(argc, argv);
    fflush(stdout);
    for (int fd = 1; fd <= 2; fd++) {
        dup2(keep[fd - 1], fd);
        close(keep[fd - 1]);
    }
    while (argc > 0) {
        free(argv[--argc]);
    }
    return code;
}

#define CALL(f, cmd, ...) call((f), (cmd), (const char *const[]){__VA_ARGS__, NULL})

/* What went wrong is one line, and it says `says`. */
static void assert_one_line(const struct folder *f, const char *says)
{
    struct ls_buf err;

    folder_read(f, "err", &err);
    const char *text = err.p ? (const char *)err.p : "";
    if (err.n == 0 || strchr(text, '\n') != text + err.n - 1 || !strstr(text, says)) {
        fail_msg("stderr, instead of a line with \"%s\": %s", says, text);
    }
    ls_buf_fini(&err);
}

/* --- forms of input --- */

static void export_l2(const struct folder *f, const char *dir, struct ls_buf *out)
{
    assert_int_equal(CALL(f, ls_cmd_export, "export", dir), 0);
    folder_read(f, "out", out);
}

/* Writes `in`, imports it into the folder and exports it again. */
static void round_trip(struct folder *f, const struct ls_buf *in, struct ls_buf *out)
{
    char path[LS_PATH_MAX];

    folder_write(f, "in", in->p, in->n);
    folder_path(f, "in", path);
    if (CALL(f, ls_cmd_import, "import", path, "-o", f->dir, "--replace", "--level", "1")) {
        folder_read(f, "err", out);
        fail_msg("%s", (const char *)out->p);
    }
    export_l2(f, f->dir, out);
}

static void assert_same(const struct ls_buf *a, const struct ls_buf *b)
{
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->p, b->p, a->n);
}

static void put_lines(struct ls_buf *to, const struct ls_buf *lines, const char *before,
                      const char *between, const char *after)
{
    struct ls_span rest = ls_buf_span(lines);
    struct ls_span line;
    const char *sep = before;

    while (ls_segment_line(&rest, &line)) {
        ls_buf_puts(to, sep);
        ls_buf_put(to, line.p, line.n);
        sep = between;
    }
    ls_buf_puts(to, after);
}

static void every_wrapping_gives_the_same_blocks(void **state)
{
    static const struct {
        const char *before, *between, *after;
    } forms[] = {
        {"", "\n", "\n"},
        {"", "\n", ""},
        {"\n\n", "\n\n", "  \n"},
        {"[", ",", "]"},
        {"[\n", "\n,\n", "\n]\n"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":",
         "}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":", "}"},
        {"[{\"id\":1,\"result\":", "},{\"id\":1,\"result\":", "}]"},
        {"{\"chainId\":10,\"provenance\":[\"here\"],\"blocks\":[", ",", "]}"},
    };
    struct folder f;
    struct ls_buf blocks;

    (void)state;
    folder_make(&f);
    export_l2(&f, RUN, &blocks);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct ls_buf in;
        struct ls_buf out;
        ls_buf_init(&in, LS_SEGMENT_BYTES_MAX);
        put_lines(&in, &blocks, forms[i].before, forms[i].between, forms[i].after);
        round_trip(&f, &in, &out);
        assert_same(&out, &blocks);
        ls_buf_fini(&in);
        ls_buf_fini(&out);
    }
    ls_buf_fini(&blocks);
    folder_remove(&f);
}

static void compressed_input_is_taken(void **state)
{
    struct folder f;
    struct ls_buf blocks;
    struct ls_buf packed;
    struct ls_buf out;

    (void)state;
    folder_make(&f);
    export_l2(&f, RUN, &blocks);
    ls_buf_init(&packed, LS_SEGMENT_BYTES_MAX);
    assert_int_equal(ls_zst_compress(blocks.p, blocks.n, 1, &packed), LS_OK);
    round_trip(&f, &packed, &out);
    assert_same(&out, &blocks);
    ls_buf_fini(&out);
    ls_buf_fini(&packed);
    ls_buf_fini(&blocks);
    folder_remove(&f);
}

/* The highest block first: the order of the folder does not depend on that of the file. */
static void blocks_may_come_in_any_order_and_twice(void **state)
{
    struct folder f;
    struct ls_buf blocks;
    struct ls_buf in;
    struct ls_buf out;

    (void)state;
    folder_make(&f);
    export_l2(&f, RUN, &blocks);
    ls_buf_init(&in, LS_SEGMENT_BYTES_MAX);
    for (size_t end = blocks.n; end > 0;) {
        size_t start = end - 1;
        while (start > 0 && blocks.p[start - 1] != '\n') {
            start--;
        }
        ls_buf_put(&in, blocks.p + start, end - start);
        end = start;
    }
    ls_buf_put(&in, blocks.p, blocks.n);
    round_trip(&f, &in, &out);
    assert_same(&out, &blocks);
    ls_buf_fini(&out);
    ls_buf_fini(&in);
    ls_buf_fini(&blocks);
    folder_remove(&f);
}

static void every_fixture_comes_out_as_it_went_in(void **state)
{
    static const char *const dirs[] = {"fixtures/devnet-forks", "fixtures/devnet-reorgs",
                                       "fixtures/op-sepolia-window", "fixtures/op-sepolia-runs"};
    struct folder f;

    (void)state;
    folder_make(&f);
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        struct ls_buf blocks;
        struct ls_buf out;
        export_l2(&f, dirs[i], &blocks);
        round_trip(&f, &blocks, &out);
        assert_same(&out, &blocks);
        ls_buf_fini(&out);
        ls_buf_fini(&blocks);
    }
    folder_remove(&f);
}

static void cleaning_leaves_out_only_what_collectors_added(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"{\"a\": \"_\", \"raws\": 1}", "{\"a\": \"_\", \"raws\": 1}"},
        {"{\"_n\":1,\"a\":2}", "{\"a\":2}"},
        {"{\"a\":2 , \"_n\":{\"x\":[1,\"}\"]} }", "{\"a\":2}"},
        {"{\"transactions\":[{\"raw\":\"0x\",\"b\":\"raw\"},\"0x1\"],\"raw\":0}",
         "{\"transactions\":[{\"b\":\"raw\"},\"0x1\"]}"},
        {"{\n \"a\" : [ 1 , 2 ],\r\n \"b c\" : \"x \\\" y\"\n}",
         "{\"a\":[1,2],\"b c\":\"x \\\" y\"}"},
        {"{\"_n\":1}", "{}"},
        {"{\"other\":{\"_keep\":1},\"_n\":0}", "{\"other\":{\"_keep\":1}}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_buf b;
        ls_buf_init(&b, 4096);
        ls_input_clean((struct ls_span){(const uint8_t *)rows[i].in, strlen(rows[i].in)}, &b);
        assert_string_equal((const char *)b.p, rows[i].out);
        ls_buf_fini(&b);
    }
}

/* --- what is refused --- */

static void refuses_what_is_no_block_with_file_and_line(void **state)
{
    static const struct {
        const char *text, *says;
        int code;
    } rows[] = {
        {"", "there are no blocks", 1},
        {"\n\n{\"a\":1}", "line 3", 1},
        {"null", "did not have this block", 1},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}", "did not have this block", 1},
        {"\n{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,\"message\":\"gone\"}}",
         "\"gone\"", 1},
        {"[1]", "neither an object", 1},
        {"[[[[[[{}]]]]]]", "wrapped", 1},
        {"{\"parentHash\":\"0x\"}", "line 1", 1},
        {"{\n\"a\":\n}", "line 3: malformed JSON", 1},
        {"{\"parentHash\":", "ends too early", 1},
        {"\x28\xb5\x2f\xfd garbage", "damaged or cut", 1},
    };
    struct folder f;
    char path[LS_PATH_MAX];

    (void)state;
    folder_make(&f);
    folder_path(&f, "in", path);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        folder_write(&f, "in", rows[i].text, strlen(rows[i].text));
        assert_int_equal(CALL(&f, ls_cmd_import, "import", path, "-o", f.dir), rows[i].code);
        assert_one_line(&f, rows[i].says);
    }
    folder_remove(&f);
}

static void names_the_block_that_does_not_hash(void **state)
{
    struct folder f;
    struct ls_buf blocks;
    char path[LS_PATH_MAX];

    (void)state;
    folder_make(&f);
    export_l2(&f, RUN, &blocks);
    assert_int_not_equal(
        text_replace(&blocks, "\"number\":\"0x68379a2\"", "\"number\":\"0x6837dff\""), 0);
    folder_write(&f, "in", blocks.p, blocks.n);
    folder_path(&f, "in", path);
    assert_int_equal(CALL(&f, ls_cmd_import, "import", path, "-o", f.dir), 1);
    assert_one_line(&f, "line ");
    assert_one_line(&f, "hash");
    assert_false(ls_file_exists(f.dir) && folder_open(&f) == LS_OK);
    ls_buf_fini(&blocks);
    folder_remove(&f);
}

static void wrong_usage_is_one_line_and_exit_2(void **state)
{
    struct folder f;

    (void)state;
    folder_make(&f);
#define USAGE(cmd, says, ...)                            \
    do {                                                 \
        assert_int_equal(CALL(&f, cmd, __VA_ARGS__), 2); \
        assert_one_line(&f, says);                       \
    } while (0)
    USAGE(ls_cmd_import, "no FILE", "import", "-o", f.dir);
    USAGE(ls_cmd_import, "-o DIR", "import", "x.json");
    USAGE(ls_cmd_import, "/nonexistent/x", "import", "/nonexistent/x", "-o", f.dir);
    USAGE(ls_cmd_import, "--frist", "import", "x", "-o", f.dir, "--frist", "1");
    USAGE(ls_cmd_import, "--first", "import", "x", "-o", f.dir, "--first", "one");
    USAGE(ls_cmd_import, "--first is above", "import", "x", "-o", f.dir, "--first=2", "--last=1");
    USAGE(ls_cmd_import, "--level", "import", "x", "-o", f.dir, "--level", "0");
    USAGE(ls_cmd_import, "--name", "import", "x", "-o", f.dir, "--name", "a/b");
    USAGE(ls_cmd_import, "twice", "import", "x", "-o", f.dir, "-o", f.dir);
    USAGE(ls_cmd_import, "needs a value", "import", "x", "-o");
    USAGE(ls_cmd_import, "takes no value", "import", "x", "--replace=yes", "-o", f.dir);
    USAGE(ls_cmd_import, "--rollup", "import", "--attributes", "x", "-o", f.dir);
    USAGE(ls_cmd_import, "/nonexistent/r", "import", "x", "--rollup", "/nonexistent/r", "-o",
          f.dir);
    USAGE(ls_cmd_verify, "no DIR", "verify");
    USAGE(ls_cmd_verify, "/nonexistent/f", "verify", "/nonexistent/f");
    USAGE(ls_cmd_info, "/nonexistent/f", "info", "/nonexistent/f");
    USAGE(ls_cmd_export, "one DIR", "export");
    USAGE(ls_cmd_export, "exclude", "export", RUN, "--l1", "--status");
    USAGE(ls_cmd_cut, "-o DIR", "cut", RUN);
    USAGE(ls_cmd_cut, "above", "cut", RUN, "--first", "9", "--last", "8", "-o", f.dir);
    USAGE(ls_cmd_fork, "--name", "fork", RUN, "--at", "1", "--length", "1", "-o", f.dir);
    USAGE(ls_cmd_fork, "--at", "fork", RUN, "--name", "x", "--length", "1", "-o", f.dir);
    USAGE(ls_cmd_fork, "--length", "fork", RUN, "--name", "x", "--at", "1", "-o", f.dir);
    USAGE(ls_cmd_fork, "--set", "fork", RUN, "--name", "x", "--at", "1", "--length", "1", "--set",
          "extraData", "-o", f.dir);
    USAGE(ls_cmd_fork, "not recorded", "fork", RUN, "--name", "x", "--at", "1", "--length", "1",
          "-o", f.dir);
    folder_remove(&f);
}

static void help_is_on_stdout_and_exit_0(void **state)
{
    int (*const cmds[])(int, char **) = {ls_cmd_import, ls_cmd_verify, ls_cmd_info,
                                         ls_cmd_cut,    ls_cmd_fork,   ls_cmd_export};
    struct folder f;

    (void)state;
    folder_make(&f);
    for (size_t i = 0; i < sizeof cmds / sizeof cmds[0]; i++) {
        struct ls_buf out;
        assert_int_equal(CALL(&f, cmds[i], "x", "--help"), 0);
        folder_read(&f, "out", &out);
        assert_non_null(strstr((const char *)out.p, "usage: lockstep "));
        ls_buf_fini(&out);
    }
    folder_remove(&f);
}

static void keeps_a_fixture_that_is_there_unless_told(void **state)
{
    struct folder f;

    (void)state;
    folder_make(&f);
    folder_fill(&f);
    assert_int_equal(CALL(&f, ls_cmd_cut, "cut", RUN, "-o", f.dir), 1);
    assert_one_line(&f, "--replace");
    assert_int_equal(folder_open(&f), LS_OK);
    assert_int_equal(CALL(&f, ls_cmd_cut, "cut", RUN, "-o", f.dir, "--replace"), 0);
    folder_remove(&f);
}

static void verify_exits_1_for_refused_content(void **state)
{
    struct folder f;

    (void)state;
    folder_make(&f);
    folder_fill(&f);
    assert_int_equal(CALL(&f, ls_cmd_verify, "verify", f.dir, RUN), 0);
    folder_edit_manifest(&f, "\"format\": 1", "\"format\": 9");
    assert_int_equal(CALL(&f, ls_cmd_verify, "verify", RUN, f.dir), 1);
    assert_one_line(&f, "format");
    folder_remove(&f);
}

/* Blocks of a fixture, taken out, put into a new folder and taken out again: not a byte differs. */
static void every_fixture_goes_out_and_in_again(void **state)
{
    static const char *const fixtures[] = {"fixtures/devnet-forks",    "fixtures/devnet-dense",
                                           "fixtures/devnet-reorgs",   "fixtures/op-sepolia-window",
                                           "fixtures/op-sepolia-runs", "fixtures/op-mainnet-run"};

    (void)state;
    for (size_t i = 0; i < sizeof fixtures / sizeof fixtures[0]; i++) {
        struct folder f;
        struct ls_buf first;
        struct ls_buf second;
        char in[LS_PATH_MAX];
        folder_make(&f);
        folder_path(&f, "in", in);
        assert_int_equal(CALL(&f, ls_cmd_export, "export", fixtures[i], "-o", in), 0);
        assert_int_equal(CALL(&f, ls_cmd_import, "import", in, "-o", f.dir), 0);
        assert_int_equal(CALL(&f, ls_cmd_export, "export", f.dir), 0);
        folder_read(&f, "in", &first);
        folder_read(&f, "out", &second);
        assert_int_equal(first.n, second.n);
        assert_memory_equal(first.p, second.p, first.n);
        ls_buf_fini(&first);
        ls_buf_fini(&second);
        folder_remove(&f);
    }
}

/* The line-th line of "out" as JSON. */
static cJSON *out_line(const struct folder *f, unsigned line)
{
    struct ls_buf out;
    struct ls_span text;

    folder_read(f, "out", &out);
    struct ls_span rest = ls_buf_span(&out);
    for (unsigned i = 0; i < line; i++) {
        assert_true(ls_segment_line(&rest, &text));
    }
    cJSON *v = cJSON_ParseWithLength((const char *)text.p, text.n);
    assert_non_null(v);
    ls_buf_fini(&out);
    return v;
}

static double number_of(const cJSON *object, const char *key)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static void verify_speaks_json(void **state)
{
    struct folder f;
    struct ls_buf text;

    (void)state;
    folder_make(&f);
    folder_fill(&f);
    folder_read_segment(&f, LS_SEGMENT_L2_FILE, &text);
    char *digit = strstr((char *)text.p, "\"stateRoot\":\"0x"); /* of the first line, genesis */
    assert_non_null(digit);
    digit += strlen("\"stateRoot\":\"0x");
    *digit = *digit == '1' ? '2' : '1';
    folder_write_segment(&f, LS_SEGMENT_L2_FILE, &text);
    ls_buf_fini(&text);
    assert_int_equal(CALL(&f, ls_cmd_verify, "verify", "--json", RUN, f.dir), 1);
    cJSON *good = out_line(&f, 1);
    cJSON *bad = out_line(&f, 2);
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(bad, "error");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(good, "ok")));
    assert_string_equal(text_of(good, "dir"), RUN);
    assert_int_equal((int)number_of(good, "l2_blocks"), 75);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(bad, "ok")));
    assert_string_equal(text_of(error, "file"), LS_SEGMENT_L2_FILE);
    assert_int_equal((int)number_of(error, "line"), 1);
    assert_int_equal((int)number_of(error, "block"), 0);
    assert_string_equal(text_of(error, "field"), "hash");
    assert_string_equal(text_of(error, "code"), "HASH");
    assert_non_null(strstr(text_of(error, "text"), f.dir));
    cJSON_Delete(good);
    cJSON_Delete(bad);
    folder_remove(&f);
}

static void fork_and_cut_work_from_the_command_line(void **state)
{
    struct folder f;
    struct ls_chain c;

    (void)state;
    folder_make(&f);
    assert_int_equal(CALL(&f, ls_cmd_fork, "fork", FOLDER_SOURCE, "--at", "1700", "--length", "4",
                          "--name", "side", "--set", "stateRoot", "--invalid-from", "2", "-o",
                          f.dir),
                     0);
    assert_int_equal(CALL(&f, ls_cmd_info, "info", f.dir), 0);
    assert_int_equal(ls_chain_open(f.dir, NULL, &c, NULL), LS_OK);
    const struct ls_chain_branch *br = ls_chain_branch(&c, "side");
    assert_non_null(br);
    assert_int_equal(ls_universe_get(c.l2, br->first)->ref.number, 1701);
    assert_int_equal(ls_universe_get(c.l2, br->tip)->ref.number, 1704);
    assert_true(ls_universe_get(c.l2, br->tip)->expect_invalid);
    assert_string_equal(c.name, "devnet-reorgs");
    ls_chain_close(&c);
    folder_remove(&f);
}

/* --- a chain that went back and is not yet as high as before --- */

#define BACK_TIP 1615u    /* canonical, in the middle of a reorg of FOLDER_SOURCE */
#define BACK_ORPHAN 1619u /* what it left behind goes up to here */

static bool is_canonical(const struct ls_chain *c, const struct ls_draft_block *b)
{
    uint32_t id = ls_chain_at(c, b->number);

    return id != LS_NO_BLOCK && ls_hash_eq(&ls_universe_get(c->l2, id)->ref.hash, &b->hash);
}

/* The reorg of FOLDER_SOURCE as a capture would have it that ended at BACK_TIP: without the blocks
 * that came later, and the label rows that tell of them. */
static void keep_until_back(struct ls_draft *draft, const struct ls_chain *c)
{
    size_t kept = 0;
    size_t rows = 1;

    for (size_t i = 0; i < draft->l2.count; i++) {
        const struct ls_draft_block *b = &draft->l2.items[i];
        if (is_canonical(c, b) ? b->number <= BACK_TIP : b->number <= BACK_ORPHAN) {
            draft->l2.items[kept++] = *b;
        }
    }
    draft->l2.count = kept;
    while (draft->rows[rows].status.unsafe_l2.number >=
           draft->rows[rows - 1].status.unsafe_l2.number) {
        rows++;
    }
    while (draft->rows[rows].status.unsafe_l2.number <= BACK_TIP) {
        rows++;
    }
    draft->row_count = rows;
}

/* Writes that folder; hash is that of its tip, as text. */
static void folder_went_back(struct folder *f, char hash[67])
{
    const struct ls_draft_options o = {.last = UINT64_MAX, .level = 1};
    struct ls_draft draft;
    struct ls_chain c;

    folder_make(f);
    assert_int_equal(ls_chain_open(FOLDER_SOURCE, NULL, &c, NULL), LS_OK);
    const struct ls_hash *tip = &ls_universe_get(c.l2, ls_chain_at(&c, BACK_TIP))->ref.hash;
    memcpy(hash, "0x", 2);
    ls_hex_encode(tip->b, sizeof tip->b, hash + 2);
    hash[66] = '\0';
    ls_draft_init(&draft);
    assert_int_equal(ls_draft_from_chain(&draft, &c, NULL), LS_OK);
    keep_until_back(&draft, &c);
    assert_int_equal(ls_draft_add_point(&draft.l2_points, tip, LS_DAG_TIP, NULL), LS_OK);
    if (ls_draft_write(&draft, f->dir, &o, &f->d)) {
        fail_msg("%s", f->d.text);
    }
    ls_draft_fini(&draft);
    ls_chain_close(&c);
}

/* The number of the last canonical block of a folder, which has the left blocks as well. */
static uint64_t tip_of(const struct folder *f)
{
    struct ls_chain c;

    assert_int_equal(ls_chain_open(f->dir, NULL, &c, NULL), LS_OK);
    uint64_t number = ls_universe_get(c.l2, c.tip)->ref.number;
    assert_true(c.branch_count >= 2);
    ls_chain_close(&c);
    return number;
}

static void a_tip_below_an_orphan_stays_the_tip(void **state)
{
    struct folder from;
    struct folder to;
    char hash[67];

    (void)state;
    folder_went_back(&from, hash);
    assert_int_equal(tip_of(&from), BACK_TIP);
    folder_make(&to);
    assert_int_equal(CALL(&from, ls_cmd_cut, "cut", from.dir, "--first", "1600", "--last", "1700",
                          "-o", to.dir, "--replace"),
                     0);
    assert_int_equal(tip_of(&to), BACK_TIP);
    assert_int_equal(CALL(&from, ls_cmd_cut, "cut", from.dir, "-o", to.dir, "--replace"), 0);
    assert_int_equal(tip_of(&to), BACK_TIP);
    assert_int_equal(CALL(&from, ls_cmd_fork, "fork", from.dir, "--at", "1610", "--length", "3",
                          "--name", "side", "-o", to.dir, "--replace"),
                     0);
    assert_int_equal(tip_of(&to), BACK_TIP);
    folder_remove(&to);
    folder_remove(&from);
}

/* Exports one kind of lines of a folder into a file of another. */
static void export_into(const struct folder *from, const char *kind, const struct folder *to,
                        const char *name, char *path)
{
    folder_path(to, name, path);
    assert_int_equal(CALL(from, ls_cmd_export, "export", from->dir, "-o", path, kind), 0);
}

static void import_takes_the_tip_it_is_told_or_the_one_of_the_labels(void **state)
{
    struct folder from;
    struct folder to;
    char hash[67];
    char in[LS_PATH_MAX];
    char labels[LS_PATH_MAX];

    (void)state;
    folder_went_back(&from, hash);
    folder_make(&to);
    folder_path(&to, "in", in);
    assert_int_equal(CALL(&from, ls_cmd_export, "export", from.dir, "-o", in), 0);
    assert_int_equal(CALL(&to, ls_cmd_import, "import", in, "-o", to.dir), 0);
    assert_int_equal(tip_of(&to), BACK_ORPHAN);
    assert_int_equal(
        CALL(&to, ls_cmd_import, "import", in, "-o", to.dir, "--replace", "--canonical-tip", hash),
        0);
    assert_int_equal(tip_of(&to), BACK_TIP);
    export_into(&from, "--status", &to, "labels", labels);
    assert_int_equal(
        CALL(&to, ls_cmd_import, "import", in, "-o", to.dir, "--replace", "--status", labels), 0);
    assert_int_equal(tip_of(&to), BACK_TIP);
    unlink(labels);
    hash[10] = hash[10] == '0' ? '1' : '0';
    assert_int_equal(
        CALL(&to, ls_cmd_import, "import", in, "-o", to.dir, "--replace", "--canonical-tip", hash),
        1);
    assert_one_line(&to, hash);
    assert_int_equal(CALL(&to, ls_cmd_import, "import", in, "-o", to.dir, "--replace",
                          "--canonical-tip", "1615"),
                     2);
    assert_one_line(&to, "1615");
    folder_remove(&to);
    folder_remove(&from);
}

static void urls_do_not_get_into_provenance(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"recorded by hand", "recorded by hand"},
        {"from https://user:key@host/v2/secret today", "from today"},
        {"https://host/secret", ""},
        {"a  b", "a b"},
    };
    struct ls_draft draft;

    (void)state;
    ls_draft_init(&draft);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(ls_draft_add_provenance(&draft, rows[i].in, NULL), LS_OK);
        assert_string_equal(draft.provenance[i], rows[i].out);
    }
    assert_int_equal(ls_draft_add_provenance(&draft, "recorded by hand", NULL), LS_OK);
    assert_int_equal(draft.provenance_count, sizeof rows / sizeof rows[0]);
    ls_draft_fini(&draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrapping_gives_the_same_blocks),
        cmocka_unit_test(compressed_input_is_taken),
        cmocka_unit_test(blocks_may_come_in_any_order_and_twice),
        cmocka_unit_test(every_fixture_comes_out_as_it_went_in),
        cmocka_unit_test(cleaning_leaves_out_only_what_collectors_added),
        cmocka_unit_test(refuses_what_is_no_block_with_file_and_line),
        cmocka_unit_test(names_the_block_that_does_not_hash),
        cmocka_unit_test(wrong_usage_is_one_line_and_exit_2),
        cmocka_unit_test(help_is_on_stdout_and_exit_0),
        cmocka_unit_test(keeps_a_fixture_that_is_there_unless_told),
        cmocka_unit_test(verify_exits_1_for_refused_content),
        cmocka_unit_test(every_fixture_goes_out_and_in_again),
        cmocka_unit_test(verify_speaks_json),
        cmocka_unit_test(fork_and_cut_work_from_the_command_line),
        cmocka_unit_test(a_tip_below_an_orphan_stays_the_tip),
        cmocka_unit_test(import_takes_the_tip_it_is_told_or_the_one_of_the_labels),
        cmocka_unit_test(urls_do_not_get_into_provenance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
