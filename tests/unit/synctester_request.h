/*
 * A recorded exchange, and the bytes of its request: from what was kept of it, or, for those that
 * went over a raw socket, made again by their description.
 */
#ifndef LS_TESTS_UNIT_SYNCTESTER_REQUEST_H
#define LS_TESTS_UNIT_SYNCTESTER_REQUEST_H

#include "tests/unit/synctester_rows.h"

static bool is_json_string(struct ls_span v)
{
    return v.p != NULL && v.n > 0 && v.p[0] == '"';
}

/* The content of a JSON string, decoded, terminated, owned by the caller. "" when v is none. */
static char *string_of(struct ls_span v)
{
    struct cJSON *tree = NULL;
    char *copy = NULL;
    if (is_json_string(v) && ls_json_parse((const char *)v.p, v.n, 0, &tree, NULL) == LS_OK) {
        copy = strdup(ls_json_str(tree));
    }
    ls_json_free(tree);
    return need(copy != NULL ? copy : strdup(""));
}

static double number_of_text(struct ls_span v)
{
    char text[32] = "";
    if (v.p != NULL && v.n < sizeof text) {
        memcpy(text, v.p, v.n);
    }
    return strtod(text, NULL);
}

/* --- a row --- */

struct exchange {
    const char *file; /* its name without folder and ending */
    char id[96];      /* "file:number" */
    char *name;       /* of the case */
    char *url;
    char *verb;
    struct ls_span headers; /* object, or p NULL */
    struct ls_span req;
    struct ls_span res;
    struct ls_span raw; /* p NULL: not told */
    struct ls_span reshdr;
    struct ls_span up;
    unsigned http;
    double ms;
};

static void free_exchange(struct exchange *x)
{
    free(x->name);
    free(x->url);
    free(x->verb);
}

/* Case files count by "i", the runs of op-node by "n"; rows without either by their line. */
static void read_exchange(struct ls_span row, const char *file, size_t line, struct exchange *out)
{
    struct ls_span number = member_text(row, "i");
    struct ls_span path = member_text(row, "path");
    memset(out, 0, sizeof *out);
    out->file = file;
    if (number.p == NULL) {
        number = member_text(row, "n");
    }
    if (number.p != NULL) {
        (void)snprintf(out->id, sizeof out->id, "%s:%.*s", file, (int)number.n, number.p);
    } else {
        (void)snprintf(out->id, sizeof out->id, "%s:line%zu", file, line);
    }
    out->name = string_of(member_text(row, "case"));
    out->url = string_of(path.p != NULL ? path : member_text(row, "url"));
    out->verb = string_of(member_text(row, "method"));
    out->headers = path.p != NULL ? (struct ls_span){NULL, 0} : member_text(row, "headers");
    out->req = member_text(row, "req");
    out->res = member_text(row, "res");
    out->raw = member_text(row, "raw");
    out->reshdr = path.p != NULL ? (struct ls_span){NULL, 0} : member_text(row, "reshdr");
    out->up = member_text(row, "up");
    out->http = (unsigned)number_of_text(member_text(row, "http"));
    out->ms = path.p != NULL ? 0 : number_of_text(member_text(row, "ms"));
}

static const char CHAIN_ID_CALL[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]}";
static const char SESSION_CALL[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sync_getSession\",\"params\":[]}";
static const char UNKNOWN_PAYLOAD[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"engine_newPayloadV2\",\"params\":[{\"blockHash\":"
    "\"0xabababababababababababababababababababababababababababababababab\"}]}";

static void put_request(struct ls_buf *out, const char *verb, const char *url, const char *headers,
                        struct ls_span body)
{
    (void)ls_buf_printf(out, "%s %s HTTP/1.1\r\nHost: tester\r\n%s", verb, url, headers);
    if (body.n > 0 || strcmp(verb, "POST") == 0) {
        (void)ls_buf_printf(out, "Content-Length: %zu\r\n", body.n);
    }
    (void)ls_buf_puts(out, "\r\n");
    (void)ls_buf_put(out, body.p, body.n);
}

/* The padded calls: to this many bytes, inside or behind. */
static void put_padded(struct ls_buf *out, size_t bytes, bool is_inside)
{
    size_t n = sizeof CHAIN_ID_CALL - 1;
    uint8_t *at;
    (void)ls_buf_put(out, CHAIN_ID_CALL, is_inside ? n - 1 : n);
    at = need(ls_buf_grow(out, bytes - n));
    memset(at, ' ', bytes - n);
    if (is_inside) {
        (void)ls_buf_putc(out, '}');
    }
}

static void put_chunked(struct ls_buf *out, const char *url, struct ls_span body)
{
    (void)ls_buf_printf(out,
                        "POST %s HTTP/1.1\r\nHost: tester\r\nContent-Type: application/json\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n",
                        url);
    for (size_t at = 0; at < body.n; at += 65536) {
        size_t n = body.n - at < 65536 ? body.n - at : 65536;
        (void)ls_buf_printf(out, "%zx\r\n", n);
        (void)ls_buf_put(out, body.p + at, n);
        (void)ls_buf_puts(out, "\r\n");
    }
    (void)ls_buf_puts(out, "0\r\n\r\n");
}

/* Requests of which only a description was kept. false: x is none of them. */
static bool put_described(const struct exchange *x, const char *what, struct ls_buf *out)
{
    static const char json[] = "Content-Type: application/json\r\n";
    static const char upgrade[] = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                                  "Sec-WebSocket-Version: 13\r\n";
    const struct ls_span call = {(const uint8_t *)CHAIN_ID_CALL, sizeof CHAIN_ID_CALL - 1};
    struct ls_buf body;
    size_t bytes = 0;
    ls_buf_init(&body, RECORDED_BYTES_MAX);
    const char *spaces = strstr(what, "spaces to ");
    if (spaces != NULL) {
        bytes = (size_t)strtoul(spaces + 10, NULL, 10);
        put_padded(&body, bytes, strstr(what, "inner") != NULL);
    }
    bool is_known = true;
    if (strstr(what, "chunked") != NULL) {
        put_chunked(out, x->url, bytes > 0 ? ls_buf_span(&body) : call);
    } else if (bytes > 0) {
        put_request(out, "POST", x->url, json, ls_buf_span(&body));
    } else if (strstr(what, "HTTP/1.0") != NULL) {
        (void)ls_buf_printf(out, "POST %s HTTP/1.0\r\n%sContent-Length: %zu\r\n\r\n%s", x->url,
                            json, call.n, CHAIN_ID_CALL);
    } else if (strstr(what, "without Host") != NULL) {
        (void)ls_buf_printf(out, "POST %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", x->url,
                            json, call.n, CHAIN_ID_CALL);
    } else if (strstr(what, "Expect: 100-continue") != NULL) {
        put_request(out, "POST", x->url,
                    "Content-Type: application/json\r\nExpect: 100-continue\r\n", call);
    } else if (strstr(what, "two pipelined") != NULL) {
        put_request(out, "POST", x->url, json, call);
        put_request(out, "POST", x->url, json, call);
    } else if (strcmp(x->verb, "WS") == 0) {
        put_request(out, "GET", x->url, upgrade, (struct ls_span){NULL, 0});
    } else {
        is_known = false;
    }
    ls_buf_fini(&body);
    return is_known;
}

static void put_batch(struct ls_buf *out, size_t count)
{
    (void)ls_buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        (void)ls_buf_printf(out,
                            "%s{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"sync_listSessions\","
                            "\"params\":[]}",
                            i > 0 ? "," : "", i);
    }
    (void)ls_buf_putc(out, ']');
}

static void put_headers(const struct exchange *x, bool has_body, struct ls_buf *out)
{
    struct cJSON *tree = NULL;
    if (x->headers.p == NULL) {
        if (has_body || strcmp(x->verb, "GET") != 0) {
            (void)ls_buf_puts(out, "Content-Type: application/json\r\n");
        }
        return;
    }
    (void)ls_json_parse((const char *)x->headers.p, x->headers.n, 0, &tree, NULL);
    for (const struct cJSON *h = ls_json_first(tree); h != NULL; h = ls_json_next(h)) {
        if (strcmp(ls_json_key(h), "host") != 0) {
            (void)ls_buf_printf(out, "%s: %s\r\n", ls_json_key(h), ls_json_str(h));
        }
    }
    ls_json_free(tree);
}

static void make_request(const struct exchange *x, struct ls_buf *out)
{
    struct ls_buf headers;
    struct ls_buf body;
    char *text = string_of(x->req);
    ls_buf_init(out, RECORDED_BYTES_MAX);
    ls_buf_init(&headers, 65536);
    ls_buf_init(&body, RECORDED_BYTES_MAX);
    if (!put_described(x, is_json_string(x->req) ? text : "", out)) {
        if (strncmp(text, "<batch of ", 10) == 0) {
            put_batch(&body, (size_t)strtoul(text + 10, NULL, 10));
        } else if (is_json_string(x->req) && strcmp(x->name, "string-json") != 0) {
            (void)ls_buf_puts(&body, text); /* a body that was no JSON */
        } else if (x->req.p != NULL) {
            (void)ls_buf_put(&body, x->req.p, x->req.n);
        }
        put_headers(x, body.n > 0, &headers);
        put_request(out, x->verb[0] != '\0' ? x->verb : "POST", x->url,
                    headers.n > 0 ? (const char *)headers.p : "", ls_buf_span(&body));
    }
    ls_buf_fini(&headers);
    ls_buf_fini(&body);
    free(text);
}

#endif
