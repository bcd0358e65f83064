/*
 * The config file of op-sync-tester: a YAML map "synctesters" of entries {chain_id, el_rpc}, read
 * as strictly as there (mock-engine 1.2). What el_rpc names is for the caller to judge: there a
 * node's URL, here the folder of a recorded chain.
 */
#ifndef LS_MOCKS_RPC_SYNCTESTER_CONFIG_H
#define LS_MOCKS_RPC_SYNCTESTER_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define LS_SYNCTESTER_NAME_MAX 100u /* bytes of an entry's id */

struct ls_synctester_entry {
    char *id;
    uint64_t chain_id; /* 0 when it is not given */
    char *el_rpc;
    unsigned line;
};

/* Zeroed is empty. */
struct ls_synctester_file {
    struct ls_synctester_entry *entries; /* in the order of the file */
    size_t count;
};

/* Reads text; name stands in the sentences, "name:line: what". CONFIG: it is no YAML, not of this
 * form, has an unknown member or a duplicate one, or an id that is empty or too long; NOMEM. *out
 * is then zeroed. */
enum ls_err ls_synctester_file_parse(const char *name, const char *text, size_t n,
                                     struct ls_synctester_file *out, struct ls_diag *d);
void ls_synctester_file_free(struct ls_synctester_file *f);

#endif
