#include "lib/op/sync_status.h"

#include <stddef.h>

#include "lib/json.h"
#include "lib/op/reader.h"

struct member {
    const char *name;
    size_t offset;
};

static const struct member L1_MEMBERS[] = {
    {"current_l1", offsetof(struct ls_sync_status, current_l1)},
    {"current_l1_finalized", offsetof(struct ls_sync_status, current_l1_finalized)},
    {"head_l1", offsetof(struct ls_sync_status, head_l1)},
    {"safe_l1", offsetof(struct ls_sync_status, safe_l1)},
    {"finalized_l1", offsetof(struct ls_sync_status, finalized_l1)},
};

static const struct member L2_MEMBERS[] = {
    {"unsafe_l2", offsetof(struct ls_sync_status, unsafe_l2)},
    {"safe_l2", offsetof(struct ls_sync_status, safe_l2)},
    {"finalized_l2", offsetof(struct ls_sync_status, finalized_l2)},
    {"pending_safe_l2", offsetof(struct ls_sync_status, pending_safe_l2)},
    {"cross_unsafe_l2", offsetof(struct ls_sync_status, cross_unsafe_l2)},
    {"local_safe_l2", offsetof(struct ls_sync_status, local_safe_l2)},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- reading --- */

/* A number in either notation; absent and null leave *out as it is. */
static void read_number(struct ls_reader *r, const char *key, uint64_t *out)
{
    const struct cJSON *v = ls_reader_get(r, key);

    if (v != NULL) {
        ls_reader_fail(r, ls_json_u64_any(v, out), key);
    }
}

static void read_hash(struct ls_reader *r, const char *key, struct ls_hash *out)
{
    (void)ls_reader_opt_fixed(r, key, out->b, 32);
}

/* The member under its first spelling, or else under the second. */
static const char *spelling(const struct ls_reader *r, const char *first, const char *second)
{
    return ls_reader_get(r, first) != NULL ? first : second;
}

static enum ls_err parse_l1_ref(const struct cJSON *v, struct ls_l1_ref *out, struct ls_diag *d)
{
    struct ls_l1_ref ref = {.number = 0};
    struct ls_reader r;

    if (v != NULL && !ls_json_is_null(v)) {
        r = ls_reader_open(v, "L1 block reference", d);
        read_hash(&r, "hash", &ref.hash);
        read_number(&r, "number", &ref.number);
        read_hash(&r, "parentHash", &ref.parent);
        read_number(&r, "timestamp", &ref.timestamp);
        if (r.err != LS_OK) {
            return r.err;
        }
    }
    *out = ref;
    return LS_OK;
}

static enum ls_err parse_id(const struct cJSON *v, struct ls_block_id *out, struct ls_diag *d)
{
    struct ls_reader r;

    if (v == NULL) {
        return LS_OK;
    }
    r = ls_reader_open(v, "l1origin", d);
    read_hash(&r, "hash", &out->hash);
    read_number(&r, "number", &out->number);
    return r.err == LS_OK ? LS_OK : ls_fail_in(d, r.err, "l1origin");
}

enum ls_err ls_l2_ref_parse(const struct cJSON *v, struct ls_l2_ref *out, struct ls_diag *d)
{
    struct ls_l2_ref ref = {.number = 0};
    struct ls_reader r;
    enum ls_err e;

    if (v == NULL || ls_json_is_null(v)) {
        *out = ref;
        return LS_OK;
    }
    r = ls_reader_open(v, "L2 block reference", d);
    read_hash(&r, "hash", &ref.hash);
    read_number(&r, "number", &ref.number);
    read_hash(&r, "parentHash", &ref.parent);
    read_number(&r, "timestamp", &ref.timestamp);
    read_number(&r, spelling(&r, "sequenceNumber", "seqNum"), &ref.sequence_number);
    if (r.err != LS_OK) {
        return r.err;
    }
    e = parse_id(ls_reader_get(&r, spelling(&r, "l1origin", "l1Origin")), &ref.l1_origin, d);
    if (e == LS_OK) {
        *out = ref;
    }
    return e;
}

/* Reads references one by one into a copy, so that *out changes as a whole or not at all. */
enum ls_err ls_sync_status_parse(const struct cJSON *v, struct ls_sync_status *out,
                                 struct ls_diag *d)
{
    struct ls_sync_status s = {.current_l1 = {.number = 0}};
    char *base = (char *)&s;
    enum ls_err e;

    if (!ls_json_is_object(v)) {
        return ls_fail(d, LS_ERR_TYPE, "not a JSON object: \"sync status\"");
    }
    for (size_t i = 0; i < COUNT(L1_MEMBERS); i++) {
        const struct member *m = &L1_MEMBERS[i];

        e = parse_l1_ref(ls_json_get(v, m->name), (struct ls_l1_ref *)(void *)(base + m->offset),
                         d);
        if (e != LS_OK) {
            return ls_fail_in(d, e, "%s", m->name);
        }
    }
    for (size_t i = 0; i < COUNT(L2_MEMBERS); i++) {
        const struct member *m = &L2_MEMBERS[i];

        e = ls_l2_ref_parse(ls_json_get(v, m->name), (struct ls_l2_ref *)(void *)(base + m->offset),
                            d);
        if (e != LS_OK) {
            return ls_fail_in(d, e, "%s", m->name);
        }
    }
    *out = s;
    return LS_OK;
}

/* --- writing --- */

void ls_l1_ref_write(const struct ls_l1_ref *r, struct ls_jw *w, const char *key)
{
    ls_jw_object(w, key);
    ls_jw_hex(w, "hash", r->hash.b, 32);
    ls_jw_u64(w, "number", r->number);
    ls_jw_hex(w, "parentHash", r->parent.b, 32);
    ls_jw_u64(w, "timestamp", r->timestamp);
    ls_jw_object_end(w);
}

void ls_l2_ref_write(const struct ls_l2_ref *r, struct ls_jw *w, const char *key)
{
    ls_jw_object(w, key);
    ls_jw_hex(w, "hash", r->hash.b, 32);
    ls_jw_u64(w, "number", r->number);
    ls_jw_hex(w, "parentHash", r->parent.b, 32);
    ls_jw_u64(w, "timestamp", r->timestamp);
    ls_jw_object(w, "l1origin");
    ls_jw_hex(w, "hash", r->l1_origin.hash.b, 32);
    ls_jw_u64(w, "number", r->l1_origin.number);
    ls_jw_object_end(w);
    ls_jw_u64(w, "sequenceNumber", r->sequence_number);
    ls_jw_object_end(w);
}

void ls_sync_status_write(const struct ls_sync_status *s, struct ls_jw *w, const char *key)
{
    const char *base = (const char *)s;

    ls_jw_object(w, key);
    for (size_t i = 0; i < COUNT(L1_MEMBERS); i++) {
        const struct member *m = &L1_MEMBERS[i];

        ls_l1_ref_write((const struct ls_l1_ref *)(const void *)(base + m->offset), w, m->name);
    }
    for (size_t i = 0; i < COUNT(L2_MEMBERS); i++) {
        const struct member *m = &L2_MEMBERS[i];

        ls_l2_ref_write((const struct ls_l2_ref *)(const void *)(base + m->offset), w, m->name);
    }
    ls_jw_object_end(w);
}
