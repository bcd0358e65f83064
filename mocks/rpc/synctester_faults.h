/*
 * Faults written in a URL: "KIND[,member=value]…", as in `lockstep serve --fault`, where the port
 * stands in front; text= takes the rest (docs/SYNCTESTER.md has the list).
 */
#ifndef LS_MOCKS_RPC_SYNCTESTER_FAULTS_H
#define LS_MOCKS_RPC_SYNCTESTER_FAULTS_H

struct ls_fault_rule;

/* Reads one. NULL: *out is a rule for ls_filter_add, its strings inside text, which is cut up.
 * Else what is wrong, static. */
const char *ls_st_fault_parse(char *text, struct ls_fault_rule *out);

#endif
