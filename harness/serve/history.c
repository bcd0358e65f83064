#include "harness/serve/history.h"

#include <string.h>

void ls_history_add(struct ls_history *h, const struct ls_sample *s)
{
    const struct ls_sample *newest = &h->samples[h->last % LS_HISTORY_MAX];

    if (h->last > 0 && (s->at_ms < newest->at_ms + LS_HISTORY_STEP_MS ||
                        memcmp(s->numbers, newest->numbers, sizeof s->numbers) == 0)) {
        return;
    }
    h->samples[++h->last % LS_HISTORY_MAX] = *s;
}

void ls_history_write(const struct ls_history *h, uint64_t after, struct ls_jw *w, const char *key)
{
    uint64_t kept = h->last < LS_HISTORY_MAX ? h->last : LS_HISTORY_MAX;
    uint64_t from = h->last - kept + 1;

    from = after >= from ? after + 1 : from;
    ls_jw_array(w, key);
    for (uint64_t i = from; i <= h->last; i++) {
        const struct ls_sample *s = &h->samples[i % LS_HISTORY_MAX];
        ls_jw_array(w, NULL);
        ls_jw_u64(w, NULL, i);
        ls_jw_u64(w, NULL, s->at_ms);
        for (size_t k = 0; k < LS_HISTORY_LINES; k++) {
            if (s->numbers[k] == LS_HISTORY_UNSET) {
                ls_jw_null(w, NULL);
            } else {
                ls_jw_u64(w, NULL, s->numbers[k]);
            }
        }
        ls_jw_array_end(w);
    }
    ls_jw_array_end(w);
}
