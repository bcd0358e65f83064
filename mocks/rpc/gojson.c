#include "mocks/rpc/gojson.h"

#include <stdbool.h>
#include <string.h>

#include "lib/json.h"
#include "lib/utf8.h"

#define DEPTH_KEPT (LS_JSON_DEPTH_MAX - 2u)
#define REPLACEMENT "\xef\xbf\xbd"

struct mender {
    const uint8_t *p;
    const uint8_t *end;
    struct ls_buf *out;
    unsigned depth;
};

static unsigned unit_at(const uint8_t *digits)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = digits[i];
        v = v << 4 | (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return v;
}

static bool is_low(const struct mender *m, const uint8_t *at)
{
    if (m->end - at < 6 || at[0] != '\\' || at[1] != 'u') {
        return false;
    }
    unsigned unit = unit_at(at + 2);
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* At a backslash. */
static void mend_escape(struct mender *m)
{
    size_t n = 2;
    if (m->p[1] == 'u') {
        unsigned unit = unit_at(m->p + 2);
        bool is_pair = unit >= 0xd800 && unit <= 0xdbff && is_low(m, m->p + 6);
        if (!is_pair && (unit == 0 || (unit >= 0xd800 && unit <= 0xdfff))) {
            (void)ls_buf_puts(m->out, REPLACEMENT);
            m->p += 6;
            return;
        }
        n = is_pair ? 12 : 6;
    }
    (void)ls_buf_put(m->out, m->p, n);
    m->p += n;
}

/* At the opening quote. */
static void mend_string(struct mender *m)
{
    (void)ls_buf_putc(m->out, *m->p++);
    while (*m->p != '"') {
        if (*m->p == '\\') {
            mend_escape(m);
            continue;
        }
        size_t n = ls_utf8_next(m->p, (size_t)(m->end - m->p));
        if (n == 0) {
            (void)ls_buf_puts(m->out, REPLACEMENT);
            m->p++;
        } else {
            (void)ls_buf_put(m->out, m->p, n);
            m->p += n;
        }
    }
    (void)ls_buf_putc(m->out, *m->p++);
}

/* The text is known to be a whole value: quotes, brackets and escapes are complete. */
static void mend(struct mender *m)
{
    while (m->p < m->end) {
        uint8_t c = *m->p;
        bool is_opening = c == '[' || c == '{';
        bool is_closing = c == ']' || c == '}';
        size_t before = m->out->n;
        m->depth += is_opening ? 1 : 0;
        if (c == '"') {
            mend_string(m);
        } else {
            (void)ls_buf_putc(m->out, c);
            m->p++;
        }
        if (m->depth > DEPTH_KEPT && !(m->depth == DEPTH_KEPT + 1 && (is_opening || is_closing))) {
            m->out->n = before; /* inside of what stays empty */
        }
        m->depth -= is_closing ? 1 : 0;
    }
}

struct cJSON *ls_gojson_tree(struct ls_span text)
{
    struct cJSON *tree = NULL;
    if (text.p == NULL || ls_json_parse((const char *)text.p, text.n, 0, &tree, NULL) == LS_OK) {
        return tree;
    }
    struct ls_buf mended;
    ls_buf_init(&mended, 3 * text.n + 16);
    struct mender m = {.p = text.p, .end = text.p + text.n, .out = &mended};
    mend(&m);
    if (mended.err == LS_OK) {
        (void)ls_json_parse((const char *)mended.p, mended.n, 0, &tree, NULL);
    }
    ls_buf_fini(&mended);
    return tree;
}
