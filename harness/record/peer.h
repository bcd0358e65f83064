/*
 * The peers of a consensus node that a conversation has: who is asked. Last, the node itself, when
 * what others ask it was recorded, too: that is how unsafe payloads come in.
 */
#ifndef LS_HARNESS_RECORD_PEER_H
#define LS_HARNESS_RECORD_PEER_H

/* X(name, word) */
#define LS_PEER_LIST(X) \
    X(ENGINE, "engine") \
    X(SOURCE, "source") \
    X(L1, "l1")         \
    X(NODE, "node")

enum ls_peer {
#define LS_PEER_ENUM(name, word) LS_PEER_##name,
    LS_PEER_LIST(LS_PEER_ENUM)
#undef LS_PEER_ENUM
        LS_PEER_COUNT
};

/* "engine" "source" "l1" "node"; static. */
const char *ls_peer_name(enum ls_peer p);

#endif
