/*
 * Fixture folders: each of the repository's opens and holds what its manifest says; each kind of
 * damage is refused with block and field.
 */
#include "tests/unit/harness_folder.h"

#include <cJSON.h>

#include "harness/capture/jsontext.h"
#include "lib/json.h"
#include "lib/op/block.h"
#include "lib/op/tx.h"

/* --- the repository's fixtures --- */

static void open_fixture(const char *dir, struct ls_chain *c)
{
    struct ls_diag d = {""};

    if (ls_chain_open(dir, NULL, c, &d)) {
        fail_msg("%s", d.text);
    }
}

static void every_fixture_opens(void **state)
{
    static const struct {
        const char *dir;
        uint64_t l2_chain_id;
        uint32_t blocks;
        uint64_t first, tip;
        size_t branches;
        bool is_synthetic;
    } rows[] = {
        {"fixtures/devnet-forks", 901, 512, 0, 511, 1, false},
        {"fixtures/devnet-dense", 901, 1001, 512, 1511, 1, false},
        {"fixtures/devnet-reorgs", 901, 531, 1326, 1837, 3, false},
        {"fixtures/op-sepolia-window", 11155420, 353, 16490898, 16491249, 1, true},
        {"fixtures/op-sepolia-runs", 11155420, 35, 26208858, 26208858, 1, false},
        {"fixtures/op-mainnet-run", 10, 75, 109279616, 109279689, 1, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ls_chain c;
        open_fixture(rows[i].dir, &c);
        assert_string_equal(c.name, rows[i].dir + strlen("fixtures/"));
        assert_int_equal(c.l2_chain_id, rows[i].l2_chain_id);
        assert_int_equal(ls_universe_count(c.l2), rows[i].blocks);
        assert_int_equal(ls_universe_get(c.l2, c.first)->ref.number, rows[i].first);
        assert_int_equal(ls_universe_get(c.l2, c.tip)->ref.number, rows[i].tip);
        assert_int_equal(c.branch_count, rows[i].branches);
        assert_int_equal(c.synthetic != NULL, rows[i].is_synthetic);
        assert_true(c.has_rollup);
        assert_int_not_equal(c.genesis, LS_NO_BLOCK);
        assert_true(ls_universe_is_ancestor(c.l2, c.genesis, c.tip));
        ls_chain_close(&c);
    }
}

/* Each fork that begins on the devnet, with ten blocks before and behind. */
static void fork_boundaries_have_blocks_around_them(void **state)
{
    struct ls_chain c;
    unsigned boundaries = 0;

    (void)state;
    open_fixture("fixtures/devnet-forks", &c);
    for (size_t f = 0; f < LS_FORK_COUNT; f++) {
        uint64_t at = c.rollup.fork_time[f];
        if (at == LS_FORK_NEVER || at <= c.rollup.genesis_l2_time) {
            continue;
        }
        uint64_t number = (at - c.rollup.genesis_l2_time) / c.rollup.block_time;
        assert_true(ls_rollup_is_activation(&c.rollup, (enum ls_fork)f, at));
        for (uint64_t n = number - 10; n <= number + 10; n++) {
            assert_int_not_equal(ls_chain_at(&c, n), LS_NO_BLOCK);
        }
        boundaries++;
    }
    assert_int_equal(boundaries, 6);
    ls_chain_close(&c);
}

static void window_behind_a_gap_hangs_on_genesis(void **state)
{
    struct ls_chain c;

    (void)state;
    open_fixture("fixtures/op-sepolia-window", &c);
    assert_int_equal(c.genesis, 0);
    assert_int_equal(ls_universe_get(c.l2, c.first)->parent, c.genesis);
    assert_true(ls_universe_get(c.l2, c.first)->is_gap);
    assert_int_equal(ls_chain_at(&c, 1000), LS_NO_BLOCK);
    assert_int_equal(ls_chain_at(&c, 16490898), c.first);
    ls_chain_close(&c);
}

static void orphans_are_branches_with_their_fork_points(void **state)
{
    static const struct {
        const char *name;
        uint64_t first, tip;
    } rows[] = {{"orphan-1613", 1613, 1619}, {"orphan-1757", 1757, 1767}};
    struct ls_chain c;

    (void)state;
    open_fixture("fixtures/devnet-reorgs", &c);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ls_chain_branch *br = ls_chain_branch(&c, rows[i].name);
        assert_non_null(br);
        assert_false(br->is_synthetic);
        assert_int_equal(ls_universe_get(c.l2, br->first)->ref.number, rows[i].first);
        assert_int_equal(ls_universe_get(c.l2, br->tip)->ref.number, rows[i].tip);
        assert_int_equal(ls_universe_get(c.l2, br->first)->parent,
                         ls_chain_at(&c, rows[i].first - 1));
        assert_int_not_equal(ls_chain_at(&c, rows[i].first), br->first);
    }
    assert_int_equal(c.l1_branch_count, 3);
    assert_null(ls_chain_branch(&c, "no-such-branch"));
    ls_chain_close(&c);
}

/* The second recorded reorg: safe 1758 is orphaned and replaced. */
static void timeline_shows_the_recorded_reorg(void **state)
{
    struct ls_chain c;
    bool was_safe = false;
    bool was_replaced = false;

    (void)state;
    open_fixture("fixtures/devnet-reorgs", &c);
    const struct ls_chain_branch *orphan = ls_chain_branch(&c, "orphan-1757");
    assert_true(c.timeline_count > 0);
    for (size_t i = 0; i < c.timeline_count; i++) {
        const struct ls_l2_ref *safe = &c.timeline[i].status.safe_l2;
        uint32_t id = ls_universe_find(c.l2, &safe->hash);
        assert_int_not_equal(id, LS_NO_BLOCK);
        assert_true(c.timeline[i].json.n > 0);
        was_safe |= safe->number == 1758 && ls_universe_is_ancestor(c.l2, orphan->first, id);
        was_replaced |= was_safe && safe->number > 1758 && ls_universe_is_ancestor(c.l2, id, c.tip);
    }
    assert_true(was_safe);
    assert_true(was_replaced);
    ls_chain_close(&c);
}

/* --- damage: tools --- */

/* The line-th line (from 1) of a text: where it starts and ends, line feed included. */
static void find_line(const struct ls_buf *b, unsigned line, size_t *start, size_t *end)
{
    size_t at = 0;

    for (unsigned i = 1;; i++) {
        const uint8_t *lf = memchr(b->p + at, '\n', b->n - at);
        assert_non_null(lf);
        *start = at;
        *end = (size_t)(lf - b->p) + 1;
        if (i == line) {
            return;
        }
        at = *end;
    }
}

static void splice(struct ls_buf *b, size_t start, size_t end, const void *p, size_t n)
{
    struct ls_buf out;

    ls_buf_init(&out, LS_SEGMENT_BYTES_MAX);
    ls_buf_put(&out, b->p, start);
    ls_buf_put(&out, p, n);
    ls_buf_put(&out, b->p + end, b->n - end);
    assert_int_equal(out.err, LS_OK);
    ls_buf_fini(b);
    *b = out;
}

/* Finds `"key":"0x…"` behind the marker in a line and changes the last digit of its value. */
static void flip(struct ls_buf *b, unsigned line, const char *marker, const char *key)
{
    char wanted[64];
    size_t start;
    size_t end;

    find_line(b, line, &start, &end);
    char *text = strndup((const char *)b->p + start, end - start);
    assert_non_null(text);
    char *from = marker ? strstr(text, marker) : text;
    assert_non_null(from);
    snprintf(wanted, sizeof wanted, "\"%s\":\"0x", key);
    char *at = strstr(from, wanted);
    if (!at) {
        fail_msg("line %u has no %s", line, key);
    }
    at = strchr(at + strlen(wanted), '"') - 1;
    *at = *at == '1' ? '2' : '1';
    memcpy(b->p + start, text, end - start);
    free(text);
}

struct damage {
    const char *name;
    const char *file;
    const char *block; /* what the sentence must name */
    const char *field;
    void (*apply)(struct folder *f, struct ls_buf *text);
    const char *marker; /* for flips: text behind which the key stands */
    const char *key;    /* for flips */
    unsigned line;      /* for flips */
};

/* Line numbers in the small chain: line 1 is genesis, line n is block FOLDER_FIRST + n - 2. */
#define LINE_OF(number) ((unsigned)((number)-FOLDER_FIRST + 2))

/* The fault in parts says what the sentence says. Lines that are missing or too many are no field's
 * fault, and a row of labels is in no block. */
static bool names_the_same(const struct folder *f, const struct damage *m)
{
    const struct ls_chain_fault *fault = &f->fault;
    const char *number = strncmp(m->block, "block ", 6) == 0 ? m->block + 6 : "";
    bool is_line = strstr(m->field, "lines") != NULL || strstr(m->field, "ends too early") != NULL;

    return strcmp(fault->file, m->file) == 0 && fault->line > 0 &&
           (is_line || (fault->field[0] && strstr(f->d.text, fault->field))) &&
           (!*number || (fault->has_block && fault->block == strtoull(number, NULL, 10)));
}

static const char *refused(struct folder *f, const struct damage *m)
{
    struct ls_buf text;

    folder_read_segment(f, m->file, &text);
    if (m->key) {
        flip(&text, m->line, m->marker, m->key);
    } else {
        m->apply(f, &text);
    }
    folder_write_segment(f, m->file, &text);
    ls_buf_fini(&text);
    if (folder_open(f) == LS_OK) {
        return "was accepted";
    }
    if (!strstr(f->d.text, m->block) || !strstr(f->d.text, m->field)) {
        return f->d.text;
    }
    return names_the_same(f, m) ? NULL : "the fault's parts are not those of its sentence";
}

/* Every row on a fresh folder; all failures are told before the test fails. */
static void refuses_all(const struct damage *rows, size_t count)
{
    unsigned failed = 0;
    struct folder whole;

    folder_make(&whole);
    folder_fill(&whole);
    for (size_t i = 0; i < count; i++) {
        struct folder f;
        folder_clone(&whole, &f);
        const char *why = refused(&f, &rows[i]);
        if (why) {
            print_error("%s: %s\n", rows[i].name, why);
            failed++;
        }
        folder_remove(&f);
    }
    folder_remove(&whole);
    assert_int_equal(failed, 0);
}

/* --- damage: one digit in each class of field --- */

#define L2 LS_SEGMENT_L2_FILE
#define L1 LS_SEGMENT_L1_FILE
#define STATUS LS_SEGMENT_STATUS_FILE
#define FLIP(k, f)                                           \
    {                                                        \
        k, L2, "block 1600", f, NULL, NULL, k, LINE_OF(1600) \
    }
#define FLIP_TX(type, k, f)                                                                \
    {                                                                                      \
        "tx " type " " k, L2, "block ", f, NULL, "\"type\":\"" type "\"", k, LINE_OF(1600) \
    }

static void refuses_a_changed_header_digit(void **state)
{
    static const struct damage rows[] = {
        FLIP("hash", "hash"),
        FLIP("parentHash", "hash"),
        FLIP("sha3Uncles", "hash"),
        FLIP("miner", "hash"),
        FLIP("stateRoot", "hash"),
        FLIP("transactionsRoot", "hash"),
        FLIP("receiptsRoot", "hash"),
        FLIP("logsBloom", "hash"),
        FLIP("difficulty", "hash"),
        {"number", L2, "block 1600", "hash", NULL, NULL, "number", LINE_OF(1600)},
        FLIP("gasLimit", "hash"),
        FLIP("gasUsed", "hash"),
        FLIP("timestamp", "hash"),
        FLIP("extraData", "hash"),
        FLIP("mixHash", "hash"),
        FLIP("nonce", "hash"),
        FLIP("baseFeePerGas", "hash"),
        FLIP("withdrawalsRoot", "hash"),
        FLIP("blobGasUsed", "hash"),
        FLIP("excessBlobGas", "hash"),
        FLIP("parentBeaconBlockRoot", "hash"),
        FLIP("requestsHash", "hash"),
    };

    (void)state;
    refuses_all(rows, sizeof rows / sizeof rows[0]);
}

static void refuses_a_changed_deposit_digit(void **state)
{
#define TXS "\"transactions\":"
#define FLIP_DEPOSIT(k, f)                                             \
    {                                                                  \
        "deposit " k, L2, "block 1600", f, NULL, TXS, k, LINE_OF(1600) \
    }
    static const struct damage rows[] = {
        FLIP_DEPOSIT("sourceHash", "transaction 0"),
        FLIP_DEPOSIT("from", "transaction 0"),
        FLIP_DEPOSIT("to", "transaction 0"),
        FLIP_DEPOSIT("input", "transaction 0"),
        FLIP_DEPOSIT("gas", "transaction 0"),
        FLIP_DEPOSIT("value", "transaction 0"),
        FLIP_DEPOSIT("mint", "transaction 0"),
        FLIP_DEPOSIT("hash", "transaction 0"),
        FLIP_DEPOSIT("blockHash", "blockHash"),
        FLIP_DEPOSIT("blockNumber", "blockNumber"),
        FLIP_DEPOSIT("transactionIndex", "transactionIndex"),
    };

    (void)state;
    refuses_all(rows, sizeof rows / sizeof rows[0]);
}

static void refuses_a_changed_l1_header(void **state)
{
    static const struct damage rows[] = {
        {"L1 hash", L1, "block ", "hash", NULL, NULL, "hash", 40},
        {"L1 parentHash", L1, "block ", "hash", NULL, NULL, "parentHash", 40},
        {"L1 stateRoot", L1, "block ", "hash", NULL, NULL, "stateRoot", 40},
        {"L1 timestamp", L1, "block ", "hash", NULL, NULL, "timestamp", 40},
    };

    (void)state;
    refuses_all(rows, sizeof rows / sizeof rows[0]);
}

/* --- damage: lines --- */

static void drop_line(struct folder *f, struct ls_buf *text)
{
    size_t start;
    size_t end;

    (void)f;
    find_line(text, LINE_OF(1600), &start, &end);
    splice(text, start, end, "", 0);
}

static void double_line(struct folder *f, struct ls_buf *text)
{
    size_t start;
    size_t end;

    (void)f;
    find_line(text, LINE_OF(1600), &start, &end);
    char *copy = strndup((const char *)text->p + start, end - start);
    splice(text, end, end, copy, end - start);
    free(copy);
}

static void swap_lines(struct folder *f, struct ls_buf *text)
{
    size_t start;
    size_t end;

    find_line(text, LINE_OF(1600), &start, &end);
    char *copy = strndup((const char *)text->p + start, end - start);
    size_t n = end - start;
    drop_line(f, text);
    find_line(text, LINE_OF(1600), &start, &end);
    splice(text, end, end, copy, n);
    free(copy);
}

/* The first orphan goes below its child. */
static void swap_orphans(struct folder *f, struct ls_buf *text)
{
    size_t start;
    size_t end;

    (void)f;
    find_line(text, LINE_OF(FOLDER_LAST) + 1, &start, &end);
    char *copy = strndup((const char *)text->p + start, end - start);
    size_t n = end - start;
    splice(text, start, end, "", 0);
    find_line(text, LINE_OF(FOLDER_LAST) + 1, &start, &end);
    splice(text, end, end, copy, n);
    free(copy);
}

static void drop_last_line(struct folder *f, struct ls_buf *text)
{
    size_t start;
    size_t end = 0;

    (void)f;
    for (unsigned line = 1; end < text->n; line++) {
        find_line(text, line, &start, &end);
    }
    splice(text, start, end, "", 0);
}

static void drop_last_line_feed(struct folder *f, struct ls_buf *text)
{
    (void)f;
    text->n--;
}

static void add_a_line(struct folder *f, struct ls_buf *text)
{
    (void)f;
    ls_buf_puts(text, "{}\n");
}

static void empty_a_line(struct folder *f, struct ls_buf *text)
{
    size_t start;
    size_t end;

    (void)f;
    find_line(text, LINE_OF(1600), &start, &end);
    splice(text, start, end, "\n", 1);
}

/* Transactions as hashes: what eth_getBlockByNumber(n, false) gives. */
static void dehydrate(struct folder *f, struct ls_buf *text)
{
    static const char list[] =
        "[\"0x0000000000000000000000000000000000000000000000000000000000000001\"]";
    size_t start;
    size_t end;

    (void)f;
    find_line(text, LINE_OF(1600), &start, &end);
    struct ls_span line = {text->p + start, end - start - 1};
    struct ls_span txs = ls_jsontext_get(line, "transactions");
    splice(text, (size_t)(txs.p - text->p), (size_t)(txs.p - text->p) + txs.n, list,
           sizeof list - 1);
}

static void refuses_missing_doubled_and_moved_blocks(void **state)
{
    static const struct damage rows[] = {
        {"missing", L2, "block 1601", "missing, doubled or moved", drop_line, NULL, NULL, 0},
        {"doubled", L2, "block 1600", "missing, doubled or moved", double_line, NULL, NULL, 0},
        {"swapped", L2, "block 1601", "missing, doubled or moved", swap_lines, NULL, NULL, 0},
        {"orphan moved", L2, "block 1614", "parentHash", swap_orphans, NULL, NULL, 0},
        {"last missing", L2, "block 1618", "lines are missing", drop_last_line, NULL, NULL, 0},
        {"last line cut", L2, "block 1618", "there are more lines", drop_last_line_feed, NULL, NULL,
         0},
        {"line too many", L2, "block 1619", "there are more lines", add_a_line, NULL, NULL, 0},
        {"empty line", L2, "block 1600", "ends too early", empty_a_line, NULL, NULL, 0},
        {"hashes only", L2, "block 1600", "transactions", dehydrate, NULL, NULL, 0},
        {"L1 missing", L1, "block ", "missing, doubled or moved", drop_line, NULL, NULL, 0},
        {"L1 doubled", L1, "block ", "missing, doubled or moved", double_line, NULL, NULL, 0},
    };

    (void)state;
    refuses_all(rows, sizeof rows / sizeof rows[0]);
}

/* --- damage that every hash agrees with --- */

static void set_text(cJSON *object, const char *key, const uint8_t *p, size_t n)
{
    struct ls_buf b;

    ls_buf_init(&b, 1u << 20);
    ls_hex_put(&b, p, n);
    cJSON_ReplaceItemInObjectCaseSensitive(object, key, cJSON_CreateString((const char *)b.p));
    ls_buf_fini(&b);
}

/* Hashes of the transactions, their root and the header's hash, computed anew into root. */
static void rehash(cJSON *root)
{
    cJSON *txs = cJSON_GetObjectItemCaseSensitive(root, "transactions");
    struct ls_arena a;
    struct ls_span spans[64];
    struct ls_header h;
    struct ls_hash hash;
    size_t n = 0;
    cJSON *tx;

    ls_arena_init(&a, 1u << 24);
    cJSON_ArrayForEach(tx, txs)
    {
        struct ls_buf b;
        ls_buf_init(&b, 1u << 24);
        assert_int_equal(ls_tx_encode(tx, &b, NULL), LS_OK);
        spans[n++] = (struct ls_span){ls_arena_dup(&a, b.p, b.n), b.n};
        ls_keccak256(b.p, b.n, hash.b);
        set_text(tx, "hash", hash.b, 32);
        ls_buf_fini(&b);
    }
    assert_int_equal(ls_trie_ordered_root(spans, n, &hash), LS_OK);
    set_text(root, "transactionsRoot", hash.b, 32);
    assert_int_equal(ls_header_from_json(root, &h, NULL, NULL), LS_OK);
    hash = ls_header_hash(&h);
    set_text(root, "hash", hash.b, 32);
    cJSON_ArrayForEach(tx, txs)
    {
        set_text(tx, "blockHash", hash.b, 32);
    }
    ls_arena_fini(&a);
}

/* Changes the highest canonical block by edit, with right hashes, and the manifest's tip too. */
static void change_tip(struct folder *f, struct ls_buf *text, void (*edit)(cJSON *root))
{
    char old_hash[67];
    size_t start;
    size_t end;

    find_line(text, LINE_OF(FOLDER_LAST), &start, &end);
    cJSON *root = cJSON_ParseWithLength((const char *)text->p + start, end - start);
    assert_non_null(root);
    snprintf(old_hash, sizeof old_hash, "%s",
             cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "hash")));
    edit(root);
    rehash(root);
    folder_edit_manifest(f, old_hash,
                         cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "hash")));
    char *line = cJSON_PrintUnformatted(root);
    splice(text, start, end - 1, line, strlen(line));
    cJSON_free(line);
    cJSON_Delete(root);
}

static void set(cJSON *root, const char *key, const char *value)
{
    cJSON_ReplaceItemInObjectCaseSensitive(root, key, cJSON_CreateString(value));
}

/* Changes one hex digit of a text member, counted from the end (1: the last). */
static void turn_digit(cJSON *object, const char *key, size_t from_end)
{
    char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    size_t n = strlen(s);

    s[n - from_end] = s[n - from_end] == '1' ? '2' : '1';
}

static cJSON *first_tx(cJSON *root)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "transactions"), 0);
}

#define EDIT(name, body)                                                   \
    static void edit_##name(cJSON *root)                                   \
        body static void tip_##name(struct folder *f, struct ls_buf *text) \
    {                                                                      \
        change_tip(f, text, edit_##name);                                  \
    }

EDIT(nothing, { (void)root; })
EDIT(timestamp, { turn_digit(root, "timestamp", 1); })
EDIT(parent, { turn_digit(root, "parentHash", 5); })
EDIT(extra_version, { set(root, "extraData", "0x02000000fa000000060000000000000000"); })
EDIT(extra_length, { set(root, "extraData", "0x00000000fa00000006"); })
EDIT(requests, { turn_digit(root, "requestsHash", 3); })
EDIT(difficulty, { set(root, "difficulty", "0x1"); })
EDIT(nonce, { set(root, "nonce", "0x0000000000000001"); })
EDIT(uncles, { turn_digit(root, "sha3Uncles", 3); })
EDIT(excess_blob_gas, { set(root, "excessBlobGas", "0x1"); })
EDIT(no_requests, { cJSON_DeleteItemFromObjectCaseSensitive(root, "requestsHash"); })
EDIT(no_withdrawals, { cJSON_DeleteItemFromObjectCaseSensitive(root, "withdrawals"); })
EDIT(no_deposit,
     { cJSON_ReplaceItemInObjectCaseSensitive(root, "transactions", cJSON_CreateArray()); })
EDIT(selector, { turn_digit(first_tx(root), "input", 178 * 2); })

/* Jovian calldata: 4 selector, 4+4 scalars, 8 sequence, 8 time, 8 number, 32+32 fees, 32 hash, … */
#define DIGIT_AT(byte) ((178 - (byte)) * 2 - 1)
EDIT(sequence, { turn_digit(first_tx(root), "input", DIGIT_AT(19)); })
EDIT(origin_number, { turn_digit(first_tx(root), "input", DIGIT_AT(35)); })
EDIT(origin_hash, { turn_digit(first_tx(root), "input", DIGIT_AT(110)); })

static void refuses_blocks_that_break_the_rules(void **state)
{
#define TIP(name, field)                                          \
    {                                                             \
#name, L2, "block 1640", field, tip_##name, NULL, NULL, 0 \
    }
    static const struct damage rows[] = {
        TIP(timestamp, "timestamp"),
        TIP(parent, "parentHash"),
        TIP(extra_version, "extraData"),
        TIP(extra_length, "extraData"),
        TIP(requests, "requestsHash"),
        TIP(difficulty, "difficulty"),
        TIP(nonce, "nonce"),
        TIP(uncles, "sha3Uncles"),
        TIP(excess_blob_gas, "excessBlobGas"),
        TIP(no_requests, "fields"),
        TIP(no_withdrawals, "withdrawals"),
        TIP(no_deposit, "L1-info"),
        TIP(selector, "L1"),
        TIP(sequence, "sequence number"),
        TIP(origin_number, "L1 origin"),
        TIP(origin_hash, "L1 origin"),
    };

    (void)state;
    refuses_all(rows, sizeof rows / sizeof rows[0]);
}

/* Without this the test above could pass because the tool that changes blocks breaks them. */
static void accepts_a_block_rehashed_without_a_change(void **state)
{
    struct folder f;
    struct ls_buf text;

    (void)state;
    folder_make(&f);
    folder_fill(&f);
    folder_read_segment(&f, L2, &text);
    tip_nothing(&f, &text);
    folder_write_segment(&f, L2, &text);
    ls_buf_fini(&text);
    if (folder_open(&f)) {
        fail_msg("%s", f.d.text);
    }
    folder_remove(&f);
}

/* --- damage: labels --- */

static void break_label(struct ls_buf *text, const char *label, const char *key, const char *value)
{
    size_t start;
    size_t end;
    char wanted[64];

    find_line(text, 20, &start, &end);
    snprintf(wanted, sizeof wanted, "\"%s\":{", label);
    char *line = strndup((const char *)text->p + start, end - start);
    char *at = strstr(line, wanted);
    assert_non_null(at);
    snprintf(wanted, sizeof wanted, "\"%s\":", key);
    at = strstr(at, wanted);
    assert_non_null(at);
    at += strlen(wanted);
    size_t old = strcspn(at, ",}");
    if (at[0] == '{') {
        old = strcspn(at, "}") + 1;
    }
    splice(text, start + (size_t)(at - line), start + (size_t)(at - line) + old, value,
           strlen(value));
    free(line);
}

#define SOME_HASH "\"0x1111111111111111111111111111111111111111111111111111111111111111\""
#define LABEL(fn, label, key, value)                              \
    static void label_##fn(struct folder *f, struct ls_buf *text) \
    {                                                             \
        (void)f;                                                  \
        break_label(text, label, key, value);                     \
    }
LABEL(hash, "safe_l2", "hash", SOME_HASH)
LABEL(number, "finalized_l2", "number", "1561")
LABEL(parent, "unsafe_l2", "parentHash", SOME_HASH)
LABEL(time, "local_safe_l2", "timestamp", "1")
LABEL(origin, "safe_l2", "l1origin", "{\"hash\":" SOME_HASH ",\"number\":1}")
LABEL(sequence, "cross_unsafe_l2", "sequenceNumber", "9")
LABEL(l1_hash, "head_l1", "hash", SOME_HASH)
LABEL(l1_time, "finalized_l1", "timestamp", "1")

static void label_at_ms(struct folder *f, struct ls_buf *text)
{
    size_t start;
    size_t end;

    (void)f;
    find_line(text, 20, &start, &end);
    splice(text, start, start + strlen("{\"at_ms\":"), "{\"at_ms\":0", strlen("{\"at_ms\":0"));
    text_replace(text, "\"at_ms\":0", "\"at_ms\":0,\"was\":");
}

static void refuses_labels_that_are_not_the_recorded_blocks(void **state)
{
#define ROW(fn, field)                                           \
    {                                                            \
#fn, STATUS, "line 20", field, label_##fn, NULL, NULL, 0 \
    }
    static const struct damage rows[] = {
        ROW(hash, "safe_l2"),
        ROW(number, "finalized_l2: number"),
        ROW(parent, "unsafe_l2: parentHash"),
        ROW(time, "local_safe_l2: timestamp"),
        ROW(origin, "safe_l2: l1origin"),
        ROW(sequence, "cross_unsafe_l2: sequenceNumber"),
        ROW(l1_hash, "head_l1"),
        ROW(l1_time, "finalized_l1: timestamp"),
        ROW(at_ms, "at_ms"),
    };

    (void)state;
    refuses_all(rows, sizeof rows / sizeof rows[0]);
}

/* --- damage: files --- */

/* Every 97th byte of the compressed file, one at a time; the manifest keeps the true hash. */
static void refuses_any_flipped_byte_of_a_file(void **state)
{
    static const char *const files[] = {L2, L1, STATUS};
    struct folder f;

    (void)state;
    folder_make(&f);
    folder_fill(&f);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct ls_buf packed;
        folder_read(&f, files[i], &packed);
        for (size_t at = 0; at < packed.n; at += 1 + packed.n / 24) {
            packed.p[at] ^= 0x10;
            folder_write(&f, files[i], packed.p, packed.n);
            packed.p[at] ^= 0x10;
            assert_int_not_equal(folder_open(&f), LS_OK);
            assert_non_null(strstr(f.d.text, files[i]));
        }
        folder_write(&f, files[i], packed.p, packed.n);
        assert_int_equal(folder_open(&f), LS_OK);
        ls_buf_fini(&packed);
    }
    folder_remove(&f);
}

static void refuses_a_cut_file_and_says_how_far_it_goes(void **state)
{
    struct folder f;
    struct ls_buf packed;

    (void)state;
    folder_make(&f);
    folder_fill(&f);
    folder_read(&f, L2, &packed);
    folder_write(&f, L2, packed.p, packed.n - 3);
    assert_int_equal(folder_open(&f), LS_ERR_HASH);
    assert_non_null(strstr(f.d.text, "damaged or cut behind line"));
    assert_non_null(strstr(f.d.text, "block 16"));
    folder_write(&f, L2, packed.p, 0);
    assert_int_not_equal(folder_open(&f), LS_OK);
    ls_buf_fini(&packed);
    folder_remove(&f);
}

static void refuses_a_file_changed_without_its_manifest(void **state)
{
    struct folder f;
    struct ls_buf text;
    uint8_t sha[32];

    (void)state;
    folder_make(&f);
    folder_fill(&f);
    folder_read_segment(&f, L2, &text);
    /* The same text, compressed otherwise: every block is right, the file is another. */
    assert_int_equal(ls_segment_store(f.dir, L2, ls_buf_span(&text), 5, sha, NULL), LS_OK);
    assert_int_equal(folder_open(&f), LS_ERR_HASH);
    assert_non_null(strstr(f.d.text, "sha256"));
    ls_buf_fini(&text);
    folder_remove(&f);
}

static void refuses_a_wrong_manifest(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } rows[] = {
        {"\"format\": 1", "\"format\": 2", "format"},
        {"\"format\": 1", "\"formal\": 1", "format"},
        {"\"name\": \"", "\"name\": \"../", "name"},
        {"\"l2_chain_id\": 901", "\"l2_chain_id\": 902", "chain id"},
        {"\"l1_chain_id\": 900", "\"l1_chain_id\": \"900\"", "l1_chain_id"},
        {"\"blocks\":89", "\"blocks\":88", "blocks"},
        {"\"blocks\":89", "\"blocks\":18446744073709551615", "blocks"},
        {"\"last\":1640", "\"last\":1639", "last canonical block"},
        {"\"last\":1640", "\"last\":9007199254740991", "runs"},
        {"\"first\":1560,\"last\"", "\"first\":1561,\"last\"", "block 1560"},
        {"\"name\":\"orphan-1613\"", "\"name\":\"canonical\"", "twice"},
        {"\"first\":1613", "\"first\":1612", "orphan-1613"},
        {"\"number\":1640", "\"number\":1641", "canonical"},
        {"\"runs\":[", "\"run\":[", "runs"},
        {"\"branches\":[", "\"branch\":[", "branches"},
        {"\"sha256\":\"", "\"sha256\":\"g", "sha256"},
        {"\"l2\": {", "\"l3\": {", "l2"},
        {"\"block_time\":2", "\"block_time\":1", "timestamp"},
        {"\"block_time\":2", "\"block_tims\":2", "block_tims"},
        {"\"jovian_time\":1795343108", "\"jovian_time\":1895343108", "block 1560"},
    };

    struct folder whole;

    (void)state;
    folder_make(&whole);
    folder_fill(&whole);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct folder f;
        folder_clone(&whole, &f);
        folder_edit_manifest(&f, rows[i].from, rows[i].to);
        if (folder_open(&f) == LS_OK || !strstr(f.d.text, rows[i].says)) {
            fail_msg("%s: %s", rows[i].to, f.d.text);
        }
        folder_remove(&f);
    }
    folder_remove(&whole);
}

static void missing_folder_is_a_usage_error(void **state)
{
    struct ls_chain c;
    struct ls_diag d = {""};

    (void)state;
    enum ls_err e = ls_chain_open("/nonexistent/fixture", NULL, &c, &d);
    assert_int_equal(ls_err_class(e), LS_CLASS_USAGE);
    assert_non_null(strstr(d.text, "/nonexistent/fixture"));
    assert_null(c.l2);
    ls_chain_close(&c);
    ls_chain_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fixture_opens),
        cmocka_unit_test(fork_boundaries_have_blocks_around_them),
        cmocka_unit_test(window_behind_a_gap_hangs_on_genesis),
        cmocka_unit_test(orphans_are_branches_with_their_fork_points),
        cmocka_unit_test(timeline_shows_the_recorded_reorg),
        cmocka_unit_test(refuses_a_changed_header_digit),
        cmocka_unit_test(refuses_a_changed_deposit_digit),
        cmocka_unit_test(refuses_a_changed_l1_header),
        cmocka_unit_test(refuses_missing_doubled_and_moved_blocks),
        cmocka_unit_test(refuses_blocks_that_break_the_rules),
        cmocka_unit_test(accepts_a_block_rehashed_without_a_change),
        cmocka_unit_test(refuses_labels_that_are_not_the_recorded_blocks),
        cmocka_unit_test(refuses_any_flipped_byte_of_a_file),
        cmocka_unit_test(refuses_a_cut_file_and_says_how_far_it_goes),
        cmocka_unit_test(refuses_a_file_changed_without_its_manifest),
        cmocka_unit_test(refuses_a_wrong_manifest),
        cmocka_unit_test(missing_folder_is_a_usage_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
