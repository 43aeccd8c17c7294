/*
 * A whole topic from its beginning, all partitions, without a group. On the loop's thread only.
 */
#include "common/kafka/table.h"

#include <stdlib.h>

#include "common/kafka/reader.h"
#include "common/mem.h"

enum {
    CLOSE_MS = 300
};

struct table {
    struct reader *reader;
    struct table_events events;
    void *arg;
    int32_t partitions, unread; /* partitions whose end was not reached yet */
    bool *read;
};

static void on_message(void *arg, const struct kafka_message *m)
{
    struct table *t = arg;
    t->events.message(t->arg, m);
}

static void on_end(void *arg, enum kafka_topic topic, int32_t partition)
{
    struct table *t = arg;
    (void)topic;
    if (partition >= t->partitions || t->read[partition])
        return;
    t->read[partition] = true;
    if (--t->unread == 0 && t->events.restored)
        t->events.restored(t->arg);
}

enum err table_new(struct loop *l, const struct config *c, const struct kafka_layout *layout,
                   enum kafka_topic topic, const struct table_events *events, void *arg,
                   struct table **out, struct error *e)
{
    static const struct reader_events from_reader = {on_message, on_end};
    struct table *t = mem_alloc(1, sizeof(*t));
    t->events = *events;
    t->arg = arg;
    t->partitions = t->unread = layout->partitions[topic];
    t->read = mem_alloc((size_t)t->partitions, sizeof(bool));
    enum err err = reader_new(l, c, layout->devbroker, READER_NEAR, &from_reader, t, &t->reader, e);
    for (int32_t i = 0; err == ERR_OK && i < t->partitions; i++)
        err = reader_start(t->reader, topic, i, READER_BEGINNING, e);
    if (err != ERR_OK) {
        table_free(t);
        return error_context(e, "%s", kafka_topic_name(topic));
    }
    *out = t;
    return ERR_OK;
}

void table_free(struct table *t)
{
    if (!t)
        return;
    reader_free(t->reader, CLOSE_MS);
    free(t->read);
    free(t);
}

bool table_restored(const struct table *t)
{
    return t->unread == 0;
}

bool table_connected(const struct table *t)
{
    return reader_connected(t->reader);
}
