/*
 * What only makes sense while the phone rings: behaviour.md G7, G12 with B4, G14, for `jobs.now`, inside the
 * ages of "When rules meet time", live calls only. Pure; each function is a line of rules_table.
 */
#ifndef WORKER_CALLS_RULES_RINGING_H
#define WORKER_CALLS_RULES_RINGING_H

#include "worker/calls/rules.h"

/* G7: a call in the menu is sent to its client's responsible. Whether there is such a client is crm's to
 * find out. */
bool rules_ringing_route(const struct rule_call *c, struct rule_decision *out);
/* G7: what MANGO answered to our command; told, nothing to do. */
bool rules_ringing_routed(const struct rule_call *c, struct rule_decision *out);
/* G12, B4: the visitor of a dynamic number, asked at the first event that shows it. */
bool rules_ringing_visitor(const struct rule_call *c, struct rule_decision *out);
/* G14: the pop-up begins, and follows answer, hold and transfers. */
bool rules_ringing_popup(const struct rule_call *c, struct rule_decision *out);

#endif
