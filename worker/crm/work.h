/*
 * One job in hand. What the executor and the state machines of the job kinds share.
 */
#ifndef WORKER_CRM_WORK_H
#define WORKER_CRM_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/fact.h"
#include "common/http.h"
#include "common/job.h"
#include "common/kafka/client.h"
#include "common/megaplan/answer.h"
#include "common/megaplan/employee.h"
#include "worker/crm/agenda.h"
#include "worker/crm/gate.h"
#include "worker/crm/lanes.h"
#include "worker/crm/owner.h"
#include "worker/crm/service.h"

struct account;
struct act;
struct batch;
struct errand;
struct executor;
struct jflat;
struct look;
struct task_close;
struct who;
struct work;
struct work_answer;
struct awaited;

enum work_phase { /* of the request it is about, see act.h */
    WORK_QUIET,
    WORK_WANTS,
    WORK_WRITES, /* the intent is on its way */
    WORK_ASKS,   /* the request is */
};

/* What a kind of job does. judge decides by the facts and by what the work has learnt so far; each call
 * ends in exactly one of act_want, executor_rest, record_fact or a finish_ of finish.h. It is called at
 * the head of the work's lanes, after each answer that taught something, and whenever the work begins
 * anew: it must not matter how often. */
struct work_ops {
    void (*judge)(struct executor *x, struct work *w);
    /* A request of this work's failed in a way that may pass, and did not happen or does not matter. True: taken
     * care of: it goes on without. NULL, or false: tried again later. */
    bool (*failed)(struct executor *x, struct work *w, const char *why);
    /* A request of this work's own had an end nobody knew; what it made was found. made: by it. NULL: it
     * makes nothing. */
    void (*found)(struct executor *x, struct work *w, const char *object, bool made);
    void (*done)(struct work *w); /* frees w->kind; may be NULL */
};

struct work_word { /* of the data, terminated */
    struct work_word *next;
    const char *field;
    char text[];
};

struct
    work_raw { /* the message, for `dead` and the job's data: behind the work in its own memory */
    struct str key, value;
    struct kafka_header *headers;
    size_t nheaders;
};

enum work_finish {
    FINISH_NOTHING,
    FINISH_DEAD,
    FINISH_FACT,
    FINISH_OUTCOME
};

struct work_ending { /* how it ends, see finish.h */
    enum work_finish step;
    bool dead, fact; /* which records it writes besides the outcome */
    enum fact_type fact_type;
    char *fact_value;
    char *result, *reason;
    char *employee;
    char *details;          /* JSON object or NULL */
    int status;             /* HTTP's, for `dead` */
    const char *error_kind; /* for `dead` */
};

struct work {
    struct lanes_entry lane;
    struct agenda_entry timer;
    struct gate_step step; /* that waits for its turn (step.h) */
    struct owner *owner;
    struct work *prev, *next; /* of the owner */
    struct errand *errand;    /* errands.h; NULL: a message asks for it */
    struct work *prev_awaiting, *next_awaiting;
    struct account *account;
    struct service *service;   /* the account's */
    struct executor *executor; /* while a request runs */
    const struct work_ops *ops;
    void *kind; /* the kind's own state */

    struct job *job;
    struct str data;    /* the job's, within raw.value; empty: job->data (job_read) */
    struct jflat *flat; /* the same, read; NULL while it is not */
    struct work_raw raw;
    struct work_word *words;
    enum kafka_topic topic;
    int64_t offset; /* -1: no message of its own */
    bool urgent;    /* of jobs.now */
    bool forced;    /* `dead send`: passes its own given-up fact */
    bool tries;     /* a test call's: asks, and does nothing (attempt.h) */
    bool buried;    /* its message ended the process: it is only put into `dead` */

    int64_t taken_at; /* boot ms */
    int64_t deadline; /* boot ms: from then on it makes no sense any more; 0 = none */
    int64_t ask_by;   /* boot ms: its questions to Megaplan end then, answered or not; 0 = none */
    struct work *prev_pbx, *next_pbx; /* that wait for MANGO (account_pbx.h) */
    bool in_pbx;
    int64_t wanted_at;     /* boot ms: since when it wants its request */
    bool place;            /* it takes one of those for requests */
    bool ahead;            /* its place is, or was, one of those for the urgent (executor.h) */
    bool writing;          /* its place is an intent's on its way, no request's yet */
    bool probe;            /* its request tries whether the service is back */
    bool keeps;            /* a token of the budget whose request has not left */
    struct batch *batch;   /* its request rides in it; NULL: goes alone */
    bool goes_alone;       /* goes alone from now on */
    bool echoes;           /* the end it is told says nothing new of the service */
    unsigned token;        /* number of the access token its request went with (signin.h) */
    const struct act *act; /* what it wants to do, or does */
    enum work_phase phase;
    int64_t intent_at;   /* boot ms of handing the intent over */
    int64_t intent_wall; /* the same, unix ms */
    struct look *look;   /* looking for what a request may have made; NULL: not */
    bool look_own;       /* ... this work's own request */
    bool repeated;       /* a request like its own had an unknown end and was found not done */
    int64_t since;       /* unix ms of the first intent that was looked for; 0 = none */
    struct task_close *closing; /* a task that is being closed; NULL: none */
    struct employee_list staff; /* pages of the account's employees, while they are asked for */
    struct who *who;            /* who carries the number, as far as asked; NULL: not asked */
    struct http_transfer *transfer;
    struct work_answer *answer; /* waits to be read; NULL: none */
    struct awaited *awaited;
    struct {
        const char *operation, *method, *path;
    } request;          /* the one that runs */
    unsigned requests;  /* made so far */
    unsigned failures;  /* temporary, in a row */
    unsigned refusals;  /* of the record */
    unsigned doubts;    /* answers to changes that did not name what they changed */
    int64_t failing_ms; /* waited for retries while the service worked */
    int64_t failed_at;  /* boot ms of the last temporary failure */
    bool told_held;
    struct work_ending ending;
};

/* Casts back from the embedded entries. */
#define WORK_OF(member, pointer) \
    ((struct work *)(void *)((char *)(pointer)-offsetof(struct work, member)))

/* A job, which is taken over (out->job), and its message, which is copied. data: as job_read gave it, within m->value. */
struct work *work_new(struct job *j, const struct kafka_message *m, struct str data);
void work_free(struct work *w);
/* A message nobody can read still has a place to be told of: what its key says. */
struct job *work_unreadable(const struct kafka_message *m);
struct str work_account(const struct work *w);
/* A text or number of the job's data; empty, or `absent`, if it is not there. The text is not terminated and lives as
 * long as the work. */
struct str work_text(const struct work *w, const char *field);
int64_t work_int(const struct work *w, const char *field, int64_t absent);
/* A text as a terminated one, which lives as long as the work; NULL if it is empty or not there. */
const char *work_word(struct work *w, const char *field);
/* Whether it is there and true. */
bool work_flag(const struct work *w, const char *field);
/* All of it, the caller's; fails as jval.h's do. */
struct jval *work_data(const struct work *w);
/* Nothing will be asked of the data for a while: what was read of it takes no memory meanwhile. Texts of it stay. */
void work_fold_data(struct work *w);
/* Whether the closing the job belongs to was a summary's (data.closed_by). */
bool work_summarized(const struct work *w);

#endif
