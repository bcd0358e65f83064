/*
 * Exchange: one request on one connection, from its first line until its answer has left or its
 * client is gone. Private to mocks/http.
 *
 * An exchange that waits (delayed, held, hanging, dripping) is a suspended MHD connection, which
 * MHD does not watch: while it waits, the front's own epoll set looks for the client's leaving.
 */
#ifndef LS_MOCKS_HTTP_EXCHANGE_H
#define LS_MOCKS_HTTP_EXCHANGE_H

#include <microhttpd.h>

#include "mocks/http/front.h"
#include "mocks/http/gzip.h"

enum ls_exchange_state {
    LS_X_FRESH,    /* request line seen */
    LS_X_READING,  /* headers accepted, the body comes in */
    LS_X_DELAYED,  /* suspended until due_ns, then the reply goes out */
    LS_X_HELD,     /* suspended until the backend is asked again */
    LS_X_HANGING,  /* suspended for ever */
    LS_X_READY,    /* the reply is decided, MHD will ask for it */
    LS_X_SENDING,  /* the reply is with MHD */
    LS_X_DRIPPING, /* suspended until due_ns in the middle of the reply */
    LS_X_GONE      /* the client left, or the port closes: drop the connection */
};

struct ls_front_conn {
    struct ls_front *front;
    uint64_t number; /* from 1, never reused by this front */
    int fd;
    struct ls_exchange *x;             /* NULL between requests */
    struct ls_front_conn *prev, *next; /* ls_front.conns */
};

struct ls_exchange {
    struct ls_front_conn *conn;
    struct MHD_Connection *mhd;
    char *path;       /* owned, with query */
    const char *verb; /* MHD's, as long as the exchange */
    struct ls_buf body;
    struct ls_http_reply reply;
    enum ls_exchange_state state;
    bool is_waiting;   /* in ls_front.waiting, suspended, watched */
    bool was_cut;      /* the reply was truncated on purpose, or sent beside MHD */
    bool was_body_cut; /* more of the request's body came than the cap allows */
    bool is_gzip;      /* the reply was compressed */
    uint64_t serial;
    uint64_t ticket;
    uint64_t due_ns;
    struct ls_exchange *prev, *next; /* ls_front.waiting, in order of coming */
};

struct ls_front {
    struct ls_front_options options;
    char address[16]; /* in dots */
    uint16_t port;
    int reserve_fd;            /* bound, never listening: keeps the port ours while it is closed */
    int epoll_fd;              /* MHD's epoll descriptor and the sockets of waiting exchanges */
    struct MHD_Daemon *daemon; /* NULL while closed */
    uint64_t refuse_ns;        /* a reply wants the port closed for so long; 0 = none */
    uint64_t reopen_ns;        /* when it opens again by itself; 0 = it does not */
    bool is_dirty;             /* something was resumed: turn at once */
    struct ls_front_time now;
    struct ls_gzip *gzip; /* NULL: not asked for yet */
    struct ls_front_conn *conns;
    struct ls_exchange *waiting;
    bool is_sweep_due; /* something came since the last one */
    uint64_t sweep_ns; /* when it is done */
    size_t conn_count;
    uint64_t conn_last;
    uint64_t serial_last;
};

/* MHD's callbacks; cls is the front. */
void *ls_exchange_begin(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result ls_exchange_access(void *cls, struct MHD_Connection *mhd, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_bytes, void **con_cls);
void ls_exchange_end(void *cls, struct MHD_Connection *mhd, void **con_cls,
                     enum MHD_RequestTerminationCode why);

/* Asks the backend again; x is held. It goes on waiting, or will be answered. */
void ls_exchange_retry(struct ls_exchange *x);
/* The delay or the pause between two bytes is over. */
void ls_exchange_wake(struct ls_exchange *x);
/* Nobody waits for the answer any more; x is waiting. A held one takes no effect. */
void ls_exchange_drop(struct ls_exchange *x);

/* The client gets a RST. */
void ls_front_conn_reset(const struct ls_front_conn *c);

#endif
