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
/* Fills *out with the job (stolen, may be NULL) and takes over the reason; the job gets copies. */
void rules_job_decide(struct rule_decision *out, const char *rule, struct job *job, char *reason,
                      const struct settings_employee *employee);
/* The line as jobs carry it: its digits, `sip:` as it is. Empty if none. The caller's (free()). */
char *rules_job_line(const struct rule_call *c);

#endif
