/*
 * Puts those parts together. The admin thread only.
 */
#include "ingest/admin/running.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/doctor/evidence.h"
#include "common/kafka/follow.h"
#include "common/log.h"
#include "common/mem.h"
#include "ingest/admin/calls.h"
#include "ingest/admin/dead.h"
#include "ingest/admin/explain.h"
#include "ingest/admin/health.h"
#include "ingest/admin/live.h"

#define AGAIN_MS 2000    /* after Kafka did not answer */
#define FACTS_MS 3600000 /* budgets are full again after an hour */

struct running {
    const struct admin_parts *parts;
    struct calls *calls;
    struct dead *dead;
    struct health *health;
    struct live *live;
    struct explain *explain;
    struct follow *follow;
    struct loop_timer again;
};

/* ---- who tells whom ---- */

static void on_call(void *arg, struct str account, const struct story_brief *b)
{
    struct running *r = arg;
    live_call(r->live, account, b);
}

static void on_dead(void *arg, struct str account)
{
    struct running *r = arg;
    live_dead(r->live, account);
}

static void on_health(void *arg, struct str json)
{
    struct running *r = arg;
    live_health(r->live, json);
}

static struct jval *row_of(void *arg, struct str account, const struct story_brief *b, bool show)
{
    const struct running *r = arg;
    return calls_row(r->calls, account, b, show);
}

static size_t dead_of(void *arg, struct str account)
{
    const struct running *r = arg;
    return dead_count(r->dead, account);
}

static void ask_health(void *arg)
{
    struct running *r = arg;
    health_refresh(r->health);
}

/* ---- Kafka ---- */

static void on_message(void *arg, const struct kafka_message *m)
{
    struct running *r = arg;
    switch (m->topic) {
    case KAFKA_OUTCOMES:
        evidence_take(r->parts->evidence, m, clock_wall_ms());
        calls_take(r->calls, m);
        break;
    case KAFKA_EVENTS:
        calls_take(r->calls, m);
        break;
    case KAFKA_DEAD:
        evidence_take(r->parts->evidence, m, clock_wall_ms());
        dead_take(r->dead, m);
        break;
    default:
        health_take(r->health, m);
    }
}

static void on_caught_up(void *arg)
{
    struct running *r = arg;
    calls_caught_up(r->calls);
}

static enum err begin(struct running *r, struct error *e)
{
    int64_t now = clock_wall_ms();
    const struct follow_topic topics[] = {{KAFKA_EVENTS, now - CALLS_DAY_MS},
                                          {KAFKA_OUTCOMES, now - CALLS_DAY_MS},
                                          {KAFKA_DEAD, 0},
                                          {KAFKA_FACTS, now - FACTS_MS}};
    const struct follow_options o = {.topics = topics,
                                     .ntopics = sizeof topics / sizeof *topics,
                                     .message = on_message,
                                     .caught_up = on_caught_up,
                                     .arg = r};
    const struct admin_parts *p = r->parts;
    if (follow_new(p->loop, p->config, p->layout, &o, &r->follow, e))
        return e->kind;
    health_ask(r->health, r->follow);
    return ERR_OK;
}

static void on_again(void *arg)
{
    struct running *r = arg;
    struct error e = ERROR_NONE;
    if (begin(r, &e) == ERR_OK)
        return;
    log_warn("the page cannot follow what happens", LOG_ERROR(&e));
    loop_timer_after(&r->again, AGAIN_MS);
}

void running_found(struct running *r)
{
    loop_timer_after(&r->again, 0);
}

void running_changed(struct running *r, const char *account)
{
    live_settings(r->live, str_of(account));
}

/* For who shows the employees. */
static void each_unmapped(void *source, struct str account, admin_unmapped_row *row, void *arg)
{
    calls_unmapped(source, account, row, arg);
}

/* ---- requests ---- */

static void get_calls(void *part, struct api_call *c)
{
    const struct running *r = part;
    calls_get(r->calls, c);
}

static void get_story(void *part, struct api_call *c)
{
    const struct running *r = part;
    explain_get(r->explain, c);
}

static void get_dead(void *part, struct api_call *c)
{
    const struct running *r = part;
    dead_get(r->dead, c);
}

static void post_dead(void *part, struct api_call *c)
{
    const struct running *r = part;
    dead_post(r->dead, c);
}

static void get_health(void *part, struct api_call *c)
{
    const struct running *r = part;
    health_get(r->health, c);
}

static void get_stream(void *part, struct api_call *c)
{
    const struct running *r = part;
    live_get(r->live, c);
}

static const struct api_route routes[] = {
    {"GET", "/api/accounts/{a}/calls", get_calls, 0},
    {"GET", "/api/accounts/{a}/story", get_story, 0},
    {"GET", "/api/accounts/{a}/dead", get_dead, 0},
    {"POST", "/api/accounts/{a}/dead", post_dead, 0},
    {"GET", "/api/health", get_health, API_WITHOUT_KAFKA},
    {"GET", "/api/stream", get_stream, 0},
};

const struct api_route *running_routes(struct running *r, size_t *n)
{
    (void)r;
    *n = sizeof routes / sizeof *routes;
    return routes;
}

/* ---- start and end ---- */

struct running *running_new(const struct admin_parts *parts)
{
    struct running *r = mem_alloc(1, sizeof *r);
    r->parts = parts;
    r->calls = calls_new(parts, &(const struct calls_events){on_call, r});
    r->dead = dead_new(parts, r->calls, &(const struct dead_events){on_dead, r});
    r->health = health_new(parts, r->calls, r->dead, &(const struct health_events){on_health, r});
    r->live = live_new(parts, &(const struct live_sources){row_of, dead_of, ask_health, r});
    r->explain = explain_new(parts, r->calls);
    *parts->unmapped = (struct admin_unmapped){each_unmapped, r->calls};
    loop_timer_init(&r->again, parts->loop, on_again, r);
    return r;
}

void running_free(struct running *r)
{
    if (!r)
        return;
    loop_timer_stop(&r->again);
    follow_free(r->follow);
    live_free(r->live);
    explain_free(r->explain);
    health_free(r->health);
    dead_free(r->dead);
    calls_free(r->calls);
    free(r);
}
