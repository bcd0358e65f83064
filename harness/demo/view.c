/* Bookkeeping of what the demo shows. */
#include "harness/demo/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ls_demo_tell(struct ls_demo_view *v, enum ls_demo_mood mood, const char *who, const char *fmt,
                  ...)
{
    struct ls_demo_event *e = &v->events[v->event_count % LS_DEMO_EVENTS_MAX];
    va_list args;

    e->number = ++v->event_count;
    e->tick = v->tick;
    e->mood = mood;
    snprintf(e->who, sizeof e->who, "%s", who);
    va_start(args, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, args);
    va_end(args);
}

const struct ls_demo_event *ls_demo_event_at(const struct ls_demo_view *v, uint64_t number)
{
    if (number == 0 || number > v->event_count || number + LS_DEMO_EVENTS_MAX <= v->event_count) {
        return NULL;
    }
    return &v->events[(number - 1) % LS_DEMO_EVENTS_MAX];
}

void ls_demo_sample_add(struct ls_demo_view *v, const struct ls_demo_sample *s)
{
    if (v->sample_count == LS_DEMO_SAMPLES_MAX) {
        for (size_t i = 0; i < LS_DEMO_SAMPLES_MAX / 2; i++) {
            v->samples[i] = v->samples[2 * i + 1];
        }
        v->sample_count = LS_DEMO_SAMPLES_MAX / 2;
    }
    v->samples[v->sample_count++] = *s;
}

const char *ls_demo_act_title(enum ls_demo_act a)
{
    switch (a) {
    case LS_DEMO_EMPTY:
        return "an empty engine";
    case LS_DEMO_FORK:
        return "the wrong fork";
    case LS_DEMO_WIPE:
        return "a wiped engine";
    case LS_DEMO_ACT_COUNT:
        break;
    }
    return "";
}
