#include "lib/op/output.h"

#include "lib/hash.h"

struct ls_hash ls_output_root_v0(const struct ls_hash *state_root,
                                 const struct ls_hash *message_passer_root,
                                 const struct ls_hash *block_hash)
{
    static const struct ls_hash version;
    struct ls_keccak k;
    struct ls_hash root;

    ls_keccak_init(&k);
    ls_keccak_update(&k, version.b, 32);
    ls_keccak_update(&k, state_root->b, 32);
    ls_keccak_update(&k, message_passer_root->b, 32);
    ls_keccak_update(&k, block_hash->b, 32);
    ls_keccak_final(&k, root.b);
    return root;
}
