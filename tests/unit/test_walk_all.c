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
 * Takes minutes.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "tests/unit/walk_ringing.h"

#define TOLD 12 /* failures that are told in full */

struct base { /* a story as it is without */
    char *after;
    char *without; /* its other end, NULL: it has none */
    size_t requests, steps;
    char operations[WORLD_MAX][96];
};

struct count {
    size_t walks, wrong, less; /* less: not all that rings rang */
};

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

static bool is_as(const struct walk *k, const char *state)
{
    return state && strcmp(k->state, state) == 0 && k->world->ndead == 0;
}

static void judge(struct walk *k, const struct base *b)
{
    struct world *w = k->world;
    bool refused = k->fault->for_ever || (k->fault->status == 422 && may_be_refused(k));
    if (k->wrong)
        return;
    if (is_as(k, b->after) || is_as(k, b->without))
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
           k->request, k->request ? b->operations[k->request - 1] : "-", walk_strikes[k->strike],
           k->step, what);
}

/* Asked for one alone? By fault, request, strike, step: "401 at request 2, kill at step 7". */
static bool is_asked_for(const struct walk *k)
{
    const char *one = getenv("WALK_ONE");
    char text[160];
    snprintf(text, sizeof text, "%s at request %zu, %s at step %zu", k->fault->name, k->request,
             walk_strikes[k->strike], k->step);
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
    walk_run(&again);
    judge(&again, b);
    tell(&again, b, again.wrong ? again.wrong : "as it should be");
    printf("%.*s--- it should be:\n%s--- it is:\n%s", STR_ARG(buf_str(&again.world->trace)),
           b->after, again.state);
    for (size_t i = 0; i < again.world->ndead; i++)
        printf("dead: %s\n", again.world->dead[i]);
    for (size_t i = 0; i < again.world->nrang; i++)
        printf("rang: %s\n", again.world->rang[i].what);
    for (size_t i = 0; i < again.world->noutcomes; i++)
        printf("outcome: %s\n", again.world->outcomes[i]);
    walk_done(&again);
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
    const size_t parts[] = {(size_t)(k->story - walk_stories), (size_t)(k->fault - walk_faults),
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
    walk_run(&k);
    judge(&k, b);
    c->walks++;
    size_t steps = k.steps;
    bool wrong = k.wrong != NULL;
    c->less += walk_ringing_missing(&k) > 0;
    if (wrong && c->wrong++ < TOLD)
        tell(&k, b, k.wrong);
    walk_done(&k);
    if ((wrong && c->wrong == 1 && !getenv("WALK_ONE")) || is_asked_for(&k))
        tell_all(&k, b);
    return steps;
}

/* A refused login holds everything until it is another: that is its end. Result codes are MANGO's,
 * envelopes Megaplan's. */
static bool is_told(const struct walk_fault *f, const char *operation)
{
    bool mango = strstr(operation, " /commands/") || strstr(operation, " /queries/");
    if (mango ? f->fault == WORLD_IDLE : f->status >= 1000)
        return false;
    return !f->for_ever || strcmp(operation, "POST /auth/access_token") != 0;
}

/* A fault at a request, and every strike at every step of it. */
static void walk_all_of(const struct walk_story *s, const struct walk_fault *f, size_t request,
                        const struct base *b, struct count *c)
{
    struct walk k = {.story = s, .fault = f, .request = request};
    if (request)
        k.operation = b->operations[request - 1];
    size_t steps = walk_one(k, b, c);
    for (k.step = 1; k.step <= steps; k.step++)
        for (int n = WALK_KILL; n < WALK_STRIKES; n++) {
            k.strike = (enum walk_strike)n;
            if (chosen(&k) || is_asked_for(&k))
                walk_one(k, b, c);
        }
}

static void base_of(const struct walk_story *s, struct base *b)
{
    struct walk k = {.story = s, .fault = &walk_faults[0]};
    walk_run(&k);
    ck_assert_msg(!k.wrong, "%s: %s", s->name, k.wrong);
    ck_assert_uint_eq(k.world->ndead, 0);
    b->after = mem_copy(str_of(k.state));
    b->requests = k.world->requests;
    b->steps = k.steps;
    memcpy(b->operations, k.world->operations, sizeof b->operations);
    b->without = walk_without(&k);
    walk_done(&k);
}

static void walk_story(const struct walk_story *s, struct count *c)
{
    struct base *b = mem_alloc(1, sizeof *b);
    struct count mine = {0};
    base_of(s, b);
    walk_all_of(s, &walk_faults[0], 0, b, &mine);
    for (size_t r = 1; r <= b->requests; r++)
        for (size_t f = 1; r != s->first.at && f < walk_faults_count; f++)
            if (is_told(&walk_faults[f], b->operations[r - 1]))
                walk_all_of(s, &walk_faults[f], r, b, &mine);
    printf("%-50s %3zu requests %4zu steps %7zu walks %5zu wrong %5zu rang less\n", s->name,
           b->requests, b->steps, mine.walks, mine.wrong, mine.less);
    c->walks += mine.walks;
    c->wrong += mine.wrong;
    free(b->after);
    free(b->without);
    free(b);
}

START_TEST(ends_as_without)
{
    struct error e = ERROR_NONE;
    struct count c = {0};
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
