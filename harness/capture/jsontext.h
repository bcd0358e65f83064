/*
 * Walking JSON text without a tree: where the members of an object and the elements of an array
 * stand, as spans of the text. For work that must keep the bytes a node returned: leaving members
 * out, replacing a value, joining lines. The text must have passed ls_json_scan; nothing here
 * checks grammar again.
 */
#ifndef LS_HARNESS_CAPTURE_JSONTEXT_H
#define LS_HARNESS_CAPTURE_JSONTEXT_H

#include <stdbool.h>

#include "lib/bytes.h"

/* A place inside an object or array. */
struct ls_jsontext {
    struct ls_span rest;
};

struct ls_jsontext_item {
    struct ls_span key;   /* as written, without quotes; empty (p NULL) in arrays */
    struct ls_span value; /* without surrounding white space */
};

/* The text without white space around it. */
struct ls_span ls_jsontext_trim(struct ls_span text);

/* Starts at the first member of the object or element of the array. Anything else has none. */
struct ls_jsontext ls_jsontext_open(struct ls_span container);

/* The next item; false at the end. */
bool ls_jsontext_next(struct ls_jsontext *it, struct ls_jsontext_item *out);

/* true when the key is written exactly like this (no escapes). */
bool ls_jsontext_is(const struct ls_jsontext_item *item, const char *key);

/* Value of the last member of that name; p is NULL when there is none. */
struct ls_span ls_jsontext_get(struct ls_span object, const char *key);

/* Appends the text without white space between tokens. Errors stick in b. */
void ls_jsontext_compact(struct ls_span text, struct ls_buf *b);

#endif
