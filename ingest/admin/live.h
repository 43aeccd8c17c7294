/*
 * What happens, told while it happens (`GET /api/stream`, server-sent events): `call` a row of today's calls, `dead`
 * {"count"}, `health` as GET /api/health says it, every ten seconds, `settings` {"account"}. With ?account= of that account
 * only. The admin thread only.
 */
#ifndef INGEST_ADMIN_LIVE_H
#define INGEST_ADMIN_LIVE_H

#include <stddef.h>

#include "common/story/brief.h"
#include "ingest/admin/api.h"

struct live;

struct live_sources {
    /* A call's row; the caller's. */
    struct jval *(*row)(void *arg, struct str account, const struct story_brief *b, bool show);
    /* Dead letters of an account, or of all (STR_NONE). */
    size_t (*dead)(void *arg, struct str account);
    /* Somebody wants to know: live_health follows. */
    void (*ask_health)(void *arg);
    void *arg;
};

struct live *live_new(const struct admin_parts *parts, const struct live_sources *from);
void live_free(struct live *l); /* its streams have been closed; NULL is fine */

/* GET /api/stream?account= */
void live_get(struct live *l, struct api_call *c);

void live_call(struct live *l, struct str account, const struct story_brief *b);
/* Gathered: the count is told at most every fifth of a second. */
void live_dead(struct live *l, struct str account);
void live_health(struct live *l, struct str json);
void live_settings(struct live *l, struct str account);

#endif
