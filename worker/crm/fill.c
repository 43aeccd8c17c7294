/*
 * Filling what is still empty.
 *
 *   judge --> no client of this call, nothing to write ---> done fact that says why
 *         --> names of the fields (fields.h); being made: a little later, in no lane
 *         --> READ: deleted, or all are filled -----------> done fact that says why
 *                   some are empty --> UPDATE ------------> done fact
 */
#include "worker/crm/fill.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/fields.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"

#define FIELDS_SOON_MS 2000

struct filling {
    struct fill wanted;
    bool asked[FIELDS]; /* by the reading that runs */
    bool told[FIELDS];  /* an answer said whether it is empty */
    bool empty[FIELDS]; /* ... and it is */
    bool renamed;       /* names were asked for anew once */
};

/* what is to be written */

void fill_add(struct fill *f, enum field field, struct str value)
{
    if (!value.len || f->count == FIELDS)
        return;
    f->list[f->count].field = field;
    f->list[f->count++].value = mem_copy(value);
}

void fill_add_tracking(struct fill *f, const char *answer, struct str entry_id)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    if (answer && jval_parse(str_of(answer), &v, &ignored))
        v = NULL;
    for (int i = 0; i < FIELDS; i++) {
        if (i == FIELD_LINE)
            continue;
        char *value CLEANUP(mem_free_text) = field_value((enum field)i, v, entry_id);
        if (value)
            fill_add(f, (enum field)i, str_of(value));
    }
}

void fill_done(struct fill *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->list[i].value);
        free(f->list[i].name);
    }
    *f = (struct fill){0};
}

void fill_name(const struct work *w, struct fill *f)
{
    for (size_t i = 0; i < f->count; i++) {
        const char *name = fields_name(w, f->list[i].field);
        free(f->list[i].name);
        f->list[i].name = name ? mem_copy(str_of(name)) : NULL;
    }
}

size_t fill_named(const struct fill *f, struct contractor_field out[FIELDS])
{
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].name)
            out[n++] = (struct contractor_field){str_of(f->list[i].name), str_of(f->list[i].value)};
    return n;
}

bool fill_visitor(const struct work *w, const char **answer)
{
    char *id CLEANUP(mem_free_text) =
        mem_format("%s:%s", w->job->entry_id, job_kind_name(JOB_VISITOR));
    const struct facts_entry *e = facts_find(w->owner->facts, work_account(w), str_of(id));
    if (!e || !e->done)
        return false;
    *answer = e->said->data;
    return true;
}

/* the kind */

static struct filling *state_of(struct work *w)
{
    if (!w->kind)
        w->kind = mem_alloc(1, sizeof(struct filling));
    return w->kind;
}

static void done(struct work *w)
{
    struct filling *f = w->kind;
    if (!f)
        return;
    fill_done(&f->wanted);
    free(f);
    w->kind = NULL;
}

static const struct fact *client_of(const struct work *w)
{
    return known_own_client(w->owner->facts, work_account(w), str_of(w->job->entry_id));
}

/* Filled by us or already: two owners that ask one after the other write the same fact. */
static void end(struct executor *x, struct work *w, const char *result, const char *why)
{
    bool filled = !str_is(STR("none"), result);
    const struct fact *client = client_of(w);
    char *id CLEANUP(mem_free_text) = client && filled ? mem_copy(str_of(client->object)) : NULL;
    const struct fact f = {.kind = JOB_FILL,
                           .entry_id = w->job->entry_id,
                           .number = w->job->number,
                           .object = id,
                           .company = client && client->company,
                           .none = filled ? NULL : (char *)(uintptr_t)why};
    finish_done(x, w, &f, result, why, NULL);
}

/* `line` for entry:fill:line, all that the visitor's answer says for entry:fill. */
static void collect(const struct work *w, const struct settings *s, struct fill *out)
{
    struct jval *data CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    const struct fact *client = client_of(w);
    const char *answer = NULL;
    struct str id = str_of(w->job->id);
    bool line = str_ends(id, STR(":line"));
    if (client->data && jval_parse(str_of(client->data), &data, &ignored))
        data = NULL;
    if (line && s->source_field) {
        struct str text = work_text(w, "source_line");
        fill_add(out, FIELD_LINE, text.len ? text : jval_get_text(data, "source_line"));
    } else if (!line && s->call_tracking && fill_visitor(w, &answer)) {
        fill_add_tracking(out, answer, str_of(w->job->entry_id));
    }
}

static bool coming(const struct executor *x, const struct work *w, const struct fill *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (!fields_name(w, f->list[i].field) && fields_coming(x, w, f->list[i].field))
            return true;
    return false;
}

/* requests */

static size_t names_of(const struct work *w, const struct fill *f, const char *out[FIELDS])
{
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++) {
        const char *name = fields_name(w, f->list[i].field);
        if (name)
            out[n++] = name;
    }
    return n;
}

static void forget_reading(struct filling *f)
{
    memset(f->told, 0, sizeof f->told);
    memset(f->empty, 0, sizeof f->empty);
}

/* Of every field that can be written is known whether it is empty. Names come and go while a reading waits to leave. */
static bool is_read(const struct work *w)
{
    const struct filling *f = w->kind;
    for (size_t i = 0; i < f->wanted.count; i++)
        if (!f->told[f->wanted.list[i].field] && fields_name(w, f->wanted.list[i].field))
            return false;
    return true;
}

static bool build_read(struct executor *x, struct work *w, const struct settings *s,
                       struct request *r)
{
    const char *names[FIELDS];
    const struct fact *client = client_of(w);
    struct filling *f = state_of(w);
    size_t n = names_of(w, &f->wanted, names);
    (void)x;
    if (!client)
        return false;
    for (size_t i = 0; i < f->wanted.count; i++)
        f->asked[f->wanted.list[i].field] = fields_name(w, f->wanted.list[i].field) != NULL;
    r->url = contractor_read_url(str_of(s->megaplan.base_url), str_of(client->object),
                                 client->company, names, n);
    return true;
}

static void was_read(struct executor *x, struct work *w, const struct answer *a)
{
    struct filling *f = state_of(w);
    if (contractor_is_dropped(a->data)) {
        end(x, w, "none", "the client was deleted");
        return;
    }
    for (size_t i = 0; i < f->wanted.count; i++) {
        enum field field = f->wanted.list[i].field;
        const char *name = fields_name(w, field);
        f->told[field] = f->asked[field] && name;
        f->empty[field] = f->told[field] && contractor_field_empty(a->data, name);
    }
    executor_judge(x, w);
}

/* The client was deleted; or a field was, then what is left of them is filled. */
static bool refused(struct executor *x, struct work *w, const struct request_end *e)
{
    struct filling *f = state_of(w);
    if (e->status == 404) {
        end(x, w, "none", "the client was deleted");
        return true;
    }
    if (e->status != 422 || f->renamed)
        return false;
    f->renamed = true;
    forget_reading(f);
    fields_forget(w);
    executor_judge(x, w);
    return true;
}

/* The names of what is to be written are known still; or all is read anew. */
static bool is_named(const struct executor *x, const struct work *w)
{
    struct filling *f = w->kind;
    (void)x;
    for (size_t i = 0; i < f->wanted.count; i++)
        if (f->empty[f->wanted.list[i].field] && !fields_name(w, f->wanted.list[i].field)) {
            forget_reading(f);
            return false;
        }
    return true;
}

static bool build_update(struct executor *x, struct work *w, const struct settings *s,
                         struct request *r)
{
    const struct filling *f = state_of(w);
    const struct fact *client = client_of(w);
    struct contractor_field fields[FIELDS];
    size_t n = 0;
    (void)x;
    for (size_t i = 0; i < f->wanted.count; i++) {
        const char *name = fields_name(w, f->wanted.list[i].field);
        if (f->empty[f->wanted.list[i].field] && name)
            fields[n++] = (struct contractor_field){str_of(name), str_of(f->wanted.list[i].value)};
    }
    if (!client)
        return false;
    r->url = contractor_update_url(str_of(s->megaplan.base_url), str_of(client->object),
                                   client->company);
    r->body = contractor_fields_body(str_of(client->object), client->company, fields, n);
    return r->body != NULL;
}

static void updated(struct executor *x, struct work *w, const struct answer *a)
{
    char id[LOOKUP_ID];
    if (lookup_read_id(a->data, id) || !act_doubted(x, w))
        end(x, w, "done", "what was still empty");
    else
        forget_reading(state_of(w)); /* which tells whether they are filled */
}

static const struct act read_act = {.operation = "fill.read",
                                    .method = "GET",
                                    .path = "/contractorHuman/{id}",
                                    .about = ANSWER_ABOUT_RECORD,
                                    .build = build_read,
                                    .good = was_read,
                                    .refused = refused};
static const struct act update_act = {.operation = "fill.update",
                                      .method = "POST",
                                      .path = "/contractorHuman/{id}",
                                      .about = ANSWER_ABOUT_RECORD,
                                      .midway = true,
                                      .fresh = is_named,
                                      .build = build_update,
                                      .good = updated,
                                      .refused = refused};

static void fill_empty(struct executor *x, struct work *w)
{
    const struct filling *f = state_of(w);
    for (size_t i = 0; i < f->wanted.count; i++) {
        if (f->empty[f->wanted.list[i].field]) {
            act_want(x, w, &update_act);
            return;
        }
    }
    end(x, w, "present", "the fields are filled");
}

static void judge(struct executor *x, struct work *w)
{
    struct filling *f = state_of(w);
    const char *names[FIELDS];
    if (!client_of(w)) {
        end(x, w, "none", "this call made no client");
        return;
    }
    fill_done(&f->wanted);
    collect(w, executor_settings_of(x, w), &f->wanted);
    if (f->wanted.count == 0)
        end(x, w, "none", "there is nothing to write");
    else if (!fields_known(x, w))
        return;
    else if (coming(x, w, &f->wanted)) {
        fields_check(x, w->owner, work_account(w)); /* Kafka may not have taken its beginning */
        executor_step_aside(x, w, executor_now(x) + FIELDS_SOON_MS);
    } else if (names_of(w, &f->wanted, names) == 0)
        end(x, w, "none", "the account has no such fields");
    else if (!is_read(w))
        act_want(x, w, &read_act);
    else
        fill_empty(x, w);
}

const struct work_ops *fill_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .done = done};
    return &ops;
}
