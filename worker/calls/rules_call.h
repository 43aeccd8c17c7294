/*
 * Rules about the call itself: G15. Pure; each function is a line of rules_table.
 */
#ifndef WORKER_CALLS_RULES_CALL_H
#define WORKER_CALLS_RULES_CALL_H

#include "worker/calls/rules.h"

/* G15: closing always sends the call, also one that is not saved, with the reason; a first summary
 * after that corrects it. */
bool rules_call_save(const struct rule_call *c, struct rule_decision *out);

#endif
