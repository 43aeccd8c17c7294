/*
 * The codec of jobs. Knows nothing of what a kind's data means. Pure; from any thread.
 */
#include "common/job.h"

#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/jflat.h"
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
    [JOB_FIELD] = "field",   [JOB_STAFF] = "staff",     [JOB_ALERT] = "alert",
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

bool job_why_is_unmapped(struct str why)
{
    return str_is(why, JOB_WHY_NOBODY_TALKED) || str_is(why, JOB_WHY_NOBODY_CALLED) ||
           str_is(why, JOB_WHY_NOBODY_MISSED);
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

/* reading: the texts are lent by the JSON until all is known to be well, then copied into the job's block */

struct reading {
    struct jflat flat;
    struct job job; /* its texts are not set */
    struct str id, entry_id, number, rule, reason, offset;
    const struct jflat_value *data;
};

static const struct jflat_value *member(const struct reading *r, const char *key)
{
    return jflat_get(&r->flat, jflat_root(&r->flat), key);
}

/* Absent and null have no bytes' address. */
static enum err read_text(const struct reading *r, const char *key, bool required, struct str *out,
                          struct error *e)
{
    const struct jflat_value *v = member(r, key);

    *out = STR_NONE;
    if (!v || jflat_type(v) == JVAL_NULL)
        return required ? error_set(e, ERR_INPUT, "%s: missing", key) : ERR_OK;
    if (!jflat_text(v, out))
        return error_set(e, ERR_INPUT, "%s: not a text", key);
    return ERR_OK;
}

static struct str text_of(const struct jflat_value *v)
{
    struct str text = STR_NONE;

    (void)jflat_text(v, &text);
    return text;
}

static enum err read_kind(struct reading *r, struct error *e)
{
    int64_t version;

    if (jflat_type(jflat_root(&r->flat)) != JVAL_OBJECT)
        return error_set(e, ERR_INPUT, "not an object");
    if (!jflat_int(member(r, "v"), &version) || version != 1)
        return error_set(e, ERR_INPUT, "v: not 1");
    if (!job_kind_parse(text_of(member(r, "kind")), &r->job.kind) ||
        job_kind_is_internal(r->job.kind))
        return error_set(e, ERR_INPUT, "kind: none that we know");
    return ERR_OK;
}

static enum err read_verdict(struct reading *r, struct error *e)
{
    const struct jflat_value *v = member(r, "verdict");

    if (!v || job_verdict_parse(text_of(v), &r->job.verdict))
        return ERR_OK;
    return error_set(e, ERR_INPUT, "verdict: none that we know");
}

static enum err read_times(struct reading *r, struct error *e)
{
    const struct jflat_value *deadline = member(r, "deadline");
    const struct jflat_value *event_at = member(r, "event_at");

    if (event_at && (!jflat_int(event_at, &r->job.event_at) || r->job.event_at < 0))
        return error_set(e, ERR_INPUT, "event_at: not a time");
    if (deadline && (!text_parse_time(text_of(deadline), &r->job.deadline) ||
                     r->job.deadline <= 0)) /* 0 means none */
        return error_set(e, ERR_INPUT, "deadline: not a time");
    return ERR_OK;
}

static enum err read_number(struct reading *r, struct error *e)
{
    enum err err = read_text(r, "number", false, &r->number, e);

    if (err || !r->number.ptr)
        return err;
    for (size_t i = 0; i < r->number.len; i++)
        if (r->number.ptr[i] < '0' || r->number.ptr[i] > '9')
            return error_set(e, ERR_INPUT, "number: not digits");
    return r->number.len ? ERR_OK : error_set(e, ERR_INPUT, "number: not digits");
}

static enum err read_data(struct reading *r, struct error *e)
{
    r->data = member(r, "data");
    if (r->data && jflat_type(r->data) != JVAL_OBJECT)
        return error_set(e, ERR_INPUT, "data: not an object");
    return ERR_OK;
}

static enum err read_members(struct reading *r, struct error *e)
{
    enum err err;

    if ((err = read_kind(r, e)) || (err = read_text(r, "id", true, &r->id, e)) ||
        (err = read_text(r, "entry_id", true, &r->entry_id, e)) || (err = read_number(r, e)) ||
        (err = read_text(r, "rule", false, &r->rule, e)) ||
        (err = read_text(r, "reason", false, &r->reason, e)) ||
        (err = read_text(r, "offset", false, &r->offset, e)) || (err = read_verdict(r, e)) ||
        (err = read_times(r, e)) || (err = read_data(r, e)))
        return err;
    return ERR_OK;
}

/* Strictly: the quick reader gives the last of repeated keys, which here are an error. */
static enum err parse(struct str value, struct jflat *out, struct error *e)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    enum err err = jflat_parse(value, out, e);

    if (err || (jflat_plain(out) && !jflat_repeats(out)))
        return err;
    err = jval_parse(value, &v, e);
    if (err)
        jflat_done(out);
    return err;
}

static char *put_text(char **room, struct str text)
{
    char *at = *room;

    if (!text.ptr)
        return NULL;
    if (text.len)
        memcpy(at, text.ptr, text.len);
    at[text.len] = '\0';
    *room += text.len + 1;
    return at;
}

/* One block: the job, behind it its texts. */
static struct job *make(const struct reading *r, struct str account, struct str origin)
{
    size_t size = sizeof(struct job) + account.len + origin.len + r->id.len + r->entry_id.len +
                  r->number.len + r->rule.len + r->reason.len + r->offset.len + 8;
    struct job *j = mem_try_alloc(1, size);
    char *room;

    if (!j)
        return NULL;
    *j = r->job;
    j->one_block = true;
    room = (char *)(j + 1);
    j->id = put_text(&room, r->id);
    j->account = put_text(&room, account);
    j->entry_id = put_text(&room, r->entry_id);
    j->number = put_text(&room, r->number);
    j->rule = put_text(&room, r->rule);
    j->reason = put_text(&room, r->reason);
    j->origin = put_text(&room, origin.ptr ? origin : STR(""));
    j->offset = put_text(&room, r->offset);
    return j;
}

static enum err data_tree(const struct reading *r, struct str value, struct jval **out,
                          struct error *e)
{
    struct jval *whole CLEANUP(jval_cleanup) = NULL;
    struct str source = jflat_source(r->data);
    enum err err;

    if (source.len)
        return jval_parse(source, out, e);
    if (r->data) {
        if ((err = jval_parse(value, &whole, e)))
            return err;
        *out = jval_copy(jval_get(whole, "data"));
    } else {
        *out = jval_new_object();
    }
    return *out ? ERR_OK : error_set(e, ERR_INTERNAL, "data: no memory");
}

/* data: NULL if the tree is wanted. */
static enum err read_job(struct reading *r, struct str value, struct str *data, struct error *e)
{
    if (data) {
        *data = jflat_source(r->data);
        if (data->len)
            return ERR_OK;
    }
    return data_tree(r, value, &r->job.data, e);
}

static enum err decode(const struct job_message *m, struct str *data, struct job **out,
                       struct error *e)
{
    struct reading r;
    struct event_key k;
    enum err err;

    if ((err = event_key_split(m->key, &k, e)) || (err = parse(m->value, &r.flat, e)))
        return err;
    r.job = (struct job){.received_at = m->received_at};
    if (!(err = read_members(&r, e)) && !(err = read_job(&r, m->value, data, e))) {
        *out = make(&r, k.account, m->origin);
        if (!*out) {
            jval_free(r.job.data);
            err = error_set(e, ERR_INTERNAL, "job: no memory");
        }
    }
    jflat_done(&r.flat);
    return err;
}

enum err job_decode(struct str key, struct str value, int64_t received_at, struct str origin,
                    struct job **out, struct error *e)
{
    const struct job_message m = {key, value, origin, received_at};

    return decode(&m, NULL, out, e);
}

enum err job_read(const struct job_message *m, struct job **out, struct str *data, struct error *e)
{
    return decode(m, data, out, e);
}

void job_free(struct job *j)
{
    if (!j)
        return;
    jval_free(j->data);
    if (j->one_block) {
        free(j);
        return;
    }
    free(j->id);
    free(j->account);
    free(j->entry_id);
    free(j->number);
    free(j->rule);
    free(j->reason);
    free(j->origin);
    free(j->offset);
    free(j);
}
