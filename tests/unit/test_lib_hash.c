/*
 * Hashes against published vectors; Keccak's block edges against an implementation of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/hash.h"
#include "lib/hex.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void assert_digest(const uint8_t digest[32], const char *want)
{
    char text[65] = {0};
    ls_hex_encode(digest, 32, text);
    assert_string_equal(text, want);
}

struct vector {
    const char *text;
    const char *digest;
};

static void keccak256_of_known_texts(void **state)
{
    (void)state;
    static const struct vector rows[] = {
        {"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
        {"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
        {"testing", "5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02"},
        {"The quick brown fox jumps over the lazy dog",
         "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15"},
        /* The empty trie and the empty list of uncles of every Ethereum header. */
        {"\x80", "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"},
        {"\xc0", "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t digest[32];
        ls_keccak256(rows[i].text, strlen(rows[i].text), digest);
        assert_digest(digest, rows[i].digest);
    }
    uint8_t digest[32];
    ls_keccak256(NULL, 0, digest);
    assert_digest(digest, rows[0].digest);
}

static void fill_pattern(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)(i * 7 + 3);
    }
}

static void keccak256_around_the_block_size(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        const char *digest;
    } rows[] = {
        {1, "69c322e3248a5dfc29d73c5b0553b0185a35cd5bb6386747517ef7e53b15e287"},
        {135, "00ef96af9cf4b24c7f269d922294444a197d0a33638c2e56634c57e892103a8f"},
        {136, "742061bcad767ed4c4f5883b1dcb1aad11afdcc140dc469d953759b127b9f9ed"},
        {137, "e3371f61e770abf254c34239c3b0099ad90594507415bc81dd0a10b9692bbf2a"},
        {271, "4401c4afbe16ff911bdbf2d38e556e5b861f3fdf0f9d4306b1c46f6ae4f73584"},
        {272, "ac141fd7b0a0ffcd2e967254d508da3ec616596493c36fa304425647d90e6de5"},
        {273, "16192ea86793083e47731cb3c970600f04768414d92bc0540e54ce8607a0fce0"},
        {1000, "80cdc8dd52cbb3dbaea8f383209893fa2bb52efbd5aedbb4b26dcfe307fcdc9b"},
    };
    uint8_t in[1000];
    fill_pattern(in, sizeof in);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t digest[32];
        ls_keccak256(in, rows[i].n, digest);
        assert_digest(digest, rows[i].digest);
    }
}

/* The digest of the digests of all lengths 0..300. */
static void keccak256_of_every_length(void **state)
{
    (void)state;
    uint8_t in[300];
    fill_pattern(in, sizeof in);
    uint8_t digests[301][32];
    for (size_t n = 0; n <= 300; n++) {
        ls_keccak256(in, n, digests[n]);
    }
    uint8_t digest[32];
    ls_keccak256(digests, sizeof digests, digest);
    assert_digest(digest, "2c42f3ea255cc9e489b3111815c1014717c9fe06d269a2b51cbc4d99c5390a8b");
}

static void keccak256_does_not_care_how_its_input_is_cut(void **state)
{
    (void)state;
    uint8_t in[500];
    fill_pattern(in, sizeof in);
    uint8_t whole[32];
    ls_keccak256(in, sizeof in, whole);
    for (size_t step = 1; step <= 300; step++) {
        struct ls_keccak k;
        ls_keccak_init(&k);
        for (size_t at = 0; at < sizeof in; at += step) {
            size_t n = sizeof in - at < step ? sizeof in - at : step;
            ls_keccak_update(&k, in + at, n);
            ls_keccak_update(&k, NULL, 0);
        }
        uint8_t digest[32];
        ls_keccak_final(&k, digest);
        assert_memory_equal(digest, whole, 32);
    }
}

static void keccak_state_can_be_used_again(void **state)
{
    (void)state;
    struct ls_keccak k;
    uint8_t digest[32];
    for (int i = 0; i < 2; i++) {
        ls_keccak_init(&k);
        ls_keccak_update(&k, "abc", 3);
        ls_keccak_final(&k, digest);
        assert_digest(digest, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    }
}

/* FIPS 180-4 examples. */
static void sha256_of_known_texts(void **state)
{
    (void)state;
    static const struct vector rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    uint8_t digest[32];
    for (size_t i = 0; i < COUNT(rows); i++) {
        ls_sha256(rows[i].text, strlen(rows[i].text), digest);
        assert_digest(digest, rows[i].digest);
    }
    ls_sha256(NULL, 0, digest);
    assert_digest(digest, rows[0].digest);
}

/* One test case of RFC 4231: repeated bytes, or a text. */
struct hmac_case {
    size_t key_bytes;
    const char *key_text; /* NULL: key_byte repeated */
    const char *data_text;
    size_t data_bytes;
    uint8_t key_byte;
    uint8_t data_byte;
    const char *mac;
    size_t mac_digits;
};

/* Cases 1 to 7, but 4, whose key counts up and stands below. Case 5 publishes 128 bits. */
static void sha256_in_pieces_is_sha256(void **state)
{
    (void)state;
    uint8_t text[300], whole[32], pieces[32];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i * 7);
    }
    for (size_t n = 0; n <= sizeof text; n += 11) {
        ls_sha256(text, n, whole);
        for (size_t step = 1; step < 140; step += 9) {
            struct ls_sha256 h;
            ls_sha256_init(&h);
            ls_sha256_update(&h, NULL, 0);
            for (size_t at = 0; at < n; at += step) {
                ls_sha256_update(&h, text + at, n - at < step ? n - at : step);
            }
            ls_sha256_final(&h, pieces);
            assert_memory_equal(pieces, whole, sizeof whole);
        }
    }
}

static void hmac_sha256_as_in_rfc_4231(void **state)
{
    (void)state;
    static const struct hmac_case rows[] = {
        {.key_bytes = 20,
         .key_byte = 0x0b,
         .data_text = "Hi There",
         .mac = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
         .mac_digits = 64},
        {.key_bytes = 4,
         .key_text = "Jefe",
         .data_text = "what do ya want for nothing?",
         .mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
         .mac_digits = 64},
        {.key_bytes = 20,
         .key_byte = 0xaa,
         .data_bytes = 50,
         .data_byte = 0xdd,
         .mac = "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
         .mac_digits = 64},
        {.key_bytes = 20,
         .key_byte = 0x0c,
         .data_text = "Test With Truncation",
         .mac = "a3b6167473100ee06e0c796c2955552b",
         .mac_digits = 32},
        {.key_bytes = 131,
         .key_byte = 0xaa,
         .data_text = "Test Using Larger Than Block-Size Key - Hash Key First",
         .mac = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
         .mac_digits = 64},
        {.key_bytes = 131,
         .key_byte = 0xaa,
         .data_text = "This is a test using a larger than block-size key and a larger than "
                      "block-size data. The key needs to be hashed before being used by the HMAC "
                      "algorithm.",
         .mac = "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
         .mac_digits = 64},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct hmac_case *r = &rows[i];
        uint8_t key[131], data[200], mac[32];
        memset(key, r->key_byte, sizeof key);
        if (r->key_text) {
            memcpy(key, r->key_text, r->key_bytes);
        }
        memset(data, r->data_byte, sizeof data);
        size_t n = r->data_text ? strlen(r->data_text) : r->data_bytes;
        if (r->data_text) {
            memcpy(data, r->data_text, n);
        }
        ls_hmac_sha256(key, r->key_bytes, data, n, mac);
        char text[65] = {0};
        ls_hex_encode(mac, 32, text);
        text[r->mac_digits] = '\0';
        assert_string_equal(text, r->mac);
    }
}

static void hmac_sha256_case_4_of_rfc_4231(void **state)
{
    (void)state;
    uint8_t key[25], data[50], mac[32];
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(i + 1);
    }
    memset(data, 0xcd, sizeof data);
    ls_hmac_sha256(key, sizeof key, data, sizeof data, mac);
    assert_digest(mac, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
}

static void hmac_sha256_takes_nothing(void **state)
{
    (void)state;
    uint8_t mac[32];
    ls_hmac_sha256(NULL, 0, NULL, 0, mac);
    assert_digest(mac, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keccak256_of_known_texts),
        cmocka_unit_test(keccak256_around_the_block_size),
        cmocka_unit_test(keccak256_of_every_length),
        cmocka_unit_test(keccak256_does_not_care_how_its_input_is_cut),
        cmocka_unit_test(keccak_state_can_be_used_again),
        cmocka_unit_test(sha256_of_known_texts),
        cmocka_unit_test(sha256_in_pieces_is_sha256),
        cmocka_unit_test(hmac_sha256_as_in_rfc_4231),
        cmocka_unit_test(hmac_sha256_case_4_of_rfc_4231),
        cmocka_unit_test(hmac_sha256_takes_nothing),
    };
    return cmocka_run_group_tests_name("lib hash", tests, NULL, NULL);
}
