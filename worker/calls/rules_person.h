/*
 * Who stands for a call that nobody answered: behaviour.md G4, G10, G11, G15, B16. Pure.
 */
#ifndef WORKER_CALLS_RULES_PERSON_H
#define WORKER_CALLS_RULES_PERSON_H

#include "worker/calls/rules.h"

struct rules_person {
    const char *rule;                         /* "G4" "G10" "G11": whose person it is */
    const struct settings_employee *employee; /* NULL: nobody */
    struct str extension;                     /* where it rang; empty for a named responsible */
    const char *why;                          /* static: why this one, or why nobody */
};

/* The person of a missed call; the switches of create_client.missed are the caller's to ask. */
struct rules_person rules_person_missed(const struct rule_call *c);
/* The call began outside working hours, and somebody is named for that (B16); else NULL. */
const struct settings_employee *rules_person_off_hours(const struct rule_call *c);
/* missed_in_group_responsible is set and in force (G11). */
bool rules_person_group_named(const struct settings *s);

#endif
