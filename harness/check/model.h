/*
 * What the node under test could know at a moment of the trace: the vocabulary in which the
 * invariants are written (scenarios 8, "Model"). Inside harness/check only.
 */
#ifndef LS_HARNESS_CHECK_MODEL_H
#define LS_HARNESS_CHECK_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/check/check.h"

/* Growing set of hashes; order of insertion, no duplicates. */
struct ls_hash_set {
    struct ls_hash *items;
    size_t count;
    size_t cap;
};

/* A complete source answer that passes the reference gate: no zero hash, finalized <= safe <=
 * local safe by number, one chain (L1 gates are not modelled: too lenient by that much). */
struct ls_snapshot {
    struct ls_hash safe;
    struct ls_hash finalized;
    struct ls_hash local_safe;
};

/* Safe and finalized of a forkchoice; zero = not known. */
struct ls_label_pair {
    struct ls_hash safe;
    struct ls_hash finalized;
};

struct ls_check_model {
    const struct ls_check_config *cfg;
    uint32_t incarnation;
    /* reset by each START */
    struct ls_snapshot *snapshots;
    size_t snapshot_count;
    size_t snapshot_cap;
    bool source_is_past_genesis;   /* a snapshot with safe above genesis was delivered */
    bool finalized_is_genesis;     /* the newest snapshot's finalized is genesis */
    struct ls_hash read_finalized; /* variant A: half a snapshot */
    bool has_read_finalized;
    struct ls_hash read_safe;
    bool has_read_safe;
    struct ls_hash_set latest_reads; /* EL "latest" values the CL read */
    struct ls_hash_set label_reads;  /* EL safe and finalized read before the first forkchoice */
    struct ls_hash_set number_reads; /* blocks of the source that the CL read by number */
    struct ls_label_pair start;      /* newest of those; zero = unset or not read */
    bool has_forkchoice;             /* a forkchoice was sent */
    struct ls_label_pair sent;       /* of the newest forkchoice */
    struct ls_label_pair accepted;   /* of the newest one answered VALID */
    bool has_accepted;
    bool was_refused;  /* -38002 was answered: the zero fallback is open (P-6) */
    bool is_signalled; /* the harness asked it to end, or killed it */
    /* kept */
    struct ls_hash_set payloads; /* handed to the CL, or fetched by it and delivered */
    bool is_out_of_memory;
};

/* A model that has seen nothing; cfg is borrowed. Freed by ls_check_model_fini. */
void ls_check_model_init(struct ls_check_model *m, const struct ls_check_config *cfg);
void ls_check_model_fini(struct ls_check_model *m);

/* A request came in, or something happened that is no call. After the invariants looked at it. */
void ls_check_model_in(struct ls_check_model *m, const struct ls_trace_event *e);
/* Its answer had left. */
void ls_check_model_out(struct ls_check_model *m, const struct ls_trace_event *e);

/* h is in the set. */
bool ls_hash_set_has(const struct ls_hash_set *s, const struct ls_hash *h);
/* Id in the universe, LS_NO_BLOCK when unknown or absent. */
uint32_t ls_check_block(const struct ls_check_model *m, const struct ls_hash *h);
/* A call of engine_forkchoiceUpdated, whatever its version. */
bool ls_check_is_forkchoice(const struct ls_trace_event *e);

#endif
