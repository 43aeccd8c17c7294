/*
 * Carries out jobs: order, places, budgets, retries, the way of a record to Kafka and back. What a
 * kind of job does stands in its own file (client.c), the way of one request in act.h. Entered on the loop's thread
 * only; reaches the
 * world only through the port.
 *
 *   message -> lanes -> judge -> want --(budget, breaker, place)--> request -> its end -------+
 *                         ^                                                                    |
 *                         +------------- rest (retry, ageing, looking) <-----------------------+
 *                         |
 *                         +-> ending: [dead] -> [fact, read back] -> lanes free -> outcome -> offset
 */
#ifndef WORKER_CRM_EXECUTOR_H
#define WORKER_CRM_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/product_metrics.h"
#include "worker/crm/port.h"
#include "worker/crm/work.h"

#define EXECUTOR_INTENT_LIVES_MS 5000 /* from handing the intent: bytes leave, or not at all */
#define EXECUTOR_CREATE_LIVES_MS \
    15000 /* from handing the intent: the answer is there, or unknown */
#define EXECUTOR_RECORD_TRIES 3
#define EXECUTOR_AHEAD \
    1024 /* places beside CRM_CONCURRENCY, of what only makes sense while it rings */
#define EXECUTOR_HORIZON_MS (72LL * 3600 * 1000)

struct executor_options {
    size_t concurrency;         /* CRM_CONCURRENCY: places of all but the urgent */
    int64_t request_timeout_ms; /* CRM_REQUEST_TIMEOUT_MS */
    int64_t retry_max_ms;       /* RETRY_MAX_MS */
    int64_t route_deadline_ms;  /* ROUTE_DEADLINE_MS */
    int64_t reconcile_every_s;  /* RECONCILE_EVERY_S; 0: never */
    int32_t outcome_partitions, dead_partitions, event_partitions;
    const char *topic_prefix;              /* in front of topic names; NULL: none */
    const struct product_metrics *metrics; /* may be NULL */
    const struct secret_key *alert_key;    /* SECRET_KEY; NULL: alerts are not told */
};

struct executor *executor_new(const struct port *port, const struct executor_options *options);
void executor_free(struct executor *x); /* without finishing anything */

/* Takes a message of a job topic in; it is finished later, by port->finished. */
void executor_take(struct executor *x, struct owner *o, const struct kafka_message *m);
/* Forgets all work of the owner: what runs is left to whoever settles it. */
void executor_drop(struct executor *x, struct owner *o);
/* The owner's facts are all there (its mark was read): what they say is due is begun. */
void executor_restored(struct executor *x, struct owner *o);
/* The owner's facts were read up to o->facts_next; id: of the job whose fact the last one was, or the name of
 * an account's state; empty: neither. */
void executor_read(struct executor *x, struct owner *o, struct str account, struct str id);
/* The account's settings changed: limits, credentials. */
void executor_settings(struct executor *x, const char *account);
/* The account's owner is restored, and its settings are known or have changed: what they switch on is seen
 * to. */
void executor_switches(struct executor *x, struct owner *o, const char *account);
/* No request is begun while stopped; what runs comes to its end. */
void executor_stop(struct executor *x, bool stopped);
/* The partitions go, in order: stops, and writes down what the next owner may spend. */
void executor_give_up(struct executor *x);
/* Does what is due. Returns when it has to be called again at the latest (boot ms). */
int64_t executor_run(struct executor *x);
/* Sets the gauges of held work, of all owners. */
void executor_measure(struct executor *x, struct owner *const *owners, size_t n);

size_t executor_held(const struct executor *x);    /* jobs in hand */
size_t executor_running(const struct executor *x); /* requests, and intents that precede them */
size_t executor_waiting(const struct executor *x); /* records that work waits for */

/* --- for the kinds of jobs, see request.h, record.h and finish.h too --- */

int64_t executor_now(const struct executor *x); /* boot ms */
/* Settings of the job's account; NULL if it is unknown. */
const struct settings *executor_settings_of(const struct executor *x, const struct work *w);
/* From the beginning: what do the facts say? (prelude.h, then the kind's judge.) */
void executor_judge(struct executor *x, struct work *w);
/* It wants a request; act_go follows when it may. midway: what it has looked up gets stale. */
void executor_want(struct executor *x, struct work *w, bool midway);
/* act_due follows at that time. */
void executor_rest(struct executor *x, struct work *w, int64_t at);
/* The same, but it holds up nobody meanwhile: it leaves its lanes, goes behind whoever is in them by then, and is
 * judged anew. For what waits for something other than its own request. */
void executor_step_aside(struct executor *x, struct work *w, int64_t at);
/* Whether it takes one of the places for requests; for finish.h and request.h. */
void executor_hold_place(struct executor *x, struct work *w, bool hold);
/* Its place is an intent's on its way (until it is handed back, too): others may ask meanwhile. */
void executor_writes(struct executor *x, struct work *w, bool writes);
/* An intent takes as long as Kafka does: while some are on their way others may ask, so that the requests are as many
 * as they may be. Should too many come back at once, http.c lets no more of them go. What is urgent (lanes.h) has
 * EXECUTOR_AHEAD places of its own: requests that hang do not keep it from its turn. */
bool executor_is_full(const struct executor *x, bool urgent);
/* Its turn has come: it runs and takes a place; for batch.h. */
void executor_begin(struct executor *x, struct work *w);
/* Gives back the token that its turn came with: no request was made with it. */
void executor_return_token(struct executor *x, struct work *w);
/* The same of a work that goes away, or whose request turned out not to have left. */
void executor_drop_token(struct executor *x, struct work *w);
/* The earliest of that time, of the end of its questions and of its deadline, if those are to come (boot ms). What
 * looks for what it may have made has no deadline. */
int64_t executor_woken(const struct work *w, int64_t at);
/* New work without a message of its own (due.h), in the lanes of its number (NULL: none) and entry; if it is
 * in hand already, nothing happens. data: of the job, copied; NULL: none. */
void executor_add(struct executor *x, struct owner *o, enum job_kind kind, struct str account,
                  struct str entry, const char *id, const char *number, const struct jval *data);
/* It goes behind those that wait in its lanes and is judged anew when it comes to their head. */
void executor_queue_again(struct executor *x, struct work *w);
/* The work is over: leaves its lanes (if it has not yet), tells the port, is freed. */
void executor_end(struct executor *x, struct work *w);

/* --- for step.h --- */

/* A message becomes work. */
void executor_decode(struct executor *x, struct owner *o, const struct kafka_message *m);
/* A message that ended the process goes to `dead`; j, taken over, is what is known of it. */
void executor_bury(struct executor *x, struct owner *o, const struct kafka_message *m,
                   struct job *j);
/* Its time has come. */
void executor_due(struct executor *x, struct work *w);

#endif
