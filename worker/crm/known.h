/*
 * What the facts of an account add up to (design.md section 3): which client a number has, whether a call
 * is saved, which tasks are open, what is due. The sums that the kinds of jobs ask for, made anew at every
 * question, so they are true after a restore too. Pure.
 *
 * All texts that are handed out are lent by the facts: valid until their next change. Text arguments may be
 * empty where nothing is known.
 */
#ifndef WORKER_CRM_KNOWN_H
#define WORKER_CRM_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/fact.h"
#include "common/job.h"
#include "common/str.h"
#include "worker/crm/facts.h"

/* clients */

struct known_seen { /* a responsible, as a route was sent to him, or as we set him */
    const char *responsible;
    int64_t at;       /* unix s: when Megaplan was seen to say so */
    const char *data; /* JSON text of an object, or NULL */
};

/* The responsible of a number that was seen last: of its done facts of kind route, and of the clients and their
 * responsibles that we made or set. False: none; *out untouched. */
bool known_seen(const struct facts *f, struct str account, struct str number,
                struct known_seen *out);
#define KNOWN_NAME "name" /* in the data of a route's done fact: the client's name */
/* The client's name that it tells, cut to size; "" if it tells none. */
void known_seen_name(const struct known_seen *seen, char *out, size_t size);

struct known_client {
    const char *id; /* Megaplan's */
    bool company;   /* ContractorCompany, no ContractorHuman */
};

/* The remembered client of a number: of the newest done fact that names one (client's and route's object; client
 * of a call, pop-up, task, talked, link), unless it was forgotten (facts_forget) since. False: none; *out untouched. */
bool known_client(const struct facts *f, struct str account, struct str number,
                  struct known_client *out);
#define KNOWN_ANEW ":client:anew" /* behind an entry_id: its client job, carried out once more */
#define KNOWN_TRUSTED "trusted"   /* in the data of its done fact: the job's data */

/* The done fact of the call's own client job (also one that was carried out anew) if that made a client, also when
 * it is gone by now; else NULL. */
const struct fact *known_own_client(const struct facts *f, struct str account, struct str entry_id);

/* verdicts */

struct known_verdict {
    enum job_verdict verdict;
    bool summarized;
};

/* The verdict of a call that stands, from all its intents and dones that carry one: the first of those
 * from a summary, else the first. False: none; *out untouched. */
bool known_verdict(const struct facts *f, struct str account, struct str entry_id,
                   struct known_verdict *out);

enum known_judgement {
    KNOWN_VERDICT_STANDS,   /* it has none, or none stood before, or it is the same */
    KNOWN_VERDICT_REPLACES, /* from a summary, and another one without stood before */
    KNOWN_VERDICT_DROPPED,  /* another one stands: the job comes too late */
};
enum known_judgement known_judge_verdict(const struct facts *f, struct str account,
                                         struct str entry_id, enum job_verdict verdict,
                                         bool summarized);

/* calls */

struct known_call {
    bool begun, done; /* any call job: an intent or a result; a result */
    bool saved;       /* a result with a CallInfo */
    /* Of the call job that saved last, else of the last result, else of the first intent; NULL without */
    const char *job_id;
    const char *number;
    const char *object; /* CallInfo; NULL if not saved */
    const char *client; /* it belongs to: the newest that a call or link job names; NULL */
    bool company;       /* ... is a company */
    char *const *links; /* that the saved call has */
    size_t nlinks;
    bool popup_begun;         /* a pop-up may have been sent */
    const char *popup_object; /* CallInfo of the newest pop-up, NULL if unknown */
};

/* False: nothing of the call is known, neither saving nor pop-up. *out is always set. */
bool known_call(const struct facts *f, struct str account, struct str entry_id,
                struct known_call *out);
/* Its saving is a dead letter, whether it had begun or not: the call is over all the same. */
bool known_call_given_up(const struct facts *f, struct str account, struct str entry_id);
/* The links of all its recordings, in the order of bytes of their jobs' ids. */
void known_links(const struct facts *f, struct str account, struct str entry_id,
                 void (*visit)(void *arg, const char *link), void *arg);

/* tasks and talks. Every done fact of kind talked is a talk: a job that was dropped writes none. */

#define KNOWN_STANDS \
    "stands" /* in the data of a task's done fact without an object: the task that was open */

/* When the newest missed call ended that the task stands for, unix s: its own, or a later one whose job found
 * it open. A talk before that closes nothing, in whatever order they come. */
int64_t known_task_at(const struct facts *f, struct str account, const struct fact *task);
/* e is the done fact of a task with an object, and there is no talk of its number or its client that began
 * at or after the end of the newest missed call it stands for, nor one of its own call. What Megaplan says of it,
 * nobody has asked. */
bool known_task_is_open(const struct facts *f, struct str account, const struct facts_entry *e);
/* The open tasks of the number, the client or the call, each once, until visit says false. */
void known_open_tasks(const struct facts *f, struct str account, struct str number,
                      struct str client, struct str entry_id,
                      bool (*visit)(void *arg, const struct facts_entry *task), void *arg);
/* When the newest talk with the number or the client began, unix s; 0 = none. */
int64_t known_last_talk(const struct facts *f, struct str account, struct str number,
                        struct str client);

/* responsibles */

/* Every responsible that we may have set on the client that this call made, the newest first, until visit
 * says false: of its client job's done, of its responsible jobs' dones and intents. */
void known_set_responsibles(const struct facts *f, struct str account, struct str entry_id,
                            bool (*visit)(void *arg, const char *responsible), void *arg);
/* Of those whose jobs are done the newest, which is whom we wanted last; NULL without such a client. */
const char *known_responsible_wanted(const struct facts *f, struct str account,
                                     struct str entry_id);

/* What is due without a job that asks for it. What was given up is not due again. */

/* entry:fill. The call made a client whose done fact says "tracking":true in its data, the visitor's
 * answer is there (data, {} if MANGO knows nobody). */
bool known_due_fill(const struct facts *f, struct str account, struct str entry_id);
/* entry:fill:line. The call made a client whose done fact says "source_line" in its data: the line could
 * not be written with it. */
bool known_due_line(const struct facts *f, struct str account, struct str entry_id);
/* entry:client:anew. The call's client job ended because facts remembered a client, who turned out to be
 * gone (facts_forget): its done fact, whose data has the job's; NULL: nothing is due. */
const struct fact *known_due_anew(const struct facts *f, struct str account, struct str entry_id);
/* entry:link. The call is saved without a client, and its number has one now. */
bool known_due_link(const struct facts *f, struct str account, struct str entry_id);
/* The calls of a number for which known_due_link is true: to be asked when it gets a client. */
void known_due_links(const struct facts *f, struct str account, struct str number,
                     void (*visit)(void *arg, struct str entry_id), void *arg);
/* entry:twin, entry:twin:task. When its intent was written, unix ms; 0: none, or it has a result. */
#define KNOWN_TWIN_CLIENT "twin"
#define KNOWN_TWIN_TASK "twin:task"
int64_t known_due_twin(const struct facts *f, struct str account, struct str entry_id,
                       const char *which);

#endif
