/*
 * Clients, saved calls, tasks, talks and recordings: what stands in the end (design.md section 3).
 */
#include "tests/stories/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void check_differs(struct check *c, const char *what, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    buf_addf(c->out, "# DIFFERS %s: %s\n", what, line);
    if (c->differences++ == 0)
        c->first = what;
}

int check_employee(const struct check *c, struct str id)
{
    for (int i = 0; i < c->s->company.nemployees; i++) {
        if (str_is(id, c->s->company.employees[i].id))
            return i;
    }
    return NOBODY;
}

const char *check_people(const struct check *c, people p, char out[160])
{
    struct buf b = BUF_INIT(150);
    for (int i = 0; i < c->s->company.nemployees; i++) {
        if (p & 1U << i)
            buf_addf(&b, "%s ", c->s->company.employees[i].id);
    }
    if (p & PEOPLE_NOBODY)
        buf_addf(&b, "nobody");
    (void)snprintf(out, 160, "%s", b.data ? b.data : "");
    buf_done(&b);
    return out;
}

int check_count(const struct check *c, enum job_kind kind, const struct seen_job **first)
{
    int n = 0;
    for (int i = 0; i < c->njobs; i++) {
        if (c->p->jobs[i].kind == kind && n++ == 0)
            *first = &c->p->jobs[i];
    }
    return n;
}

static void check_who(struct check *c, const char *what, people want, struct str id)
{
    char text[160];
    int who = check_employee(c, id);
    if (id.len > 0 && who == NOBODY)
        check_differs(c, what, "%.*s is no employee", STR_ARG(id));
    else if (!(want & people_of(who)))
        check_differs(c, what, "is '%.*s', must be %s", STR_ARG(id), check_people(c, want, text));
}

static void check_text(struct check *c, const char *what, const struct seen_job *j, const char *key,
                       const char *want)
{
    struct str got = play_text(j, key);
    if (!str_is(got, want))
        check_differs(c, what, "%s is '%.*s', must be '%s'", key, STR_ARG(got), want);
}

/* ---- the client ---- */

static bool name_is(const struct check *c, struct str name, int64_t began, const char *kind)
{
    char clock[20], want[128];
    company_clock(&c->s->company, began, clock);
    (void)snprintf(want, sizeof want, "Новый (%s, %s)", clock, kind);
    return str_is(name, want);
}

static void check_name(struct check *c, const struct seen_job *j)
{
    const struct expect *x = c->x;
    struct str name = play_text(j, "name");
    bool ok = false;
    for (int i = 0; i < 2; i++) {
        ok = ok || (x->client_in && name_is(c, name, x->began[i], "входящий вызов"));
        ok = ok || (x->client_miss && name_is(c, name, x->began[i], "пропущенный вызов"));
        ok = ok || (x->client_out && name_is(c, name, x->began[i], "исходящий вызов"));
    }
    if (!ok && x->client == MUST && x->client_delivery != EXPECT_NONE)
        check_differs(c, "client name", "'%.*s'", STR_ARG(name));
}

/* G6, without the product's own writing. */
static void written(const char *digits, int format, char out[40])
{
    bool russian = strlen(digits) == 11 && digits[0] == '7';
    if (!russian)
        (void)snprintf(out, 40, "%s%s", format == 1 || format == 3 ? "+" : "", digits);
    else if (format == 3)
        (void)snprintf(out, 40, "+7 (%.3s) %.3s-%.2s-%.2s", digits + 1, digits + 4, digits + 7,
                       digits + 9);
    else
        (void)snprintf(out, 40, "%s%s", format == 1 ? "+7" : format == 2 ? "8" : "7", digits + 1);
}

static void check_line(struct check *c, const struct seen_job *j)
{
    const struct seen_job *fill = NULL;
    const struct company *co = &c->s->company;
    bool due = co->source_field && c->s->direction == INCOMING && c->x->line_after;
    struct str line = play_text(j, "source_line");
    int fills = check_count(c, JOB_FILL, &fill);
    if (line.len > 0 && fills > 0)
        check_differs(c, "source line", "written twice");
    if (line.len == 0 && fills > 0)
        line = play_text(fill, "source_line");
    if (due ? !str_is(line, co->lines[c->s->line]) : line.len > 0)
        check_differs(c, "source line", "is '%.*s', known %d, at the client %d, switch %d",
                      STR_ARG(line), c->x->line_after, c->x->line_then, co->source_field);
    if (c->x->client_delivery != EXPECT_NONE && fills > 0 && c->x->line_then)
        check_differs(c, "source line", "filled although it was known at once");
}

static void check_client_data(struct check *c, const struct seen_job *j)
{
    const struct company *co = &c->s->company;
    char phone[40];
    written(c->s->digits, co->format, phone);
    check_text(c, "client phone", j, "phone", phone);
    check_text(c, "client direction", j, "direction", c->s->direction == INCOMING ? "in" : "out");
    if (strcmp(j->number, c->s->digits) != 0)
        check_differs(c, "client number", "is '%s', must be '%s'", j->number, c->s->digits);
    check_name(c, j);
    int who = check_employee(c, play_text(j, "responsible"));
    if (who == NOBODY)
        check_differs(c, "client responsible", "nobody");
    else
        check_text(c, "client employee", j, "employee", co->employees[who].name);
    check_line(c, j);
    bool tracking = co->tracking && c->s->direction == INCOMING && c->x->dynamic_then;
    if (c->x->client_delivery != EXPECT_NONE && play_flag(j, "tracking") != tracking)
        check_differs(c, "client tracking", "is %d, must be %d", !tracking, tracking);
}

/* The jobs after the first client change whose it is, each to somebody else. */
static void check_responsible(struct check *c, const struct seen_job *client)
{
    struct str whose = play_text(client, "responsible");
    bool after = false;
    for (int i = 0; i < c->njobs; i++) {
        const struct seen_job *j = &c->p->jobs[i];
        after = after || j == client;
        if (j->kind != JOB_RESPONSIBLE)
            continue;
        if (!after)
            check_differs(c, "responsible", "before there is a client");
        if (str_eq(whose, play_text(j, "responsible")))
            check_differs(c, "responsible", "a change that changes nothing");
        whose = play_text(j, "responsible");
    }
    check_who(c, "client responsible", c->x->responsible, whose);
}

static void check_client(struct check *c)
{
    const struct seen_job *j = NULL;
    int n = check_count(c, JOB_CLIENT, &j);
    if (n > 1)
        check_differs(c, "client", "%d times", n);
    if (n == 0 && c->x->client == MUST)
        check_differs(c, "client", "is missing (delivery %d)", c->x->client_delivery);
    if (n > 0 && c->x->client == MUST_NOT)
        check_differs(c, "client", "must not be (%s)", j->rule);
    if (n == 0 && check_count(c, JOB_RESPONSIBLE, &j) + check_count(c, JOB_FILL, &j) > 0)
        check_differs(c, "client", "none, but changed");
    if (n != 1 || c->x->client == MUST_NOT)
        return;
    if (c->x->client == MUST && c->x->client_delivery != EXPECT_NONE &&
        j->delivery != c->x->client_delivery)
        check_differs(c, "client moment", "at delivery %d, must be at %d", j->delivery,
                      c->x->client_delivery);
    check_client_data(c, j);
    check_responsible(c, j);
}

/* ---- calls ---- */

static const char *type_of(const struct closing *k)
{
    if (k->direction == OUTGOING)
        return k->answered ? "out" : "fail";
    return k->answered ? "in" : "miss";
}

static void check_saved(struct check *c, const struct closing *k, const struct seen_job *j)
{
    bool saved = play_flag(j, "saved");
    if (saved)
        check_who(c, "call employee", k->employee, play_text(j, "employee"));
    else if (!(k->employee & PEOPLE_NOBODY))
        check_differs(c, "call saved", "it is not: '%.*s'", STR_ARG(play_text(j, "why")));
    if (!saved && play_text(j, "why").len == 0)
        check_differs(c, "call saved", "it is not, and nobody says why");
    if (!saved)
        return;
    check_text(c, "call type", j, "type", type_of(k));
    check_text(c, "call direction", j, "direction", k->direction == OUTGOING ? "out" : "in");
    if (k->ended_at && play_int(j, "ended_at") != k->ended_at)
        check_differs(c, "call times", "ended %" PRId64 ", must be %" PRId64,
                      play_int(j, "ended_at"), k->ended_at);
    if (k->started_at != play_int(j, "started_at"))
        check_differs(c, "call times", "started %" PRId64 ", must be %" PRId64,
                      play_int(j, "started_at"), k->started_at);
    if (k->talk_seconds >= 0 && play_int(j, "talk_seconds") != k->talk_seconds)
        check_differs(c, "call times", "talked %" PRId64 " s, must be %" PRId64,
                      play_int(j, "talk_seconds"), k->talk_seconds);
    if (c->s->digits[0] && k->direction != INTERNAL)
        check_text(c, "call number", j, k->direction == OUTGOING ? "to" : "from", c->s->digits);
}

static enum job_verdict verdict_of(const struct closing *k)
{
    static const enum job_verdict missed[] = {JOB_MISSED_MENU, JOB_MISSED_GROUP, JOB_MISSED_DIRECT};
    if (k->answered)
        return JOB_TALKED_TO;
    return k->direction == INCOMING ? missed[k->kind] : JOB_VERDICT_NONE;
}

static void check_verdict(struct check *c, const struct closing *k, const struct seen_job *j)
{
    if (!k->opaque && k->call == MUST && j->verdict != verdict_of(k)) {
        const char *name = job_verdict_name(j->verdict), *want = job_verdict_name(verdict_of(k));
        check_differs(c, "verdict", "of %s is %s, must be %s", j->id, name ? name : "none",
                      want ? want : "none");
    }
}

static const struct seen_job *find(const struct check *c, const char *id, int64_t from, int64_t to)
{
    for (int i = 0; i < c->njobs; i++) {
        if (strcmp(c->p->jobs[i].id, id) == 0 && c->p->jobs[i].at >= from && c->p->jobs[i].at <= to)
            return &c->p->jobs[i];
    }
    return NULL;
}

static void check_closing(struct check *c, const struct closing *k)
{
    char id[32];
    (void)snprintf(id, sizeof id, ":call:%s", k->how);
    /* silence: a repeated word of a recording, or a command's result, may put its end off */
    bool idle = strcmp(k->how, "idle") == 0;
    int64_t at_most = idle ? c->d->list[c->d->n - 1].received_at + INT64_C(14400000) : k->at;
    const struct seen_job *j = find(c, id, k->at_least, at_most);
    if (j == NULL && k->call == MUST)
        check_differs(c, "call", "%s is missing", id);
    if (j == NULL)
        return;
    check_verdict(c, k, j);
    if (!k->opaque)
        check_saved(c, k, j);
}

static void check_closings(struct check *c)
{
    const struct seen_job *any = NULL;
    int n = check_count(c, JOB_CALL, &any);
    if (n > c->x->nclosings)
        check_differs(c, "call", "%d of %d closings", n, c->x->nclosings);
    for (int i = 0; i < c->x->nclosings; i++)
        check_closing(c, &c->x->closings[i]);
}

/* ---- talks and tasks ---- */

static void check_talked(struct check *c)
{
    const struct seen_job *j = NULL;
    enum may may = MUST_NOT;
    const struct closing *of = NULL;
    int n = check_count(c, JOB_TALKED, &j);
    for (int i = 0; i < c->x->nclosings; i++) {
        if (c->x->closings[i].talked > may) {
            may = c->x->closings[i].talked;
            of = &c->x->closings[i];
        }
    }
    if (may == MUST_NOT ? n > 0 : n > 1 || (n == 0 && may == MUST))
        check_differs(c, "talked", "%d times", n);
    if (n != 1 || may != MUST ||
        j->at != of->at) /* sent at a closing that may have been another's */
        return;
    check_verdict(c, of, j);
    check_text(c, "talked", j, "direction", of->direction == OUTGOING ? "out" : "in");
    if (of->talk_seconds >= 0 && play_int(j, "talked_at") != c->s->talk)
        check_differs(c, "talked", "at %" PRId64 ", must be %" PRId64, play_int(j, "talked_at"),
                      c->s->talk);
}

/* B2's title; {client} is left for crm. */
static void title(const struct check *c, const struct closing *k, char *out, size_t size)
{
    const struct company *co = &c->s->company;
    char clock[20], phone[40];
    company_clock(co, k->started_at, clock);
    written(c->s->digits, co->format, phone);
    const char *line = c->x->line_after ? co->lines[c->s->line] : "";
    if (co->title == 0)
        (void)snprintf(out, size, "Перезвонить: %s", phone);
    else if (co->title == 1)
        (void)snprintf(out, size, "Call {client} back");
    else
        (void)snprintf(out, size, "%s %s %s", clock, line, phone);
}

static void check_task_data(struct check *c, const struct closing *k, const struct seen_job *j)
{
    char want[160];
    check_verdict(c, k, j);
    if (k->opaque)
        return;
    check_who(c, "task responsible", k->off_hours, play_text(j, "responsible"));
    check_who(c, "task fallback", k->fallback, play_text(j, "fallback"));
    title(c, k, want, sizeof want);
    if (c->s->company.title < 2)
        check_text(c, "task title", j, "title", want);
    int64_t due = company_due(&c->s->company, k->ended_at, c->s->company.deadline);
    if (k->ended_at && play_int(j, "due_at") != due)
        check_differs(c, "task due", "%" PRId64 ", must be %" PRId64, play_int(j, "due_at"), due);
}

static void check_task(struct check *c)
{
    const struct seen_job *j = NULL;
    const struct closing *of = NULL;
    int n = check_count(c, JOB_TASK, &j);
    for (int i = 0; i < c->x->nclosings; i++) {
        if (c->x->closings[i].task != MUST_NOT)
            of = &c->x->closings[i];
    }
    if (of == NULL ? n > 0 : n > 1 || (n == 0 && of->task == MUST))
        check_differs(c, "task", "%d times", n);
    if (of != NULL && n == 1)
        check_task_data(c, of, j);
}

/* ---- recordings ---- */

static void check_records(struct check *c)
{
    for (int r = 0; r < c->s->nrecordings; r++) {
        char id[32];
        int n = 0;
        (void)snprintf(id, sizeof id, ":record:rec%d=", r);
        for (int i = 0; i < c->p->njobs; i++)
            n += strcmp(c->p->jobs[i].id, id) == 0; /* also after the call's hour */
        enum may may = c->x->records[r];
        if (may == MUST_NOT ? n > 0 : may == MUST && n == 0)
            check_differs(c, "record", "%d times", n);
    }
}

/* After the call's hour: nothing but recordings, unless what came is a call by itself. */
static void check_forgotten(struct check *c)
{
    for (c->njobs = 0; c->njobs < c->p->njobs; c->njobs++) {
        if (c->x->forgotten_at && c->p->jobs[c->njobs].at >= c->x->forgotten_at)
            break;
    }
    for (int i = c->njobs; i < c->p->njobs && !c->x->anew; i++) {
        if (c->p->jobs[i].kind != JOB_RECORD)
            check_differs(c, "forgotten", "%s must not be", c->p->jobs[i].id);
    }
}

int check(struct check *c)
{
    c->differences = 0;
    c->first = "";
    check_forgotten(c);
    if (c->x->opaque)
        return c->differences;
    check_client(c);
    check_closings(c);
    check_talked(c);
    check_task(c);
    check_records(c);
    check_early(c);
    return c->differences;
}
