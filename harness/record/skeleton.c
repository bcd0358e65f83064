#include "harness/record/skeleton.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/capture/jsontext.h"
#include "lib/num.h"

#define PERIOD_MS_DEFAULT 1000u /* when too few polls tell */
#define HASH_BYTES 68u          /* a hash in quotes */
#define HASH_TEXT (HASH_BYTES + 1u)

/* Heads of the source as Lua strings with quotes; "" when not known. */
struct heads {
    char unsafe_l2[HASH_TEXT];
    char safe[HASH_TEXT];
    char finalized[HASH_TEXT];
    char local_safe[HASH_TEXT];
};

struct skeleton {
    const struct ls_tape *tape;
    struct ls_buf *out;
    uint64_t period_ms;
    uint64_t tick_last;
};

/* --- reading rows --- */

static bool is_method(const struct ls_row_call *c, const char *prefix)
{
    size_t n = strlen(prefix);

    return c->method.n >= n && memcmp(c->method.p, prefix, n) == 0;
}

/* The first parameter, without quotes when it is a string. */
static struct ls_span first_param(const struct ls_row_call *c)
{
    struct ls_jsontext it = ls_jsontext_open(c->params);
    struct ls_jsontext_item item = {.value = {NULL, 0}};

    (void)ls_jsontext_next(&it, &item);
    if (item.value.n >= 2 && item.value.p[0] == '"') {
        return (struct ls_span){item.value.p + 1, item.value.n - 2};
    }
    return item.value;
}

static bool is_tag(const struct ls_row_call *c, const char *tag)
{
    struct ls_span p = first_param(c);

    return is_method(c, "eth_getBlockByNumber") && p.n == strlen(tag) && memcmp(p.p, tag, p.n) == 0;
}

/* Copies a JSON string that is a hash; "" for anything else and for the zero hash. */
static void copy_hash(struct ls_span json, char out[HASH_TEXT])
{
    static const char zero[] =
        "\"0x0000000000000000000000000000000000000000000000000000000000000000\"";

    out[0] = '\0';
    if (json.n == HASH_BYTES && memcmp(json.p, zero, json.n) != 0) {
        memcpy(out, json.p, json.n);
        out[json.n] = '\0';
    }
}

static void hash_of(struct ls_span object, const char *member, char out[HASH_TEXT])
{
    copy_hash(ls_jsontext_get(object, member), out);
}

/* What a source's answer says of its heads; false when it says nothing. */
static bool read_heads(const struct ls_row_call *c, struct heads *h)
{
    struct ls_span r = c->said.text;

    if (c->said.kind != LS_SAID_RESULT || r.n == 0 || r.p[0] != '{') {
        return false;
    }
    if (is_method(c, "optimism_syncStatus")) {
        hash_of(ls_jsontext_get(r, "unsafe_l2"), "hash", h->unsafe_l2);
        hash_of(ls_jsontext_get(r, "safe_l2"), "hash", h->safe);
        hash_of(ls_jsontext_get(r, "finalized_l2"), "hash", h->finalized);
        hash_of(ls_jsontext_get(r, "local_safe_l2"), "hash", h->local_safe);
        return true;
    }
    if (is_tag(c, "safe")) {
        hash_of(r, "hash", h->safe);
    } else if (is_tag(c, "finalized")) {
        hash_of(r, "hash", h->finalized);
    } else if (is_tag(c, "latest")) {
        hash_of(r, "hash", h->unsafe_l2);
    } else {
        return false;
    }
    return true;
}

static bool is_poll(const struct ls_row *row)
{
    return row->peer == LS_PEER_SOURCE && row->kind == LS_ROW_CALL &&
           (is_method(&row->calls[0], "optimism_syncStatus") || is_tag(&row->calls[0], "safe"));
}

static const struct ls_row *row_at(const struct skeleton *k, size_t i)
{
    return &k->tape->rows[k->tape->by_in[i]];
}

/* A tick is a poll period of the node: the mean of the recorded ones. */
static uint64_t find_period(const struct skeleton *k)
{
    uint64_t first = 0, last = 0, count = 0;

    for (size_t i = 0; i < k->tape->exchange_count; i++) {
        const struct ls_row *row = row_at(k, i);
        if (is_poll(row)) {
            first = count == 0 ? row->at_ms : first;
            last = row->at_ms;
            count++;
        }
    }
    return count > 1 && last > first ? (last - first + (count - 1) / 2) / (count - 1)
                                     : PERIOD_MS_DEFAULT;
}

static uint64_t tick_of(struct skeleton *k, const struct ls_row *row)
{
    uint64_t tick = row->at_ms / (k->period_ms > 0 ? k->period_ms : 1);

    k->tick_last = tick > k->tick_last ? tick : k->tick_last;
    return tick;
}

/* --- the tables --- */

static void put_field(struct ls_buf *b, const char *name, const char *value)
{
    if (value[0] != '\0') {
        (void)ls_buf_printf(b, ", %s = %s", name, value);
    }
}

static void put_heads(struct skeleton *k, uint64_t tick, const struct heads *h)
{
    (void)ls_buf_printf(k->out, "  {tick = %" PRIu64, tick);
    put_field(k->out, "unsafe", h->unsafe_l2);
    put_field(k->out, "safe", h->safe);
    put_field(k->out, "finalized", h->finalized);
    put_field(k->out, "local_safe", h->local_safe);
    (void)ls_buf_puts(k->out, "},\n");
}

/* What the wire did, as a remark: which fault makes it again is for the writer to say. */
static void put_trouble(struct skeleton *k, const struct ls_row *row)
{
    if (row->fail != LS_FAIL_NONE) {
        (void)ls_buf_printf(k->out, "  -- tick %" PRIu64 ": no answer (%s)\n", tick_of(k, row),
                            ls_fail_name(row->fail));
    } else if (row->http != 200 || row->has_body) {
        (void)ls_buf_printf(k->out, "  -- tick %" PRIu64 ": HTTP %u%s\n", tick_of(k, row),
                            row->http, row->has_body ? ", no JSON-RPC answer" : "");
    }
}

static void put_source(struct skeleton *k)
{
    struct heads shown = {.safe = ""}, h = {.safe = ""};

    (void)ls_buf_puts(k->out, "-- What the source said, and when it changed.\nlocal SOURCE = {\n");
    for (size_t i = 0; i < k->tape->exchange_count; i++) {
        const struct ls_row *row = row_at(k, i);
        if (row->peer != LS_PEER_SOURCE) {
            continue;
        }
        put_trouble(k, row);
        for (size_t n = 0; n < row->call_count; n++) {
            (void)read_heads(&row->calls[n], &h);
        }
        if (is_poll(row) && memcmp(&h, &shown, sizeof h) != 0) {
            put_heads(k, tick_of(k, row), &h);
            shown = h;
        }
    }
    (void)ls_buf_puts(k->out, "}\n\n");
}

static bool is_new_payload(const struct ls_row *row)
{
    return row->peer == LS_PEER_ENGINE && row->kind == LS_ROW_CALL &&
           is_method(&row->calls[0], "engine_newPayload");
}

/* Whether the block was sent to the engine before; recordings are short, so looking back will do.
 */
static bool was_fed(const struct skeleton *k, size_t until, const char *hash)
{
    char earlier[HASH_TEXT];

    for (size_t i = 0; i < until; i++) {
        if (is_new_payload(row_at(k, i))) {
            hash_of(first_param(&row_at(k, i)->calls[0]), "blockHash", earlier);
            if (strcmp(earlier, hash) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void put_number(struct skeleton *k, struct ls_span json)
{
    uint64_t number;

    if (json.n > 2 && ls_parse_quantity((const char *)json.p + 1, json.n - 2, &number) == LS_OK) {
        (void)ls_buf_printf(k->out, " -- %" PRIu64, number);
    }
    (void)ls_buf_putc(k->out, '\n');
}

static void put_feeds(struct skeleton *k)
{
    char hash[HASH_TEXT];

    (void)ls_buf_puts(k->out, "-- Unsafe payloads, when the node sent each to its engine first.\n"
                              "local FEEDS = {\n");
    for (size_t i = 0; i < k->tape->exchange_count; i++) {
        const struct ls_row *row = row_at(k, i);
        if (!is_new_payload(row)) {
            continue;
        }
        hash_of(first_param(&row->calls[0]), "blockHash", hash);
        if (hash[0] != '\0' && !was_fed(k, i, hash)) {
            (void)ls_buf_printf(k->out, "  {tick = %" PRIu64 ", block = %s},", tick_of(k, row),
                                hash);
            put_number(k, ls_jsontext_get(first_param(&row->calls[0]), "blockNumber"));
        }
    }
    (void)ls_buf_puts(k->out, "}\n\n");
}

/* What the engine said: the status, or that it was something else. */
static void put_verdict(struct skeleton *k, const struct ls_row *row)
{
    const struct ls_said_text *said = &row->calls[0].said;
    struct ls_span status = ls_jsontext_get(said->text, "payloadStatus");

    status = ls_jsontext_get(status.n > 0 ? status : said->text, "status");
    if (said->kind == LS_SAID_RESULT && status.n > 2 && status.n < 40) {
        (void)ls_buf_printf(k->out, " -- %.*s\n", (int)status.n - 2, (const char *)status.p + 1);
    } else if (said->kind == LS_SAID_ERROR) {
        struct ls_span code = ls_jsontext_get(said->text, "code");
        (void)ls_buf_printf(k->out, " -- error %.*s\n", code.n < 20 ? (int)code.n : 20,
                            code.n > 0 ? (const char *)code.p : "");
    } else {
        (void)ls_buf_printf(k->out, " -- no answer\n");
    }
}

/* An engine call as the table has it. */
struct expected {
    const char *method;
    char block[HASH_TEXT];
    char head[HASH_TEXT];
    char safe[HASH_TEXT];
    char finalized[HASH_TEXT];
};

static bool read_expected(const struct ls_row *row, struct expected *e)
{
    struct ls_span first;

    *e = (struct expected){.method = NULL};
    if (!ls_row_is_write(row) || row->kind != LS_ROW_CALL) {
        return false;
    }
    first = first_param(&row->calls[0]);
    if (is_new_payload(row)) {
        e->method = "engine_newPayload";
        hash_of(first, "blockHash", e->block);
    } else {
        e->method = "engine_forkchoiceUpdated";
        hash_of(first, "headBlockHash", e->head);
        hash_of(first, "safeBlockHash", e->safe);
        hash_of(first, "finalizedBlockHash", e->finalized);
    }
    return true;
}

static bool is_repeated(const struct expected *a, const struct expected *b)
{
    return a->method != NULL && b->method != NULL && strcmp(a->method, b->method) == 0 &&
           strcmp(a->block, b->block) == 0 && strcmp(a->head, b->head) == 0 &&
           strcmp(a->safe, b->safe) == 0 && strcmp(a->finalized, b->finalized) == 0;
}

/* How often a node says the same again is a matter of timing: once will do. */
static void put_expected(struct skeleton *k)
{
    struct expected last = {.method = NULL}, e;

    (void)ls_buf_puts(k->out, "-- What the node asked of its engine. Keep what matters.\n"
                              "local EXPECTED = {\n");
    for (size_t i = 0; i < k->tape->exchange_count; i++) {
        const struct ls_row *row = row_at(k, i);
        if (!read_expected(row, &e)) {
            continue;
        }
        (void)tick_of(k, row);
        if (is_repeated(&e, &last)) {
            continue;
        }
        last = e;
        (void)ls_buf_printf(k->out, "  {\"%s\"", e.method);
        put_field(k->out, "block", e.block);
        put_field(k->out, "head", e.head);
        put_field(k->out, "safe", e.safe);
        put_field(k->out, "finalized", e.finalized);
        (void)ls_buf_puts(k->out, "},");
        put_verdict(k, row);
    }
    (void)ls_buf_puts(k->out, "}\n\n");
}

/* The engine's labels as the node read them first. */
static void put_engine(struct skeleton *k)
{
    static const char *const tags[][2] = {
        {"latest", "head"}, {"safe", "safe"}, {"finalized", "finalized"}};
    bool is_first = true;

    (void)ls_buf_puts(k->out, "-- The engine, as the node found it.\nlocal ENGINE = {");
    for (size_t t = 0; t < sizeof tags / sizeof tags[0]; t++) {
        for (size_t i = 0; i < k->tape->exchange_count; i++) {
            const struct ls_row *row = row_at(k, i);
            char hash[HASH_TEXT];
            if (row->peer != LS_PEER_ENGINE || row->kind != LS_ROW_CALL ||
                !is_tag(&row->calls[0], tags[t][0])) {
                continue;
            }
            hash_of(row->calls[0].said.text, "hash", hash);
            if (hash[0] != '\0') {
                (void)ls_buf_printf(k->out, "%s%s = %s", is_first ? "" : ", ", tags[t][1], hash);
                is_first = false;
            }
            break;
        }
    }
    (void)ls_buf_puts(k->out, "}\n\n");
}

/* --- the script --- */

static const char run_text[] = "  run = function(w)\n"
                               "    w:engine(blocks(w, ENGINE))\n"
                               "    if SOURCE[1] then w:source(blocks(w, SOURCE[1])) end\n"
                               "    local from = w:mark()\n"
                               "    w:start()\n"
                               "    local s, f = 2, 1\n"
                               "    for tick = 0, LAST_TICK do\n"
                               "      while SOURCE[s] and SOURCE[s].tick <= tick do\n"
                               "        w:source(blocks(w, SOURCE[s]))\n"
                               "        s = s + 1\n"
                               "      end\n"
                               "      while FEEDS[f] and FEEDS[f].tick <= tick do\n"
                               "        w:feed(w:block(FEEDS[f].block))\n"
                               "        f = f + 1\n"
                               "      end\n"
                               "      w:wait(1)\n"
                               "    end\n"
                               "    w:wait(4)\n"
                               "    local calls, at = w:calls(\"engine\", \"engine_*\", from), 1\n"
                               "    for i, e in ipairs(EXPECTED) do\n"
                               "      local found = false\n"
                               "      while calls[at] and not found do\n"
                               "        found = is_same(w, calls[at], e)\n"
                               "        at = at + 1\n"
                               "      end\n"
                               "      w:expect(\"recorded engine call \" .. i .. \", \" .. e[1] .. "
                               "\", is made in its place\",\n"
                               "               found)\n"
                               "    end\n"
                               "  end,\n"
                               "}\n";

static const char helpers_text[] =
    "local function blocks(w, heads)\n"
    "  local t = {}\n"
    "  for name, hash in pairs(heads) do\n"
    "    if name ~= \"tick\" then t[name] = w:block(hash) end\n"
    "  end\n"
    "  return t\n"
    "end\n\n"
    "local function is_same(w, call, e)\n"
    "  if call.method:sub(1, #e[1]) ~= e[1] then return false end\n"
    "  for _, name in ipairs{\"block\", \"head\", \"safe\", \"finalized\"} do\n"
    "    if e[name] and call[name] ~= w:block(e[name]) then return false end\n"
    "  end\n"
    "  return true\n"
    "end\n\n";

static bool is_cl_source(const struct skeleton *k)
{
    for (size_t i = 0; i < k->tape->exchange_count; i++) {
        if (is_poll(row_at(k, i))) {
            return is_method(&row_at(k, i)->calls[0], "optimism_");
        }
    }
    return true;
}

enum ls_err ls_skeleton_write(const struct ls_tape *tape, const char *fixture, struct ls_buf *out,
                              struct ls_diag *d)
{
    struct skeleton k = {.tape = tape, .out = out};

    k.period_ms = find_period(&k);
    (void)ls_buf_printf(out,
                        "-- Made by lockstep replay --to-scenario from the conversation \"%s\"\n"
                        "-- (L2 chain %" PRIu64 "; a tick was %" PRIu64
                        " ms). A start: say what it is about,\n"
                        "-- delete what does not matter.\n",
                        tape->head.name, tape->head.l2_chain_id, k.period_ms);
    put_engine(&k);
    put_source(&k);
    put_feeds(&k);
    put_expected(&k);
    (void)ls_buf_printf(out, "local LAST_TICK = %" PRIu64 "\n\n", k.tick_last);
    (void)ls_buf_puts(out, helpers_text);
    (void)ls_buf_printf(out,
                        "return {\n"
                        "  id = \"REC-01\",\n"
                        "  title = \"As recorded: %s\",\n"
                        "  priority = \"P2\",\n"
                        "  applies = \"A\",\n"
                        "  variants = {\"%s\"},\n"
                        "  fixtures = {\"%s\"}, -- the one that holds these blocks\n"
                        "  covers = {\"I-06\"}, -- the requirements it is about\n\n",
                        tape->head.name, is_cl_source(&k) ? "B" : "A",
                        fixture != NULL ? fixture : "devnet-forks");
    (void)ls_buf_puts(out, run_text);
    return out->err != LS_OK
               ? ls_fail(d, out->err, "the scenario gets too long: %s", ls_err_text(out->err))
               : LS_OK;
}
