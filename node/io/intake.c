#include "node/io/intake.h"

#include "lib/jsonw.h"

#define PARAMS_BYTES_MAX (64u << 20)

/* newPayload's version goes by the payload's own time (spec 4.1); a payload without the members of
 * that version would be refused by the engine in a way that looks like a misconfiguration. */
static enum ls_err check_shape(const struct ls_payload *p, unsigned version, struct ls_diag *d)
{
    bool is_cancun = p->has_blob_gas && p->has_beacon_root && p->has_withdrawals;
    bool has_any_cancun = p->has_blob_gas || p->has_beacon_root;
    bool fits = version >= 4   ? is_cancun && p->has_withdrawals_root
                : version == 3 ? is_cancun && !p->has_withdrawals_root
                               : !has_any_cancun && !p->has_withdrawals_root;

    return fits ? LS_OK
                : ls_fail(d, LS_ERR_PARSE,
                          "payload does not have the members of engine_newPayloadV%u, which its "
                          "timestamp %llu demands",
                          version, (unsigned long long)p->timestamp);
}

/* The elements of the params array, in a buffer of just their size. */
static enum ls_err write_params(const struct ls_payload *p, unsigned version, struct ls_buf *out)
{
    struct ls_buf text;
    struct ls_jw w;
    enum ls_err e;

    ls_buf_init(&text, PARAMS_BYTES_MAX);
    ls_jw_init(&w, &text);
    ls_payload_write_params(p, version, &w, NULL);
    e = text.err;
    if (e == LS_OK) {
        ls_buf_init(out, text.n - 2);
        e = ls_buf_put(out, text.p + 1, text.n - 2);
    }
    ls_buf_fini(&text);
    return e;
}

enum ls_err ls_intake(const struct ls_payload *p, const struct ls_rollup *r, struct ls_store *store,
                      struct ls_event *out, struct ls_diag *d)
{
    unsigned version = ls_payload_version(r, p->timestamp);
    struct ls_event ev = {.kind = LS_EV_PAYLOAD};
    struct ls_buf params = {.p = NULL};
    enum ls_err e = check_shape(p, version, d);

    if (e == LS_OK) {
        e = ls_payload_l2_ref(p, r, &ev.ref, d);
    }
    if (e != LS_OK) {
        return e;
    }
    e = write_params(p, version, &params);
    if (e == LS_OK) {
        ev.bytes = ls_store_cost(params.n);
        e = ls_store_put(store, version, &params, &ev.handle);
    }
    if (e != LS_OK) {
        ls_buf_fini(&params);
        return ls_fail(d, e, "payload cannot be kept: %s", ls_err_text(e));
    }
    *out = ev;
    return LS_OK;
}
