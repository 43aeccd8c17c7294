/*
 * The call back: behaviour.md B2, B3. Pure; each function is a line of rules_table.
 */
#ifndef WORKER_CALLS_RULES_TASK_H
#define WORKER_CALLS_RULES_TASK_H

#include "worker/calls/rules.h"

/* B2: a missed call makes a task for the client's responsible. Whether the number is a client's, and
 * whether a task is open, is crm's to find out. */
bool rules_task_missed(const struct rule_call *c, struct rule_decision *out);
/* B3: somebody talked with the number, in either direction, so its tasks are done. */
bool rules_task_talked(const struct rule_call *c, struct rule_decision *out);

#endif
