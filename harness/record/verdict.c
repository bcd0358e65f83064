#include "harness/record/verdict.h"

#include <inttypes.h>
#include <stdio.h>

#include "harness/report/tap.h"

#define LINE_MAX_BYTES 160u

/* What was asked of the node is not its doing. */
static bool is_judged(const struct ls_tape *tape, enum ls_peer peer)
{
    return peer != LS_PEER_NODE && ls_tape_has(tape, peer);
}

size_t ls_verdict_count(const struct ls_tape *tape)
{
    size_t n = 0;

    for (int p = 0; p < LS_PEER_COUNT; p++) {
        n += is_judged(tape, (enum ls_peer)p) ? 1 : 0;
    }
    return n;
}

static void put_number(struct ls_buf *b, const char *key, size_t n)
{
    (void)ls_buf_printf(b, "  %s: %zu\n", key, n);
}

static void put_detail(const struct ls_match_sum *sum, struct ls_buf *b)
{
    const struct ls_match_difference *f = &sum->first;

    ls_tap_yaml(b);
    put_number(b, "recorded", sum->recorded);
    put_number(b, "as_recorded", sum->same);
    put_number(b, "missing", sum->missing);
    put_number(b, "extra", sum->extra);
    (void)ls_buf_puts(b, "  first_difference:\n");
    if (f->has_expected) {
        (void)ls_buf_printf(b, "    seq: %" PRIu64 "\n", f->seq);
    }
    (void)ls_buf_puts(b, "  ");
    ls_tap_yaml_str(b, "expected", f->has_expected ? f->expected : "no call");
    (void)ls_buf_puts(b, "  ");
    ls_tap_yaml_str(b, "got", f->got[0] != '\0' ? f->got : "no call");
    ls_tap_yaml_end(b);
}

static void describe(enum ls_peer peer, const struct ls_match_sum *sum, bool is_loose, char *out)
{
    int n = snprintf(out, LINE_MAX_BYTES, "%s: %zu of %zu calls as recorded", ls_peer_name(peer),
                     sum->same, sum->recorded);

    if (is_loose && sum->repeated > 0 && n > 0) {
        (void)snprintf(out + n, LINE_MAX_BYTES - (size_t)n, ", %zu answered again", sum->repeated);
    }
}

bool ls_verdict_write(const struct ls_match *m, const struct ls_tape *tape, bool is_loose,
                      struct ls_buf *b)
{
    char line[LINE_MAX_BYTES];
    size_t number = 0;
    bool is_equal = true;

    for (int p = 0; p < LS_PEER_COUNT; p++) {
        const struct ls_match_sum *sum = ls_match_sum(m, (enum ls_peer)p);
        if (!is_judged(tape, (enum ls_peer)p)) {
            continue;
        }
        describe((enum ls_peer)p, sum, is_loose, line);
        ls_tap_test(b, ++number, sum->first.is_there ? LS_OUTCOME_FAILED : LS_OUTCOME_PASSED, line,
                    NULL);
        if (sum->first.is_there) {
            put_detail(sum, b);
            is_equal = false;
        }
    }
    return is_equal;
}
