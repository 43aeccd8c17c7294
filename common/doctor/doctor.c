/*
 * Runs checks. Must not know what they look for. On the loop's thread.
 */
#include "common/doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/doctor/doctor_remedy.h"
#include "common/doctor/doctor_state.h"
#include "common/mem.h"

#define PATIENCE_MS 12000 /* for the share: MANGO's ten seconds fit */
#define BIT(what) (1U << (what))

/* ---- the table ---- */

static const struct doctor_entry table[] = {
    {{"settings", true, "the account's settings can be read, and it is switched on"},
     0,
     doctor_check_settings,
     NULL},
    {{"mango", true, "MANGO takes the account's key and signature"},
     BIT(OUTSIDE_USERS),
     doctor_check_mango,
     NULL},
    {{"megaplan", true,
      "Megaplan takes the account's credentials, and they may read what is needed"},
     BIT(OUTSIDE_EMPLOYEES) | BIT(OUTSIDE_CLIENTS),
     doctor_check_megaplan,
     NULL},
    {{"telephony", true, "Megaplan's telephony by API is switched on, and may be used"},
     BIT(OUTSIDE_TELEPHONY),
     doctor_check_telephony,
     NULL},
    {{"webhook", true, "a signed webhook reaches us by PUBLIC_URL"}, 0, doctor_check_webhook, NULL},
    {{"tls", false, "PUBLIC_URL offers TLS 1.2, the only version MANGO has"},
     0,
     doctor_check_tls,
     NULL},
    {{"extensions", true, "mapped extensions exist in the PBX, each once; who else had calls"},
     BIT(OUTSIDE_USERS),
     doctor_check_extensions,
     NULL},
    {{"employees", true, "mapped employees still work"},
     BIT(OUTSIDE_EMPLOYEES),
     doctor_check_employees,
     NULL},
    {{"fields", true, "Megaplan has the extra fields that the settings want"},
     BIT(OUTSIDE_FIELDS),
     doctor_check_fields,
     doctor_wants_fields},
    {{"vendor", true, "no other application saves the same calls"},
     BIT(OUTSIDE_CALLS),
     doctor_check_vendor,
     NULL},
    {{"greeting", true, "what the PBX's scheme needs so that calls can be routed"},
     0,
     doctor_check_greeting,
     NULL},
    {{"recordings", true, "links to recordings are taken"}, 0, doctor_check_recordings, NULL},
    {{"limits", true, "MANGO's and Megaplan's limits are enough for the calls there are"},
     0,
     doctor_check_limits,
     NULL},
    {{"refused", true, "nothing of the last day became a dead letter"},
     0,
     doctor_check_refused,
     NULL},
    {{"timezone", true, "the account's time zone is known here"}, 0, doctor_check_timezone, NULL},
    {{"clock", true, "this machine's clock agrees with theirs"},
     BIT(OUTSIDE_EMPLOYEES) | BIT(OUTSIDE_USERS),
     doctor_check_clock,
     NULL},
    {{"kafka", false, "Kafka answers, with all topics and their partitions"},
     0,
     doctor_check_kafka,
     NULL},
    {{"workers", false, "worker calls and worker crm read what comes"},
     0,
     doctor_check_workers,
     NULL},
};

#define CHECKS (sizeof table / sizeof *table)

const struct doctor_check *doctor_check(size_t i)
{
    return i < CHECKS ? &table[i].check : NULL;
}

int doctor_find(struct str name)
{
    for (size_t i = 0; i < CHECKS; i++)
        if (str_is(name, table[i].check.name))
            return (int)i;
    return -1;
}

const char *doctor_status_name(enum doctor_status s)
{
    static const char *const names[] = {"ok", "warn", "fail", "skip"};
    return names[s];
}

/* ---- a run ---- */

struct reader { /* of one thing, for a run */
    struct doctor_run_state *run;
    enum outside_what what;
};

struct doctor_run_state {
    struct doctor_run_state *next, *prev;
    struct doctor *doctor;
    char *account;
    struct doctor_task tasks[CHECKS];
    struct reader readers[OUTSIDE_WHATS];
    struct outside_answer answers[OUTSIDE_WHATS];
    char texts[OUTSIDE_WHATS][OUTSIDE_TEXT];
    struct doctor_row rows[DOCTOR_ROWS];
    int order[DOCTOR_ROWS]; /* the check's number */
    size_t nrows;
    unsigned reading; /* what is being read */
    struct loop_timer start;
    doctor_done *done;
    void *arg;
};

struct doctor {
    struct doctor_options o;
    struct doctor_run_state *first;
    struct doctor_kafka kafka;
};

struct doctor_kafka *doctor_kafka_of(const struct doctor_task *t)
{
    return &t->doctor->kafka;
}

const struct doctor_options *doctor_options_of(const struct doctor_task *t)
{
    return &t->doctor->o;
}

void doctor_add(struct doctor_task *t, enum doctor_status status, const char *code,
                const char *format, ...)
{
    struct doctor_run_state *r = t->run;
    va_list values;
    if (r->nrows == DOCTOR_ROWS)
        return;
    const struct doctor_check *check = &table[t->number].check;
    const char *remedy = doctor_remedy(code);
    struct doctor_row *row = &r->rows[r->nrows];
    r->order[r->nrows++] = t->number;
    *row = (struct doctor_row){.check = check->name,
                               .status = status,
                               .account = check->of_account ? r->account : NULL,
                               .code = code,
                               .remedy = remedy ? remedy : ""};
    va_start(values, format);
    vsnprintf(row->found, sizeof row->found, format, values);
    va_end(values);
}

static void run_free(struct doctor_run_state *r)
{
    loop_timer_stop(&r->start);
    for (size_t i = 0; i < CHECKS; i++) {
        loop_timer_stop(&r->tasks[i].again);
        if (r->tasks[i].transfer)
            http_cancel(r->tasks[i].transfer);
    }
    free(r->account);
    free(r);
}

static bool is_over(const struct doctor_run_state *r)
{
    for (size_t i = 0; i < CHECKS; i++)
        if (r->tasks[i].wanted && !r->tasks[i].over)
            return false;
    return true;
}

/* All rows are there: in the table's order. */
static void finish(struct doctor_run_state *r)
{
    struct doctor_row sorted[DOCTOR_ROWS];
    size_t n = 0;
    for (int number = 0; number < (int)CHECKS; number++)
        for (size_t i = 0; i < r->nrows; i++)
            if (r->order[i] == number)
                sorted[n++] = r->rows[i];
    r->done(r->arg, sorted, n);
    if (r->next)
        r->next->prev = r->prev;
    *(r->prev ? &r->prev->next : &r->doctor->first) = r->next;
    run_free(r);
}

void doctor_end(struct doctor_task *t)
{
    t->over = true;
    loop_timer_after(&t->run->start, 0); /* so that no run is gone while its tasks are looked at */
}

static void judge(struct doctor_task *t)
{
    const struct doctor_options *o = doctor_options_of(t);
    const struct settings *s = o->settings(o->arg, t->account);
    t->begun = true;
    if (s || !table[t->number].check.of_account ||
        table[t->number].judge == doctor_check_settings) {
        table[t->number].judge(t, s);
        return;
    }
    doctor_add(t, DOCTOR_SKIP, "no_account", "there is no such account");
    doctor_end(t);
}

static void on_again(void *arg)
{
    judge(arg);
}

void doctor_again(struct doctor_task *t, int64_t ms)
{
    loop_timer_after(&t->again, ms);
}

static void got(void *arg, const struct outside_answer *answer)
{
    struct reader *reader = arg;
    struct doctor_run_state *r = reader->run;
    enum outside_what what = reader->what;
    r->reading &= ~BIT(what);
    r->answers[what] = *answer;
    snprintf(r->texts[what], OUTSIDE_TEXT, "%s", answer->text ? answer->text : "");
    r->answers[what].text = r->texts[what];
    for (size_t i = 0; i < CHECKS; i++) {
        struct doctor_task *t = &r->tasks[i];
        if (!t->wanted || t->over || !(t->reads & BIT(what)))
            continue;
        t->reads &= ~BIT(what);
        if (t->reads == 0)
            judge(t);
    }
}

static void read_all(struct doctor_run_state *r, unsigned reads)
{
    r->reading = reads;
    for (enum outside_what what = 0; what < OUTSIDE_WHATS; what++) {
        r->readers[what] = (struct reader){r, what};
        if (reads & BIT(what))
            outside_read(r->doctor->o.outside, r->account, what, PATIENCE_MS, got,
                         &r->readers[what]);
    }
}

/* What is not to be read first is judged; then whenever a check has ended. */
static void on_time(void *arg)
{
    struct doctor_run_state *r = arg;
    for (size_t i = 0; i < CHECKS; i++) {
        struct doctor_task *t = &r->tasks[i];
        if (t->wanted && !t->over && t->reads == 0 && !t->begun)
            judge(t);
    }
    if (is_over(r))
        finish(r);
}

static unsigned reads_of(size_t check, const struct settings *s)
{
    const struct doctor_entry *e = &table[check];
    return s && (!e->reads_if || e->reads_if(s)) ? e->reads : 0;
}

static void add_task(struct doctor_run_state *r, size_t i, bool wanted, const struct settings *s)
{
    struct doctor_task *t = &r->tasks[i];
    *t = (struct doctor_task){.run = r,
                              .doctor = r->doctor,
                              .account = r->account,
                              .number = (int)i,
                              .wanted = wanted,
                              .reads = wanted ? reads_of(i, s) : 0,
                              .answers = r->answers};
    loop_timer_init(&t->again, r->doctor->o.loop, on_again, t);
}

void doctor_run(struct doctor *d, const char *account, uint32_t checks, doctor_done *done,
                void *arg)
{
    struct doctor_run_state *r = mem_alloc(1, sizeof *r);
    const struct settings *s = d->o.settings(d->o.arg, account);
    unsigned reads = 0;
    *r = (struct doctor_run_state){.next = d->first,
                                   .doctor = d,
                                   .account = mem_copy(str_of(account)),
                                   .done = done,
                                   .arg = arg};
    if (r->next)
        r->next->prev = r;
    d->first = r;
    for (size_t i = 0; i < CHECKS; i++) {
        add_task(r, i, (checks & (UINT32_C(1) << i)) != 0, s);
        reads |= r->tasks[i].reads;
    }
    loop_timer_init(&r->start, d->o.loop, on_time, r);
    loop_timer_after(&r->start, 0);
    read_all(r, reads);
}

size_t doctor_running(const struct doctor *d)
{
    size_t n = 0;
    for (const struct doctor_run_state *r = d->first; r; r = r->next)
        n++;
    return n;
}

/* ---- start and end ---- */

struct doctor *doctor_new(const struct doctor_options *o)
{
    struct doctor *d = mem_alloc(1, sizeof *d);
    d->o = *o;
    return d;
}

void doctor_free(struct doctor *d)
{
    if (!d)
        return;
    for (struct doctor_run_state *r = d->first, *next; r; r = next) {
        next = r->next;
        run_free(r);
    }
    doctor_kafka_done(&d->kafka);
    free(d);
}
