/*
 * Faults by rule: a backend that wraps another one and, while a rule is armed and matches, delays,
 * replaces, damages, loses or holds the answer (mock-engine 4.2). Rules are tried in the order they
 * were added; the first that fires decides. Chance comes from the seed. What it did is named in
 * ls_http_reply.fault.
 *
 * Replaced answers do not reach the wrapped backend unless `apply` is set: then the request takes
 * effect and only its answer is lost or altered.
 */
#ifndef LS_MOCKS_FILTER_H
#define LS_MOCKS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mocks/backend.h"
#include "mocks/filter/fault.h"

#define LS_FAULT_RULES_MAX 64u

/* Wraps inner (borrowed). NULL when out of memory. Freed by ls_filter_free, which leaves inner
 * alone. Without rules it costs one branch. */
struct ls_backend *ls_filter_new(struct ls_backend *inner, uint64_t seed);
void ls_filter_free(struct ls_backend *b);

/* Arms a rule; its name is never 0. 0 when there are LS_FAULT_RULES_MAX already. */
uint32_t ls_filter_add(struct ls_backend *b, const struct ls_fault_rule *rule);
/* Disarms one (unknown: no effect), or all. Held requests stay held until released. */
void ls_filter_remove(struct ls_backend *b, uint32_t rule);
void ls_filter_clear(struct ls_backend *b);
/* Requests the rule has hit, 0 when unknown. */
uint64_t ls_filter_hits(const struct ls_backend *b, uint32_t rule);

/* Lets held requests of rules with this method glob go (NULL = all) and disarms those rules: the
 * carrier then asks each request it holds again, in order of arrival; those still held answer
 * LS_FATE_HOLD again. */
void ls_filter_release(struct ls_backend *b, const char *glob);

/* The method glob: * any run, ? any one character. */
bool ls_glob_match(const char *glob, const char *text);

#endif
