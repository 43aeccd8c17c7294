/*
 * The rules one by one, over what happened in the call.
 */
#include "tests/unit/reading.h"

#include <string.h>

#include "common/worktime.h"
#include "tests/unit/reading_call.h"
#include "tests/unit/unit.h"

static bool masked(const char *number, const char *mask)
{
    size_t len = strlen(mask);
    if (len > 0 && mask[len - 1] == '*')
        return strncmp(number, mask, len - 1) == 0;
    return reading_same(number, mask);
}

/* B15, "Numbers": whether it may be a client's. */
static bool may_be_client(const struct reading_call *c)
{
    if (c->number == NULL || strncmp(c->number, "sip:", 4) == 0 || strlen(c->number) < 5)
        return false;
    for (size_t i = 0; i < c->s->nignore_numbers; i++) {
        if (masked(c->number, c->s->ignore_numbers[i]))
            return false;
    }
    for (size_t i = 0; i < c->s->nlines; i++) {
        if (reading_same(c->number, c->s->lines[i]))
            return false;
    }
    return !reading_same(c->number, c->line) && reading_of_number(c, c->number) == NULL;
}

static bool is_joined(const struct reading_call *c)
{
    for (size_t i = 0; i < c->s->nlines; i++) {
        if (reading_same(c->line, c->s->lines[i]))
            return true;
    }
    return c->s->nlines == 0;
}

/* B16; the moment the call began. */
static const struct settings_employee *off_hours(const struct reading_call *c)
{
    int64_t began = c->started;
    for (size_t i = 0; i < c->n; i++)
        began = c->events[i]->at < began ? c->events[i]->at : began;
    if (worktime_is_open(&c->s->working_hours, NULL, KIT_T0 + began))
        return NULL;
    return reading_by_id(c, c->s->off_hours_responsible);
}

/* G4, G10, G11, and for G15 and B2 the same person. */
static const struct settings_employee *missed_by(const struct reading_call *c, const char **rule)
{
    const struct settings *s = c->s;
    const struct settings_employee *off = off_hours(c), *who = NULL;
    struct reading_part missers[12];
    size_t n = 0;
    *rule = "G4";
    if (c->kind == JOB_MISSED_MENU) {
        *rule = "G10";
        who = s->create_client.incoming ? reading_by_id(c, s->missed_in_ivr_responsible) : NULL;
        return who != NULL && off != NULL ? off : who;
    }
    if (off != NULL)
        who = off;
    if (c->kind == JOB_MISSED_GROUP && s->missed_in_group_responsible != NULL &&
        (s->create_client.incoming || s->create_client.missed)) {
        *rule = "G11";
        return who ? who : reading_by_id(c, s->missed_in_group_responsible);
    }
    for (size_t i = 0; i < c->nrang; i++) {
        if (!reading_has_handled(c, c->rang[i].employee))
            missers[n++] = c->rang[i];
    }
    if (who == NULL)
        who = c->kind == JOB_MISSED_GROUP ? reading_first_of(c, c->rang, c->nrang)
                                          : reading_last_of(c, missers, n);
    return who ? who : c->summarized;
}

static void make_client(struct ledger_state *out, const char *rule, const char *kind,
                        const struct settings_employee *who)
{
    if (who == NULL)
        return;
    out->client.made = true;
    LEDGER_PUT(out->client.rule, str_of(rule));
    LEDGER_PUT(out->client.kind, str_of(kind));
    LEDGER_PUT(out->client.responsible, str_of(who->megaplan_id));
}

static void rule_incoming(const struct reading_call *c, struct ledger_state *out)
{
    const struct settings *s = c->s;
    const struct settings_employee *first = reading_first_of(c, c->handled, c->nhandled);
    const char *rule;
    if (first == NULL && c->answered)
        first = c->summarized;
    if (s->create_client.incoming && first != NULL) {
        if (s->responsible_follows_transfer && c->nhandled > 0)
            first = reading_last_of(c, c->handled, c->nhandled);
        make_client(out, "G3", "входящий вызов", first);
    }
    if (c->answered || out->client.made)
        return;
    const struct settings_employee *who = missed_by(c, &rule);
    if (reading_same(rule, "G4") ? s->create_client.missed : true)
        make_client(out, rule, "пропущенный вызов", who);
}

static void rule_outgoing(const struct reading_call *c, struct ledger_state *out)
{
    const struct settings_employee *who = c->caller.employee ? c->caller.employee : c->summarized;
    bool dialled = c->dialled || (c->summary && (!c->callback || c->picked_up || c->answered));
    if (!c->s->create_client.outgoing || !dialled)
        return;
    if (who != NULL && c->s->responsible_follows_transfer && c->nhandled)
        who = reading_last_of(c, c->handled, c->nhandled);
    make_client(out, "G5", "исходящий вызов", who);
}

static bool has_visitor(const struct reading_call *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->events[i]->dct != NULL)
            return c->s->call_tracking && c->direction == 1;
    }
    return false;
}

static void rules_of_client(const struct reading_call *c, struct ledger_state *out)
{
    if (c->direction == 1)
        rule_incoming(c, out);
    else
        rule_outgoing(c, out);
    out->visitor = has_visitor(c);
    if (!out->client.made)
        return;
    char written[PHONE_TEXT_MAX];
    struct phone phone;
    ck_assert(phone_from_pbx(str_of(c->number), &phone));
    phone_write(&phone, c->s->phone_format, written);
    LEDGER_PUT(out->client.phone, str_of(written));
    out->client.tracked = out->visitor;
    if (c->direction == 1 && c->s->source_field)
        LEDGER_PUT(out->client.source_line, str_of(c->line));
}

/* B2, B3. */
static void rules_of_task(const struct reading_call *c, struct ledger_state *out)
{
    const char *rule;
    if (c->answered) {
        out->talked.told = true;
        LEDGER_PUT(out->talked.direction, c->direction == 1 ? STR("in") : STR("out"));
        out->talked.at = KIT_T0 + c->talked_at;
        out->talked.ended = KIT_T0 + c->ended;
    } else if (c->direction == 1 && c->s->missed_call_task.enabled) {
        const struct settings_employee *off = off_hours(c), *who = missed_by(c, &rule);
        out->task.made = true;
        if (off != NULL)
            LEDGER_PUT(out->task.responsible, str_of(off->megaplan_id));
        else if (who != NULL)
            LEDGER_PUT(out->task.fallback, str_of(who->megaplan_id));
        out->task.ended = KIT_T0 + c->ended;
        out->task.due = worktime_add(&c->s->working_hours, NULL, out->task.ended,
                                     c->s->missed_call_task.deadline_minutes);
    }
}

/* G15, G13. */
static void rules_of_call(const struct reading_call *c, struct ledger_state *out)
{
    const struct settings_employee *who = c->summarized;
    const char *rule;
    if (c->answered)
        who = c->nhandled ? reading_last_of(c, c->handled, c->nhandled) : who;
    else if (c->direction == 2)
        who = c->caller.employee ? c->caller.employee : who;
    else
        who = missed_by(c, &rule);
    bool in = c->direction == 1,
         number = c->number && strlen(c->number) >= 5 && strncmp(c->number, "sip:", 4) != 0;
    out->call.told = true;
    out->call.saved = who != NULL;
    out->call.verdict = c->kind;
    LEDGER_PUT(out->call.type,
               str_of(in ? (c->answered ? "in" : "miss") : (c->answered ? "out" : "fail")));
    if (who != NULL)
        LEDGER_PUT(out->call.employee, str_of(who->megaplan_id));
    if (number)
        ledger_put(in ? out->call.from : out->call.to, LEDGER_TEXT, str_of(c->number));
    ledger_put(in ? out->call.to : out->call.from, LEDGER_TEXT, str_of(c->line));
    LEDGER_PUT(out->call.line, str_of(c->line));
    out->call.started = KIT_T0 + c->started;
    out->call.ended = KIT_T0 + c->ended;
    out->call.talk_seconds = c->talk_seconds;
    for (size_t i = 0; i < c->n && out->call.saved && c->s->call_records; i++) {
        if (c->events[i]->state == 'R')
            ledger_record(out, c->events[i]->from);
    }
}

void reading_make(const struct kit_event *const *events, size_t n, const struct settings *s,
                  struct ledger_state *out)
{
    struct reading_call c;
    memset(out, 0, sizeof *out);
    reading_call_make(&c, events, n, s);
    if (c.direction <= 0 || !is_joined(&c))
        return;
    if (may_be_client(&c)) {
        rules_of_client(&c, out);
        rules_of_task(&c, out);
    }
    rules_of_call(&c, out);
}
