/*
 * Making siblings: decode the block that is replaced, change the header, hash it, and write its
 * recorded text again with the members that follow from that.
 */
#include "harness/capture/fork.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/capture/chain_mem.h"
#include "harness/capture/check.h"
#include "harness/capture/jsontext.h"
#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/json.h"

struct forker {
    struct ls_chain *c;
    const struct ls_fork_spec *spec;
    uint64_t fork_number; /* number of the first block that is made */
    uint32_t branch_tip;  /* recorded branch the fork leaves, or LS_NO_BLOCK */
    struct ls_arena scratch;
    struct ls_buf text;
    struct ls_diag *d;
};

const char *ls_fork_field_name(enum ls_fork_field f)
{
    static const char *const names[LS_FORK_FIELD_COUNT] = {
#define FIELD_NAME(name, text) [LS_FORK_FIELD_##name] = text,
        LS_FORK_FIELD_LIST(FIELD_NAME)
#undef FIELD_NAME
    };
    return f < LS_FORK_FIELD_COUNT ? names[f] : "";
}

enum ls_err ls_fork_field_parse(const char *text, enum ls_fork_field *out)
{
    for (unsigned i = 0; i < LS_FORK_FIELD_COUNT; i++) {
        if (strcmp(text, ls_fork_field_name((enum ls_fork_field)i)) == 0) {
            *out = (enum ls_fork_field)i;
            return LS_OK;
        }
    }
    return LS_ERR_NOT_FOUND;
}

/* --- the header --- */

/* 32 bytes that depend on all that tells one fork of a block from another. */
static struct ls_hash derive(const struct forker *k)
{
    static const char label[] = "lockstep fork";
    const char *name = k->spec->name ? k->spec->name : "";
    uint8_t numbers[16];
    struct ls_keccak state;
    struct ls_hash h;

    ls_put_be64(numbers, k->spec->seed);
    ls_put_be64(numbers + 8, k->fork_number);
    ls_keccak_init(&state);
    ls_keccak_update(&state, label, sizeof label); /* its zero keeps label and name apart */
    ls_keccak_update(&state, name, strlen(name) + 1);
    ls_keccak_update(&state, numbers, sizeof numbers);
    ls_keccak_final(&state, h.b);
    return h;
}

static enum ls_err fail_value(const struct forker *k)
{
    return ls_fail(k->d, LS_ERR_PARSE, "%s: \"%.80s\" is not a value of this field",
                   ls_fork_field_name(k->spec->field), k->spec->value);
}

static enum ls_err set_hash(const struct forker *k, struct ls_hash *field)
{
    const char *value = k->spec->value;

    if (!value) {
        *field = derive(k);
        return LS_OK;
    }
    return ls_hex_fixed(value, strlen(value), field->b, sizeof field->b) ? fail_value(k) : LS_OK;
}

/* A gas limit may differ from the parent's by less than 1/1024: stay well within. */
static enum ls_err set_gas_limit(const struct forker *k, uint64_t *field)
{
    const char *value = k->spec->value;

    if (value) {
        return ls_parse_quantity(value, strlen(value), field) ? fail_value(k) : LS_OK;
    }
    struct ls_hash h = derive(k);
    uint64_t step = 1 + ls_be64(h.b) % (*field / 4096 + 1);
    *field -= step < *field ? step : 0;
    return LS_OK;
}

static enum ls_err change_field(const struct forker *k, struct ls_header *h)
{
    switch (k->spec->field) {
    case LS_FORK_FIELD_PREV_RANDAO:
        return set_hash(k, &h->mix_hash);
    case LS_FORK_FIELD_STATE_ROOT:
        return set_hash(k, &h->state_root);
    case LS_FORK_FIELD_RECEIPTS_ROOT:
        return set_hash(k, &h->receipts_root);
    case LS_FORK_FIELD_GAS_LIMIT:
        return set_gas_limit(k, &h->gas_limit);
    case LS_FORK_FIELD_COUNT:
        break;
    }
    return ls_fail(k->d, LS_ERR_USAGE, "no such fork field");
}

/* --- the text --- */

static void put_hash(struct ls_buf *b, const struct ls_hash *h)
{
    ls_buf_putc(b, '"');
    ls_hex_put(b, h->b, sizeof h->b);
    ls_buf_putc(b, '"');
}

static void put_field(struct ls_buf *b, enum ls_fork_field field, const struct ls_header *h)
{
    switch (field) {
    case LS_FORK_FIELD_PREV_RANDAO:
        put_hash(b, &h->mix_hash);
        break;
    case LS_FORK_FIELD_STATE_ROOT:
        put_hash(b, &h->state_root);
        break;
    case LS_FORK_FIELD_RECEIPTS_ROOT:
        put_hash(b, &h->receipts_root);
        break;
    case LS_FORK_FIELD_GAS_LIMIT:
        ls_buf_putc(b, '"');
        ls_hex_put_quantity(b, h->gas_limit);
        ls_buf_putc(b, '"');
        break;
    case LS_FORK_FIELD_COUNT:
        break;
    }
}

static void put_key(struct ls_buf *b, const char *sep, struct ls_span key)
{
    ls_buf_puts(b, sep);
    ls_buf_putc(b, '"');
    ls_buf_put(b, key.p, key.n);
    ls_buf_puts(b, "\":");
}

static void put_tx(struct ls_buf *b, struct ls_span tx, const struct ls_hash *block_hash)
{
    struct ls_jsontext it = ls_jsontext_open(tx);
    struct ls_jsontext_item m;
    const char *sep = "";

    ls_buf_putc(b, '{');
    while (ls_jsontext_next(&it, &m)) {
        put_key(b, sep, m.key);
        if (ls_jsontext_is(&m, "blockHash")) {
            put_hash(b, block_hash);
        } else {
            ls_buf_put(b, m.value.p, m.value.n);
        }
        sep = ",";
    }
    ls_buf_putc(b, '}');
}

static void put_txs(struct ls_buf *b, struct ls_span list, const struct ls_hash *block_hash)
{
    struct ls_jsontext it = ls_jsontext_open(list);
    struct ls_jsontext_item tx;
    const char *sep = "";

    ls_buf_putc(b, '[');
    while (ls_jsontext_next(&it, &tx)) {
        ls_buf_puts(b, sep);
        put_tx(b, tx.value, block_hash);
        sep = ",";
    }
    ls_buf_putc(b, ']');
}

/* The base block's text with what changed. */
static void put_block(struct forker *k, struct ls_span base, const struct ls_header *h,
                      const struct ls_hash *hash)
{
    struct ls_jsontext it = ls_jsontext_open(base);
    struct ls_jsontext_item m;
    struct ls_buf *b = &k->text;
    const char *sep = "";

    ls_buf_clear(b);
    ls_buf_putc(b, '{');
    while (ls_jsontext_next(&it, &m)) {
        put_key(b, sep, m.key);
        if (ls_jsontext_is(&m, "hash")) {
            put_hash(b, hash);
        } else if (ls_jsontext_is(&m, "parentHash")) {
            put_hash(b, &h->parent);
        } else if (ls_jsontext_is(&m, ls_fork_field_name(k->spec->field))) {
            put_field(b, k->spec->field, h);
        } else if (ls_jsontext_is(&m, "transactions")) {
            put_txs(b, m.value, hash);
        } else {
            ls_buf_put(b, m.value.p, m.value.n);
        }
        sep = ",";
    }
    ls_buf_putc(b, '}');
}

/* --- one block --- */

/* The recorded block a new block of this number takes the place of. */
static uint32_t base_at(const struct forker *k, uint64_t number)
{
    uint32_t id = ls_universe_at(k->c->l2, k->branch_tip, number);

    return id != LS_NO_BLOCK ? id : ls_chain_at(k->c, number);
}

/* The branch of recorded or synthetic blocks that goes on above block at, canonical first. */
static uint32_t find_branch(const struct ls_chain *c, uint32_t at)
{
    for (size_t i = 0; i < c->branch_count; i++) {
        if (ls_universe_is_ancestor(c->l2, at, c->branches[i].tip)) {
            return c->branches[i].tip;
        }
    }
    return LS_NO_BLOCK;
}

/* Adds the text in k->text as a block above parent. */
static enum ls_err add_block(struct forker *k, uint32_t parent, bool expect_invalid, uint32_t *id)
{
    struct ls_universe *u = k->c->l2;
    const struct ls_rollup *r = k->c->has_rollup ? &k->c->rollup : NULL;
    const uint8_t *text =
        k->text.err ? NULL : ls_arena_dup(&k->c->mem->forks, k->text.p, k->text.n);
    struct ls_ublock b = {.parent = parent,
                          .is_synthetic = true,
                          .expect_invalid = expect_invalid,
                          .json = (const char *)text,
                          .json_bytes = k->text.n};
    struct ls_block decoded;
    enum ls_err e;

    if (!text) {
        return ls_fail(k->d, LS_ERR_NOMEM, "out of memory");
    }
    e = ls_check_l2_block(ls_buf_span(&k->text), r, &k->scratch, &decoded, &b.ref, k->d);
    if (!e) {
        e = ls_check_l2_link(&ls_universe_get(u, parent)->ref, &b.ref, r, k->d);
    }
    if (!e) {
        e = ls_universe_add(u, &b, id);
        if (e) {
            ls_fail(k->d, e, "%s",
                    e == LS_ERR_LIMIT ? "no room for more synthetic blocks "
                                        "(extra_blocks)"
                                      : ls_err_text(e));
        }
    }
    return e;
}

/* Makes the block above parent; is_first: the one that differs by its own field. */
static enum ls_err make_block(struct forker *k, uint32_t parent, uint32_t base, bool is_first,
                              bool expect_invalid, uint32_t *id)
{
    const struct ls_ublock *from = ls_universe_get(k->c->l2, base);
    struct ls_span text = ls_ublock_text(from);
    struct ls_header h;
    struct cJSON *root = NULL;
    enum ls_err e = ls_json_parse((const char *)text.p, text.n, 0, &root, k->d);

    ls_arena_reset(&k->scratch);
    if (!e) {
        e = ls_header_from_json(root, &h, NULL, k->d);
    }
    ls_json_free(root);
    if (!e && is_first) {
        e = change_field(k, &h);
    }
    if (!e) {
        h.parent = ls_universe_get(k->c->l2, parent)->ref.hash;
        struct ls_hash hash = ls_header_hash(&h);
        put_block(k, text, &h, &hash);
        e = add_block(k, parent, expect_invalid, id);
    }
    if (!e && from->proof && !(is_first && k->spec->field == LS_FORK_FIELD_STATE_ROOT)) {
        ls_universe_set_proof(k->c->l2, *id, from->proof, from->proof_bytes); /* the same state */
    }
    return e;
}

/* --- the fork --- */

static enum ls_err make_blocks(struct forker *k, uint32_t at, uint32_t length, uint32_t *first,
                               uint32_t *tip, uint32_t *ids)
{
    uint32_t parent = at;
    uint32_t from = k->spec->invalid_from;

    for (uint32_t i = 0; i < length; i++) {
        uint64_t number = k->fork_number + i;
        bool expect_invalid =
            (from != 0 && i + 1 >= from) || ls_universe_get(k->c->l2, parent)->expect_invalid;
        uint32_t base = base_at(k, number);
        uint32_t id = LS_NO_BLOCK;
        if (base == LS_NO_BLOCK) {
            return ls_fail(k->d, LS_ERR_RANGE,
                           "block %" PRIu64 " is not recorded, the chain ends at %" PRIu64, number,
                           ls_universe_get(k->c->l2, k->c->tip)->ref.number);
        }
        enum ls_err e = make_block(k, parent, base, i == 0, expect_invalid, &id);
        if (e) {
            return ls_fail_in(k->d, e, "block %" PRIu64 " of the fork", number);
        }
        if (i == 0) {
            *first = id;
        }
        if (ids) {
            ids[i] = id;
        }
        parent = id;
    }
    *tip = parent;
    return LS_OK;
}

static enum ls_err check_name(const struct forker *k)
{
    const char *name = k->spec->name;

    if (!name) {
        return LS_OK;
    }
    if (!ls_manifest_is_name(name)) {
        return ls_fail(k->d, LS_ERR_PARSE, "\"%.80s\" is not a name (letters, digits, - _ .)",
                       name);
    }
    if (ls_chain_branch(k->c, name)) {
        return ls_fail(k->d, LS_ERR_EXISTS, "a branch \"%s\" exists already", name);
    }
    if (k->c->branch_count == LS_CHAIN_BRANCHES_MAX) {
        return ls_fail(k->d, LS_ERR_LIMIT, "more than %u branches", LS_CHAIN_BRANCHES_MAX);
    }
    return LS_OK;
}

enum ls_err ls_chain_fork(struct ls_chain *c, uint32_t at, uint32_t length,
                          const struct ls_fork_spec *spec, uint32_t *ids, struct ls_diag *d)
{
    struct forker k = {.c = c,
                       .spec = spec,
                       .fork_number = ls_universe_get(c->l2, at)->ref.number + 1,
                       .branch_tip = find_branch(c, at),
                       .d = d};
    struct ls_chain_branch br = {.is_synthetic = true};
    enum ls_err e = check_name(&k);

    ls_arena_init(&k.scratch, LS_CHECK_BLOCK_BYTES_MAX);
    ls_buf_init(&k.text, LS_CHECK_BLOCK_BYTES_MAX);
    if (!e && length == 0) {
        e = ls_fail(d, LS_ERR_RANGE, "a fork has at least one block");
    }
    if (!e) {
        e = make_blocks(&k, at, length, &br.first, &br.tip, ids);
    }
    if (!e && spec->name) {
        snprintf(br.name, sizeof br.name, "%s", spec->name);
        c->branches[c->branch_count++] = br;
    }
    ls_buf_fini(&k.text);
    ls_arena_fini(&k.scratch);
    return e;
}
