/*
 * Rules about clients: G3 (with G1, G2, G6, B1, B15 as its conditions). Rooms for G4, G5, G10, G11.
 * Pure.
 */
#ifndef WORKER_CALLS_RULES_CLIENT_H
#define WORKER_CALLS_RULES_CLIENT_H

#include "worker/calls/rules.h"

/* G3: the first employee handles an incoming call: a client at once. On a summary alone: when the
 * call closes. */
bool rules_client_answered(const struct rule_call *c, struct rule_decision *out);
/* G3: a late event shows an earlier first employee: the responsible is corrected. */
bool rules_client_first_employee(const struct rule_call *c, struct rule_decision *out);

#endif
