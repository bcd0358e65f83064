#include "mocks/filter/fault.h"

#include <string.h>

#include "lib/json.h"

#define NAME_ENTRY(symbol, name) name,
static const char *const NAMES[] = {LS_FAULT_KINDS(NAME_ENTRY)};

const char *ls_fault_name(enum ls_fault fault)
{
    return NAMES[fault];
}

bool ls_fault_find(const char *name, enum ls_fault *out)
{
    for (size_t i = 0; i < LS_FAULT_KIND_COUNT; i++) {
        if (strcmp(NAMES[i], name) == 0) {
            *out = (enum ls_fault)i;
            return true;
        }
    }
    return false;
}

static bool is_json(const char *text)
{
    return text != NULL && ls_json_validate(text, strlen(text), 0, NULL) == LS_OK;
}

const char *ls_fault_wrong(const struct ls_fault_rule *rule)
{
    if (rule->method != NULL && strlen(rule->method) >= LS_FAULT_METHOD_MAX) {
        return "its method is longer than 63 bytes";
    }
    if ((rule->text != NULL && strlen(rule->text) >= LS_FAULT_TEXT_MAX) ||
        (rule->params != NULL && strlen(rule->params) >= LS_FAULT_TEXT_MAX)) {
        return "its text or params is longer than 1023 bytes";
    }
    if (!(rule->probability >= 0 && rule->probability <= 1)) {
        return "its probability is not from 0 to 1";
    }
    if (rule->fault == LS_FAULT_HTTP && (rule->http_status < 200 || rule->http_status > 599)) {
        return "its http_status is not from 200 to 599";
    }
    if (rule->fault == LS_FAULT_STATUS && rule->text == NULL) {
        return "a status needs its text, such as \"SYNCING\"";
    }
    if (rule->fault == LS_FAULT_RESULT && !is_json(rule->text)) {
        return "a result needs its text, which is JSON";
    }
    return NULL;
}
