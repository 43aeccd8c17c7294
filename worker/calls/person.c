/*
 * Mapped, own number, or stood in for.
 */
#include "worker/calls/person.h"

bool person_is_group(const struct settings *s, struct str extension)
{
    for (size_t i = 0; i < s->ngroups; i++) {
        if (str_is(extension, s->groups[i]))
            return true;
    }
    return false;
}

const struct settings_employee *person_of_number(const struct settings *s, struct str number)
{
    struct phone phone;
    return phone_from_pbx(number, &phone) ? settings_employee_of_number(s, &phone) : NULL;
}

struct person person_find(const struct settings *s, struct str extension, struct str number,
                          bool in_leg)
{
    struct person p = {.extension = extension, .at = INT64_MAX};
    if (person_is_group(s, extension))
        return p;
    if (extension.len > 0)
        p.employee = settings_employee_of(s, extension);
    if (p.employee != NULL)
        return p;
    p.employee = person_of_number(s, number);
    if (p.employee != NULL) {
        p.extension = number;
    } else if (extension.len > 0 && in_leg && s->unmapped_employee != NULL) {
        p.employee = settings_employee_by_id(s, s->unmapped_employee);
        p.stands_in = p.employee != NULL;
    }
    return p;
}
