/*
 * Gate: a backend on a port of the event loop, with nothing in between (harness/live/ports.h puts
 * faults and a trace there). And the words of a command line that say where a port is.
 */
#ifndef LS_HARNESS_RECORD_GATE_H
#define LS_HARNESS_RECORD_GATE_H

#include <stdint.h>

#include "harness/live/loop.h"
#include "lib/err.h"
#include "mocks/backend.h"
#include "mocks/http/front.h"

#define LS_GATE_BODY_MAX (128u << 20)  /* of a request; geth's cap for its engine port */
#define LS_GATE_REPLY_MAX (256u << 20) /* of an answer */
#define LS_GATE_CONNECTIONS_MAX 256u

/* Where to listen. */
struct ls_gate_place {
    char address[16]; /* IPv4 in dots */
    uint16_t port;    /* 0: any free one */
};

/* Reads "8551", ":8551", "HOST:8551" (n bytes); HOST is an IPv4 address or localhost, and 127.0.0.1
 * when left out. USAGE with a sentence. */
enum ls_err ls_gate_place_parse(const char *text, size_t n, struct ls_gate_place *out,
                                struct ls_diag *d);

/* Zeroed is closed. */
struct ls_gate {
    struct ls_front *front;
    struct ls_loop *loop;
    struct ls_loop_watch *watch;
    struct ls_loop_timer timer;
};

/* backend and loop are borrowed and outlive the gate. IO when the port cannot be had, NOMEM. */
enum ls_err ls_gate_open(struct ls_gate *g, struct ls_backend *backend, struct ls_loop *loop,
                         const struct ls_gate_place *at, struct ls_diag *d);
/* Resets what is connected. Zeroed is fine. */
void ls_gate_close(struct ls_gate *g);

/* Before every wait of the loop. Zeroed is fine. */
void ls_gate_prepare(struct ls_gate *g);

/* Asks the backend again for what it held. */
void ls_gate_retry(struct ls_gate *g);

/* The port it listens on. */
uint16_t ls_gate_port(const struct ls_gate *g);

#endif
