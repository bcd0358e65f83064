#include "tests/engine_corpus/lab.h"

#include <stdlib.h>

#include "lib/json.h"
#include "mocks/rpc/engine_rpc.h"

#define EXTRA_BLOCKS 512u /* that become known in one sequence */

uint32_t ls_lab_add(struct ls_lab *lab, const struct ls_corpus_block *block)
{
    struct ls_ublock b = {.json = block->text, .json_bytes = block->text_bytes};
    uint32_t id = LS_NO_BLOCK;
    b.ref.hash = block->hash;
    (void)ls_json_fixed(ls_json_get(block->block, "parentHash"), b.ref.parent.b, 32);
    (void)ls_json_quantity(ls_json_get(block->block, "number"), &b.ref.number);
    (void)ls_json_quantity(ls_json_get(block->block, "timestamp"), &b.ref.timestamp);
    b.parent = ls_universe_find(lab->universe, &b.ref.parent);
    enum ls_err e = ls_universe_add(lab->universe, &b, &id);
    if (e != LS_OK && e != LS_ERR_EXISTS) {
        ls_corpus_die("block", ls_err_text(e));
    }
    return id;
}

void ls_lab_fresh(struct ls_lab *lab, const struct ls_corpus *corpus, const char *profile)
{
    uint32_t blocks_max = (uint32_t)corpus->block_count + EXTRA_BLOCKS;
    const struct ls_engine_profile *p = ls_engine_profile_find(profile);
    if (p == NULL) {
        ls_corpus_die(profile, "no such profile");
    }
    ls_engine_rpc_free(lab->port);
    lab->port = NULL;
    if (lab->blocks_max != blocks_max) {
        ls_lab_close(lab);
        lab->blocks_max = blocks_max;
        lab->universe_mem = ls_corpus_need(malloc(ls_universe_size(blocks_max)));
    }
    lab->universe = ls_universe_init(lab->universe_mem, blocks_max);
    for (size_t i = 0; i < corpus->block_count; i++) {
        (void)ls_lab_add(lab, &corpus->blocks[i]);
    }
    if (lab->engine_mem == NULL) {
        lab->engine_mem = ls_corpus_need(malloc(ls_engine_size(lab->universe)));
    }
    lab->engine = ls_engine_init(lab->engine_mem, lab->universe, 0, p);
    struct ls_engine_profile *knobs = ls_engine_knobs(lab->engine);
    knobs->disk_lags = true; /* ls_lab_let_write says how long */
    knobs->is_mortal = true; /* as the real ones are */
    knobs->builds_hang = true;
    lab->disk = (struct ls_lab_disk){.lag = 0};
    lab->asked = lab->waited = 0;
    struct ls_engine_rpc_config cfg = {
        .engine = lab->engine, .universe = lab->universe, .rollup = &corpus->rollup};
    lab->port = ls_corpus_need(ls_engine_rpc_new(&cfg));
}

void ls_lab_close(struct ls_lab *lab)
{
    ls_engine_rpc_free(lab->port);
    free(lab->engine_mem);
    free(lab->universe_mem);
    *lab = (struct ls_lab){0};
}

void ls_lab_let_write(struct ls_lab *lab)
{
    if (ls_engine_is_settled(lab->engine)) {
        lab->waited = 0;
    }
    if (lab->asked++ >= lab->disk.held && lab->waited++ >= lab->disk.lag) {
        ls_engine_settle(lab->engine);
    }
}

int ls_lab_ask(struct ls_lab *lab, bool is_public, const char *method, const char *params,
               struct ls_buf *out)
{
    struct ls_buf body;
    struct ls_http_reply reply = {.status = 200, .content_type = "application/json"};
    struct ls_backend *port = is_public ? ls_engine_rpc_public(lab->port) : lab->port;
    ls_buf_init(&body, LS_CORPUS_BYTES_MAX);
    ls_buf_init(&reply.body, LS_CORPUS_BYTES_MAX);
    (void)ls_buf_printf(&body,
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":", method);
    (void)ls_buf_puts(&body, params == NULL ? "null" : params);
    (void)ls_buf_puts(&body, "}");
    struct ls_http_request req = {.verb = "POST",
                                  .path = "/",
                                  .content_type = "application/json",
                                  .body = (const char *)body.p,
                                  .body_bytes = body.n,
                                  .now_ns = lab->now_ns,
                                  .conn = 1};
    port->ops->handle(port, &req, &reply);
    ls_buf_init(out, LS_CORPUS_BYTES_MAX);
    (void)ls_buf_put(out, reply.body.p, reply.body.n);
    ls_buf_fini(&reply.body);
    ls_buf_fini(&body);
    bool is_silent = reply.fate == LS_FATE_HANG || reply.fate == LS_FATE_REFUSE;
    return is_silent ? 0 : (int)reply.status;
}
