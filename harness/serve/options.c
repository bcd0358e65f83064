#include "harness/serve/options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/num.h"

#define PEERS_DEFAULT 200u
#define SAFE_LAG_DEFAULT 30u
#define FINALIZED_LAG_DEFAULT 120u

const char ls_serve_usage[] =
    "usage: lockstep serve --fixture DIR [options]\n"
    "\n"
    "The mock engine, the node to follow and the L1 over a recorded chain, as servers for a\n"
    "consensus node, for cast and curl. Runs until Ctrl-C. docs/SERVE.md is a tour.\n"
    "\n"
    "  --fixture DIR      the recorded chain (see lockstep info)\n"
    "  --el ADDR          engine, authenticated                          (default port 8551)\n"
    "  --el-http ADDR     the same engine, public: no token, no engine_* (8545)\n"
    "  --source-el ADDR   the node to follow, as an execution node       (8645)\n"
    "  --source-cl ADDR   the node to follow, as a consensus node        (8647)\n"
    "  --l1 ADDR          L1                                             (8745)\n"
    "  --synctester ADDR  URLs of the upstream sync tester               (8845)\n"
    "  --synctester-config FILE\n"
    "                     chains of op-sync-tester's config file instead of the served one; "
    "el_rpc\n"
    "                     names the folder of a recorded chain\n"
    "  --synctester-jwt FILE\n"
    "                     the sync tester asks for tokens, too (default: it does not)\n"
    "  --synctester-sessions N, --synctester-idle S\n"
    "                     most sessions of a chain (default 1024); seconds after which an unused\n"
    "                     one is deleted (default 0: never)\n"
    "  --control ADDR     control API, and a page for the browser        (8700)\n"
    "                     ADDR is HOST:PORT, :PORT, PORT or off; HOST is 127.0.0.1 unless said;\n"
    "                     port 0 is any free one. A usual port that is taken is replaced by a "
    "free\n"
    "                     one. What was opened is printed\n"
    "  --profile P[:X]    personality of the engine (default geth)\n"
    "  --start H[/S[/F]]  head, safe and finalized block of the engine (default: genesis, or the\n"
    "                     first recorded block when there is a gap behind genesis)\n"
    "  --peers N          blocks a second the engine gets from its peers (default 200, 0 = none)\n"
    "  --state empty|none what reads of accounts say, as state is not recorded: as if they were\n"
    "                     never used (default), or an error as of an engine that pruned it\n"
    "  --pace real|N|manual\n"
    "                     heads move as recorded, N times as fast, or by hand (default real)\n"
    "  --lag S,F          blocks that safe and finalized are behind, where no labels are recorded\n"
    "                     (default 30,120)\n"
    "  --jwt FILE         secret of the engine's port, made when the file is not there; none: no\n"
    "                     token is asked for (default: a new one, its path is printed)\n"
    "  --trace FILE       one line of JSON for each call\n"
    "  --gossip URL       RPC of your node: each new unsafe block of the source is handed to it\n"
    "                     (admin_postUnsafePayload), as gossip would; what it misses is lost\n"
    "  --fault RULE       PORT:KIND[,member=value]…, such as\n"
    "                     el:delay,method=engine_newPayload*,ms=300; may be given again\n"
    "  --seed N           of every chance (default 1)\n";

enum ls_err ls_serve_address_parse(const char *text, struct ls_serve_address *out,
                                   struct ls_diag *d)
{
    const char *colon = strrchr(text, ':');
    const char *port = colon != NULL ? colon + 1 : text;
    size_t host_n = colon != NULL ? (size_t)(colon - text) : 0;
    struct in_addr parsed;
    uint64_t number;

    *out = (struct ls_serve_address){.is_given = true, .address = "127.0.0.1"};
    if (strcmp(text, "off") == 0) {
        out->is_off = true;
        return LS_OK;
    }
    if (host_n >= sizeof out->address || ls_parse_dec(port, strlen(port), &number) != LS_OK ||
        number > UINT16_MAX) {
        return ls_fail(d, LS_ERR_USAGE, "\"%.60s\" is no address; write HOST:PORT, PORT or off",
                       text);
    }
    out->port = (uint16_t)number;
    if (host_n > 0 && strncmp(text, "localhost:", host_n + 1) != 0) {
        (void)snprintf(out->address, sizeof out->address, "%.*s", (int)host_n, text);
    }
    return inet_pton(AF_INET, out->address, &parsed) == 1
               ? LS_OK
               : ls_fail(d, LS_ERR_USAGE, "\"%s\" is no IPv4 address", out->address);
}

enum ls_err ls_serve_start_parse(const char *text, struct ls_stage_start *out, struct ls_diag *d)
{
    uint64_t numbers[3] = {0};
    const char *at = text;
    size_t count = 0;
    bool is_over = false;

    while (!is_over && count < 3) {
        size_t n = strcspn(at, "/");
        if (ls_parse_dec(at, n, &numbers[count]) != LS_OK) {
            break;
        }
        count++;
        is_over = at[n] == '\0';
        at += n + 1;
    }
    if (!is_over) {
        return ls_fail(d, LS_ERR_USAGE,
                       "\"%.60s\" is no start; write HEAD, HEAD/SAFE or HEAD/SAFE/FINALIZED", text);
    }
    *out = (struct ls_stage_start){.is_given = true,
                                   .has_safe = count > 1,
                                   .has_finalized = count > 2,
                                   .head = numbers[0],
                                   .safe = numbers[1],
                                   .finalized = numbers[2]};
    return LS_OK;
}

static enum ls_err parse_lags(const char *text, struct ls_lags *out, struct ls_diag *d)
{
    const char *comma = strchr(text, ',');

    if (comma == NULL || ls_parse_dec(text, (size_t)(comma - text), &out->safe) != LS_OK ||
        ls_parse_dec(comma + 1, strlen(comma + 1), &out->finalized) != LS_OK ||
        out->finalized < out->safe || out->finalized > UINT32_MAX) {
        return ls_fail(d, LS_ERR_USAGE,
                       "--lag: \"%.40s\" is not two numbers of blocks, such as 30,120", text);
    }
    return LS_OK;
}

static enum ls_err parse_state(const char *text, struct ls_serve_options *o, struct ls_diag *d)
{
    o->state = strcmp(text, "none") == 0 ? LS_ETH_STATE_MISSING : LS_ETH_STATE_EMPTY;
    return strcmp(text, "none") == 0 || strcmp(text, "empty") == 0
               ? LS_OK
               : ls_fail(d, LS_ERR_USAGE, "--state: \"%.40s\" is neither empty nor none", text);
}

static void set_defaults(struct ls_serve_options *o)
{
    static const uint16_t usual[LS_SERVE_PORT_COUNT + 1] = {
        [LS_SERVE_EL] = 8551,        [LS_SERVE_EL_HTTP] = 8545, [LS_SERVE_SOURCE_EL] = 8645,
        [LS_SERVE_SOURCE_CL] = 8647, [LS_SERVE_L1] = 8745,      [LS_SERVE_SYNCTESTER] = 8845,
        [LS_SERVE_CONTROL] = 8700};

    *o = (struct ls_serve_options){.profile = "geth",
                                   .pace = {.is_running = true, .milli = LS_PACE_REAL},
                                   .lags = {SAFE_LAG_DEFAULT, FINALIZED_LAG_DEFAULT},
                                   .peers = PEERS_DEFAULT,
                                   .seed = 1,
                                   .state = LS_ETH_STATE_EMPTY};
    for (size_t p = 0; p <= LS_SERVE_PORT_COUNT; p++) {
        o->addresses[p] = (struct ls_serve_address){.address = "127.0.0.1", .port = usual[p]};
    }
}

/* Values that are words; NULL: not given. */
struct words {
    const char *addresses[LS_SERVE_PORT_COUNT + 1];
    const char *profile, *start, *state, *pace, *lag;
};

static enum ls_err take_words(const struct words *w, struct ls_serve_options *o, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    for (size_t p = 0; e == LS_OK && p <= LS_SERVE_PORT_COUNT; p++) {
        if (w->addresses[p] != NULL) {
            e = ls_serve_address_parse(w->addresses[p], &o->addresses[p], d);
        }
    }
    if (e == LS_OK && w->profile != NULL) {
        o->profile = w->profile;
        e = ls_stage_check_profile(w->profile, d);
    }
    if (e == LS_OK && w->start != NULL) {
        e = ls_serve_start_parse(w->start, &o->start, d);
    }
    if (e == LS_OK && w->state != NULL) {
        e = parse_state(w->state, o, d);
    }
    if (e == LS_OK && w->pace != NULL) {
        e = ls_pace_parse(w->pace, &o->pace, d);
    }
    if (e == LS_OK && w->lag != NULL) {
        e = parse_lags(w->lag, &o->lags, d);
    }
    return e;
}

static enum ls_err check(const struct ls_serve_options *o, const struct ls_cmd_list *rest,
                         struct ls_diag *d)
{
    if (rest->count > 0) {
        return ls_fail(d, LS_ERR_USAGE, "unexpected argument \"%.80s\"", rest->items[0]);
    }
    if (o->fixture == NULL) {
        return ls_fail(d, LS_ERR_USAGE, "--fixture DIR is missing");
    }
    if (o->gossip != NULL && strncmp(o->gossip, "http://", 7) != 0) {
        return ls_fail(d, LS_ERR_USAGE,
                       "--gossip: \"%.80s\" is no URL of a node; write http://HOST:PORT",
                       o->gossip);
    }
    if (o->peers > 1000000u) {
        return ls_fail(d, LS_ERR_USAGE, "--peers: at most 1000000 blocks a second");
    }
    return LS_OK;
}

enum ls_err ls_serve_options_read(int argc, char **argv, struct ls_serve_options *o,
                                  struct ls_diag *d)
{
    struct ls_cmd_list rest = {0};
    struct words w = {0};
    enum ls_err e;

    set_defaults(o);
    const struct ls_cmd_option known[] = {
        {.name = "--fixture", .value = &o->fixture},
        {.name = "--el", .value = &w.addresses[LS_SERVE_EL]},
        {.name = "--el-http", .value = &w.addresses[LS_SERVE_EL_HTTP]},
        {.name = "--source-el", .value = &w.addresses[LS_SERVE_SOURCE_EL]},
        {.name = "--source-cl", .value = &w.addresses[LS_SERVE_SOURCE_CL]},
        {.name = "--l1", .value = &w.addresses[LS_SERVE_L1]},
        {.name = "--synctester", .value = &w.addresses[LS_SERVE_SYNCTESTER]},
        {.name = "--synctester-config", .value = &o->synctester_config},
        {.name = "--synctester-jwt", .value = &o->synctester_jwt},
        {.name = "--synctester-sessions", .number = &o->synctester_sessions},
        {.name = "--synctester-idle", .number = &o->synctester_idle_s},
        {.name = "--control", .value = &w.addresses[LS_SERVE_CONTROL]},
        {.name = "--profile", .value = &w.profile},
        {.name = "--start", .value = &w.start},
        {.name = "--peers", .number = &o->peers},
        {.name = "--state", .value = &w.state},
        {.name = "--pace", .value = &w.pace},
        {.name = "--lag", .value = &w.lag},
        {.name = "--jwt", .value = &o->jwt},
        {.name = "--trace", .value = &o->trace},
        {.name = "--gossip", .value = &o->gossip},
        {.name = "--fault", .list = &o->faults},
        {.name = "--seed", .number = &o->seed},
        {.name = NULL},
    };
    e = ls_cmd_list_init(&rest, argc, d);
    if (e == LS_OK) {
        e = ls_cmd_list_init(&o->faults, argc, d);
    }
    if (e == LS_OK) {
        e = ls_cmd_parse(argc, argv, known, &rest, &o->is_help, d);
    }
    if (e == LS_OK && !o->is_help) {
        e = take_words(&w, o, d);
    }
    if (e == LS_OK && !o->is_help) {
        e = check(o, &rest, d);
    }
    free(rest.items);
    return e;
}

void ls_serve_options_fini(struct ls_serve_options *o)
{
    free(o->faults.items);
    o->faults = (struct ls_cmd_list){0};
}
