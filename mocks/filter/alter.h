/*
 * Right answers made wrong: the result of a JSON-RPC answer with other values in the same places.
 * Private to mocks/filter.
 */
#ifndef LS_MOCKS_FILTER_ALTER_H
#define LS_MOCKS_FILTER_ALTER_H

#include "lib/err.h"
#include "mocks/backend.h"

enum ls_alter {
    LS_ALTER_TYPE, /* every scalar has another type: text for number, number for text and for
                      true and false, an object for null */
    LS_ALTER_RANGE /* every quantity is 2^64, one more than fits */
};

/* Rewrites each "result" of the answer, a batch's elements included. What is no JSON, or has no
 * result, stays as it is. NOMEM, LIMIT: likewise. */
enum ls_err ls_alter_results(struct ls_http_reply *reply, enum ls_alter how);

/* The body becomes the reply's own, so that it may be written to. NOMEM, LIMIT. */
enum ls_err ls_alter_own(struct ls_http_reply *reply);

#endif
