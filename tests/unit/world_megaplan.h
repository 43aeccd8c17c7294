/*
 * The inside of the world's Megaplan: resources answer a request that was taken apart. Only the
 * world_*.c files need it. Follows megaplan-api.md; what it leaves open is a switch in struct world.
 */
#ifndef TESTS_UNIT_WORLD_MEGAPLAN_H
#define TESTS_UNIT_WORLD_MEGAPLAN_H

#include "common/attr.h"
#include "common/jval.h"
#include "tests/unit/world.h"

/* An assertion that costs nothing while it holds: Check notes each of its own in a file. */
#define WORLD_MUST(what, ...)          \
    do {                               \
        if (!(what))                   \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

struct world_ask { /* one API call */
    struct world *world;
    const char *method;
    char ids[3][40];          /* what stands at the {}s of its resource's path */
    const struct jval *query; /* an object */
    const struct jval *body;  /* NULL: none, or no JSON */
    struct str raw;           /* the body as it came */
    struct jval *pagination;  /* the resource's, for the envelope */
    bool bare;                /* no envelope */
    int status;               /* 200 until refused */
    char field[64], why[160]; /* of a refusal */
};

struct world_resource {
    const char *method, *path; /* behind /api/v3, "{}" is any segment */
    /* The data, the caller's; NULL after world_refuse. */
    struct jval *(*answer)(struct world_ask *a);
};

enum world_shelf { /* what is kept where */
    WORLD_CLIENTS,
    WORLD_CALLS,
    WORLD_TASKS,
    WORLD_EMPLOYEES,
    WORLD_FIELDS
};

/* Tables end with a NULL method. */
extern const struct world_resource world_of_clients[], world_of_calls[], world_of_tasks[];

/* Megaplan's answer to a request: HTTP status, body in *text (the caller's). */
int world_perform(struct world *w, const char *method, const char *url, const char *token,
                  const char *body, char **text);
/* world_mango.c. Whether the address is MANGO's; its answer, and what it keeps in memory. */
bool world_is_mango(const struct world *w, const char *url);
int world_mango_perform(struct world *w, const char *url, const char *body, char **text);
/* It says no, as the test wants it: an HTTP status, or from 1000 a result code. The HTTP status. */
int world_mango_refuse(struct world *w, int status, char **text);
void world_mango_done(struct world *w);
/* The envelope of an error. The caller's. */
char *world_error(int status, const char *field, const char *why);
/* Always NULL. */
struct jval *world_refuse(struct world_ask *a, int status, const char *field, const char *why);

/* world_types.c: what a body may be. Values to be kept, or NULL after a refusal: contentType, unknown
 * and required fields, kinds, links to what does not exist. */
struct jval *world_check(struct world_ask *a, const char *type, const struct jval *body,
                         bool creating);
/* A link to one of these types ("ehcg": Employee, Human, Company, Group) that exists. */
bool world_check_link(struct world_ask *a, const struct jval *link, const char *types,
                      const char *field);
bool world_knows_field(const struct world *w, const char *type, struct str name);
/* Only these keys in the query (names between commas, with commas at both ends). */
bool world_check_keys(struct world_ask *a, const char *allowed);

/* world_things.c: memory and rows. */
struct world_thing *world_add(struct world *w, enum world_shelf shelf, struct jval *values);
void world_change(struct world_thing *t, const struct jval *values);
/* By id, NULL if there is none or it is gone. */
struct world_thing *world_find(const struct world *w, enum world_shelf shelf, struct str id);
struct world_thing *world_find_link(const struct world *w, const struct jval *link);
const struct world_thing *world_shelf(const struct world *w, enum world_shelf shelf, size_t *n);
const char *world_type_of(enum world_shelf shelf, const struct world_thing *t);
/* The thing as an answer has it: always id and name, `fields` of the query, and `extra` (a list between
 * commas) if it is not NULL. */
struct jval *world_row(const struct world_ask *a, enum world_shelf shelf,
                       const struct world_thing *t, const char *extra);
bool world_old_enough(const struct world *w, const struct world_thing *t, int64_t lag_ms);
/* A list resource: keys, fields, order, page. `takes` says which things are in it. */
struct jval *world_list(struct world_ask *a, enum world_shelf shelf, const char *keys,
                        bool (*takes)(const struct world_ask *a, const struct world_thing *t));
struct jval *world_link(const char *type, const char *id);
/* Notes what rings: "entry what". */
void world_rings(struct world *w, struct str entry, const char *format, ...) PRINTF_LIKE(3, 4);

/* world_http.c, world_log.c: what members reach the world by (arg: the member), and how it goes on. */
enum err world_http_send(void *arg, const struct http_request *r, struct http_transfer **out,
                         struct error *e) MUST_CHECK;
void world_http_cancel(void *arg, struct http_transfer *t);
/* Requests of the member that have come so far. Stops when it was killed or has thawed. */
void world_http_fly(struct world *w, struct world_member *m);
/* Bytes that have left are carried out, whether their sender is gone or frozen. */
void world_http_land_left(struct world *w);
/* Boot ms of what comes next of all requests, INT64_MAX if none is on its way. */
int64_t world_http_next(const struct world *w);
void world_http_done(struct world *w);
enum err world_log_produce(void *arg, const struct producer_record *r, struct error *e) MUST_CHECK;
/* Kafka takes what the member's producer has; `told`: the member hears of it. */
void world_log_deliver(struct world_member *m, bool told);
/* What its producer had is lost. */
void world_log_drop(struct world_member *m);
void world_log_read(struct world_member *m);

#endif
