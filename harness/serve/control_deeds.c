/* What a POST does. Each deed reads its whole body before it changes anything. */
#include <stdio.h>
#include <string.h>

#include "harness/serve/backends.h"
#include "harness/serve/control_parts.h"
#include "harness/serve/members.h"
#include "lib/json.h"

#define MS_MAX 86400000000u /* a thousand days */
#define PEERS_MAX 1000000u

/* --- members --- */

/* A block, as a number on the source's branch or by name. false: it is not there, or an error. */
static bool block(const struct ls_control_deed *deed, struct ls_members *m, const char *key,
                  uint32_t *out)
{
    const struct cJSON *v = ls_json_get(m->object, key);
    const struct ls_stage *s = deed->control->stage;
    uint64_t number = 0;
    enum ls_err e = LS_OK;

    if (!ls_members_has(m, key)) {
        return false;
    }
    if (ls_json_is_number(v)) {
        number = ls_members_u64(m, key, UINT64_MAX, 0);
        e = m->err == LS_OK ? ls_stage_at(s, number, out, deed->d) : LS_OK;
    } else {
        const char *name = ls_members_str(m, key, NULL);
        e = name != NULL ? ls_stage_find(s, name, out, deed->d) : LS_OK;
    }
    m->err = m->err == LS_OK ? e : m->err;
    return m->err == LS_OK;
}

/* The same for a block that must be one. */
static bool real_block(const struct ls_control_deed *deed, struct ls_members *m, const char *key,
                       uint32_t *out)
{
    if (!block(deed, m, key, out)) {
        return false;
    }
    if (*out == LS_NO_BLOCK) {
        ls_members_fail(m, "\"%s\" cannot be none", key);
        return false;
    }
    return true;
}

/* Ports by name; those that are off are left out. otherwise NULL: "port" must be there. */
static unsigned ports(const struct ls_control_deed *deed, struct ls_members *m,
                      const char *otherwise)
{
    const char *name = ls_members_str(m, "port", otherwise);
    unsigned mask = name != NULL ? ls_serve_port_mask(name) : 0;
    unsigned on = 0;

    if (mask == 0) {
        ls_members_fail(m, "%s \"port\"; there are: " LS_SERVE_PORT_NAMES,
                        name == NULL ? "missing" : "unknown");
        return 0;
    }
    for (size_t p = 0; p < LS_SERVE_PORT_COUNT; p++) {
        on |= deed->control->urls[p][0] != '\0' ? 1u << p : 0u;
    }
    if ((mask & on) == 0) {
        ls_members_fail(m, "port \"%s\" is off", name);
    }
    return mask & on;
}

/* --- source --- */

/* {"blocks": n}, {"unsafe", "safe", "finalized": n} or {"ms": n}; {} is one block each */
static enum ls_err advance(struct ls_control_deed *deed)
{
    static const char *const known[] = {"blocks", "unsafe", "safe", "finalized", "ms", NULL};
    struct ls_stage *s = deed->control->stage;
    struct ls_members m;

    ls_members_begin(&m, deed->body, known, deed->d);
    bool has_heads = ls_members_has(&m, "unsafe") || ls_members_has(&m, "safe") ||
                     ls_members_has(&m, "finalized");
    bool has_ms = ls_members_has(&m, "ms");
    if (has_ms + has_heads + ls_members_has(&m, "blocks") > 1) {
        ls_members_fail(&m, "\"blocks\", \"ms\", or some of \"unsafe\" \"safe\" \"finalized\"");
    }
    uint64_t ms = ls_members_u64(&m, "ms", MS_MAX, 0);
    uint64_t blocks = ls_members_u64(&m, "blocks", UINT32_MAX, has_heads ? 0 : 1);
    const struct ls_stage_step by = {.unsafe_l2 = ls_members_u64(&m, "unsafe", UINT32_MAX, blocks),
                                     .safe = ls_members_u64(&m, "safe", UINT32_MAX, blocks),
                                     .finalized =
                                         ls_members_u64(&m, "finalized", UINT32_MAX, blocks)};
    if (m.err != LS_OK) {
        return m.err;
    }
    if (has_ms) {
        ls_stage_skip(s, ms, deed->now_ns);
        return LS_OK;
    }
    return ls_stage_advance(s, &by, deed->now_ns, deed->d);
}

/* {"unsafe", "safe", "local_safe", "finalized": BLOCK} */
static enum ls_err heads(struct ls_control_deed *deed)
{
    static const char *const known[] = {"unsafe", "safe", "local_safe", "finalized", NULL};
    uint32_t ids[4];
    const uint32_t *to[4] = {NULL, NULL, NULL, NULL};
    struct ls_members m;

    ls_members_begin(&m, deed->body, known, deed->d);
    for (size_t i = 0; known[i] != NULL; i++) {
        to[i] = block(deed, &m, known[i], &ids[i]) ? &ids[i] : NULL;
    }
    if (m.err == LS_OK) {
        const struct ls_stage_heads all = {
            .unsafe_l2 = to[0], .safe = to[1], .local_safe = to[2], .finalized = to[3]};
        ls_stage_set(deed->control->stage, &all, deed->now_ns);
    }
    return m.err;
}

/* {"depth", "length", "invalid_from", "name"}, or {"branch"} to change to one that is there */
static enum ls_err reorg(struct ls_control_deed *deed)
{
    static const char *const known[] = {"depth", "length", "invalid_from", "name", "branch", NULL};
    struct ls_stage *s = deed->control->stage;
    struct ls_members m;

    ls_members_begin(&m, deed->body, known, deed->d);
    const char *branch = ls_members_str(&m, "branch", NULL);
    const struct ls_stage_fork fork = {
        .depth = ls_members_u64(&m, "depth", UINT32_MAX, 1),
        .length = ls_members_u64(&m, "length", LS_STAGE_FORK_BLOCKS, 0),
        .invalid_from = ls_members_u64(&m, "invalid_from", LS_STAGE_FORK_BLOCKS, 0),
        .name = ls_members_str(&m, "name", NULL)};
    if (branch != NULL && ls_json_count(deed->body) > 1) {
        ls_members_fail(&m, "\"branch\" stands alone: it changes to a branch that is there");
    }
    if (fork.name != NULL && (fork.name[0] == '\0' || strpbrk(fork.name, ":\"\\") != NULL)) {
        ls_members_fail(&m, "\"%.40s\" is no name for a branch", fork.name);
    }
    if (m.err != LS_OK) {
        return m.err;
    }
    return branch != NULL ? ls_stage_switch(s, branch, deed->now_ns, deed->d)
                          : ls_stage_reorg(s, &fork, deed->now_ns, deed->d);
}

static void read_mood(struct ls_members *m, enum ls_src_mood *out)
{
    static const char *const moods[] = {
        [LS_SRC_NORMAL] = "normal",       [LS_SRC_NULLS] = "nulls",
        [LS_SRC_ZEROS] = "zeros",         [LS_SRC_GENESIS] = "genesis",
        [LS_SRC_ONLY_G] = "only_genesis", [LS_SRC_ONLY_F] = "only_finalized",
        [LS_SRC_GARBAGE] = "garbage"};
    const char *name = ls_members_str(m, "mood", NULL);
    size_t mood = 0;

    while (name != NULL && mood < sizeof moods / sizeof moods[0] &&
           strcmp(moods[mood], name) != 0) {
        mood++;
    }
    if (mood == sizeof moods / sizeof moods[0]) {
        ls_members_fail(m,
                        "no mood \"%.40s\"; there are: normal nulls zeros genesis only_genesis "
                        "only_finalized garbage",
                        name);
    }
    *out = (enum ls_src_mood)mood;
}

/* false: not said. */
static bool read_source_profile(struct ls_members *m, struct ls_src_profile *out)
{
    const char *text = ls_members_str(m, "profile", NULL);

    if (text != NULL && !ls_source_profile_read(text, out)) {
        ls_members_fail(m,
                        "no profile \"%.40s\" of a source: normal kona old freeze regress:N "
                        "saw:N/TICKS cold:N cold-finalized:N cold-zeros:N byz:N",
                        text);
    }
    return text != NULL;
}

/* {"profile", "mood", "answers", "freeze", "backends", "by"} */
static enum ls_err source(struct ls_control_deed *deed)
{
    static const char *const known[] = {"profile",  "mood", "answers", "freeze",
                                        "backends", "by",   NULL};
    struct ls_source *s = deed->control->stage->mocks.source;
    const struct ls_chain *c = deed->control->stage->mocks.chain;
    enum ls_src_mood mood;
    struct ls_backends backends = {0};
    struct ls_src_backend at[LS_SRC_VIEWS_MAX];
    struct ls_src_profile profile;
    struct ls_members m;

    ls_members_begin(&m, deed->body, known, deed->d);
    uint64_t answers = ls_members_u64(&m, "answers", UINT64_MAX, UINT64_MAX);
    bool is_frozen = ls_members_bool(&m, "freeze", false);
    bool has_profile = read_source_profile(&m, &profile);
    read_mood(&m, &mood);
    ls_backends_read(&m, &backends);
    for (unsigned i = 0; i < backends.count; i++) {
        at[i].lag = backends.at[i].lag;
        at[i].tip = ls_backends_tip(&m, c->branches, c->branch_count, backends.at[i].branch);
    }
    if (m.err != LS_OK) {
        return m.err;
    }
    if (has_profile) {
        ls_source_set_profile(s, &profile);
    }
    if (ls_members_has(&m, "mood")) {
        ls_source_set_mood(s, mood, answers);
    }
    if (ls_members_has(&m, "freeze")) {
        ls_source_freeze(s, is_frozen);
    }
    if (backends.count > 0) {
        ls_source_balance(s, at, backends.count, backends.policy, 1);
    }
    return LS_OK;
}

/* {"pace": "real" | "manual" | "10"} */
static enum ls_err pace(struct ls_control_deed *deed)
{
    static const char *const known[] = {"pace", NULL};
    struct ls_pace how = {0};
    struct ls_members m;

    ls_members_begin(&m, deed->body, known, deed->d);
    const char *text = ls_members_str(&m, "pace", NULL);
    if (text == NULL) {
        ls_members_fail(&m,
                        "\"pace\" is missing: \"real\", \"manual\", or a factor such as \"10\"");
    } else if (m.err == LS_OK) {
        m.err = ls_pace_parse(text, &how, deed->d);
    }
    if (m.err == LS_OK) {
        ls_stage_pace(deed->control->stage, &how, deed->now_ns);
    }
    return m.err;
}

/* Which nodes there are, and of which network. */
static void set_l1_nodes(const struct ls_control_deed *deed, struct ls_members *m)
{
    const struct ls_mocks *mocks = &deed->control->stage->mocks;
    const struct ls_chain *c = mocks->chain;
    struct ls_backends backends = {0};
    struct ls_l1_node at[LS_L1_NODES_MAX];
    uint64_t chain_id = ls_members_u64(m, "chain_id", UINT64_MAX, 0);

    ls_backends_read(m, &backends);
    for (unsigned i = 0; i < backends.count; i++) {
        at[i].lag = backends.at[i].lag;
        at[i].tip = ls_backends_tip(m, c->l1_branches, c->l1_branch_count, backends.at[i].branch);
    }
    if (m->err == LS_OK && ls_members_has(m, "chain_id")) {
        ls_l1_set_chain_id(mocks->l1, chain_id);
    }
    if (m->err == LS_OK && backends.count > 0) {
        ls_l1_balance(mocks->l1, at, backends.count, backends.policy, 1);
    }
}

/* {"tip", "branch", "lag", "safe", "finalized", "chain_id", "backends", "by"}: L1 numbers */
static enum ls_err l1(struct ls_control_deed *deed)
{
    static const char *const known[] = {"tip",      "branch",   "lag", "safe", "finalized",
                                        "chain_id", "backends", "by",  NULL};
    struct ls_stage *s = deed->control->stage;
    struct ls_stage_l1 to = {0};
    struct ls_members m;

    ls_members_begin(&m, deed->body, known, deed->d);
    to.branch = ls_members_str(&m, "branch", NULL);
    to.has_tip = ls_members_has(&m, "tip");
    to.has_lag = ls_members_has(&m, "lag");
    to.has_safe = ls_members_has(&m, "safe");
    to.has_finalized = ls_members_has(&m, "finalized");
    to.tip = ls_members_u64(&m, "tip", UINT64_MAX, 0);
    to.lag = ls_members_u64(&m, "lag", UINT64_MAX, 0);
    to.safe = ls_members_u64(&m, "safe", UINT64_MAX, 0);
    to.finalized = ls_members_u64(&m, "finalized", UINT64_MAX, 0);
    if (to.branch != NULL && !to.has_tip) {
        ls_members_fail(&m, "\"branch\" needs \"tip\", a number on it");
    }
    set_l1_nodes(deed, &m);
    if (m.err != LS_OK || !(to.has_tip || to.has_lag || to.has_safe || to.has_finalized)) {
        return m.err;
    }
    return ls_stage_set_l1(s, &to, deed->now_ns, deed->d);
}

/* --- faults --- */

static enum ls_err fault(struct ls_control_deed *deed)
{
    return ls_faults_add(deed->control->faults, deed->body, &deed->fault, deed->d);
}

/* {"id"}, {"port"} or {}, which is all */
static enum ls_err clear(struct ls_control_deed *deed)
{
    static const char *const known[] = {"id", "port", NULL};
    struct ls_faults *f = deed->control->faults;
    struct ls_members m;

    ls_members_begin(&m, deed->body, known, deed->d);
    uint64_t id = ls_members_u64(&m, "id", UINT32_MAX, 0);
    bool has_id = ls_members_has(&m, "id");
    unsigned mask = has_id ? 0 : ports(deed, &m, "all");
    if (has_id && ls_members_has(&m, "port")) {
        ls_members_fail(&m, "\"id\" or \"port\"");
    }
    if (m.err != LS_OK) {
        return m.err;
    }
    if (has_id) {
        return ls_faults_remove(f, (uint32_t)id, deed->d);
    }
    ls_faults_clear(f, mask);
    return LS_OK;
}

/* {"port", "method", "count"}: a fault whose kind is known */
static enum ls_err hold(struct ls_control_deed *deed)
{
    static const char *const known[] = {"port", "method", "count", NULL};
    struct ls_members m;
    struct cJSON *rule = NULL;
    struct ls_buf text;
    struct ls_jw w;

    ls_members_begin(&m, deed->body, known, deed->d);
    const char *port = ls_members_str(&m, "port", NULL);
    const char *method = ls_members_str(&m, "method", "*");
    uint64_t count = ls_members_u64(&m, "count", UINT64_MAX, 0);
    if (m.err != LS_OK) {
        return m.err;
    }
    ls_buf_init(&text, LS_CONTROL_BODY_MAX * 2u);
    ls_jw_init(&w, &text);
    ls_jw_object(&w, NULL);
    ls_jw_str(&w, "kind", "hold");
    if (port != NULL) {
        ls_jw_str(&w, "port", port);
    }
    ls_jw_str(&w, "method", method);
    ls_jw_u64(&w, "count", count);
    ls_jw_object_end(&w);
    enum ls_err e = text.err != LS_OK
                        ? text.err
                        : ls_json_parse((const char *)text.p, text.n, 0, &rule, deed->d);
    if (e == LS_OK) {
        e = ls_faults_add(deed->control->faults, rule, &deed->fault, deed->d);
    }
    ls_json_free(rule);
    ls_buf_fini(&text);
    return e;
}

/* {"port", "method"}; without them, everything that is held */
static enum ls_err release(struct ls_control_deed *deed)
{
    static const char *const known[] = {"port", "method", NULL};
    struct ls_control *c = deed->control;
    struct ls_members m;

    ls_members_begin(&m, deed->body, known, deed->d);
    const char *method = ls_members_str(&m, "method", NULL);
    unsigned mask = ports(deed, &m, "all");
    if (m.err != LS_OK) {
        return m.err;
    }
    ls_faults_release(c->faults, mask, method);
    for (size_t p = 0; p < LS_SERVE_PORT_COUNT; p++) {
        if ((mask & 1u << p) != 0) {
            c->hands->retry(c->hands_user, (enum ls_serve_port)p);
        }
    }
    return LS_OK;
}

static enum ls_err set_open(const struct ls_control_deed *deed, unsigned mask, bool is_open)
{
    const struct ls_control *c = deed->control;
    enum ls_err e = LS_OK;

    for (size_t p = 0; e == LS_OK && p < LS_SERVE_PORT_COUNT; p++) {
        if ((mask & 1u << p) != 0) {
            e = c->hands->set_open(c->hands_user, (enum ls_serve_port)p, is_open, deed->d);
        }
    }
    return e;
}

/* {"port", "open"} */
static enum ls_err port(struct ls_control_deed *deed)
{
    static const char *const known[] = {"port", "open", NULL};
    struct ls_members m;

    ls_members_begin(&m, deed->body, known, deed->d);
    unsigned mask = ports(deed, &m, NULL);
    bool is_open = ls_members_bool(&m, "open", true);
    if (!ls_members_has(&m, "open")) {
        ls_members_fail(&m, "\"open\" is missing: true or false");
    }
    return m.err != LS_OK ? m.err : set_open(deed, mask, is_open);
}

/* --- gossip --- */

/* {"block"} */
static enum ls_err gossip(struct ls_control_deed *deed)
{
    static const char *const known[] = {"block", NULL};
    struct ls_gossip *g = deed->control->gossip;
    struct ls_members m;
    uint32_t id = LS_NO_BLOCK;

    ls_members_begin(&m, deed->body, known, deed->d);
    if (g == NULL) {
        ls_members_fail(&m, "no node to tell; start with --gossip URL");
    }
    if (!real_block(deed, &m, "block", &id) && m.err == LS_OK) {
        ls_members_fail(&m, "\"block\" is missing: which block is told");
    }
    return m.err != LS_OK ? m.err : ls_gossip_tell(g, id, deed->d);
}

/* --- engine --- */

struct engine_wish {
    bool has_profile;
    struct ls_stage_profile profile;
    bool wipe, restart, kill;
    uint64_t rewind, lost;
    bool has_head, has_safe, has_finalized, has_invalid, has_forget;
    uint32_t head, safe, finalized, invalid, forget;
    bool has_stuck, is_stuck, has_mortal, is_mortal, has_builds_hang, builds_hang;
    bool has_disk_lags, disk_lags;
    bool has_peers, has_prune;
    uint64_t peers, prune;
};

static void read_profile(const struct ls_control_deed *deed, struct ls_members *m,
                         struct engine_wish *w)
{
    const char *text = ls_members_str(m, "profile", NULL);

    w->has_profile = text != NULL;
    if (text != NULL && m->err == LS_OK) {
        m->err = ls_stage_find_profile(deed->control->stage, text, &w->profile, deed->d);
    }
}

static void read_engine(const struct ls_control_deed *deed, struct ls_members *m,
                        struct engine_wish *w)
{
    read_profile(deed, m, w);
    w->wipe = ls_members_bool(m, "wipe", false);
    w->restart = ls_members_bool(m, "restart", false);
    w->kill = ls_members_bool(m, "kill", false);
    w->lost = ls_members_u64(m, "lost", UINT32_MAX, 0);
    w->rewind = ls_members_u64(m, "rewind", UINT32_MAX, 0);
    w->has_head = real_block(deed, m, "head", &w->head);
    w->has_safe = block(deed, m, "safe", &w->safe);
    w->has_finalized = block(deed, m, "finalized", &w->finalized);
    w->has_invalid = real_block(deed, m, "invalid", &w->invalid);
    w->has_forget = real_block(deed, m, "forget", &w->forget);
    w->has_stuck = ls_members_has(m, "stuck");
    w->is_stuck = ls_members_bool(m, "stuck", false);
    w->has_mortal = ls_members_has(m, "mortal");
    w->is_mortal = ls_members_bool(m, "mortal", false);
    w->has_builds_hang = ls_members_has(m, "builds_hang");
    w->builds_hang = ls_members_bool(m, "builds_hang", false);
    w->has_disk_lags = ls_members_has(m, "disk_lags");
    w->disk_lags = ls_members_bool(m, "disk_lags", false);
    w->has_peers = ls_members_has(m, "peers");
    w->peers = ls_members_u64(m, "peers", PEERS_MAX, 0);
    w->has_prune = ls_members_has(m, "prune");
    w->prune = ls_members_u64(m, "prune", UINT64_MAX, 0);
    if (w->lost > 0 && !w->restart) {
        ls_members_fail(m, "\"lost\" belongs to \"restart\"");
    }
    if (w->kill && w->restart) {
        ls_members_fail(m, "\"kill\" or \"restart\", one at a time");
    }
}

static void set_labels(struct ls_engine *e, const struct engine_wish *w)
{
    uint32_t safe = w->has_safe ? w->safe : LS_NO_BLOCK;
    uint32_t finalized = w->has_finalized ? w->finalized : LS_NO_BLOCK;

    if (w->has_head) {
        ls_engine_seed(e, w->head, safe, finalized);
        return;
    }
    if (w->has_safe) {
        ls_engine_set_label(e, LS_LABEL_SAFE, safe);
    }
    if (w->has_finalized) {
        ls_engine_set_label(e, LS_LABEL_FINALIZED, finalized);
    }
}

static void set_knobs(struct ls_stage *s, const struct engine_wish *w)
{
    struct ls_engine *e = s->mocks.engine;

    if (w->has_stuck) {
        ls_engine_set_stuck(e, w->is_stuck);
    }
    if (w->has_mortal) {
        ls_engine_knobs(e)->is_mortal = w->is_mortal;
    }
    if (w->has_builds_hang) {
        ls_engine_knobs(e)->builds_hang = w->builds_hang;
    }
    if (w->has_disk_lags) {
        ls_engine_set_disk_lags(e, w->disk_lags);
    }
    if (w->has_peers) {
        ls_stage_set_peers(s, w->peers);
    }
    if (w->has_prune) {
        ls_engine_set_prune(e, w->prune);
    }
    if (w->has_invalid) {
        ls_engine_mark_invalid(e, w->invalid, true);
    }
    if (w->has_forget) {
        ls_engine_forget(e, w->forget);
    }
}

/* The engine's ports as a mask; is_open_only: those that answer now. */
static unsigned engine_ports(const struct ls_control *c, bool is_open_only)
{
    unsigned mask = 0;

    for (size_t p = LS_SERVE_EL; p <= LS_SERVE_EL_HTTP; p++) {
        bool is_on = c->urls[p][0] != '\0';
        if (is_on && (!is_open_only || c->hands->is_open(c->hands_user, (enum ls_serve_port)p))) {
            mask |= 1u << p;
        }
    }
    return mask;
}

/* What clients see of a restart: open ports lose their connections, those of a dead process open.
 */
static enum ls_err reset_connections(const struct ls_control_deed *deed, bool was_dead)
{
    unsigned mask = engine_ports(deed->control, !was_dead);
    enum ls_err e = set_open(deed, mask, false);

    return e == LS_OK ? set_open(deed, mask, true) : e;
}

/* {"profile", "wipe", "rewind", "restart", "lost", "kill", "head", "safe", "finalized", "stuck",
 * "mortal", "builds_hang", "disk_lags", "peers", "prune", "invalid", "forget"} */
static enum ls_err engine(struct ls_control_deed *deed)
{
    static const char *const known[] = {
        "profile", "wipe",      "rewind", "restart",     "lost",      "head",
        "safe",    "finalized", "stuck",  "peers",       "prune",     "invalid",
        "forget",  "kill",      "mortal", "builds_hang", "disk_lags", NULL};
    struct ls_stage *s = deed->control->stage;
    struct ls_engine *e = s->mocks.engine;
    struct engine_wish w = {0};
    struct ls_members m;
    bool was_dead;

    ls_members_begin(&m, deed->body, known, deed->d);
    read_engine(deed, &m, &w);
    if (m.err != LS_OK) {
        return m.err;
    }
    if (w.has_profile) {
        ls_engine_set_profile(e, &w.profile.profile);
    }
    if (w.wipe) {
        ls_engine_wipe(e);
    }
    if (w.rewind > 0) {
        ls_engine_rewind(e, w.rewind);
    }
    set_labels(e, &w);
    if (w.has_profile) {
        ls_stage_condemn(s, &w.profile);
    }
    set_knobs(s, &w);
    if (w.kill) {
        ls_engine_kill(e);
        return set_open(deed, engine_ports(deed->control, false), false);
    }
    if (!w.restart) {
        return LS_OK;
    }
    was_dead = ls_engine_is_dead(e);
    ls_engine_restart(e, w.lost);
    return reset_connections(deed, was_dead);
}

/* --- which is which --- */

static const struct {
    const char *path;
    enum ls_err (*run)(struct ls_control_deed *deed);
} DEEDS[] = {{"/advance", advance}, {"/heads", heads},     {"/reorg", reorg}, {"/source", source},
             {"/pace", pace},       {"/l1", l1},           {"/fault", fault}, {"/clear", clear},
             {"/hold", hold},       {"/release", release}, {"/port", port},   {"/gossip", gossip},
             {"/engine", engine}};

enum ls_err ls_control_do(struct ls_control_deed *deed, const char *path, bool *is_known)
{
    for (size_t i = 0; i < sizeof DEEDS / sizeof DEEDS[0]; i++) {
        if (strcmp(DEEDS[i].path, path) == 0) {
            *is_known = true;
            return DEEDS[i].run(deed);
        }
    }
    *is_known = false;
    return LS_ERR_NOT_FOUND;
}

void ls_control_deeds(char *out, size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof DEEDS / sizeof DEEDS[0] && n < cap; i++) {
        n += (size_t)snprintf(out + n, cap - n, "%s%s", i > 0 ? " " : "", DEEDS[i].path);
    }
}
