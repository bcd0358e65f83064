/*
 * Proxy: a port in front of each peer of a node. Requests are passed on with their token and
 * answers come back unchanged, status, type, Retry-After and body; a peer that cannot be reached,
 * or breaks off, is felt by the node as a reset connection, because a gateway's 502 would be an
 * answer that the peer never gave. Every exchange is recorded before its answer leaves.
 *
 * The node sees what it would see without the proxy, but for: HTTP/1.1 without compression on its
 * side, and an accepted connection where there would be a refused one. A peer has each request
 * once; over https, where connections are kept, once more when a kept one turns out to be dead.
 */
#ifndef LS_HARNESS_RECORD_PROXY_H
#define LS_HARNESS_RECORD_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/live/loop.h"
#include "harness/record/gate.h"
#include "harness/record/peer.h"
#include "harness/record/recording.h"
#include "lib/err.h"

struct ls_proxy;

struct ls_proxy_peer {
    const char *url; /* NULL: no such peer; borrowed, outlives the proxy */
    struct ls_gate_place at;
};

struct ls_proxy_options {
    struct ls_loop *loop;           /* borrowed, outlives the proxy */
    struct ls_recording *recording; /* likewise */
    struct ls_proxy_peer peers[LS_PEER_COUNT];
    /* The recording cannot go on (a full disk): called once. The proxy still passes on. May be
     * NULL. */
    void (*on_trouble)(void *user, const struct ls_diag *d);
    void *user;
};

/* Opens the ports. IO, NOMEM. Sets the loop's on_prepare. */
enum ls_err ls_proxy_new(const struct ls_proxy_options *o, struct ls_proxy **out,
                         struct ls_diag *d);

/* Records what is under way as open, and closes the ports. NULL is fine. */
void ls_proxy_free(struct ls_proxy *p);

/* Where a peer's port listens. */
uint16_t ls_proxy_port(const struct ls_proxy *p, enum ls_peer peer);

/* Exchanges with this peer that came to an end. */
uint64_t ls_proxy_count(const struct ls_proxy *p, enum ls_peer peer);

/* Without an error of the recording so far. */
bool ls_proxy_is_recording(const struct ls_proxy *p);

#endif
