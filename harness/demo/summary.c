/* The verdict is the engine's labels and the invariants; what the node says of itself is not asked.
 */
#include "harness/demo/summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "harness/check/check.h"
#include "harness/demo/screen.h"
#include "mocks/model/engine.h"

#define VIOLATIONS_MAX 4u
#define GREEN "\x1b[1;32m"
#define RED "\x1b[1;31m"
#define PLAIN "\x1b[0m"

/* Number of violated invariants, told on stdout; negative when they cannot be judged. */
static int check_invariants(const struct ls_demo_result *r)
{
    struct ls_check_config config = {.l2 = r->chain->l2,
                                     .genesis = r->chain->genesis,
                                     .is_el_source = r->options->variant == LS_VARIANT_A,
                                     .is_strict = true};
    struct ls_violation found[VIOLATIONS_MAX];
    struct ls_diag d = {0};
    size_t count = 0;

    printf("  Invariants ");
    if (ls_check_run(&config, r->log, found, VIOLATIONS_MAX, &count, &d)) {
        printf("  not judged: %s\n", d.text);
        return -1;
    }
    for (size_t i = 0; ls_check_id(i); i++) {
        printf("  %s", ls_check_id(i));
    }
    printf("\n             %s over %zu events of the trace\n", count ? "  VIOLATED" : "  hold",
           ls_tracelog_count(r->log));
    for (size_t i = 0; i < count && i < VIOLATIONS_MAX; i++) {
        printf("               %s %s, trace line %zu: %s\n", found[i].invariant, found[i].title,
               found[i].line + 1, found[i].text);
    }
    return (int)count;
}

static void print_label(const struct ls_demo_result *r, const char *name, enum ls_label which)
{
    uint32_t id = ls_engine_label(r->story->world->engine, which);
    const struct ls_l2_ref *ref;
    char digits[32];

    if (id == LS_NO_BLOCK) {
        printf("  %s unset", name);
        return;
    }
    ref = &ls_universe_get(r->chain->l2, id)->ref;
    printf("  %s %s (0x%02x%02x%02x%02x…)", name, ls_screen_number(ref->number, digits),
           ref->hash.b[0], ref->hash.b[1], ref->hash.b[2], ref->hash.b[3]);
}

static void print_acts(const struct ls_demo_view *v)
{
    static const char *const stories[LS_DEMO_ACT_COUNT] = {
        "had genesis only, driven to the source's heads",
        "followed by gossip, left for the source's chain",
        "found empty again, driven up once more"};

    for (unsigned i = 0; i < LS_DEMO_ACT_COUNT; i++) {
        const struct ls_demo_act_view *a = &v->acts[i];
        printf("  %-16s ", ls_demo_act_title((enum ls_demo_act)i));
        switch (a->state) {
        case LS_DEMO_WAITING:
            printf("not reached\n");
            break;
        case LS_DEMO_RUNNING:
            printf("not finished\n");
            break;
        case LS_DEMO_PASSED:
            printf("%2" PRIu64 " %s   %s\n", a->ticks, a->ticks == 1 ? "tick " : "ticks",
                   stories[i]);
            break;
        case LS_DEMO_FAILED:
            printf("FAILED\n");
            break;
        }
    }
}

bool ls_demo_summarise(const struct ls_demo_result *r)
{
    bool is_right = r->story->phase == LS_STORY_PASSED && ls_story_labels_equal(r->story);
    int violations;

    printf("\nWhat happened, in ticks of %" PRIu64 " ms\n", r->options->tick_ns / 1000000u);
    print_acts(r->story->view);
    printf("\nVerdict, from the engine's labels\n  engine     ");
    print_label(r, "safe", LS_LABEL_SAFE);
    print_label(r, "finalized", LS_LABEL_FINALIZED);
    printf("\n               %s\n",
           is_right ? "both are the source's, number and hash" : "they are NOT the source's");
    violations = check_invariants(r);
    printf("  Calls        newPayload %" PRIu64 ", forkchoiceUpdated %" PRIu64 " (SYNCING %" PRIu64
           ", errors %" PRIu64 ")\n",
           r->story->view->new_payloads, r->story->view->forkchoices, r->story->view->syncing,
           r->story->view->errors);
    if (r->trace) {
        printf("  Trace        %s\n", r->trace);
    }
    is_right = is_right && violations == 0;
    printf("\n%s%s%s\n", r->is_coloured ? (is_right ? GREEN : RED) : "",
           is_right ? "lightcl came out right." : "lightcl did NOT come out right.",
           r->is_coloured ? PLAIN : "");
    return is_right;
}
