/*
 * One place for whom a missed call belongs to, since a client, the saved call and a task ask for it.
 */
#include "worker/calls/rules_person.h"

#include "common/worktime.h"
#include "worker/calls/rules_job.h"

const struct settings_employee *rules_person_off_hours(const struct rule_call *c)
{
    const struct settings *s = c->settings;
    int64_t began = rules_job_began(c);
    if (s->off_hours_responsible == NULL || worktime_is_open(&s->working_hours, c->tz, began))
        return NULL;
    return settings_employee_by_id(s, s->off_hours_responsible);
}

bool rules_person_group_named(const struct settings *s)
{
    return s->missed_in_group_responsible != NULL &&
           (s->create_client.incoming || s->create_client.missed);
}

static struct rules_person named(const struct rule_call *c, const char *rule, const char *id,
                                 const char *why)
{
    const struct settings_employee *off = rules_person_off_hours(c);
    return (struct rules_person){.rule = rule,
                                 .employee = off ? off : settings_employee_by_id(c->settings, id),
                                 .why = off ? "outside working hours: off_hours_responsible" : why};
}

static struct rules_person missed_in_menu(const struct rule_call *c)
{
    const struct settings *s = c->settings;
    if (s->missed_in_ivr_responsible == NULL || !s->create_client.incoming)
        return (struct rules_person){
            .rule = "G10",
            .why = "missed in the menu, and missed_in_ivr_responsible is not in force"};
    return named(c, "G10", s->missed_in_ivr_responsible,
                 "missed in the menu: missed_in_ivr_responsible");
}

/* Off-schedule employees and lost events: the summary's employee, if no leg shows one. */
static struct rules_person rang(const struct rule_call *c, const struct person *by_legs,
                                const char *why, const char *nobody)
{
    const struct settings_employee *off = rules_person_off_hours(c);
    const struct person *who = by_legs->employee ? by_legs : &c->view->summarized;
    if (off != NULL)
        return named(c, "G4", NULL, NULL);
    return (struct rules_person){.rule = "G4",
                                 .employee = who->employee,
                                 .extension = who->employee ? who->extension : STR_NONE,
                                 .why = who->employee ? why : nobody};
}

struct rules_person rules_person_missed(const struct rule_call *c)
{
    switch (c->view->verdict) {
    case JOB_MISSED_MENU:
        return missed_in_menu(c);
    case JOB_MISSED_GROUP:
        if (rules_person_group_named(c->settings))
            return named(c, "G11", c->settings->missed_in_group_responsible,
                         "missed in a group: missed_in_group_responsible");
        return rang(c, &c->view->first_given,
                    "missed in a group: the first employee it was given to",
                    "missed in a group, given to no employee of the settings");
    default:
        return rang(c, &c->view->last_missed, "the last employee who missed it",
                    JOB_WHY_NOBODY_MISSED);
    }
}
