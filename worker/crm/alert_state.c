/*
 * When an alert opens and closes, and how it is kept. Pure.
 */
#include "worker/crm/alert_state.h"

#include <string.h>

#include "common/jval.h"
#include "common/mem.h"
#include "common/murmur2.h"

#define WORTH_MS 60000

static bool it_is_so(struct alert_state_row *r, int64_t now, int64_t after_ms)
{
    bool begins = r->since == 0;
    r->well = 0;
    if (begins)
        r->since = now;
    if (r->opened || now - r->since < after_ms)
        return begins;
    r->opened = now;
    return true;
}

static bool it_is_not_so(struct alert_state_row *r, int64_t now, int64_t heal_ms)
{
    if (!r->since)
        return false;
    if (!r->opened) {
        *r = (struct alert_state_row){.last = r->last};
        return true;
    }
    if (!r->well || r->well > now)
        r->well = now;
    if (now - r->well < heal_ms)
        return false;
    r->closed = true; /* told even if the opening was not: nobody knows what a failed message did */
    return true;
}

bool alert_state_step(struct alert_state *s, enum alert_cause c, enum alert_state_input in,
                      int64_t now, int64_t after_ms)
{
    struct alert_state_row *r = &s->rows[c];
    if (r->closed || in == ALERT_STATE_UNKNOWN)
        return false;
    if (in == ALERT_STATE_SO)
        return it_is_so(r, now, after_ms);
    return it_is_not_so(r, now, after_ms < ALERT_STATE_HEAL_MS ? after_ms : ALERT_STATE_HEAL_MS);
}

bool alert_state_happened(struct alert_state *s, enum alert_cause c, int64_t now)
{
    struct alert_state_row *r = &s->rows[c];
    bool worth = !r->last || now - r->last >= WORTH_MS;
    if (worth)
        r->last = now;
    return worth;
}

static uint32_t *dead_of(struct alert_state *s, struct str job)
{
    uint32_t hash = murmur2_hash(job);
    for (uint32_t i = 0; i < s->ndead; i++)
        if (s->dead[i] == hash)
            return &s->dead[i];
    return NULL;
}

bool alert_state_died(struct alert_state *s, struct str job, int64_t now)
{
    bool changed = true;
    if (alert_state_recent(s, ALERT_DEAD_LETTERS, now) == ALERT_STATE_NOT_SO) {
        s->ndead = 0; /* those of long ago count no more */
        s->dead_more = false;
    }
    if (job.len && dead_of(s, job))
        changed = false;
    else if (job.len && s->ndead < ALERT_STATE_DEAD)
        s->dead[s->ndead++] = murmur2_hash(job);
    else
        s->dead_more = true;
    return alert_state_happened(s, ALERT_DEAD_LETTERS, now) || changed;
}

bool alert_state_revived(struct alert_state *s, struct str job)
{
    uint32_t *at = dead_of(s, job);
    if (!at)
        return false;
    *at = s->dead[--s->ndead];
    if (!s->ndead && !s->dead_more)
        s->rows[ALERT_DEAD_LETTERS].last = 0;
    return true;
}

enum alert_state_input alert_state_recent(const struct alert_state *s, enum alert_cause c,
                                          int64_t now)
{
    int64_t last = s->rows[c].last;
    return last && now - last < ALERT_STATE_HAPPENED_MS ? ALERT_STATE_SO : ALERT_STATE_NOT_SO;
}

bool alert_state_next(const struct alert_state *s, enum alert_cause *c, bool *open)
{
    for (enum alert_cause i = ALERT_MEGAPLAN_CREDENTIALS; i < ALERT_CAUSES; i++) {
        const struct alert_state_row *r = &s->rows[i];
        if (r->closed ? r->told_closed : !r->opened || r->told)
            continue;
        *c = i;
        *open = !r->closed;
        return true;
    }
    return false;
}

void alert_state_told(struct alert_state *s, enum alert_cause c, bool open)
{
    struct alert_state_row *r = &s->rows[c];
    if (open)
        r->told = r->opened != 0;
    else
        r->told_closed = r->closed;
}

enum alert_state_task alert_state_task(const struct alert_state *s, enum alert_cause c)
{
    const struct alert_state_row *r = &s->rows[c];
    if (r->closed)
        return r->task[0] ? ALERT_STATE_TASK_CLOSE : ALERT_STATE_TASK_NOTHING;
    return r->opened && !r->well && !r->tasked ? ALERT_STATE_TASK_MAKE : ALERT_STATE_TASK_NOTHING;
}

void alert_state_tasked(struct alert_state *s, enum alert_cause c, const char *id)
{
    struct alert_state_row *r = &s->rows[c];
    r->tasked = true;
    if (strlen(id) < sizeof r->task)
        memcpy(r->task, id, strlen(id) + 1);
}

void alert_state_task_closed(struct alert_state *s, enum alert_cause c)
{
    s->rows[c].task[0] = '\0';
}

bool alert_state_end(struct alert_state *s, enum alert_cause c, bool posts, bool making,
                     int64_t now)
{
    struct alert_state_row *r = &s->rows[c];
    bool tells = posts && !r->told_closed && now - r->well < ALERT_STATE_TELL_MS;
    if (!r->closed || tells || r->task[0] || making)
        return false;
    *r = (struct alert_state_row){.last = r->last};
    return true;
}

bool alert_state_has_tasks(const struct alert_state *s)
{
    for (enum alert_cause i = ALERT_MEGAPLAN_CREDENTIALS; i < ALERT_CAUSES; i++)
        if (s->rows[i].task[0])
            return true;
    return false;
}

bool alert_state_empty(const struct alert_state *s)
{
    for (enum alert_cause i = ALERT_MEGAPLAN_CREDENTIALS; i < ALERT_CAUSES; i++)
        if (s->rows[i].since || s->rows[i].last)
            return false;
    return true;
}

/* kept */

static void put_time(struct jval *o, const char *key, int64_t ms)
{
    if (ms)
        jval_put_int(o, key, ms);
}

static struct jval *row_of(const struct alert_state_row *r)
{
    struct jval *o = jval_new_object();
    put_time(o, "since", r->since);
    put_time(o, "opened", r->opened);
    put_time(o, "last", r->last);
    if (r->closed) {
        jval_put_bool(o, "closed", true);
        put_time(o, "well", r->well);
    }
    if (r->told)
        jval_put_bool(o, "told", true);
    if (r->told_closed)
        jval_put_bool(o, "told_closed", true);
    if (r->tasked)
        jval_put_text(o, "task", str_of(r->task));
    return o;
}

static void put_dead(struct jval *v, const struct alert_state *s)
{
    if (!s->rows[ALERT_DEAD_LETTERS].last)
        return;
    struct jval *dead = jval_new_array();
    for (uint32_t i = 0; i < s->ndead; i++)
        jval_append(dead, jval_new_int(s->dead[i]));
    jval_put(v, "dead", dead);
    if (s->dead_more)
        jval_put_bool(v, "dead_more", true);
}

char *alert_state_write(const struct alert_state *s)
{
    struct jval *v = jval_new_object(), *rows = jval_new_object();
    for (enum alert_cause i = ALERT_MEGAPLAN_CREDENTIALS; i < ALERT_CAUSES; i++)
        if (s->rows[i].since || s->rows[i].last)
            jval_put(rows, alert_code(i), row_of(&s->rows[i]));
    jval_put(v, "alerts", rows);
    put_dead(v, s);
    jval_put_int(v, "v", 1);
    return jval_dump_free(v, true);
}

static void read_row(const struct jval *v, struct alert_state_row *r)
{
    jval_int(jval_get(v, "since"), &r->since);
    jval_int(jval_get(v, "opened"), &r->opened);
    jval_int(jval_get(v, "last"), &r->last);
    jval_int(jval_get(v, "well"), &r->well);
    jval_bool(jval_get(v, "closed"), &r->closed);
    jval_bool(jval_get(v, "told"), &r->told);
    jval_bool(jval_get(v, "told_closed"), &r->told_closed);
    struct str task = jval_get_text(v, "task");
    r->tasked = jval_get(v, "task") != NULL;
    if (task.len && task.len < sizeof r->task)
        memcpy(r->task, task.ptr, task.len);
}

static void read_dead(const struct jval *v, struct alert_state *s)
{
    const struct jval *dead = jval_get(v, "dead");
    int64_t hash;
    for (size_t i = 0; i < jval_size(dead) && s->ndead < ALERT_STATE_DEAD; i++)
        if (jval_int(jval_at(dead, i), &hash))
            s->dead[s->ndead++] = (uint32_t)hash;
    /* a state of before says nothing of which jobs */
    s->dead_more = !dead && s->rows[ALERT_DEAD_LETTERS].last;
    jval_bool(jval_get(v, "dead_more"), &s->dead_more);
}

void alert_state_read(struct alert_state *s, struct str value)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    *s = (struct alert_state){0};
    if (!value.len || jval_parse(value, &v, &ignored))
        return;
    for (enum alert_cause i = ALERT_MEGAPLAN_CREDENTIALS; i < ALERT_CAUSES; i++)
        read_row(jval_get(jval_get(v, "alerts"), alert_code(i)), &s->rows[i]);
    read_dead(v, s);
}
