/*
 * The task "call back".
 *
 *   judge --> over 24 h ago, no client, talked to since ----------> done fact that says so
 *         --> facts know open tasks: READ them --one is open -----> done fact
 *         --> whose it becomes (task_whose.h) --nobody------------> done fact that says so
 *         --> the create, under its intent -----------------------> done fact
 *         --> found after an unknown end, talked to since: closed -> done fact
 *
 * Times are MANGO's. What came of it names the client, so that a talk by another number of his finds it.
 */
#include "worker/crm/task.h"

#include <stdlib.h>
#include <string.h>

#include "common/megaplan/task.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/attempt.h"
#include "worker/crm/employees.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/known.h"
#include "worker/crm/task_close.h"
#include "worker/crm/task_state.h"
#include "worker/crm/task_whose.h"
#include "worker/crm/twin.h"
#include "worker/crm/who.h"

#define TOO_OLD_S (24 * 3600)
#define TITLE_MAX (64 * 1024) /* more than job's title with a name for each {client} */
#define RIVAL_MS 500          /* and up to as much again */
#define CLIENT_WORD STR("{client}")

struct task *task_state(struct work *w)
{
    if (!w->kind)
        w->kind = mem_alloc(1, sizeof(struct task));
    return w->kind;
}

void task_forget_client(struct work *w)
{
    struct task *t = task_state(w);
    who_forget(w);
    t->client = (struct who_client){0};
    t->read = false;
    t->nresponsibles = 0;
}

static void done(struct work *w)
{
    struct task *t = w->kind;
    if (!t)
        return;
    free(t->responsible);
    free(t->made);
    free(t);
    w->kind = NULL;
}

/* ends */

static struct fact fact_of(struct work *w)
{
    struct task *t = task_state(w);
    return (struct fact){.kind = JOB_TASK,
                         .entry_id = w->job->entry_id,
                         .number = w->job->number,
                         .client = t->client.id[0] ? t->client.id : NULL,
                         .company = t->client.company,
                         .at = work_int(w, "ended_at", 0),
                         .verdict = w->job->verdict,
                         .summarized = work_summarized(w)};
}

/* task: its id or NULL. */
static char *details_of(struct work *w, const char *task)
{
    struct task *t = task_state(w);
    struct jval *details = jval_new_object();
    if (task)
        jval_put_text(details, "task", str_of(task));
    if (t->client.id[0])
        jval_put_text(details, "client", str_of(t->client.id));
    return jval_dump_free(details, false);
}

static void end(struct executor *x, struct work *w, const char *task, const char *why)
{
    struct fact f = fact_of(w);
    f.object = (char *)(uintptr_t)task;
    f.made = true;
    if (w->repeated)
        twin_expect(x, w, task_state(w)->client.id, task_state(w)->client.company);
    finish_done(x, w, &f, "done", why, details_of(w, task));
}

static void end_without(struct executor *x, struct work *w, const char *why)
{
    struct fact f = fact_of(w);
    f.none = (char *)(uintptr_t)why;
    finish_done(x, w, &f, "none", why, details_of(w, NULL));
}

/* The open task stands for this missed call, too: a talk before it does not close it. */
static void end_standing(struct executor *x, struct work *w, const char *task)
{
    static const char why[] = "a task to call back is open already";
    struct jval *data = jval_new_object();
    struct fact f = fact_of(w);
    jval_put_text(data, KNOWN_STANDS, str_of(task));
    char *text CLEANUP(mem_free_text) = jval_dump_free(data, true);
    f.none = (char *)(uintptr_t)why;
    f.data = text;
    finish_done(x, w, &f, "none", why, details_of(w, task));
}

static bool talked_since(const struct work *w, const char *client)
{
    int64_t talk =
        known_last_talk(w->owner->facts, work_account(w), str_of(w->job->number), str_of(client));
    return talk && talk >= work_int(w, "ended_at", 0);
}

/* the tasks that facts know: is one open? */

struct unasked {
    const struct task *task;
    const struct facts_entry *newest;
};

static bool take_unasked(void *arg, const struct facts_entry *e)
{
    struct unasked *u = arg;
    for (size_t i = 0; i < u->task->nclosed; i++)
        if (str_is(str_of(u->task->closed[i]), e->said->object))
            return true;
    if (strlen(e->said->object) < LOOKUP_ID && (!u->newest || e->order > u->newest->order))
        u->newest = e;
    return true;
}

/* The newest one of which Megaplan was not asked yet, or NULL. */
static const char *unasked(const struct work *w)
{
    const struct task *t = w->kind;
    struct unasked u = {t, NULL};
    if (t->nclosed < TASK_ASKED_MAX)
        known_open_tasks(w->owner->facts, work_account(w), str_of(w->job->number),
                         str_of(t->client.id), STR_NONE, take_unasked, &u);
    return u.newest ? u.newest->said->object : NULL;
}

static bool build_read(struct executor *x, struct work *w, const struct settings *s,
                       struct request *r)
{
    (void)x;
    r->url = task_read_url(str_of(s->megaplan.base_url), str_of(task_state(w)->asking));
    return true;
}

static void is_closed(struct executor *x, struct work *w)
{
    struct task *t = task_state(w);
    memcpy(t->closed[t->nclosed++], t->asking, LOOKUP_ID);
    executor_judge(x, w);
}

static void read_open(struct executor *x, struct work *w, const struct answer *a)
{
    bool open = false;
    if (!task_read_open(a, &open))
        act_unclear(x, w, "the task does not say its status");
    else if (open)
        end_standing(x, w, task_state(w)->asking);
    else
        is_closed(x, w);
}

static bool read_refused(struct executor *x, struct work *w, const struct request_end *e)
{
    if (e->status != 404)
        return false;
    is_closed(x, w);
    return true;
}

static const struct act read_act = {.operation = "task.read",
                                    .method = "GET",
                                    .path = "/task/{id}",
                                    .about = ANSWER_ABOUT_RECORD,
                                    .build = build_read,
                                    .good = read_open,
                                    .refused = read_refused};

static void ask_task(struct executor *x, struct work *w, const char *id)
{
    memcpy(task_state(w)->asking, id, strlen(id) + 1);
    act_want(x, w, &read_act);
}

/* the create */

static void add_name(const struct work *w, struct buf *out)
{
    const struct task *t = w->kind;
    buf_add_str(out, t->name[0] ? str_of(t->name) : work_text(w, "phone"));
}

static void fill_title(const struct work *w, struct buf *out)
{
    struct str rest = work_text(w, "title");
    while (rest.len) {
        if (str_starts(rest, CLIENT_WORD)) {
            add_name(w, out);
            rest = str_from(rest, CLIENT_WORD.len);
        } else {
            buf_add_char(out, rest.ptr[0]);
            rest = str_from(rest, 1);
        }
    }
}

static bool names_client(const struct work *w)
{
    struct str title = work_text(w, "title");
    return memmem(title.ptr, title.len, CLIENT_WORD.ptr, CLIENT_WORD.len) != NULL;
}

static bool build(struct executor *x, struct work *w, const struct settings *s, struct request *r)
{
    struct task *t = task_state(w);
    struct buf title = BUF_INIT(TITLE_MAX);
    int64_t ended_at = work_int(w, "ended_at", 0);
    fill_title(w, &title);
    const struct task_new n = {.title = buf_str(&title),
                               .responsible = str_of(t->responsible),
                               .client = str_of(t->client.id),
                               .company = t->client.company,
                               .due_at = work_int(w, "due_at", 0),
                               .offset_s = x->port->offset(x->port->world, s->timezone, ended_at),
                               .phone = work_text(w, "phone"),
                               .line = work_text(w, "line"),
                               .ended_at = ended_at,
                               .entry_id = str_of(w->job->entry_id)};
    r->url = task_create_url(str_of(s->megaplan.base_url));
    r->body = title.failed ? NULL : task_create_body(&n);
    buf_done(&title);
    return r->body != NULL;
}

/* Others of this client may be at work under another number of his, in lanes of their own: who announced it
 * first makes the task. An intent of another owner is left to the job it belongs to. */
struct rival {
    const struct work *work;
    int64_t before; /* boot ms: read until then */
    bool found;
};

static bool is_rival(void *arg, const struct facts_entry *e)
{
    struct rival *r = arg;
    r->found = e->said->kind == JOB_TASK && e->intent && e->own && !e->settled && !e->done &&
               !e->given_up && e->read_at <= r->before && !str_is(str_of(e->id), r->work->job->id);
    return !r->found;
}

static bool has_rival(const struct work *w, int64_t before)
{
    const struct task *t = w->kind;
    struct rival r = {.work = w, .before = before};
    facts_of_client(w->owner->facts, work_account(w), str_of(t->client.id), is_rival, &r);
    return r.found;
}

static bool is_wanted(const struct executor *x, const struct work *w)
{
    (void)x;
    const struct task *t = w->kind;
    return !talked_since(w, t->client.id) && !unasked(w) && !has_rival(w, INT64_MAX);
}

static bool is_first(const struct executor *x, const struct work *w)
{
    const struct facts_entry *own =
        facts_find(w->owner->facts, work_account(w), str_of(w->job->id));
    (void)x;
    return !own || !has_rival(w, own->read_at);
}

static void created(struct executor *x, struct work *w, const struct answer *a)
{
    char id[LOOKUP_ID];
    if (!task_read_id(a, id)) {
        act_unclear(x, w, "the answer does not say what was created");
        return;
    }
    end(x, w, id, w->job->reason ? w->job->reason : "created");
}

/* What a refusal names is looked for anew, once each. */
static bool refused(struct executor *x, struct work *w, const struct request_end *e)
{
    struct task *t = task_state(w);
    if (!t->client_refused && (e->status == 404 || answer_names(&e->answer, "contractor"))) {
        t->client_refused = true;
        task_forget_client(w);
    } else if (!t->responsible_refused && answer_names(&e->answer, "responsible")) {
        t->responsible_refused = true;
        employees_forget(w);
    } else {
        return false;
    }
    executor_judge(x, w);
    return true;
}

/* About a record: that the account may not create tasks is no outage of all else it may. */
static const struct act create_act = {.operation = "task.create",
                                      .method = "POST",
                                      .path = "/task",
                                      .about = ANSWER_ABOUT_RECORD,
                                      .midway = true,
                                      .looked_for = true,
                                      .fresh = is_wanted,
                                      .alone = is_first,
                                      .build = build,
                                      .intent = fact_of,
                                      .good = created,
                                      .refused = refused};

/* the kind */

static void create(struct executor *x, struct work *w)
{
    switch (task_whose(x, w, names_client(w))) {
    case TASK_WHOSE_FOUND:
        act_want(x, w, &create_act);
        break;
    case TASK_WHOSE_NOBODY:
        end_without(x, w, "nobody to call back: none of the client's responsibles works");
        break;
    default:
        break;
    }
}

static bool is_whole(const struct work *w)
{
    return work_text(w, "title").len && work_int(w, "ended_at", 0) > 0 && w->job->number &&
           *w->job->number;
}

/* The client that a test call would have: its only responsible is the one that is the fallback, too. */
static bool take_tried(const struct executor *x, struct work *w)
{
    struct task *t = task_state(w);
    if (!attempt_makes_client(x, w))
        return false;
    t->client = (struct who_client){.id = ATTEMPT_CLIENT};
    t->read = true;
    return true;
}

/* True: it is known whose number it is. */
static bool has_client(struct executor *x, struct work *w)
{
    struct task *t = task_state(w);
    enum who_answer answer = t->client.id[0] ? WHO_FOUND : who_of(x, w, false, &t->client);
    if (answer == WHO_NOBODY && take_tried(x, w))
        return true;
    if (answer == WHO_NOBODY)
        end_without(x, w, "no client of this number");
    return answer == WHO_FOUND;
}

static void judge(struct executor *x, struct work *w)
{
    int64_t now_s = x->port->wall(x->port->world) / 1000;
    if (!is_whole(w)) {
        finish_dead(x, w, ERR_INPUT, "the job lacks number, title or ended_at", 0);
        return;
    }
    if (now_s - work_int(w, "ended_at", 0) > TOO_OLD_S) {
        end_without(x, w, "the call ended over 24 hours ago");
        return;
    }
    if (!has_client(x, w))
        return;
    const char *task = unasked(w);
    if (talked_since(w, task_state(w)->client.id))
        end_without(x, w, "talked to since");
    else if (has_rival(w, INT64_MAX))
        executor_rest(x, w,
                      executor_now(x) + RIVAL_MS + x->port->random(x->port->world) % RIVAL_MS);
    else if (task)
        ask_task(x, w, task);
    else
        create(x, w);
}

static void closed(struct executor *x, struct work *w, enum task_close_end how)
{
    end(x, w, task_state(w)->made,
        how == TASK_CLOSE_REFUSED ? "found after a request whose end was unknown; talked to since, "
                                    "but Megaplan does not let us close it"
                                  : "found after a request whose end was unknown; closed, for the "
                                    "client was talked to since");
}

/* The client that the intent names: whoever made the task wrote it. */
static void take_begun(struct work *w)
{
    const struct facts_entry *own =
        facts_find(w->owner->facts, work_account(w), str_of(w->job->id));
    const struct fact *f = own ? own->said : NULL;
    struct who_client *client = &task_state(w)->client;
    if (!f || !f->client || strlen(f->client) >= LOOKUP_ID)
        return;
    memcpy(client->id, f->client, strlen(f->client) + 1);
    client->company = f->company;
}

static void found(struct executor *x, struct work *w, const char *task, bool made)
{
    struct task *t = task_state(w);
    (void)made;
    take_begun(w);
    if (!talked_since(w, t->client.id)) {
        end(x, w, task, "found after a request whose end was unknown");
        return;
    }
    t->made = mem_copy(str_of(task));
    task_close(x, w, str_of(task), closed);
}

const struct work_ops *task_ops(void)
{
    static const struct work_ops ops = {.judge = judge, .found = found, .done = done};
    return &ops;
}
