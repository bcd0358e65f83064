/*
 * Any JSON as an envelope. What must hold: what was read and is written reads back as itself; a
 * payload that has a header verifies once its hash is that header's.
 */
#include <stdlib.h>

#include "lib/json.h"
#include "lib/op/payload.h"

#define ARENA_BYTES_MAX (1u << 22)
#define TEXT_BYTES_MAX (1u << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On in every build of the fuzzer, whatever NDEBUG says. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void write_text(const struct ls_payload *p, struct ls_buf *text)
{
    struct ls_jw w;

    ls_buf_init(text, TEXT_BYTES_MAX);
    ls_jw_init(&w, text);
    ls_envelope_write(p, &w, NULL);
    must(text->err == LS_OK);
}

static void check_round_trip(const struct ls_payload *p)
{
    struct ls_buf first;
    struct ls_buf second;
    struct cJSON *v = NULL;
    struct ls_arena a;
    struct ls_payload q;

    write_text(p, &first);
    must(ls_json_parse((const char *)first.p, first.n, 0, &v, NULL) == LS_OK);
    ls_arena_init(&a, ARENA_BYTES_MAX);
    must(ls_envelope_from_json(v, &a, &q, NULL) == LS_OK);
    write_text(&q, &second);
    must(first.n == second.n && memcmp(first.p, second.p, first.n) == 0);
    ls_arena_fini(&a);
    ls_json_free(v);
    ls_buf_fini(&first);
    ls_buf_fini(&second);
}

static void check_header(struct ls_payload *p)
{
    struct ls_header h;
    struct ls_l2_ref ref;
    struct ls_diag d;
    enum ls_err e = ls_payload_header(p, &h);

    must(e == LS_OK || e == LS_ERR_PARSE);
    if (e == LS_OK) {
        p->block_hash = ls_header_hash(&h);
        must(ls_payload_verify(p, &d) == LS_OK);
        p->block_hash.b[0] ^= 1;
        must(ls_payload_verify(p, &d) == LS_ERR_HASH);
    }
    (void)ls_payload_l2_ref(p, NULL, &ref, &d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cJSON *v = NULL;
    struct ls_arena a;
    struct ls_payload p;
    struct ls_diag d = {{0}};

    ls_arena_init(&a, ARENA_BYTES_MAX);
    if (ls_json_parse((const char *)data, size, 0, &v, NULL) == LS_OK) {
        enum ls_err e = ls_envelope_from_json(v, &a, &p, &d);

        must((d.text[0] == '\0') == (e == LS_OK));
        if (e == LS_OK) {
            check_round_trip(&p);
            check_header(&p);
        }
    }
    ls_json_free(v);
    ls_arena_fini(&a);
    return 0;
}
