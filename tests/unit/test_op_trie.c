/* Ordered trie roots against those of an independent implementation (@ethereumjs/mpt 10). */
#include "tests/unit/op_vectors.h"

#include "lib/op/tx.h"

#define ITEMS_MAX 70000u
#define ITEM_BYTES_MAX 200u

/* Item i is so many bytes of value i % 251 + 1. */
static size_t short_bytes(size_t i)
{
    return 1 + i % 5;
}

static size_t mixed_bytes(size_t i)
{
    return 1 + i * 37 % 200;
}

static void assert_root(size_t (*bytes_of)(size_t), size_t count, const char *expected)
{
    static const size_t VALUES = 251;
    struct ls_span *items = calloc(count + 1, sizeof *items);
    uint8_t *mem = malloc(VALUES * ITEM_BYTES_MAX);
    struct ls_hash root;

    assert_non_null(items);
    assert_non_null(mem);
    for (size_t v = 0; v < VALUES; v++) {
        memset(mem + v * ITEM_BYTES_MAX, (int)v + 1, ITEM_BYTES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct ls_span){mem + i % VALUES * ITEM_BYTES_MAX, bytes_of(i)};
    }
    assert_int_equal(ls_trie_ordered_root(items, count, &root), LS_OK);
    assert_hash_is(&root, expected);
    free(items);
    free(mem);
}

struct vector {
    size_t count;
    const char *root;
};

/* Short items make nodes that stand inside their parents. */
static void roots_of_items_that_fit_their_parent_node(void **state)
{
    static const struct vector V[] = {
        {1, "0xac92bc8d02906a87a573c32c72bb427036f0e43d7a7375c5c491ebba064add15"},
        {2, "0xb723d6de373f71d46d8ba91828a825672fff720efea492ee45097cbd40bdb2e0"},
        {3, "0x84186ab8c770c1df9269f2cbf908bff53f4d49190c5cd736e548dad1a208db3c"},
        {15, "0x77951ee106ba2ba15372311a97ce2ed2ec11356d8bdd9dfe5167f3bb9d257319"},
        {16, "0x929524b2add9d810b51038da4ea4bfbb0c39987f2e64def98d41b8b6c07f81b2"},
        {17, "0x951d3a24d90c83ad119bca58a75d66b12c0f19c7ceab90904ae066f7a7956d0b"},
        {18, "0x71db5cf4e28616e116461a07752cb861a9dccd6fe75f86d8b880b465d54b27cc"},
        {127, "0xc116a8f5fbcebbf88cb3144e26f25cabfc071322d4ae2ee5b48a9fbccfce77b0"},
        {128, "0x3e6c0afecb0295a19975e7995e61b31c8814f1d071efdc922d620619409b1cf2"},
        {129, "0x971387825662aa910254fc07c75a1322d0c4bf3fda8ce4115505128f095c32c7"},
        {130, "0xd1d0b40eb8bc8e0528b9289a3fafd044f9fbbabdee9124dd85a9dd0b5cfc67d8"},
        {255, "0xf40fbec4489a56179498e73d389bfbefbc56ce378e5c4229b0cb5ad3e85d6160"},
        {256, "0x4909e4478d64892984fc25449a39a30394d24962bfd5ff5623eda5ec2b2b8490"},
        {257, "0xe2707f47605b8db437ecc40ea16711610a70a0514c59943c43951208b4e63406"},
        {300, "0xe6dae8a4496fb624cd827e62e0624c78ae109c6669357c0250aae760d61332ed"},
        {1000, "0xe803e12b9e01740a3ce50f5a46767ef0a892e2a39f84dab82a98531460eff084"},
        {4500, "0xf4f9b1110f3788697a66b81ae0fbdc56c0d6e6cd5f69295cecceb28eb5fc616e"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
        assert_root(short_bytes, V[i].count, V[i].root);
    }
}

static void roots_of_items_on_both_sides_of_every_length_limit(void **state)
{
    static const struct vector V[] = {
        {2, "0x2bf92ed405590cb3b77f8c44c1098c610c2f458689b7f7daeed33916cbf41931"},
        {3, "0x76a4afae7c94f78d52f387dfa440aa444f315f02a37083dfa6be92576aee7999"},
        {15, "0x267bf266659fd45fa0b27631ddf2d83e31f6d11b4f7558b3004d7bc00a6d74b3"},
        {16, "0x5c045784a4c0399683df8ae0e8273c59cfba25baa21d6d4d4c78f855fe003aa7"},
        {17, "0x4ca8efbeeb5a23808e49c304070203601df66916f193ce54b34728e8dda7a216"},
        {18, "0xd9f311b6ec805c12a9efdd28a43a7975200607c70a9f1f3d5a687b7b47689288"},
        {127, "0x62bb689b7ba0203b6d688c8ba4531ca054ce1a50fe853bd952b3aef51b010154"},
        {128, "0x6da85aad0633a5c954747ea280694ab046affe2a016a905d03be10b6ab866022"},
        {129, "0x44fd5a8c6933cccb82d4deea7ea9fcdc98d44ee5c76144c1a91cdb5c808c372c"},
        {130, "0xc45bef376162707415a5100a3efdb29629a4475055005eb24d6a22daa6ac6cd4"},
        {255, "0xfd9c23cfe64434da5b59a4b58ed415756d856e8b13d45f01a815e8663807d5c7"},
        {256, "0xa38bbab8167a7efbe50ad6e346d4cf08edc42b36c0e0e5929b42e48a37cfe9f9"},
        {257, "0xd02dcd96729813b8449c480999c5029a6680ad1171cbea2d9fa7915359496fe2"},
        {300, "0xe2b9747062b66f627f9ed47d2fec2bf93588d0d0ad15164352716c9d0e65aabc"},
        {1000, "0x421d272b882239b9ae91fd3893342813acc68a50fd6382ff3dafeb5302183d7e"},
        {4500, "0x0ea40d652d8ab773fa7a4f74b51381d03b0beb338079fe34ecda2ee4590fdd8d"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
        assert_root(mixed_bytes, V[i].count, V[i].root);
    }
}

static void roots_where_keys_become_one_byte_longer(void **state)
{
    (void)state;
    assert_root(short_bytes, 65535,
                "0x6451d636769af796f2db80e02847f8586e44c27ea6b2279533d7863ac2d5e70a");
    assert_root(short_bytes, 65536,
                "0xbf2276241a72806240d9a681575711bc8c03bd92a052116e7e04513d229bbe26");
    assert_root(short_bytes, ITEMS_MAX,
                "0xb80133250f20edf2313993854b96686e72701b7a183700b75560fe0af5941454");
}

static void no_items_make_the_empty_trie(void **state)
{
    struct ls_hash root;

    (void)state;
    assert_int_equal(ls_trie_ordered_root(NULL, 0, &root), LS_OK);
    assert_hash_is(&root, "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
}

static void more_items_than_four_byte_keys_are_refused(void **state)
{
    static const struct ls_span none;
    struct ls_hash root;

    (void)state;
    assert_int_equal(ls_trie_ordered_root(&none, (1u << 24) + 1, &root), LS_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_of_items_that_fit_their_parent_node),
        cmocka_unit_test(roots_of_items_on_both_sides_of_every_length_limit),
        cmocka_unit_test(roots_where_keys_become_one_byte_longer),
        cmocka_unit_test(no_items_make_the_empty_trie),
        cmocka_unit_test(more_items_than_four_byte_keys_are_refused),
    };

    return cmocka_run_group_tests_name("op trie", tests, NULL, NULL);
}
