/*
 * The world's Kafka: one partition of facts, outcomes and dead letters. A record is handed over,
 * delivered in the member's next turn, and read back by whoever owns the partition.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "common/mem.h"
#include "tests/unit/world_megaplan.h"

#define WALL 1399906988000LL

enum { /* of the headers that are kept */
    MARK,
    JOB,
    WHY,
    KIND,
    ORIGIN,
    KEPT
};

enum err world_log_produce(void *arg, const struct producer_record *r, struct error *e)
{
    static const char *const wanted[KEPT] = {"mark", "job", "__connect.errors.exception.message",
                                             "kind", "origin"};
    struct world_member *m = arg;
    if (m->npending == sizeof m->pending / sizeof *m->pending)
        return error_set(e, ERR_TEMPORARY, "the queue is full");
    struct producer_record *p = &m->pending[m->npending++];
    *p = *r;
    p->key = str_of(mem_copy(r->key));
    p->value = str_of(mem_copy(r->value));
    struct kafka_header *kept = mem_alloc(KEPT, sizeof *kept);
    for (size_t k = 0; k < KEPT; k++) {
        struct str value = STR_NONE;
        for (size_t i = 0; i < r->nheaders; i++)
            if (strcmp(r->headers[i].name, wanted[k]) == 0)
                value = r->headers[i].value;
        kept[k].name = mem_copy(value);
        kept[k].value = str_of(kept[k].name);
    }
    p->headers = kept;
    if (!m->killed && p->topic != KAFKA_OUTCOMES)
        world_step(m->world, m, WORLD_HANDED, p->key.ptr);
    return ERR_OK;
}

static void record_free(struct producer_record *p)
{
    free((char *)(uintptr_t)p->key.ptr);
    free((char *)(uintptr_t)p->value.ptr);
    for (size_t k = 0; k < KEPT; k++)
        free((char *)(uintptr_t)p->headers[k].name);
    free((struct kafka_header *)(uintptr_t)p->headers);
}

static int64_t append(struct world *w, const struct producer_record *p)
{
    if (p->topic == KAFKA_FACTS) {
        WORLD_MUST(p->partition == 3, "another partition");
        WORLD_MUST(w->nfacts < 4 * WORLD_MAX, "no room");
        struct world_fact *f = &w->facts[w->nfacts];
        f->key = mem_copy(p->key);
        f->value = mem_copy(p->value);
        f->job = mem_copy(p->headers[JOB].value);
        snprintf(f->mark, sizeof f->mark, "%s", p->headers[MARK].name);
        f->at = WALL + w->now;
        f->tombstone = p->tombstone;
        return (int64_t)w->nfacts++;
    }
    if (p->topic == KAFKA_DEAD) {
        WORLD_MUST(w->ndead < WORLD_MAX, "no room");
        w->dead[w->ndead++] = mem_format("%s: %.*s", p->headers[WHY].name, STR_ARG(p->key));
    } else if (p->topic == KAFKA_EVENTS) {
        WORLD_MUST(w->nevents < WORLD_MAX, "no room");
        w->events[w->nevents++] =
            mem_format("%s %s %.*s %.*s", p->headers[KIND].name, p->headers[ORIGIN].name,
                       STR_ARG(p->key), STR_ARG(p->value));
    } else if (!strstr(p->value.ptr, "\"what\":\"request\"")) {
        WORLD_MUST(w->noutcomes < 8 * WORLD_MAX, "no room");
        w->outcomes[w->noutcomes++] = mem_copy(p->value);
    }
    return 0;
}

static struct producer_record take_first(struct world_member *m)
{
    struct producer_record p = m->pending[0];
    memmove(m->pending, m->pending + 1, --m->npending * sizeof *m->pending);
    return p;
}

void world_log_deliver(struct world_member *m, bool told)
{
    struct world *w = m->world;
    for (size_t n = m->npending; n > 0; n--) { /* what is handed over meanwhile waits a turn */
        struct producer_record p = take_first(m);
        struct producer_report report = {.delivered = !w->kafka_refuses, .why = "refused"};
        if (report.delivered)
            report.offset = append(w, &p);
        if (told && p.topic != KAFKA_OUTCOMES)
            world_step(w, m, WORLD_DELIVERED, p.key.ptr);
        bool heard = told && !m->killed && !m->thawed;
        if (!heard) /* its owner is asked to forget it before it is told */
            world_lose(m);
        if (p.done)
            p.done(p.arg, heard ? &report : &(struct producer_report){.why = "nobody heard"});
        record_free(&p);
        if (told && !heard)
            return;
    }
}

void world_log_drop(struct world_member *m)
{
    while (m->npending) {
        struct producer_record p = take_first(m);
        if (p.done)
            p.done(p.arg, &(struct producer_report){.why = "killed"});
        record_free(&p);
    }
}

/* As the shard does. */
static void tell(struct world_member *m, const struct world_fact *f, enum facts_change change)
{
    struct fact_key k = {.type = FACT_MARK};
    struct error e = ERROR_NONE;
    if (change == FACTS_OWN_MARK && !m->restored) {
        m->restored = true;
        executor_restored(m->executor, m->owner);
        return;
    }
    if (!m->restored || fact_key_parse(str_of(f->key), &k, &e) || k.type == FACT_MARK)
        k.account = k.name = STR_NONE;
    executor_read(m->executor, m->owner, k.account, k.name);
}

void world_log_read(struct world_member *m)
{
    struct world *w = m->world;
    while (m->owner && !m->deaf && m->next < w->nfacts && !m->killed && !m->thawed) {
        const struct world_fact *f = &w->facts[m->next++];
        const struct facts_record r = {.key = str_of(f->key),
                                       .value = str_of(f->value),
                                       .tombstone = f->tombstone,
                                       .mark = str_of(f->mark),
                                       .job = str_of(f->job),
                                       .at = f->at,
                                       .now = w->now};
        enum facts_change change;
        struct error e = ERROR_NONE;
        WORLD_MUST(!facts_apply(m->owner->facts, &r, &change, &e), "%s: %s", f->key, e.text);
        if (change == FACTS_CONFLICT)
            snprintf(w->broken, sizeof w->broken, "two values of %s: %s", f->key, f->value);
        WORLD_MUST(w->tolerant || !*w->broken, "%s", w->broken);
        if (change == FACTS_STRANGER) {
            m->stopped_by_mark = true;
            world_lose(m);
            return;
        }
        m->owner->facts_next = (int64_t)m->next;
        tell(m, f, change);
        if (strcmp(f->mark, m->mark) == 0 && strcmp(f->key, FACT_MARK_KEY) != 0)
            world_step(w, m, WORLD_READ, f->key);
    }
}
