/*
 * The shell of the light CL: one thread that tells the core what happened and does what it says.
 * Waits on the peers' sockets, the RPC server and the signals, at most until the core's deadline.
 */
#ifndef LS_NODE_IO_NODE_H
#define LS_NODE_IO_NODE_H

#include "lib/err.h"
#include "lib/log.h"
#include "node/io/config.h"

struct ls_node;

/* Makes a node: memory, RPC port, signals (SIGTERM and SIGINT are taken over from here on, SIGPIPE
 * is ignored). cfg and log are borrowed and outlive it. IO: the RPC port cannot be had. */
enum ls_err ls_node_new(const struct ls_node_config *cfg, struct ls_log *log, struct ls_node **out,
                        struct ls_diag *d);

/* Runs until a signal ends it (returns true) or the core refuses to run (false; said in the log).*/
bool ls_node_run(struct ls_node *n);

/* NULL is fine. */
void ls_node_free(struct ls_node *n);

#endif
