/*
 * Reads librdkafka's statistics: per partition its end and when its leader was last heard. Pure.
 *
 *   {"ts":us,"brokers":{name:{"nodeid":1,"rxidle":us}},
 *    "topics":{name:{"partitions":{"0":{"leader":1,"fetch_state":"active","hi_offset":5}}}}}
 */
#include "common/kafka/stats.h"

#include "common/jval.h"

static int64_t get_int(const struct jval *object, const char *key, int64_t otherwise)
{
    int64_t n;
    return jval_int(jval_get(object, key), &n) ? n : otherwise;
}

/* When that broker last sent something; the time since connecting counts from its first byte. */
static int64_t heard(const struct jval *broker, int64_t now)
{
    int64_t idle = get_int(broker, "rxidle", -1);
    return idle < 0 || !str_is(jval_get_text(broker, "state"), "UP") ? 0 : now - idle;
}

/* The best of all brokers with that id, of all with any id if it is -1 (coordinators have their own entry). */
static int64_t heard_of(const struct jval *brokers, int64_t id, int64_t now)
{
    void *iter = NULL;
    struct str name;
    const struct jval *broker;
    int64_t best = 0;
    while (jval_next(brokers, &iter, &name, &broker)) {
        int64_t at = heard(broker, now);
        if ((id == -1 || get_int(broker, "nodeid", -1) == id) && at > best)
            best = at;
    }
    return best;
}

static void read_topic(const struct jval *topic, struct str name, const struct jval *brokers,
                       int64_t now, void (*fn)(void *arg, const struct stats_partition *p),
                       void *arg)
{
    void *iter = NULL;
    struct str key;
    const struct jval *p;
    while (jval_next(jval_get(topic, "partitions"), &iter, &key, &p)) {
        int64_t number = get_int(p, "partition", -1), leader = get_int(p, "leader", -1);
        if (number < 0 || number > INT32_MAX || leader < 0 ||
            !str_is(jval_get_text(p, "fetch_state"), "active"))
            continue;
        struct stats_partition one = {name, (int32_t)number, get_int(p, "hi_offset", -1),
                                      heard_of(brokers, leader, now)};
        if (one.high < 0)
            one.high = -1;
        fn(arg, &one);
    }
}

int64_t stats_read(struct str json, void (*fn)(void *arg, const struct stats_partition *p),
                   void *arg)
{
    struct jval *all CLEANUP(jval_cleanup) = NULL;
    if (jval_parse(json, &all, NULL) != ERR_OK)
        return 0;
    const struct jval *brokers = jval_get(all, "brokers"), *topic;
    int64_t now = get_int(all, "ts", 0);
    void *iter = NULL;
    struct str name;
    while (fn && jval_next(jval_get(all, "topics"), &iter, &name, &topic))
        read_topic(topic, name, brokers, now, fn, arg);
    return heard_of(brokers, -1, now);
}
