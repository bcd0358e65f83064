/*
 * Results in the Test Anything Protocol, version 14 (readable by consumers of 13): one line a test,
 * details of a failure as an indented YAML block. Writes into a buffer; who prints or stores it is
 * not its concern.
 */
#ifndef LS_HARNESS_REPORT_TAP_H
#define LS_HARNESS_REPORT_TAP_H

#include <stddef.h>

#include "lib/bytes.h"

/* How one test ended. */
enum ls_outcome {
    LS_OUTCOME_PASSED,
    LS_OUTCOME_FAILED, /* an expectation, a bound or an invariant does not hold */
    LS_OUTCOME_BROKEN, /* the scenario itself is wrong: exit code 2 */
    LS_OUTCOME_SKIPPED,
    LS_OUTCOME_KNOWN /* failed, and listed as a known deviation of this node */
};

/* "passed" … */
const char *ls_outcome_name(enum ls_outcome o);

/* "TAP version 14" and the plan 1..count. */
void ls_tap_begin(struct ls_buf *b, size_t count);

/* The line of test number (from 1). why is the reason of SKIPPED and KNOWN, else ignored. */
void ls_tap_test(struct ls_buf *b, size_t number, enum ls_outcome o, const char *name,
                 const char *why);

/* A YAML block under the test line: open, any of the members, close. Text of several lines comes
 * out as a literal block; anything else is quoted. */
void ls_tap_yaml(struct ls_buf *b);
void ls_tap_yaml_str(struct ls_buf *b, const char *key, const char *text);
void ls_tap_yaml_text(struct ls_buf *b, const char *key, const char *text, size_t n);
void ls_tap_yaml_end(struct ls_buf *b);

/* "# text". */
void ls_tap_note(struct ls_buf *b, const char *text);

#endif
