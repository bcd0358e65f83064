/*
 * Merkle-Patricia proofs (Ethereum yellow paper, appendix D): that the trie with a known root holds
 * a value under a key, or holds nothing there. The nodes may come from anybody: each is believed
 * because its hash stands in the one above it, the first because its hash is the root.
 *
 * It is not a trie: nothing is stored, made or changed. Keys stand in the trie as they are; who
 * wants a "secure" trie (accounts, storage) hashes them first.
 */
#ifndef LS_LIB_MPT_PROOF_H
#define LS_LIB_MPT_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

/* Walks from root (32 bytes) along key (at most LS_MPT_KEY_BYTES_MAX). nodes are the encodings of
 * the nodes on the way that are named by their hash, root first, exactly as many as the way has;
 * those of less than 32 bytes stand within their parents. Of the empty trie there is no node, or
 * the one that is an empty string.
 *
 * *value borrows from nodes; p NULL, n 0: the trie holds nothing under the key, which is proved
 * too. MISSING: the way goes on where the nodes end. RANGE: there are nodes behind its end. HASH: a
 * node is not the one named above it. PARSE: it is no node. LIMIT: the key is too long. With an
 * error *value is as it was; *at (may be NULL) is in any case the number of nodes that were right.
 */
enum ls_err ls_mpt_prove(const uint8_t root[32], struct ls_span key, const struct ls_span *nodes,
                         size_t count, struct ls_span *value, size_t *at);

#define LS_MPT_KEY_BYTES_MAX 64u

#endif
