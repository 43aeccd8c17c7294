/*
 * The settings page's side of ingest: a thread of its own with a loop, a server, a Kafka producer, settings and an HTTP
 * client of its own, so that nothing it does holds up a webhook. The webhooks' thread shares nothing with it but the
 * configuration, which nobody changes. It answers before Kafka does; what needs Kafka is refused 503 until then.
 *
 * All functions are for the main thread.
 */
#ifndef INGEST_ADMIN_ADMIN_H
#define INGEST_ADMIN_ADMIN_H

#include "common/config.h"
#include "common/err.h"
#include "common/loop.h"
#include "ingest/cidr.h"
#include "ingest/vitals.h"

struct admin;

/* Listens on ADMIN_LISTEN and starts the thread; gives NULL if that is empty. The arguments outlive it. ERR_CONFIG names the variable: address
 * wrong or taken, certificate not usable. */
enum err admin_start(const struct config *c, const struct cidr_list *trusted,
                     const struct vitals *vitals, struct admin **out, struct error *e) MUST_CHECK;
/* For /healthz; lives until admin_free. NULL gives NULL. */
const struct loop *admin_loop(const struct admin *a);
/* Reads the certificate anew, soon. NULL is fine. */
void admin_reload(struct admin *a);
/* Begins to stop: no more connections, what is under way is answered. NULL is fine. */
void admin_quiesce(struct admin *a);
/* Waits until it has stopped (3/4 of SHUTDOWN_TIMEOUT_S at most for requests under way). NULL is fine. */
void admin_stop(struct admin *a);
/* After admin_stop, and when nobody looks at its loop any more. NULL is fine. */
void admin_free(struct admin *a);

#endif
