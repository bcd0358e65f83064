#include "mocks/rpc/synctester_config.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "lib/num.h"

struct reader {
    const char *name;
    yaml_document_t *document;
    struct ls_synctester_file *out;
    struct ls_diag *diag;
};

static unsigned line_of(const yaml_node_t *node)
{
    return (unsigned)node->start_mark.line + 1;
}

#define FAIL(r, node, ...)                                                                    \
    ls_fail_in((r)->diag, ls_fail((r)->diag, LS_ERR_CONFIG, __VA_ARGS__), "%s:%u", (r)->name, \
               line_of(node))

static yaml_node_t *node_at(const struct reader *r, int index)
{
    return yaml_document_get_node(r->document, index);
}

static const char *text_of(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

static bool is_null(const yaml_node_t *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
        return false;
    }
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        if (strcmp(text_of(node), nulls[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Scalars in a mapping's keys, none twice. */
static enum ls_err check_keys(const struct reader *r, const yaml_node_t *map)
{
    const yaml_node_pair_t *first = map->data.mapping.pairs.start;
    for (const yaml_node_pair_t *p = first; p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = node_at(r, p->key);
        if (key->type != YAML_SCALAR_NODE) {
            return FAIL(r, key, "a key is no text");
        }
        for (const yaml_node_pair_t *q = first; q < p; q++) {
            const yaml_node_t *other = node_at(r, q->key);
            if (strcmp(text_of(key), text_of(other)) == 0) {
                return FAIL(r, key, "\"%.100s\" is there already, in line %u", text_of(key),
                            line_of(other));
            }
        }
    }
    return LS_OK;
}

/* Decimal, or hexadecimal behind 0x. */
static enum ls_err read_chain_id(const struct reader *r, const yaml_node_t *v, uint64_t *out)
{
    if (v->type == YAML_SCALAR_NODE) {
        const char *s = text_of(v);
        size_t n = strlen(s);
        if (ls_parse_dec(s, n, out) == LS_OK || ls_parse_quantity(s, n, out) == LS_OK) {
            return LS_OK;
        }
    }
    return FAIL(r, v, "chain_id is not an unsigned number");
}

static enum ls_err read_member(const struct reader *r, const yaml_node_t *key, const yaml_node_t *v,
                               struct ls_synctester_entry *entry)
{
    if (strcmp(text_of(key), "chain_id") == 0) {
        return read_chain_id(r, v, &entry->chain_id);
    }
    if (strcmp(text_of(key), "el_rpc") != 0) {
        return FAIL(r, key, "\"%.100s\" is no member of a sync tester", text_of(key));
    }
    if (v->type != YAML_SCALAR_NODE) {
        return FAIL(r, v, "el_rpc is no text");
    }
    entry->el_rpc = strdup(text_of(v));
    return entry->el_rpc != NULL ? LS_OK : ls_fail(r->diag, LS_ERR_NOMEM, "out of memory");
}

static enum ls_err read_entry(struct reader *r, const yaml_node_t *key, const yaml_node_t *v)
{
    struct ls_synctester_entry *entry = &r->out->entries[r->out->count];
    size_t n = strlen(text_of(key));
    if (n == 0 || n > LS_SYNCTESTER_NAME_MAX) {
        return FAIL(r, key, "invalid ID: a sync tester's has 1 to %u bytes",
                    LS_SYNCTESTER_NAME_MAX);
    }
    if (v->type != YAML_MAPPING_NODE) {
        return FAIL(r, v, "\"%.100s\" has no chain_id and el_rpc", text_of(key));
    }
    r->out->count++;
    entry->line = line_of(key);
    entry->id = strdup(text_of(key));
    if (entry->id == NULL) {
        return ls_fail(r->diag, LS_ERR_NOMEM, "out of memory");
    }
    enum ls_err e = check_keys(r, v);
    for (const yaml_node_pair_t *p = v->data.mapping.pairs.start;
         e == LS_OK && p < v->data.mapping.pairs.top; p++) {
        e = read_member(r, node_at(r, p->key), node_at(r, p->value), entry);
    }
    return e == LS_OK && entry->el_rpc == NULL ? FAIL(r, key, "el_rpc is missing") : e;
}

static enum ls_err read_entries(struct reader *r, const yaml_node_t *map)
{
    if (is_null(map)) {
        return LS_OK;
    }
    if (map->type != YAML_MAPPING_NODE) {
        return FAIL(r, map, "synctesters is no map");
    }
    const yaml_node_pair_t *first = map->data.mapping.pairs.start;
    const yaml_node_pair_t *end = map->data.mapping.pairs.top;
    enum ls_err e = check_keys(r, map);
    r->out->entries = calloc((size_t)(end - first) + 1, sizeof *r->out->entries);
    if (e == LS_OK && r->out->entries == NULL) {
        return ls_fail(r->diag, LS_ERR_NOMEM, "out of memory");
    }
    for (const yaml_node_pair_t *p = first; e == LS_OK && p < end; p++) {
        e = read_entry(r, node_at(r, p->key), node_at(r, p->value));
    }
    return e;
}

static enum ls_err read_root(struct reader *r)
{
    const yaml_node_t *root = yaml_document_get_root_node(r->document);
    if (root == NULL) {
        return ls_fail(r->diag, LS_ERR_CONFIG, "%s:1: the file is empty", r->name);
    }
    if (root->type != YAML_MAPPING_NODE) {
        return FAIL(r, root, "it is no map");
    }
    enum ls_err e = check_keys(r, root);
    for (const yaml_node_pair_t *p = root->data.mapping.pairs.start;
         e == LS_OK && p < root->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = node_at(r, p->key);
        e = strcmp(text_of(key), "synctesters") == 0
                ? read_entries(r, node_at(r, p->value))
                : FAIL(r, key, "\"%.100s\" is no member of the file", text_of(key));
    }
    return e;
}

enum ls_err ls_synctester_file_parse(const char *name, const char *text, size_t n,
                                     struct ls_synctester_file *out, struct ls_diag *d)
{
    yaml_parser_t parser;
    yaml_document_t document;
    struct reader r = {.name = name, .document = &document, .out = out, .diag = d};
    enum ls_err e;
    *out = (struct ls_synctester_file){0};
    if (yaml_parser_initialize(&parser) == 0) {
        return ls_fail(d, LS_ERR_NOMEM, "out of memory");
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
    if (yaml_parser_load(&parser, &document) != 0) {
        e = read_root(&r);
        yaml_document_delete(&document);
    } else {
        e = ls_fail(d, LS_ERR_CONFIG, "%s:%u: %s", name, (unsigned)parser.problem_mark.line + 1,
                    parser.problem != NULL ? parser.problem : "cannot be read");
    }
    yaml_parser_delete(&parser);
    if (e != LS_OK) {
        ls_synctester_file_free(out);
    }
    return e;
}

void ls_synctester_file_free(struct ls_synctester_file *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->entries[i].id);
        free(f->entries[i].el_rpc);
    }
    free(f->entries);
    *f = (struct ls_synctester_file){0};
}
