/*
 * Calls, facts, letters and clients of a number. Pure.
 */
#include "worker/tools/forget_traces.h"

#include <stdlib.h>

#include <uthash.h>

#include "common/dead/shelf.h"
#include "common/event.h"
#include "common/jflat.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/story/brief.h"
#include "common/text.h"

#define NEEDLE 10 /* last digits, which every way of writing has in common */
/* A request without an end is looked for within minutes of its job; an intent that stands alone for longer is over. */
#define REQUEST_MS INT64_C(3600000)

struct place {
    enum kafka_topic topic;
    int32_t partition;
    int64_t offset; /* -1: none */
};

struct call {
    char *entry;
    struct story_brief brief;
    struct place newest; /* of its events */
    int64_t at;          /* of that: when it was received, unix ms */
    UT_hash_handle hh;
};

struct standing { /* a fact */
    char *key, *entry;
    struct fact_key parsed; /* into key */
    struct place job;
    int64_t at;
    bool alive, rings;
    UT_hash_handle hh;
};

struct errand {
    char *id, *entry;
    struct place place;
    struct errand *next;
};

struct client {
    char *id;
    UT_hash_handle hh;
};

struct forget_traces {
    char *account, *prefix;
    struct phone number;
    struct str needle; /* into number */
    struct call *calls;
    struct standing *facts;
    struct errand *jobs;
    struct client *clients;
    struct dead_shelf *letters;
    struct forget_count counts[KAFKA_TOPICS];
};

struct forget_traces *forget_traces_new(struct str account, const struct phone *number,
                                        struct str prefix)
{
    struct forget_traces *t = mem_alloc(1, sizeof *t);
    t->account = mem_copy(account);
    t->prefix = mem_copy(prefix);
    t->number = *number;
    struct str digits = str_of(t->number.digits);
    t->needle = digits.len > NEEDLE ? str_from(digits, digits.len - NEEDLE) : digits;
    t->letters = dead_shelf_new(prefix, LIMIT_DEAD_LISTED);
    return t;
}

static void free_hashes(struct forget_traces *t)
{
    for (struct call *c = t->calls, *next; c; c = next) {
        next = c->hh.next;
        HASH_DEL(t->calls, c);
        story_brief_done(&c->brief);
        free(c->entry);
        free(c);
    }
    for (struct standing *f = t->facts, *next; f; f = next) {
        next = f->hh.next;
        HASH_DEL(t->facts, f);
        free(f->key);
        free(f->entry);
        free(f);
    }
    for (struct client *c = t->clients, *next; c; c = next) {
        next = c->hh.next;
        HASH_DEL(t->clients, c);
        free(c->id);
        free(c);
    }
}

void forget_traces_free(struct forget_traces *t)
{
    if (!t)
        return;
    free_hashes(t);
    while (t->jobs) {
        struct errand *j = t->jobs;
        t->jobs = j->next;
        free(j->id);
        free(j->entry);
        free(j);
    }
    dead_shelf_free(t->letters);
    free(t->account);
    free(t->prefix);
    free(t);
}

/* ---- what names the number ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The run of digits around the needle that was found there. */
static bool run_is(const struct forget_traces *t, struct str text, size_t at)
{
    size_t from = at, to = at + t->needle.len;
    struct phone p;
    while (from > 0 && is_digit(text.ptr[from - 1]))
        from--;
    while (to < text.len && is_digit(text.ptr[to]))
        to++;
    struct str run = {text.ptr + from, to - from};
    if (phone_from_pbx(run, &p) && phone_same(&p, &t->number))
        return true;
    return t->number.digits[0] == '7' && run.len == NEEDLE; /* as it is dialled at home */
}

static bool names(const struct forget_traces *t, struct str text)
{
    size_t from = 0;
    while (text.len >= from + t->needle.len) {
        const char *hit = memmem(text.ptr + from, text.len - from, t->needle.ptr, t->needle.len);
        if (!hit)
            return false;
        size_t at = (size_t)(hit - text.ptr);
        if (run_is(t, text, at))
            return true;
        from = at + 1;
    }
    return false;
}

static bool names_it(const struct forget_traces *t, const struct kafka_message *m)
{
    return names(t, m->value) || names(t, m->key);
}

/* The key without its account; false: another account's, or no key of ours. */
static bool is_ours(const struct forget_traces *t, const struct kafka_message *m, struct str *rest)
{
    struct event_key key;
    if (event_key_split(m->key, &key, NULL) || !str_is(key.account, t->account))
        return false;
    *rest = key.rest;
    return true;
}

static char *member_of(struct str value, const char *name)
{
    struct jflat f;
    struct error ignored = ERROR_NONE;
    struct str text = STR_NONE;
    if (jflat_parse(value, &f, &ignored))
        return mem_copy(STR_NONE);
    (void)jflat_text(jflat_get(&f, jflat_root(&f), name), &text);
    char *copy = mem_copy(text);
    jflat_done(&f);
    return copy;
}

/* The call it is about, "" if it is about none; the caller's (free()). */
static char *entry_of(const struct forget_traces *t, const struct kafka_message *m, struct str rest)
{
    struct dead_letter *l = NULL;
    struct dead_id noted;
    char *entry;
    switch (m->topic) {
    case KAFKA_EVENTS:
    case KAFKA_OUTCOMES:
        return mem_copy(str_is(rest, "-") ? STR_NONE : rest);
    case KAFKA_FACTS:
        return member_of(m->value, "entry");
    case KAFKA_DEAD:
        if (dead_letter_read(m, str_of(t->prefix), &l, &noted) == DEAD_NOTE)
            return mem_copy(STR_NONE);
        entry = mem_copy(str_of(l->entry_id));
        dead_letter_free(l);
        return entry;
    default:
        return member_of(m->value, "entry_id");
    }
}

static struct call *find_call(const struct forget_traces *t, struct str entry)
{
    struct call *c = NULL;
    HASH_FIND(hh, t->calls, entry.ptr, entry.len, c);
    return c;
}

void forget_traces_find(struct forget_traces *t, const struct kafka_message *m)
{
    struct str rest;
    if (m->tombstone || !is_ours(t, m, &rest) || !names_it(t, m))
        return;
    char *entry = entry_of(t, m, rest);
    if (!*entry || find_call(t, str_of(entry))) {
        free(entry);
        return;
    }
    struct call *c = mem_alloc(1, sizeof *c);
    c->entry = entry;
    c->newest.offset = -1;
    story_brief_init(&c->brief, str_of(entry));
    HASH_ADD_KEYPTR(hh, t->calls, c->entry, strlen(c->entry), c);
}

/* ---- what there is ---- */

static void count(struct forget_traces *t, const struct kafka_message *m)
{
    struct forget_count *c = &t->counts[m->topic];
    c->n++;
    if (c->oldest == 0 || m->timestamp < c->oldest)
        c->oldest = m->timestamp;
    if (m->timestamp > c->newest)
        c->newest = m->timestamp;
}

static void note_client(struct forget_traces *t, const char *id)
{
    struct client *c = NULL;
    if (!id || !*id)
        return;
    HASH_FIND_STR(t->clients, id, c);
    if (c)
        return;
    c = mem_alloc(1, sizeof *c);
    c->id = mem_copy(str_of(id));
    HASH_ADD_KEYPTR(hh, t->clients, c->id, strlen(c->id), c);
}

/* "jobs/3/1234" */
static struct place place_of(struct str text)
{
    struct place p = {KAFKA_TOPICS, 0, -1};
    struct dead_id id;
    long slash = str_find(text, '/');
    if (slash < 0 || !dead_id_parse(str_from(text, (size_t)slash + 1), &id))
        return p;
    for (enum kafka_topic i = KAFKA_JOBS_NOW; i <= KAFKA_JOBS_BULK; i++)
        if (str_is((struct str){text.ptr, (size_t)slash}, kafka_topic_name(i)))
            p = (struct place){i, id.partition, id.offset};
    return p;
}

static struct standing *find_fact(const struct forget_traces *t, struct str key)
{
    struct standing *f = NULL;
    HASH_FIND(hh, t->facts, key.ptr, key.len, f);
    return f;
}

static struct standing *fact_at(struct forget_traces *t, struct str key)
{
    struct standing *f = find_fact(t, key);
    if (f)
        return f;
    f = mem_alloc(1, sizeof *f);
    f->key = mem_copy(key);
    (void)!fact_key_parse(str_of(f->key), &f->parsed, NULL);
    HASH_ADD_KEYPTR(hh, t->facts, f->key, key.len, f);
    return f;
}

static bool is_his(const struct forget_traces *t, const struct fact *f)
{
    struct phone p;
    if (f->number)
        return phone_from_pbx(str_of(f->number), &p) && phone_same(&p, &t->number);
    return f->entry_id && find_call(t, str_of(f->entry_id));
}

static void stand(struct forget_traces *t, const struct kafka_message *m, const struct fact *said)
{
    struct standing *f = fact_at(t, m->key);
    free(f->entry);
    f->entry = mem_copy(str_of(said->entry_id));
    f->job = place_of(kafka_header_get(m, FACT_HEADER_JOB));
    f->at = m->timestamp;
    f->alive = true;
    f->rings = said->kind <= JOB_POPUP;
    note_client(t, fact_client(said));
}

static void count_fact(struct forget_traces *t, const struct kafka_message *m)
{
    struct fact_key key;
    struct fact *said = NULL;
    struct standing *f;
    if (m->tombstone) {
        if ((f = find_fact(t, m->key)))
            f->alive = false;
        return;
    }
    if (fact_key_parse(m->key, &key, NULL) || key.type == FACT_MARK)
        return;
    if (key.type == FACT_STATE || fact_decode(m->value, &said, NULL)) {
        if (names(t, m->value))
            count(t, m);
        return;
    }
    if (is_his(t, said)) {
        count(t, m);
        stand(t, m, said);
    }
    fact_free(said);
}

static void count_letter(struct forget_traces *t, const struct kafka_message *m, bool his)
{
    struct dead_letter *l = NULL;
    struct dead_id noted;
    enum dead_message what = dead_letter_read(m, str_of(t->prefix), &l, &noted);
    dead_letter_free(l);
    if (what == DEAD_LETTER && !his)
        return;
    if (what == DEAD_LETTER)
        count(t, m);
    (void)dead_shelf_take(t->letters, m, &what);
}

static void note_job(struct forget_traces *t, const struct kafka_message *m, struct str entry)
{
    struct errand *j;
    if (m->topic == KAFKA_JOBS_NOW) /* over within seconds, done or not */
        return;
    j = mem_alloc(1, sizeof *j);
    *j = (struct errand){
        member_of(m->value, "id"), mem_copy(entry), {m->topic, m->partition, m->offset}, t->jobs};
    t->jobs = j;
}

static void note_event(struct call *c, const struct kafka_message *m)
{
    if (m->topic != KAFKA_EVENTS || m->offset <= c->newest.offset)
        return;
    c->newest = (struct place){m->topic, m->partition, m->offset};
    if (!text_parse_time(kafka_header_get(m, EVENT_RECEIVED_AT), &c->at))
        c->at = m->timestamp;
}

void forget_traces_count(struct forget_traces *t, const struct kafka_message *m)
{
    struct str rest;
    if (!is_ours(t, m, &rest))
        return;
    if (m->topic == KAFKA_FACTS) {
        count_fact(t, m);
        return;
    }
    char *entry CLEANUP(mem_free_text) = entry_of(t, m, rest);
    struct call *c = *entry ? find_call(t, str_of(entry)) : NULL;
    bool his = c || names_it(t, m);
    if (m->topic == KAFKA_DEAD)
        count_letter(t, m, his);
    else if (his)
        count(t, m);
    if (!his || !c || m->topic == KAFKA_DEAD)
        return;
    if (m->topic == KAFKA_EVENTS || m->topic == KAFKA_OUTCOMES) {
        (void)story_brief_take(&c->brief, m);
        note_event(c, m);
        note_client(t, c->brief.client);
    } else {
        note_job(t, m, str_of(entry));
    }
}

/* ---- what was found ---- */

size_t forget_traces_calls(const struct forget_traces *t)
{
    return HASH_COUNT(t->calls);
}

struct forget_count forget_traces_of(const struct forget_traces *t, enum kafka_topic topic)
{
    return t->counts[topic];
}

int64_t forget_traces_newest(const struct forget_traces *t)
{
    return t->counts[KAFKA_EVENTS].newest;
}

static bool is_over(const struct forget_reach *r, const struct place *p)
{
    return p->offset < 0 || p->offset < r->below(r->arg, p->topic, p->partition);
}

static bool has(const struct forget_traces *t, struct str id, enum fact_type type)
{
    char *key CLEANUP(mem_free_text) = fact_key_make(type, str_of(t->account), id);
    const struct standing *f = find_fact(t, str_of(key));
    return f && f->alive;
}

static bool has_result(const struct forget_traces *t, struct str id)
{
    return has(t, id, FACT_DONE) || has(t, id, FACT_GIVEN_UP);
}

static bool job_ended(const struct forget_traces *t, const struct errand *j)
{
    const struct call *c = find_call(t, str_of(j->entry));
    for (size_t i = 0; c && i < c->brief.nsteps; i++)
        if (strcmp(c->brief.steps[i].job, j->id) == 0 &&
            (c->brief.steps[i].state == STORY_ENDED || c->brief.steps[i].state == STORY_FAILED))
            return true;
    return has_result(t, str_of(j->id));
}

static bool request_open(const struct forget_traces *t, const struct forget_reach *r,
                         const struct standing *f)
{
    return f->alive && f->parsed.type == FACT_INTENT && !f->rings &&
           !has_result(t, f->parsed.name) && (!is_over(r, &f->job) || f->at > r->now - REQUEST_MS);
}

size_t forget_traces_open(const struct forget_traces *t, const struct forget_reach *reach,
                          void (*visit)(void *arg, const char *what, struct str entry), void *arg)
{
    size_t n = 0;
    for (const struct call *c = t->calls; c; c = c->hh.next) {
        if (!c->brief.known || c->brief.closed || c->at <= reach->now - reach->idle_ms)
            continue;
        visit(arg, "call", str_of(c->entry));
        n++;
    }
    for (const struct errand *j = t->jobs; j; j = j->next) {
        if (is_over(reach, &j->place) || job_ended(t, j))
            continue;
        visit(arg, "job", str_of(j->entry));
        n++;
    }
    for (const struct standing *f = t->facts; f; f = f->hh.next) {
        if (!request_open(t, reach, f))
            continue;
        visit(arg, "request", str_of(f->entry));
        n++;
    }
    return n;
}

void forget_traces_facts(const struct forget_traces *t, const struct forget_reach *reach,
                         void (*visit)(void *arg, struct str key, bool now), void *arg)
{
    /* In this order an intent never stands there without its result. */
    static const enum fact_type order[] = {FACT_INTENT, FACT_GIVEN_UP, FACT_DONE};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        for (const struct standing *f = t->facts; f; f = f->hh.next) {
            const struct call *c = find_call(t, str_of(f->entry));
            if (f->alive && f->parsed.type == order[i])
                visit(arg, str_of(f->key),
                      is_over(reach, &f->job) && (!c || is_over(reach, &c->newest)));
        }
    }
}

struct each_letter {
    void (*visit)(void *arg, struct dead_id id, struct str entry);
    void *arg;
};

static bool visit_letter(void *arg, const struct dead_letter *l)
{
    const struct each_letter *e = arg;
    e->visit(e->arg, l->id, str_of(l->entry_id));
    return true;
}

void forget_traces_letters(const struct forget_traces *t,
                           void (*visit)(void *arg, struct dead_id id, struct str entry), void *arg)
{
    struct each_letter e = {visit, arg};
    dead_shelf_each(t->letters, visit_letter, &e);
}

void forget_traces_clients(const struct forget_traces *t,
                           void (*visit)(void *arg, struct str client), void *arg)
{
    for (const struct client *c = t->clients; c; c = c->hh.next)
        visit(arg, str_of(c->id));
}
