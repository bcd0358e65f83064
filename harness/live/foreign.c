#include "harness/live/foreign.h"

#include "mocks/model/engine.h"
#include "mocks/model/source.h"

#define FINALIZED_BELOW 10u /* the tip, blocks */

/* Where its heads are. */
static void place(struct ls_foreign *f)
{
    const struct ls_chain *c = &f->chain;
    uint64_t number = ls_universe_get(c->l2, c->tip)->ref.number;
    uint32_t finalized = number < FINALIZED_BELOW
                             ? LS_NO_BLOCK
                             : ls_universe_at(c->l2, c->tip, number - FINALIZED_BELOW);

    ls_source_follow(f->mocks.source, c->tip, finalized != LS_NO_BLOCK ? finalized : c->genesis);
    ls_source_heads(f->mocks.source)->head_l1 = c->l1_tip;
}

enum ls_err ls_foreign_open(struct ls_foreign *f, const char *dir, enum ls_src_flavour flavour,
                            struct ls_trace *trace, struct ls_diag *d)
{
    *f = (struct ls_foreign){.is_open = false};
    enum ls_err e = ls_chain_open(dir, NULL, &f->chain, d);

    if (e != LS_OK) {
        return e;
    }
    e = ls_mocks_init(&f->mocks, &f->chain, trace, ls_engine_profile_find("geth"), d);
    if (e != LS_OK) {
        ls_chain_close(&f->chain);
        return e;
    }
    f->is_open = true;
    ls_source_set_flavour(f->mocks.source, flavour);
    place(f);
    return LS_OK;
}

void ls_foreign_close(struct ls_foreign *f)
{
    if (f->is_open) {
        ls_mocks_fini(&f->mocks);
        ls_chain_close(&f->chain);
    }
    *f = (struct ls_foreign){.is_open = false};
}
