#include "harness/live/mocks.h"

#include <stdlib.h>

#include "mocks/rpc/engine_rpc.h"
#include "mocks/rpc/l1_rpc.h"
#include "mocks/rpc/source_rpc.h"

enum ls_err ls_mocks_init(struct ls_mocks *m, struct ls_chain *chain, struct ls_trace *trace,
                          const struct ls_engine_profile *profile, struct ls_diag *d)
{
    *m = (struct ls_mocks){0};
    if (!chain->has_rollup || chain->genesis == LS_NO_BLOCK) {
        return ls_fail(d, LS_ERR_CONFIG, "chain \"%s\" has no %s: a node cannot follow it",
                       chain->name, chain->has_rollup ? "genesis block" : "rollup config");
    }
    void *engine = calloc(1, ls_engine_size(chain->l2));
    void *source = calloc(1, ls_source_size());
    void *l1 = calloc(1, ls_l1_size());

    if (engine == NULL || source == NULL || l1 == NULL) {
        free(engine);
        free(source);
        free(l1);
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    m->chain = chain;
    m->trace = trace;
    m->engine = ls_engine_init(engine, chain->l2, chain->genesis, profile);
    m->source = ls_source_init(source, chain->l2, chain->genesis, chain->l1, LS_SRC_EL);
    m->l1 = ls_l1_init(l1, chain->l1, chain->l1_tip);
    return LS_OK;
}

void ls_mocks_fini(struct ls_mocks *m)
{
    free(m->engine);
    free(m->source);
    free(m->l1);
    *m = (struct ls_mocks){0};
}

struct ls_backend *ls_mocks_engine_rpc(const struct ls_mocks *m, const uint8_t *jwt_secret,
                                       enum ls_eth_state state)
{
    return ls_engine_rpc_new(&(struct ls_engine_rpc_config){.engine = m->engine,
                                                            .universe = m->chain->l2,
                                                            .rollup = &m->chain->rollup,
                                                            .jwt_secret = jwt_secret,
                                                            .state = state,
                                                            .trace = m->trace});
}

static struct ls_source_rpc_config source_config(const struct ls_mocks *m)
{
    return (struct ls_source_rpc_config){.source = m->source,
                                         .l2 = m->chain->l2,
                                         .rollup = &m->chain->rollup,
                                         .rollup_json = (const char *)m->chain->rollup_json.p,
                                         .rollup_json_bytes = m->chain->rollup_json.n,
                                         .trace = m->trace};
}

struct ls_backend *ls_mocks_source_rpc(const struct ls_mocks *m)
{
    struct ls_source_rpc_config cfg = source_config(m);

    return ls_source_rpc_new(&cfg);
}

bool ls_mocks_take_source_rpc(const struct ls_mocks *m, struct ls_backend *rpc)
{
    struct ls_source_rpc_config cfg = source_config(m);

    return ls_source_rpc_turn_to(rpc, &cfg);
}

struct ls_backend *ls_mocks_source_rpc_as(const struct ls_mocks *m, enum ls_src_flavour flavour,
                                          enum ls_eth_state state)
{
    struct ls_source_rpc_config cfg = source_config(m);

    cfg.is_flavour_fixed = true;
    cfg.flavour = flavour;
    cfg.state = state;
    return ls_source_rpc_new(&cfg);
}

struct ls_backend *ls_mocks_l1_rpc(const struct ls_mocks *m)
{
    return ls_l1_rpc_new(&(struct ls_l1_rpc_config){.l1 = m->l1,
                                                    .universe = m->chain->l1,
                                                    .chain_id = m->chain->rollup.l1_chain_id,
                                                    .trace = m->trace});
}
