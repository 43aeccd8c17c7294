/*
 * A job: one thing that must become true in Megaplan or MANGO, as it stands in jobs.now, jobs and
 * jobs.bulk (design.md sections 2-4). Codec; pure.
 *
 * What `data` holds, by kind (times unix seconds, numbers and lines digits or `sip:...`, employees
 * Megaplan ids; what is not known is absent):
 *
 *   kind         id behind entry_id       data
 *   route        :route                   call_id (the menu's leg), line
 *   visitor      :visitor                 dct_number
 *   popup        :popup:LEG:STATE[:OFFSET] state (calling, talking, hold), employee, extension, from, line,
 *                                         started_at. OFFSET: it goes back to what was shown
 *   client       :client                  name, phone (as G6 writes it), responsible, employee (its name),
 *                                         extension, direction (in, out), line; source_line (G8: to be
 *                                         written), tracking (true: G12 applies); of a replay
 *                                         visitor (what MANGO said when the call came)
 *   responsible  :responsible:OFFSET      responsible, employee (its name), extension
 *   fill         :fill:line               source_line (G8: the line became known after the client's job)
 *   task         :task                    title ({client} left to fill in), phone, ended_at, due_at (in
 *                                         working time), line; responsible (B16: this one, whoever the
 *                                         client's is) or fallback (if the client's cannot)
 *   talked       :talked                  direction, talked_at, ended_at
 *   call         :call:HOW                type (in, miss, out, fail), direction, from, to, line, employee,
 *                                         started_at, ended_at, talk_seconds, saved, why (not saved)
 *   record       :record:RECORDING        recording_id, recorded_at
 *
 * Jobs of a closing, and what a late summary sends, also hold closed_by (summary, ended, idle): a verdict
 * from a summary replaces one without, in whatever order its jobs come. The deadline of route, visitor and
 * popup is the moment from which they make no sense any more.
 */
#ifndef COMMON_JOB_H
#define COMMON_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/jval.h"
#include "common/str.h"

/* In order of priority, design.md section 4. */
enum job_kind {
    JOB_ROUTE,
    JOB_VISITOR,
    JOB_POPUP,
    JOB_CLIENT,
    JOB_RESPONSIBLE,
    JOB_FILL,
    JOB_TASK,
    JOB_TALKED,
    JOB_CALL,
    JOB_RECORD,
    /* internal: no message asks for them, crm derives them from its facts */
    JOB_LINK,  /* entry:link: a call that was saved before its client was known gets it */
    JOB_TWIN,  /* entry:twin: ten minutes after a repeated create: are there two? */
    JOB_FIELD, /* an extra field is created */
    JOB_STAFF, /* who works is asked for while a call rings; it leaves nothing behind */
    JOB_ALERT, /* the task that tells of a broken integration is made, or closed */
    JOB_KINDS,
};

/* `why` of calls that are not saved since those who took part are nobody's extensions (G2): worker crm tells of them (B13). */
#define JOB_WHY_NOBODY_TALKED "no employee of the settings took part (G2)"
#define JOB_WHY_NOBODY_CALLED "no employee of the settings called (G2)"
#define JOB_WHY_NOBODY_MISSED "missed by no employee of the settings"

/* Of the closing a job belongs to. */
enum job_verdict {
    JOB_VERDICT_NONE,
    JOB_TALKED_TO,
    JOB_MISSED_MENU,
    JOB_MISSED_GROUP,
    JOB_MISSED_DIRECT,
};

/* All text is owned by the job and terminated; NULL where absent. */
struct job {
    char *id; /* entry_id:kind[:cause], design.md section 3 "A job id ends in its cause" */
    enum job_kind kind;
    char *account; /* from the key */
    char *entry_id;
    char *number;        /* digits of the outside number */
    char *rule;          /* "G3" */
    char *reason;        /* for explain */
    int64_t event_at;    /* MANGO's unix seconds of the causing event, 0 = unknown */
    int64_t received_at; /* unix ms, header received-at */
    char *origin;        /* header: live, replay, reconcile, test */
    char *offset;        /* "events/3/1234": topic/partition/offset of the cause */
    enum job_verdict verdict;
    int64_t deadline;  /* unix ms; 0 = none */
    struct jval *data; /* an object, by kind; owned */
    bool one_block;    /* decoded: the texts are behind it in its own memory */
};

const char *job_kind_name(enum job_kind kind);            /* "route", "client" ... */
bool job_kind_parse(struct str name, enum job_kind *out); /* the internal ones, too */
bool job_kind_is_internal(enum job_kind kind);
const char *job_verdict_name(enum job_verdict v); /* "talked", "missed:menu" ... ; NULL for none */
bool job_why_is_unmapped(struct str why);         /* one of those above */
bool job_verdict_parse(struct str name, enum job_verdict *out); /* none has no name */

/* The message value, `data` an empty object if NULL, added to a buffer, which fails if `data` has. */
void job_write(const struct job *j, struct buf *out);
/* The same as terminated JSON, the caller's (free()). Out of memory ends the process. */
char *job_encode(const struct job *j) MUST_CHECK;
/* account/number, or account/entry_id without one; the caller's (free()). */
char *job_key(const struct job *j) MUST_CHECK;
/* From key and value; headers kind and account are not trusted, received_at and origin are given.
 * Unknown fields are passed over; `data` is never NULL. ERR_INPUT with the field's name (an internal kind
 * is none that we know here), ERR_INTERNAL without memory. */
enum err job_decode(struct str key, struct str value, int64_t received_at, struct str origin,
                    struct job **out, struct error *e) MUST_CHECK;
/* The same for who keeps many jobs: plain `data` (jflat.h) is not read but given as *data, its text within the
 * value, and the job's is NULL. If it is not plain or not there *data is empty and all is as job_decode does it. */
struct job_message {
    struct str key, value, origin;
    int64_t received_at; /* unix ms */
};
enum err job_read(const struct job_message *m, struct job **out, struct str *data,
                  struct error *e) MUST_CHECK;
void job_free(struct job *j); /* NULL is fine */

#endif
