/*
 * What the files of the settings page's API share; for them and admin.c only. The admin thread only.
 *
 *   api.c: a request, its call, its answer   api_door.c: who is it, may it   api_session.c: signing in and out
 *   api_stream.c: event streams   api_page.c: the files
 */
#ifndef INGEST_ADMIN_API_STATE_H
#define INGEST_ADMIN_API_STATE_H

#include "ingest/admin/api.h"
#include "ingest/admin/login.h"
#include "ingest/admin/path.h"
#include "ingest/admin/session.h"
#include "ingest/cidr.h"
#include "ingest/server.h"

struct api_options {
    struct loop *loop;
    const struct config *config;
    const struct cidr_list *trusted; /* INGEST_TRUSTED_PROXIES */
    bool (*ready)(void *arg);        /* what Kafka keeps is known */
    void *arg;
};

#define API_PARTS 24
#define API_FIELDS 4 /* headers of an answer that parts add */
#define API_WHO 128

struct api {
    struct api_options o;
    struct server_app app;
    struct session_keys keys;
    struct session_ended *ended;
    struct login *login;
    struct api_part {
        const struct api_route *routes;
        size_t n;
        void *part;
    } parts[API_PARTS];
    size_t nparts;
    struct api_call *calls;
    struct api_stream *streams; /* oldest first */
    struct loop_timer beat;
};

struct api_call {
    struct api *api;
    struct api_call *next, *prev;
    struct server_request *request; /* NULL: the client has gone */
    const struct api_route *route;
    void *part;
    char *texts; /* of params and query */
    struct path_params params, query;
    char *body;
    size_t body_len;
    bool secure;              /* over TLS, ours or a trusted proxy's */
    struct cidr_address from; /* the client */
    char who[API_WHO];
    bool has_session;
    struct session session;
    struct buf cookie; /* to set */
    struct api_field {
        const char *name;
        char *value;
    } fields[API_FIELDS];
    size_t nfields;
};

/* --- api.c, for admin.c --- */

struct api *api_new(const struct api_options *o) MUST_CHECK;
/* A part's routes; they and the part outlive the api. */
void api_add(struct api *a, const struct api_route *routes, size_t n, void *part);
const struct server_app *api_app(struct api *a);
/* Ends all streams: the server ends. */
void api_end_streams(struct api *a);
/* After the server. Calls that have no answer yet are forgotten. NULL is fine. */
void api_free(struct api *a);

/* --- api.c, for the others: the headers of every answer --- */

#define API_SECURITY_FIELDS 3
extern const struct server_field api_security_fields[API_SECURITY_FIELDS];
/* Ends it without an answer of its own: a stream has taken its request. */
void api_call_free(struct api_call *c);

/* --- api_door.c --- */

/* Who the client is, and whether it came over TLS. */
void api_door_look(struct api_call *c);
/* False: the call was refused. */
bool api_door_pass(struct api_call *c) MUST_CHECK;
/* Tries a password; false: the call was refused 401 with that code, 429 or 503. */
bool api_door_try(struct api_call *c, struct str password, const char *code) MUST_CHECK;

/* --- api_session.c --- */

const struct api_route *api_session_routes(size_t *n);

/* --- api_page.c --- */

/* Answers a request that is not for the API. */
void api_page_serve(struct server_request *r);

/* --- api_stream.c --- */

void api_stream_start(struct api *a);
/* The streams of that session end, all if `of` is NULL. */
void api_stream_end_of(struct api *a, const struct session *of);

#endif
