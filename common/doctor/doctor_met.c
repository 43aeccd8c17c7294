/*
 * Checks by what was met: the newest calls in Megaplan, and what the workers wrote down of the last day. What only a write
 * could tell is told by those that were made. On the loop's thread.
 */
#include <inttypes.h>

#include "common/clock.h"
#include "common/doctor/doctor_state.h"

#define REQUESTS_A_CALL 4 /* of a new client's, recorded: the README's table of requests per call */
#define LATE_OF 10        /* one late route of so many is a scheme without a greeting */

const struct evidence *doctor_evidence_of(const struct doctor_task *t)
{
    const struct doctor_options *o = doctor_options_of(t);
    return o->evidence ? o->evidence(o->arg) : NULL;
}

/* Of the last day; 0 if nobody knows. */
static int64_t met(const struct doctor_task *t, enum evidence_sign s)
{
    const struct evidence *e = doctor_evidence_of(t);
    return e ? evidence_count(e, t->account, s, clock_wall_ms()) : 0;
}

static const char *reason(const struct doctor_task *t, enum evidence_sign s)
{
    const struct evidence *e = doctor_evidence_of(t);
    return e ? evidence_reason(e, t->account, s) : "";
}

/* ---- telephony, and the vendor's own application ---- */

void doctor_check_telephony(struct doctor_task *t, const struct settings *s)
{
    const struct outside_answer *a = &t->answers[OUTSIDE_TELEPHONY];
    (void)s;
    if (a->end == OUTSIDE_SOON)
        doctor_soon(t, a);
    else if (a->end == OUTSIDE_GOOD)
        doctor_add(t, DOCTOR_OK, "telephony_ok", "it answers; %" PRId64 " calls saved in 24 hours",
                   met(t, EVIDENCE_SAVED));
    else if (a->end == OUTSIDE_REFUSED && a->status == 403)
        doctor_add(t, DOCTOR_FAIL, "telephony_rights", "%s", a->text);
    else if (a->end == OUTSIDE_REFUSED && a->status == 404)
        doctor_add(t, DOCTOR_FAIL, "telephony_off", "%s", a->text);
    else
        doctor_add(t, DOCTOR_SKIP, "not_read", "%s", a->text);
    doctor_end(t);
}

void doctor_check_vendor(struct doctor_task *t, const struct settings *s)
{
    const struct outside_answer *a = &t->answers[OUTSIDE_CALLS];
    const struct callinfo_list *calls = outside_calls(doctor_options_of(t)->outside, t->account);
    (void)s;
    if (a->end == OUTSIDE_SOON)
        doctor_soon(t, a);
    else if (a->end != OUTSIDE_GOOD || !calls)
        doctor_add(t, DOCTOR_SKIP, "vendor_unknown", "Megaplan did not tell its calls: %s",
                   a->text);
    else if (calls->twice == 0)
        doctor_add(t, DOCTOR_OK, "vendor_ok", "of the newest %zu calls none stands there twice",
                   calls->calls);
    else
        doctor_add(t, calls->twice < CALLINFO_LIST_TWICE ? DOCTOR_WARN : DOCTOR_FAIL,
                   "vendor_active", "of the newest %zu calls in Megaplan %zu stand there twice",
                   calls->calls, calls->twice);
    doctor_end(t);
}

/* ---- what the workers met ---- */

void doctor_check_greeting(struct doctor_task *t, const struct settings *s)
{
    int64_t routed = met(t, EVIDENCE_ROUTED), late = met(t, EVIDENCE_ROUTE_LATE);
    if (!s->route_to_responsible)
        doctor_add(t, DOCTOR_SKIP, "greeting_off", "calls are not routed");
    else if (late > 0 && late * LATE_OF >= routed + late)
        doctor_add(t, DOCTOR_WARN, "greeting_late",
                   "of %" PRId64 " calls to be routed %" PRId64 " had left the menu before",
                   routed + late, late);
    else if (routed > 0)
        doctor_add(t, DOCTOR_OK, "greeting_ok", "%" PRId64 " calls routed, %" PRId64 " too late",
                   routed, late);
    else
        doctor_add(t, DOCTOR_WARN, "greeting_hint",
                   "calls are to be routed: that needs a greeting of 5 s before");
    doctor_end(t);
}

void doctor_check_recordings(struct doctor_task *t, const struct settings *s)
{
    int64_t refused = met(t, EVIDENCE_NO_RECORD);
    if (!s->call_records)
        doctor_add(t, DOCTOR_SKIP, "recordings_off", "recordings are not wanted");
    else if (refused > 0)
        doctor_add(t, DOCTOR_WARN, "recordings_refused", "%" PRId64 " links refused, the last: %s",
                   refused, reason(t, EVIDENCE_NO_RECORD));
    else
        doctor_add(t, DOCTOR_OK, "recordings_hint", "no link was refused");
    doctor_end(t);
}

static bool tell_hour(struct doctor_task *t, const struct settings *s)
{
    const struct evidence *e = doctor_evidence_of(t);
    int64_t calls = e ? evidence_busiest(e, t->account, EVIDENCE_SAVED, clock_wall_ms()) : 0;
    int64_t enough = s->megaplan.requests_per_hour / REQUESTS_A_CALL;
    if (calls > enough)
        doctor_add(t, DOCTOR_WARN, "limits_hour",
                   "%" PRId64 " calls in the busiest hour; %" PRId64
                   " requests are enough for about %" PRId64 " of new numbers",
                   calls, s->megaplan.requests_per_hour, enough);
    return calls > enough;
}

void doctor_check_limits(struct doctor_task *t, const struct settings *s)
{
    int64_t limited = met(t, EVIDENCE_ROUTE_LIMIT), failed = met(t, EVIDENCE_ROUTE_FAILED);
    bool told = tell_hour(t, s);
    if (limited > 0)
        doctor_add(t, DOCTOR_WARN, "limits_routes",
                   "%" PRId64 " calls not routed: MANGO takes one route in two seconds", limited);
    if (failed > 0)
        doctor_add(t, DOCTOR_WARN, "limits_refused", "%" PRId64 " routes failed, the last: %s",
                   failed, reason(t, EVIDENCE_ROUTE_FAILED));
    if (!told && limited + failed == 0)
        doctor_add(t, DOCTOR_OK, "limits_ok", "%" PRId64 " calls saved in 24 hours",
                   met(t, EVIDENCE_SAVED));
    doctor_end(t);
}

void doctor_check_refused(struct doctor_task *t, const struct settings *s)
{
    int64_t dead = met(t, EVIDENCE_DEAD);
    (void)s;
    if (!doctor_evidence_of(t))
        doctor_add(t, DOCTOR_SKIP, "refused_unknown", "Kafka did not tell what came of the calls");
    else if (dead > 0)
        doctor_add(t, DOCTOR_WARN, "refused_dead",
                   "%" PRId64 " dead letters in 24 hours, the last: %s", dead,
                   reason(t, EVIDENCE_DEAD));
    else
        doctor_add(t, DOCTOR_OK, "refused_ok", "no dead letter in 24 hours");
    doctor_end(t);
}
