/*
 * Merkle-Patricia proofs, and accounts proved by them: against a published root, against tries the
 * test makes itself, and against what a real op-geth answered.
 */
#include "tests/unit/made_trie.h"
#include "tests/unit/op_vectors.h"

#include "lib/mpt_proof.h"
#include "lib/op/account.h"
#include "lib/op/tx.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ls_span text(const char *s)
{
    return (struct ls_span){(const uint8_t *)s, strlen(s)};
}

static enum ls_err prove(const struct made_proof *p, struct ls_span key, struct ls_span *value)
{
    struct ls_span nodes[MADE_NODES_MAX];

    for (size_t i = 0; i < p->count; i++) {
        nodes[i] = ls_buf_span(&p->nodes[i]);
    }
    return ls_mpt_prove(p->root.b, key, nodes, p->count, value, NULL);
}

/* The trie of the pairs has value under key (n 0: nothing), and any flipped bit, missing or doubled
 * node is seen. */
static void assert_proved(struct made_pair *pairs, size_t n, struct ls_span key,
                          struct ls_span value)
{
    struct ls_span got = {NULL, 99};
    struct made_proof p;

    made_prove(pairs, n, key, &p);
    assert_int_equal(prove(&p, key, &got), LS_OK);
    assert_int_equal(got.n, value.n);
    assert_true((got.p == NULL) == (value.n == 0));
    if (value.n) {
        assert_memory_equal(got.p, value.p, value.n);
    }
    for (size_t i = 0; i < p.count; i++) {
        p.nodes[i].p[p.nodes[i].n / 2] ^= 0x10;
        assert_int_equal(prove(&p, key, &got), LS_ERR_HASH);
        p.nodes[i].p[p.nodes[i].n / 2] ^= 0x10;
    }
    p.count--;
    assert_int_equal(prove(&p, key, &got), LS_ERR_MISSING);
    p.count++;
    p.nodes[p.count] = p.nodes[p.count - 1];
    p.count++;
    assert_int_equal(prove(&p, key, &got), LS_ERR_RANGE);
    p.count--;
    p.root.b[31] ^= 1;
    assert_int_equal(prove(&p, key, &got), LS_ERR_HASH);
    made_proof_fini(&p);
}

/* The dogs of Ethereum's trie tests: extensions, branches with a value, nodes within nodes. */
static void the_published_trie_is_proved(void **state)
{
    struct made_pair dogs[] = {{text("do"), text("verb")},
                               {text("dog"), text("puppy")},
                               {text("doge"), text("coin")},
                               {text("horse"), text("stallion")}};
    static const char *const strangers[] = {"", "d", "dogs", "doge!", "horsf", "hors", "x"};
    struct ls_hash want;
    struct made_proof p;

    (void)state;
    made_prove(dogs, COUNT(dogs), text("dog"), &p);
    assert_int_equal(
        ls_hex_fixed("0x5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84", 66,
                     want.b, sizeof want.b),
        LS_OK);
    assert_memory_equal(p.root.b, want.b, sizeof want.b);
    made_proof_fini(&p);
    for (size_t i = 0; i < COUNT(dogs); i++) {
        struct made_pair at = dogs[i];
        assert_proved(dogs, COUNT(dogs), at.key, at.value);
    }
    for (size_t i = 0; i < COUNT(strangers); i++) {
        assert_proved(dogs, COUNT(dogs), text(strangers[i]), (struct ls_span){NULL, 0});
    }
}

/* --- every key of every small trie --- */

#define SMALL_KEYS 12u
#define SMALL_VALUE_MAX 40u

struct small {
    uint8_t keys[SMALL_KEYS][2];
    uint8_t values[SMALL_KEYS][SMALL_VALUE_MAX];
    struct made_pair all[SMALL_KEYS];
};

/* Keys of one and two bytes over few nibbles, so that they are often within one another; values
 * around the length at which nodes are hashed. */
static void small_init(struct small *s)
{
    static const uint8_t keys[SMALL_KEYS][3] = {{1, 0x00},       {1, 0x01},       {1, 0x10},
                                                {2, 0x00, 0x00}, {2, 0x00, 0x01}, {2, 0x00, 0x10},
                                                {2, 0x01, 0x00}, {2, 0x11, 0x11}, {2, 0x11, 0x10},
                                                {2, 0x11, 0x01}, {2, 0x10, 0x00}, {0}};

    for (size_t i = 0; i < SMALL_KEYS; i++) {
        memcpy(s->keys[i], keys[i] + 1, 2);
        memset(s->values[i], (int)(i + 1), SMALL_VALUE_MAX);
        s->all[i] = (struct made_pair){{s->keys[i], keys[i][0]}, {s->values[i], 1 + 7 * i % 37}};
    }
}

static void every_key_is_proved_there_or_not(void **state)
{
    struct small s;

    (void)state;
    small_init(&s);
    for (unsigned set = 1; set < 1u << SMALL_KEYS; set += 1 + set % 11) {
        struct made_pair pairs[SMALL_KEYS];
        size_t n = 0;
        for (size_t i = 0; i < SMALL_KEYS; i++) {
            if (set & 1u << i) {
                pairs[n++] = s.all[i];
            }
        }
        for (size_t i = 0; i < SMALL_KEYS; i++) {
            bool is_there = set & 1u << i;
            assert_proved(pairs, n, s.all[i].key,
                          is_there ? s.all[i].value : (struct ls_span){NULL, 0});
        }
    }
}

/* The trie that transactionsRoot is of, made by other code. */
static void an_ordered_trie_has_the_root_the_product_computes(void **state)
{
    static uint8_t keys[300][3];
    static uint8_t values[300][50];
    struct made_pair pairs[300];
    struct ls_span items[300];

    (void)state;
    for (size_t i = 0; i < 300; i++) {
        struct ls_buf key;
        ls_buf_init(&key, 8);
        ls_rlp_put_u64(&key, i);
        memcpy(keys[i], key.p, key.n);
        memset(values[i], (int)(i % 255 + 1), sizeof values[i]);
        items[i] = (struct ls_span){values[i], 1 + i % sizeof values[i]};
        pairs[i] = (struct made_pair){{keys[i], key.n}, items[i]};
        ls_buf_fini(&key);
    }
    for (size_t n = 1; n <= 300; n += n < 4 ? 1 : 74) {
        struct made_pair some[300];
        struct ls_hash want;
        struct made_proof p;
        struct ls_span got;
        memcpy(some, pairs, n * sizeof *pairs);
        assert_int_equal(ls_trie_ordered_root(items, n, &want), LS_OK);
        made_prove(some, n, pairs[n - 1].key, &p);
        assert_memory_equal(p.root.b, want.b, sizeof want.b);
        assert_int_equal(prove(&p, pairs[n - 1].key, &got), LS_OK);
        assert_int_equal(got.n, items[n - 1].n);
        made_proof_fini(&p);
    }
}

static void of_the_empty_trie_there_is_nothing_to_show(void **state)
{
    static const uint8_t byte = 0x80;
    const struct ls_span node = {&byte, 1};
    const struct ls_span two[] = {node, node};
    struct ls_span value = {&byte, 1};
    struct ls_hash root;

    (void)state;
    ls_keccak256(&byte, 1, root.b);
    assert_int_equal(ls_mpt_prove(root.b, text("x"), NULL, 0, &value, NULL), LS_OK);
    assert_null(value.p);
    assert_int_equal(ls_mpt_prove(root.b, text("x"), &node, 1, &value, NULL), LS_OK);
    assert_int_equal(ls_mpt_prove(root.b, text("x"), two, 2, &value, NULL), LS_ERR_PARSE);
    root.b[0] ^= 1;
    assert_int_equal(ls_mpt_prove(root.b, text("x"), NULL, 0, &value, NULL), LS_ERR_MISSING);
}

/* Roots that really are the hash of something no trie holds. */
static void what_is_no_node_proves_nothing(void **state)
{
#define NIL8 "8080808080808080"
    static const struct {
        const char *what, *node;
        enum ls_err want;
    } rows[] = {
        {"a leaf of key 61", "c482206101", LS_OK},
        {"not a list", "83206101", LS_ERR_PARSE},
        {"a byte behind it", "c48220610100", LS_ERR_PARSE},
        {"cut", "c4822061", LS_ERR_PARSE},
        {"no item", "c0", LS_ERR_PARSE},
        {"three items", "c58220610101", LS_ERR_PARSE},
        {"eighteen items", "d2" NIL8 NIL8 "8080", LS_ERR_PARSE},
        {"an empty path", "c28001", LS_ERR_PARSE},
        {"a path that is a list", "c2c001", LS_ERR_PARSE},
        {"flags that do not exist", "c482606101", LS_ERR_PARSE},
        {"a filled filler", "c482216101", LS_ERR_PARSE},
        {"an extension by nothing", "c600c482206101", LS_ERR_PARSE},
        {"an empty value", "c482206180", LS_ERR_PARSE},
        {"a value that is a list", "c4822061c0", LS_ERR_PARSE},
        {"a branch with a list for a value", "d1" NIL8 NIL8 "c0", LS_OK},
        {"a child that is neither", "c416820102", LS_ERR_PARSE},
        {"an extension to nothing", "c21680", LS_ERR_PARSE},
        {"a leaf within an extension", "c416c23101", LS_OK},
        {"a child as long as a hash",
         "e216e0"
         "8231009c"
         "01010101010101010101010101010101010101010101010101010101",
         LS_ERR_PARSE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t bytes[64];
        size_t n = strlen(rows[i].node) / 2;
        struct ls_span node = {bytes, n};
        struct ls_span value = {NULL, 0};
        struct ls_hash root;
        char hex[2 * sizeof bytes + 3];
        size_t at = 9;
        (void)snprintf(hex, sizeof hex, "0x%s", rows[i].node);
        assert_int_equal(ls_hex_fixed(hex, strlen(hex), bytes, n), LS_OK);
        ls_keccak256(bytes, n, root.b);
        enum ls_err e = ls_mpt_prove(root.b, text("a"), &node, 1, &value, &at);
        if (e != rows[i].want || at != 1) {
            fail_msg("%s: %s, %zu nodes", rows[i].what, ls_err_name(e), at);
        }
    }
}

static void a_key_has_a_maximum(void **state)
{
    static const uint8_t key[LS_MPT_KEY_BYTES_MAX + 1];
    const struct ls_hash root = {{1}};
    struct ls_span value;

    (void)state;
    assert_int_equal(ls_mpt_prove(root.b, (struct ls_span){key, sizeof key}, NULL, 0, &value, NULL),
                     LS_ERR_LIMIT);
}

/* --- accounts --- */

static enum ls_err prove_account(const char *json, size_t n, const struct ls_hash *root,
                                 struct ls_account *out, struct ls_diag *d)
{
    struct cJSON *v = NULL;

    assert_int_equal(ls_json_parse(json, n, 0, &v, NULL), LS_OK);
    enum ls_err e = ls_account_prove(v, &LS_MESSAGE_PASSER, root, out, d);
    ls_json_free(v);
    return e;
}

static void names_the_member_that_is_not_proved(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } rows[] = {
        {"\"balance\":\"0x1234\"", "\"balance\":\"0x1235\"", "balance: "},
        {"\"balance\"", "\"_\"", "balance: required"},
        {"\"nonce\":\"0x1\"", "\"nonce\":\"0x2\"", "nonce: "},
        {"\"nonce\":\"0x1\"", "\"nonce\":1", "nonce: wrong type"},
        {"\"codeHash\":\"0xcd", "\"codeHash\":\"0xcc", "codeHash: "},
        {"\"codeHash\":\"0xcd", "\"codeHash\":\"0x", "codeHash: "},
        {"\"storageHash\":\"0x07", "\"storageHash\":\"0x08", "storageHash: "},
        {"\"storageHash\"", "\"_\"", "storageHash: required"},
        {"\"address\":\"0x42", "\"address\":\"0x43", "address: "},
        {"\"address\":\"0x42", "\"address\":\"0x", "address: "},
        {"\"accountProof\":[\"0xf9", "\"accountProof\":[\"0xf8", "accountProof: node 0: hash"},
        {"\"accountProof\":[\"0x", "\"accountProof\":[\"0y", "accountProof: malformed"},
        {"\"accountProof\":[\"0x", "\"accountProof\":[7,\"0x", "accountProof: wrong type"},
        {"\"accountProof\":[", "\"accountProof\":[],\"_\":[", "accountProof: node 0: required"},
        {"\"accountProof\":[", "\"accountProof\":7,\"_\":[", "accountProof: wrong type"},
        {"\"accountProof\"", "\"_\"", "accountProof: required"},
    };
    const struct ls_hash storage = {{7}};
    struct ls_account got = {.is_there = false};
    struct ls_diag d = {""};
    struct ls_buf good;

    (void)state;
    ls_buf_init(&good, 1u << 20);
    struct ls_hash root = made_account_proof(&LS_MESSAGE_PASSER, &storage, 3, &good);
    if (prove_account((const char *)good.p, good.n, &root, &got, &d)) {
        fail_msg("%s", d.text);
    }
    assert_true(got.is_there);
    assert_memory_equal(got.storage_root.b, storage.b, sizeof storage.b);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *at = strstr((const char *)good.p, rows[i].from);
        struct ls_buf bad;
        assert_non_null(at);
        ls_buf_init(&bad, 1u << 20);
        ls_buf_put(&bad, good.p, (size_t)(at - (const char *)good.p));
        ls_buf_puts(&bad, rows[i].to);
        ls_buf_puts(&bad, at + strlen(rows[i].from));
        enum ls_err e = prove_account((const char *)bad.p, bad.n, &root, &got, &d);
        if (e == LS_OK || strncmp(d.text, rows[i].says, strlen(rows[i].says)) != 0) {
            fail_msg("row %zu: %s", i, d.text);
        }
        ls_buf_fini(&bad);
    }
    ls_buf_fini(&good);
}

/* Turns a proof of another account into what is said of one that is not there. */
static void an_account_that_is_not_there_has_nothing(void **state)
{
    static const struct {
        const char *rest;
        bool is_right;
    } rows[] = {
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define NO_STORAGE "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
        {"\"0x0\",\"nonce\":\"0x0\",\"storageHash\":\"0x" NO_STORAGE
         "\",\"codeHash\":\"0x" MADE_NO_CODE "\"}",
         true},
        {"\"0x0\",\"nonce\":\"0x0\",\"storageHash\":\"0x" ZERO "\",\"codeHash\":\"0x" ZERO "\"}",
         true},
        {"\"0x1\",\"nonce\":\"0x0\",\"storageHash\":\"0x" ZERO "\",\"codeHash\":\"0x" ZERO "\"}",
         false},
        {"\"0x0\",\"nonce\":\"0x1\",\"storageHash\":\"0x" ZERO "\",\"codeHash\":\"0x" ZERO "\"}",
         false},
        {"\"0x0\",\"nonce\":\"0x0\",\"storageHash\":\"0x" MADE_NO_CODE "\",\"codeHash\":\"0x" ZERO
         "\"}",
         false},
    };
    const struct ls_addr other = {{9}};
    const struct ls_hash storage = {{7}};
    struct made_state s;
    struct made_proof p;
    uint8_t key[32];

    (void)state;
    made_state_init(&s, &other, &storage, 3);
    ls_keccak256(LS_MESSAGE_PASSER.b, sizeof LS_MESSAGE_PASSER.b, key);
    made_prove(s.pairs, COUNT(s.pairs), (struct ls_span){key, sizeof key}, &p);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ls_account got = {.is_there = true};
        struct ls_buf b;
        ls_buf_init(&b, 1u << 20);
        ls_buf_puts(&b, "{\"accountProof\":[");
        for (size_t k = 0; k < p.count; k++) {
            ls_buf_puts(&b, k ? ",\"" : "\"");
            ls_hex_put(&b, p.nodes[k].p, p.nodes[k].n);
            ls_buf_puts(&b, "\"");
        }
        ls_buf_printf(&b, "],\"balance\":%s", rows[i].rest);
        enum ls_err e = prove_account((const char *)b.p, b.n, &p.root, &got, NULL);
        assert_int_equal(e, rows[i].is_right ? LS_OK : LS_ERR_RANGE);
        assert_int_equal(got.is_there, !rows[i].is_right);
        ls_buf_fini(&b);
    }
    made_proof_fini(&p);
    made_state_fini(&s);
}

/* --- a real engine's answers --- */

/* The state root the proof is of is that of some recorded block. */
static void check_real(const struct cJSON *result, const char *blocks)
{
    const char *node = ls_json_str(ls_json_first(ls_json_get(result, "accountProof")));
    uint8_t bytes[LS_ACCOUNT_NODE_BYTES_MAX];
    struct ls_account got;
    struct ls_diag d = {""};
    struct ls_hash root;
    struct ls_buf quoted;

    assert_non_null(node);
    size_t n = strlen(node) / 2 - 1;
    assert_int_equal(ls_hex_fixed(node, strlen(node), bytes, n), LS_OK);
    ls_keccak256(bytes, n, root.b);
    ls_buf_init(&quoted, 256);
    ls_buf_puts(&quoted, "\"stateRoot\":\"");
    ls_hex_put(&quoted, root.b, sizeof root.b);
    assert_non_null(strstr(blocks, (const char *)quoted.p));
    ls_buf_fini(&quoted);
    if (ls_account_prove(result, &LS_MESSAGE_PASSER, &root, &got, &d)) {
        fail_msg("%s", d.text);
    }
    assert_true(got.is_there);
}

static void what_op_geth_answered_is_proved(void **state)
{
    struct ls_buf calls = vectors_load("fixtures/engine-corpus/op-geth.ndjson.zst");
    struct ls_buf blocks = vectors_load("fixtures/engine-corpus/blocks.ndjson.zst");
    char *rest = NULL;
    size_t count = 0;

    (void)state;
    for (char *line = strtok_r((char *)calls.p, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        struct cJSON *row = NULL;
        if (!strstr(line, "eth_getProof")) {
            continue;
        }
        assert_int_equal(ls_json_parse(line, strlen(line), 0, &row, NULL), LS_OK);
        const struct cJSON *call = ls_json_first(ls_json_get(row, "calls"));
        for (; call; call = ls_json_next(call)) {
            if (ls_json_get(ls_json_get(call, "r"), "accountProof")) {
                check_real(ls_json_get(call, "r"), (const char *)blocks.p);
                count++;
            }
        }
        ls_json_free(row);
    }
    assert_true(count >= 9);
    ls_buf_fini(&blocks);
    ls_buf_fini(&calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_trie_is_proved),
        cmocka_unit_test(every_key_is_proved_there_or_not),
        cmocka_unit_test(an_ordered_trie_has_the_root_the_product_computes),
        cmocka_unit_test(of_the_empty_trie_there_is_nothing_to_show),
        cmocka_unit_test(what_is_no_node_proves_nothing),
        cmocka_unit_test(a_key_has_a_maximum),
        cmocka_unit_test(names_the_member_that_is_not_proved),
        cmocka_unit_test(an_account_that_is_not_there_has_nothing),
        cmocka_unit_test(what_op_geth_answered_is_proved),
    };
    return cmocka_run_group_tests_name("op_proof", tests, NULL, NULL);
}
