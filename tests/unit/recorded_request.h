/*
 * The bytes of a recorded HTTP request: its row says them by rules where they are long or depend on
 * the time (tests/data/transport/README.md), tokens among them.
 */
#ifndef LS_TESTS_RECORDED_REQUEST_H
#define LS_TESTS_RECORDED_REQUEST_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/hash.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/jsonw.h"
#include "tests/unit/recorded_rows.h"

#define NOW_S INT64_C(1795345169) /* one case has an absolute time in its token */
#define BYTES_MAX ((size_t)160 << 20)

static const uint8_t SECRET[33] = {7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4, 5, 2, 3,
                                   5, 3, 6, 0, 2, 8, 7, 4, 7, 1, 3, 5, 2, 6, 6, 0};

/* --- tokens --- */

static inline void base64url(struct ls_span in, struct ls_buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < in.n; i += 3) {
        uint32_t v = (uint32_t)in.p[i] << 16;
        v |= i + 1 < in.n ? (uint32_t)in.p[i + 1] << 8 : 0;
        v |= i + 2 < in.n ? in.p[i + 2] : 0;
        size_t left = in.n - i < 3 ? in.n - i : 3;
        for (size_t k = 0; k <= left; k++) {
            (void)ls_buf_putc(out, (uint8_t)digits[(v >> (18 - 6 * k)) & 63]);
        }
    }
}

static inline void put_members(struct ls_jw *w, const struct cJSON *from)
{
    for (const struct cJSON *m = ls_json_first(from); m != NULL; m = ls_json_next(m)) {
        struct ls_buf text;
        ls_buf_init(&text, BYTES_MAX);
        ls_json_print(m, &text);
        ls_jw_raw(w, ls_json_key(m), (const char *)text.p, text.n);
        ls_buf_fini(&text);
    }
}

static inline void put_time(struct ls_jw *w, const struct cJSON *rule, const char *name)
{
    char key[16];
    int64_t offset_s;
    (void)snprintf(key, sizeof key, "%s_off", name);
    if (ls_json_i64(ls_json_get(rule, key), &offset_s) == LS_OK) {
        ls_jw_i64(w, name, NOW_S + offset_s);
    }
}

static inline void put_claims(const struct cJSON *rule, struct ls_buf *out)
{
    const struct cJSON *extra = ls_json_get(rule, "extra");
    int64_t iat = NOW_S;
    struct ls_jw w;
    ls_jw_init(&w, out);
    ls_jw_object(&w, NULL);
    if (ls_json_get(rule, "iat_off") != NULL) {
        put_time(&w, rule, "iat");
    } else if (ls_json_get(rule, "noiat") == NULL && ls_json_get(extra, "iat") == NULL) {
        (void)ls_json_i64(ls_json_get(rule, "iat"), &iat);
        ls_jw_i64(&w, "iat", iat);
    }
    put_time(&w, rule, "exp");
    put_time(&w, rule, "nbf");
    put_members(&w, extra);
    ls_jw_object_end(&w);
}

static inline void put_header(const struct cJSON *rule, struct ls_buf *out)
{
    const char *alg = ls_json_str(ls_json_get(rule, "alg"));
    struct ls_jw w;
    ls_jw_init(&w, out);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "alg", alg != NULL ? alg : "HS256");
    if (ls_json_get(rule, "notyp") == NULL) {
        ls_jw_str(&w, "typ", "JWT");
    }
    put_members(&w, ls_json_get(rule, "hdr"));
    ls_jw_object_end(&w);
}

static inline size_t sign(const char *which, struct ls_span text, uint8_t mac[32])
{
    uint8_t key[33];
    size_t n = 32;
    memcpy(key, SECRET, sizeof key);
    if (which != NULL && strcmp(which, "wrong") == 0) {
        key[0] ^= 1;
    } else if (which != NULL && strcmp(which, "short") == 0) {
        n = 31;
    } else if (which != NULL && strcmp(which, "long") == 0) {
        n = 33;
    } else if (which != NULL && strcmp(which, "empty") == 0) {
        n = 0;
    }
    ls_hmac_sha256(key, n, text.p, text.n, mac);
    return 32;
}

/* The token a case describes. */
static inline void put_token(const struct cJSON *rule, struct ls_buf *out)
{
    struct ls_buf part;
    uint8_t mac[32];
    uint64_t cut = 0;
    ls_buf_init(&part, BYTES_MAX);
    put_header(rule, &part);
    base64url(ls_buf_span(&part), out);
    (void)ls_buf_putc(out, '.');
    ls_buf_clear(&part);
    put_claims(rule, &part);
    base64url(ls_buf_span(&part), out);
    size_t n = sign(ls_json_str(ls_json_get(rule, "secret")), ls_buf_span(out), mac);
    (void)ls_buf_putc(out, '.');
    base64url((struct ls_span){mac, n}, out);
    (void)ls_buf_puts(out, ls_json_get(rule, "pad") != NULL ? "=" : "");
    (void)ls_json_u64(ls_json_get(rule, "trunc"), &cut);
    out->n -= cut;
    out->p[out->n] = 0;
    ls_buf_fini(&part);
}

/* --- requests --- */

static const char GOOD[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]}";

static inline void put_times(struct ls_buf *out, uint64_t n, char c)
{
    uint8_t *room = ls_buf_grow(out, n);
    if (room != NULL) {
        memset(room, c, n);
    }
}

/* "GOOD plus key x filled with a so that the body has n bytes" */
static inline void put_filled(struct ls_buf *out, uint64_t n)
{
    static const char key[] = ",\"x\":\"";
    (void)ls_buf_put(out, GOOD, sizeof GOOD - 2);
    (void)ls_buf_puts(out, key);
    put_times(out, n - (sizeof GOOD - 2) - (sizeof key - 1) - 2, 'a');
    (void)ls_buf_puts(out, "\"}");
}

static inline void put_block_calls(struct ls_buf *out, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        (void)ls_buf_printf(out,
                            "%s{\"jsonrpc\": \"2.0\", \"id\": %llu, \"method\": "
                            "\"eth_getBlockByNumber\", \"params\": [\"0x5\", true]}",
                            i == 0 ? "[" : ",", (unsigned long long)i);
    }
    (void)ls_buf_puts(out, "]");
}

static inline void put_array(struct ls_buf *out, uint64_t n, bool is_notified)
{
    for (uint64_t i = 0; i < n; i++) {
        (void)ls_buf_puts(out, i == 0 ? "[" : ",");
        if (is_notified) {
            (void)ls_buf_puts(out, "{\"jsonrpc\":\"2.0\",\"method\":\"eth_chainId\"}");
        } else {
            (void)ls_buf_printf(out,
                                "{\"jsonrpc\": \"2.0\", \"id\": %llu, \"method\": \"eth_chainId\", "
                                "\"params\": []}",
                                (unsigned long long)i);
        }
    }
    (void)ls_buf_puts(out, "]");
}

/* "… n times c then n times c…": runs of one character in a text. */
static inline void put_runs(struct ls_buf *out, const char *text)
{
    static const char times[] = " times ";
    while (*text != '\0') {
        char *end;
        unsigned long n = strtoul(text, &end, 10);
        if (end != text && strncmp(end, times, sizeof times - 1) == 0) {
            put_times(out, n, end[sizeof times - 1]);
            text = end + sizeof times;
            text += strncmp(text, " then ", 6) == 0 ? 6 : 0;
        } else {
            (void)ls_buf_putc(out, (uint8_t)*text++);
        }
    }
}

static inline void put_body_by_rule(struct ls_buf *out, const char *rule)
{
    unsigned long long n = 0;
    if (strncmp(rule, "GOOD body", 9) == 0) {
        (void)ls_buf_puts(out, GOOD);
    } else if (sscanf(rule, "GOOD plus key x filled with a so that the body has %llu", &n) == 1) {
        put_filled(out, n);
    } else if (strncmp(rule, "6MB body in one chunk", 21) == 0) {
        (void)ls_buf_printf(out, "%x\r\n", 6000000);
        put_filled(out, 6000000);
        (void)ls_buf_puts(out, "\r\n0\r\n\r\n");
    } else if (strcmp(rule, "as 6MB") == 0) {
        put_filled(out, 6000000);
    } else if (sscanf(rule, "array of %llu eth_getBlockByNumber 0x5 true with id", &n) == 1 &&
               strstr(rule, "getBlockByNumber") != NULL) {
        put_block_calls(out, n);
    } else if (sscanf(rule, "array of %llu ", &n) == 1) {
        put_array(out, n, strstr(rule, "notifications") != NULL);
    } else if (strstr(rule, "no body sent") == NULL) {
        put_runs(out, rule);
    }
}

/* A text in which NUL_MARK stands for NUL. */
static inline void put_text(struct ls_buf *out, const char *text)
{
    const char *mark;
    while ((mark = strstr(text, NUL_MARK)) != NULL) {
        (void)ls_buf_put(out, text, (size_t)(mark - text));
        (void)ls_buf_putc(out, 0);
        text = mark + sizeof NUL_MARK - 1;
    }
    (void)ls_buf_puts(out, text);
}

static inline void put_body(struct ls_buf *out, const struct cJSON *request)
{
    const char *rule = ls_json_str(ls_json_get(request, "body_rule"));
    const char *hex = ls_json_str(ls_json_get(request, "body_hex"));
    const char *text = ls_json_str(ls_json_get(request, "body"));
    if (rule != NULL) {
        put_body_by_rule(out, rule);
    } else if (hex != NULL) {
        uint8_t *room = need(ls_buf_grow(out, strlen(hex) / 2));
        char pair[5] = "0x";
        for (size_t i = 0; hex[i] != '\0'; i += 2) {
            memcpy(pair + 2, hex + i, 2);
            (void)ls_hex_fixed(pair, 4, room + i / 2, 1);
        }
    } else if (text != NULL) {
        put_text(out, text);
    }
}

static inline void put_value(struct ls_buf *out, const char *value, const struct cJSON *jwt)
{
    static const char repeat[] = "$repeat:";
    const char *mark = strstr(value, "$JWT");
    if (strncmp(value, repeat, sizeof repeat - 1) == 0) {
        put_times(out, strtoul(value + sizeof repeat + 1, NULL, 10), value[sizeof repeat - 1]);
    } else if (mark != NULL) {
        struct ls_buf token;
        ls_buf_init(&token, BYTES_MAX);
        put_token(jwt, &token);
        (void)ls_buf_put(out, value, (size_t)(mark - value));
        (void)ls_buf_put(out, token.p, token.n);
        (void)ls_buf_puts(out, mark + 4);
        ls_buf_fini(&token);
    } else {
        (void)ls_buf_puts(out, value);
    }
}

static inline void put_head(struct ls_buf *out, const struct cJSON *request)
{
    const struct cJSON *headers = ls_json_get(request, "headers");
    (void)ls_buf_printf(out, "%s\r\n", ls_json_str(ls_json_get(request, "line")));
    for (const struct cJSON *h = ls_json_first(headers); h != NULL; h = ls_json_next(h)) {
        (void)ls_buf_printf(out, "%s: ", ls_json_str(ls_json_at(h, 0)));
        put_value(out, ls_json_str(ls_json_at(h, 1)), ls_json_get(request, "jwt"));
        (void)ls_buf_puts(out, "\r\n");
    }
    (void)ls_buf_puts(out, "\r\n");
}

#endif
