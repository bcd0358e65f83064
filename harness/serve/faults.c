#include "harness/serve/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/serve/members.h"
#include "lib/json.h"

#define TEXT_BYTES_MAX 4096u
#define MS_MAX 86400000u /* a day */
#define BYTES_MAX (256u << 20)
#define NS_PER_MS 1000000u

/* --- reading --- */

static void read_kind(struct ls_members *m, struct ls_fault_rule *rule)
{
    const char *name = ls_members_str(m, "kind", NULL);

    if (name == NULL) {
        ls_members_fail(m, "\"kind\" is missing; there are:" LS_FAULT_NAMES);
    } else if (!ls_fault_find(name, &rule->fault)) {
        ls_members_fail(m, "no kind \"%.40s\"; there are:" LS_FAULT_NAMES, name);
    }
}

static unsigned read_ports(struct ls_members *m, const struct ls_faults *f)
{
    const char *name = ls_members_str(m, "port", NULL);
    unsigned mask = name != NULL ? ls_serve_port_mask(name) : 0;
    unsigned open = 0;

    if (mask == 0) {
        ls_members_fail(m, "%s \"port\"; there are: " LS_SERVE_PORT_NAMES,
                        name == NULL ? "missing" : "unknown");
        return 0;
    }
    for (unsigned i = 0; i < LS_SERVE_PORT_COUNT; i++) {
        open |= f->filters[i] != NULL ? 1u << i : 0u;
    }
    if ((mask & open) == 0) {
        ls_members_fail(m, "port \"%s\" is off", name);
    }
    return mask & open;
}

static struct ls_fault_rule read_rule(struct ls_members *m)
{
    struct ls_fault_rule rule = {
        .method = ls_members_str(m, "method", "*"),
        .params = ls_members_str(m, "params", NULL),
        .for_ns = ls_members_u64(m, "for_ms", MS_MAX, 0) * NS_PER_MS,
        .after = ls_members_u64(m, "after", UINT64_MAX, 0),
        .count = ls_members_u64(m, "count", UINT64_MAX, 0),
        .probability = ls_members_double(m, "probability", 0),
        .apply = ls_members_bool(m, "apply", false),
        .delay_ns = ls_members_u64(m, "ms", MS_MAX, 0) * NS_PER_MS,
        .http_status = (unsigned)ls_members_u64(m, "http_status", 599, 500),
        .retry_after_s = (unsigned)ls_members_u64(m, "retry_after", MS_MAX, 0),
        .code = ls_members_i64(m, "code", 0),
        .text = ls_members_str(m, "text", NULL),
        .body_bytes = (size_t)ls_members_u64(m, "bytes", BYTES_MAX, 0)};
    const char *wrong;

    read_kind(m, &rule);
    wrong = ls_fault_wrong(&rule);
    if (wrong != NULL) {
        ls_members_fail(m, "%s", wrong);
    }
    return rule;
}

/* --- the list --- */

static size_t count(const struct ls_faults *f)
{
    size_t n = 0;

    while (n < LS_FAULTS_MAX && f->armed[n].id != 0) {
        n++;
    }
    return n;
}

static uint64_t hits(const struct ls_faults *f, const struct ls_armed *a)
{
    uint64_t n = 0;

    for (size_t p = 0; p < LS_SERVE_PORT_COUNT; p++) {
        n += a->rules[p] != 0 ? ls_filter_hits(f->filters[p], a->rules[p]) : 0;
    }
    return n;
}

/* Takes the rules off the ports of mask; true when none is left. */
static bool disarm(struct ls_faults *f, struct ls_armed *a, unsigned mask)
{
    bool is_over = true;

    for (size_t p = 0; p < LS_SERVE_PORT_COUNT; p++) {
        if (a->rules[p] != 0 && (mask & 1u << p) != 0) {
            ls_filter_remove(f->filters[p], a->rules[p]);
            a->rules[p] = 0;
        }
        is_over = is_over && a->rules[p] == 0;
    }
    return is_over;
}

static void remove_at(struct ls_faults *f, size_t i)
{
    size_t n = count(f);

    memmove(&f->armed[i], &f->armed[i + 1], (n - i - 1) * sizeof f->armed[0]);
    f->armed[n - 1] = (struct ls_armed){0};
}

static void remove_used_up(struct ls_faults *f)
{
    for (size_t i = count(f); i > 0; i--) {
        struct ls_armed *a = &f->armed[i - 1];
        bool is_used_up = a->count != 0;

        for (size_t p = 0; p < LS_SERVE_PORT_COUNT; p++) {
            is_used_up = is_used_up && (a->rules[p] == 0 ||
                                        ls_filter_hits(f->filters[p], a->rules[p]) >= a->count);
        }
        if (is_used_up) {
            (void)disarm(f, a, UINT32_MAX);
            remove_at(f, i - 1);
        }
    }
}

static enum ls_err arm(struct ls_faults *f, unsigned mask, const struct ls_fault_rule *rule,
                       uint32_t *id, struct ls_diag *d)
{
    size_t n;

    remove_used_up(f);
    n = count(f);
    if (n == LS_FAULTS_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "%u faults are armed already", LS_FAULTS_MAX);
    }
    struct ls_armed a = {.id = ++f->last_id, .kind = rule->fault, .count = rule->count};

    (void)snprintf(a.method, sizeof a.method, "%s", rule->method);
    for (size_t p = 0; p < LS_SERVE_PORT_COUNT; p++) {
        if ((mask & 1u << p) == 0) {
            continue;
        }
        a.rules[p] = ls_filter_add(f->filters[p], rule);
        if (a.rules[p] == 0) {
            (void)disarm(f, &a, UINT32_MAX);
            return ls_fail(d, LS_ERR_LIMIT, "port \"%s\" has %u faults already",
                           ls_serve_port_name((enum ls_serve_port)p), LS_FAULT_RULES_MAX);
        }
    }
    f->armed[n] = a;
    *id = a.id;
    return LS_OK;
}

enum ls_err ls_faults_add(struct ls_faults *f, const struct cJSON *object, uint32_t *id,
                          struct ls_diag *d)
{
    static const char *const known[] = {
        "port", "kind",        "method",      "params", "after", "count", "for_ms", "probability",
        "ms",   "http_status", "retry_after", "code",   "text",  "bytes", "apply",  NULL};
    struct ls_members m;

    ls_members_begin(&m, object, known, d);
    unsigned mask = read_ports(&m, f);
    struct ls_fault_rule rule = read_rule(&m);
    return m.err != LS_OK ? m.err : arm(f, mask, &rule, id, d);
}

/* --- one word of a command line --- */

/* MEMBER=VALUE as a member of the object: as JSON when the value is JSON, else as a string. */
static void put_member(struct ls_jw *w, const char *key, size_t key_n, const char *value, size_t n)
{
    char name[32];

    (void)snprintf(name, sizeof name, "%.*s", (int)key_n, key);
    if (strcmp(name, "text") != 0 && ls_json_validate(value, n, 0, NULL) == LS_OK) {
        ls_jw_raw(w, name, value, n);
    } else {
        ls_jw_strn(w, name, value, n);
    }
}

/* ",key=value,key=value"; text= takes the rest. false: no '='. */
static bool put_members(struct ls_jw *w, const char *s)
{
    while (*s == ',') {
        const char *key = s + 1;
        const char *equals = strchr(key, '=');
        size_t key_n = equals != NULL ? (size_t)(equals - key) : 0;
        if (key_n == 0) {
            return false;
        }
        bool is_rest = key_n == 4 && strncmp(key, "text", 4) == 0;
        size_t n = is_rest ? strlen(equals + 1) : strcspn(equals + 1, ",");
        put_member(w, key, key_n, equals + 1, n);
        s = equals + 1 + n;
    }
    return true;
}

enum ls_err ls_faults_add_text(struct ls_faults *f, const char *text, uint32_t *id,
                               struct ls_diag *d)
{
    const char *colon = strchr(text, ':');
    struct cJSON *object = NULL;
    struct ls_buf json;
    struct ls_jw w;
    enum ls_err e;

    if (colon == NULL) {
        return ls_fail(d, LS_ERR_USAGE, "\"%.80s\" is no fault; write PORT:KIND,member=value,…",
                       text);
    }
    size_t kind_n = strcspn(colon + 1, ",");

    ls_buf_init(&json, TEXT_BYTES_MAX);
    ls_jw_init(&w, &json);
    ls_jw_object(&w, NULL);
    ls_jw_strn(&w, "port", text, (size_t)(colon - text));
    ls_jw_strn(&w, "kind", colon + 1, kind_n);
    bool is_read = put_members(&w, colon + 1 + kind_n);
    ls_jw_object_end(&w);
    if (!is_read || json.err != LS_OK) {
        e = ls_fail(d, LS_ERR_USAGE, "\"%.80s\" is no fault: write member=value", text);
    } else {
        e = ls_json_parse((const char *)json.p, json.n, 0, &object, d);
    }
    if (e == LS_OK) {
        e = ls_faults_add(f, object, id, d);
    }
    ls_json_free(object);
    ls_buf_fini(&json);
    return e;
}

/* --- the others --- */

enum ls_err ls_faults_remove(struct ls_faults *f, uint32_t id, struct ls_diag *d)
{
    for (size_t i = 0; id != 0 && i < count(f); i++) {
        if (f->armed[i].id == id) {
            (void)disarm(f, &f->armed[i], UINT32_MAX);
            remove_at(f, i);
            return LS_OK;
        }
    }
    return ls_fail(d, LS_ERR_NOT_FOUND, "no fault has the number %u", id);
}

void ls_faults_clear(struct ls_faults *f, unsigned mask)
{
    for (size_t i = count(f); i > 0; i--) {
        if (disarm(f, &f->armed[i - 1], mask)) {
            remove_at(f, i - 1);
        }
    }
}

void ls_faults_release(struct ls_faults *f, unsigned mask, const char *glob)
{
    for (size_t p = 0; p < LS_SERVE_PORT_COUNT; p++) {
        if (f->filters[p] != NULL && (mask & 1u << p) != 0) {
            ls_filter_release(f->filters[p], glob);
        }
    }
    for (size_t i = count(f); i > 0; i--) {
        struct ls_armed *a = &f->armed[i - 1];
        if (a->kind == LS_FAULT_HOLD && (glob == NULL || strcmp(glob, a->method) == 0) &&
            disarm(f, a, mask)) {
            remove_at(f, i - 1);
        }
    }
}

void ls_faults_write(const struct ls_faults *f, struct ls_jw *w, const char *key)
{
    ls_jw_array(w, key);
    for (size_t i = 0; i < count(f); i++) {
        const struct ls_armed *a = &f->armed[i];
        ls_jw_object(w, NULL);
        ls_jw_u64(w, "id", a->id);
        ls_jw_array(w, "ports");
        for (size_t p = 0; p < LS_SERVE_PORT_COUNT; p++) {
            if (a->rules[p] != 0) {
                ls_jw_str(w, NULL, ls_serve_port_name((enum ls_serve_port)p));
            }
        }
        ls_jw_array_end(w);
        ls_jw_str(w, "kind", ls_fault_name(a->kind));
        ls_jw_str(w, "method", a->method);
        ls_jw_u64(w, "count", a->count);
        ls_jw_u64(w, "hits", hits(f, a));
        ls_jw_object_end(w);
    }
    ls_jw_array_end(w);
}
