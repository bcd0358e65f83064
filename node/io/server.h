/*
 * The HTTP server in front of node/io/api.h: libmicrohttpd without a thread of its own. The loop
 * waits on ls_server_fd and calls ls_server_turn; requests are answered inside that call.
 */
#ifndef LS_NODE_IO_SERVER_H
#define LS_NODE_IO_SERVER_H

#include <stdint.h>

#include "lib/err.h"
#include "node/io/api.h"

struct ls_server;

#define LS_SERVER_NEVER UINT64_MAX

/* What a server serves: the RPC with the health pages, or GET /metrics alone (R-6.2; on a port of
 * its own, as op-node has it, so that the one may be open where the other is not). */
enum ls_server_kind { LS_SERVER_RPC, LS_SERVER_METRICS };

/* Listens on addr (an IP address) and port (0 = any free one). host is borrowed and outlives the
 * server. IO when the port cannot be had: d says why. NOMEM. */
enum ls_err ls_server_new(enum ls_server_kind kind, const char *addr, uint16_t port,
                          const struct ls_api_host *host, struct ls_server **out,
                          struct ls_diag *d);

/* Closes all connections; NULL is fine. */
void ls_server_free(struct ls_server *s);

/* The answer to a host's ask_output: o, or NULL and an error text. A slot nobody waits on (the
 * client has left) is fine. */
void ls_server_output(struct ls_server *s, size_t slot, const struct ls_output *o, const char *why);

/* The port it listens on. */
uint16_t ls_server_port(const struct ls_server *s);

/* Readable when ls_server_turn has work. */
int ls_server_fd(const struct ls_server *s);

/* How long ls_server_turn may be put off without anything to read, ns; LS_SERVER_NEVER: for ever.*/
uint64_t ls_server_patience_ns(const struct ls_server *s);

/* Does all I/O that is possible now. wall_s: the time of this turn. */
void ls_server_turn(struct ls_server *s, int64_t wall_s);

#endif
