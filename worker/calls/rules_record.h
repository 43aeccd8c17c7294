/*
 * Recordings: behaviour.md G13. Pure; each function is a line of rules_table.
 */
#ifndef WORKER_CALLS_RULES_RECORD_H
#define WORKER_CALLS_RULES_RECORD_H

#include "worker/calls/rules.h"

/* G13: a new recording of the call, or of one that is not known, can be fetched. */
bool rules_record_added(const struct rule_call *c, struct rule_decision *out);

#endif
