#include "node/io/notes.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/hex.h"

#define BLOCK_TEXT_BYTES 96u /* 0x, 64 digits, a colon, 20 digits */

/* What a note's blocks are called; NULL = the note has none. Notes whose a and b are bare numbers
 * (chain ids) are told by their zero hashes. */
struct names {
    const char *a;
    const char *b;
};

static struct names names_of(enum ls_note n)
{
    switch (n) {
    case LS_NOTE_ENGINE_WRONG_CHAIN:
    case LS_NOTE_ENGINE_WRONG_GENESIS:
    case LS_NOTE_SOURCE_WRONG_CHAIN:
    case LS_NOTE_L1_WRONG_CHAIN:
        return (struct names){"found", "expected"};
    case LS_NOTE_ENGINE_NO_GENESIS:
        return (struct names){"expected", NULL};
    case LS_NOTE_ENGINE_READY:
    case LS_NOTE_HEAD_INVALID:
        return (struct names){"head", NULL};
    case LS_NOTE_ENGINE_SYNCING:
        return (struct names){"target", NULL};
    case LS_NOTE_ENGINE_LOST_BLOCKS:
        return (struct names){"lost", "latest"};
    case LS_NOTE_ENGINE_LABELS:
        return (struct names){"safe", "finalized"};
    case LS_NOTE_SOURCE_MOVED:
        return (struct names){"finalized", "safe"};
    case LS_NOTE_SOURCE_ORDER:
        return (struct names){"lower", "upper"};
    case LS_NOTE_SOURCE_ZERO:
        return (struct names){NULL, "safe"};
    case LS_NOTE_SOURCE_REGRESS:
    case LS_NOTE_SOURCE_REGRESS_FOLLOWED:
    case LS_NOTE_SOURCE_GENESIS:
    case LS_NOTE_CONTRADICTION:
        return (struct names){"source", "ours"};
    case LS_NOTE_L1_MISMATCH:
    case LS_NOTE_L1_LAG:
        return (struct names){"origin", NULL};
    case LS_NOTE_DIVERGED:
        return (struct names){"ours", "source"};
    case LS_NOTE_DAMPED:
        return (struct names){"source", NULL};
    case LS_NOTE_GAP:
        return (struct names){"head", "lowest"};
    case LS_NOTE_PAYLOAD_INVALID:
    case LS_NOTE_PAYLOAD_DROPPED:
        return (struct names){"payload", NULL};
    case LS_NOTE_FOLLOWED:
        return (struct names){"safe", NULL};
    case LS_NOTE_ENGINE_DOWN:
    case LS_NOTE_ENGINE_AUTH:
    case LS_NOTE_ENGINE_ERROR:
    case LS_NOTE_ENGINE_BACK:
    case LS_NOTE_ENGINE_SYNCED:
    case LS_NOTE_ENGINE_AGREES:
    case LS_NOTE_ENGINE_REFUSES:
    case LS_NOTE_ENGINE_OPERATOR:
    case LS_NOTE_SOURCE_READY:
    case LS_NOTE_SOURCE_DOWN:
    case LS_NOTE_SOURCE_BACK:
    case LS_NOTE_SOURCE_INVALID:
    case LS_NOTE_SOURCE_NO_IDENTITY:
    case LS_NOTE_SOURCE_OK:
    case LS_NOTE_CONTRADICTION_OVER:
    case LS_NOTE_L1_DOWN:
    case LS_NOTE_L1_BACK:
    case LS_NOTE_L1_OK:
    case LS_NOTE_QUEUE_FULL:
    case LS_NOTE_COUNT:
        break;
    }
    return (struct names){"a", "b"};
}

/* "0x…:number", or the number alone when there is no hash; false when there is nothing to say. */
static bool block_text(const struct ls_block_id *id, char out[BLOCK_TEXT_BYTES])
{
    char hex[65] = {0};

    if (ls_hash_is_zero(&id->hash)) {
        (void)snprintf(out, BLOCK_TEXT_BYTES, "%" PRIu64, id->number);
        return id->number != 0;
    }
    ls_hex_encode(id->hash.b, sizeof id->hash.b, hex);
    (void)snprintf(out, BLOCK_TEXT_BYTES, "0x%s:%" PRIu64, hex, id->number);
    return true;
}

void ls_notes_write(struct ls_log *log, const struct ls_action *note, const char *detail)
{
    struct names names = names_of(note->note);
    char a[BLOCK_TEXT_BYTES];
    char b[BLOCK_TEXT_BYTES];
    struct ls_field f[4];
    size_t n = 0;

    if (names.a != NULL && block_text(&note->a, a)) {
        f[n++] = LS_F_STR(names.a, a);
    }
    if (names.b != NULL && block_text(&note->b, b)) {
        f[n++] = LS_F_STR(names.b, b);
    }
    if (note->code != 0) {
        f[n++] = LS_F_I64("code", note->code);
    }
    if (detail != NULL && detail[0] != '\0') {
        f[n++] = LS_F_STR("why", detail);
    }
    ls_log_write(log, (enum ls_log_level)ls_note_level(note->note), ls_note_text(note->note), f, n);
}
