/*
 * Times are MANGO's; deadlines count in working minutes.
 */
#include "worker/calls/rules_task.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/worktime.h"
#include "worker/calls/rules_job.h"
#include "worker/calls/rules_person.h"

#define TOO_OLD_S (24 * 3600)
#define TITLE_MAX (32 * 1024) /* more than LIMIT_SETTING_STRING of {line}s, of 128 bytes each */

static int64_t ended_at(const struct rule_call *c)
{
    return c->view->ended ? c->view->ended : c->cause.received_at / 1000;
}

static void add_time(const struct rule_call *c, struct buf *out)
{
    struct tz_time t;
    tz_local(c->tz, c->view->started ? c->view->started : c->cause.received_at / 1000, &t);
    buf_addf(out, "%02d:%02d %02d.%02d.%04" PRId64, t.hour, t.minute, t.day, t.month, t.year);
}

/* True if the template goes on with that word, which is then passed over. */
static bool take_word(struct str *rest, struct str word)
{
    if (!str_starts(*rest, word))
        return false;
    *rest = str_from(*rest, word.len);
    return true;
}

/* The template with {phone}, {line} and {time} filled in; {client} is crm's. */
static void put_title(const struct rule_call *c, struct job *job, const char *phone)
{
    struct str rest = str_of(c->settings->missed_call_task.title);
    struct buf title = BUF_INIT(TITLE_MAX);
    char *line = rules_job_line(c);
    while (rest.len > 0) {
        if (take_word(&rest, STR("{phone}"))) {
            buf_add_str(&title, str_of(phone));
        } else if (take_word(&rest, STR("{line}"))) {
            buf_add_str(&title, str_of(line));
        } else if (take_word(&rest, STR("{time}"))) {
            add_time(c, &title);
        } else {
            buf_add_char(&title, rest.ptr[0]);
            rest = str_from(rest, 1);
        }
    }
    jval_put_text(job->data, "title", buf_str(&title));
    buf_done(&title);
    free(line);
}

static struct job *task_job(const struct rule_call *c)
{
    const struct settings_employee *off = rules_person_off_hours(c);
    struct rules_person who = rules_person_missed(c);
    struct job *job = rules_job_new(c, JOB_TASK, NULL);
    char phone[PHONE_TEXT_MAX];
    phone_write(&c->view->number, c->settings->phone_format, phone);
    put_title(c, job, phone);
    jval_put_text(job->data, "phone", str_of(phone));
    jval_put_int(job->data, "ended_at", ended_at(c));
    jval_put_int(job->data, "due_at",
                 worktime_add(&c->settings->working_hours, c->tz, ended_at(c),
                              c->settings->missed_call_task.deadline_minutes));
    rules_job_put_line(c, job, "line");
    if (off != NULL)
        jval_put_text(job->data, "responsible", str_of(off->megaplan_id));
    else if (who.employee != NULL)
        jval_put_text(job->data, "fallback", str_of(who.employee->megaplan_id));
    return job;
}

bool rules_task_missed(const struct rule_call *c, struct rule_decision *out)
{
    if (!c->settings->missed_call_task.enabled || c->view->direction != CALL_EVENT_INCOMING ||
        c->view->answered)
        return false;
    const char *refusal = rules_no_client(c);
    if (refusal != NULL)
        return rules_job_none(c, out, rules_refused_by(c, "B2"), refusal);
    if (c->cause.now / 1000 - ended_at(c) > TOO_OLD_S)
        return rules_job_none(c, out, "B2", "the call ended over 24 hours ago");
    rules_job_decide(c, out, "B2", task_job(c),
                     mem_format("a missed call from %s: call back", c->view->number.digits), NULL);
    return true;
}

bool rules_task_talked(const struct rule_call *c, struct rule_decision *out)
{
    const struct view *v = c->view;
    bool incoming = v->direction == CALL_EVENT_INCOMING;
    if (!v->answered || c->memory->talked || (c->when == RULE_AFTER && !c->first_summary) ||
        rules_no_client(c) != NULL)
        return false;
    struct job *job = rules_job_new(c, JOB_TALKED, NULL);
    jval_put_text(job->data, "direction", incoming ? STR("in") : STR("out"));
    jval_put_int(job->data, "talked_at", v->talked_at ? v->talked_at : v->started);
    jval_put_int(job->data, "ended_at", ended_at(c));
    rules_job_decide(c, out, "B3", job, mem_format("somebody talked with %s", v->number.digits),
                     NULL);
    out->memory.talked = true;
    return true;
}
