/*
 * Text and comparison of `_layout`. Pure: reading and writing it is topics.c's.
 */
#include "common/kafka/layout.h"

#include <stdlib.h>

#include "common/jval.h"
#include "common/limits.h"

char *layout_text(const struct kafka_layout *real)
{
    struct jval *all = jval_new_object(), *counts = jval_new_object();
    for (int t = 0; t < KAFKA_TOPICS; t++)
        jval_put_int(counts, kafka_topic_name((enum kafka_topic)t), real->partitions[t]);
    jval_put_int(all, "v", 1);
    jval_put(all, "partitions", counts);
    char *text = jval_dump(all, true);
    jval_free(all);
    if (!text)
        abort();
    return text;
}

static enum err check_topic(const struct jval *counts, enum kafka_topic t, int32_t real,
                            struct error *e)
{
    const struct jval *stored = jval_get(counts, kafka_topic_name(t));
    int64_t n;
    if (!stored)
        return ERR_OK;
    if (!jval_int(stored, &n) || n < 1 || n > LIMIT_PARTITIONS)
        return error_set(e, ERR_CONFIG, "settings: %s: a wrong count of %s", LAYOUT_KEY,
                         kafka_topic_name(t));
    if (n == real)
        return ERR_OK;
    return error_set(e, ERR_CONFIG,
                     "topic %s has %d partitions, but this installation began with %lld, and keys "
                     "would move: make the topic anew with %lld, or begin a new installation with "
                     "another TOPIC_PREFIX",
                     kafka_topic_name(t), real, (long long)n, (long long)n);
}

enum err layout_check(struct str stored, const struct kafka_layout *real, struct error *e)
{
    struct jval *all CLEANUP(jval_cleanup) = NULL;
    if (jval_parse(stored, &all, NULL) != ERR_OK)
        return error_set(e, ERR_CONFIG, "settings: %s is not what Mangoplan writes", LAYOUT_KEY);
    const struct jval *counts = jval_get(all, "partitions");
    if (jval_type(counts) != JVAL_OBJECT)
        return error_set(e, ERR_CONFIG, "settings: %s has no partitions", LAYOUT_KEY);
    for (int t = 0; t < KAFKA_TOPICS; t++)
        if (check_topic(counts, (enum kafka_topic)t, real->partitions[t], e) != ERR_OK)
            return ERR_CONFIG;
    return ERR_OK;
}

enum err layout_read(struct str stored, struct kafka_layout *out, struct error *e)
{
    struct jval *all CLEANUP(jval_cleanup) = NULL;
    *out = (struct kafka_layout){.devbroker = false};
    if (jval_parse(stored, &all, NULL) != ERR_OK)
        return error_set(e, ERR_CONFIG, "settings: %s is not what Mangoplan writes", LAYOUT_KEY);
    const struct jval *counts = jval_get(all, "partitions");
    for (int t = 0; t < KAFKA_TOPICS; t++) {
        int64_t n;
        if (jval_int(jval_get(counts, kafka_topic_name((enum kafka_topic)t)), &n) && n >= 1 &&
            n <= LIMIT_PARTITIONS)
            out->partitions[t] = (int32_t)n;
    }
    return ERR_OK;
}

enum err layout_check_together(const struct kafka_layout *real, struct error *e)
{
    static const enum kafka_topic same[] = {KAFKA_JOBS, KAFKA_JOBS_BULK, KAFKA_FACTS};
    int32_t n = real->partitions[KAFKA_JOBS_NOW];
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        if (real->partitions[same[i]] != n)
            return error_set(e, ERR_CONFIG,
                             "topic %s has %d partitions and jobs.now %d: jobs.now, jobs, "
                             "jobs.bulk and facts need the same count; make them anew, or begin "
                             "with another TOPIC_PREFIX",
                             kafka_topic_name(same[i]), real->partitions[same[i]], n);
    return ERR_OK;
}
