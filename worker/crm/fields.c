/*
 * Names of extra fields, and making the missing ones.
 */
#include "worker/crm/fields.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/record.h"

struct fields {
    struct field_names names;
    bool doubted;     /* the list came empty: it is asked for once more */
    bool unreadable;  /* Megaplan refused the list: nobody knows what is there */
    int status;       /* ... with this HTTP status */
    int64_t asked_at; /* boot ms */
};

struct part {
    const char *name; /* the state's, and the entry of its works */
    bool (*wanted)(const struct settings *s);
    bool line; /* the one field of G8; else those of G12 */
};

struct part_state {
    bool on, ready;
    int64_t rev;
};

static bool wants_line(const struct settings *s)
{
    return s->enabled && s->source_field;
}

static bool wants_tracking(const struct settings *s)
{
    return s->enabled && s->call_tracking;
}

static const struct part parts[] = {{FIELDS_PREFIX "line", wants_line, true},
                                    {FIELDS_PREFIX "tracking", wants_tracking, false}};
#define PARTS (sizeof parts / sizeof *parts)

static bool is_of(const struct part *p, enum field f)
{
    return p->line == (f == FIELD_LINE);
}

/* the state */

static struct part_state state_of(const struct owner *o, struct str account, const struct part *p)
{
    struct part_state st = {0};
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    struct str text = facts_state(o->facts, account, str_of(p->name));
    if (!text.len || jval_parse(text, &v, &ignored))
        return st;
    if (!jval_bool(jval_get(v, "on"), &st.on) || !jval_bool(jval_get(v, "ready"), &st.ready) ||
        !jval_int(jval_get(v, "rev"), &st.rev))
        st = (struct part_state){.rev = st.rev};
    return st;
}

static void write_state(struct executor *x, const struct owner *o, struct str account,
                        const struct part *p, const struct part_state *st)
{
    struct jval *v = jval_new_object();
    jval_put_bool(v, "on", st->on);
    jval_put_bool(v, "ready", st->ready);
    jval_put_int(v, "rev", st->rev);
    jval_put_int(v, "v", 1);
    char *text CLEANUP(mem_free_text) = jval_dump_free(v, true);
    record_state(x, o, account, str_of(p->name), text);
}

/* True: each of its fields has its end. Else works are there for those that have not. */
static bool is_complete(struct executor *x, struct owner *o, struct str account,
                        const struct part *p, int64_t rev)
{
    bool complete = true;
    for (int f = 0; f < FIELDS; f++) {
        if (!is_of(p, (enum field)f))
            continue;
        char *id CLEANUP(mem_free_text) =
            mem_format("%s:%s:%lld:%s", p->name, job_kind_name(JOB_FIELD), (long long)rev,
                       field_key((enum field)f));
        const struct facts_entry *e = facts_find(o->facts, account, str_of(id));
        if (e && (e->done || e->given_up))
            continue;
        complete = false;
        executor_add(x, o, JOB_FIELD, account, str_of(p->name), id, NULL, NULL);
    }
    return complete;
}

static void check_part(struct executor *x, struct owner *o, struct str account,
                       const struct part *p, bool wanted)
{
    struct part_state st = state_of(o, account, p);
    if (wanted != st.on) {
        st = (struct part_state){.on = wanted, .rev = st.rev + (wanted ? 1 : 0)};
        write_state(x, o, account, p, &st);
    } else if (st.on && !st.ready && is_complete(x, o, account, p, st.rev)) {
        st.ready = true;
        write_state(x, o, account, p, &st);
    }
}

void fields_check(struct executor *x, struct owner *o, struct str account)
{
    char *name CLEANUP(mem_free_text) = mem_copy(account);
    const struct settings *s = x->port->settings(x->port->world, name);
    for (size_t i = 0; s && i < PARTS; i++)
        check_part(x, o, account, &parts[i], parts[i].wanted(s));
}

/* A field that is there by now, and the names do not have it: another owner made it, or it was found. */
void fields_read(struct executor *x, struct owner *o, struct str account, struct str id)
{
    char *name CLEANUP(mem_free_text) = mem_copy(account);
    const struct facts_entry *e = facts_find(o->facts, account, id);
    struct account *a = account_find(x, name);
    long colon = str_rfind(id, ':');
    enum field f;
    if (a && a->fields && e && e->done && e->said->object && colon >= 0 &&
        field_of_key(str_from(id, (size_t)colon + 1), &f) && !field_name(&a->fields->names, f)) {
        fields_free(a->fields);
        a->fields = NULL;
    }
    fields_check(x, o, account);
}

bool fields_coming(const struct executor *x, const struct work *w, enum field f)
{
    const struct settings *s = executor_settings_of(x, w);
    for (size_t i = 0; s && i < PARTS; i++)
        if (is_of(&parts[i], f) && parts[i].wanted(s)) {
            struct part_state st = state_of(w->owner, work_account(w), &parts[i]);
            return !st.on || !st.ready;
        }
    return false;
}

/* names */

void fields_free(struct fields *f)
{
    free(f);
}

void fields_forget(struct work *w)
{
    fields_free(w->account->fields);
    w->account->fields = NULL;
}

const char *fields_name(const struct work *w, enum field f)
{
    return w->account->fields ? field_name(&w->account->fields->names, f) : NULL;
}

static void keep(struct executor *x, struct work *w, const struct field_names *names)
{
    if (!w->account->fields)
        w->account->fields = mem_alloc(1, sizeof *w->account->fields);
    w->account->fields->names = *names;
    w->account->fields->doubted = false;
    w->account->fields->unreadable = false;
    w->account->fields->asked_at = executor_now(x);
}

static bool build_list(struct executor *x, struct work *w, const struct settings *s,
                       struct request *r)
{
    (void)x;
    (void)w;
    r->url = field_list_url(str_of(s->megaplan.base_url));
    return true;
}

/* An account may have no extra fields at all; but it says so twice before it is believed, for then fields are made,
 * or what they were to be filled with is let go. */
static void listed(struct executor *x, struct work *w, const struct answer *a)
{
    struct field_names names = {0};
    bool doubted = w->account->fields && w->account->fields->doubted;
    if (!field_read_list(a, &names)) {
        act_unclear(x, w, "the answer is no list of fields");
        return;
    }
    keep(x, w, &names);
    w->account->fields->doubted = jval_size(a->data) == 0 && !doubted;
    executor_judge(x, w);
}

/* Who may not read them has none to write to: that is no outage of the account. But none is made, since it
 * may be there; and what is there for nothing but filling tries again, unless it is for want of rights. */
static bool list_refused(struct executor *x, struct work *w, const struct request_end *e)
{
    const struct field_names none = {0};
    if (w->job->kind == JOB_FIELD || (w->job->kind == JOB_FILL && e->status != 403))
        return false;
    log_warn("the extra fields cannot be read", LOG_STR("account", work_account(w)),
             LOG_TEXT("err", e->why));
    keep(x, w, &none);
    w->account->fields->unreadable = true;
    w->account->fields->status = e->status;
    executor_judge(x, w);
    return true;
}

static const struct act list_act = {.operation = "field.list",
                                    .method = "GET",
                                    .path = "/contractorHuman/extraFields",
                                    .about = ANSWER_ABOUT_RECORD,
                                    .midway = true,
                                    .build = build_list,
                                    .good = listed,
                                    .refused = list_refused};

bool fields_known(struct executor *x, struct work *w)
{
    const struct fields *f = w->account->fields;
    if (f && !f->doubted && !(f->unreadable && f->status != 403 && w->job->kind == JOB_FILL))
        return true;
    act_want(x, w, &list_act);
    return false;
}

enum alert_state_input fields_deleted(const struct executor *x, const struct account *a,
                                      enum field f)
{
    const struct settings *s = x->port->settings(x->port->world, a->service.account);
    for (size_t i = 0; s && i < PARTS; i++) {
        if (!is_of(&parts[i], f))
            continue;
        if (!parts[i].wanted(s))
            return ALERT_STATE_NOT_SO;
        struct part_state st = state_of(a->owner, str_of(a->service.account), &parts[i]);
        if (!st.on || !st.ready || !a->fields || a->fields->doubted || a->fields->unreadable)
            return ALERT_STATE_UNKNOWN;
        return field_exists(&a->fields->names, f) ? ALERT_STATE_NOT_SO : ALERT_STATE_SO;
    }
    return ALERT_STATE_UNKNOWN;
}

/* making one */

/* The field that the work's id ends in. */
static bool field_of(const struct work *w, enum field *out)
{
    struct str id = str_of(w->job->id);
    long colon = str_rfind(id, ':');
    return colon >= 0 && field_of_key(str_from(id, (size_t)colon + 1), out);
}

static struct fact fact_of(struct work *w)
{
    return (struct fact){.kind = JOB_FIELD, .entry_id = w->job->entry_id};
}

static void end(struct executor *x, struct work *w, const char *name, bool made, const char *why)
{
    struct fact f = fact_of(w);
    f.object = (char *)(uintptr_t)name;
    f.made = made;
    finish_done(x, w, &f, made ? "done" : "present", why, NULL);
}

static bool build_create(struct executor *x, struct work *w, const struct settings *s,
                         struct request *r)
{
    enum field f;
    (void)x;
    if (!field_of(w, &f))
        return false;
    r->url = field_create_url(str_of(s->megaplan.base_url));
    r->body = field_create_body(f);
    return r->body != NULL;
}

/* The answer is a list that holds the new one; if it does not, it is looked for. */
static void created(struct executor *x, struct work *w, const struct answer *a)
{
    struct field_names names =
        w->account->fields ? w->account->fields->names : (struct field_names){0};
    enum field f;
    if (!field_of(w, &f) || !field_read_list(a, &names) || !field_name(&names, f)) {
        fields_forget(w);
        act_unclear(x, w, "the answer does not say what was created");
        return;
    }
    keep(x, w, &names);
    end(x, w, field_name(&names, f), true, "the setting was switched on");
}

static const struct act create_act = {.operation = "field.create",
                                      .method = "POST",
                                      .path = "/contractorHuman/extraFields/0",
                                      .about = ANSWER_ABOUT_RECORD,
                                      .looked_for = true,
                                      .build = build_create,
                                      .intent = fact_of,
                                      .good = created};

static void judge(struct executor *x, struct work *w)
{
    enum field f;
    if (!field_of(w, &f)) {
        executor_end(x, w);
        return;
    }
    /* What was there before the setting was switched on says nothing. */
    if (w->account->fields &&
        (w->account->fields->unreadable || w->account->fields->asked_at < w->taken_at))
        fields_forget(w);
    if (!fields_known(x, w))
        return;
    if (field_exists(&w->account->fields->names, f))
        end(x, w, fields_name(w, f), false,
            fields_name(w, f) ? "the field is there"
                              : "a field of this label is there, of a type that takes no text");
    else
        act_want(x, w, &create_act);
}

static void found(struct executor *x, struct work *w, const char *name, bool made)
{
    fields_forget(w);
    end(x, w, name, made, "found after a request whose end was unknown");
}

const struct work_ops *fields_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .found = found};
    return &ops;
}
