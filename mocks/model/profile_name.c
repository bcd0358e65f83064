#include "mocks/model/profile_name.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Behind word, which is lower-case, when text begins with it; NULL when it does not. */
static const char *behind(const char *text, const char *word)
{
    while (*word != '\0' && lower(*text) == *word) {
        text++;
        word++;
    }
    return *word == '\0' ? text : NULL;
}

bool ls_profile_is(const char *text, const char *prefix, const char *name)
{
    const char *start = behind(text, prefix);
    const char *end = behind(start != NULL ? start : text, name);
    return end != NULL && (*end == '\0' || *end == ':');
}

const char *ls_profile_param(const char *text)
{
    const char *colon = memchr(text, ':', strlen(text));
    return colon != NULL ? colon + 1 : NULL;
}
