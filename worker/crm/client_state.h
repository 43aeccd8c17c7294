/*
 * What the files of the client's steps share: client.c judges, client_lookup.c asks who carries the number,
 * client_create.c creates, client_look.c looks for what may have been created.
 */
#ifndef WORKER_CRM_CLIENT_STATE_H
#define WORKER_CRM_CLIENT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/http.h"
#include "common/megaplan/lookup.h"
#include "common/settings.h"
#include "worker/crm/executor.h"
#include "worker/crm/look.h"

enum client_step { /* see the picture in client.c */
    CLIENT_JUDGE,
    CLIENT_AGE,
    CLIENT_LOOK,
    CLIENT_ROUTE,
    CLIENT_SEARCH,
    CLIENT_FETCH,
    CLIENT_CREATE,
    CLIENT_INTENT,
    CLIENT_SENT
};

struct client {
    enum client_step step;
    struct lookup *lookup; /* NULL: none begun */
    bool searched;
    char fetching[LOOKUP_ID];
    int64_t looked_up_at; /* boot ms of the first lookup's sending */
    struct look look;
    bool repeated;       /* a request of this number had an unknown end and was found not done */
    int64_t since;       /* unix ms of the first such intent */
    int64_t intent_at;   /* boot ms of handing it over */
    int64_t intent_wall; /* the same, unix ms */
    char *responsible;   /* Megaplan employee id */
    bool no_creator;     /* the create that runs goes without userCreated */
};

/* client.c */
struct client *client_state_of(struct work *w);
/* A text of the job's data, empty if it is not there. */
struct str client_text(const struct work *w, const char *field);
/* From the beginning: what do the facts say? */
void client_judge(struct executor *x, struct work *w);
/* The number has its client: done fact, outcome. */
void client_end(struct executor *x, struct work *w, const char *client, bool made, const char *why);

/* client_lookup.c: ROUTE, SEARCH, FETCH */
void client_lookup_begin(struct work *w, const struct settings *s);
void client_lookup_ask(struct executor *x, struct work *w, const struct settings *s);
void client_lookup_answered(struct executor *x, struct work *w, const struct http_answer *answer);

/* client_create.c: CREATE, INTENT, SENT */
bool client_create_is_fresh(const struct executor *x, struct work *w); /* the lookups */
void client_create_begin(struct executor *x, struct work *w);
/* The intent was read back (ok), or is not used any more. */
void client_create_written(struct executor *x, struct work *w, bool ok);
void client_create_answered(struct executor *x, struct work *w, const struct http_answer *answer);

/* client_look.c: LOOK */
void client_look_for(struct executor *x, struct work *w, const struct look_target *t);
void client_look_for_own(struct executor *x, struct work *w);
void client_look_ask(struct executor *x, struct work *w, const struct settings *s);
void client_look_answered(struct executor *x, struct work *w, const struct http_answer *answer);

#endif
