#include "mocks/rpc/synctester_faults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/num.h"
#include "mocks/filter/filter.h"
#include "mocks/rpc/synctester_parts.h"

#define NS_PER_MS UINT64_C(1000000)
#define MS_MAX (UINT64_MAX / NS_PER_MS)

/* --- the text --- */

enum member_kind { M_TEXT, M_U64, M_UNSIGNED, M_SIZE, M_MS, M_CODE, M_CHANCE, M_BOOL };

#define AT(member) offsetof(struct ls_fault_rule, member)

static const struct member {
    const char *name;
    enum member_kind kind;
    size_t at;
    uint64_t max; /* of a number, or of the bytes of a text */
} MEMBERS[] = {
    {"method", M_TEXT, AT(method), LS_FAULT_METHOD_MAX - 1},
    {"params", M_TEXT, AT(params), LS_FAULT_TEXT_MAX - 1},
    {"text", M_TEXT, AT(text), LS_FAULT_TEXT_MAX - 1},
    {"after", M_U64, AT(after), UINT64_MAX},
    {"count", M_U64, AT(count), UINT64_MAX},
    {"for_ms", M_MS, AT(for_ns), MS_MAX},
    {"ms", M_MS, AT(delay_ns), MS_MAX},
    {"http_status", M_UNSIGNED, AT(http_status), 599},
    {"retry_after", M_UNSIGNED, AT(retry_after_s), UINT32_MAX},
    {"bytes", M_SIZE, AT(body_bytes), UINT32_MAX},
    {"code", M_CODE, AT(code), INT32_MAX},
    {"probability", M_CHANCE, AT(probability), 0},
    {"apply", M_BOOL, AT(apply), 0},
};

static const char *read_number(const char *s, uint64_t max, uint64_t *out)
{
    return ls_parse_dec(s, strlen(s), out) == LS_OK && *out <= max
               ? NULL
               : "a member is not a number in its range";
}

static const char *read_chance(const char *s, double *out)
{
    char *end;
    errno = 0;
    *out = strtod(s, &end);
    return errno == 0 && end != s && *end == '\0' && *out > 0 && *out <= 1
               ? NULL
               : "a probability is above 0 and at most 1";
}

static const char *read_bool(const char *s, bool *out)
{
    *out = strcmp(s, "true") == 0;
    return *out || strcmp(s, "false") == 0 ? NULL : "apply is true or false";
}

static const char *read_value(const struct member *m, char *value, struct ls_fault_rule *out)
{
    void *at = (char *)out + m->at;
    uint64_t n = 0;
    const char *wrong = NULL;
    switch (m->kind) {
    case M_TEXT:
        *(const char **)at = value;
        return strlen(value) <= m->max ? NULL : "a text is too long";
    case M_CHANCE:
        return read_chance(value, at);
    case M_BOOL:
        return read_bool(value, at);
    case M_CODE:
        wrong = read_number(value[0] == '-' ? value + 1 : value, m->max, &n);
        *(int64_t *)at = value[0] == '-' ? -(int64_t)n : (int64_t)n;
        return wrong;
    case M_U64:
        return read_number(value, m->max, at);
    case M_MS:
        wrong = read_number(value, m->max, &n);
        *(uint64_t *)at = n * NS_PER_MS;
        return wrong;
    case M_UNSIGNED:
        wrong = read_number(value, m->max, &n);
        *(unsigned *)at = (unsigned)n;
        return wrong;
    case M_SIZE:
        wrong = read_number(value, m->max, &n);
        *(size_t *)at = (size_t)n;
        return wrong;
    }
    return wrong;
}

/* Reads "name=value" at *at and moves behind it; text= takes all there is. */
static const char *read_member(char **at, struct ls_fault_rule *out)
{
    char *name = *at;
    char *value = strchr(name, '=');
    if (value == NULL) {
        return "a member is written name=value";
    }
    *value++ = '\0';
    char *end = strcmp(name, "text") == 0 ? NULL : strchr(value, ',');
    if (end != NULL) {
        *end++ = '\0';
    }
    *at = end;
    for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0]; i++) {
        if (strcmp(name, MEMBERS[i].name) == 0) {
            return read_value(&MEMBERS[i], value, out);
        }
    }
    return "a member is unknown";
}

const char *ls_st_fault_parse(char *text, struct ls_fault_rule *out)
{
    char *at = strchr(text, ',');
    const char *wrong = NULL;
    *out = (struct ls_fault_rule){0};
    if (at != NULL) {
        *at++ = '\0';
    }
    /* A hold could be released by nobody. */
    if (!ls_fault_find(text, &out->fault) || out->fault == LS_FAULT_HOLD) {
        return "unknown fault";
    }
    out->http_status = out->fault == LS_FAULT_HTTP ? 500 : 0;
    while (wrong == NULL && at != NULL) {
        wrong = read_member(&at, out);
    }
    return wrong != NULL ? wrong : ls_fault_wrong(out);
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
