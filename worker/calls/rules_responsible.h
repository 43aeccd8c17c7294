/*
 * Whose the client of this call is in the end: behaviour.md G9, and "what was done early on partial
 * knowledge is corrected by an update when a late event shows better". Only for a client whose job this
 * call has sent; crm changes it only while the responsible is still the one we set. Pure; each function is
 * a line of rules_table, and at most one of them applies to a call as it is known.
 */
#ifndef WORKER_CALLS_RULES_RESPONSIBLE_H
#define WORKER_CALLS_RULES_RESPONSIBLE_H

#include "worker/calls/rules.h"

/* G9 on: the last who handled the call. */
bool rules_responsible_follows(const struct rule_call *c, struct rule_decision *out);
/* G3, G9 off: the first who handled an incoming call, also if that shows late. */
bool rules_responsible_first(const struct rule_call *c, struct rule_decision *out);
/* G5: who called, also if that shows late. */
bool rules_responsible_caller(const struct rule_call *c, struct rule_decision *out);
/* G4: the person of a missed call, also if that shows after it closed. */
bool rules_responsible_missed(const struct rule_call *c, struct rule_decision *out);

#endif
