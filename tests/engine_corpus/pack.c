/* Our own, smaller form of a recorded corpus: what follows from a block is left out, and of a
 * sequence everything a replay does not look at. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/json.h"
#include "lib/jsonw.h"
#include "lib/zst.h"
#include "tests/engine_corpus/corpus.h"
#include "tests/engine_corpus/order.h"

#define PATH_BYTES 4096u
#define LEVEL 19

static void write_bytes(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(p, 1, n, f) != n || fclose(f) != 0) {
        ls_corpus_die(path, "cannot be written");
    }
}

static void write_zst(const char *dir, const char *name, struct ls_buf *text)
{
    char path[PATH_BYTES];
    struct ls_buf out;
    ls_buf_init(&out, LS_CORPUS_BYTES_MAX);
    if (text->err != LS_OK || ls_zst_compress(text->p, text->n, LEVEL, &out) != LS_OK) {
        ls_corpus_die(name, "does not fit");
    }
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    write_bytes(path, out.p, out.n);
    ls_buf_fini(&out);
    ls_buf_fini(text);
}

static void copy_member(const struct cJSON *obj, const char *key, struct ls_jw *w)
{
    struct ls_buf text;
    const struct cJSON *v = ls_json_get(obj, key);
    if (v == NULL) {
        return;
    }
    ls_buf_init(&text, LS_CORPUS_BYTES_MAX);
    ls_json_print(v, &text);
    ls_jw_raw(w, key, (const char *)text.p, text.n);
    ls_buf_fini(&text);
}

static void end_line(struct ls_jw *w, struct ls_buf *out)
{
    ls_jw_object_end(w);
    (void)ls_buf_putc(out, '\n');
}

static void pack_blocks(const struct ls_corpus *c, const char *dir)
{
    struct ls_buf out;
    ls_buf_init(&out, LS_CORPUS_BYTES_MAX);
    for (size_t i = 0; i < c->block_count; i++) {
        (void)ls_buf_put(&out, c->blocks[i].text, c->blocks[i].text_bytes);
        (void)ls_buf_putc(&out, '\n');
    }
    write_zst(dir, "blocks.ndjson.zst", &out);
}

static void pack_mutations(const struct ls_corpus *c, const char *dir)
{
    struct ls_buf out;
    struct ls_jw w;
    ls_buf_init(&out, LS_CORPUS_BYTES_MAX);
    for (size_t i = 0; i < c->mutation_count; i++) {
        ls_jw_init(&w, &out);
        ls_jw_object(&w, NULL);
        copy_member(c->mutations[i], "id", &w);
        copy_member(c->mutations[i], "base", &w);
        copy_member(c->mutations[i], "set", &w);
        copy_member(c->mutations[i], "del", &w);
        end_line(&w, &out);
    }
    write_zst(dir, "mutations.ndjson.zst", &out);
}

/* What of the rollup config an engine looks at. */
static void pack_config(const struct ls_corpus *c, const char *dir)
{
    char path[PATH_BYTES];
    struct ls_buf out;
    struct ls_jw w;
    ls_buf_init(&out, LS_CORPUS_BYTES_MAX);
    ls_jw_init(&w, &out);
    ls_jw_object(&w, NULL);
    ls_jw_u64(&w, "l2_chain_id", c->rollup.l2_chain_id);
    ls_jw_u64(&w, "l2_time", c->rollup.genesis_l2_time);
    ls_jw_u64(&w, "block_time", c->rollup.block_time);
    for (size_t f = 0; f < LS_FORK_COUNT; f++) {
        if (c->rollup.fork_time[f] != LS_FORK_NEVER) {
            ls_jw_u64(&w, ls_fork_name((enum ls_fork)f), c->rollup.fork_time[f]);
        }
    }
    end_line(&w, &out);
    (void)snprintf(path, sizeof path, "%s/config.json", dir);
    write_bytes(path, out.p, out.n);
    ls_buf_fini(&out);
}

/* --- sequences --- */

struct packer {
    const struct ls_corpus *corpus;
    struct ls_buf out;
};

/* The recorded list stands in another file: it takes the place of its name. */
static bool pack_capabilities(const struct ls_corpus *c, const struct cJSON *call, struct ls_jw *w)
{
    struct ls_buf text;
    const char *name = ls_json_str(ls_json_get(call, "r"));
    const struct cJSON *list = ls_json_get(c->capabilities, "value");
    if (name == NULL || strcmp(name, "$caps") != 0 || list == NULL) {
        return false;
    }
    ls_buf_init(&text, LS_CORPUS_BYTES_MAX);
    ls_json_print(list, &text);
    ls_jw_raw(w, "r", (const char *)text.p, text.n);
    ls_buf_fini(&text);
    return true;
}

static void pack_call(const struct ls_corpus *c, const struct cJSON *call, bool is_timed,
                      struct ls_jw *w)
{
    static const char *const keys[] = {"m", "p", "e", "port", "nd", "alt",
                                       /* of events */
                                       "event", "signal", "from", "to", "fcu_each", "labels_behind",
                                       "ms",
                                       /* of calls that were not answered */
                                       "connection", "no_reply_within_ms"};
    uint64_t http = 200;
    ls_jw_object(w, NULL);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        copy_member(call, keys[i], w);
    }
    if (is_timed) {
        copy_member(call, "t_ms", w);
    }
    if (!pack_capabilities(c, call, w)) {
        copy_member(call, "r", w);
    }
    if (ls_json_u64(ls_json_get(call, "http"), &http) == LS_OK && http != 200) {
        ls_jw_u64(w, "http", http);
    }
    ls_jw_object_end(w);
}

static void pack_sequence(void *self, const char *line, size_t n)
{
    struct packer *p = self;
    struct ls_jw w;
    struct cJSON *seq = ls_corpus_parse(line, n);
    ls_jw_init(&w, &p->out);
    ls_jw_object(&w, NULL);
    copy_member(seq, "id", &w);
    copy_member(seq, "flavour", &w);
    copy_member(seq, "desc", &w); /* names flags and blocks given first: ls_event_start */
    copy_member(seq, "pre", &w);
    ls_jw_array(&w, "calls");
    bool is_timed = ls_rows_are_mixed(ls_json_get(seq, "calls"));
    const struct cJSON *call = ls_json_first(ls_json_get(seq, "calls"));
    for (; call != NULL; call = ls_json_next(call)) {
        pack_call(p->corpus, call, is_timed, &w);
    }
    ls_jw_array_end(&w);
    end_line(&w, &p->out);
    ls_json_free(seq);
}

void ls_corpus_pack(struct ls_corpus *c, const char *dir, char *const *files, size_t n)
{
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        ls_corpus_die(dir, "cannot be made");
    }
    pack_blocks(c, dir);
    pack_mutations(c, dir);
    pack_config(c, dir);
    for (size_t i = 0; i < n; i++) {
        char name[PATH_BYTES];
        struct packer p = {.corpus = c};
        const char *file = strchr(files[i], '=');
        if (file == NULL) {
            ls_corpus_die(files[i], "is not NAME=FILE");
        }
        (void)snprintf(name, sizeof name, "%.*s.ndjson.zst", (int)(file - files[i]), files[i]);
        ls_corpus_beside(c, file + 1);
        ls_buf_init(&p.out, LS_CORPUS_BYTES_MAX);
        ls_corpus_lines(file + 1, pack_sequence, &p);
        write_zst(dir, name, &p.out);
    }
}
