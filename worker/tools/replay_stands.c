/*
 * Two tables with open addressing: of jobs, and of visitors' answers.
 */
#include "worker/tools/replay_stands.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/fact.h"
#include "common/jflat.h"
#include "common/job.h"
#include "common/mem.h"
#include "common/sha256.h"
#include "common/text.h"

#define ROOM_FIRST 1024 /* a power of two */

struct mark {
    uint64_t hash[2];
    uint64_t state; /* enum stands + 1; 0: free */
};

struct visitor {
    uint64_t hash[2];
    char *answer; /* NULL: free */
};

struct replay_stands {
    struct mark *marks;
    size_t room, count;
    struct visitor *visitors;
    size_t visitors_room, nvisitors;
};

struct replay_stands *replay_stands_new(void)
{
    struct replay_stands *s = mem_alloc(1, sizeof *s);
    s->room = ROOM_FIRST;
    s->marks = mem_alloc(s->room, sizeof *s->marks);
    s->visitors_room = ROOM_FIRST;
    s->visitors = mem_alloc(s->visitors_room, sizeof *s->visitors);
    return s;
}

void replay_stands_free(struct replay_stands *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->visitors_room; i++)
        free(s->visitors[i].answer);
    free(s->visitors);
    free(s->marks);
    free(s);
}

static void hash_of(struct str account, struct str id, uint64_t out[2])
{
    const struct str pieces[] = {account, STR("/"), id};
    char hex[SHA256_HEX];
    sha256_hex(pieces, sizeof pieces / sizeof *pieces, hex);
    (void)text_unhex((struct str){hex, 4 * sizeof *out}, (uint8_t *)out, 2 * sizeof *out);
}

static struct mark *place_of(struct mark *marks, size_t room, const uint64_t hash[2])
{
    size_t at = (size_t)hash[0] & (room - 1);
    while (marks[at].state && memcmp(marks[at].hash, hash, sizeof marks[at].hash) != 0)
        at = (at + 1) & (room - 1);
    return &marks[at];
}

static void grow(struct replay_stands *s)
{
    size_t room = s->room * 2;
    struct mark *marks = mem_alloc(room, sizeof *marks);
    for (size_t i = 0; i < s->room; i++)
        if (s->marks[i].state)
            *place_of(marks, room, s->marks[i].hash) = s->marks[i];
    free(s->marks);
    s->marks = marks;
    s->room = room;
}

/* The mark of a job, made if there is none. */
static struct mark *mark_of(struct replay_stands *s, struct str account, struct str id)
{
    uint64_t hash[2];
    hash_of(account, id, hash);
    if (s->count * 4 >= s->room * 3)
        grow(s);
    struct mark *m = place_of(s->marks, s->room, hash);
    if (!m->state) {
        memcpy(m->hash, hash, sizeof hash);
        m->state = STANDS_NOT + 1;
        s->count++;
    }
    return m;
}

static void set(struct replay_stands *s, struct str account, struct str id, enum stands state)
{
    mark_of(s, account, id)->state = (uint64_t)state + 1;
}

enum stands replay_stands_of(const struct replay_stands *s, struct str account, struct str id)
{
    uint64_t hash[2];
    hash_of(account, id, hash);
    uint64_t state = place_of(s->marks, s->room, hash)->state;
    return state ? (enum stands)(state - 1) : STANDS_NOT;
}

const char *replay_stands_reason(enum stands s)
{
    switch (s) {
    case STANDS_DONE:
        return "done";
    case STANDS_BEGUN:
        return "under way";
    case STANDS_WAITING:
        return "waits to be done";
    case STANDS_DEAD:
        return "a dead letter, or given up: see worker dead";
    case STANDS_NOT:
        break;
    }
    return "missing";
}

/* ---- outcomes ---- */

static struct str text_of(const struct jflat *f, const char *key)
{
    struct str text = STR_NONE;
    (void)jflat_text(jflat_get(f, jflat_root(f), key), &text);
    return text;
}

static bool says_nothing(struct str result)
{
    static const char *const none[] = {"ignored", "would", "held", "unsupported"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (str_is(result, none[i]))
            return true;
    return result.len == 0;
}

static struct visitor *visitor_of(struct visitor *all, size_t room, const uint64_t hash[2])
{
    size_t at = (size_t)hash[0] & (room - 1);
    while (all[at].answer && memcmp(all[at].hash, hash, sizeof all[at].hash) != 0)
        at = (at + 1) & (room - 1);
    return &all[at];
}

static void make_room_for_visitors(struct replay_stands *s)
{
    size_t room = s->visitors_room * 2;
    if (s->nvisitors * 4 < s->visitors_room * 3)
        return;
    struct visitor *all = mem_alloc(room, sizeof *all);
    for (size_t i = 0; i < s->visitors_room; i++)
        if (s->visitors[i].answer)
            *visitor_of(all, room, s->visitors[i].hash) = s->visitors[i];
    free(s->visitors);
    s->visitors = all;
    s->visitors_room = room;
}

/* The first answer is the one that was used. */
static void keep_visitor(struct replay_stands *s, struct str account, struct str entry,
                         struct str value)
{
    struct jval *doc CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    if (replay_stands_visitor(s, account, entry) || jval_parse(value, &doc, &ignored))
        return;
    const struct jval *answer = jval_get(jval_get(doc, "details"), "visitor");
    if (jval_type(answer) != JVAL_OBJECT)
        return;
    struct visitor v = {.answer = jval_dump(answer, true)};
    if (!v.answer)
        return;
    hash_of(account, entry, v.hash);
    make_room_for_visitors(s);
    *visitor_of(s->visitors, s->visitors_room, v.hash) = v;
    s->nvisitors++;
}

const char *replay_stands_visitor(const struct replay_stands *s, struct str account,
                                  struct str entry_id)
{
    uint64_t hash[2];
    if (!s->nvisitors)
        return NULL;
    hash_of(account, entry_id, hash);
    return visitor_of(s->visitors, s->visitors_room, hash)->answer;
}

void replay_stands_outcome(struct replay_stands *s, const struct kafka_message *m)
{
    struct event_key key;
    struct jflat doc;
    struct error ignored = ERROR_NONE;
    if (!str_is(kafka_header_get(m, EVENT_KIND), "outcome") ||
        event_key_split(m->key, &key, &ignored) || jflat_parse(m->value, &doc, &ignored))
        return;
    struct str id = text_of(&doc, "job"), result = text_of(&doc, "result");
    if (id.len && !says_nothing(result)) {
        bool dead = str_is(result, "dead") || str_is(result, "given-up");
        set(s, key.account, id, dead ? STANDS_DEAD : STANDS_DONE);
        if (!dead && str_is(text_of(&doc, "kind"), job_kind_name(JOB_VISITOR)))
            keep_visitor(s, key.account, key.rest, m->value);
    }
    jflat_done(&doc);
}

/* ---- facts and jobs ---- */

void replay_stands_fact(struct replay_stands *s, const struct kafka_message *m)
{
    struct fact_key key;
    struct error ignored = ERROR_NONE;
    if (m->tombstone || fact_key_parse(m->key, &key, &ignored))
        return;
    if (key.type == FACT_DONE) {
        set(s, key.account, key.name, STANDS_DONE);
        return;
    }
    enum stands said = key.type == FACT_GIVEN_UP ? STANDS_DEAD
                       : key.type == FACT_INTENT ? STANDS_BEGUN
                                                 : STANDS_NOT;
    if (said == STANDS_NOT)
        return;
    struct mark *mark = mark_of(s, key.account, key.name);
    enum stands now = (enum stands)(mark->state - 1);
    if (now == STANDS_NOT || (now == STANDS_BEGUN && said == STANDS_DEAD))
        mark->state = (uint64_t)said + 1;
}

void replay_stands_sent(struct replay_stands *s, struct str account, struct str id)
{
    struct mark *mark = mark_of(s, account, id);
    if (mark->state == STANDS_NOT + 1)
        mark->state = STANDS_WAITING + 1;
}

void replay_stands_waiting(struct replay_stands *s, const struct kafka_message *m)
{
    struct event_key key;
    struct jflat doc;
    struct error ignored = ERROR_NONE;
    if (event_key_split(m->key, &key, &ignored) || jflat_parse(m->value, &doc, &ignored))
        return;
    struct str id = text_of(&doc, "id");
    if (id.len)
        replay_stands_sent(s, key.account, id);
    jflat_done(&doc);
}

size_t replay_stands_count(const struct replay_stands *s)
{
    return s->count;
}
