/*
 * Names of topics and headers of messages: what the modules of common/kafka/ and their users share.
 */
#include "common/kafka/client.h"

#include "common/mem.h"

static const char *const names[KAFKA_TOPICS] = {
    [KAFKA_EVENTS] = "events",       [KAFKA_JOBS_NOW] = "jobs.now", [KAFKA_JOBS] = "jobs",
    [KAFKA_JOBS_BULK] = "jobs.bulk", [KAFKA_FACTS] = "facts",       [KAFKA_OUTCOMES] = "outcomes",
    [KAFKA_SETTINGS] = "settings",   [KAFKA_DEAD] = "dead",
};

const char *kafka_topic_name(enum kafka_topic t)
{
    return names[t];
}

char *kafka_topic_full(const struct config *c, enum kafka_topic t)
{
    return mem_format("%s%s", c->topic_prefix, names[t]);
}

struct str kafka_header_get(const struct kafka_message *m, const char *name)
{
    for (size_t i = m->nheaders; i-- > 0;)
        if (strcmp(m->headers[i].name, name) == 0)
            return m->headers[i].value;
    return STR_NONE;
}
