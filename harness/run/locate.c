#include "harness/run/locate.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 8u
#define PATH_BYTES 1024u

void ls_paths_fini(struct ls_paths *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->items[i]);
    }
    free(p->items);
    *p = (struct ls_paths){0};
}

static enum ls_err paths_add(struct ls_paths *p, const char *path, struct ls_diag *d)
{
    if (p->count == LS_SCENARIO_FILES_MAX) {
        return ls_fail(d, LS_ERR_LIMIT, "more than %u scenario files", LS_SCENARIO_FILES_MAX);
    }
    char **items = realloc(p->items, (p->count + 1) * sizeof *items);
    char *copy = strdup(path);
    if (items) {
        p->items = items;
    }
    if (!items || !copy) {
        free(copy);
        return ls_fail(d, LS_ERR_NOMEM, "no memory for the list of scenarios");
    }
    p->items[p->count++] = copy;
    return LS_OK;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The folder of the running program; "" when it cannot be told. */
static void program_folder(char *out, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", out, cap - 1);
    out[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash) {
        *slash = '\0';
    }
}

enum ls_err ls_locate_folder(const char *name, char *out, size_t cap, struct ls_diag *d)
{
    char base[PATH_BYTES];
    program_folder(base, sizeof base);
    const char *const parts[][2] = {{base, "/../"}, {"", ""}, {base, "/../share/lockstep/"}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        int n = snprintf(out, cap, "%s%s%s", parts[i][0], parts[i][1], name);
        if (n > 0 && (size_t)n < cap && is_folder(out)) {
            return LS_OK;
        }
    }
    out[0] = '\0';
    return ls_fail(d, LS_ERR_NOT_FOUND,
                   "no folder \"%s\": looked in %s/.., the current folder and "
                   "%s/../share/lockstep",
                   name, base, base);
}

enum ls_err ls_locate_program(const char *name, char *out, size_t cap)
{
    char base[PATH_BYTES];
    program_folder(base, sizeof base);
    int n = snprintf(out, cap, "%s/%s", base, name);
    return n > 0 && (size_t)n < cap && access(out, X_OK) == 0 ? LS_OK : LS_ERR_NOT_FOUND;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* Entries of a folder by name, without hidden ones. Freed by ls_paths_fini. */
static enum ls_err list_folder(const char *path, struct ls_paths *out, struct ls_diag *d)
{
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, NULL, alphasort);
    if (n < 0) {
        return ls_fail(d, LS_ERR_IO, "cannot list folder \"%s\"", path);
    }
    enum ls_err err = LS_OK;
    for (int i = 0; i < n; i++) {
        if (err == LS_OK && entries[i]->d_name[0] != '.') {
            err = paths_add(out, entries[i]->d_name, d);
        }
        free(entries[i]);
    }
    free(entries);
    return err;
}

/* id: only that file, or NULL for all. */
static enum ls_err walk(const char *folder, const char *id, unsigned depth, struct ls_paths *out,
                        struct ls_diag *d)
{
    struct ls_paths names = {0};
    enum ls_err err = depth > DEPTH_MAX ? ls_fail(d, LS_ERR_LIMIT, "\"%s\" is too deep", folder)
                                        : list_folder(folder, &names, d);
    for (size_t i = 0; i < names.count && err == LS_OK; i++) {
        char path[PATH_BYTES];
        const char *name = names.items[i];
        int n = snprintf(path, sizeof path, "%s/%s", folder, name);
        if (n < 0 || (size_t)n >= sizeof path) {
            err = ls_fail(d, LS_ERR_LIMIT, "path \"%s/%s\" is too long", folder, name);
        } else if (is_folder(path)) {
            err = walk(path, id, depth + 1, out, d);
        } else if (ends_with(name, ".lua") && isupper((unsigned char)name[0])) {
            bool is_wanted =
                !id || (strlen(id) + 4 == strlen(name) && strncmp(id, name, strlen(id)) == 0);
            err = is_wanted ? paths_add(out, path, d) : LS_OK;
        }
    }
    ls_paths_fini(&names);
    return err;
}

enum ls_err ls_locate_scenarios(const char *word, const char *scenarios, struct ls_paths *out,
                                struct ls_diag *d)
{
    size_t before = out->count;
    if (is_folder(word)) {
        enum ls_err err = walk(word, NULL, 0, out, d);
        return err == LS_OK && out->count == before
                   ? ls_fail(d, LS_ERR_NOT_FOUND, "folder \"%s\" holds no scenario", word)
                   : err;
    }
    if (is_file(word)) {
        return paths_add(out, word, d);
    }
    if (ends_with(word, ".lua") || strchr(word, '/')) {
        return ls_fail(d, LS_ERR_NOT_FOUND, "no scenario file \"%s\"", word);
    }
    if (!scenarios) {
        return ls_locate_folder("scenarios", (char[PATH_BYTES]){0}, PATH_BYTES, d);
    }
    enum ls_err err = walk(scenarios, word, 0, out, d);
    return err == LS_OK && out->count == before
               ? ls_fail(d, LS_ERR_NOT_FOUND, "no scenario \"%s\" below \"%s\"", word, scenarios)
               : err;
}
