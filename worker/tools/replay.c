/*
 * worker replay (B6): recorded events of a span through today's rules; what does not stand is said, or sent. What a call's
 * jobs are, replay_fold knows; what stands, replay_stands; what is done about it, replay_plan. One thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/kafka/lag.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/phone.h"
#include "common/story/brief.h"
#include "common/text.h"
#include "worker/tools/kit/plan.h"
#include "worker/tools/kit/progress.h"
#include "worker/tools/kit/rows.h"
#include "worker/tools/kit/sweep.h"
#include "worker/tools/replay_ask.h"
#include "worker/tools/replay_plan.h"
#include "worker/tools/replay_send.h"
#include "worker/tools/tools.h"
#include "worker/zones.h"

#define TOOL "replay"
#define RATE 200
#define LAG_MS 5000

struct run {
    const struct config *config;
    const struct args *args;
    struct desk *desk;
    struct zones *zones;
    struct replay_stands *stands;
    struct replay_fold *fold;
    struct replay_send *send;
    struct replay_ask *ask; /* NULL: Megaplan is not asked */
    struct replay_plan plan;
    struct progress progress;
    int64_t from_ms, now, read;
    int64_t calls, young, would_do, sent, present, refused;
};

/* ---- what is said ---- */

struct said {
    const char *entry_id, *id, *rule, *action, *why;
    bool asked; /* Megaplan was, and has it */
};

static void say_text(const struct said *s)
{
    char why[512];
    if (strcmp(s->action, "present") == 0 && !s->asked)
        return; /* nobody wants to read a line for each thing that is as it should be */
    phone_mask_in(str_of(s->why), why, sizeof why);
    printf("%-9s %s  %s%s%s: %s\n", s->action, s->id ? s->id : s->entry_id, s->rule ? "(" : "",
           s->rule ? s->rule : "-", s->rule ? ")" : "", why);
}

static void say(const struct run *r, const struct said *s)
{
    if (!r->args->json) {
        say_text(s);
        return;
    }
    struct jval *row = jval_new_object();
    story_put(row, "entry_id", str_of(s->entry_id));
    story_put(row, "job", str_of(s->id));
    story_put(row, "rule", str_of(s->rule));
    story_put(row, "action", str_of(s->action));
    story_put_prose(row, "reason", str_of(s->why), false);
    rows_print(row);
}

static char *take_text(char **text)
{
    char *taken = *text;
    *text = NULL;
    return taken;
}

static void keep(struct run *r, const struct replay_call *c, struct replay_job *j, const char *why)
{
    const struct replay_sent job = {.account = mem_copy(str_of(c->account)),
                                    .entry_id = mem_copy(str_of(c->entry_id)),
                                    .id = mem_copy(str_of(j->id)),
                                    .why = mem_copy(str_of(why)),
                                    .key = take_text(&j->key),
                                    .value = take_text(&j->value),
                                    .rule = j->rule,
                                    .kind = j->kind,
                                    .at = j->at,
                                    .first_at = c->first_at,
                                    .received_at = j->received_at};
    if (r->ask)
        replay_ask_add(r->ask, &job);
    else
        replay_send_add(r->send, &job);
}

static void on_word(void *arg, struct replay_call *c, struct replay_job *j,
                    enum replay_action action, const char *why)
{
    struct run *r = arg;
    struct said said = {c->entry_id, j->id, j->rule, "would_do", why, false};
    if (action == REPLAY_SEND && (r->ask || !r->args->dry_run)) {
        keep(r, c, j, why);
        return;
    }
    if (action == REPLAY_SEND) {
        r->would_do++;
    } else if (action == REPLAY_PRESENT) {
        said.action = "present";
        r->present++;
    } else {
        said.action = "refused";
        r->refused++;
    }
    say(r, &said);
}

static void on_call(void *arg, struct replay_call *c)
{
    struct run *r = arg;
    if (replay_plan_call(&r->plan, c))
        r->calls++;
    else
        r->young++;
}

/* ---- reading ---- */

static void count(struct run *r)
{
    progress_at(&r->progress, ++r->read);
}

static bool is_of_account(const struct run *r, struct str key)
{
    struct str account = str_of(r->args->account);
    return !account.len ||
           (str_starts(key, account) && key.len > account.len && key.ptr[account.len] == '/');
}

static void on_outcome(void *arg, const struct kafka_message *m)
{
    struct run *r = arg;
    count(r);
    if (is_of_account(r, m->key))
        replay_stands_outcome(r->stands, m);
}

static void on_fact(void *arg, const struct kafka_message *m)
{
    struct run *r = arg;
    count(r);
    if (is_of_account(r, m->key))
        replay_stands_fact(r->stands, m);
}

static void on_waiting(void *arg, const struct kafka_message *m)
{
    struct run *r = arg;
    count(r);
    if (is_of_account(r, m->key))
        replay_stands_waiting(r->stands, m);
}

static void on_event(void *arg, const struct kafka_message *m)
{
    struct run *r = arg;
    count(r);
    replay_fold_take(r->fold, m);
}

static enum err sweep(struct run *r, enum kafka_topic t, int64_t from_ms,
                      void (*message)(void *arg, const struct kafka_message *m), const char *what,
                      struct error *e)
{
    struct scan_place places[LIMIT_PARTITIONS];
    int32_t n = desk_layout(r->desk)->partitions[t];
    for (int32_t i = 0; i < n; i++)
        places[i] = (struct scan_place){t, i, SCAN_BEGINNING, SCAN_END};
    const struct scan_options o = {.places = places,
                                   .n = (size_t)n,
                                   .from_ms = from_ms,
                                   .max_messages = INT64_MAX,
                                   .max_bytes = INT64_MAX,
                                   .message = message,
                                   .arg = r};
    r->read = 0;
    progress_begin(&r->progress, what, 0);
    enum err err = sweep_read(r->desk, &o, what, NULL, e);
    progress_end(&r->progress);
    return err;
}

/* What crm has not come to yet. */
static enum err sweep_waiting(struct run *r, struct error *e)
{
    static const enum kafka_topic topics[] = {KAFKA_JOBS, KAFKA_JOBS_BULK};
    const struct lag_place *list;
    struct lag *lag = NULL;
    size_t n, used = 0;
    enum err err = lag_open(r->config, desk_layout(r->desk), "crm", topics, 2, &lag, e);
    if (!err)
        err = lag_read(lag, LAG_MS, &list, &n, e);
    struct scan_place *places = err ? NULL : mem_alloc(n, sizeof *places);
    for (size_t i = 0; !err && i < n; i++) {
        int64_t from = list[i].committed == LAG_NONE || list[i].committed < list[i].low
                           ? list[i].low
                           : list[i].committed;
        if (from < list[i].high)
            places[used++] =
                (struct scan_place){list[i].topic, list[i].partition, from, list[i].high};
    }
    const struct scan_options o = {.places = places,
                                   .n = used,
                                   .max_messages = INT64_MAX,
                                   .max_bytes = INT64_MAX,
                                   .message = on_waiting,
                                   .arg = r};
    if (!err && used)
        err = sweep_read(r->desk, &o, "reading what waits", NULL, e);
    free(places);
    lag_close(lag);
    return err;
}

static const struct settings *settings_of(void *arg, struct str account)
{
    return accounts_get(desk_accounts(((struct run *)arg)->desk), account);
}

static const struct tz *tz_of(void *arg, const struct settings *s)
{
    return zones_get(((struct run *)arg)->zones, s->timezone);
}

static enum err read_all(struct run *r, struct error *e)
{
    const struct config *c = r->config;
    const struct replay_fold_options o = {.partitions =
                                              desk_layout(r->desk)->partitions[KAFKA_EVENTS],
                                          .times = {.settle = c->call_settle_s,
                                                    .ended_close = c->call_ended_close_s,
                                                    .idle_close = c->call_idle_close_s,
                                                    .remember = c->call_remember_s},
                                          .from_ms = r->from_ms,
                                          .to_ms = r->args->to_ms,
                                          .now = r->now,
                                          .account = str_of(r->args->account),
                                          .entry = str_of(r->args->entry),
                                          .settings = settings_of,
                                          .tz = tz_of,
                                          .call = on_call,
                                          .arg = r};
    int64_t begin = r->from_ms - replay_fold_lead(&o.times);
    enum err err;
    begin = begin > 0 ? begin : 1;
    r->fold = replay_fold_new(&o);
    if ((err = sweep(r, KAFKA_OUTCOMES, begin, on_outcome, "reading what was done", e)) ||
        (err = sweep(r, KAFKA_FACTS, 0, on_fact, "reading what is remembered", e)) ||
        (err = sweep_waiting(r, e)) ||
        (err = sweep(r, KAFKA_EVENTS, begin, on_event, "reading events", e)))
        return err;
    replay_fold_end(r->fold);
    return ERR_OK;
}

/* ---- the end ---- */

static void on_sent(void *arg, const struct replay_sent *job)
{
    struct run *r = arg;
    const struct said said = {job->entry_id, job->id, job->rule, "sent", job->why, false};
    r->sent++;
    say(r, &said);
}

static void sum_text(const struct run *r, int64_t events)
{
    char a[ROWS_COUNT_SIZE], b[ROWS_COUNT_SIZE], c[ROWS_COUNT_SIZE], d[ROWS_COUNT_SIZE],
        f[ROWS_COUNT_SIZE];
    printf("%s events of %s calls: %s %s, %s present, %s refused", rows_count(events, a),
           rows_count(r->calls, b), rows_count(r->args->dry_run ? r->would_do : r->sent, c),
           r->args->dry_run ? "would be done" : "sent", rows_count(r->present, d),
           rows_count(r->refused, f));
    if (r->young)
        printf("; %s calls left alone: open, or under 15 minutes old", rows_count(r->young, a));
    putchar('\n');
}

static void sum(const struct run *r)
{
    int64_t events = replay_fold_events(r->fold);
    if (!r->args->json) {
        sum_text(r, events);
        return;
    }
    struct jval *row = jval_new_object(), *all = jval_new_object();
    jval_put_int(all, "events", events);
    jval_put_int(all, "calls", r->calls);
    jval_put_int(all, "would_do", r->would_do);
    jval_put_int(all, "sent", r->sent);
    jval_put_int(all, "present", r->present);
    jval_put_int(all, "refused", r->refused);
    jval_put_int(all, "young", r->young);
    jval_put(row, "summary", all);
    rows_print(row);
}

/* Where a run that was stopped goes on. */
static void resume_point(const struct run *r, int64_t left)
{
    char at[TEXT_TIME_SIZE];
    text_time(left < 0 ? r->from_ms : left, at);
    if (!r->args->json) {
        printf("stopped; to go on: --resume %s\n", at);
        return;
    }
    struct jval *row = jval_new_object();
    jval_put_text(row, "resume", str_of(at));
    rows_print(row);
}

static int stopped(const struct run *r, int64_t left)
{
    resume_point(r, left);
    return TOOLS_PARTLY;
}

/* ---- what Megaplan says ---- */

static void on_asked(void *arg, struct replay_sent *job, bool has)
{
    struct run *r = arg;
    if (!has && !r->args->dry_run) {
        replay_send_add(r->send, job);
        return;
    }
    const struct said said = {job->entry_id, job->id, job->rule, has ? "present" : "would_do",
                              job->why,      has};
    *(has ? &r->present : &r->would_do) += 1;
    say(r, &said);
    replay_send_forget(job);
}

/* TOOLS_DONE: all were asked, or nobody is to be. */
static int ask_all(struct run *r)
{
    struct error e = ERROR_NONE;
    if (!r->ask || !replay_ask_calls(r->ask))
        return TOOLS_DONE;
    plan_say(TOOL, "asks Megaplan about %zu calls, with 1 %% of an account's requests an hour",
             replay_ask_calls(r->ask));
    if (replay_ask_run(r->ask, r->desk, r->config, on_asked, r, &e))
        return tools_complain(TOOL, &e);
    int64_t left = replay_ask_left(r->ask);
    if (left >= 0)
        return stopped(r, r->args->dry_run ? left : -1); /* nothing was sent */
    return TOOLS_DONE;
}

static int send_all(struct run *r)
{
    struct error e = ERROR_NONE;
    int64_t rate = r->args->rate < 0 ? RATE : r->args->rate;
    if (!plan_agreed(TOOL, r->args, replay_send_count(r->send)))
        return TOOLS_USAGE;
    enum err err = replay_send_run(r->send, r->desk, rate, on_sent, r, &e);
    int64_t left = replay_send_left(r->send);
    if (err)
        (void)tools_complain(TOOL, &e);
    if (left >= 0)
        return stopped(r, left);
    return TOOLS_DONE;
}

static int work(struct run *r)
{
    struct error e = ERROR_NONE;
    int code = TOOLS_DONE;
    enum err err = read_all(r, &e);
    if (err && r->desk && desk_stopped(r->desk))
        return stopped(r, -1);
    if (err)
        return tools_complain(TOOL, &e);
    code = ask_all(r);
    if (code == TOOLS_DONE && !r->args->dry_run)
        code = send_all(r);
    if (code != TOOLS_DONE)
        return code;
    sum(r);
    if (!rows_written(TOOL))
        return TOOLS_INTERNAL;
    return r->would_do ? TOOLS_FOUND : code;
}

static void say_plan(const struct run *r)
{
    char from[TEXT_TIME_SIZE], to[TEXT_TIME_SIZE];
    text_time(r->from_ms, from);
    text_time(r->args->to_ms, to);
    plan_say(TOOL, "calls of %s%s%s that began from %s to %s, by today's rules and settings: %s",
             r->args->account ? "account " : "all accounts",
             r->args->account ? r->args->account : "", r->args->entry ? ", one of them," : "", from,
             to, r->args->dry_run ? "says what is missing" : "sends what is missing to jobs.bulk");
}

static int with_desk(struct run *r)
{
    struct error e = ERROR_NONE;
    say_plan(r);
    if (desk_open(r->config,
                  DESK_ACCOUNTS | DESK_SCANNER | DESK_LONG |
                      (r->args->dry_run ? 0u : DESK_PRODUCER),
                  &r->desk, &e))
        return tools_complain(TOOL, &e);
    r->zones = zones_new();
    r->stands = replay_stands_new();
    r->send = replay_send_new();
    r->ask = r->args->ask ? replay_ask_new() : NULL;
    r->plan = (struct replay_plan){r->stands, accounts_forgotten(desk_accounts(r->desk)), r->now,
                                   on_word, r};
    int code = work(r);
    replay_ask_free(r->ask);
    desk_close(r->desk);
    replay_fold_free(r->fold);
    replay_send_free(r->send);
    replay_stands_free(r->stands);
    zones_free(r->zones);
    return code;
}

int tools_replay(const struct config *c, const struct args *a)
{
    struct run r = {.config = c, .args = a, .from_ms = a->from_ms, .now = clock_wall_ms()};
    struct error e = ERROR_NONE;
    if (!a->from_ms)
        return tools_misused(TOOL, "--from is missing");
    if (a->resume && args_time(a->resume, r.now, &r.from_ms, &e)) {
        error_context(&e, "--resume");
        return tools_misused(TOOL, e.text);
    }
    return with_desk(&r);
}
