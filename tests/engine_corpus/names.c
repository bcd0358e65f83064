#include "tests/engine_corpus/names.h"

#include <string.h>

#include "tests/engine_corpus/corpus.h"

void ls_names_clear(struct ls_names *n)
{
    n->count = 0;
}

bool ls_names_has(const struct ls_names *n, const char *recorded)
{
    for (size_t i = 0; recorded != NULL && i < n->count; i++) {
        if (strcmp(n->items[i].recorded, recorded + 2) == 0) {
            return true;
        }
    }
    return false;
}

void ls_names_add(struct ls_names *n, const char *recorded, const char *ours)
{
    size_t digits = recorded == NULL || ours == NULL ? 0 : strlen(recorded);
    if (digits <= 2 || digits != strlen(ours) || digits > LS_NAME_DIGITS_MAX + 2 ||
        strcmp(recorded, ours) == 0 || ls_names_has(n, recorded)) {
        return;
    }
    if (n->count == LS_NAMES_MAX) {
        ls_corpus_die("sequence", "builds too many blocks");
    }
    struct ls_name *item = &n->items[n->count++];
    memcpy(item->recorded, recorded + 2, digits - 1);
    memcpy(item->ours, ours + 2, digits - 1);
}

static bool replace(struct ls_buf *text, const char *from, const char *to)
{
    size_t digits = strlen(from);
    bool is_found = false;
    for (char *at = (char *)text->p; at != NULL && (at = strstr(at, from)) != NULL; at += digits) {
        memcpy(at, to, digits);
        is_found = true;
    }
    return is_found;
}

bool ls_names_to_ours(const struct ls_names *n, struct ls_buf *text)
{
    bool is_found = false;
    for (size_t i = 0; i < n->count; i++) {
        is_found = replace(text, n->items[i].recorded, n->items[i].ours) || is_found;
    }
    return is_found;
}

bool ls_names_to_recorded(const struct ls_names *n, struct ls_buf *text)
{
    bool is_found = false;
    for (size_t i = 0; i < n->count; i++) {
        is_found = replace(text, n->items[i].ours, n->items[i].recorded) || is_found;
    }
    return is_found;
}
