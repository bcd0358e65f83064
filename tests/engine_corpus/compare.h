/*
 * Whether our engine's answer is the recorded one. Objects are compared member by member, order
 * aside. What only execution can tell is a class of its own, by the rule of
 * docs/decisions/0006-execution.md; it excuses nothing else in the same answer.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_COMPARE_H
#define LS_TESTS_ENGINE_CORPUS_COMPARE_H

#include "tests/engine_corpus/corpus.h"
#include "tests/engine_corpus/names.h"

enum ls_verdict {
    LS_VERDICT_EQUAL,
    LS_VERDICT_EXECUTION,
    LS_VERDICT_DIFFERENT,
    LS_VERDICT_EXCLUDED
};

struct ls_comparison {
    const struct ls_corpus *corpus;
    const struct ls_names *names;
    bool is_on_built; /* the request names a block the engine built itself */
    bool is_fee_open; /* inside of a block on one that was built: its fee follows gas used there */
    bool reth_deposits; /* full blocks show deposits as op-reth does, references do not */
    bool any_text;      /* texts are not looked at (answers marked nd) */
};

/* call: {"m", "r" or "e"} as recorded; answer: ours, with recorded names. */
enum ls_verdict ls_compare(const struct ls_comparison *c, const struct cJSON *call,
                           const struct cJSON *answer);

#endif
