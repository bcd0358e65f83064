#include "harness/serve/backends.h"

#include <assert.h>
#include <string.h>

#include "lib/json.h"
#include "mocks/model/l1.h"

static_assert(LS_SRC_VIEWS_MAX == LS_L1_NODES_MAX, "struct ls_backends is for both");

/* 8, or {"lag": 8, "branch": "orphan-878"} */
static void read_backend(struct ls_members *m, const struct cJSON *v, struct ls_backends *out)
{
    const struct cJSON *lag = ls_json_is_object(v) ? ls_json_get(v, "lag") : v;
    const struct cJSON *branch = ls_json_is_object(v) ? ls_json_get(v, "branch") : NULL;
    size_t known = (size_t)(ls_json_is_object(v) && lag != NULL) + (branch != NULL);

    out->at[out->count].lag = 0;
    out->at[out->count].branch = ls_json_str(branch);
    if (ls_json_is_object(v) && known != ls_json_count(v)) {
        ls_members_fail(m, "a backend is a lag, or an object with \"lag\" and \"branch\"");
    } else if (lag != NULL && ls_json_u64(lag, &out->at[out->count].lag) != LS_OK) {
        ls_members_fail(m, "a lag in \"backends\" is no whole number of blocks");
    } else if (branch != NULL && out->at[out->count].branch == NULL) {
        ls_members_fail(m, "a branch in \"backends\" is no name");
    }
    out->count++;
}

void ls_backends_read(struct ls_members *m, struct ls_backends *out)
{
    const struct cJSON *list = ls_json_get(m->object, "backends");
    const char *by = ls_members_str(m, "by", "turn");
    size_t n = ls_json_count(list);

    if (!ls_turns_policy_find(by, &out->policy)) {
        ls_members_fail(m, "no way \"%.40s\" to choose by; there are: turn conn chance", by);
    }
    if (list == NULL) {
        return;
    }
    if (!ls_json_is_array(list) || n == 0 || n > LS_SRC_VIEWS_MAX) {
        ls_members_fail(m, "\"backends\" is a list of 1 to %u lags, in blocks", LS_SRC_VIEWS_MAX);
        return;
    }
    for (const struct cJSON *v = ls_json_first(list); v != NULL; v = ls_json_next(v)) {
        read_backend(m, v, out);
    }
}

uint32_t ls_backends_tip(struct ls_members *m, const struct ls_chain_branch *branches, size_t count,
                         const char *name)
{
    if (name == NULL) {
        return LS_NO_BLOCK;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(branches[i].name, name) == 0) {
            return branches[i].tip;
        }
    }
    ls_members_fail(m, "no branch \"%.60s\"", name);
    return LS_NO_BLOCK;
}
