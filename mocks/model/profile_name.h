/*
 * How profiles are named by people: "[PREFIX-]NAME[:PARAMETER]", prefix and name in any case.
 * Shared by the tables of the engine's and the source's profiles. Pure.
 */
#ifndef LS_MOCKS_PROFILE_NAME_H
#define LS_MOCKS_PROFILE_NAME_H

#include <stdbool.h>

/* Whether text names the profile: prefix ("el-", may be left out) and name in lower case. */
bool ls_profile_is(const char *text, const char *prefix, const char *name);

/* What stands behind the colon, inside text; NULL: there is none. */
const char *ls_profile_param(const char *text);

#endif
