/*
 * Several topics from a time on, all partitions, without a group. On the loop's thread only.
 */
#include "common/kafka/follow.h"

#include <stdlib.h>

#include "common/kafka/reader.h"
#include "common/mem.h"

enum {
    CLOSE_MS = 300,
    LOOK_MS = 500
};

struct follow {
    struct reader *reader;
    void (*message)(void *arg, const struct kafka_message *m);
    void (*caught_up)(void *arg);
    void *arg;
    bool *read[KAFKA_TOPICS]; /* by partition; NULL: not followed */
    int32_t partitions[KAFKA_TOPICS];
    size_t unread; /* partitions whose end was not reached yet */
};

static void on_message(void *arg, const struct kafka_message *m)
{
    struct follow *f = arg;
    f->message(f->arg, m);
}

static void on_end(void *arg, enum kafka_topic topic, int32_t partition)
{
    struct follow *f = arg;
    if (partition >= f->partitions[topic] || f->read[topic][partition])
        return;
    f->read[topic][partition] = true;
    if (--f->unread == 0 && f->caught_up)
        f->caught_up(f->arg);
}

/* Where each partition of the topic begins. What comes between the two questions is behind both answers. */
static enum err look_up(struct follow *f, const struct follow_topic *t, int64_t *from,
                        struct error *e)
{
    size_t n = (size_t)f->partitions[t->topic];
    enum kafka_topic *topics = mem_alloc(n, sizeof *topics);
    int32_t *numbers = mem_alloc(n, sizeof *numbers);
    int64_t *ends = mem_alloc(n, sizeof *ends);
    for (size_t i = 0; i < n; i++) {
        topics[i] = t->topic;
        numbers[i] = (int32_t)i;
    }
    enum err err = reader_watermarks(f->reader, topics, numbers, n, LOOK_MS, true, ends, e);
    if (!err)
        err = reader_offsets_at(f->reader, topics, numbers, n, LOOK_MS, t->from_ms, from, e);
    for (size_t i = 0; !err && i < n; i++)
        if (from[i] == READER_END)
            from[i] = ends[i];
    free(topics);
    free(numbers);
    free(ends);
    return err;
}

static enum err look(struct follow *f, const struct follow_topic *t, int64_t *from, struct error *e)
{
    for (int32_t i = 0; i < f->partitions[t->topic]; i++)
        from[i] = READER_BEGINNING;
    enum err err = t->from_ms > 0 ? look_up(f, t, from, e) : ERR_OK;
    return err ? error_context(e, "%s", kafka_topic_name(t->topic)) : ERR_OK;
}

static enum err start(struct follow *f, enum kafka_topic t, const int64_t *from, struct error *e)
{
    enum err err = ERR_OK;
    for (int32_t i = 0; !err && i < f->partitions[t]; i++)
        err = reader_start(f->reader, t, i, from[i], e);
    return err ? error_context(e, "%s", kafka_topic_name(t)) : ERR_OK;
}

/* All is asked for before anything is fetched: Apache Kafka answers a connection's requests one after the other, and
 * a fetch of a quiet partition is answered after half a second, when the question behind it has timed out. */
static enum err begin(struct follow *f, const struct follow_options *o, struct error *e)
{
    int64_t *from[KAFKA_TOPICS] = {NULL};
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < o->ntopics; i++) {
        enum kafka_topic t = o->topics[i].topic;
        from[t] = mem_alloc((size_t)f->partitions[t], sizeof *from[t]);
        err = look(f, &o->topics[i], from[t], e);
    }
    for (size_t i = 0; !err && i < o->ntopics; i++)
        err = start(f, o->topics[i].topic, from[o->topics[i].topic], e);
    for (int t = 0; t < KAFKA_TOPICS; t++)
        free(from[t]);
    return err;
}

enum err follow_new(struct loop *l, const struct config *c, const struct kafka_layout *layout,
                    const struct follow_options *o, struct follow **out, struct error *e)
{
    static const struct reader_events from_reader = {on_message, on_end};
    struct follow *f = mem_alloc(1, sizeof *f);
    f->message = o->message;
    f->caught_up = o->caught_up;
    f->arg = o->arg;
    for (size_t i = 0; i < o->ntopics; i++) {
        enum kafka_topic t = o->topics[i].topic;
        f->partitions[t] = layout->partitions[t];
        f->unread += (size_t)f->partitions[t];
        f->read[t] = mem_alloc((size_t)f->partitions[t], sizeof(bool));
    }
    enum err err = reader_new(l, c, layout->devbroker, READER_NEAR, &from_reader, f, &f->reader, e);
    if (!err)
        err = begin(f, o, e);
    if (err) {
        follow_free(f);
        return error_context(e, "follow");
    }
    *out = f;
    return ERR_OK;
}

void follow_free(struct follow *f)
{
    if (!f)
        return;
    reader_free(f->reader, CLOSE_MS);
    for (int t = 0; t < KAFKA_TOPICS; t++)
        free(f->read[t]);
    free(f);
}

bool follow_caught_up(const struct follow *f)
{
    return f->unread == 0;
}

bool follow_connected(const struct follow *f)
{
    return reader_connected(f->reader);
}
