#include "harness/run/options.h"

#include <getopt.h>
#include <string.h>

#include "lib/num.h"

const char *ls_run_usage(void)
{
    return "usage: lockstep run [options] [FILE.lua | FOLDER | ID]…\n"
           "Runs scenarios against a consensus node; all of scenarios/ when none is named.\n"
           "  -j, --jobs N       scenarios at the same time (default 8)\n"
           "      --cl PATH      the node's program (default: lightcl beside lockstep)\n"
           "      --cl-kind K    how it is started and asked (default lightcl)\n"
           "      --profile P    the engine's rules where a scenario names none, such as reth\n"
           "      --variant V    only A (EL tags) or only B (CL status)\n"
           "      --fixture F    only this fixture\n"
           "      --fixtures DIR where the fixtures are\n"
           "      --from N       of each fixture only blocks N … M, genesis and what belongs to "
           "them;\n"
           "      --to M         reads no more of a large capture than that\n"
           "      --tick T       follow-poll period, such as 50ms (default)\n"
           "      --seed N       seed of forks, secrets and math.random (default 1)\n"
           "      --long         long forms of the scenarios that have one\n"
           "      --repeat N     everything N times, with seeds N apart by one\n"
           "      --trace-dir D  keep every trace in D (default: those of failures, in $TMPDIR)\n"
           "      --tap FILE     the results once more in FILE, whole or not at all\n"
           "Exit code: 0 all passed, 1 some failed, 2 wrong usage or a wrong scenario file.\n";
}

enum {
    OPT_CL = 256,
    OPT_KIND,
    OPT_PROFILE,
    OPT_VARIANT,
    OPT_FIXTURE,
    OPT_FIXTURES,
    OPT_FROM,
    OPT_TO,
    OPT_TICK,
    OPT_SEED,
    OPT_LONG,
    OPT_REPEAT,
    OPT_TRACE_DIR,
    OPT_TAP
};

static enum ls_err number(const char *flag, const char *text, uint64_t min, uint64_t max,
                          uint64_t *out, struct ls_diag *d)
{
    uint64_t n;
    if (ls_parse_dec(text, strlen(text), &n) != LS_OK || n < min || n > max) {
        return ls_fail(d, LS_ERR_USAGE, "%s \"%s\": a number from %llu to %llu is needed", flag,
                       text, (unsigned long long)min, (unsigned long long)max);
    }
    *out = n;
    return LS_OK;
}

static enum ls_err profile(const char *text, struct ls_run_options *out, struct ls_diag *d)
{
    char names[LS_EL_NAMES_MAX];
    const char *block;
    out->profile = text;
    if (ls_engine_profile_read(text, &out->engine, &block) == LS_EL_CHOICE_OK && block == NULL) {
        return LS_OK;
    }
    ls_engine_profile_names(names, sizeof names);
    return ls_fail(d, LS_ERR_USAGE, "--profile: \"%.40s\" is none of%s, without one block", text,
                   names);
}

static enum ls_err variant(const char *text, struct ls_run_options *out, struct ls_diag *d)
{
    if (strcmp(text, "A") != 0 && strcmp(text, "B") != 0) {
        return ls_fail(d, LS_ERR_USAGE, "--variant \"%s\": A or B is needed", text);
    }
    out->only_variant = true;
    out->variant = text[0] == 'A' ? LS_VARIANT_A : LS_VARIANT_B;
    return LS_OK;
}

static enum ls_err tick(const char *text, struct ls_run_options *out, struct ls_diag *d)
{
    uint64_t ns;
    if (ls_parse_duration(text, &ns) != LS_OK || ns < 1000000u || ns > UINT64_C(3600000000000)) {
        return ls_fail(d, LS_ERR_USAGE, "--tick \"%s\": a duration from 1ms to 1h is needed", text);
    }
    out->tick_ns = ns;
    return LS_OK;
}

static enum ls_err take(int opt, const char *arg, struct ls_run_options *out, struct ls_diag *d)
{
    uint64_t n = 0;
    enum ls_err err = LS_OK;
    switch (opt) {
    case 'j':
        err = number("--jobs", arg, 1, LS_RUN_JOBS_MAX, &n, d);
        out->workers = (unsigned)n;
        return err;
    case OPT_REPEAT:
        err = number("--repeat", arg, 1, LS_RUN_REPEAT_MAX, &n, d);
        out->repeat = (unsigned)n;
        return err;
    case OPT_FROM:
        return number("--from", arg, 0, UINT64_MAX, &out->from, d);
    case OPT_TO:
        return number("--to", arg, 0, UINT64_MAX, &out->to, d);
    case OPT_SEED:
        return number("--seed", arg, 0, INT64_MAX, &out->seed, d);
    case OPT_TICK:
        return tick(arg, out, d);
    case OPT_VARIANT:
        return variant(arg, out, d);
    case OPT_CL:
        out->cl = arg;
        break;
    case OPT_KIND:
        out->cl_kind = arg;
        break;
    case OPT_PROFILE:
        return profile(arg, out, d);
    case OPT_FIXTURE:
        out->fixture = arg;
        break;
    case OPT_FIXTURES:
        out->fixtures = arg;
        break;
    case OPT_TRACE_DIR:
        out->trace_dir = arg;
        break;
    case OPT_TAP:
        out->tap_file = arg;
        break;
    case OPT_LONG:
        out->is_long = true;
        break;
    case 'h':
        out->wants_help = true;
        break;
    default:
        err = LS_ERR_USAGE;
        break;
    }
    return err;
}

enum ls_err ls_run_options_parse(int argc, char **argv, const char *program,
                                 struct ls_run_options *out, struct ls_diag *d)
{
    static const struct option flags[] = {{"jobs", required_argument, NULL, 'j'},
                                          {"cl", required_argument, NULL, OPT_CL},
                                          {"cl-kind", required_argument, NULL, OPT_KIND},
                                          {"profile", required_argument, NULL, OPT_PROFILE},
                                          {"variant", required_argument, NULL, OPT_VARIANT},
                                          {"fixture", required_argument, NULL, OPT_FIXTURE},
                                          {"fixtures", required_argument, NULL, OPT_FIXTURES},
                                          {"from", required_argument, NULL, OPT_FROM},
                                          {"to", required_argument, NULL, OPT_TO},
                                          {"tick", required_argument, NULL, OPT_TICK},
                                          {"seed", required_argument, NULL, OPT_SEED},
                                          {"long", no_argument, NULL, OPT_LONG},
                                          {"repeat", required_argument, NULL, OPT_REPEAT},
                                          {"trace-dir", required_argument, NULL, OPT_TRACE_DIR},
                                          {"tap", required_argument, NULL, OPT_TAP},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    *out = (struct ls_run_options){.program = program,
                                   .cl_kind = "lightcl",
                                   .tick_ns = LS_RUN_TICK_DEFAULT,
                                   .to = UINT64_MAX,
                                   .seed = 1,
                                   .workers = LS_RUN_JOBS_DEFAULT,
                                   .repeat = 1};
    enum ls_err err = LS_OK;
    int opt;
    optind = 0; /* glibc: start over, also after another parse in this process */
    opterr = 0;
    while (err == LS_OK && (opt = getopt_long(argc, argv, ":j:h", flags, NULL)) != -1) {
        const char *at = optind > 0 && optind <= argc ? argv[optind - 1] : "";
        if (opt == '?') {
            err = ls_fail(d, LS_ERR_USAGE, "unknown option \"%s\"; lockstep run --help lists them",
                          at);
        } else if (opt == ':') {
            err = ls_fail(d, LS_ERR_USAGE, "option \"%s\" needs a value", at);
        } else {
            err = take(opt, optarg, out, d);
        }
    }
    if (err == LS_OK && out->from > out->to) {
        err = ls_fail(d, LS_ERR_USAGE, "--from is above --to");
    }
    out->names = argv + optind;
    out->name_count = (size_t)(argc - optind);
    return err;
}
