/*
 * forkchoiceUpdated: arguments, version and shape of the attributes before the model is asked, the
 * build after it (mock-engine 2.4).
 */
#include <string.h>

#include "lib/json.h"
#include "mocks/rpc/engine_parts.h"
#include "mocks/rpc/reth_rpc.h"

#define STATE "ForkchoiceStateV1"

/* --- arguments --- */

static bool take_state(struct ls_go_args *a, struct ls_forkchoice *f)
{
    const struct cJSON *v = ls_go_args_take(a, true);
    if (!ls_go_kind(a, v, LS_GO_ARGUMENT, "object", "engine." STATE)) {
        return false;
    }
    struct {
        const char *name;
        struct ls_hash *out;
    } fields[] = {{"headBlockHash", &f->head},
                  {"safeBlockHash", &f->safe},
                  {"finalizedBlockHash", &f->finalized}};
    for (const struct cJSON *m = ls_json_first(v); m != NULL; m = ls_json_next(m)) {
        for (size_t i = 0; i < 3; i++) {
            struct ls_go_place place = {STATE, fields[i].name};
            if (ls_go_name_eq(ls_json_key(m), fields[i].name) &&
                !ls_go_hash(a, m, place, fields[i].out)) {
                return false;
            }
        }
    }
    return !a->is_failed;
}

/* --- the call --- */

static void answer(struct ls_engine_port *e, struct ls_rpc_call *call,
                   const struct ls_el_verdict *v, const uint8_t *id)
{
    struct ls_jw w;
    ls_rpc_result(call, &w);
    ls_jw_object(&w, NULL);
    ls_engine_put_status(e, &w, "payloadStatus", v, call->event);
    if (id != NULL) {
        ls_jw_hex(&w, "payloadId", id, 8);
    } else if (!ls_engine_knobs(e->engine)->null_omitted) {
        ls_jw_null(&w, "payloadId");
    }
    ls_jw_object_end(&w);
}

/* op-geth's: attributes are judged before the forkchoice is. */
static bool take(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version,
                 struct ls_forkchoice *f, bool *has_attributes, struct ls_attributes *at)
{
    struct ls_go_args a;
    ls_go_args_begin(&a, call);
    if (!take_state(&a, f)) {
        return false;
    }
    const struct cJSON *v = ls_go_args_take(&a, false);
    *has_attributes = v != NULL && !ls_json_is_null(v);
    if (*has_attributes && !ls_engine_read_attributes(e, &a, v, at)) {
        return false;
    }
    return ls_go_args_end(&a) &&
           (!*has_attributes ||
            ls_engine_check_attributes(e, call, version, !ls_hash_is_zero(&f->head), at));
}

void ls_engine_fcu(struct ls_engine_port *e, struct ls_rpc_call *call, unsigned version)
{
    struct ls_forkchoice f = {0};
    struct ls_attributes at = {0};
    bool has_attributes = false;
    uint8_t id[8];
    bool is_reth = ls_engine_knobs(e->engine)->words == LS_EL_WORDS_RETH;
    if (!(is_reth ? ls_reth_take_fcu(e, call, &f, &has_attributes, &at)
                  : take(e, call, version, &f, &has_attributes, &at))) {
        return;
    }
    if (ls_engine_builder_hangs(e, false)) {
        return;
    }
    struct ls_el_verdict verdict = ls_engine_forkchoice(e->engine, &f);
    if (ls_engine_put_error(call, &verdict)) {
        return;
    }
    if (verdict.head_applied) {
        ls_engine_die_of_head(e);
    }
    if (!has_attributes || !verdict.head_applied) {
        answer(e, call, &verdict, NULL);
        return;
    }
    if (is_reth && !ls_engine_check_attributes_reth(e, call, version, &at)) {
        return;
    }
    if (ls_engine_builder_hangs(e, true)) {
        return;
    }
    if (ls_engine_build(e, call, &f.head, &at, version, id)) {
        ls_engine_die_of_build(e, &at);
        answer(e, call, &verdict, id);
    }
}
