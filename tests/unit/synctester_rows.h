/*
 * Recorded exchanges with the real sync tester, read without losing a byte: the bodies of requests
 * and answers are spans of the row, whose numbers no tree could hold. Whatever is wrong with a file
 * ends the program with exit code 2.
 */
#ifndef LS_TESTS_UNIT_SYNCTESTER_ROWS_H
#define LS_TESTS_UNIT_SYNCTESTER_ROWS_H

#include <stdbool.h>

#include "lib/json.h"
#include "lib/json_scan.h"
#include "tests/unit/recorded_file.h"

/* --- members --- */

static size_t space_at(struct ls_span v, size_t at)
{
    while (at < v.n && (v.p[at] == ' ' || v.p[at] == '\t')) {
        at++;
    }
    return at;
}

static size_t value_end(struct ls_span v, size_t at)
{
    struct ls_json_scan found;
    if (ls_json_scan((const char *)v.p + at, v.n - at, LS_JSON_DEPTH_MAX, false, &found) != LS_OK) {
        die("row", "is not JSON");
    }
    return at + found.end;
}

/* The text of a member of the object v; p NULL when it has none of that name. */
static struct ls_span member_text(struct ls_span v, const char *name)
{
    size_t at = space_at(v, 0) + 1;
    size_t name_n = strlen(name);
    while (at < v.n && v.p[at] != '}') {
        size_t key = space_at(v, at);
        size_t colon = space_at(v, value_end(v, key));
        size_t value = space_at(v, colon + 1);
        size_t end = value_end(v, value);
        if (colon - key == name_n + 2 && memcmp(v.p + key + 1, name, name_n) == 0) {
            return (struct ls_span){v.p + value, end - value};
        }
        at = space_at(v, end);
        at = at < v.n && v.p[at] == ',' ? space_at(v, at + 1) : at;
    }
    return (struct ls_span){NULL, 0};
}

#endif
