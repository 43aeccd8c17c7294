/*
 * A world for the executor: a Megaplan, a log of facts, clocks, and members that own its one
 * partition, all in memory and moved on step by step by the test. Nothing happens by itself.
 *
 * Megaplan answers as megaplan-api.md says (world_megaplan.h has its inside); what becomes of a
 * request on its way is the test's choice. Every event an outsider could see is a step: it is counted,
 * and at one chosen step the test may strike (kill, freeze, replace) in the middle of whatever runs.
 */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/settings.h"
#include "worker/crm/executor.h"
#include "worker/poison.h"

#define WORLD_MAX 400
#define WORLD_ACCOUNT "acme"
#define WORLD_NUMBER "79991231212"
#define WORLD_EMPLOYEE "1000005" /* works; so does 1000006, 1000007 is dismissed, 1000008 blocked */

enum world_fault { /* what becomes of a request */
    WORLD_FINE,
    WORLD_ANSWER_LOST,  /* done, but nobody hears of it */
    WORLD_REQUEST_LOST, /* not done, and nobody hears of it */
    WORLD_NOT_SENT,
    WORLD_STATUS,       /* answered with `status`, not done; from 1000: a result code of MANGO's */
    WORLD_STATUS_AFTER, /* answered with `status`, done all the same */
    WORLD_HANGS,        /* on its way until world_land or the timeout; done then */
    WORLD_HALF,         /* done, half an answer comes */
    WORLD_WRONG_TYPE,   /* done, the answer's data is of another type */
    WORLD_EMPTY_LIST,   /* done, the answer's data is [] */
    WORLD_EMPTY_OBJECT, /* ... {} */
    WORLD_NULL,         /* ... null */
    WORLD_IDLE,         /* not done, the answer is good and its data [] */
    WORLD_HTML,         /* a proxy's page with status 200, not done */
    WORLD_TOO_LARGE,    /* done, the answer is over the ceiling */
    WORLD_FAULTS
};

enum world_event {   /* a step, in the order in which they come */
    WORLD_TIMER,     /* something was due */
    WORLD_HANDED,    /* a record was handed to the producer */
    WORLD_DELIVERED, /* Kafka has it; its writer does not know yet */
    WORLD_READ,      /* a member has read a fact back */
    WORLD_SENT,      /* a request was handed over */
    WORLD_LEAVING,   /* its bytes are about to leave, if they still may */
    WORLD_DONE,      /* Megaplan has done it; nobody knows yet */
    WORLD_ANSWERED,  /* its sender was told its end */
    WORLD_FINISHED,  /* a message is finished */
};

struct world_thing { /* what Megaplan has: a client, call, task, employee, extra field */
    char id[24];
    struct jval *values; /* fields as they were written */
    bool dropped;        /* in the basket */
    bool gone;           /* deleted for good: 404 */
    bool company;
    int64_t created_at; /* unix ms */
    /* of values, for tests: first phone, ... and responsible employee; "" if none */
    const char *phone, *description, *name, *responsible;
    bool creator; /* userCreated was sent */
};

struct world_command { /* a call that MANGO was told to route */
    char *command_id, *call_id, *to, *name;
    int64_t at; /* boot ms */
};

struct world_rang { /* what an outsider sees while it rings; world_rang.c */
    char what
        [160]; /* "A call calling 1000005", "A route leg:1 to 102 as Ромашка", "- visitor 74001234567" */
    int64_t left_at; /* boot ms: when the bytes of its request left */
};

struct world_mango { /* the account's, by mango-api.md; what it does is the test's choice */
    struct world_command commands[64];
    size_t ncommands;
    size_t visits;       /* queries for visitors that were answered */
    const char *visitor; /* its answer, JSON; NULL: {} */
    const char *answer;  /* of commands, JSON with a code; NULL: done */
    int status;          /* HTTP's of that; 0 = 200 */
    size_t violations;   /* requests over its limits, invalid, or while it is closed */
    size_t invalid;      /* 3xxx so far */
    int64_t invalid_at, closed_until;
    int64_t asked[64], routed[64]; /* the latest ones, a ring */
    size_t nasked, nrouted;
    const char *history;      /* the call history, CSV; NULL: empty */
    int not_ready, keys_gone; /* so many polls are answered 204, 404 */
    size_t questions, polls;  /* stats/request, stats/result */
    char question[400];       /* the JSON of the latest one */
    int64_t from, to;         /* ... of which it asks for the legs */
    int64_t questioned_at, polled_at;
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
    char *method, *url, *body, *token;
    int64_t sent_at,
        lands_at; /* boot ms; lands_at: when Megaplan does it, if nobody is there to answer */
    enum world_fault fault;
    int status; /* of the fault; 0 = the world's */
    bool left;  /* its bytes have left */
    int64_t left_at;
    bool done; /* Megaplan has done it */
    char *
        said; /* ... and its answer waits for its sender, who stands still; with this HTTP status */
    int said_status;
};

struct world_member {
    struct world *world;
    struct port port;
    struct executor *executor;
    struct owner *owner; /* NULL: owns nothing */
    char mark[33];
    size_t next; /* of the facts, to be read */
    bool frozen, stopped_by_mark;
    bool deaf;     /* reads nothing of Kafka for now */
    bool killed;   /* in the middle of something: nothing of it reaches the world any more */
    bool restored; /* has read its mark */
    bool thawed;   /* fences itself as soon as it looks at the clock */
    int64_t finished[WORLD_MAX];
    size_t nfinished;
    int64_t next_due, turned_at; /* boot ms; what its executor waits for; its last turn */
    int64_t measured_at;
    struct producer_record pending[64];
    size_t npending;
    struct poison_notes notes[KAFKA_TOPICS]; /* of its job topics, while the world is careful */
    struct poison_notes noted[KAFKA_TOPICS]; /* those that the broker has */
    bool asked;
};

struct world {
    int64_t now; /* boot ms */
    uint32_t seed;
    struct settings settings, *parsed;
    bool account_gone;
    bool
        watched; /* owners measure themselves about each second, and watch their account's alerts */
    bool switches;      /* owners are told of the account's settings when they are restored */
    const char *origin; /* of jobs: "live" */
    struct world_thing clients[WORLD_MAX], calls[WORLD_MAX], tasks[WORLD_MAX], employees[16],
        fields[64];
    size_t nclients, ncalls, ntasks, nemployees, nfields;
    struct world_fact facts[4 * WORLD_MAX];
    size_t nfacts;
    struct world_flight *flights[WORLD_MAX];
    size_t nflights;
    char *outcomes[8 * WORLD_MAX]; /* values, requests left out */
    size_t noutcomes;
    char *dead[WORLD_MAX]; /* "reason: key" */
    size_t ndead;
    char *events[WORLD_MAX]; /* "kind origin key value" of topic `events` */
    size_t nevents;
    int64_t reconcile_every_s; /* of who joins from now on */
    struct world_mango mango;
    struct world_rang rang[WORLD_MAX]; /* in the order in which it was done */
    size_t nrang;
    int64_t leaving_at;       /* of the request that is being done */
    size_t requests, creates; /* sent by anybody; POSTs of those */
    int marks;
    int logins;        /* how many tokens were issued */
    int tokens_from;   /* world_revoke */
    bool refresh_used; /* the newest refresh token */
    /* what happens to requests */
    enum world_fault fault; /* to the next ones that fit */
    int faults;             /* how many; -1 = all */
    int status;
    int64_t retry_after_s;
    const char *fault_path;      /* part of the URL, or the method */
    const char *fault_operation; /* "POST /contractorHuman/5" and no other; NULL = any */
    struct world_plan {          /* whatever the above says: the request of this number, from 1 */
        size_t at;
        enum world_fault fault;
        int status;
    } plan[2];
    char operations[WORLD_MAX][96]; /* of the first requests: "POST /callInfo/history" */
    const char *refused_field;      /* 422 naming it, while a body has it */
    bool index_lags;                /* lookups find nothing of the last minute; lists do */
    bool kafka_refuses;             /* nothing is delivered */
    bool kafka_waits;               /* nothing is delivered yet */
    int64_t latency_ms;
    int64_t
        lands_after_ms; /* Megaplan does what nobody listens for so long after it was sent; 0 = at once */
    size_t concurrency;                    /* of who joins from now on; 0 = 64 */
    const struct product_metrics *metrics; /* the same; NULL: none */
    int64_t step_ms;                       /* of world_pass */
    /* how this Megaplan is, where megaplan-api.md leaves it open */
    int64_t lag_index_ms, lag_list_ms, lag_provider_ms, lag_tasks_ms;
    bool responsibles_append; /* an update of a client adds to them */
    bool responsibles_stay;   /* it is accepted and does not change them */
    bool history_inserts;     /* callInfo/history never updates */
    size_t bulk_allows;       /* of a batch's calls, the others are 429; 0 = all */
    size_t bulk_answers;      /* so many of a batch's calls are answered; 0 = all */
    size_t bulk_calls;        /* that came in batches */
    size_t page_rows;         /* ceiling of a page's rows, 100 */
    /* steps */
    /* poison (worker/poison.h): owners are careful, begin with these notes as text ("": as if after ends
     * without a name), and their notes are acknowledged at once, or refused as often as this says */
    bool careful;
    char notes[KAFKA_TOPICS][POISON_TEXT];
    uint32_t who;
    unsigned notes_refused;
    size_t names; /* so many were acknowledged */
    size_t steps;
    const char *step_text; /* of the step that runs */
    size_t strike_at;      /* calls strike at that step, once; 0 = never */
    /* m: whose step it was, NULL if nobody's. May set m->killed, or freeze it and let others run. */
    void (*strike)(void *arg, struct world_member *m, enum world_event event);
    void *strike_arg;
    bool tolerant; /* a contradiction in the facts is noted in `broken`, not asserted */
    char broken[400];
    bool traced;
    struct buf trace; /* a line for each step, if traced */
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
/* It notices that it was frozen: loses everything, what its producer had is delivered all the same. */
void world_fence(struct world_member *m);

/* A job of kind client, or of another one, comes on a topic at that offset. */
void world_job(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *entry,
               const char *number);
void world_job_of(struct world_member *m, enum job_kind kind, int64_t offset, const char *entry,
                  const char *number);
void world_message(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *key,
                   const char *value, bool forced);
/* Any job, received when the world began. */
void world_job_json(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *key,
                    const char *json);

/* The same of jobs.now, received now: a route of a leg in the menu; a query for a visitor; a pop-up of a leg. They live
 * so long (ms). number may be NULL. */
void world_route(struct world_member *m, int64_t offset, const char *entry, const char *number,
                 int64_t lives_ms);
void world_visitor(struct world_member *m, int64_t offset, const char *entry, const char *number,
                   int64_t lives_ms);
void world_popup(struct world_member *m, int64_t offset, const char *entry, const char *number,
                 const char *leg, const char *state, const char *employee, int64_t lives_ms);

/* The same, received so long (ms) after the world began; the unix ms of that moment. */
void world_job_at(struct world_member *m, enum kafka_topic topic, int64_t offset, const char *key,
                  const char *json, int64_t after_ms);
int64_t world_wall_at(int64_t after_ms);

/* One turn of a member: due work, delivery, reading back, answers. */
void world_turn(struct world_member *m);
/* Time passes, in steps, with turns of the members that are not frozen. */
void world_pass(struct world *w, int64_t ms, struct world_member **members, size_t n);
/* One turn of a member (NULL: nobody's); if nothing happened time goes on to what comes next, but not
 * beyond `until`. */
void world_advance(struct world *w, struct world_member *m, int64_t until);
/* Makes Megaplan do a request that is on its way. */
void world_land(struct world *w, size_t flight);
/* Counts a step; text tells it in the trace. */
void world_step(struct world *w, struct world_member *m, enum world_event event, const char *text);

struct world_thing *world_client_add(struct world *w, const char *id, const char *phone);
struct world_thing *world_field_add(struct world *w, const char *label);
/* A fact that somebody wrote before, long enough ago. */
void world_fact_add(struct world *w, const char *key, const char *value);
/* The account's tokens are not valid any more; the login gives new ones. */
void world_revoke(struct world *w);
size_t world_clients_of(const struct world *w, const char *number);
/* The newest value of a fact, NULL if there is none. */
const char *world_fact_of(const struct world *w, const char *key);
bool world_finished(const struct world_member *m, int64_t offset);
/* Outcomes whose value has this text in it. */
size_t world_outcomes(const struct world *w, const char *text);
/* What stands in Megaplan, a line each, sorted, without ids and times of its own: links name the
 * client's phone and description. Two runs that came to the same have the same text. The caller's
 * (free()). */
char *world_state(const struct world *w);

#endif
