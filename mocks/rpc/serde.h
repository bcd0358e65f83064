/*
 * JSON decoded into C structs the way op-reth's decoder does it (serde_json driven by derived and
 * hand-written Deserialize of alloy's types): what it lets pass, which fault it meets first, and
 * the words and the place it names, because a consensus node sees and logs them: "missing field
 * `gasUsed` at line 1 column 1880". Types are tables (struct ls_serde_type); nothing here knows a
 * method. Go's way is mocks/rpc/args.h.
 *
 * The text must be grammatical JSON. A place counts the bytes that were consumed when the fault
 * was seen, as serde_json does: a value of the wrong type was read, a sequence was entered.
 */
#ifndef LS_MOCKS_SERDE_H
#define LS_MOCKS_SERDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/bytes.h"

/* Deepest nesting serde_json reads. */
#define LS_SERDE_DEPTH_MAX 128u

struct ls_serde {
    const char *text;
    size_t n;
    size_t at;
    unsigned depth_left;
    bool is_buffered; /* the values were read once before: faults have no place of their own */
    struct ls_arena *arena;
    struct ls_buf fault; /* the sentence; empty: none */
    bool is_placed;      /* it says where */
};

enum ls_serde_kind {
    LS_SERDE_FIXED,    /* alloy's FixedBytes: hex with or without 0x, or an array of u8 */
    LS_SERDE_BYTES,    /* alloy's Bytes */
    LS_SERDE_UINT,     /* ruint's Uint: number, decimal, 0x, 0o or 0b text; into uint64_t or u256 */
    LS_SERDE_NUMBER,   /* u64, a JSON number only */
    LS_SERDE_BOOL,     /* */
    LS_SERDE_STRING,   /* into struct ls_span */
    LS_SERDE_NAME,     /* an enum without content: one of a list of names; into unsigned */
    LS_SERDE_LIST,     /* Vec; into struct ls_serde_list */
    LS_SERDE_STRUCT,   /* */
    LS_SERDE_BLOCK,    /* BlockNumberOrTag; into struct ls_serde_block */
    LS_SERDE_BLOCK_ID, /* EIP-1898; into struct ls_serde_block */
};

struct ls_serde_struct;

struct ls_serde_type {
    enum ls_serde_kind kind;
    size_t bytes;                     /* FIXED, UINT: of the value. LIST: of an item */
    const struct ls_serde_type *item; /* LIST */
    const struct ls_serde_struct *of; /* STRUCT */
    const char *const *names;         /* NAME; ends with NULL */
};

#define LS_SERDE_NO_FLAG ((size_t)-1)

struct ls_serde_field {
    const char *name;
    const char *alias; /* NULL: none */
    const struct ls_serde_type *type;
    size_t offset;    /* in the result */
    bool is_optional; /* Option: may be absent or null */
    size_t flag;      /* offset of a bool that says whether it is there; LS_SERDE_NO_FLAG */
};

struct ls_serde_struct {
    const char *name;
    const struct ls_serde_field *fields;
    size_t field_count;
    bool denies_unknown;
    /* Its fields stand among ours (serde's flatten). They go to the same result, after ours. */
    const struct ls_serde_struct *flat;
};

struct ls_serde_list {
    void *items;
    size_t count;
};

enum ls_serde_tag {
    LS_SERDE_TAG_NUMBER,
    LS_SERDE_TAG_LATEST,
    LS_SERDE_TAG_FINALIZED,
    LS_SERDE_TAG_SAFE,
    LS_SERDE_TAG_EARLIEST,
    LS_SERDE_TAG_PENDING,
    LS_SERDE_TAG_HASH /* BLOCK_ID only */
};

struct ls_serde_block {
    enum ls_serde_tag tag;
    uint64_t number;
    uint8_t hash[32];
    char text[72]; /* as serde prints it: the tag, or the number in hex */
};

/* The n bytes of text are borrowed; decoded strings, bytes and lists live in the arena. Freed by
 * ls_serde_fini. */
void ls_serde_init(struct ls_serde *s, const char *text, size_t n, struct ls_arena *arena);
void ls_serde_fini(struct ls_serde *s);

/* Decodes the value at the cursor into out. false: s->fault says why. */
bool ls_serde_decode(struct ls_serde *s, const struct ls_serde_type *t, void *out);
/* The same for Option of the type; *is_there (may be NULL) is set. */
bool ls_serde_decode_option(struct ls_serde *s, const struct ls_serde_type *t, void *out,
                            bool *is_there);

/* --- for the files of this family --- */

/* Skips white space; the next byte, 0 at the end. */
char ls_serde_peek(struct ls_serde *s);
/* Notes a fault without a place; the first one stays. Returns false. */
bool ls_serde_fail(struct ls_serde *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds the place of the cursor to a fault without one. Returns whether there is no fault. */
bool ls_serde_place(struct ls_serde *s);
/* Reads the string at the cursor; the span is borrowed from text or arena. */
bool ls_serde_string(struct ls_serde *s, struct ls_span *out);
/* Moves past the value at the cursor. counts_depth: it is kept, so nesting has a limit. */
bool ls_serde_skip(struct ls_serde *s, bool counts_depth);
/* One more bracket is entered (its byte consumed) or left. */
bool ls_serde_enter(struct ls_serde *s);
void ls_serde_leave(struct ls_serde *s);
/* What serde_json does at the end of an array or object, also behind a fault. */
void ls_serde_end(struct ls_serde *s, char closing);

struct ls_serde_number {
    enum { LS_SERDE_UNSIGNED, LS_SERDE_SIGNED, LS_SERDE_FLOAT } kind;
    uint64_t u; /* UNSIGNED */
    int64_t i;  /* SIGNED, below zero */
    double f;   /* FLOAT */
};
/* Reads the number at the cursor. */
bool ls_serde_number(struct ls_serde *s, struct ls_serde_number *out);

/* "invalid type: X, expected Y" for the value at the cursor. is_any: as deserialize_any, which
 * enters arrays and objects; otherwise only scalars are consumed. */
bool ls_serde_wrong_type(struct ls_serde *s, bool is_any, const char *expected);
/* "invalid value: string "X", expected Y", X in Rust's quotes. */
bool ls_serde_wrong_text(struct ls_serde *s, struct ls_span text, const char *expected);

/* Adds the text to the fault in Rust's quotes. */
void ls_serde_quote(struct ls_serde *s, struct ls_span text);

/* Decoders of one kind (serde_scalar.c, serde_block.c). */
bool ls_serde_fixed(struct ls_serde *s, uint8_t *out, size_t n);
bool ls_serde_bytes(struct ls_serde *s, struct ls_span *out);
bool ls_serde_uint(struct ls_serde *s, size_t bytes, void *out);
bool ls_serde_u64(struct ls_serde *s, uint64_t *out);
bool ls_serde_bool(struct ls_serde *s, bool *out);
bool ls_serde_name(struct ls_serde *s, const char *const *names, unsigned *out);
bool ls_serde_block(struct ls_serde *s, struct ls_serde_block *out);
bool ls_serde_block_id(struct ls_serde *s, struct ls_serde_block *out);

#endif
