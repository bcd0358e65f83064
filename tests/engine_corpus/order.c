#include "tests/engine_corpus/order.h"

#include <stdint.h>
#include <stdlib.h>

#include "lib/json.h"
#include "tests/engine_corpus/corpus.h"

/* Both rows say when they were asked, and a later. */
static bool is_after(const struct cJSON *a, const struct cJSON *b)
{
    uint64_t ta;
    uint64_t tb;
    return ls_json_u64(ls_json_get(a, "t_ms"), &ta) == LS_OK &&
           ls_json_u64(ls_json_get(b, "t_ms"), &tb) == LS_OK && ta > tb;
}

struct ls_row *ls_rows_as_asked(const struct cJSON *calls, size_t *n)
{
    size_t count = ls_json_count(calls);
    struct ls_row *rows = ls_corpus_need(calloc(count + 1, sizeof *rows));
    const struct cJSON *row = ls_json_first(calls);
    for (size_t i = 0; row != NULL; i++, row = ls_json_next(row)) {
        size_t at = i;
        for (; at > 0 && is_after(rows[at - 1].row, row); at--) {
            rows[at] = rows[at - 1];
        }
        rows[at] = (struct ls_row){.row = row, .i = i};
    }
    *n = count;
    return rows;
}

bool ls_rows_are_mixed(const struct cJSON *calls)
{
    const struct cJSON *row = ls_json_first(calls);
    for (; row != NULL; row = ls_json_next(row)) {
        if (ls_json_next(row) != NULL && is_after(row, ls_json_next(row))) {
            return true;
        }
    }
    return false;
}
