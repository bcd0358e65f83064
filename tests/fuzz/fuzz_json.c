/*
 * Any bytes into the JSON scanner, the tree, the getters and the two writers. What must hold: the
 * scanner and the parser agree; the tree prints to a text that parses and prints to itself; the
 * input as a string of the writer is read back; a cut text is told from a wrong one.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/json_scan.h"
#include "lib/jsonw.h"

#define TEXT_BYTES_MAX (1u << 22)
#define DATA_BYTES_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On in every build of the fuzzer, whatever NDEBUG says. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Calls every getter on every node; they may refuse, and must not touch their output then. */
static void read_all(const struct cJSON *v, struct ls_arena *a)
{
    uint64_t u = 77;
    int64_t i = 77;
    double d = 0;
    uint8_t fixed[32];
    struct ls_u256 wide;
    struct ls_span s;
    must(ls_json_u64(v, &u) == LS_OK || u == 77);
    must(ls_json_i64(v, &i) == LS_OK || i == 77);
    (void)ls_json_quantity(v, &u);
    (void)ls_json_u64_any(v, &u);
    (void)ls_json_u256(v, &wide);
    (void)ls_json_double(v, &d);
    (void)ls_json_fixed(v, fixed, sizeof fixed);
    if (ls_json_data(v, a, DATA_BYTES_MAX, &s) == LS_OK) {
        must(s.n == (strlen(ls_json_str(v)) - 2) / 2);
    }
    size_t n = 0;
    for (const struct cJSON *c = ls_json_first(v); c; c = ls_json_next(c), n++) {
        must(ls_json_is_object(v) == (ls_json_key(c) != NULL));
        must(!ls_json_is_object(v) || ls_json_get(v, ls_json_key(c)));
        read_all(c, a);
    }
    must(n == ls_json_count(v));
}

static void print(const struct cJSON *v, struct ls_buf *b)
{
    ls_buf_init(b, TEXT_BYTES_MAX);
    ls_json_print(v, b);
    must(b->err == LS_OK);
}

static void print_twice(const struct cJSON *root)
{
    struct ls_buf first, second;
    struct cJSON *again = NULL;
    print(root, &first);
    must(ls_json_parse((const char *)first.p, first.n, 0, &again, NULL) == LS_OK);
    print(again, &second);
    must(first.n == second.n && memcmp(first.p, second.p, first.n) == 0);
    ls_buf_fini(&first);
    ls_buf_fini(&second);
    ls_json_free(again);
}

static void write_as_string(const uint8_t *data, size_t size)
{
    struct ls_buf b;
    struct ls_jw w;
    ls_buf_init(&b, TEXT_BYTES_MAX);
    ls_jw_init(&w, &b);
    ls_jw_strn(&w, NULL, (const char *)data, size);
    must(b.err == LS_OK);
    must(ls_json_validate((const char *)b.p, b.n, 0, NULL) == LS_OK);
    ls_buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct cJSON *root = NULL;
    struct ls_diag d = {{0}};
    struct ls_json_scan found;
    enum ls_err scanned = ls_json_scan(text, size, LS_JSON_DEPTH_MAX, true, &found);
    enum ls_err e = ls_json_parse(text, size, 0, &root, &d);
    must(found.end <= size);
    must(e == scanned || (scanned == LS_OK && e == LS_ERR_RANGE));
    must((root != NULL) == (e == LS_OK));
    must((d.text[0] == '\0') == (e == LS_OK));
    must(scanned == LS_OK || found.is_cut == (found.end == size));
    if (root) {
        struct ls_arena a;
        ls_arena_init(&a, TEXT_BYTES_MAX);
        read_all(root, &a);
        ls_arena_fini(&a);
        print_twice(root);
    }
    ls_json_free(root);
    write_as_string(data, size);
    return 0;
}
