#include "lib/op/l1info.h"

#include <stddef.h>

#include "lib/num.h"

/* Where each packing keeps what we read (spec 5.2). The block hash stands at 100 in all of them. */
struct layout {
    const char *name;
    uint32_t selector;
    uint16_t length;
    uint16_t number_at;
    uint16_t time_at;
    uint16_t sequence_at;
};

static const struct layout LAYOUTS[] = {
    [LS_L1INFO_BEDROCK] = {"bedrock", 0x015d8eb9, 260, 28, 60, 156},
    [LS_L1INFO_ECOTONE] = {"ecotone", 0x440a5e20, 164, 28, 20, 12},
    [LS_L1INFO_ISTHMUS] = {"isthmus", 0x098999be, 176, 28, 20, 12},
    [LS_L1INFO_JOVIAN] = {"jovian", 0x3db6be2b, 178, 28, 20, 12},
};
#define LAYOUT_COUNT (sizeof LAYOUTS / sizeof LAYOUTS[0])
#define HASH_AT 100u

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

/* ABI words hold narrow values on their right side; the left must be zero: the uint64 words number,
 * time and sequence number, and the batcher's address. */
static bool bedrock_padding_is_zero(const uint8_t *p)
{
    return is_zero(p + 4, 24) && is_zero(p + 36, 24) && is_zero(p + 132, 24) &&
           is_zero(p + 164, 12);
}

/* The packed forms have one word with padding, the batcher's address. */
static bool packed_padding_is_zero(const uint8_t *p)
{
    return is_zero(p + 132, 12);
}

enum ls_err ls_l1info_decode(struct ls_span calldata, struct ls_l1info *out, struct ls_diag *d)
{
    const uint8_t *p = calldata.p;
    const struct layout *l = NULL;
    size_t format = 0;

    if (calldata.n < 4) {
        return ls_fail(d, LS_ERR_PARSE, "L1 info has %zu bytes, no selector", calldata.n);
    }
    for (size_t i = 0; i < LAYOUT_COUNT && l == NULL; i++) {
        if (LAYOUTS[i].selector == ls_be32(p)) {
            l = &LAYOUTS[i];
            format = i;
        }
    }
    if (l == NULL) {
        return ls_fail(d, LS_ERR_PARSE, "L1 info has unknown selector \"0x%08x\"",
                       (unsigned)ls_be32(p));
    }
    if (calldata.n != l->length) {
        return ls_fail(d, LS_ERR_PARSE, "L1 info \"%s\" has %zu bytes instead of %u", l->name,
                       calldata.n, (unsigned)l->length);
    }
    if (format == LS_L1INFO_BEDROCK ? !bedrock_padding_is_zero(p) : !packed_padding_is_zero(p)) {
        return ls_fail(d, LS_ERR_PARSE, "L1 info \"%s\" has padding that is not zero", l->name);
    }
    out->format = (enum ls_l1info_format)format;
    memcpy(out->origin.hash.b, p + HASH_AT, 32);
    out->origin.number = ls_be64(p + l->number_at);
    out->origin_time = ls_be64(p + l->time_at);
    out->sequence_number = ls_be64(p + l->sequence_at);
    return LS_OK;
}

/* A fork's own format starts one block after its activation block (spec 5.1). */
static bool is_past_activation(const struct ls_rollup *r, enum ls_fork fork, uint64_t timestamp_s)
{
    return ls_rollup_is_active(r, fork, timestamp_s) &&
           !ls_rollup_is_activation(r, fork, timestamp_s);
}

enum ls_l1info_format ls_l1info_expected(const struct ls_rollup *r, uint64_t timestamp_s)
{
    if (is_past_activation(r, LS_FORK_JOVIAN, timestamp_s)) {
        return LS_L1INFO_JOVIAN;
    }
    if (is_past_activation(r, LS_FORK_ISTHMUS, timestamp_s)) {
        return LS_L1INFO_ISTHMUS;
    }
    if (is_past_activation(r, LS_FORK_ECOTONE, timestamp_s)) {
        return LS_L1INFO_ECOTONE;
    }
    return LS_L1INFO_BEDROCK;
}

const char *ls_l1info_format_name(enum ls_l1info_format f)
{
    return (size_t)f < LAYOUT_COUNT ? LAYOUTS[f].name : "unknown";
}
