/*
 * Reads librdkafka's statistics: per partition its end and when its leader was last heard. They come every second and
 * have some hundred kilobytes, so they are passed over once, without a tree: what is not of use is skipped.
 * They are librdkafka's own words: names are taken as they stand, nothing is checked that is skipped. Pure.
 *
 *   {"ts":us,"brokers":{name:{"nodeid":1,"state":"UP","rxidle":us}},
 *    "topics":{name:{"partitions":{"0":{"partition":0,"leader":1,"fetch_state":"active","hi_offset":5}}}}}
 */
#include "common/kafka/stats.h"

#include "common/num.h"

#define BROKERS_MAX 256 /* more are not told apart: those partitions' leaders were never heard */

struct scan { /* the rest of a text; `bad`: it is no JSON, and at its end */
    const char *at, *end;
    bool bad;
};

struct broker {
    int64_t id, idle; /* -1: none */
    bool up;
};

struct stats {
    int64_t now;
    struct broker brokers[BROKERS_MAX];
    size_t nbrokers;
    struct scan topics; /* at their object */
};

struct partition {
    int64_t number, leader, high;
    bool active;
};

/* ---- scanning ---- */

static char peek(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
        s->at++;
    return s->at < s->end ? *s->at : '\0';
}

static bool fail(struct scan *s)
{
    s->bad = true;
    s->at = s->end;
    return false;
}

static bool take(struct scan *s, char c)
{
    if (peek(s) != c)
        return fail(s);
    s->at++;
    return true;
}

/* Between its quotes, escapes as they stand. */
static struct str take_text(struct scan *s)
{
    if (!take(s, '"'))
        return STR_NONE;
    const char *from = s->at;
    while (s->at < s->end && *s->at != '"')
        s->at += *s->at == '\\' && s->end - s->at > 1 ? 2 : 1;
    struct str text = {from, (size_t)(s->at - from)};
    return take(s, '"') ? text : STR_NONE;
}

static void skip_nested(struct scan *s)
{
    size_t depth = 0;
    do {
        switch (peek(s)) {
        case '{':
        case '[':
            depth++;
            s->at++;
            break;
        case '}':
        case ']':
            depth--;
            s->at++;
            break;
        case '"':
            (void)take_text(s);
            break;
        case '\0':
            fail(s);
            return;
        default:
            s->at++;
        }
    } while (depth > 0);
}

static void skip(struct scan *s)
{
    char c = peek(s);
    if (c == '{' || c == '[')
        skip_nested(s);
    else if (c == '"')
        (void)take_text(s);
    else
        while (s->at<s->end && * s->at> ' ' && *s->at != ',' && *s->at != '}' && *s->at != ']')
            s->at++;
}

/* Another value than a whole number is passed over. */
static int64_t take_int(struct scan *s, int64_t otherwise)
{
    int64_t n = 0;
    (void)peek(s);
    const char *from = s->at;
    skip(s);
    struct str text = {from, (size_t)(s->at - from)};
    return num_parse(text, INT64_MIN, INT64_MAX, &n) ? n : otherwise;
}

/* The members of an object, one after the other; the value is the caller's to take or skip. */
static bool next_member(struct scan *s, bool *begun, struct str *key)
{
    if (!*begun) {
        *begun = true;
        if (!take(s, '{'))
            return false;
    } else if (peek(s) != '}' && !take(s, ',')) {
        return false;
    }
    if (peek(s) == '}') {
        s->at++;
        return false;
    }
    *key = take_text(s);
    return take(s, ':');
}

/* ---- what they say ---- */

static void read_broker(struct stats *all, struct scan *s)
{
    struct broker b = {-1, -1, false};
    struct str key;
    bool begun = false;
    while (next_member(s, &begun, &key)) {
        if (str_is(key, "nodeid"))
            b.id = take_int(s, -1);
        else if (str_is(key, "rxidle"))
            b.idle = take_int(s, -1);
        else if (str_is(key, "state") && peek(s) == '"')
            b.up = str_is(take_text(s), "UP");
        else
            skip(s);
    }
    if (all->nbrokers < BROKERS_MAX)
        all->brokers[all->nbrokers++] = b;
}

static void read_brokers(struct stats *all, struct scan *s)
{
    struct str name;
    bool begun = false;
    while (next_member(s, &begun, &name))
        read_broker(all, s);
}

/* When the best of all brokers with that id last sent something, of all with any id if it is -1 (coordinators have
 * their own entry); the time since connecting counts from its first byte. */
static int64_t heard_of(const struct stats *all, int64_t id)
{
    int64_t best = 0;
    for (size_t i = 0; i < all->nbrokers; i++) {
        const struct broker *b = &all->brokers[i];
        int64_t at = b->idle < 0 || !b->up ? 0 : all->now - b->idle;
        if ((id == -1 || b->id == id) && at > best)
            best = at;
    }
    return best;
}

static struct partition read_partition(struct scan *s)
{
    struct partition p = {-1, -1, -1, false};
    struct str key;
    bool begun = false;
    while (next_member(s, &begun, &key)) {
        if (str_is(key, "partition"))
            p.number = take_int(s, -1);
        else if (str_is(key, "leader"))
            p.leader = take_int(s, -1);
        else if (str_is(key, "hi_offset"))
            p.high = take_int(s, -1);
        else if (str_is(key, "fetch_state") && peek(s) == '"')
            p.active = str_is(take_text(s), "active");
        else
            skip(s);
    }
    return p;
}

static void read_partitions(const struct stats *all, struct str topic, struct scan *s,
                            void (*fn)(void *arg, const struct stats_partition *p), void *arg)
{
    struct str key;
    bool begun = false;
    while (next_member(s, &begun, &key)) {
        struct partition p = read_partition(s);
        if (p.number < 0 || p.number > INT32_MAX || p.leader < 0 || !p.active)
            continue;
        const struct stats_partition one = {topic, (int32_t)p.number, p.high < 0 ? -1 : p.high,
                                            heard_of(all, p.leader)};
        fn(arg, &one);
    }
}

static void read_topic(const struct stats *all, struct str topic, struct scan *s,
                       void (*fn)(void *arg, const struct stats_partition *p), void *arg)
{
    struct str key;
    bool begun = false;
    while (next_member(s, &begun, &key)) {
        if (str_is(key, "partitions"))
            read_partitions(all, topic, s, fn, arg);
        else
            skip(s);
    }
}

static bool read_all(struct stats *all, struct scan *s)
{
    struct str key;
    bool begun = false;
    while (next_member(s, &begun, &key)) {
        if (str_is(key, "topics"))
            all->topics = *s;
        if (str_is(key, "ts"))
            all->now = take_int(s, 0);
        else if (str_is(key, "brokers"))
            read_brokers(all, s);
        else
            skip(s);
    }
    return !s->bad;
}

int64_t stats_read(struct str json, void (*fn)(void *arg, const struct stats_partition *p),
                   void *arg)
{
    struct scan s = {json.ptr, json.ptr + json.len, false};
    struct stats all;
    struct str name;
    bool begun = false;
    all.now = 0;
    all.nbrokers = 0;
    all.topics = (struct scan){NULL, NULL, false};
    if (!read_all(&all, &s))
        return 0;
    while (fn && all.topics.at && next_member(&all.topics, &begun, &name))
        read_topic(&all, name, &all.topics, fn, arg);
    return heard_of(&all, -1);
}
