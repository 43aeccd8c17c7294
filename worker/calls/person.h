/*
 * Whose an extension or a number is: behaviour.md G2, B1, B14. Pure.
 */
#ifndef WORKER_CALLS_PERSON_H
#define WORKER_CALLS_PERSON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "common/str.h"

/* Somebody's part in a call. employee is NULL for nobody. */
struct person {
    const struct settings_employee *employee; /* of the settings */
    struct str extension;                     /* or the employee's own number (B14) */
    int64_t at;     /* first event of the leg, unix s; INT64_MAX unknown */
    bool stands_in; /* B1: unmapped_employee, for an extension that is nobody's */
};

bool person_is_group(const struct settings *s, struct str extension);
/* Whose own number it is (B14), or NULL. */
const struct settings_employee *person_of_number(const struct settings *s, struct str number);
/* By extension, else by own number. in_leg: the extension is in a leg, so that unmapped_employee stands
 * in for it if it is nobody's; a group's is nobody's. Borrows. */
struct person person_find(const struct settings *s, struct str extension, struct str number,
                          bool in_leg);

#endif
