#include "harness/serve/testers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/capture/files.h"
#include "mocks/rpc/synctester.h"

#define CONFIG_BYTES_MAX (1u << 20)
#define NS_PER_S UINT64_C(1000000000)

static enum ls_err read_config(struct ls_testers *t, const char *path, struct ls_diag *d)
{
    struct ls_buf text;
    enum ls_err e;

    ls_buf_init(&text, CONFIG_BYTES_MAX);
    e = ls_file_read(path, &text, d);
    if (e == LS_OK) {
        e = ls_synctester_file_parse(path, text.n > 0 ? (const char *)text.p : "", text.n, &t->file,
                                     d);
    }
    ls_buf_fini(&text);
    return e;
}

/* The folder el_rpc names: beside the config file when there is one, else as it stands. */
static enum ls_err find_folder(const char *config, const char *el_rpc, char out[LS_PATH_MAX],
                               struct ls_diag *d)
{
    char dir[LS_PATH_MAX];
    const char *slash = strrchr(config, '/');
    size_t n = slash != NULL ? (size_t)(slash - config) : 0;

    if (el_rpc[0] != '/' && slash != NULL && n < sizeof dir) {
        (void)snprintf(dir, sizeof dir, "%.*s", (int)n, config);
        if (ls_path_join(n > 0 ? dir : "/", el_rpc, out, NULL) == LS_OK && ls_file_exists(out)) {
            return LS_OK;
        }
    }
    if (snprintf(out, LS_PATH_MAX, "%s", el_rpc) >= (int)LS_PATH_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "el_rpc is too long");
    }
    return LS_OK;
}

static bool is_same_folder(const char *a, const char *b)
{
    struct stat x;
    struct stat y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The upstream of one entry. */
static enum ls_err open_entry(struct ls_testers *t, size_t i, const struct ls_testers_options *o,
                              struct ls_upstream **out, struct ls_diag *d)
{
    const struct ls_synctester_entry *entry = &t->file.entries[i];
    struct ls_testers_chain *own = &t->chains[i];
    char folder[LS_PATH_MAX];
    enum ls_err e;

    if (strstr(entry->el_rpc, "://") != NULL) {
        return ls_fail(d, LS_ERR_CONFIG,
                       "el_rpc \"%.200s\" is a node's URL; here it names the folder of a recorded "
                       "chain",
                       entry->el_rpc);
    }
    e = find_folder(o->config, entry->el_rpc, folder, d);
    if (e != LS_OK || is_same_folder(folder, o->fixture)) {
        *out = o->served;
        return e;
    }
    e = ls_chain_open(folder, NULL, &own->chain, d);
    if (e != LS_OK) {
        return e;
    }
    own->upstream = ls_upstream_fixture_new(
        &(struct ls_upstream_fixture){.universe = own->chain.l2,
                                      .chain_id = own->chain.l2_chain_id,
                                      .tip = own->chain.tip,
                                      .has_receipts = own->chain.has_receipts});
    *out = own->upstream;
    return own->upstream != NULL ? LS_OK : ls_fail(d, LS_ERR_NOMEM, "out of memory");
}

static enum ls_err open_entries(struct ls_testers *t, const struct ls_testers_options *o,
                                struct ls_synctester_chain *chains, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    t->chains = calloc(t->file.count + 1, sizeof *t->chains);
    if (t->chains == NULL) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; e == LS_OK && i < t->file.count; i++) {
        chains[i].chain_id = t->file.entries[i].chain_id;
        e = open_entry(t, i, o, &chains[i].upstream, d);
        if (e != LS_OK) {
            (void)ls_fail_in(d, e, "%s:%u", o->config, t->file.entries[i].line);
        }
    }
    return e;
}

enum ls_err ls_testers_init(struct ls_testers *t, const struct ls_testers_options *o,
                            struct ls_diag *d)
{
    struct ls_synctester_chain chains[LS_SYNCTESTER_CHAINS_MAX] = {
        {.chain_id = o->served_chain_id, .upstream = o->served}};
    struct ls_synctester_config cfg = {
        .chains = chains,
        .chain_count = 1,
        .sessions_max = (uint32_t)(o->sessions_max < UINT32_MAX ? o->sessions_max : UINT32_MAX),
        .idle_ns_max = o->idle_s < UINT64_MAX / NS_PER_S ? o->idle_s * NS_PER_S : UINT64_MAX,
        .seed = o->seed,
        .jwt_secret = o->jwt_secret,
        .trace = o->trace};
    enum ls_err e = LS_OK;

    *t = (struct ls_testers){0};
    if (o->config != NULL) {
        e = read_config(t, o->config, d);
        cfg.chain_count = t->file.count;
    }
    if (e == LS_OK && cfg.chain_count > LS_SYNCTESTER_CHAINS_MAX) {
        e = ls_fail(d, LS_ERR_CONFIG, "%s: more than %u sync testers", o->config,
                    LS_SYNCTESTER_CHAINS_MAX);
    }
    if (e == LS_OK && o->config != NULL) {
        e = open_entries(t, o, chains, d);
    }
    if (e == LS_OK) {
        e = ls_synctester_new(&cfg, &t->backend, d);
    }
    if (e != LS_OK) {
        ls_testers_fini(t);
    }
    return e;
}

void ls_testers_fini(struct ls_testers *t)
{
    ls_synctester_free(t->backend);
    for (size_t i = 0; t->chains != NULL && i < t->file.count; i++) {
        ls_upstream_fixture_free(t->chains[i].upstream);
        ls_chain_close(&t->chains[i].chain);
    }
    free(t->chains);
    ls_synctester_file_free(&t->file);
    *t = (struct ls_testers){0};
}
