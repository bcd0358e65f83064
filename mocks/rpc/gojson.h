/*
 * Parameters as Go's encoding/json takes them. It lets pass what lib/json refuses: bytes that are
 * no UTF-8 (they become U+FFFD), lone surrogates and NULs as escapes, nesting of any depth.
 */
#ifndef LS_MOCKS_GOJSON_H
#define LS_MOCKS_GOJSON_H

#include "lib/bytes.h"

struct cJSON;

/* The tree of a value that ls_json_scan_go accepted; NULL when text.p is NULL or memory ran out. An
 * escaped NUL becomes U+FFFD too, and arrays and objects nested deeper than lib/json reads become
 * empty: no method looks that deep. Freed with ls_json_free. */
struct cJSON *ls_gojson_tree(struct ls_span text);

#endif
