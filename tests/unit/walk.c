/*
 * One walk: who owns the partition, what strikes it, and until when it goes on.
 */
#include "tests/unit/walk.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "common/mem.h"
#include "tests/unit/walk_ringing.h"

#define HOURS_3 10800000
#define SETTLED 780000 /* twins are looked for after ten minutes */
#define SESSION 10000  /* after which the group replaces a member */
#define STALL 4500
#define LANDS_LATE 14000 /* the protocol allows for 15 s */

const char *const walk_strikes[] = {[WALK_NONE] = "nothing",
                                    [WALK_KILL] = "kill",
                                    [WALK_FREEZE_SHORT] = "freeze of 6 s",
                                    [WALK_FREEZE_LONG] = "freeze of 30 s",
                                    [WALK_FREEZE_TWO_MINUTES] = "freeze of 2 min",
                                    [WALK_REVOKE] = "revoke",
                                    [WALK_REPLACE] = "replaced",
                                    [WALK_STALL] = "stall",
                                    [WALK_KAFKA] = "no Kafka"};

const struct walk_fault walk_faults[] = {
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
    {"an empty list", WORLD_EMPTY_LIST, 0, false},
    {"an empty object", WORLD_EMPTY_OBJECT, 0, false},
    {"null", WORLD_NULL, 0, false},
    {"nothing done, nothing said", WORLD_IDLE, 0, false},
    {"a page of HTML", WORLD_HTML, 0, false},
    {"too large", WORLD_TOO_LARGE, 0, false},
    {"422 for ever", WORLD_STATUS, 422, true},
    {"3102 of MANGO", WORLD_STATUS, 3102, false},
    {"4101 of MANGO", WORLD_STATUS, 4101, false},
    {"2211 of MANGO", WORLD_STATUS, 2211, false},
    {"5003 of MANGO", WORLD_STATUS, 5003, false},
};
const size_t walk_faults_count = sizeof walk_faults / sizeof *walk_faults;

/* --- going on --- */

/* A strike may come in the middle of this, too, and somebody else be the owner when it returns. */
static void own(struct walk *k, struct world_member *m)
{
    k->owner = m;
    k->fed = 0; /* not later: a strike in the middle of what follows makes another one the owner */
    if (m)
        world_rejoin(m);
    else
        m = world_join(k->world);
    if (!k->owner && k->zombie != m)
        k->owner = m;
}

/* Jobs whose time has come come to the owner; when the next one does. */
static int64_t feed(struct walk *k)
{
    size_t n = walk_stories_jobs(k->story);
    while (k->owner && k->fed < n) {
        int64_t at = k->begin + k->story->jobs[k->fed].at;
        if (at > k->world->now)
            return at;
        walk_stories_feed(k->story, k->fed++, k->owner);
    }
    return INT64_MAX;
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
    int64_t next = feed(k);
    if (until > next)
        until = next;
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

static void stall(struct walk *k, struct world_member *m)
{
    struct world_member *owner = k->owner;
    m->frozen = true;
    k->owner = NULL;
    pass(k, STALL);
    k->owner = owner;
    m->frozen = false;
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
    case WALK_KILL:
        m->killed = true;
        break;
    case WALK_FREEZE_SHORT:
        freeze(k, m, 6000);
        break;
    case WALK_FREEZE_LONG:
        freeze(k, m, 30000);
        break;
    case WALK_FREEZE_TWO_MINUTES:
        freeze(k, m, 120000);
        break;
    case WALK_REVOKE:
        m->thawed = true;
        break;
    case WALK_REPLACE:
        replace(k, m);
        break;
    case WALK_STALL:
        stall(k, m);
        break;
    case WALK_KAFKA:
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
    w->lands_after_ms = k->step % 2 ? LANDS_LATE : 0;
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
    w->strike_at = k->strike == WALK_NONE ? 0 : k->step;
}

static bool routed_twice(const struct world *w)
{
    for (size_t i = 0; i < w->mango.ncommands; i++)
        for (size_t j = 0; j < i; j++)
            if (strncmp(w->mango.commands[i].command_id, w->mango.commands[j].command_id,
                        strcspn(w->mango.commands[i].command_id, "~")) == 0)
                return true;
    return false;
}

static void run(struct walk *k)
{
    struct world *w = k->world;
    k->begin = w->now;
    own(k, NULL);
    for (int64_t end = w->now + HOURS_3; w->now < end && !finished(k);)
        go_on(k, end);
    if (!finished(k))
        k->wrong = "a job is not finished after three hours";
    else
        pass(k, SETTLED);
    if (!k->wrong && !finished(k))
        k->wrong = "a finished job is not finished any more";
    if (!k->wrong && (!k->owner || executor_held(k->owner->executor)))
        k->wrong = "something is still held";
    /* A member that does not know of its successor may say otherwise, and so may one that was refused what
     * the other was not; neither is listened to. */
    if (!k->wrong && *w->broken && k->strike != WALK_REPLACE && k->fault->status != 422)
        k->wrong = w->broken;
    if (!k->wrong && w->mango.violations > 0)
        k->wrong = "MANGO was asked what it refuses";
    if (!k->wrong && routed_twice(w))
        k->wrong = "a call was routed twice";
    if (!k->wrong)
        k->wrong = walk_ringing_wrong(k);
    k->steps = w->steps;
    k->state = world_state(w);
}

void walk_run(struct walk *k)
{
    if (!k->world)
        k->world = world_new();
    prepare(k);
    run(k);
}

void walk_done(struct walk *k)
{
    world_kill(k->owner);
    world_free(k->world);
    free(k->state);
}

char *walk_without(const struct walk *usual)
{
    static const struct walk_fault refused = {"422", WORLD_STATUS, 422, false};
    const char *operation = walk_stories_dispensable(usual->story);
    struct walk k = {.story = usual->story, .fault = &refused};
    if (!operation)
        return NULL;
    while (strcmp(usual->world->operations[k.request++], operation) != 0)
        ck_assert_uint_lt(k.request, usual->world->requests);
    walk_run(&k);
    ck_assert_msg(!k.wrong, "%s: %s", k.story->name, k.wrong);
    ck_assert_str_ne(k.state, usual->state);
    char *state = mem_copy(str_of(k.state));
    walk_done(&k);
    return state;
}
