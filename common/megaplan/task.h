/*
 * Tasks: "call back" (B2, B3), and what tells of a broken integration (B13): made, looked at, looked for, done. Pure.
 *
 * Source: megaplan-api.md 3.5, 3.3 (a client's tasks), 1.8 and 1.9; design.md 6.5. Traps: isUrgent and isTemplate are
 * required; statement is HTML and must carry the marker; `status` changes by doAction only, writing it is ignored;
 * status, statement and timeCreated are absent unless asked for; a task has no isDropped, and to ask for a name it has not
 * is 422: a deleted one answers 404; act_done of a task that is done answers 403, which about a record is a refusal.
 */
#ifndef COMMON_MEGAPLAN_TASK_H
#define COMMON_MEGAPLAN_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/megaplan/answer.h"
#include "common/megaplan/lookup.h"
#include "common/megaplan/page.h"
#include "common/str.h"

struct task_new {           /* borrowed; what is empty or 0 is left out */
    struct str title;       /* its placeholders filled in */
    struct str responsible; /* Megaplan employee id */
    struct str client;
    bool company;   /* the client is a ContractorCompany */
    int64_t due_at; /* unix seconds */
    int offset_s;   /* the account's at ended_at: the statement shows the clock on the wall there */
    struct str phone; /* of the missed call, as people read it */
    struct str line;
    int64_t ended_at;    /* of the missed call, unix seconds */
    struct str entry_id; /* for the marker */
    struct str text;     /* plain; stands in the statement instead of the missed call */
};

/* POST task. Terminated, the caller's (free()). NULL as in query_url; the body also for text that is not
 * UTF-8. */
char *task_create_url(struct str base_url) MUST_CHECK;
char *task_create_body(const struct task_new *t) MUST_CHECK;
/* The id of what was created. False: the answer does not say it (it was done all the same). */
bool task_read_id(const struct answer *a, char out[LOOKUP_ID]) MUST_CHECK;

/* GET task/{id} {"fields"}: about a record; 404 = deleted. */
char *task_read_url(struct str base_url, struct str id) MUST_CHECK;
/* Whether somebody still has to call back. Closed are done and completed (called, accepted by the owner or not),
 * cancelled, expired (given up by act_expire) and rejected (its responsible refused it: nobody will call), template
 * (nobody's task), and a deleted one. Open is all else, also what a new version may name: delayed is paused, overdue
 * is late, and a second task beside an open one must never be made. False: no task, or it does not say its status. */
bool task_read_open(const struct answer *a, bool *open) MUST_CHECK;

/* POST task/{id}/doAction: act_done, whatever todos it has. */
char *task_done_url(struct str base_url, struct str id) MUST_CHECK;
char *task_done_body(void) MUST_CHECK;

/* GET contractorHuman|Company/{client}/tasks, the newest first, the page behind the task `after` ("" = the first). */
char *task_list_url(struct str base_url, struct str client, bool company,
                    struct str after) MUST_CHECK;
/* GET task: everybody's that may be seen, else as above. */
char *task_all_url(struct str base_url, struct str after) MUST_CHECK;

struct task_search {   /* what is looked for */
    struct str marker; /* marker_make; matched in HTML */
    int64_t since;     /* unix ms: rows created before are not looked at, and end the looking */
};

struct task_page {         /* what a page showed; zeroed before the first page, kept over pages */
    char found[LOOKUP_ID]; /* smallest id that carries the marker, "" none */
    bool open;             /* it is, by its row (task_read_open) */
    size_t nmarked;        /* how many carry it */
    struct page_place place;
};

/* Takes a page in. False: the answer is no list. */
bool task_read_page(const struct answer *a, const struct task_search *s,
                    struct task_page *out) MUST_CHECK;

#endif
