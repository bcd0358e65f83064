#include "harness/record/types.h"

#include <stdlib.h>
#include <string.h>

static int is_same(const char *kept, const char *type, size_t n)
{
    return strlen(kept) == n && memcmp(kept, type, n) == 0;
}

const char *ls_types_keep(struct ls_types *t, const char *type, size_t n)
{
    if (is_same(LS_TYPE_JSON, type, n)) {
        return LS_TYPE_JSON;
    }
    for (size_t i = 0; i < t->count; i++) {
        if (is_same(t->items[i], type, n)) {
            return t->items[i];
        }
    }
    if (t->count == LS_TYPES_MAX || (t->items[t->count] = strndup(type, n)) == NULL) {
        return LS_TYPE_OTHER;
    }
    return t->items[t->count++];
}

void ls_types_fini(struct ls_types *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->items[i]);
    }
    t->count = 0;
}
