/*
 * The generated walk: every story (walk_stories.h), every one of its requests failing in every way, and
 * at every step of that nothing, a kill, a freeze, a revocation or a cut to Kafka. Whatever happens, in the
 * end Megaplan is as it is without; where it refuses for ever, the job is in `dead` and nothing else is
 * touched.
 *
 * Strikes are a sample of one in WALK_SHARE (200), chosen by WALK_SEED (1). WALK=all walks
 * all of them (with CK_FORK=no, since it takes longer than a test may);
 * WALK_STORY=part of a name chooses stories, WALK_TRACE=1 tells each walk before it begins,
 * WALK_ONE="401 at request 2, kill at step 7" the steps of that one.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "tests/unit/walk_stories.h"

#define HOURS_3 10800000
#define SETTLED 780000 /* twins are looked for after ten minutes */
#define SESSION 10000  /* after which the group replaces a member */
#define TOLD 12        /* failures that are told in full */

enum strike {
    STRIKE_NONE,
    STRIKE_KILL,
    STRIKE_FREEZE_SHORT,       /* 6 s: nobody takes over, but it fences itself */
    STRIKE_FREEZE_LONG,        /* 30 s: replaced after 10 */
    STRIKE_FREEZE_TWO_MINUTES, /* the same: everything was looked for and given up */
    STRIKE_REVOKE,
    STRIKE_REPLACE, /* replaced without knowing it, and reads that two seconds late */
    STRIKE_KAFKA,   /* nothing is delivered for 7 s */
    STRIKES
};

static const char *const strike_names[] = {[STRIKE_NONE] = "nothing",
                                           [STRIKE_KILL] = "kill",
                                           [STRIKE_FREEZE_SHORT] = "freeze of 6 s",
                                           [STRIKE_FREEZE_LONG] = "freeze of 30 s",
                                           [STRIKE_FREEZE_TWO_MINUTES] = "freeze of 2 min",
                                           [STRIKE_REVOKE] = "revoke",
                                           [STRIKE_REPLACE] = "replaced",
                                           [STRIKE_KAFKA] = "no Kafka"};

struct fault {
    const char *name;
    enum world_fault fault;
    int status;
    bool for_ever; /* all requests of that operation */
};

static const struct fault faults[] = {
    {"nothing", WORLD_FINE, 0, false},
    {"answer lost", WORLD_ANSWER_LOST, 0, false},
    {"request lost", WORLD_REQUEST_LOST, 0, false},
    {"not sent", WORLD_NOT_SENT, 0, false},
    {"422", WORLD_STATUS, 422, false},
    {"429", WORLD_STATUS, 429, false},
    {"401", WORLD_STATUS, 401, false},
    {"500", WORLD_STATUS, 500, false},
    {"500 after doing", WORLD_STATUS_AFTER, 500, false},
    {"hangs", WORLD_HANGS, 0, false},
    {"half an answer", WORLD_HALF, 0, false},
    {"wrong type", WORLD_WRONG_TYPE, 0, false},
    {"a page of HTML", WORLD_HTML, 0, false},
    {"too large", WORLD_TOO_LARGE, 0, false},
    {"422 for ever", WORLD_STATUS, 422, true},
};

struct walk { /* one of them */
    const struct walk_story *story;
    const struct fault *fault;
    size_t request; /* which one fails, from 1 */
    const char *operation;
    enum strike strike;
    size_t step; /* where it strikes */

    struct world *world;
    struct world_member *owner, *zombie;
    int64_t kafka_back_at, hears_at;
    const char *wrong; /* NULL: as it should be */
    char *state;
    size_t steps;
};

struct base { /* a story as it is without */
    char *after;
    size_t requests, steps;
    char operations[WORLD_MAX][96];
};

struct count {
    size_t walks, wrong;
};

/* --- going on --- */

/* A strike may come in the middle of this, too, and somebody else be the owner when it returns. */
static void own(struct walk *k, struct world_member *m)
{
    k->owner = m;
    if (m)
        world_rejoin(m);
    else
        m = world_join(k->world);
    if (!k->owner && k->zombie != m)
        k->owner = m;
    walk_stories_feed(k->story, m);
}

/* Somebody was replaced: until it knows, it goes on; then it is gone. */
static void let_go(struct walk *k)
{
    struct world_member *m = k->zombie;
    if (!m || m->frozen)
        return;
    if (k->hears_at && k->world->now >= k->hears_at)
        m->deaf = false;
    world_turn(m);
    if (!m->owner) {
        world_kill(m);
        k->zombie = NULL;
    }
}

static void go_on(struct walk *k, int64_t until)
{
    struct world *w = k->world;
    if (k->zombie && until > w->now + 40)
        until = w->now + 40;
    world_advance(w, k->owner, until);
    let_go(k);
    if (k->kafka_back_at && w->now >= k->kafka_back_at) {
        w->kafka_refuses = false;
        k->kafka_back_at = 0;
    }
    if (k->owner && k->owner->killed) {
        struct world_member *gone = k->owner;
        k->owner = NULL;
        world_kill(gone);
        own(k, NULL);
    } else if (k->owner && !k->owner->owner) {
        own(k, k->owner);
    }
}

static void pass(struct walk *k, int64_t ms)
{
    for (int64_t end = k->world->now + ms; k->world->now < end;)
        go_on(k, end);
}

/* --- strikes --- */

static void freeze(struct walk *k, struct world_member *m, int64_t ms)
{
    struct world_member *owner = k->owner;
    m->frozen = true;
    k->owner = NULL;
    pass(k, ms < SESSION ? ms : SESSION);
    if (ms >= SESSION) {
        k->zombie = m;
        own(k, NULL);
        pass(k, ms - SESSION);
    } else {
        k->owner = owner;
    }
    m->frozen = false;
    m->thawed = true;
}

static void replace(struct walk *k, struct world_member *m)
{
    m->deaf = true;
    k->hears_at = k->world->now + 2000;
    k->zombie = m;
    own(k, NULL);
}

static void strike(void *arg, struct world_member *m, enum world_event event)
{
    struct walk *k = arg;
    (void)event;
    m = m ? m : k->owner;
    switch (k->strike) {
    case STRIKE_KILL:
        m->killed = true;
        break;
    case STRIKE_FREEZE_SHORT:
        freeze(k, m, 6000);
        break;
    case STRIKE_FREEZE_LONG:
        freeze(k, m, 30000);
        break;
    case STRIKE_FREEZE_TWO_MINUTES:
        freeze(k, m, 120000);
        break;
    case STRIKE_REVOKE:
        m->thawed = true;
        break;
    case STRIKE_REPLACE:
        replace(k, m);
        break;
    case STRIKE_KAFKA:
        k->world->kafka_refuses = true;
        k->kafka_back_at = k->world->now + 7000;
        break;
    default:
        break;
    }
}

/* --- one walk --- */

static bool finished(const struct walk *k)
{
    size_t n = walk_stories_jobs(k->story);
    for (size_t i = 0; i < n; i++)
        if (!k->owner || !world_finished(k->owner, (int64_t)i))
            return false;
    return true;
}

static void prepare(struct walk *k)
{
    struct world *w = k->world;
    w->tolerant = true;
    w->latency_ms = 40;
    w->settings.megaplan.requests_per_hour = 10000000;
    if (k->story->before)
        k->story->before(w);
    w->plan[0] = k->story->first;
    if (k->fault->for_ever) {
        w->fault_operation = k->operation;
        w->fault = k->fault->fault;
        w->status = k->fault->status;
        w->faults = -1;
    } else if (k->request) {
        w->plan[1] = (struct world_plan){k->request, k->fault->fault, k->fault->status};
    }
    w->strike = strike;
    w->strike_arg = k;
    w->strike_at = k->strike == STRIKE_NONE ? 0 : k->step;
}

static void run(struct walk *k)
{
    struct world *w = k->world;
    own(k, NULL);
    for (int64_t end = w->now + HOURS_3; w->now < end && !finished(k);)
        go_on(k, end);
    if (!finished(k))
        k->wrong = "a job is not finished after three hours";
    else
        pass(k, SETTLED);
    if (!k->wrong && !finished(k))
        k->wrong = "a finished job is not finished any more";
    if (!k->wrong && executor_held(k->owner->executor))
        k->wrong = "something is still held";
    /* A member that does not know of its successor may say otherwise, and so may one that was refused what
     * the other was not; neither is listened to. */
    if (!k->wrong && *w->broken && k->strike != STRIKE_REPLACE && k->fault->status != 422)
        k->wrong = w->broken;
    k->steps = w->steps;
    k->state = world_state(w);
}

static void begin(struct walk *k)
{
    k->world = world_new();
    prepare(k);
    run(k);
}

static void over(struct walk *k)
{
    world_kill(k->owner);
    world_free(k->world);
    free(k->state);
}

/* --- what it came to --- */

static size_t lines_of(const char *state, const char *type)
{
    size_t n = 0;
    for (; *state; state += strcspn(state, "\n") + 1)
        n += strncmp(state, type, strlen(type)) == 0;
    return n;
}

/* Nothing is there twice, or that should not be at all. What was refused may be missing in the rest. */
static bool no_more_than(const char *state, const char *after)
{
    static const char *const types[] = {"Contractor", "CallInfo", "Task", "StringField"};
    for (size_t i = 0; i < COUNT(types); i++)
        if (lines_of(state, types[i]) > lines_of(after, types[i]))
            return false;
    return true;
}

/* Requests whose refusal is an answer like any other: who may not see the fields has none. */
static bool may_be_refused(const struct walk *k)
{
    /* After a strike the request of that number may be another one than without. */
    return k->request &&
           strcmp(k->world->operations[k->request - 1], "GET /contractorHuman/extraFields") == 0;
}

static bool gave_up(const struct world *w)
{
    if (w->ndead || world_outcomes(w, "\"result\":\"none\"") ||
        world_outcomes(w, "\"result\":\"no_record\""))
        return true;
    for (size_t i = 0; i < w->nfacts; i++)
        if (str_ends(str_of(w->facts[i].key), STR("/given-up")) ||
            strstr(w->facts[i].value, "\"none\":"))
            return true;
    return false;
}

static void judge(struct walk *k, const struct base *b)
{
    struct world *w = k->world;
    bool refused = k->fault->for_ever || (k->fault->status == 422 && may_be_refused(k));
    if (k->wrong)
        return;
    if (strcmp(k->state, b->after) == 0 && w->ndead == 0)
        return;
    if (!refused)
        k->wrong = w->ndead ? "a job is dead" : "Megaplan is not as it is without";
    else if (!gave_up(w))
        k->wrong = "Megaplan is not as it is without, and nothing is dead";
    else if (!no_more_than(k->state, b->after))
        k->wrong = "something was made that should not be";
}

static void tell(const struct walk *k, const struct base *b, const char *what)
{
    printf("%s: %s at request %zu (%s), %s at step %zu: %s\n", k->story->name, k->fault->name,
           k->request, k->request ? b->operations[k->request - 1] : "-", strike_names[k->strike],
           k->step, what);
}

/* Asked for one alone? By fault, request, strike, step: "401 at request 2, kill at step 7". */
static bool is_asked_for(const struct walk *k)
{
    const char *one = getenv("WALK_ONE");
    char text[160];
    snprintf(text, sizeof text, "%s at request %zu, %s at step %zu", k->fault->name, k->request,
             strike_names[k->strike], k->step);
    return one && strcmp(text, one) == 0;
}

static void tell_all(struct walk *k, const struct base *b)
{
    struct walk again = {.story = k->story,
                         .fault = k->fault,
                         .request = k->request,
                         .operation = k->operation,
                         .strike = k->strike,
                         .step = k->step,
                         .world = world_new()};
    again.world->traced = true;
    prepare(&again);
    run(&again);
    judge(&again, b);
    tell(&again, b, again.wrong ? again.wrong : "as it should be");
    printf("%.*s--- it should be:\n%s--- it is:\n%s", STR_ARG(buf_str(&again.world->trace)),
           b->after, again.state);
    for (size_t i = 0; i < again.world->ndead; i++)
        printf("dead: %s\n", again.world->dead[i]);
    over(&again);
}

/* --- all of them --- */

static unsigned setting(const char *name, unsigned usual)
{
    const char *text = getenv(name);
    unsigned n = 0;
    return text && sscanf(text, "%u", &n) == 1 ? n : usual;
}

static bool chosen(const struct walk *k)
{
    static const uint32_t prime = 16777619u;
    uint32_t h = 2166136261u ^ setting("WALK_SEED", 1);
    const size_t parts[] = {(size_t)(k->story - walk_stories), (size_t)(k->fault - faults),
                            k->request, (size_t)k->strike, k->step};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        h = (h ^ (uint32_t)parts[i]) * prime;
    const char *all = getenv("WALK");
    unsigned share = all && strcmp(all, "all") == 0 ? 1 : setting("WALK_SHARE", 200);
    if (share > 1 && k->story->rarer)
        share *= k->story->rarer;
    return (h ^ (h >> 15)) % share == 0;
}

static size_t walk_one(struct walk k, const struct base *b, struct count *c)
{
    if (getenv("WALK_TRACE"))
        tell(&k, b, "walks");
    begin(&k);
    judge(&k, b);
    c->walks++;
    size_t steps = k.steps;
    bool wrong = k.wrong != NULL;
    if (wrong && c->wrong++ < TOLD)
        tell(&k, b, k.wrong);
    over(&k);
    if ((wrong && c->wrong == 1 && !getenv("WALK_ONE")) || is_asked_for(&k))
        tell_all(&k, b);
    return steps;
}

/* A refused login holds everything until it is another: that is its end. */
static bool is_told(const struct fault *f, const char *operation)
{
    return !f->for_ever || strcmp(operation, "POST /auth/access_token") != 0;
}

/* A fault at a request, and every strike at every step of it. */
static void walk_fault(const struct walk_story *s, const struct fault *f, size_t request,
                       const struct base *b, struct count *c)
{
    struct walk k = {.story = s, .fault = f, .request = request};
    if (request)
        k.operation = b->operations[request - 1];
    size_t steps = walk_one(k, b, c);
    for (k.step = 1; k.step <= steps; k.step++)
        for (int n = STRIKE_KILL; n < STRIKES; n++) {
            k.strike = (enum strike)n;
            if (chosen(&k) || is_asked_for(&k))
                walk_one(k, b, c);
        }
}

static void base_of(const struct walk_story *s, struct base *b)
{
    struct walk k = {.story = s, .fault = &faults[0]};
    begin(&k);
    ck_assert_msg(!k.wrong, "%s: %s", s->name, k.wrong);
    ck_assert_uint_eq(k.world->ndead, 0);
    b->after = mem_copy(str_of(k.state));
    b->requests = k.world->requests;
    b->steps = k.steps;
    memcpy(b->operations, k.world->operations, sizeof b->operations);
    over(&k);
}

static void walk_story(const struct walk_story *s, struct count *c)
{
    struct base *b = mem_alloc(1, sizeof *b);
    struct count mine = {0, 0};
    base_of(s, b);
    walk_fault(s, &faults[0], 0, b, &mine);
    for (size_t r = 1; r <= b->requests; r++)
        for (size_t f = 1; r != s->first.at && f < COUNT(faults); f++)
            if (is_told(&faults[f], b->operations[r - 1]))
                walk_fault(s, &faults[f], r, b, &mine);
    printf("%-50s %3zu requests %4zu steps %7zu walks %5zu wrong\n", s->name, b->requests, b->steps,
           mine.walks, mine.wrong);
    c->walks += mine.walks;
    c->wrong += mine.wrong;
    free(b->after);
    free(b);
}

START_TEST(ends_as_without)
{
    struct error e = ERROR_NONE;
    struct count c = {0, 0};
    const char *wanted = getenv("WALK_STORY");
    setvbuf(stdout, NULL, _IOLBF, 0);
    ck_assert(!log_start("error", "test", &e));
    for (size_t i = 0; i < walk_stories_count; i++)
        if (!wanted || strstr(walk_stories[i].name, wanted))
            walk_story(&walk_stories[i], &c);
    printf("%zu walks\n", c.walks);
    ck_assert_msg(c.wrong == 0, "%zu of %zu walks end wrong", c.wrong, c.walks);
}
END_TEST

int main(void)
{
    return UNIT_RUN("walk_all", ends_as_without);
}
