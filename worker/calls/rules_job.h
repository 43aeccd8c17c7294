/*
 * What every job of a call carries, filled in one place. Pure.
 */
#ifndef WORKER_CALLS_RULES_JOB_H
#define WORKER_CALLS_RULES_JOB_H

#include "worker/calls/rules.h"

/* A job of that kind for the call, with an empty `data`. cause: what its id ends in, NULL for none
 * (design.md section 3). Closing jobs carry the verdict. Its rule and reason are added by
 * rules_job_decide. */
struct job *rules_job_new(const struct rule_call *c, enum job_kind kind, const char *cause);
/* Fills *out with the job (stolen, may be NULL) and takes over the reason; the job gets copies. The
 * memory in *out is the call's as it is. */
void rules_job_decide(const struct rule_call *c, struct rule_decision *out, const char *rule,
                      struct job *job, char *reason, const struct settings_employee *employee);
/* Nothing to do, for this reason (copied). True. */
bool rules_job_none(const struct rule_call *c, struct rule_decision *out, const char *rule,
                    const char *reason);
/* The line as jobs carry it: its digits, `sip:` as it is. Empty if none. The caller's (free()). */
char *rules_job_line(const struct rule_call *c);
/* `line` into the data, if it is known. */
void rules_job_put_line(const struct rule_call *c, struct job *job, const char *key);
/* The employee as client and responsible jobs carry one; extension only if it is not empty. */
void rules_job_put_responsible(struct job *job, const struct settings_employee *who,
                               struct str extension);
/* When the call began, unix s: its earliest known event; if none tells its time, when this one came. */
int64_t rules_job_began(const struct rule_call *c);
/* The age of the event (behaviour.md "When rules meet time"): the larger of now - received-at and
 * now - MANGO's time. Unix ms at which it reaches `seconds`. */
int64_t rules_job_deadline(const struct rule_call *c, int64_t seconds);
/* Origin live: routes, pop-ups and visitors are for calls that happen now. */
bool rules_job_is_live(const struct rule_call *c);

#endif
