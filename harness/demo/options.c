/* Defaults come from where the program stands: a build tree or an installation. */
#include "harness/demo/options.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/run/locate.h"
#include "lib/num.h"

#define TICK_NS_DEFAULT 250000000u
#define TICK_NS_MIN 50000000u
#define TICK_NS_MAX 4000000000u

static const char USAGE[] =
    "usage: lockstep demo [--variant A|B] [--tick TIME] [--fixture DIR] [--cl PATH] [--trace "
    "FILE]\n"
    "\n"
    "Follows a recorded chain over real sockets for half a minute, with a fork and a wiped engine\n"
    "on the way, and shows it on the terminal. Exit: 0 the node came out right, 1 it did not, 2\n"
    "wrong usage.\n"
    "\n"
    "  --variant A|B   what the node follows: an EL's labels or a CL's syncStatus (default B)\n"
    "  --tick TIME     the node's follow period, 50ms to 4s (default 250ms)\n"
    "  --fixture DIR   the recorded chain (default op-sepolia-window of the fixtures folder)\n"
    "  --cl PATH       the node's program (default: lightcl beside lockstep)\n"
    "  --trace FILE    where the trace goes (default: a new file in the temporary folder)\n";

static void set_defaults(struct ls_demo_options *o)
{
    char folder[LS_DEMO_PATH_MAX - 32];
    const char *temp = getenv("TMPDIR");

    *o = (struct ls_demo_options){.variant = LS_VARIANT_B, .tick_ns = TICK_NS_DEFAULT};
    if (ls_locate_folder("fixtures", folder, sizeof folder, NULL)) {
        strcpy(folder, "fixtures");
    }
    snprintf(o->fixture, sizeof o->fixture, "%s/op-sepolia-window", folder);
    if (ls_locate_program("lightcl", o->program, sizeof o->program)) {
        strcpy(o->program, "lightcl");
    }
    snprintf(o->trace, sizeof o->trace, "%.900s/lockstep-demo-%ld.jsonl",
             temp && *temp ? temp : "/tmp", (long)getpid());
}

static bool take_path(char out[LS_DEMO_PATH_MAX], const char *value)
{
    return snprintf(out, LS_DEMO_PATH_MAX, "%s", value) < (int)LS_DEMO_PATH_MAX;
}

static bool take_variant(struct ls_demo_options *o, const char *value)
{
    bool is_a = strcmp(value, "a") == 0 || strcmp(value, "A") == 0;
    bool is_b = strcmp(value, "b") == 0 || strcmp(value, "B") == 0;

    o->variant = is_a ? LS_VARIANT_A : LS_VARIANT_B;
    return is_a || is_b;
}

static bool take_tick(struct ls_demo_options *o, const char *value)
{
    return ls_parse_duration(value, &o->tick_ns) == LS_OK && o->tick_ns >= TICK_NS_MIN &&
           o->tick_ns <= TICK_NS_MAX;
}

/* One option with its value; false when the value is no good. */
static bool take_option(struct ls_demo_options *o, int name, const char *value)
{
    switch (name) {
    case 'v':
        return take_variant(o, value);
    case 't':
        return take_tick(o, value);
    case 'f':
        return take_path(o->fixture, value);
    case 'c':
        return take_path(o->program, value);
    case 'o':
        return take_path(o->trace, value);
    default:
        return false;
    }
}

enum ls_demo_start ls_demo_options_read(int argc, char **argv, struct ls_demo_options *o)
{
    static const struct option names[] = {
        {"variant", required_argument, NULL, 'v'},
        {"tick", required_argument, NULL, 't'},
        {"fixture", required_argument, NULL, 'f'},
        {"cl", required_argument, NULL, 'c'},
        {"trace", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;

    set_defaults(o);
    optind = 1;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":h", names, NULL)) != -1) {
        if (c == 'h') {
            fputs(USAGE, stdout);
            return LS_DEMO_HELPED;
        }
        if (c == '?' || c == ':') {
            fprintf(stderr, "lockstep demo: %s \"%s\"; see lockstep demo --help\n",
                    c == ':' ? "no value after" : "unknown option", argv[optind - 1]);
            return LS_DEMO_MISUSED;
        }
        if (!take_option(o, c, optarg)) {
            fprintf(stderr, "lockstep demo: bad value \"%s\"; see lockstep demo --help\n", optarg);
            return LS_DEMO_MISUSED;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "lockstep demo: unexpected argument \"%s\"; see lockstep demo --help\n",
                argv[optind]);
        return LS_DEMO_MISUSED;
    }
    return LS_DEMO_GO;
}
