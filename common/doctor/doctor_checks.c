/*
 * What the checks of an account look for in what Megaplan and MANGO told. Must not know how it was asked for. On the loop's
 * thread.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/doctor/doctor_state.h"
#include "common/tz_file.h"

#define NAMED 8 /* of a long list; the others are counted */
#define UNMAPPED 64
#define CLOCK_WARN_MS 2000 /* a header's whole seconds, and the way */
#define CLOCK_FAIL_MS 5000

/* "101, 102 and 3 more" */
struct names {
    struct buf text;
    size_t n;
};

#define NAMES_NONE ((struct names){.text = BUF_INIT(DOCTOR_FOUND - 80)})

static void name(struct names *l, const char *text)
{
    if (l->n++ < NAMED)
        buf_addf(&l->text, "%s%s", l->n > 1 ? ", " : "", text);
}

/* Says it if there are any, and frees them. */
static bool tell(struct doctor_task *t, struct names *l, enum doctor_status status,
                 const char *code, const char *what)
{
    struct str list = buf_str(&l->text);
    size_t more = l->n > NAMED ? l->n - NAMED : 0;
    if (l->n && more)
        doctor_add(t, status, code, "%s: %.*s and %zu more", what, STR_ARG(list), more);
    else if (l->n)
        doctor_add(t, status, code, "%s: %.*s", what, STR_ARG(list));
    buf_done(&l->text);
    return l->n > 0;
}

static bool is_good(const struct doctor_task *t, enum outside_what what)
{
    return t->answers[what].end == OUTSIDE_GOOD;
}

/* ---- the connections ---- */

void doctor_soon(struct doctor_task *t, const struct outside_answer *a)
{
    doctor_add(t, DOCTOR_SKIP, "too_soon", "not asked: %s (%" PRId64 " s)", a->text,
               (a->wait_ms + 999) / 1000);
}

static const char *mango_code(const struct outside_answer *a)
{
    switch (a->end) {
    case OUTSIDE_AUTH:
        return a->status == 3105 ? "mango_key" : "mango_salt"; /* mango-api.md section 8 */
    case OUTSIDE_CLOSED:
        return "mango_closed";
    case OUTSIDE_REFUSED:
        return "mango_refused";
    case OUTSIDE_UNREACHABLE:
        return "mango_unreachable";
    default:
        return "mango_unclear";
    }
}

void doctor_check_mango(struct doctor_task *t, const struct settings *s)
{
    const struct outside_answer *a = &t->answers[OUTSIDE_USERS];
    const struct users_query_list *users = outside_users(doctor_options_of(t)->outside, t->account);
    (void)s;
    if (a->end == OUTSIDE_SOON)
        doctor_soon(t, a);
    else if (a->end != OUTSIDE_GOOD)
        doctor_add(t, DOCTOR_FAIL, mango_code(a), "%s", a->text);
    else if (a->kept)
        doctor_add(t, DOCTOR_WARN, "list_kept", "MANGO's list of employees came empty or halved");
    else
        doctor_add(t, DOCTOR_OK, "mango_ok", "%zu extensions", users ? users->count : 0);
    doctor_end(t);
}

static const char *megaplan_code(const struct outside_answer *a)
{
    switch (a->end) {
    case OUTSIDE_AUTH:
        return "megaplan_credentials";
    case OUTSIDE_UNREACHABLE:
        return "megaplan_unreachable";
    case OUTSIDE_REFUSED:
        break;
    default:
        return "megaplan_unclear";
    }
    switch (a->status) {
    case 402:
        return "megaplan_payment";
    case 403:
        return "megaplan_rights";
    case 400:
    case 422:
        return "megaplan_refused";
    default: /* 404, a redirect, a host that is not allowed */
        return "megaplan_address";
    }
}

const char *doctor_code(enum outside_what what, const struct outside_answer *a)
{
    bool mango = outside_api(what) == SHARE_MANGO;
    if (a->end == OUTSIDE_SOON)
        return "too_soon";
    if (a->end == OUTSIDE_GOOD && a->kept)
        return "list_kept";
    if (a->end == OUTSIDE_GOOD)
        return mango ? "mango_ok" : "megaplan_ok";
    return mango ? mango_code(a) : megaplan_code(a);
}

static size_t count_working(const struct employee_list *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->count; i++)
        n += list->all[i].working;
    return n;
}

static void check_clients(struct doctor_task *t)
{
    const struct outside_answer *a = &t->answers[OUTSIDE_CLIENTS];
    if (a->end == OUTSIDE_SOON)
        doctor_soon(t, a);
    else if (a->end == OUTSIDE_REFUSED)
        doctor_add(t, DOCTOR_FAIL, "megaplan_clients", "clients: %s", a->text);
    else if (a->end != OUTSIDE_GOOD)
        doctor_add(t, DOCTOR_FAIL, megaplan_code(a), "clients: %s", a->text);
}

void doctor_check_megaplan(struct doctor_task *t, const struct settings *s)
{
    const struct outside_answer *a = &t->answers[OUTSIDE_EMPLOYEES];
    const struct employee_list *list = outside_employees(doctor_options_of(t)->outside, t->account);
    (void)s;
    if (a->end == OUTSIDE_SOON)
        doctor_soon(t, a);
    else if (a->end != OUTSIDE_GOOD)
        doctor_add(t, DOCTOR_FAIL, megaplan_code(a), "%s", a->text);
    else if (a->kept)
        doctor_add(t, DOCTOR_WARN, "list_kept",
                   "Megaplan's list of employees came empty or halved");
    else
        doctor_add(t, DOCTOR_OK, "megaplan_ok", "%zu employees, %zu of them work",
                   list ? list->count : 0, list ? count_working(list) : 0);
    if (a->end == OUTSIDE_GOOD)
        check_clients(t);
    doctor_end(t);
}

/* ---- extensions and employees ---- */

static bool tell_missing(struct doctor_task *t, const struct settings *s,
                         const struct users_query_list *users)
{
    struct names missing = NAMES_NONE;
    for (size_t i = 0; i < s->nemployees; i++) {
        const struct settings_employee *e = &s->employees[i];
        for (size_t k = 0; k < e->nextensions; k++)
            if (!users_query_find(users, str_of(e->extensions[k])))
                name(&missing, e->extensions[k]);
    }
    return tell(t, &missing, DOCTOR_FAIL, "extensions_missing", "not in the PBX");
}

static bool tell_twice(struct doctor_task *t, const struct users_query_list *users)
{
    struct names twice = NAMES_NONE;
    for (size_t i = 1; i < users->count; i++) {
        const char *one = users->all[i].extension;
        bool same = str_is(str_of(one), users->all[i - 1].extension);
        bool again = i > 1 && str_is(str_of(one), users->all[i - 2].extension);
        if (same && !again)
            name(&twice, one);
    }
    return tell(t, &twice, DOCTOR_WARN, "extensions_twice", "of several employees of the PBX");
}

static bool tell_unmapped(struct doctor_task *t, const struct settings *s)
{
    const struct doctor_options *o = doctor_options_of(t);
    struct doctor_unmapped list[UNMAPPED];
    struct names unmapped = NAMES_NONE;
    bool stand_in = s->unmapped_employee != NULL;
    size_t n = o->unmapped && !stand_in ? o->unmapped(o->arg, t->account, list, UNMAPPED) : 0;
    for (size_t i = 0; i < n && i < UNMAPPED; i++)
        name(&unmapped, list[i].extension);
    unmapped.n = n; /* with those that did not fit */
    return tell(t, &unmapped, s->unmapped_employee ? DOCTOR_OK : DOCTOR_WARN, "extensions_unmapped",
                "had calls and are nobody's");
}

static bool is_group(const struct settings *s, const char *extension)
{
    for (size_t i = 0; i < s->ngroups; i++)
        if (strcmp(extension, s->groups[i]) == 0)
            return true;
    return false;
}

/* In the PBX, and nobody's here. */
static bool tell_spare(struct doctor_task *t, const struct settings *s,
                       const struct users_query_list *users)
{
    struct names spare = NAMES_NONE;
    for (size_t i = 0; users->all && i < users->count && !s->unmapped_employee; i++) {
        const char *one = users->all[i].extension;
        bool again = i > 0 && strcmp(one, users->all[i - 1].extension) == 0;
        if (*one && !again && !is_group(s, one) && !settings_employee_of(s, str_of(one)))
            name(&spare, one);
    }
    return tell(t, &spare, DOCTOR_WARN, "extensions_spare", "in the PBX, but nobody's here");
}

static size_t mapped(const struct settings *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->nemployees; i++)
        n += s->employees[i].nextensions;
    return n;
}

void doctor_check_extensions(struct doctor_task *t, const struct settings *s)
{
    const struct users_query_list *users = outside_users(doctor_options_of(t)->outside, t->account);
    bool told = false;
    if (mapped(s) == 0) {
        doctor_add(t, DOCTOR_WARN, "extensions_none", "no employee has an extension");
        told = true;
    }
    if (!users || !is_good(t, OUTSIDE_USERS)) {
        doctor_add(t, DOCTOR_SKIP, "not_read", "MANGO did not tell its extensions");
        told = true;
    } else {
        told |= tell_missing(t, s, users);
        told |= tell_twice(t, users);
        told |= tell_spare(t, s, users);
    }
    told |= tell_unmapped(t, s);
    if (!told)
        doctor_add(t, DOCTOR_OK, "extensions_ok", "%zu mapped of %zu", mapped(s), users->count);
    doctor_end(t);
}

static bool tell_employees(struct doctor_task *t, const struct settings *s,
                           const struct employee_list *list)
{
    struct names gone = NAMES_NONE, missing = NAMES_NONE, blocked = NAMES_NONE;
    for (size_t i = 0; i < s->nemployees; i++) {
        const struct settings_employee *e = &s->employees[i];
        const struct employee *there = employee_find(list, str_of(e->megaplan_id));
        const char *called = e->name[0] ? e->name : e->megaplan_id;
        if (!there)
            name(&missing, called);
        else if (there->dismissed)
            name(&gone, called);
        else if (!there->working)
            name(&blocked, called);
    }
    bool told = tell(t, &gone, DOCTOR_FAIL, "employees_dismissed", "dismissed");
    told |= tell(t, &missing, DOCTOR_FAIL, "employees_missing", "not in Megaplan");
    told |= tell(t, &blocked, DOCTOR_WARN, "employees_blocked", "may not log in");
    return told;
}

void doctor_check_employees(struct doctor_task *t, const struct settings *s)
{
    const struct employee_list *list = outside_employees(doctor_options_of(t)->outside, t->account);
    if (!list || !is_good(t, OUTSIDE_EMPLOYEES))
        doctor_add(t, DOCTOR_SKIP, "not_read", "Megaplan did not tell its employees");
    else if (!tell_employees(t, s, list))
        doctor_add(t, DOCTOR_OK, "employees_ok", "%zu mapped, all work", s->nemployees);
    doctor_end(t);
}

/* ---- extra fields ---- */

bool doctor_wants_fields(const struct settings *s)
{
    return s->source_field || s->call_tracking;
}

static bool is_wanted(const struct settings *s, enum field f)
{
    return f == FIELD_LINE ? s->source_field : s->call_tracking;
}

static void tell_fields(struct doctor_task *t, const struct settings *s,
                        const struct field_names *names)
{
    struct names missing = NAMES_NONE, useless = NAMES_NONE;
    size_t wanted = 0;
    for (enum field f = 0; f < FIELDS; f++) {
        wanted += is_wanted(s, f);
        if (is_wanted(s, f) && !field_exists(names, f))
            name(&missing, field_key(f));
        else if (is_wanted(s, f) && !field_name(names, f))
            name(&useless, field_key(f));
    }
    bool told = tell(t, &missing, DOCTOR_WARN, "fields_missing", "not in Megaplan");
    told |= tell(t, &useless, DOCTOR_WARN, "fields_type", "take no text");
    if (!told)
        doctor_add(t, DOCTOR_OK, "fields_ok", "%zu fields", wanted);
}

void doctor_check_fields(struct doctor_task *t, const struct settings *s)
{
    const struct outside_answer *a = &t->answers[OUTSIDE_FIELDS];
    const struct field_names *names = outside_fields(doctor_options_of(t)->outside, t->account);
    if (!doctor_wants_fields(s))
        doctor_add(t, DOCTOR_SKIP, "fields_off", "no setting wants any");
    else if (a->end == OUTSIDE_SOON)
        doctor_soon(t, a);
    else if (a->end == OUTSIDE_REFUSED && a->status == 403)
        doctor_add(t, DOCTOR_FAIL, "fields_rights", "%s", a->text);
    else if (a->end != OUTSIDE_GOOD || !names)
        doctor_add(t, DOCTOR_SKIP, "not_read", "Megaplan did not tell its fields");
    else
        tell_fields(t, s, names);
    doctor_end(t);
}

/* ---- what is known here ---- */

void doctor_check_settings(struct doctor_task *t, const struct settings *s)
{
    const struct doctor_options *o = doctor_options_of(t);
    const char *why = o->refused ? o->refused(o->arg, t->account) : NULL;
    if (why)
        doctor_add(t, DOCTOR_FAIL, "settings_refused", "%s", why);
    else if (!s)
        doctor_add(t, DOCTOR_FAIL, "no_account",
                   *t->account ? "there is no such account" : "there is no account");
    else if (!s->enabled)
        doctor_add(t, DOCTOR_WARN, "settings_off", "enabled is false");
    else
        doctor_add(t, DOCTOR_OK, "settings_ok", "%zu employees", s->nemployees);
    doctor_end(t);
}

void doctor_check_timezone(struct doctor_task *t, const struct settings *s)
{
    struct error e = ERROR_NONE;
    struct tz *zone = NULL;
    struct tz_time local;
    if (tz_file_load(s->timezone, &zone, &e)) {
        doctor_add(t, DOCTOR_FAIL, "timezone_unknown", "%s: %s", s->timezone, e.text);
    } else {
        tz_local(zone, clock_wall_ms() / 1000, &local);
        doctor_add(t, DOCTOR_OK, "timezone_ok", "%s: it is %02d:%02d there", s->timezone,
                   local.hour, local.minute);
    }
    tz_free(zone);
    doctor_end(t);
}

void doctor_check_clock(struct doctor_task *t, const struct settings *s)
{
    static const char *const names[] = {[SHARE_MEGAPLAN] = "Megaplan", [SHARE_MANGO] = "MANGO"};
    struct buf found = BUF_INIT(DOCTOR_FOUND / 2);
    int64_t worst = -1;
    (void)s;
    for (enum share_api api = 0; api < SHARE_APIS; api++) {
        int64_t ms;
        if (!outside_skew(doctor_options_of(t)->outside, t->account, api, &ms))
            continue;
        buf_addf(&found, "%s%s is %.1f s %s", found.len ? ", " : "", names[api],
                 (double)llabs(ms) / 1000.0, ms < 0 ? "behind" : "ahead");
        worst = llabs(ms) > worst ? llabs(ms) : worst;
    }
    struct str text = buf_str(&found);
    if (worst < 0)
        doctor_add(t, DOCTOR_SKIP, "clock_unknown", "nobody told the time");
    else if (worst <= CLOCK_WARN_MS)
        doctor_add(t, DOCTOR_OK, "clock_ok", "%.*s", STR_ARG(text));
    else
        doctor_add(t, worst > CLOCK_FAIL_MS ? DOCTOR_FAIL : DOCTOR_WARN, "clock_wrong", "%.*s",
                   STR_ARG(text));
    buf_done(&found);
    doctor_end(t);
}
