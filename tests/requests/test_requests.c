/*
 * How many requests a call costs Megaplan: random true stories (tests/stories) go through the pure part of
 * `worker calls` and their jobs, with the times between them, through the executor of `worker crm` and a
 * Megaplan in memory (tests/unit/world.h), all features on but pop-ups. Each story is told three times:
 * its number is new, known to Megaplan only, or remembered from an earlier job.
 *
 * N=300 stories by SEED=1. Prints the table, and fails where an aim is missed.
 *
 * What is asked once for an account and kept (names of extra fields, employees) is asked before it counts.
 */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/num.h"
#include "tests/stories/play.h"
#include "tests/unit/world_megaplan.h"

#define OPERATIONS 32
#define WARM_NUMBER "79000000001"
#define SETTLE_MS 1200000 /* what is looked at again comes within ten minutes */

enum class {
    NEW,
    KNOWN,
    REMEMBERED,
    CLASSES
};

static const struct {
    const char *name;
    double aim; /* requests per call, at most */
} classes[CLASSES] = {{"new client", 5.2}, {"known, not remembered", 4.2}, {"remembered", 2.2}};

struct table {
    int64_t calls[CLASSES], requests[CLASSES];
    struct {
        char name[96];
        int64_t count[CLASSES];
    } rows[OPERATIONS];
    size_t nrows;
};

/* all features on but pop-ups */

static void switch_on(struct settings *s)
{
    s->enabled = true;
    s->create_client.incoming = s->create_client.missed = s->create_client.outgoing = true;
    s->source_field = s->responsible_follows_transfer = true;
    s->call_tracking = s->call_records = true;
    s->popups = false;
    s->missed_call_task.enabled = true;
}

static void employ(struct world *w, const struct settings *s)
{
    for (size_t i = 0; i < s->nemployees; i++) {
        struct jval *values = jval_new_object();
        jval_put_text(values, "name", str_of(s->employees[i].name));
        jval_put_bool(values, "isWorking", true);
        jval_put_bool(values, "canLogin", true);
        struct world_thing *e = world_add(w, WORLD_EMPLOYEES, values);
        (void)snprintf(e->id, sizeof e->id, "%s", s->employees[i].megaplan_id);
    }
}

/* jobs */

/* Times in a job's data move with the story to where the world's clock is. */
static void shift_times(struct jval *data, int64_t by)
{
    static const char *const names[] = {"started_at", "ended_at", "talked_at", "recorded_at",
                                        "due_at"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int64_t at;
        if (jval_int(jval_get(data, names[i]), &at))
            jval_put_int(data, names[i], at + by);
    }
}

static void give(struct world_member *m, const char *entry, const struct seen_job *seen, int i,
                 int64_t by_s)
{
    struct jval *data = jval_copy(seen->data);
    char *id = mem_format("%s%s", entry, seen->id);
    shift_times(data, by_s);
    const struct job j = {.id = id,
                          .kind = seen->kind,
                          .entry_id = (char *)(uintptr_t)entry,
                          .number = seen->number[0] ? seen->number : NULL,
                          .rule = seen->rule,
                          .verdict = seen->verdict,
                          .data = data};
    char *json = job_encode(&j);
    char *key = mem_format("%s/%s", WORLD_ACCOUNT, j.number ? j.number : entry);
    world_job_json(m, KAFKA_JOBS, i, key, json);
    free(key);
    free(json);
    free(id);
    jval_free(data);
}

static void advance(struct world *w, struct world_member *m, int64_t until)
{
    while (w->now < until)
        world_advance(w, m, until);
}

/* The visitor's answer stands in facts when its job would have asked for it. */
static void tell_visitor(struct world *w, const struct world_member *m, const char *entry)
{
    const struct fact f = {.kind = JOB_VISITOR,
                           .entry_id = (char *)(uintptr_t)entry,
                           .data = (char *)(uintptr_t) "{\"uid\":\"77\",\"channel\":{}}"};
    struct world_fact *to = &w->facts[w->nfacts++];
    *to = (struct world_fact){.key = mem_format("%s/%s:visitor/done", WORLD_ACCOUNT, entry),
                              .value = fact_encode(FACT_DONE, &f),
                              .job = mem_copy(STR_NONE)};
    memcpy(to->mark, m->mark, sizeof to->mark);
}

/* Somebody missed a call of the first client: who works here has to be known. */
static void miss_a_call(struct world_member *m)
{
    int64_t now_s = m->port.wall(m->port.world) / 1000;
    char *json =
        mem_format("{\"v\":1,\"id\":\"missed:task\",\"kind\":\"task\",\"entry_id\":\"missed\","
                   "\"number\":\"" WARM_NUMBER "\",\"rule\":\"B2\",\"data\":{\"title\":\"x\","
                   "\"phone\":\"1\",\"ended_at\":%" PRId64 ",\"due_at\":%" PRId64 "}}",
                   now_s, now_s + 3600);
    world_job_json(m, KAFKA_JOBS, 397, WORLD_ACCOUNT "/" WARM_NUMBER, json);
    free(json);
}

/* Names of fields and employees, asked once; a client that is remembered. */
static void warm_up(struct world *w, struct world_member *m, const char *remembered)
{
    executor_switches(m->executor, m->owner, WORLD_ACCOUNT);
    advance(w, m, w->now + 20000);
    world_job(m, KAFKA_JOBS, 399, "warm", WARM_NUMBER);
    advance(w, m, w->now + 5000);
    miss_a_call(m);
    if (remembered)
        world_job(m, KAFKA_JOBS, 398, "before", remembered);
    advance(w, m, w->now + 20000);
}

static const char *number_of(const struct play *p)
{
    for (int i = 0; i < p->njobs; i++)
        if (p->jobs[i].number[0])
            return p->jobs[i].number;
    return NULL;
}

static void run_jobs(struct world *w, struct world_member *m, const struct play *p)
{
    int64_t begin = w->now - p->jobs[0].at; /* boot ms of the story's zero */
    int64_t by_s = m->port.wall(m->port.world) / 1000 - p->jobs[0].at / 1000;
    for (int i = 0; i < p->njobs; i++) {
        advance(w, m, begin + p->jobs[i].at);
        if (p->jobs[i].kind == JOB_VISITOR)
            tell_visitor(w, m, p->entry);
        else if (p->jobs[i].kind != JOB_ROUTE && p->jobs[i].kind != JOB_POPUP)
            give(m, p->entry, &p->jobs[i], i, by_s);
    }
    advance(w, m, w->now + SETTLE_MS);
}

/* counting */

/* "GET /contractor/1000011" is "GET /contractor/{id}". */
static void name_of(const char *operation, char out[96])
{
    size_t n = 0;
    for (const char *s = operation; *s && n + 8 < 96;) {
        size_t digits = strspn(s, "0123456789");
        if (digits > 1) {
            n += (size_t)snprintf(out + n, 96 - n, "{id}");
            s += digits;
        } else {
            out[n++] = *s++;
        }
    }
    out[n] = '\0';
}

static void count_one(struct table *t, const char *whole, enum class c)
{
    char operation[96];
    size_t i = 0;
    name_of(whole, operation);
    while (i < t->nrows && strcmp(t->rows[i].name, operation) != 0)
        i++;
    if (i == OPERATIONS)
        return;
    if (i == t->nrows)
        (void)snprintf(t->rows[t->nrows++].name, sizeof t->rows[0].name, "%s", operation);
    t->rows[i].count[c]++;
}

static void count(struct table *t, const struct world *w, size_t from, enum class c)
{
    t->calls[c]++;
    t->requests[c] += (int64_t)(w->requests - from);
    for (size_t i = from; i < w->requests; i++)
        count_one(t, w->operations[i], c);
}

static void play_in_world(struct table *t, const struct play *p, const struct settings *s,
                          enum class c)
{
    struct world *w = world_new();
    const char *number = number_of(p);
    switch_on(&w->settings);
    w->settings.megaplan.requests_per_second = 100;
    w->settings.megaplan.requests_per_hour = 100000;
    employ(w, s);
    if (c != NEW)
        world_client_add(w, "1000011", number);
    struct world_member *m = world_join(w);
    warm_up(w, m, c == REMEMBERED ? number : NULL);
    size_t from = w->requests;
    size_t clients = w->nclients;
    run_jobs(w, m, p);
    ck_assert_msg(w->ndead == 0 && executor_held(m->executor) == 0, "%s: not all is done: %s",
                  p->entry, w->ndead ? w->dead[0] : "held");
    if (c != NEW || w->nclients > clients) /* else the call made no client */
        count(t, w, from, c);
    world_kill(m);
    world_free(w);
}

static void tell(struct table *t, struct play *p, uint64_t seed)
{
    static struct story s;
    static struct deliveries d;
    struct dice dice = {seed ^ UINT64_C(0x5157)};
    struct style style;
    story_make(&s, seed);
    switch_on(s.company.settings);
    render_style(&style, &dice);
    disturb(&s, &dice, ~0U, &d);
    play(p, &s, &style, &d);
    /* calls of nobody's number, of colleagues, and those that nobody of ours took part in ask nothing */
    for (int c = 0; c < CLASSES && s.digits[0] && p->njobs > 0 && number_of(p); c++)
        play_in_world(t, p, s.company.settings, (enum class)c);
    play_clear(p);
    story_done(&s);
}

static double mean(const struct table *t, int c)
{
    return (double)t->requests[c] / (double)t->calls[c];
}

static void print(const struct table *t)
{
    (void)printf("%-42s", "requests per call");
    for (int c = 0; c < CLASSES; c++)
        (void)printf("%24s", classes[c].name);
    for (size_t i = 0; i < t->nrows; i++) {
        (void)printf("\n%-42s", t->rows[i].name);
        for (int c = 0; c < CLASSES; c++)
            (void)printf("%24.3f", (double)t->rows[i].count[c] / (double)t->calls[c]);
    }
    (void)printf("\n%-42s", "all");
    for (int c = 0; c < CLASSES; c++)
        (void)printf("%24.3f", mean(t, c));
    (void)printf("\n%-42s", "aim, at most");
    for (int c = 0; c < CLASSES; c++)
        (void)printf("%24.1f", classes[c].aim);
    (void)printf("\n%-42s", "calls");
    for (int c = 0; c < CLASSES; c++)
        (void)printf("%24" PRId64, t->calls[c]);
    (void)printf("\n");
    (void)fflush(stdout);
}

static int64_t env_number(const char *name, int64_t otherwise)
{
    int64_t n = otherwise;
    const char *v = getenv(name);
    if (v && *v)
        ck_assert_msg(num_parse(str_of(v), 0, INT64_MAX / 2, &n), "%s is no number", name);
    return n;
}

START_TEST(requests_per_call)
{
    static struct table t;
    struct error e = ERROR_NONE;
    struct play *p = mem_alloc(1, sizeof *p);
    int64_t n = env_number("N", 300);
    int64_t seed = env_number("SEED", 1);
    ck_assert(!log_start("error", "requests", &e));
    jval_start();
    play_start(p);
    for (int64_t i = 0; i < n; i++)
        tell(&t, p, (uint64_t)(seed + i));
    play_end(p);
    free(p);
    (void)printf("%" PRId64 " stories from seed %" PRId64 "\n", n, seed);
    print(&t);
    for (int c = 0; c < CLASSES; c++)
        ck_assert_msg(t.calls[c] > 0 && mean(&t, c) <= classes[c].aim, "%s: over the aim",
                      classes[c].name);
}
END_TEST

int main(void)
{
    return UNIT_RUN("requests", requests_per_call);
}
