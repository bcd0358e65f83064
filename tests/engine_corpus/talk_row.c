#include "tests/engine_corpus/talk_row.h"

#include <string.h>

#include "lib/num.h"

static bool is_text(const struct cJSON *v, const char *text)
{
    const char *s = ls_json_str(v);
    return s != NULL && strcmp(s, text) == 0;
}

bool ls_talk_label(const char *text, uint64_t *number, const char **digits)
{
    const char *colon = text == NULL ? NULL : strstr(text, ":0x");
    if (colon == NULL || ls_parse_dec(text, (size_t)(colon - text), number) != LS_OK) {
        return false;
    }
    *digits = colon + 3;
    return true;
}

/* A probe of an engine that is not there reads no head. */
static void read_probe(const struct cJSON *line, struct ls_talk_row *out)
{
    const struct cJSON *event = ls_json_get(line, "event");
    const char *digits;
    uint64_t number;
    out->labels = ls_json_get(event != NULL ? event : line, "el");
    out->kind = LS_TALK_OTHER;
    if (ls_json_get(out->labels, "latest") == NULL) {
        return;
    }
    bool is_there =
        ls_talk_label(ls_json_str(ls_json_get(out->labels, "latest")), &number, &digits);
    out->kind = is_there ? LS_TALK_PROBE : LS_TALK_DOWN;
}

static void read_exchange(const struct cJSON *line, struct ls_talk_row *out)
{
    const struct cJSON *req = ls_json_get(line, "req");
    const struct cJSON *res = req != NULL ? ls_json_get(line, "res") : line;
    out->method = ls_json_str(ls_json_get(req != NULL ? req : line, "method"));
    out->params = ls_json_get(req != NULL ? req : line, "params");
    out->error = ls_json_get(res, "error");
    out->result = out->error != NULL ? NULL : ls_json_get(res, "result");
}

static enum ls_talk_kind engine_kind(const struct cJSON *line, const struct ls_talk_row *row)
{
    const char *fault = ls_json_str(ls_json_get(line, "fault"));
    if (is_text(ls_json_get(line, "fail"), "refused") ||
        (fault != NULL && strcmp(fault, "ECONNREFUSED") == 0)) {
        return LS_TALK_DOWN;
    }
    if (ls_json_get(line, "fault") != NULL || row->method == NULL ||
        (row->error == NULL && row->result == NULL)) {
        return LS_TALK_FOREIGN;
    }
    return LS_TALK_CALL;
}

void ls_talk_row_read(const struct cJSON *line, struct ls_talk_row *out)
{
    const struct cJSON *peer = ls_json_get(line, "peer");
    *out = (struct ls_talk_row){.kind = LS_TALK_OTHER};
    if (is_text(peer, "probe")) {
        read_probe(line, out);
    } else if (is_text(peer, "harness")) {
        out->kind = LS_TALK_DEED;
    } else if (is_text(peer, "engine")) {
        read_exchange(line, out);
        out->kind = engine_kind(line, out);
        out->names_l2 = true;
    } else if (is_text(peer, "source") || is_text(peer, "follow")) {
        read_exchange(line, out);
        out->names_l2 = out->method != NULL && strncmp(out->method, "eth_", 4) == 0;
    }
}
