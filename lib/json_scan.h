/*
 * JSON grammar check without a tree: what ls_json_parse runs before it makes a tree of a text, and
 * what says why a text is refused. It does not recurse and allocates nothing.
 */
#ifndef LS_LIB_JSON_SCAN_H
#define LS_LIB_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

struct cJSON;

/* Deepest nesting any caller may ask for. */
#define LS_JSON_SCAN_DEPTH_MAX 1000u

/* What a scan found. */
struct ls_json_scan {
    size_t end;              /* OK: where the value ends; else the offset of the fault */
    bool is_cut;             /* the fault is that the text ends too early */
    const char *why;         /* "looking for beginning of value": fits behind "invalid character";
                                static; NULL when OK or is_cut */
    size_t number_bytes_max; /* longest number seen */
    size_t values;           /* seen: scalars, arrays and objects */
};

/* Scans one value of RFC 8259 grammar with the restrictions of lib/json.h (UTF-8, no NUL raw or
 * escaped, no lone surrogate, no byte order mark). is_whole: nothing but white space may follow
 * the value; otherwise what follows is not looked at. depth_max: 1 .. LS_JSON_SCAN_DEPTH_MAX, 0
 * means that maximum. OK or PARSE; *out is set in both cases. */
enum ls_err ls_json_scan(const char *text, size_t n, unsigned depth_max, bool is_whole,
                         struct ls_json_scan *out);

/* What Go's encoding/json nests at most. */
#define LS_JSON_GO_DEPTH_MAX 10000u

/* As ls_json_scan with is_whole false, but lets pass what Go's encoding/json does: strings of any
 * bytes from 0x20 on, escaped NULs and lone surrogates, nesting up to LS_JSON_GO_DEPTH_MAX. What it
 * accepts may be no text for ls_json_parse. */
enum ls_err ls_json_scan_go(const char *text, size_t n, struct ls_json_scan *out);

/* The tree of a text that ls_json_scan accepted with these findings (ls_json_scan_go's are not
 * enough); n is the text's length, or found->end to leave out what follows the value. As
 * ls_json_parse: RANGE, NOMEM. */
enum ls_err ls_json_tree(const char *text, size_t n, const struct ls_json_scan *found,
                         struct cJSON **out, struct ls_diag *d);

#endif
