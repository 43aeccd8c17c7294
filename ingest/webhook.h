/*
 * A webhook's way from its request to its answer (design.md 6.3): who may, is it a form, is it
 * signed, kept, answered. Ties what decides to the server and to where webhooks are kept. On the
 * loop's thread only.
 *
 *   head: 404/405, 403 -> body: 400, 401/429, (ping: 200) -> publish -> report: 200
 *                                                       no report within 4.8 s, or a bad one: 503
 */
#ifndef INGEST_WEBHOOK_H
#define INGEST_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/loop.h"
#include "common/str.h"
#include "ingest/cidr.h"
#include "ingest/meters.h"
#include "ingest/publish.h"
#include "ingest/server.h"

enum webhook_lookup {
    WEBHOOK_KNOWN,
    WEBHOOK_UNKNOWN,
    WEBHOOK_NOT_YET, /* settings are not read: 503, since nobody can say whether it is signed */
};

struct webhook_options {
    struct loop *loop;
    const char *base_path;         /* INGEST_BASE_PATH; the caller's, like the lists */
    const struct cidr_list *allow; /* empty = all */
    const struct cidr_list *trusted;
    struct meters *meters;
    /* The account of a key and its salt, borrowed until the loop's next turn. */
    enum webhook_lookup (*find)(void *arg, struct str api_key, struct str *account,
                                struct str *salt);
    void *find_arg;
};

struct webhook;

struct webhook *webhook_new(const struct webhook_options *o) MUST_CHECK;
void webhook_free(struct webhook *w); /* after the server and the publisher; NULL is fine */
/* Where webhooks go from now on; before it, and with an empty port, they are answered 503. */
void webhook_publish_to(struct webhook *w, struct publish port);
/* For server_new. */
const struct server_app *webhook_app(const struct webhook *w);
/* True while the newest report was not an acknowledgement. */
bool webhook_is_failing(const struct webhook *w);

#endif
