/*
 * A job per recording, whenever it comes; crm puts all links of a call together.
 */
#include "worker/calls/rules_record.h"

#include <stdlib.h>

#include "common/mem.h"
#include "worker/calls/rules_job.h"

/* Legs alone may look internal until a better one, or the summary, comes: then it is asked again. */
static bool hold(const struct rule_call *c, struct rule_decision *out)
{
    if (c->fold->summary.there)
        return false;
    *out = (struct rule_decision){.rule = "G13", .quiet = true, .memory = *c->memory};
    out->memory.record_held = true;
    return true;
}

bool rules_record_added(const struct rule_call *c, struct rule_decision *out)
{
    if (c->recording.len == 0 || !c->settings->call_records)
        return false;
    if (c->view->direction == CALL_EVENT_INTERNAL && c->fold->nevents > 0)
        return hold(c, out);
    char *cause = mem_copy(c->recording);
    struct job *job = rules_job_new(c, JOB_RECORD, cause);
    free(cause);
    jval_put_text(job->data, "recording_id", c->recording);
    jval_put_int(job->data, "recorded_at",
                 c->cause.event_at ? c->cause.event_at : c->cause.received_at / 1000);
    rules_job_decide(c, out, "G13", job,
                     mem_format("recording %.*s is there", STR_ARG(c->recording)), NULL);
    return true;
}
