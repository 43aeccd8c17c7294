/*
 * One call in a line. Pure.
 */
#include "common/story/brief.h"

#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/limits.h"
#include "common/mango/call_event.h"
#include "common/mem.h"
#include "common/phone.h"
#include "common/text.h"

#define PROSE 1024 /* of a reason, shown */

void story_brief_init(struct story_brief *b, struct str entry)
{
    *b = (struct story_brief){.entry_id = mem_copy(entry), .talk_seconds = -1};
}

void story_brief_done(struct story_brief *b)
{
    for (size_t i = 0; i < b->nsteps; i++)
        free(b->steps[i].rule);
    for (size_t i = 0; i < b->nextensions; i++)
        free(b->extensions[i]);
    for (size_t i = 0; i < b->nnumbers; i++)
        free(b->numbers[i]);
    free(b->steps);
    free(b->extensions);
    free(b->numbers);
    free(b->entry_id);
    free(b->number);
    free(b->line);
    free(b->extension);
    free(b->employee);
    free(b->client);
    free(b->task);
    *b = (struct story_brief){0};
}

/* Nothing if there is no text. */
static void set(char **to, struct str text)
{
    if (text.len == 0 || (*to && str_is(text, *to)))
        return;
    free(*to);
    *to = mem_copy(text);
}

/* ---- events ---- */

static const char *direction_name(enum call_event_direction d)
{
    static const char *const names[] = {"internal", "incoming", "outgoing"};
    return d == CALL_EVENT_UNTOLD ? NULL : names[d];
}

static bool is(const char *a, const char *b)
{
    return a && strcmp(a, b) == 0;
}

static void add_new(char ***list, size_t *n, struct str name)
{
    if (name.len == 0 || *n == LIMIT_STORY_EXTENSIONS)
        return;
    for (size_t i = 0; i < *n; i++)
        if (str_is(name, (*list)[i]))
            return;
    *list = mem_resize(*list, *n + 1, sizeof **list);
    (*list)[(*n)++] = mem_copy(name);
}

static void took_part(struct story_brief *b, const struct call_event_party *p)
{
    add_new(&b->extensions, &b->nextensions, p->extension);
    if (p->extension.len == 0)
        add_new(&b->numbers, &b->nnumbers, p->number);
}

static void began(struct story_brief *b, int64_t unix_ms)
{
    if (unix_ms > 0 && (b->at == 0 || unix_ms < b->at))
        b->at = unix_ms;
}

/* Until the closing, or a summary, says it: by the first leg that does. */
static void guess_direction(struct story_brief *b, const struct call_event *ev)
{
    bool from = ev->from.extension.len > 0, to = ev->to.extension.len > 0;
    bool arrives = to || ev->location == CALL_EVENT_IVR || ev->location == CALL_EVENT_QUEUE;
    if (b->direction && strcmp(b->direction, "internal") != 0)
        return;
    if (!from && arrives)
        b->direction = "incoming";
    else if (from && !to && ev->to.number.len)
        b->direction = "outgoing";
    else if (from && to && !b->direction)
        b->direction = "internal";
}

static void take_leg(struct story_brief *b, const struct call_event *ev)
{
    bool talks = ev->state == CALL_EVENT_CONNECTED || ev->state == CALL_EVENT_ON_HOLD;
    guess_direction(b, ev);
    took_part(b, &ev->from);
    took_part(b, &ev->to);
    if (ev->line_number.len)
        set(&b->line, ev->line_number);
    if (ev->location == CALL_EVENT_IVR || ev->location == CALL_EVENT_QUEUE) {
        set(&b->number, ev->from.number);
        return;
    }
    bool outgoing = is(b->direction, "outgoing");
    const struct call_event_party *ours = outgoing ? &ev->from : &ev->to,
                                  *other = outgoing ? &ev->to : &ev->from;
    if (other->extension.len == 0)
        set(&b->number, other->number);
    if (ours->extension.len && (talks || !b->connected))
        set(&b->extension, ours->extension);
    b->connected = b->connected || (talks && ours->extension.len > 0);
}

static void take_summary(struct story_brief *b, const struct call_event *ev)
{
    const char *direction = direction_name(ev->direction);
    bool talked = ev->talk_time > 0;
    if (direction)
        b->direction = direction;
    bool outgoing = is(b->direction, "outgoing");
    const struct call_event_party *ours = outgoing ? &ev->from : &ev->to,
                                  *other = outgoing ? &ev->to : &ev->from;
    if (other->extension.len == 0)
        set(&b->number, other->number);
    took_part(b, &ev->from);
    took_part(b, &ev->to);
    set(&b->extension, ours->extension);
    b->connected = true;
    set(&b->line, ev->line_number);
    if (!b->closed) {
        b->talk_seconds = talked && ev->end_time > ev->talk_time ? ev->end_time - ev->talk_time : 0;
        b->kind = talked ? "talked" : outgoing ? "fail" : NULL;
    }
}

static bool take_event(struct story_brief *b, const struct kafka_message *m)
{
    struct call_event ev;
    struct error ignored = ERROR_NONE;
    int64_t received = 0;
    if (str_is(kafka_header_get(m, EVENT_ORIGIN), "test"))
        b->test = true;
    if (call_event_parse(kafka_header_get(m, EVENT_KIND), m->value, &ev, &ignored))
        return false;
    bool counts = ev.kind == CALL_EVENT_LEG || ev.kind == CALL_EVENT_SUMMARY;
    if (!text_parse_time(kafka_header_get(m, EVENT_RECEIVED_AT), &received))
        received = m->timestamp;
    if (counts) {
        b->known = true;
        if (b->received == 0 || received < b->received)
            b->received = received;
        began(b, ev.timestamp > 0 ? ev.timestamp * 1000 : received);
    }
    if (ev.kind == CALL_EVENT_LEG)
        take_leg(b, &ev);
    else if (ev.kind == CALL_EVENT_SUMMARY)
        take_summary(b, &ev);
    call_event_done(&ev);
    return counts;
}

/* ---- outcomes ---- */

static char *append(char **to, struct str text)
{
    char *begin = *to;
    if (text.len)
        memcpy(begin, text.ptr, text.len);
    begin[text.len] = '\0';
    *to = begin + text.len + 1;
    return begin;
}

/* One block, for there may be a million of them. The texts may be the step's own. */
static void write_step(struct story_step *s, struct str rule, struct str job, struct str result,
                       struct str reason)
{
    char *old = s->rule;
    char *to = mem_alloc(1, rule.len + job.len + result.len + reason.len + 4);
    s->rule = append(&to, rule);
    s->job = append(&to, job);
    s->result = append(&to, result);
    s->reason = append(&to, reason);
    free(old);
}

static struct story_step *find_step(const struct story_brief *b, struct str job, struct str rule,
                                    struct str reason)
{
    for (size_t i = 0; i < b->nsteps; i++) {
        struct story_step *s = &b->steps[i];
        if (job.len ? str_is(job, s->job)
                    : !*s->job && str_is(rule, s->rule) && str_is(reason, s->reason))
            return s;
    }
    return NULL;
}

/* The step of that job, or of the decision that there is nothing to do; NULL: there are too many. */
static struct story_step *step_of(struct story_brief *b, const struct jval *o)
{
    struct str job = jval_get_text(o, "job"), rule = jval_get_text(o, "rule"),
               reason = jval_get_text(o, "reason");
    struct story_step *s = find_step(b, job, rule, reason);
    if (s || b->nsteps == LIMIT_STORY_STEPS)
        return s;
    b->steps = mem_resize(b->steps, b->nsteps + 1, sizeof *b->steps);
    s = &b->steps[b->nsteps++];
    *s = (struct story_step){0};
    write_step(s, rule, job, STR_NONE, reason);
    return s;
}

/* What is not said stays. */
static void say(struct story_step *s, const struct jval *o)
{
    struct str result = jval_get_text(o, "result"), reason = jval_get_text(o, "reason");
    write_step(s, str_of(s->rule), str_of(s->job), result.len ? result : str_of(s->result),
               reason.len ? reason : str_of(s->reason));
}

/* The static word, or NULL. */
static const char *word(struct str text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(text, words[i]))
            return words[i];
    return NULL;
}

static void close_call(struct story_brief *b, const struct jval *details)
{
    static const char *const directions[] = {"incoming", "outgoing", "internal", "unknown"};
    static const char *const kinds[] = {"talked",        "missed:menu", "missed:group",
                                        "missed:direct", "fail",        "none"};
    const char *direction = word(jval_get_text(details, "direction"), directions, 4);
    const char *kind = word(jval_get_text(details, "kind"), kinds, 6);
    b->closed = true;
    if (direction && !(b->direction && strcmp(direction, "unknown") == 0))
        b->direction = direction;
    if (kind)
        b->kind = kind;
    set(&b->line, jval_get_text(details, "line"));
    (void)jval_int(jval_get(details, "talk_seconds"), &b->talk_seconds);
}

static void take_decision(struct story_brief *b, const struct jval *o)
{
    const struct jval *details = jval_get(o, "details");
    struct str employee = jval_get_text(o, "employee");
    bool job = jval_get_text(o, "job").len > 0;
    struct story_step *s = step_of(b, o);
    if (s && (s->state == STORY_SAID || s->state == STORY_SENT)) {
        say(s, o);
        s->state = job ? STORY_SENT : STORY_SAID;
    }
    if (jval_get_text(details, "closed_by").len) {
        close_call(b, details);
        if (employee.len == 0) {
            free(b->employee);
            b->employee = NULL;
        }
    }
    set(&b->employee, employee);
}

static void take_result(struct story_brief *b, const struct jval *o)
{
    const struct jval *details = jval_get(o, "details");
    struct str result = jval_get_text(o, "result"), kind = jval_get_text(o, "kind");
    bool held = str_is(result, "held"), done = str_is(result, "done");
    struct story_step *s = step_of(b, o);
    if (s && !(held && s->state == STORY_ENDED)) {
        say(s, o);
        s->state = held ? STORY_WAITS : str_is(result, "dead") ? STORY_FAILED : STORY_ENDED;
    }
    set(&b->client, jval_get_text(details, "client"));
    if (str_is(kind, "task") && done)
        set(&b->task, jval_get_text(details, "task"));
    if (str_is(kind, "call") && done)
        b->saved = true;
    if (!b->employee)
        set(&b->employee, jval_get_text(o, "employee"));
}

static bool take_outcome(struct story_brief *b, const struct kafka_message *m)
{
    struct jval *o CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    int64_t at = m->timestamp;
    if (jval_parse(m->value, &o, &ignored))
        return false;
    struct str what = jval_get_text(o, "what");
    bool decision = str_is(what, "decision");
    if (!decision && !(str_is(what, "outcome") && jval_get_text(o, "job").len))
        return false;
    struct str kind = jval_get_text(o, "kind");
    if (str_is(kind, "field") || str_is(kind, "alert")) /* made for the account, not for a call */
        return false;
    (void)text_parse_time(jval_get_text(o, "at"), &at);
    b->known = true;
    if (b->at == 0)
        b->at = at;
    if (decision)
        take_decision(b, o);
    else
        take_result(b, o);
    return true;
}

bool story_brief_take(struct story_brief *b, const struct kafka_message *m)
{
    if (m->topic == KAFKA_EVENTS)
        return take_event(b, m);
    return m->topic == KAFKA_OUTCOMES && take_outcome(b, m);
}

void story_brief_dead(struct story_brief *b, int more)
{
    b->dead += more;
    if (b->dead < 0)
        b->dead = 0;
}

void story_brief_job_dead(struct story_brief *b, struct str job, bool stands)
{
    struct story_step *s = job.len ? find_step(b, job, STR_NONE, STR_NONE) : NULL;
    if (s && (s->state == STORY_SENT || s->state == STORY_FAILED))
        s->state = stands ? STORY_FAILED : STORY_SENT;
}

/* ---- what is shown ---- */

bool story_brief_forgotten(const struct story_brief *b, const struct forgotten *f,
                           struct str account)
{
    for (size_t i = 0; i < b->nnumbers; i++)
        if (forgotten_has(f, account, str_of(b->numbers[i]), b->received))
            return true;
    return false;
}

enum story_state story_brief_state(const struct story_brief *b)
{
    size_t failed = b->dead > 0, waits = 0, sent = 0;
    for (size_t i = 0; i < b->nsteps; i++) {
        failed += b->steps[i].state == STORY_FAILED;
        waits += b->steps[i].state == STORY_WAITS;
        sent += b->steps[i].state == STORY_SENT;
    }
    if (failed)
        return STORY_DEAD;
    if (waits)
        return STORY_HELD;
    return b->closed && !sent ? STORY_DONE : STORY_OPEN;
}

const char *story_state_name(enum story_state s)
{
    static const char *const names[] = {"open", "done", "held", "dead"};
    return names[s];
}

void story_put(struct jval *row, const char *key, struct str text)
{
    if (text.len)
        jval_put_text_clean(row, key, text);
    else
        jval_put(row, key, jval_new_null());
}

void story_put_time(struct jval *row, const char *key, int64_t unix_ms)
{
    char at[TEXT_TIME_SIZE];
    text_time(unix_ms, at);
    jval_put_text(row, key, str_of(at));
}

void story_put_number(struct jval *row, const char *key, struct str number, bool show)
{
    char masked[PHONE_MAX];
    phone_mask(number, masked);
    story_put(row, key, show || number.len == 0 ? number : str_of(masked));
}

void story_put_prose(struct jval *row, const char *key, struct str text, bool show)
{
    char masked[PROSE];
    if (show) {
        story_put(row, key, text);
        return;
    }
    phone_mask_in(text_cut(text, PROSE / 2), masked, sizeof masked);
    story_put(row, key, str_of(masked));
}

static void put_ends(struct jval *row, const struct story_brief *b, bool show)
{
    bool outgoing = is(b->direction, "outgoing"), internal = is(b->direction, "internal");
    const char *ours = internal && b->nextensions > 1 ? b->extensions[1] : b->line;
    if (internal) {
        story_put(row, "from", str_of(b->nextensions ? b->extensions[0] : NULL));
        story_put(row, "to", str_of(ours));
    } else {
        story_put_number(row, outgoing ? "to" : "from", str_of(b->number), show);
        story_put(row, outgoing ? "from" : "to", str_of(b->line));
    }
}

static void put_or_null(struct jval *row, const char *key, int64_t n)
{
    jval_put(row, key, n >= 0 ? jval_new_int(n) : jval_new_null());
}

static struct jval *steps_of(const struct story_brief *b, bool show)
{
    struct jval *list = jval_new_array();
    for (size_t i = 0; i < b->nsteps; i++) {
        const struct story_step *s = &b->steps[i];
        struct jval *row = jval_new_object();
        story_put(row, "rule", str_of(s->rule));
        story_put(row, "job", str_of(s->job));
        story_put(row, "result", str_of(s->result));
        story_put_prose(row, "reason", str_of(s->reason), show);
        jval_append(list, row);
    }
    return list;
}

struct jval *story_brief_row(const struct story_brief *b, bool show)
{
    struct jval *row = jval_new_object();
    jval_put_text_clean(row, "entry_id", str_of(b->entry_id));
    story_put_time(row, "at", b->at);
    story_put(row, "direction", str_of(b->direction));
    story_put(row, "kind", str_of(b->kind));
    put_ends(row, b, show);
    story_put(row, "line", str_of(b->line));
    story_put(row, "extension", str_of(b->extension));
    story_put(row, "employee", str_of(b->employee));
    put_or_null(row, "talk_seconds", b->talk_seconds);
    story_put(row, "client_id", str_of(b->client));
    jval_put_bool(row, "saved", b->saved);
    jval_put_text(row, "state", str_of(story_state_name(story_brief_state(b))));
    jval_put_bool(row, "test", b->test);
    jval_put(row, "steps", steps_of(b, show));
    return row;
}

struct jval *story_brief_summary(const struct story_brief *b)
{
    struct jval *row = jval_new_object();
    jval_put_text(row, "type", STR("summary"));
    jval_put_text_clean(row, "entry_id", str_of(b->entry_id));
    story_put(row, "direction", str_of(b->direction));
    story_put(row, "kind", str_of(b->kind));
    story_put(row, "client_id", str_of(b->client));
    jval_put_bool(row, "saved", b->saved);
    story_put(row, "task_id", str_of(b->task));
    jval_put_text(row, "state", str_of(story_state_name(story_brief_state(b))));
    return row;
}
