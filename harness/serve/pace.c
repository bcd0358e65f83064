#include "harness/serve/pace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/num.h"

/* "2", "0.25": thousandths. false: no such number. */
static bool parse_milli(const char *text, uint64_t *out)
{
    const char *point = strchr(text, '.');
    size_t whole_n = point != NULL ? (size_t)(point - text) : strlen(text);
    size_t digits = point != NULL ? strlen(point + 1) : 0;
    uint64_t whole = 0;
    uint64_t part = 0;

    if (ls_parse_dec(text, whole_n, &whole) != LS_OK || whole > LS_PACE_MILLI_MAX / 1000u) {
        return false;
    }
    if (point != NULL &&
        (digits == 0 || digits > 3 || ls_parse_dec(point + 1, digits, &part) != LS_OK)) {
        return false;
    }
    for (size_t i = digits; i < 3; i++) {
        part *= 10;
    }
    *out = whole * 1000u + part;
    return *out >= 1 && *out <= LS_PACE_MILLI_MAX;
}

enum ls_err ls_pace_parse(const char *text, struct ls_pace *out, struct ls_diag *d)
{
    uint64_t milli = LS_PACE_REAL;

    if (strcmp(text, "manual") == 0) {
        out->is_running = false;
        out->milli = LS_PACE_REAL;
        return LS_OK;
    }
    if (strcmp(text, "real") != 0 && !parse_milli(text, &milli)) {
        return ls_fail(d, LS_ERR_USAGE,
                       "\"%.40s\" is no pace; there are real, manual, and factors from 0.001 to "
                       "1000",
                       text);
    }
    out->is_running = true;
    out->milli = milli;
    return LS_OK;
}

void ls_pace_print(const struct ls_pace *p, char out[LS_PACE_TEXT_BYTES])
{
    if (!p->is_running) {
        (void)snprintf(out, LS_PACE_TEXT_BYTES, "manual");
    } else if (p->milli == LS_PACE_REAL) {
        (void)snprintf(out, LS_PACE_TEXT_BYTES, "real");
    } else if (p->milli % 1000u == 0) {
        (void)snprintf(out, LS_PACE_TEXT_BYTES, "%" PRIu64, p->milli / 1000u);
    } else {
        (void)snprintf(out, LS_PACE_TEXT_BYTES, "%" PRIu64 ".%03" PRIu64, p->milli / 1000u,
                       p->milli % 1000u);
    }
}

uint64_t ls_pace_at_ms(const struct ls_pace *p, uint64_t now_ns)
{
    uint64_t scaled;
    uint64_t at_ms;

    if (!p->is_running || now_ns <= p->anchor_ns) {
        return p->at_ms;
    }
    /* Microseconds times thousandths: room for half a year at a thousand times real time. */
    if (!ls_mul_u64((now_ns - p->anchor_ns) / 1000u, p->milli, &scaled) ||
        !ls_add_u64(p->at_ms, scaled / 1000000u, &at_ms)) {
        return UINT64_MAX;
    }
    return at_ms;
}

void ls_pace_change(struct ls_pace *p, const struct ls_pace *how, uint64_t now_ns)
{
    ls_pace_jump(p, ls_pace_at_ms(p, now_ns), now_ns);
    p->is_running = how->is_running;
    p->milli = how->milli;
}

void ls_pace_jump(struct ls_pace *p, uint64_t at_ms, uint64_t now_ns)
{
    p->at_ms = at_ms;
    p->anchor_ns = now_ns;
}
