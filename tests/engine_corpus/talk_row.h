/*
 * A line of a recorded conversation, in either form: a row of a conversation folder
 * (docs/RECORDING.md) or of a transcript ({"peer", "req", "res", …}). And what a probe read: the
 * labels of the engine in short, "424:0x9eea47fa" each, or a text when there was none.
 */
#ifndef LS_TESTS_ENGINE_CORPUS_TALK_ROW_H
#define LS_TESTS_ENGINE_CORPUS_TALK_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/json.h"

enum ls_talk_kind {
    LS_TALK_CALL,    /* of the engine, with its own answer */
    LS_TALK_FOREIGN, /* of the engine, not passed on or answered by something between */
    LS_TALK_DOWN,    /* the engine was not there */
    LS_TALK_PROBE,
    LS_TALK_DEED, /* somebody did something to the world */
    LS_TALK_OTHER
};

struct ls_talk_row {
    enum ls_talk_kind kind;
    const char *method;
    const struct cJSON *params; /* NULL: none */
    const struct cJSON *result; /* NULL when there is error */
    const struct cJSON *error;
    const struct cJSON *labels; /* PROBE: {"latest", "safe", "finalized"} */
    bool names_l2;              /* every block in it is one of the L2 */
};

/* line and what out has of it live as long. */
void ls_talk_row_read(const struct cJSON *line, struct ls_talk_row *out);

/* "NUMBER:0xDIGITS" into number and digits (a pointer into text); false: no label was read. */
bool ls_talk_label(const char *text, uint64_t *number, const char **digits);

#endif
