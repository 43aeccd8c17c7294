/*
 * How the view of a facts partition keeps its jobs: in one block each besides what they say, on shelves by
 * id, number, call and client, and in a row from the one heard of least recently to the last. Only for
 * facts.c.
 */
#ifndef WORKER_CRM_FACTS_JOB_H
#define WORKER_CRM_FACTS_JOB_H

#include "worker/crm/facts.h"
#include "worker/crm/shelf.h"

enum facts_shelf {
    FACTS_BY_ID,
    FACTS_BY_NUMBER,
    FACTS_BY_ENTRY,
    FACTS_BY_CLIENT,
    FACTS_SHELVES
};

struct facts_job {
    struct facts_entry shown;
    struct shelf_place places[FACTS_SHELVES];
    struct facts_job *older, *newer; /* by when they were heard of last */
    int64_t at;                      /* newest record, unix ms */
    char *job;                       /* topic/partition/offset, "" unknown: in text, or apart */
    size_t account_len;
    char text[]; /* account, job id, job, each terminated */
};

struct facts_jobs {
    struct shelf shelves[FACTS_SHELVES];
    struct facts_job *oldest, *newest;
    size_t count;
};

void facts_job_start(struct facts_jobs *all);
void facts_job_done(struct facts_jobs *all);
struct facts_job *facts_job_find(const struct facts_jobs *all, struct str account, struct str id);
/* Finds it or makes it, which says nothing yet; job: topic/partition/offset or empty. */
struct facts_job *facts_job_get(struct facts_jobs *all, struct str account, struct str id,
                                struct str job);
/* A record of it: written at `at` (unix ms), for `job` (may be empty). It is the newest now. */
void facts_job_touch(struct facts_jobs *all, struct facts_job *j, int64_t at, struct str job);
/* Takes over `what` (NULL: nothing is known any more) instead of what it said before. */
void facts_job_say(struct facts_jobs *all, struct facts_job *j, struct fact *what);
void facts_job_drop(struct facts_jobs *all, struct facts_job *j);
struct str facts_job_account(const struct facts_job *j);
/* The jobs of a name, from j = NULL to NULL; the newest of them is found first (NULL: none of that name). */
struct facts_job *facts_job_newest(const struct facts_jobs *all, enum facts_shelf s,
                                   struct str account, struct str name);
struct facts_job *facts_job_next(enum facts_shelf s, struct facts_job *newest,
                                 const struct facts_job *j);
/* The job that stands there. */
const struct facts_job *facts_job_at(enum facts_shelf s, const struct shelf_place *p);

#endif
