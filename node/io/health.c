/*
 * GET /healthz: the process lives. GET /readyz: it follows; each state has its own word, so
 * that a probe can tell what is wrong (API-07).
 */
#include "lib/jsonw.h"
#include "node/io/api.h"

static const char *source_text(enum ls_source_state s)
{
    switch (s) {
    case LS_SOURCE_UNKNOWN:
        return "unknown";
    case LS_SOURCE_OK:
        return "ok";
    case LS_SOURCE_DOWN:
        return "unreachable";
    case LS_SOURCE_UNUSABLE:
        return "unusable";
    case LS_SOURCE_WRONG_CHAIN:
        return "wrong-chain";
    case LS_SOURCE_CONTRADICTION:
        return "finalized-conflict";
    }
    return "";
}

const char *ls_api_engine_text(enum ls_engine_state s)
{
    switch (s) {
    case LS_ENGINE_PROBING:
        return "probing";
    case LS_ENGINE_VALID:
        return "ok";
    case LS_ENGINE_SYNCING:
        return "syncing";
    case LS_ENGINE_DOWN:
        return "unreachable";
    case LS_ENGINE_REFUSING:
        return "rejects";
    case LS_ENGINE_MISCONFIGURED:
        return "misconfigured";
    }
    return "";
}

static const char *l1_text(enum ls_l1_state s)
{
    switch (s) {
    case LS_L1_OFF:
        return "off";
    case LS_L1_UNKNOWN:
        return "unknown";
    case LS_L1_OK:
        return "ok";
    case LS_L1_LAGGING:
        return "lagging";
    case LS_L1_DOWN:
        return "unreachable";
    case LS_L1_WRONG:
        return "wrong-chain";
    }
    return "";
}

void ls_api_healthz(struct ls_buf *out)
{
    struct ls_jw w;

    ls_jw_init(&w, out);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "version", LS_API_VERSION);
    ls_jw_object_end(&w);
}

/* Seconds since then, or null when that never was. A clock that stepped back gives 0. */
static void put_age(struct ls_jw *w, const char *key, uint64_t then_s, int64_t wall_s)
{
    if (then_s == 0) {
        ls_jw_null(w, key);
    } else {
        uint64_t now_s = wall_s > 0 ? (uint64_t)wall_s : 0;
        ls_jw_u64(w, key, now_s > then_s ? now_s - then_s : 0);
    }
}

bool ls_api_readyz(const struct ls_core_status *s, uint64_t lag_max, int64_t wall_s,
                   struct ls_buf *out)
{
    const struct ls_sync_status *p = &s->published;
    uint64_t lag =
        p->unsafe_l2.number > p->safe_l2.number ? p->unsafe_l2.number - p->safe_l2.number : 0;
    bool is_ready = s->source == LS_SOURCE_OK && s->engine == LS_ENGINE_VALID &&
                    (s->l1 == LS_L1_OFF || s->l1 == LS_L1_OK) && s->last_follow_wall_s != 0 &&
                    (lag_max == 0 || lag <= lag_max);
    struct ls_jw w;

    ls_jw_init(&w, out);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "source", source_text(s->source));
    ls_jw_str(&w, "el", ls_api_engine_text(s->engine));
    ls_jw_str(&w, "l1", l1_text(s->l1));
    put_age(&w, "unsafe_age_s", p->unsafe_l2.timestamp, wall_s);
    ls_jw_u64(&w, "safe_lag_blocks", lag);
    put_age(&w, "last_follow_ok_s", s->last_follow_wall_s, wall_s);
    ls_jw_object_end(&w);
    return is_ready;
}
