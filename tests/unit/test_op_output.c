/* Output root, version 0. */
#include "tests/unit/op_vectors.h"

#include "lib/op/output.h"

/* op-sepolia block 1 and 16491249: preimages are on the chain, roots in public tests. */
static void roots_of_op_sepolia(void **state)
{
    static const char *const V[][4] = {
        {"0x4c0f6050836fd6788a0a15f3569b192def4cb8d2734399a31e4ad6be421eb3dc",
         "0x8ed4baae3a927be3dea54996b4d5899f8c01e7594bf50b17dc1e741388ce3d12",
         "0xe460dd641f493c0184f2544c9bcfe3b4dcfe69cfa8054f8aed291b0ddda0025e",
         "0x3863a0f8b3b20c2dcf3b8ea83e15606f5edfc1b22393806da15fcb8132fcbdbb"},
        {"0x946554072664e6c91d9d206ed5027f9ce627a3afef55f9c42793d03550dedd54",
         "0xa24863cd20f2bdef1cd1e464594a7b82794da85abdcfb80da3bba930712f057e",
         "0x98fc2146b53b40007f93d4fa4b4788b33630373ec8fefb126f61df1dfb24d1d9",
         "0x82da7204148ba4d8d59e587b6b3fdde5561dc31d9e726220f7974bf9f2158d75"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof V / sizeof V[0]; i++) {
        struct ls_hash state_root = hash_of(V[i][0]);
        struct ls_hash passer = hash_of(V[i][1]);
        struct ls_hash block = hash_of(V[i][2]);
        struct ls_hash root = ls_output_root_v0(&state_root, &passer, &block);

        assert_hash_is(&root, V[i][3]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_of_op_sepolia),
    };

    return cmocka_run_group_tests_name("op output", tests, NULL, NULL);
}
