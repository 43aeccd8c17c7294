/*
 * The settings document of an account (design.md 6.4): parse, validate, seal. Pure but for sealing's
 * randomness. Follow it live with common/accounts.h.
 */
#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/phone.h"
#include "common/secret.h"
#include "common/str.h"

struct settings_employee {
    char *megaplan_id;
    char *name;        /* "" if none */
    char **extensions; /* `extension` first, then `extensions` */
    size_t nextensions;
    struct phone *numbers;
    size_t nnumbers;
    bool has_extension; /* extensions[0] is `extension` */
};

struct settings_hours { /* local minutes of the day */
    bool always;        /* working_hours null or absent */
    bool days[7];       /* Monday first */
    int from_minute, to_minute;
    char **holidays; /* YYYY-MM-DD */
    size_t nholidays;
};

struct settings_index; /* of settings/employees.c */

struct settings {
    int64_t version;
    char *account;
    bool enabled;
    char *timezone;     /* IANA name, known to the system's tz database */
    char *country_code; /* digits */
    struct {
        char *api_key, *api_salt, *base_url;
    } mango;
    struct {
        char *base_url, *token, *login, *password; /* NULL where absent */
        int64_t requests_per_second, requests_per_hour;
        bool bulk;
    } megaplan;
    struct settings_employee *employees;
    size_t nemployees;
    char **groups, **lines, **ignore_numbers;
    size_t ngroups, nlines, nignore_numbers;
    struct {
        bool incoming, missed, outgoing;
    } create_client;
    enum phone_format phone_format;
    bool route_to_responsible, source_field, responsible_follows_transfer;
    char *missed_in_ivr_responsible, *missed_in_group_responsible; /* Megaplan id or NULL */
    bool call_tracking, call_records, popups;
    int64_t record_link_days;
    char *unmapped_employee; /* Megaplan id or NULL */
    struct settings_hours working_hours;
    char *off_hours_responsible;
    bool route_off_hours;
    char *alert_responsible, *alert_url;
    int64_t alert_after_minutes;
    struct {
        bool enabled;
        int64_t deadline_minutes;
        char *title;
    } missed_call_task;
    struct settings_index *index; /* for the settings_employee_ functions */
};

struct settings_rules {                       /* what a validation needs from outside */
    struct str outbound_allow;                /* OUTBOUND_ALLOW, for url_allowed */
    bool (*timezone_known)(const char *name); /* the tz database; I/O stays with the caller */
};

/* Parses and validates a whole document. A field that is absent gets the default of design.md 6.4:
 * switches (`enabled` too) off, lists empty, route_off_hours true, numbers as in the example. Numbers of
 * employees, and lines and ignore_numbers without a '*', are brought into the form of phone.h where
 * they are phone numbers; `base_url`s lose a closing '/'; of an employee that is listed twice the
 * entries become one. Secrets (mango.api_salt, megaplan.token, .password,
 * mango.api_key is none) may be plain or sealed; sealed ones are opened with keys. On refusal ERR_INPUT with the
 * field's path in front ("employees[2].extension: ..."). The caller owns *out: settings_free. */
enum err settings_parse(struct str json, const struct settings_rules *rules,
                        const struct secret_keys *keys, struct settings **out,
                        struct error *e) MUST_CHECK;
void settings_free(struct settings *s); /* wipes secrets; NULL is fine */

/* The document as it is stored: plain secrets sealed, "***" taken from `before` (the stored document
 * of that account, or STR_NONE) unless base_url or account changed (ERR_INPUT with the path then).
 * Validates it all. *stored is terminated, the caller's (free()). */
enum err settings_seal(struct str json, struct str before, const struct settings_rules *rules,
                       const struct secret_keys *keys, char **stored, struct error *e) MUST_CHECK;
/* The stored document with its secrets as "***". The caller's (free()). */
enum err settings_hide(struct str stored, char **shown, struct error *e) MUST_CHECK;
/* Seals anew what is not sealed by the current key. *changed tells whether anything was. */
enum err settings_reseal(struct str stored, const struct secret_keys *keys, char **out,
                         bool *changed, struct error *e) MUST_CHECK;

/* The employee with that extension or own number, or NULL. unmapped_employee is not applied. */
const struct settings_employee *settings_employee_of(const struct settings *s,
                                                     struct str extension);
const struct settings_employee *settings_employee_of_number(const struct settings *s,
                                                            const struct phone *p);
/* The employee by Megaplan id, or NULL. */
const struct settings_employee *settings_employee_by_id(const struct settings *s, const char *id);

#endif
