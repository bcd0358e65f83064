#include "tests/engine_corpus/standin.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/jsonw.h"
#include "lib/num.h"
#include "lib/op/block.h"
#include "lib/op/payload.h"
#include "mocks/rpc/basefee.h"

#define HASH_TEXT 66u

/* --- what is named --- */

static bool is_recorded(const struct ls_corpus *c, const struct ls_hash *hash)
{
    for (size_t i = 0; i < c->block_count; i++) {
        if (ls_hash_eq(&c->blocks[i].hash, hash)) {
            return true;
        }
    }
    return false;
}

static struct ls_ref *find(const struct ls_standins *s, const struct ls_hash *hash)
{
    for (size_t i = 0; i < s->count; i++) {
        if (ls_hash_eq(&s->items[i].hash, hash)) {
            return &s->items[i];
        }
    }
    return NULL;
}

/* Of two mentions each may know what the other does not. */
static void add(struct ls_standins *s, const struct ls_corpus *c, const struct ls_ref *ref)
{
    if (ls_hash_is_zero(&ref->hash) || is_recorded(c, &ref->hash)) {
        return;
    }
    struct ls_ref *known = find(s, &ref->hash);
    if (known == NULL) {
        s->items = ls_corpus_need(realloc(s->items, (s->count + 1) * sizeof *s->items));
        s->items[s->count++] = *ref;
        return;
    }
    known->txs = known->txs == 0 ? ref->txs : known->txs;
    known->state = ls_hash_is_zero(&known->state) ? ref->state : known->state;
}

static uint64_t tx_count(const struct cJSON *txs)
{
    uint64_t n = 0;
    (void)ls_json_u64(txs, &n);
    return ls_json_is_array(txs) ? ls_json_count(txs) : n;
}

static bool read_ref(const struct cJSON *v, const char *hash, const char *number,
                     struct ls_ref *out)
{
    *out = (struct ls_ref){.txs = tx_count(ls_json_get(v, "transactions"))};
    (void)ls_json_fixed(ls_json_get(v, "stateRoot"), out->state.b, sizeof out->state.b);
    return ls_json_fixed(ls_json_get(v, hash), out->hash.b, sizeof out->hash.b) == LS_OK &&
           ls_json_fixed(ls_json_get(v, "parentHash"), out->parent.b, sizeof out->parent.b) ==
               LS_OK &&
           ls_json_u64_any(ls_json_get(v, number), &out->number) == LS_OK &&
           ls_json_u64_any(ls_json_get(v, "timestamp"), &out->timestamp) == LS_OK;
}

static bool has_origin(const struct cJSON *v)
{
    return ls_json_get(v, "l1origin") != NULL || ls_json_get(v, "l1Origin") != NULL;
}

void ls_standins_collect(struct ls_standins *s, const struct ls_corpus *c, const struct cJSON *line,
                         bool is_l2)
{
    struct ls_ref ref;
    if ((is_l2 || has_origin(line)) && read_ref(line, "hash", "number", &ref)) {
        add(s, c, &ref);
    }
    if (read_ref(line, "blockHash", "blockNumber", &ref)) {
        add(s, c, &ref);
    }
    for (const struct cJSON *v = ls_json_first(line); v != NULL; v = ls_json_next(v)) {
        if (ls_json_is_object(v) || ls_json_is_array(v)) {
            ls_standins_collect(s, c, v, is_l2);
        }
    }
}

static void add_stand(struct ls_standins *s, const struct ls_hash *head, const struct ls_hash *on)
{
    s->stands = ls_corpus_need(realloc(s->stands, (s->stand_count + 1) * sizeof *s->stands));
    s->stands[s->stand_count++] = (struct ls_stand){.head = *head, .on = *on};
}

void ls_standins_stand(struct ls_standins *s, const struct cJSON *state, const char *key)
{
    struct ls_hash head;
    struct ls_hash on;
    if (ls_json_fixed(ls_json_get(state, "headBlockHash"), head.b, sizeof head.b) == LS_OK &&
        ls_json_fixed(ls_json_get(state, key), on.b, sizeof on.b) == LS_OK) {
        add_stand(s, &head, &on);
    }
}

/* --- parents that nobody named --- */

/* The newest branch block that a forkchoice says is below a block; NULL: none. */
static const struct ls_ref *told_below(const struct ls_standins *s, const struct ls_ref *child)
{
    const struct ls_ref *best = NULL;
    for (size_t i = 0; i < s->stand_count; i++) {
        const struct ls_ref *on = find(s, &s->stands[i].on);
        if (ls_hash_eq(&s->stands[i].head, &child->hash) && on != NULL &&
            on->number < child->number && (best == NULL || on->number > best->number)) {
            best = on;
        }
    }
    return best;
}

/* The parent of the unnamed parent of child, which stands on block on. One that is unnamed, too,
 * gets a name that follows from the child's. */
static struct ls_hash grandparent(struct ls_standins *s, const struct ls_ref *child,
                                  const struct ls_ref *on)
{
    struct ls_hash name;
    add_stand(s, &child->parent, &on->hash);
    if (on->number + 2 >= child->number) {
        return on->hash;
    }
    ls_keccak256(child->parent.b, sizeof child->parent.b, name.b);
    return name;
}

/* The only branch block of that number, or the canonical one; zero: above all that is known. */
static struct ls_hash block_below(const struct ls_standins *s, const struct ls_corpus *c,
                                  uint64_t number)
{
    const struct ls_ref *only = NULL;
    size_t found = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->items[i].number == number) {
            only = &s->items[i];
            found++;
        }
    }
    const struct ls_corpus_block *canonical = ls_corpus_at(c, number);
    struct ls_hash none = {{0}};
    return found == 1 ? only->hash : canonical == NULL ? none : canonical->hash;
}

static void add_parents(struct ls_standins *s, const struct ls_corpus *c)
{
    for (size_t i = 0; i < s->count; i++) {
        struct ls_ref child = s->items[i];
        if (child.number < 2 || find(s, &child.parent) != NULL || is_recorded(c, &child.parent)) {
            continue;
        }
        const struct ls_ref *on = told_below(s, &child);
        struct ls_ref parent = {.hash = child.parent,
                                .parent = on != NULL ? grandparent(s, &child, on)
                                                     : block_below(s, c, child.number - 2),
                                .number = child.number - 1,
                                .timestamp = child.timestamp - c->rollup.block_time};
        add(s, c, &parent);
    }
}

/* --- the block --- */

static void write_hash(const struct ls_hash *h, const char *key, struct ls_jw *w)
{
    ls_jw_hex(w, key, h->b, sizeof h->b);
}

static void print_value(const struct cJSON *v, const char *key, struct ls_jw *w)
{
    struct ls_buf text;
    ls_buf_init(&text, LS_CORPUS_BYTES_MAX);
    ls_json_print(v, &text);
    ls_jw_raw(w, key, (const char *)text.p, text.n);
    ls_buf_fini(&text);
}

static void write_tx(const struct cJSON *tx, const struct ls_payload *p, const struct ls_hash *hash,
                     struct ls_jw *w)
{
    ls_jw_object(w, NULL);
    for (const struct cJSON *m = ls_json_first(tx); m != NULL; m = ls_json_next(m)) {
        if (strcmp(ls_json_key(m), "blockHash") == 0) {
            write_hash(hash, "blockHash", w);
        } else if (strcmp(ls_json_key(m), "blockNumber") == 0) {
            ls_jw_quantity(w, "blockNumber", p->number);
        } else {
            print_value(m, ls_json_key(m), w);
        }
    }
    ls_jw_object_end(w);
}

static void write_block(const struct ls_payload *p, const struct cJSON *base, struct ls_buf *out,
                        struct ls_hash *hash)
{
    struct ls_header h;
    struct ls_jw w;
    if (ls_payload_header(p, &h) != LS_OK) {
        ls_corpus_die("stand-in", "is no block");
    }
    *hash = ls_header_hash(&h);
    ls_jw_init(&w, out);
    ls_jw_object(&w, NULL);
    ls_header_write(&h, hash, &w);
    ls_jw_array(&w, "transactions");
    const struct cJSON *tx = ls_json_first(ls_json_get(base, "transactions"));
    for (size_t i = 0; i < p->tx_count; i++) {
        write_tx(tx, p, hash, &w);
        tx = ls_json_next(tx);
    }
    ls_jw_array_end(&w);
    ls_jw_array(&w, "withdrawals");
    ls_jw_array_end(&w);
    ls_jw_object_end(&w);
}

static void read_block(const struct ls_corpus_block *b, struct ls_arena *a, struct ls_block *out)
{
    struct ls_diag d = {{0}};
    if (ls_block_from_json(b->block, a, out, &d) != LS_OK) {
        ls_corpus_die("block", d.text);
    }
}

static uint64_t fee_after(const struct ls_corpus *c, const struct ls_corpus_block *parent,
                          uint64_t timestamp, struct ls_arena *a)
{
    struct ls_block b;
    uint64_t fee = 0;
    read_block(parent, a, &b);
    (void)ls_json_quantity(ls_json_get(parent->block, "baseFeePerGas"), &fee);
    return ls_base_fee_next(&c->rollup, &b.header, fee, timestamp);
}

static void make(struct ls_corpus *c, struct ls_names *n, const struct ls_ref *ref,
                 const struct ls_corpus_block *parent, const struct ls_corpus_block *base)
{
    struct ls_arena arena;
    struct ls_block b;
    struct ls_payload p;
    struct ls_buf text;
    struct ls_hash hash;
    char recorded[HASH_TEXT + 1] = "0x";
    ls_arena_init(&arena, LS_CORPUS_BYTES_MAX);
    read_block(base, &arena, &b);
    if (ls_payload_from_block(&b, &p) != LS_OK) {
        ls_corpus_die("stand-in", "its base is no payload");
    }
    uint64_t fee = fee_after(c, parent, ref->timestamp, &arena);
    p.parent_hash = parent->hash;
    p.number = ref->number;
    p.timestamp = ref->timestamp;
    p.prev_randao = ref->hash; /* tells it from every other block */
    p.state_root = ls_hash_is_zero(&ref->state) ? p.state_root : ref->state;
    p.base_fee = ls_u256_from_u64(fee);
    uint64_t txs = ref->txs == 0 ? 1 : ref->txs; /* an empty block has its deposit */
    p.tx_count = txs < p.tx_count ? (size_t)txs : p.tx_count;
    ls_buf_init(&text, LS_CORPUS_BYTES_MAX);
    write_block(&p, base->block, &text, &hash);
    ls_corpus_add_block(c, (const char *)text.p, text.n);
    ls_hex_encode(ref->hash.b, sizeof ref->hash.b, recorded + 2);
    ls_names_add(n, recorded,
                 ls_json_str(ls_json_get(c->blocks[c->block_count - 1].block, "hash")));
    ls_buf_fini(&text);
    ls_arena_fini(&arena);
}

/* The block that has or stands for hash; NULL: not yet, or never. */
static const struct ls_corpus_block *block_of(const struct ls_corpus *c, const struct ls_names *n,
                                              const struct ls_hash *hash)
{
    struct ls_buf text;
    ls_buf_init(&text, HASH_TEXT + 1);
    ls_hex_put(&text, hash->b, sizeof hash->b);
    (void)ls_names_to_ours(n, &text);
    const struct ls_corpus_block *b = ls_corpus_block(c, (const char *)text.p);
    ls_buf_fini(&text);
    return b;
}

/* The canonical block of that number, or the newest of the recorded ones, which are the first. */
static const struct ls_corpus_block *base_of(const struct ls_corpus *c, uint64_t number,
                                             size_t recorded)
{
    const struct ls_corpus_block *newest = &c->blocks[0];
    for (size_t i = 0; i < recorded; i++) {
        const struct ls_corpus_block *b = &c->blocks[i];
        if (b->number == number) {
            return b;
        }
        newest = b->number > newest->number ? b : newest;
    }
    return newest;
}

static bool make_next(struct ls_standins *s, struct ls_corpus *c, struct ls_names *n, size_t chain)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct ls_ref ref = s->items[i];
        const struct ls_corpus_block *parent = block_of(c, n, &ref.parent);
        if (block_of(c, n, &ref.hash) != NULL || parent == NULL ||
            parent->number + 1 != ref.number) {
            continue;
        }
        make(c, n, &ref, parent, base_of(c, ref.number, chain));
        return true;
    }
    return false;
}

void ls_standins_make(struct ls_standins *s, struct ls_corpus *c, struct ls_names *n)
{
    size_t chain = c->block_count;
    add_parents(s, c);
    while (make_next(s, c, n, chain)) {
    }
}

void ls_standins_free(struct ls_standins *s)
{
    free(s->items);
    free(s->stands);
    *s = (struct ls_standins){0};
}
