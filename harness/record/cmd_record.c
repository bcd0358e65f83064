/*
 * lockstep record.
 */
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/capture/cmd.h"
#include "harness/capture/files.h"
#include "harness/capture/jsontext.h"
#include "harness/capture/manifest.h"
#include "harness/record/commands.h"
#include "harness/record/proxy.h"
#include "harness/record/recording.h"
#include "harness/record/transcript.h"
#include "lib/json.h"
#include "lib/json_scan.h"
#include "lib/log.h"

#define LEVEL_DEFAULT 9u
#define LEVEL_MAX 19u
#define TICK_NS UINT64_C(1000000000) /* nothing happens by the tick */

static const char usage[] =
    "usage: lockstep record --engine LISTEN=URL [--source LISTEN=URL] [--l1 LISTEN=URL] -o DIR\n"
    "       lockstep record --import FILE -o DIR\n"
    "       lockstep record --finish DIR\n"
    "\n"
    "Stands between a consensus node and its peers, passes everything on and records it in DIR, "
    "for\n"
    "lockstep replay. Tell the node the LISTEN ports instead of its peers'. Ctrl-C ends it.\n"
    "\n"
    "  --engine LISTEN=URL  the engine's port; tokens are passed on, never stored\n"
    "  --source LISTEN=URL  the node that is followed\n"
    "  --l1 LISTEN=URL      the L1\n"
    "  --node LISTEN=URL    the node's own RPC port, when payloads are handed to it there\n"
    "                       LISTEN is HOST:PORT or PORT; without HOST only this machine gets in;\n"
    "                       port 0 is any free one, which is printed\n"
    "  -o DIR               where to; the folder above it must exist\n"
    "  --rollup FILE        op-node's rollup.json, kept for replay --cl (else: what the source "
    "says)\n"
    "  --name NAME          name in the manifest (default: that of DIR)\n"
    "  --provenance TEXT    where the conversation comes from, without hosts; may be given again\n"
    "  --level N            zstd level 1..19 (default 9)\n"
    "  --import FILE        a transcript (docs/RECORDING.md) instead of ports\n"
    "  --finish DIR         end a recording whose recorder was killed\n";

struct request {
    const char *peers[LS_PEER_COUNT];
    char *urls[LS_PEER_COUNT];
    struct ls_gate_place at[LS_PEER_COUNT];
    const char *dir;
    const char *rollup_path;
    const char *name;
    const char *transcript;
    const char *unfinished;
    struct ls_cmd_list provenance;
    struct ls_cmd_list rest;
    uint64_t level;
    bool help;
    struct ls_tape_head head;
    struct ls_buf rollup;
};

/* --- the command line --- */

static enum ls_err parse(int argc, char **argv, struct request *q, struct ls_diag *d)
{
    const struct ls_cmd_option options[] = {
        {.name = "--engine", .value = &q->peers[LS_PEER_ENGINE]},
        {.name = "--source", .value = &q->peers[LS_PEER_SOURCE]},
        {.name = "--l1", .value = &q->peers[LS_PEER_L1]},
        {.name = "--node", .value = &q->peers[LS_PEER_NODE]},
        {.name = "-o", .value = &q->dir},
        {.name = "--rollup", .value = &q->rollup_path},
        {.name = "--name", .value = &q->name},
        {.name = "--provenance", .list = &q->provenance},
        {.name = "--level", .number = &q->level},
        {.name = "--import", .value = &q->transcript},
        {.name = "--finish", .value = &q->unfinished},
        {.name = NULL},
    };
    enum ls_err e = ls_cmd_list_init(&q->provenance, argc, d);

    q->level = LEVEL_DEFAULT;
    ls_buf_init(&q->rollup, LS_MANIFEST_BYTES_MAX / 2);
    if (e == LS_OK) {
        e = ls_cmd_list_init(&q->rest, argc, d);
    }
    return e != LS_OK ? e : ls_cmd_parse(argc, argv, options, &q->rest, &q->help, d);
}

static enum ls_err parse_peer(struct request *q, enum ls_peer peer, struct ls_diag *d)
{
    const char *text = q->peers[peer];
    const char *equals = text != NULL ? strchr(text, '=') : NULL;
    const char *url = equals != NULL ? equals + 1 : "";
    enum ls_err e;

    if (text == NULL) {
        return LS_OK;
    }
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) {
        return ls_fail(d, LS_ERR_USAGE, "--%s: LISTEN=URL is needed, with an http or https URL",
                       ls_peer_name(peer));
    }
    e = ls_gate_place_parse(text, (size_t)(equals - text), &q->at[peer], d);
    if (e != LS_OK) {
        return ls_fail_in(d, e, "--%s", ls_peer_name(peer));
    }
    q->urls[peer] = strdup(url);
    return q->urls[peer] != NULL ? LS_OK : ls_fail(d, LS_ERR_NOMEM, "out of memory");
}

static enum ls_err check_mode(const struct request *q, struct ls_diag *d)
{
    size_t peers = 0;

    for (size_t i = 0; i < LS_PEER_COUNT; i++) {
        peers += q->urls[i] != NULL ? 1 : 0;
    }
    if (q->rest.count > 0) {
        return ls_fail(d, LS_ERR_USAGE, "\"%.80s\" is no option", q->rest.items[0]);
    }
    if ((peers > 0) + (q->transcript != NULL) + (q->unfinished != NULL) != 1) {
        return ls_fail(
            d, LS_ERR_USAGE,
            "one of these is needed: ports (--engine, --source, --l1, --node), --import,  "
            "--finish");
    }
    if ((q->dir != NULL) != (q->unfinished == NULL)) {
        return ls_fail(d, LS_ERR_USAGE,
                       q->dir == NULL ? "-o DIR is missing: where should the folder go?"
                                      : "--finish takes no -o: it stays where it is");
    }
    return LS_OK;
}

static enum ls_err check_words(struct request *q, struct ls_diag *d)
{
    if (q->level < 1 || q->level > LEVEL_MAX) {
        return ls_fail(d, LS_ERR_USAGE, "--level: must be 1..%u", LEVEL_MAX);
    }
    if (q->name != NULL && !ls_manifest_is_name(q->name)) {
        return ls_fail(d, LS_ERR_USAGE, "--name: \"%.40s\" is not a name (letters, digits, - _ .)",
                       q->name);
    }
    if (q->provenance.count > LS_TAPE_NOTES_MAX) {
        return ls_fail(d, LS_ERR_USAGE, "--provenance: at most %u", LS_TAPE_NOTES_MAX);
    }
    for (size_t i = 0; i < q->provenance.count; i++) {
        if (strstr(q->provenance.items[i], "://") != NULL) {
            return ls_fail(d, LS_ERR_USAGE,
                           "--provenance: a URL does not belong there: folders are given away");
        }
        q->head.notes[q->head.note_count++] = q->provenance.items[i];
    }
    return LS_OK;
}

/* The last part of the folder's path, when it will do as a name. */
static void name_after(const char *dir, char *out)
{
    char copy[LS_PATH_MAX];
    const char *name;

    (void)snprintf(copy, sizeof copy, "%s", dir);
    name = basename(copy);
    (void)snprintf(out, LS_TAPE_NAME_MAX, "%s", ls_manifest_is_name(name) ? name : LS_TAPE_KIND);
}

static enum ls_err load_rollup(struct request *q, struct ls_diag *d)
{
    struct ls_buf text = {0};
    struct ls_json_scan found = {.end = 0};
    enum ls_err e;

    if (q->rollup_path == NULL) {
        return LS_OK;
    }
    ls_buf_init(&text, LS_MANIFEST_BYTES_MAX / 2);
    e = ls_file_read(q->rollup_path, &text, d);
    if (e == LS_OK &&
        (ls_json_scan((const char *)text.p, text.n, LS_JSON_DEPTH_MAX, true, &found) != LS_OK ||
         ls_jsontext_trim(ls_buf_span(&text)).p[0] != '{')) {
        e = ls_fail(d, LS_ERR_CONFIG, "\"%s\" is no JSON object (byte %zu)", q->rollup_path,
                    found.end);
    }
    if (e == LS_OK) {
        ls_jsontext_compact(ls_buf_span(&text), &q->rollup);
        q->head.rollup = ls_buf_span(&q->rollup);
        e = q->rollup.err;
    }
    ls_buf_fini(&text);
    return e;
}

static enum ls_err check(struct request *q, struct ls_diag *d)
{
    enum ls_err e = LS_OK;

    for (int i = 0; e == LS_OK && i < LS_PEER_COUNT; i++) {
        e = parse_peer(q, (enum ls_peer)i, d);
    }
    if (e == LS_OK) {
        e = check_mode(q, d);
    }
    if (e == LS_OK) {
        e = check_words(q, d);
    }
    if (e == LS_OK && q->dir != NULL) {
        name_after(q->dir, q->head.name);
        if (q->name != NULL) {
            (void)snprintf(q->head.name, sizeof q->head.name, "%s", q->name);
        }
    }
    return e != LS_OK ? e : load_rollup(q, d);
}

/* --- the proxy --- */

static void on_trouble(void *user, const struct ls_diag *d)
{
    (void)user;
    (void)fprintf(stderr, "lockstep record: %s; from here on nothing is recorded, only passed on\n",
                  d->text);
}

static void print_ports(const struct request *q, const struct ls_proxy *p)
{
    for (int i = 0; i < LS_PEER_COUNT; i++) {
        char url[256];
        if (q->urls[i] == NULL) {
            continue;
        }
        ls_log_redact_url(q->urls[i], url, sizeof url);
        printf("%s http://%s:%u -> %s\n", ls_peer_name((enum ls_peer)i), q->at[i].address,
               ls_proxy_port(p, (enum ls_peer)i), url);
    }
    (void)fflush(stdout);
}

/* *is_whole: nothing was lost. */
static enum ls_err pass_on(const struct request *q, struct ls_loop *loop, struct ls_recording *r,
                           bool *is_whole, struct ls_diag *d)
{
    struct ls_proxy_options o = {.loop = loop, .recording = r, .on_trouble = on_trouble};
    struct ls_proxy *p = NULL;
    enum ls_err e;

    for (size_t i = 0; i < LS_PEER_COUNT; i++) {
        o.peers[i] = (struct ls_proxy_peer){.url = q->urls[i], .at = q->at[i]};
    }
    e = ls_proxy_new(&o, &p, d);
    if (e == LS_OK) {
        print_ports(q, p);
        while (!ls_loop_is_interrupted(loop)) {
            (void)ls_loop_turn(loop);
        }
        *is_whole = ls_proxy_is_recording(p);
    }
    ls_proxy_free(p);
    return e;
}

/* --- the command --- */

/* What goes into the folder. */
static enum ls_err fill(const struct request *q, struct ls_loop *loop, struct ls_recording *r,
                        bool *is_whole, struct ls_diag *d)
{
    if (q->unfinished != NULL) {
        return LS_OK;
    }
    return q->transcript != NULL ? ls_transcript_import(q->transcript, r, d)
                                 : pass_on(q, loop, r, is_whole, d);
}

/* The loop outlives the finishing: a second Ctrl-C does not harm it. */
static enum ls_err record(const struct request *q, bool *is_whole, struct ls_diag *d)
{
    struct ls_recording r;
    struct ls_loop *loop = NULL;
    enum ls_err e = q->unfinished != NULL ? ls_recording_resume(q->unfinished, &r, d)
                                          : ls_recording_new(q->dir, &q->head, &r, d);

    if (e == LS_OK) {
        e = ls_loop_new(TICK_NS, &loop, d);
    }
    if (e == LS_OK) {
        e = fill(q, loop, &r, is_whole, d);
    }
    if (e == LS_OK) {
        e = ls_recording_finish(&r, (int)q->level, d);
    }
    if (e == LS_OK) {
        printf("%" PRIu64 " rows in %s\n", r.row_count, r.dir);
    } else if (r.row_count == 0) {
        ls_recording_discard(&r);
    }
    ls_recording_close(&r);
    ls_loop_free(loop);
    return e;
}

static void free_request(struct request *q)
{
    for (size_t i = 0; i < LS_PEER_COUNT; i++) {
        free(q->urls[i]);
    }
    free(q->provenance.items);
    free(q->rest.items);
    ls_buf_fini(&q->rollup);
}

int ls_cmd_record(int argc, char **argv)
{
    struct request q = {.dir = NULL};
    struct ls_diag d = {""};
    bool is_whole = true;
    enum ls_err e = parse(argc, argv, &q, &d);

    if (e == LS_OK && q.help) {
        (void)fputs(usage, stdout);
    } else if (e == LS_OK) {
        e = check(&q, &d);
        e = e != LS_OK ? e : record(&q, &is_whole, &d);
    }
    free_request(&q);
    return e != LS_OK ? ls_cmd_fail("record", e, &d) : is_whole ? LS_EXIT_OK : LS_EXIT_REFUSED;
}
