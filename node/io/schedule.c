#include "node/io/schedule.h"

#include <inttypes.h>
#include <string.h>

#include "lib/json.h"
#include "lib/op/l1info.h"
#include "lib/op/ref.h"

/* newPayload's version goes by the payload's fork; a forkchoice without attributes is V3 at every
 * fork (spec 4.1). */
static const struct {
    const char *name;
    enum ls_fork from;
    enum ls_fork until; /* the fork that ends its use; LS_FORK_COUNT = none */
} METHODS[] = {
    {"engine_forkchoiceUpdatedV3", LS_FORK_BEDROCK, LS_FORK_COUNT},
    {"engine_newPayloadV2", LS_FORK_BEDROCK, LS_FORK_ECOTONE},
    {"engine_newPayloadV3", LS_FORK_ECOTONE, LS_FORK_ISTHMUS},
    {"engine_newPayloadV4", LS_FORK_ISTHMUS, LS_FORK_COUNT},
};
#define METHOD_COUNT (sizeof METHODS / sizeof METHODS[0])

void ls_schedule_write_methods(struct ls_jw *w)
{
    ls_jw_array(w, NULL);
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        ls_jw_str(w, NULL, METHODS[i].name);
    }
    ls_jw_array_end(w);
}

static uint64_t begins(const struct ls_rollup *r, enum ls_fork fork)
{
    if (fork == LS_FORK_COUNT) {
        return LS_FORK_NEVER;
    }
    return fork == LS_FORK_BEDROCK ? r->genesis_l2_time : r->fork_time[fork];
}

static bool is_listed(const struct cJSON *methods, const char *name)
{
    for (const struct cJSON *m = ls_json_first(methods); m != NULL; m = ls_json_next(m)) {
        const char *text = ls_json_str(m);

        if (text != NULL && strcmp(text, name) == 0) {
            return true;
        }
    }
    return false;
}

bool ls_schedule_lacks(const struct ls_rollup *r, const struct cJSON *methods, struct ls_diag *d)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        uint64_t from = begins(r, METHODS[i].from);
        uint64_t until = begins(r, METHODS[i].until);
        bool is_used = from != LS_FORK_NEVER && (until == LS_FORK_NEVER || until > from) &&
                       until > r->genesis_l2_time;

        if (is_used && !is_listed(methods, METHODS[i].name)) {
            (void)ls_fail(d, LS_OK,
                          "engine does not offer %s, needed from %s on (time %" PRIu64 ")",
                          METHODS[i].name, ls_fork_name(METHODS[i].from), from);
            return true;
        }
    }
    return false;
}

bool ls_schedule_differs(const struct ls_rollup *r, uint64_t number, uint64_t timestamp_s,
                         const struct ls_span *txs, size_t tx_count, struct ls_diag *d)
{
    enum ls_l1info_format want = ls_l1info_expected(r, timestamp_s);
    struct ls_l1info info;

    if (number == r->genesis_l2.number || ls_ref_l1info(txs, tx_count, &info, NULL) != LS_OK ||
        info.format == want) {
        return false;
    }
    (void)ls_fail(d, LS_OK,
                  "block %" PRIu64 " has L1 info of \"%s\", the rollup config says \"%s\"", number,
                  ls_l1info_format_name(info.format), ls_l1info_format_name(want));
    return true;
}
