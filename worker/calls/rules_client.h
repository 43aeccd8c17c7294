/*
 * Which call makes a client, and whose it is: behaviour.md G3, G4, G5, G10, G11 (with G6, G8, G12 in the
 * job's data, and B1, B14, B15, B16 as conditions). Pure; each function is a line of rules_table.
 */
#ifndef WORKER_CALLS_RULES_CLIENT_H
#define WORKER_CALLS_RULES_CLIENT_H

#include "worker/calls/rules.h"

/* G3: at once when the first employee handles an incoming call. */
bool rules_client_answered(const struct rule_call *c, struct rule_decision *out);
/* G5: at the first leg towards the outside number. */
bool rules_client_outgoing(const struct rule_call *c, struct rule_decision *out);
/* G4: a direct or group call was missed. */
bool rules_client_missed(const struct rule_call *c, struct rule_decision *out);
/* G10: missed in the menu. */
bool rules_client_missed_in_ivr(const struct rule_call *c, struct rule_decision *out);
/* G11: missed in a group, with a named responsible. */
bool rules_client_missed_in_group(const struct rule_call *c, struct rule_decision *out);
/* G8: the line became known after the client's job had been sent. */
bool rules_client_fill_line(const struct rule_call *c, struct rule_decision *out);

#endif
