/*
 * A world for the executor: a Megaplan, a log of facts, clocks, and members that own its one
 * partition, all in memory and moved on step by step by the test. Nothing happens by itself.
 */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/settings.h"
#include "worker/crm/executor.h"

#define WORLD_MAX 400
#define WORLD_ACCOUNT "acme"
#define WORLD_NUMBER "79991231212"

enum world_fault { /* what becomes of a request */
    WORLD_FINE,
    WORLD_ANSWER_LOST,  /* done, but nobody hears of it */
    WORLD_REQUEST_LOST, /* not done, and nobody hears of it */
    WORLD_NOT_SENT,
    WORLD_STATUS,       /* answered with `status`, not done */
    WORLD_STATUS_AFTER, /* answered with `status`, done all the same */
    WORLD_HANGS,        /* on its way until world_land or the timeout */
};

struct world_client { /* what Megaplan has */
    char id[24], phone[40], description[400], name[120], responsible[24];
    bool creator, dropped, company;
    int64_t created_at; /* unix ms */
};

struct world_fact {
    char *key, *value, *job;
    char mark[33];
    int64_t at;
    bool tombstone;
};

struct world_flight {            /* a request on its way */
    struct world_member *member; /* NULL: nobody listens */
    struct http_request request;
    char *method, *url, *body;
    int64_t sent_at,
        lands_at; /* boot ms; lands_at: when Megaplan does it, if nobody is there to answer */
    enum world_fault fault;
    bool done; /* Megaplan has done it */
};

struct world_member {
    struct world *world;
    struct port port;
    struct executor *executor;
    struct owner *owner; /* NULL: owns nothing */
    char mark[33];
    size_t next; /* of the facts, to be read */
    bool frozen, stopped_by_mark;
    int64_t finished[WORLD_MAX];
    size_t nfinished;
    struct producer_record pending[64];
    size_t npending;
};

struct world {
    int64_t now; /* boot ms */
    uint32_t seed;
    struct settings settings;
    bool account_gone;
    struct world_client clients[WORLD_MAX];
    size_t nclients;
    struct world_fact facts[4 * WORLD_MAX];
    size_t nfacts;
    struct world_flight *flights[WORLD_MAX];
    size_t nflights;
    char *outcomes[8 * WORLD_MAX]; /* values, requests left out */
    size_t noutcomes;
    char *dead[WORLD_MAX]; /* "reason: key" */
    size_t ndead;
    size_t requests, creates; /* sent by anybody; POSTs of those */
    int marks;
    /* what happens to requests */
    enum world_fault fault; /* to the next ones that fit */
    int faults;             /* how many; -1 = all */
    int status;
    int64_t retry_after_s;
    const char *fault_path;    /* part of the URL, or "POST" */
    const char *refused_field; /* 422 naming it, while a body has it */
    bool index_lags;           /* lookups find nothing of the last minute; lists do */
    bool kafka_refuses;        /* nothing is delivered */
    int64_t latency_ms;
    int64_t step_ms; /* of world_pass */
};

struct world *world_new(void);
void world_free(struct world *w); /* members are freed by world_leave first */

/* A member that becomes the owner: a mark of its own, restored up to it. */
struct world_member *world_join(struct world *w);
/* Becomes the owner again (after world_lose), with another mark. */
void world_rejoin(struct world_member *m);
/* Loses the partition: what runs is left. */
void world_lose(struct world_member *m);
/* The process is killed: what runs is left. Frees m. */
void world_kill(struct world_member *m);

/* A job of kind client, or of another one, comes on a topic at that offset. */
void world_job(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *entry,
               const char *number);
void world_job_of(struct world_member *m, enum job_kind kind, int64_t offset, const char *entry,
                  const char *number);
void world_message(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *key,
                   const char *value, bool forced);

/* One turn of a member: due work, delivery, reading back, answers. */
void world_turn(struct world_member *m);
/* Time passes, in steps, with turns of the members that are not frozen. */
void world_pass(struct world *w, int64_t ms, struct world_member **members, size_t n);
/* Makes Megaplan do a request that is on its way. */
void world_land(struct world *w, size_t flight);

struct world_client *world_client_add(struct world *w, const char *id, const char *phone);
size_t world_clients_of(const struct world *w, const char *number);
/* The newest value of a fact, NULL if there is none. */
const char *world_fact_of(const struct world *w, const char *key);
bool world_finished(const struct world_member *m, int64_t offset);
/* Outcomes whose value has this text in it. */
size_t world_outcomes(const struct world *w, const char *text);

#endif
