/*
 * Checks of Kafka: its topics, and whether the workers read what comes. On the loop's thread; Kafka is waited for, a second or
 * two.
 *
 *   workers: unread messages? --some--> three seconds later: those at the front are done --> behind
 *                                       twelve seconds later, still none                 --> they stand still
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/doctor/doctor_state.h"
#include "common/kafka/lag.h"
#include "common/sent_mark.h"

#define KAFKA_MS 1000
#define KAFKA_KEPT_MS 5000
#define LOOK_MS 700 /* for each question about a group */
#define AGAIN_MS 3000
#define LOOKS \
    4 /* after the first: a call that waits for its recording holds its partition for five seconds */

/* ---- Kafka ---- */

static void compare(struct doctor_task *t, const struct kafka_layout *real,
                    const struct kafka_layout *first)
{
    struct buf missing = BUF_INIT(DOCTOR_FOUND / 2), other = BUF_INIT(DOCTOR_FOUND / 2);
    for (enum kafka_topic i = 0; i < KAFKA_TOPICS; i++) {
        const char *name = kafka_topic_name(i);
        int32_t now = real->partitions[i], was = first ? first->partitions[i] : now;
        if (now == 0)
            buf_addf(&missing, "%s%s", missing.len ? ", " : "", name);
        else if (was > 0 && now != was)
            buf_addf(&other, "%s%s has %d partitions, not %d", other.len ? ", " : "", name, now,
                     was);
    }
    if (missing.len)
        doctor_add(t, DOCTOR_FAIL, "kafka_missing", "missing: %.*s", STR_ARG(buf_str(&missing)));
    if (other.len)
        doctor_add(t, DOCTOR_FAIL, "kafka_counts", "%.*s", STR_ARG(buf_str(&other)));
    if (!missing.len && !other.len)
        doctor_add(t, DOCTOR_OK, "kafka_ok", "%d topics", KAFKA_TOPICS);
    buf_done(&missing);
    buf_done(&other);
}

static void look(struct doctor_task *t, struct doctor_kafka *k)
{
    const struct doctor_options *o = doctor_options_of(t);
    struct error e = ERROR_NONE;
    if (k->until > loop_now(o->loop))
        return;
    k->bad = kafka_topics_look(o->config, KAFKA_MS, &k->real, &e);
    snprintf(k->why, sizeof k->why, "%s", e.text);
    k->until = loop_now(o->loop) + KAFKA_KEPT_MS;
}

void doctor_check_kafka(struct doctor_task *t, const struct settings *s)
{
    const struct doctor_options *o = doctor_options_of(t);
    struct doctor_kafka *k = doctor_kafka_of(t);
    (void)s;
    look(t, k);
    if (k->bad)
        doctor_add(t, DOCTOR_FAIL, "kafka_down", "%s", k->why);
    else
        compare(t, &k->real, o->layout(o->arg));
    doctor_end(t);
}

/* ---- the workers ---- */

struct reading { /* of one group */
    int64_t unread, done;
    bool begun; /* it has committed something */
};

/* A worker calls commits behind what it has done, its mark says how far that is. */
static int64_t position(const struct lag_place *p)
{
    struct sent_mark mark;
    int64_t at = p->committed > p->low ? p->committed : p->low;
    if (p->topic == KAFKA_EVENTS && sent_mark_find(str_of(p->metadata), &mark) && mark.offset > at)
        at = mark.offset;
    return at < p->high ? at : p->high;
}

static enum err read_group(struct doctor_task *t, size_t g, struct reading *out, struct error *e)
{
    struct doctor_kafka *k = doctor_kafka_of(t);
    const struct lag_place *list;
    size_t n;
    enum err err = ERR_OK;
    *out = (struct reading){0, 0, false};
    if (!k->lag[g])
        err = lag_open(doctor_options_of(t)->config, &k->real, lag_groups[g].name,
                       lag_groups[g].topics, lag_groups[g].ntopics, &k->lag[g], e);
    if (!err)
        err = lag_read(k->lag[g], LOOK_MS, &list, &n, e);
    for (size_t i = 0; !err && i < n; i++) {
        int64_t at = position(&list[i]);
        out->unread += list[i].high - at;
        out->done += at;
        out->begun |= list[i].committed != LAG_NONE;
    }
    return err;
}

static void tell_group(struct doctor_task *t, size_t g, const struct reading *r, int64_t before)
{
    if (r->unread && !r->begun)
        doctor_add(t, DOCTOR_FAIL, "workers_none", "worker %s has never read: %" PRId64 " wait",
                   lag_groups[g].name, r->unread);
    else if (r->unread && r->done <= before)
        doctor_add(t, DOCTOR_WARN, "workers_still",
                   "worker %s: %" PRId64 " wait, and none was done in %d s", lag_groups[g].name,
                   r->unread, LOOKS * AGAIN_MS / 1000);
    else if (r->unread)
        doctor_add(t, DOCTOR_OK, "workers_behind", "worker %s: %" PRId64 " wait, and it works",
                   lag_groups[g].name, r->unread);
    else
        doctor_add(t, DOCTOR_OK, "workers_ok", "worker %s: nothing waits", lag_groups[g].name);
}

static bool all_there(const struct kafka_layout *l)
{
    for (enum kafka_topic i = 0; i < KAFKA_TOPICS; i++)
        if (l->partitions[i] == 0)
            return false;
    return true;
}

/* Notes the first look; whether it is worth another one, since nothing that is not done has moved. */
static bool wants_more(struct doctor_task *t, const struct reading *now)
{
    bool still = false;
    for (size_t g = 0; g < LAG_GROUPS; g++) {
        if (t->step == 0)
            t->noted[g] = now[g].done;
        still |= now[g].unread > 0 && now[g].begun && now[g].done <= t->noted[g];
    }
    return still && t->step++ < LOOKS;
}

void doctor_check_workers(struct doctor_task *t, const struct settings *s)
{
    struct doctor_kafka *k = doctor_kafka_of(t);
    struct reading now[LAG_GROUPS] = {{0, 0, false}};
    struct error e = ERROR_NONE;
    enum err err = ERR_OK;
    (void)s;
    look(t, k);
    for (size_t g = 0; !k->bad && all_there(&k->real) && !err && g < LAG_GROUPS; g++)
        err = read_group(t, g, &now[g], &e);
    if (err || k->bad || !all_there(&k->real)) {
        doctor_add(t, DOCTOR_SKIP, "workers_unknown", "%s",
                   err ? e.text : "Kafka, or its topics, are not there");
        doctor_end(t);
        return;
    }
    if (wants_more(t, now)) {
        doctor_again(t, AGAIN_MS);
        return;
    }
    for (size_t g = 0; g < LAG_GROUPS; g++)
        tell_group(t, g, &now[g], t->noted[g]);
    doctor_end(t);
}

void doctor_kafka_done(struct doctor_kafka *k)
{
    for (size_t g = 0; g < LAG_GROUPS; g++)
        lag_close(k->lag[g]);
}
