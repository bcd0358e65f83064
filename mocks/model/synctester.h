/*
 * The sessions of the upstream sync tester (op-sync-tester, mock-engine 1.4 - 1.14): a mask over a
 * chain that is all there, so that it looks less advanced than it is. A session is four numbers,
 * an EL-sync window and the payloads it was asked to build; a number means "the block of that
 * number on the chain behind it, now". No block is ever executed and no fork is represented.
 *
 * Bug for bug: where the real program keeps no invariant (safe above latest, labels applied before
 * an error, a window that survives a reset, sums that wrap) this one keeps none either.
 *
 * Pure: sessions live in caller memory of a size fixed by ls_st_limits. What the chain behind says
 * comes in as numbers; texts, hashes and the wire are the JSON-RPC layer's
 * (mocks/rpc/synctester.h).
 */
#ifndef LS_MOCKS_SYNCTESTER_MODEL_H
#define LS_MOCKS_SYNCTESTER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LS_ST_ID_MAX 45u /* "urn:uuid:" and 36 characters: the longest spelling of a uuid */
#define LS_ST_METHODS_MAX 32u
#define LS_ST_NEVER UINT64_MAX

/* EL-sync window (1.14): this many consecutive heads, of this many remembered. */
#define LS_ST_WINDOW_NEED 2u
#define LS_ST_WINDOW_KEEP 5u

struct ls_st_heads {
    uint64_t latest;
    uint64_t safe;
    uint64_t finalized;
};

/* What the URL of the request that makes a session says. */
struct ls_st_start {
    struct ls_st_heads heads;
    bool is_el_sync;
};

/* The last numbers fed, ascending. Zeroed is empty. */
struct ls_st_window {
    uint64_t numbers[LS_ST_WINDOW_KEEP];
    uint32_t count;
};

/* Feeds n and says whether the engine counts as synchronised: the last need numbers are
 * n-need+1 .. n. keep is 1 .. LS_ST_WINDOW_KEEP, need 1 .. keep. */
bool ls_st_window_feed(struct ls_st_window *w, uint64_t n, uint32_t need, uint32_t keep);

/* One session. Read freely; only the functions below and the field comments' owners write. */
struct ls_st_session {
    char id[LS_ST_ID_MAX + 1]; /* as it stood in the URL; two spellings are two sessions */
    uint8_t id_bytes;
    bool is_el_sync;
    struct ls_st_heads now;
    struct ls_st_heads initial;
    uint64_t validated; /* V: the highest block newPayload or EL sync got to */
    struct ls_st_window window;
    uint64_t used_ns;                  /* last call */
    uint64_t busy_ns;                  /* a call is under way until then; set by the caller */
    uint64_t busy_serial;              /* of the request that call belongs to; set by the caller */
    uint64_t calls[LS_ST_METHODS_MAX]; /* by method number; set by the caller */
    uint32_t payload_first;            /* private */
};

struct ls_st_limits {
    uint32_t sessions_max;   /* > 0 */
    uint32_t tombstones_max; /* deleted ids remembered, the oldest is forgotten first; > 0 */
    uint32_t payloads_max;   /* of all sessions; > 0 */
    uint64_t idle_ns_max;    /* unused for longer: deleted; LS_ST_NEVER = no expiry */
};

struct ls_st;

/* Bytes of a table, 16-aligned. */
size_t ls_st_size(const struct ls_st_limits *limits);
/* An empty table in mem. */
struct ls_st *ls_st_init(void *mem, const struct ls_st_limits *limits);

/* --- life (1.4) --- */

enum ls_st_found {
    LS_ST_FOUND,
    LS_ST_DELETED, /* or expired: it will never come back */
    LS_ST_FULL     /* there are sessions_max already */
};

/* The session of this id, made from start when there is none: of several requests the first wins.
 * id_bytes: 1 .. LS_ST_ID_MAX. *out is set when found. */
enum ls_st_found ls_st_open(struct ls_st *st, const char *id, size_t id_bytes,
                            const struct ls_st_start *start, uint64_t now_ns,
                            struct ls_st_session **out);
/* The session of this id, NULL when there is none; makes and touches nothing. */
struct ls_st_session *ls_st_find(const struct ls_st *st, const char *id, size_t id_bytes);
/* Back to the initial numbers; payloads are forgotten, EL sync and its window stay as they are. */
void ls_st_reset(struct ls_st *st, struct ls_st_session *s);
/* Removes it and remembers its id. s is then no session any more. */
void ls_st_delete(struct ls_st *st, struct ls_st_session *s);
/* Deletes what was not used for idle_ns_max. */
void ls_st_expire(struct ls_st *st, uint64_t now_ns);
uint32_t ls_st_count(const struct ls_st *st);
/* i-th session by id, in byte order; i < ls_st_count. */
struct ls_st_session *ls_st_at(const struct ls_st *st, uint32_t i);

/* --- reads (1.7) --- */

enum ls_st_tag {
    LS_ST_NUMBER,
    LS_ST_LATEST,
    LS_ST_SAFE,
    LS_ST_FINALIZED,
    LS_ST_PENDING,
    LS_ST_EARLIEST
};

/* The number the chain behind is asked for; false: not found, without asking. number counts for
 * LS_ST_NUMBER only. */
bool ls_st_target(const struct ls_st_session *s, enum ls_st_tag tag, uint64_t number,
                  uint64_t *target);
/* A block found by hash is shown: its number is not above latest, validated or not (Q3). */
bool ls_st_is_visible(const struct ls_st_session *s, uint64_t number);

/* --- newPayload (1.13, steps 7 - 10) --- */

/* The payload is judged: at most one above what is validated. Otherwise it is SYNCING, unseen. */
bool ls_st_payload_is_near(const struct ls_st_session *s, uint64_t number);
/* A near payload was valid. */
void ls_st_payload_valid(struct ls_st_session *s, uint64_t number);

/* --- forkchoiceUpdated (1.10, steps 3 - 6) --- */

/* The head, by number: true when it stands and the labels are looked at next, false for SYNCING.
 * With EL sync it may advance all the same (Q7). */
bool ls_st_head(struct ls_st_session *s, uint64_t number);
/* A label: false when it is above latest and hence "not canonical". */
bool ls_st_finalized(struct ls_st_session *s, uint64_t number);
bool ls_st_safe(struct ls_st_session *s, uint64_t number);

/* --- payloads (1.11, 1.12) --- */

#define LS_ST_PAYLOAD_ID_BYTES 8u

/* A payload that was asked for: simply a block of the chain behind. */
struct ls_st_payload {
    uint8_t id[LS_ST_PAYLOAD_ID_BYTES]; /* byte 0 is the version of the forkchoice method */
    uint32_t block;                     /* universe id */
    bool has_withdrawals;
};

/* Remembers it; the same id again replaces. Out of room, the oldest of the session goes, or when it
 * has none, the newcomer. */
void ls_st_payload_put(struct ls_st *st, struct ls_st_session *s, const struct ls_st_payload *p);
/* Hands it out, once. false: unknown. */
bool ls_st_payload_take(struct ls_st *st, struct ls_st_session *s,
                        const uint8_t id[LS_ST_PAYLOAD_ID_BYTES], struct ls_st_payload *out);
/* getPayloadV<method> takes ids of this version. */
bool ls_st_payload_fits(unsigned method, uint8_t id_version);

#endif
