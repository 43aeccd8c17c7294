/*
 * Jobs from a call: ids that end in their cause, the number's lane, the event that caused them.
 */
#include "worker/calls/rules_job.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

struct job *rules_job_new(const struct rule_call *c, enum job_kind kind, const char *cause)
{
    struct job *j = mem_alloc(1, sizeof *j);
    j->id = mem_format("%.*s:%s%s%s", STR_ARG(c->entry_id), job_kind_name(kind), cause ? ":" : "",
                       cause ? cause : "");
    j->kind = kind;
    j->account = mem_copy(c->account);
    j->entry_id = mem_copy(c->entry_id);
    if (c->view->number.digits[0] != '\0')
        j->number = mem_copy(str_of(c->view->number.digits));
    j->event_at = c->cause.event_at;
    j->received_at = c->cause.received_at;
    j->origin = mem_copy(str_of(c->cause.origin));
    j->offset = mem_format("events/%" PRId32 "/%" PRId64, c->cause.partition, c->cause.offset);
    j->data = jval_new_object();
    if (c->when == RULE_CLOSING || kind == JOB_CALL || kind == JOB_TALKED) {
        j->verdict = c->view->verdict;
        jval_put_text(j->data, "closed_by", str_of(c->closed_by));
    }
    return j;
}

void rules_job_decide(const struct rule_call *c, struct rule_decision *out, const char *rule,
                      struct job *job, char *reason, const struct settings_employee *employee)
{
    *out = (struct rule_decision){.rule = rule,
                                  .job = job,
                                  .reason = reason,
                                  .employee = employee ? employee->megaplan_id : NULL,
                                  .memory = *c->memory};
    if (job == NULL)
        return;
    job->rule = mem_copy(str_of(rule));
    job->reason = mem_copy(str_of(reason));
}

bool rules_job_none(const struct rule_call *c, struct rule_decision *out, const char *rule,
                    const char *reason)
{
    rules_job_decide(c, out, rule, NULL, mem_copy(str_of(reason)), NULL);
    return true;
}

char *rules_job_line(const struct rule_call *c)
{
    struct str line = c->view->line;
    if (str_starts(line, STR("sip:")))
        return mem_copy(line);
    char *digits = mem_alloc(line.len + 1, 1);
    size_t n = 0;
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] >= '0' && line.ptr[i] <= '9')
            digits[n++] = line.ptr[i];
    }
    return digits;
}

void rules_job_put_line(const struct rule_call *c, struct job *job, const char *key)
{
    char *line = rules_job_line(c);
    if (line[0] != '\0')
        jval_put_text(job->data, key, str_of(line));
    free(line);
}

void rules_job_put_responsible(struct job *job, const struct settings_employee *who,
                               struct str extension)
{
    jval_put_text(job->data, "responsible", str_of(who->megaplan_id));
    jval_put_text(job->data, "employee", str_of(who->name));
    if (extension.len > 0)
        jval_put_text(job->data, "extension", extension);
}

int64_t rules_job_began(const struct rule_call *c)
{
    return c->view->earliest ? c->view->earliest : c->cause.received_at / 1000;
}

int64_t rules_job_deadline(const struct rule_call *c, int64_t seconds)
{
    int64_t since = c->cause.received_at, at = c->cause.event_at * 1000;
    if (at > 0 && at < since)
        since = at;
    return since + seconds * 1000;
}

bool rules_job_is_live(const struct rule_call *c)
{
    return strcmp(c->cause.origin, "live") == 0 || strcmp(c->cause.origin, "test") == 0;
}
