#include "mocks/rpc/synctester_faults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/num.h"
#include "lib/op/rpc.h"
#include "mocks/rpc/synctester_parts.h"

/* --- the text --- */

enum argument { NO_ARGUMENT, OPTIONAL_TEXT, TEXT, DURATION, HTTP_STATUS, CODE_AND_TEXT, BYTES };

static const struct {
    const char *name;
    enum ls_fault fault;
    enum argument argument;
} KINDS[] = {
    {"delay", LS_FAULT_DELAY, DURATION},
    {"hang", LS_FAULT_HANG, NO_ARGUMENT},
    {"reset", LS_FAULT_RESET, NO_ARGUMENT},
    {"http", LS_FAULT_HTTP, HTTP_STATUS},
    {"bad-json", LS_FAULT_BAD_JSON, OPTIONAL_TEXT},
    {"wrong-id", LS_FAULT_WRONG_ID, NO_ARGUMENT},
    {"null", LS_FAULT_NULL, NO_ARGUMENT},
    {"error", LS_FAULT_RPC_ERROR, CODE_AND_TEXT},
    {"result", LS_FAULT_RESULT, TEXT},
    {"oversize", LS_FAULT_OVERSIZE, BYTES},
    {"truncate", LS_FAULT_TRUNCATE, NO_ARGUMENT},
    {"drip", LS_FAULT_DRIP, DURATION},
    {"status", LS_FAULT_STATUS, TEXT},
};

static const char *read_u64(const char *s, uint64_t max, uint64_t *out)
{
    return ls_parse_dec(s, strlen(s), out) == LS_OK && *out <= max ? NULL
                                                                   : "not a number in its range";
}

static const char *read_probability(const char *s, double *out)
{
    char *end;
    errno = 0;
    *out = strtod(s, &end);
    return errno == 0 && end != s && *end == '\0' && *out > 0 && *out <= 1
               ? NULL
               : "a probability is above 0 and at most 1";
}

/* "-32000:text", ":text" left out or not. */
static const char *read_code(char *s, struct ls_fault_rule *out)
{
    uint64_t n = 0;
    char *colon = strchr(s, ':');
    bool is_negative = s[0] == '-';
    if (colon != NULL) {
        *colon = '\0';
        out->text = colon + 1;
    }
    const char *wrong = read_u64(is_negative ? s + 1 : s, INT32_MAX, &n);
    out->code = is_negative ? -(int64_t)n : (int64_t)n;
    return wrong == NULL && n == 0 ? "an error code is not 0" : wrong;
}

static const char *read_argument(enum argument what, char *s, struct ls_fault_rule *out)
{
    uint64_t n = 0;
    const char *wrong = NULL;
    if (s == NULL) {
        return what == NO_ARGUMENT || what == OPTIONAL_TEXT ? NULL : "its argument is missing";
    }
    switch (what) {
    case NO_ARGUMENT:
        return "takes no argument";
    case OPTIONAL_TEXT:
    case TEXT:
        out->text = s;
        break;
    case DURATION:
        wrong = ls_parse_duration(s, &out->delay_ns) == LS_OK ? NULL : "not a duration";
        break;
    case HTTP_STATUS:
        wrong = read_u64(s, 599, &n);
        wrong = wrong == NULL && n < 200 ? "not a status of an answer" : wrong;
        out->http_status = (unsigned)n;
        break;
    case CODE_AND_TEXT:
        wrong = read_code(s, out);
        break;
    case BYTES:
        wrong = read_u64(s, UINT32_MAX, &n);
        out->body_bytes = (size_t)n;
        break;
    }
    return wrong;
}

static const char *read_kind(char *s, struct ls_fault_rule *out)
{
    char *colon = strchr(s, ':');
    if (colon != NULL) {
        *colon++ = '\0';
    }
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        if (strcmp(s, KINDS[i].name) == 0) {
            out->fault = KINDS[i].fault;
            return read_argument(KINDS[i].argument, colon, out);
        }
    }
    return "unknown fault";
}

/* "name=value" or "apply". */
static const char *read_option(char *s, struct ls_fault_rule *out)
{
    uint64_t n = 0;
    const char *wrong = NULL;
    char *value = strchr(s, '=');
    if (value == NULL) {
        out->apply = strcmp(s, "apply") == 0;
        return out->apply ? NULL : "unknown option";
    }
    *value++ = '\0';
    if (strcmp(s, "method") == 0) {
        out->method = value;
        wrong = strlen(value) < LS_FAULT_METHOD_MAX ? NULL : "method is too long";
    } else if (strcmp(s, "after") == 0) {
        wrong = read_u64(value, UINT64_MAX, &out->after);
    } else if (strcmp(s, "count") == 0) {
        wrong = read_u64(value, UINT64_MAX, &out->count);
    } else if (strcmp(s, "p") == 0) {
        wrong = read_probability(value, &out->probability);
    } else if (strcmp(s, "retry") == 0) {
        wrong = read_u64(value, UINT32_MAX, &n);
        out->retry_after_s = (unsigned)n;
    } else {
        wrong = "unknown option";
    }
    return wrong;
}

const char *ls_st_fault_parse(char *text, struct ls_fault_rule *out)
{
    *out = (struct ls_fault_rule){0};
    for (;;) {
        char *comma = strchr(text, ',');
        char *colon = strchr(text, ':');
        if (comma == NULL || (colon != NULL && colon < comma)) {
            return read_kind(text, out);
        }
        *comma = '\0';
        const char *wrong = read_option(text, out);
        if (wrong != NULL) {
            return wrong;
        }
        text = comma + 1;
    }
}

/* --- the sessions --- */

struct session_faults {
    struct ls_backend *filter; /* NULL: free */
    size_t chain;              /* index */
    char id[LS_ST_ID_MAX + 1];
    size_t id_bytes;
    bool was_seen; /* its session exists or existed */
};

struct ls_st_faulty {
    uint32_t sessions_max;
    uint32_t count;
    uint64_t seed;
    struct session_faults *items;
};

struct ls_st_faulty *ls_st_faulty_new(uint32_t sessions_max, uint64_t seed)
{
    struct ls_st_faulty *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return NULL;
    }
    f->sessions_max = sessions_max;
    f->seed = seed;
    f->items = calloc(sessions_max, sizeof *f->items);
    if (f->items == NULL) {
        free(f);
        return NULL;
    }
    return f;
}

void ls_st_faulty_free(struct ls_st_faulty *f)
{
    if (f == NULL) {
        return;
    }
    for (uint32_t i = 0; i < f->sessions_max; i++) {
        if (f->items[i].filter != NULL) {
            ls_filter_free(f->items[i].filter);
        }
    }
    free(f->items);
    free(f);
}

static struct ls_st_session *session_of(const struct ls_st_port *port,
                                        const struct session_faults *item)
{
    return ls_st_find(port->chains[item->chain].sessions, item->id, item->id_bytes);
}

void ls_st_faulty_sweep(struct ls_st_port *port)
{
    struct ls_st_faulty *f = port->faulty;
    for (uint32_t i = 0; f->count > 0 && i < f->sessions_max; i++) {
        struct session_faults *item = &f->items[i];
        if (item->filter == NULL) {
            continue;
        }
        bool is_there = session_of(port, item) != NULL;
        if (item->was_seen && !is_there) {
            ls_filter_free(item->filter);
            memset(item, 0, sizeof *item);
            f->count--;
        } else {
            item->was_seen = is_there;
        }
    }
}

static struct session_faults *find_item(const struct ls_st_port *port, size_t chain)
{
    const struct ls_st_url *url = port->url;
    for (uint32_t i = 0; port->faulty->count > 0 && i < port->faulty->sessions_max; i++) {
        struct session_faults *item = &port->faulty->items[i];
        if (item->filter != NULL && item->chain == chain && item->id_bytes == url->id_bytes &&
            memcmp(item->id, url->id, url->id_bytes) == 0) {
            return item;
        }
    }
    return NULL;
}

static struct session_faults *free_item(struct ls_st_port *port)
{
    for (uint32_t i = 0; i < port->faulty->sessions_max; i++) {
        if (port->faulty->items[i].filter == NULL) {
            return &port->faulty->items[i];
        }
    }
    return NULL;
}

/* A filter with the faults of the URL; NULL: *why. */
static struct ls_backend *make_filter(struct ls_st_port *port, const char **why)
{
    struct ls_fault_rule rule;
    struct ls_backend *filter = ls_filter_new(&port->inner, port->faulty->seed);
    *why = filter == NULL ? "out of memory" : NULL;
    for (size_t i = 0; *why == NULL && i < port->url->fault_count; i++) {
        *why = ls_st_fault_parse(port->url->faults[i], &rule);
        if (*why == NULL && ls_filter_add(filter, &rule) == 0) {
            *why = "too many faults";
        }
    }
    if (*why != NULL && filter != NULL) {
        ls_filter_free(filter);
        filter = NULL;
    }
    return filter;
}

struct ls_backend *ls_st_faulty_find(struct ls_st_port *port, const char **why)
{
    const struct ls_st_url *url = port->url;
    size_t chain = (size_t)(port->chain - port->chains);
    struct session_faults *item = find_item(port, chain);
    if (item != NULL) {
        return item->filter;
    }
    if (url->fault_count == 0 ||
        ls_st_find(port->chain->sessions, url->id, url->id_bytes) != NULL) {
        return &port->inner; /* the first request has decided */
    }
    item = free_item(port);
    if (item == NULL) {
        *why = "too many sessions with faults";
        return NULL;
    }
    struct ls_backend *filter = make_filter(port, why);
    if (filter == NULL) {
        return NULL;
    }
    port->faulty->seed++; /* sessions differ, runs do not */
    port->faulty->count++;
    *item = (struct session_faults){.filter = filter, .chain = chain, .id_bytes = url->id_bytes};
    memcpy(item->id, url->id, sizeof item->id);
    return filter;
}
