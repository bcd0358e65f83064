/*
 * A link over libcurl's multi interface: keep-alive connections, a slot each, a signalfd beside the
 * sockets so that Ctrl-C is seen at once. While it lives SIGINT, SIGTERM and SIGHUP mean "come to
 * an end"; the second of them ends the process, which harms no capture.
 */
#ifndef LS_HARNESS_CAPTURE_PULL_HTTP_H
#define LS_HARNESS_CAPTURE_PULL_HTTP_H

#include "harness/capture/pull_link.h"

#define LS_PULL_TIMEOUT_MS 60000u /* of one request */

struct ls_pull_http;

/* slots: requests in the air. NOMEM, IO. */
enum ls_err ls_pull_http_new(unsigned slots, struct ls_pull_http **out, struct ls_diag *d);
void ls_pull_http_free(struct ls_pull_http *h);

/* The link; lives as long as h. */
struct ls_pull_link *ls_pull_http_link(struct ls_pull_http *h);

/* Waits for the time or a signal to stop. */
void ls_pull_http_sleep(struct ls_pull_http *h, uint64_t ms);

#endif
