/*
 * The codec of jobs. Knows nothing of what a kind's data means. Pure; from any thread.
 */
#include "common/job.h"

#include <stdlib.h>

#include "common/event.h"
#include "common/jout.h"
#include "common/jval.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

static const char *const kinds[JOB_KINDS] = {
    [JOB_ROUTE] = "route",   [JOB_VISITOR] = "visitor", [JOB_POPUP] = "popup",
    [JOB_CLIENT] = "client", [JOB_FILL] = "fill",       [JOB_RESPONSIBLE] = "responsible",
    [JOB_TASK] = "task",     [JOB_TALKED] = "talked",   [JOB_CALL] = "call",
    [JOB_RECORD] = "record", [JOB_LINK] = "link",       [JOB_TWIN] = "twin",
    [JOB_FIELD] = "field",
};

static const char *const verdicts[] = {
    [JOB_VERDICT_NONE] = NULL,
    [JOB_TALKED_TO] = "talked",
    [JOB_MISSED_MENU] = "missed:menu",
    [JOB_MISSED_GROUP] = "missed:group",
    [JOB_MISSED_DIRECT] = "missed:direct",
};

#define VERDICTS (sizeof(verdicts) / sizeof(verdicts[0]))

const char *job_kind_name(enum job_kind kind)
{
    return (size_t)kind < JOB_KINDS ? kinds[kind] : "unknown";
}

bool job_kind_parse(struct str name, enum job_kind *out)
{
    for (size_t i = 0; i < JOB_KINDS; i++) {
        if (str_is(name, kinds[i])) {
            *out = (enum job_kind)i;
            return true;
        }
    }
    return false;
}

bool job_kind_is_internal(enum job_kind kind)
{
    return kind >= JOB_LINK && kind < JOB_KINDS;
}

const char *job_verdict_name(enum job_verdict v)
{
    return (size_t)v < VERDICTS ? verdicts[v] : NULL;
}

bool job_verdict_parse(struct str name, enum job_verdict *out)
{
    for (size_t i = 1; i < VERDICTS; i++) {
        if (str_is(name, verdicts[i])) {
            *out = (enum job_verdict)i;
            return true;
        }
    }
    return false;
}

void job_write(const struct job *j, struct buf *out)
{
    char deadline[TEXT_TIME_SIZE];

    jout_open(out);
    jout_int(out, "v", 1);
    jout_text_if(out, "id", j->id);
    jout_text_if(out, "kind", job_kind_name(j->kind));
    jout_text_if(out, "entry_id", j->entry_id);
    jout_text_if(out, "number", j->number);
    jout_text_if(out, "rule", j->rule);
    jout_text_if(out, "reason", j->reason);
    jout_int(out, "event_at", j->event_at);
    jout_text_if(out, "offset", j->offset);
    jout_text_if(out, "verdict", job_verdict_name(j->verdict));
    if (j->deadline) {
        text_time(j->deadline, deadline);
        jout_text_if(out, "deadline", deadline);
    }
    jval_write_member(j->data, "data", out);
    jout_close(out);
}

char *job_encode(const struct job *j)
{
    struct buf out = BUF_INIT(LIMIT_JSON_BYTES);
    char *text;

    job_write(j, &out);
    text = buf_take(&out);
    if (!text)
        mem_out();
    return text;
}

char *job_key(const struct job *j)
{
    return mem_format("%s/%s", j->account, j->number ? j->number : j->entry_id);
}

static enum err read_kind(const struct jval *v, struct job *j, struct error *e)
{
    if (!job_kind_parse(jval_get_text(v, "kind"), &j->kind) || job_kind_is_internal(j->kind))
        return error_set(e, ERR_INPUT, "kind: none that we know");
    return ERR_OK;
}

static enum err read_verdict(const struct jval *v, struct job *j, struct error *e)
{
    if (!jval_get(v, "verdict") || job_verdict_parse(jval_get_text(v, "verdict"), &j->verdict))
        return ERR_OK;
    return error_set(e, ERR_INPUT, "verdict: none that we know");
}

static enum err read_times(const struct jval *v, struct job *j, struct error *e)
{
    const struct jval *deadline = jval_get(v, "deadline");
    const struct jval *event_at = jval_get(v, "event_at");
    struct str text;

    if (event_at && (!jval_int(event_at, &j->event_at) || j->event_at < 0))
        return error_set(e, ERR_INPUT, "event_at: not a time");
    if (deadline && (!jval_text(deadline, &text) || !text_parse_time(text, &j->deadline) ||
                     j->deadline <= 0)) /* 0 means none */
        return error_set(e, ERR_INPUT, "deadline: not a time");
    return ERR_OK;
}

static enum err read_number(const struct jval *v, struct job *j, struct error *e)
{
    enum err err = jval_take_text(v, "number", false, &j->number, e);

    if (err || !j->number)
        return err;
    if (!j->number[0] || j->number[strspn(j->number, "0123456789")])
        return error_set(e, ERR_INPUT, "number: not digits");
    return ERR_OK;
}

static enum err read_data(const struct jval *v, struct job *j, struct error *e)
{
    const struct jval *data = jval_get(v, "data");

    if (data && jval_type(data) != JVAL_OBJECT)
        return error_set(e, ERR_INPUT, "data: not an object");
    j->data = data ? jval_copy(data) : jval_new_object();
    return j->data ? ERR_OK : error_set(e, ERR_INTERNAL, "data: no memory");
}

static enum err read_value(const struct jval *v, struct job *j, struct error *e)
{
    enum err err;

    if ((err = jval_check_version(v, e)) || (err = read_kind(v, j, e)) ||
        (err = jval_take_text(v, "id", true, &j->id, e)) ||
        (err = jval_take_text(v, "entry_id", true, &j->entry_id, e)) ||
        (err = read_number(v, j, e)) || (err = jval_take_text(v, "rule", false, &j->rule, e)) ||
        (err = jval_take_text(v, "reason", false, &j->reason, e)) ||
        (err = jval_take_text(v, "offset", false, &j->offset, e)) ||
        (err = read_verdict(v, j, e)) || (err = read_times(v, j, e)) || (err = read_data(v, j, e)))
        return err;
    return ERR_OK;
}

enum err job_decode(struct str key, struct str value, int64_t received_at, struct str origin,
                    struct job **out, struct error *e)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct job *j = NULL;
    struct event_key k;
    enum err err;

    if ((err = event_key_split(key, &k, e)) || (err = jval_parse(value, &v, e)))
        return err;
    j = mem_try_alloc(1, sizeof(*j));
    if (!j)
        goto no_memory;
    j->received_at = received_at;
    j->account = mem_try_copy(k.account);
    j->origin = mem_try_copy(origin);
    if (!j->account || !j->origin)
        goto no_memory;
    err = read_value(v, j, e);
    if (err)
        goto fail;
    *out = j;
    return ERR_OK;
no_memory:
    err = error_set(e, ERR_INTERNAL, "job: no memory");
fail:
    job_free(j);
    return err;
}

void job_free(struct job *j)
{
    if (!j)
        return;
    free(j->id);
    free(j->account);
    free(j->entry_id);
    free(j->number);
    free(j->rule);
    free(j->reason);
    free(j->origin);
    free(j->offset);
    jval_free(j->data);
    free(j);
}
