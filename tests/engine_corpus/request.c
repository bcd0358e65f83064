#include "tests/engine_corpus/request.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/jsonw.h"

void ls_built_clear(struct ls_built *b)
{
    for (size_t i = 0; i < LS_BUILT_MAX; i++) {
        free(b->text[i]);
        b->text[i] = NULL;
    }
}

void ls_built_keep(struct ls_built *b, size_t call, const struct cJSON *payload)
{
    struct ls_buf text;
    if (payload == NULL || call >= LS_BUILT_MAX) {
        return;
    }
    ls_buf_init(&text, LS_CORPUS_BYTES_MAX);
    ls_json_print(payload, &text);
    free(b->text[call]);
    b->text[call] = ls_corpus_need(text.p);
}

static void print_value(const struct cJSON *v, const char *key, struct ls_jw *w)
{
    struct ls_buf text;
    ls_buf_init(&text, LS_CORPUS_BYTES_MAX);
    ls_json_print(v, &text);
    ls_jw_raw(w, key, (const char *)text.p, text.n);
    ls_buf_fini(&text);
}

static bool is_named(const struct cJSON *names, const char *key)
{
    for (const struct cJSON *d = ls_json_first(names); d != NULL; d = ls_json_next(d)) {
        const char *name = ls_json_str(d);
        if (name != NULL && strcmp(name, key) == 0) {
            return true;
        }
    }
    return false;
}

/* A space behind every comma and colon, as the recorder sent them: op-reth's faults count bytes. */
static void space_out(struct ls_buf *out, size_t from)
{
    struct ls_buf spaced;
    bool is_string = false;
    ls_buf_init(&spaced, LS_CORPUS_BYTES_MAX);
    for (size_t i = from; i < out->n; i++) {
        uint8_t c = out->p[i];
        (void)ls_buf_putc(&spaced, c);
        if (is_string && c == '\\') {
            (void)ls_buf_putc(&spaced, out->p[++i]);
        } else if (c == '"') {
            is_string = !is_string;
        } else if (!is_string && (c == ',' || c == ':')) {
            (void)ls_buf_putc(&spaced, ' ');
        }
    }
    out->n = from;
    (void)ls_buf_put(out, spaced.p, spaced.n);
    ls_buf_fini(&spaced);
}

/* The members of payload without those in del, those of set replaced in their place or added. */
static void print_payload(const struct cJSON *payload, const struct cJSON *del,
                          const struct cJSON *del_too, const struct cJSON *set, struct ls_jw *w)
{
    ls_jw_object(w, NULL);
    for (const struct cJSON *m = ls_json_first(payload); m != NULL; m = ls_json_next(m)) {
        const char *key = ls_json_key(m);
        const struct cJSON *other = ls_json_get(set, key);
        if (!is_named(del, key) && !is_named(del_too, key)) {
            print_value(other != NULL ? other : m, key, w);
        }
    }
    for (const struct cJSON *m = ls_json_first(set); m != NULL; m = ls_json_next(m)) {
        if (ls_json_get(payload, ls_json_key(m)) == NULL && !is_named(del_too, ls_json_key(m))) {
            print_value(m, ls_json_key(m), w);
        }
    }
    ls_jw_object_end(w);
}

static void print_named(const struct ls_corpus *c, const char *name, const struct cJSON *ref,
                        struct ls_jw *w)
{
    const struct cJSON *del = ls_json_get(ref, "del");
    const struct ls_corpus_block *block = ls_corpus_block(c, name);
    if (block != NULL) {
        print_payload(ls_json_at(block->params, 0), NULL, del, ls_json_get(ref, "set"), w);
        return;
    }
    const struct cJSON *m = ls_corpus_mutation(c, name);
    block = ls_corpus_block(c, ls_json_str(ls_json_get(m, "base")));
    if (block == NULL) {
        ls_corpus_die("unknown payload", name);
    }
    print_payload(ls_json_at(block->params, 0), ls_json_get(m, "del"), del, ls_json_get(m, "set"),
                  w);
}

/* Ours when we built one, else the recorded one. */
static void print_built(const struct ls_corpus *c, const struct cJSON *calls,
                        const struct ls_built *built, const struct cJSON *ref, struct ls_jw *w)
{
    uint64_t k = 0;
    struct cJSON *tree = NULL;
    (void)ls_json_u64(ls_json_get(ref, "$built"), &k);
    const struct cJSON *reply = ls_json_get(ls_json_at(calls, (size_t)k), "r");
    const struct cJSON *payload = ls_json_get(reply, "executionPayload");
    const char *name = ls_json_str(ls_json_get(payload, "$payload"));
    if (k < LS_BUILT_MAX && built->text[k] != NULL) {
        tree = ls_corpus_parse(built->text[k], strlen(built->text[k]));
        payload = tree;
    } else if (name != NULL) {
        const struct ls_corpus_block *block = ls_corpus_block(c, name);
        payload = block == NULL ? NULL : ls_json_at(block->params, 0);
    }
    print_payload(payload, ls_json_get(ref, "del"), NULL, ls_json_get(ref, "set"), w);
    ls_json_free(tree);
}

void ls_request_block(const struct ls_corpus_block *block, struct ls_buf *out)
{
    struct ls_jw w;
    ls_jw_init(&w, out);
    ls_jw_array(&w, NULL);
    for (const struct cJSON *v = ls_json_first(block->params); v != NULL; v = ls_json_next(v)) {
        if (!ls_json_is_object(v)) {
            print_value(v, NULL, &w);
            continue;
        }
        ls_jw_object(&w, NULL);
        for (const struct cJSON *m = ls_json_first(v); m != NULL; m = ls_json_next(m)) {
            if (!ls_json_is_null(m)) {
                print_value(m, ls_json_key(m), &w);
            }
        }
        ls_jw_object_end(&w);
    }
    ls_jw_array_end(&w);
}

void ls_request_params(const struct ls_corpus *c, const struct cJSON *calls,
                       const struct ls_built *built, const struct cJSON *call, struct ls_buf *out)
{
    struct ls_jw w;
    const struct cJSON *p = ls_json_get(call, "p");
    size_t start = out->n;
    if (!ls_json_is_array(p)) {
        if (p != NULL) {
            ls_json_print(p, out);
        }
        space_out(out, start);
        return;
    }
    ls_jw_init(&w, out);
    ls_jw_array(&w, NULL);
    for (const struct cJSON *v = ls_json_first(p); v != NULL; v = ls_json_next(v)) {
        const char *name = ls_json_str(ls_json_get(v, "$payload"));
        if (name != NULL) {
            print_named(c, name, v, &w);
        } else if (ls_json_get(v, "$built") != NULL) {
            print_built(c, calls, built, v, &w);
        } else {
            print_value(v, NULL, &w);
        }
    }
    ls_jw_array_end(&w);
    space_out(out, start);
}
