/*
 * Sums over the facts of a call, a number, a client. Pure: memory only. What is due is in known_due.c.
 */
#include "worker/crm/known.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static bool is_done(const struct facts_entry *e, enum job_kind kind)
{
    return e->done && e->said->kind == kind;
}

/* ENTRY:SUFFIX if it is done and not given up instead, else NULL. */
static const struct fact *done_of(const struct facts *f, struct str account, struct str entry_id,
                                  const char *suffix)
{
    char *id CLEANUP(mem_free_text) = mem_format("%.*s:%s", STR_ARG(entry_id), suffix);
    const struct facts_entry *e = facts_find(f, account, str_of(id));
    return e && e->done ? e->said : NULL;
}

/* clients */

static bool names_client(const struct facts_entry *e)
{
    if (!e->done || e->forgotten || !fact_client(e->said))
        return false;
    switch (e->said->kind) {
    case JOB_CLIENT:
    case JOB_CALL:
    case JOB_POPUP:
    case JOB_ROUTE:
    case JOB_TASK:
    case JOB_TALKED:
    case JOB_LINK:
        return true;
    default:
        return false;
    }
}

static bool take_newest_client(void *arg, const struct facts_entry *e)
{
    const struct facts_entry **newest = arg;
    if (names_client(e) && (!*newest || e->order > (*newest)->order))
        *newest = e;
    return true;
}

bool known_client(const struct facts *f, struct str account, struct str number,
                  struct known_client *out)
{
    const struct facts_entry *newest = NULL;
    facts_of_number(f, account, number, take_newest_client, &newest);
    if (newest)
        *out = (struct known_client){fact_client(newest->said), newest->said->company};
    return newest != NULL;
}

static int64_t seen_at(const struct facts_entry *e)
{
    const struct fact *said = e->said;
    if (!e->done || e->forgotten || !said->responsible)
        return 0;
    if (said->kind == JOB_ROUTE)
        return said->at;
    bool ours = said->kind == JOB_RESPONSIBLE || (said->kind == JOB_CLIENT && said->made);
    return ours ? e->written_at / 1000 : 0;
}

static bool take_seen(void *arg, const struct facts_entry *e)
{
    const struct facts_entry **newest = arg;
    if (seen_at(e) > 0 && (!*newest || seen_at(e) > seen_at(*newest)))
        *newest = e;
    return true;
}

bool known_seen(const struct facts *f, struct str account, struct str number,
                struct known_seen *out)
{
    const struct facts_entry *newest = NULL;
    facts_of_number(f, account, number, take_seen, &newest);
    if (newest)
        *out = (struct known_seen){newest->said->responsible, seen_at(newest),
                                   newest->said->kind == JOB_ROUTE ? newest->said->data : NULL};
    return newest != NULL;
}

void known_seen_name(const struct known_seen *seen, char *out, size_t size)
{
    struct jval *data CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    if (!seen->data || jval_parse(str_of(seen->data), &data, &ignored))
        data = NULL;
    struct str name = jval_get_text(data, KNOWN_NAME);
    size_t n = name.len < size ? name.len : 0; /* it was cut when it was written */
    if (n)
        memcpy(out, name.ptr, n);
    out[n] = '\0';
}

const struct fact *known_own_client(const struct facts *f, struct str account, struct str entry_id)
{
    const struct fact *made = done_of(f, account, entry_id, "client");
    if (!made || !made->made)
        made = done_of(f, account, entry_id, "client:anew");
    return made && made->made && made->object ? made : NULL;
}

/* verdicts */

static bool take_verdict(void *arg, const struct facts_entry *e)
{
    const struct facts_entry **stands = arg;
    if (e->said->verdict == JOB_VERDICT_NONE)
        return true;
    if (!*stands || e->said->summarized > (*stands)->said->summarized ||
        (e->said->summarized == (*stands)->said->summarized && e->first < (*stands)->first))
        *stands = e;
    return true;
}

bool known_verdict(const struct facts *f, struct str account, struct str entry_id,
                   struct known_verdict *out)
{
    const struct facts_entry *stands = NULL;
    facts_of_entry(f, account, entry_id, take_verdict, &stands);
    if (stands)
        *out = (struct known_verdict){stands->said->verdict, stands->said->summarized};
    return stands != NULL;
}

enum known_judgement known_judge_verdict(const struct facts *f, struct str account,
                                         struct str entry_id, enum job_verdict verdict,
                                         bool summarized)
{
    struct known_verdict stands;
    if (verdict == JOB_VERDICT_NONE || !known_verdict(f, account, entry_id, &stands) ||
        stands.verdict == verdict)
        return KNOWN_VERDICT_STANDS;
    return summarized && !stands.summarized ? KNOWN_VERDICT_REPLACES : KNOWN_VERDICT_DROPPED;
}

/* calls */

struct call_sum {
    const struct facts_entry *saved, *done, *begun; /* last, last, first */
    const struct facts_entry *client, *popup;       /* last that names one */
    bool popup_begun;
};

static void take_last(const struct facts_entry **last, const struct facts_entry *e, bool counts)
{
    if (counts && (!*last || e->order > (*last)->order))
        *last = e;
}

static bool take_call(void *arg, const struct facts_entry *e)
{
    struct call_sum *s = arg;
    const struct fact *said = e->said;
    if (said->kind == JOB_POPUP) {
        s->popup_begun = s->popup_begun || e->intent || said->object;
        take_last(&s->popup, e, e->done && said->object);
    } else if (said->kind == JOB_CALL) {
        take_last(&s->saved, e, e->done && said->object);
        take_last(&s->done, e, e->done);
        if (!s->begun || e->first < s->begun->first)
            s->begun = e;
    }
    if (said->kind == JOB_CALL || said->kind == JOB_LINK)
        take_last(&s->client, e, e->done && said->client);
    return true;
}

bool known_call(const struct facts *f, struct str account, struct str entry_id,
                struct known_call *out)
{
    struct call_sum s = {0};
    facts_of_entry(f, account, entry_id, take_call, &s);
    const struct facts_entry *shown = s.saved ? s.saved : s.done ? s.done : s.begun;
    *out = (struct known_call){
        .begun = s.begun != NULL, .done = s.done != NULL, .saved = s.saved != NULL};
    if (shown) {
        out->job_id = shown->id;
        out->number = shown->said->number;
    }
    if (s.saved) {
        out->object = s.saved->said->object;
        out->links = s.saved->said->links;
        out->nlinks = s.saved->said->nlinks;
    }
    if (s.client) {
        out->client = s.client->said->client;
        out->company = s.client->said->company;
    }
    out->popup_begun = s.popup_begun;
    out->popup_object = s.popup ? s.popup->said->object : NULL;
    return out->begun || out->popup_begun;
}

bool known_call_given_up(const struct facts *f, struct str account, struct str entry_id)
{
    static const char *const closings[] = {"summary", "ended", "idle"};
    for (size_t i = 0; i < sizeof closings / sizeof *closings; i++) {
        char *id CLEANUP(mem_free_text) =
            mem_format("%.*s:call:%s", STR_ARG(entry_id), closings[i]);
        const struct facts_entry *e = facts_find(f, account, str_of(id));
        if (e && e->given_up)
            return true;
    }
    return false;
}

/* lists that have an order */

struct list {
    const struct facts_entry **all;
    size_t count, room;
};

static void list_done(struct list *l)
{
    free(l->all);
}

static void list_add(struct list *l, const struct facts_entry *e)
{
    if (l->count == l->room) {
        l->room = l->room ? l->room * 2 : 8;
        l->all = mem_resize(l->all, l->room, sizeof *l->all);
    }
    l->all[l->count++] = e;
}

static void list_sort(struct list *l, int (*order)(const void *, const void *))
{
    if (l->count > 1)
        qsort(l->all, l->count, sizeof *l->all, order);
}

static bool add_record(void *arg, const struct facts_entry *e)
{
    if (is_done(e, JOB_RECORD) && e->said->nlinks > 0)
        list_add(arg, e);
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct facts_entry *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

void known_links(const struct facts *f, struct str account, struct str entry_id,
                 void (*visit)(void *arg, const char *link), void *arg)
{
    struct list records CLEANUP(list_done) = {0};
    facts_of_entry(f, account, entry_id, add_record, &records);
    list_sort(&records, by_id);
    for (size_t i = 0; i < records.count; i++)
        for (size_t k = 0; k < records.all[i]->said->nlinks; k++)
            visit(arg, records.all[i]->said->links[k]);
}

/* tasks and talks */

static bool take_talk(void *arg, const struct facts_entry *e)
{
    int64_t *newest = arg;
    if (is_done(e, JOB_TALKED) && e->said->at > *newest)
        *newest = e->said->at;
    return true;
}

int64_t known_last_talk(const struct facts *f, struct str account, struct str number,
                        struct str client)
{
    int64_t newest = 0;
    facts_of_number(f, account, number, take_talk, &newest);
    facts_of_client(f, account, client, take_talk, &newest);
    return newest;
}

/* Tasks of one number and one client share their last talk: it is summed up once for all in a row. */
struct tasks {
    const struct facts *f;
    struct str account, number, client;
    bool (*visit)(void *arg, const struct facts_entry *task);
    void *arg;
    bool over;
    const struct fact *like; /* its number and client are those of the talk */
    int64_t talk;
};

static bool is_task(const struct facts_entry *e)
{
    return is_done(e, JOB_TASK) && e->said->object;
}

static bool is_like(const struct fact *a, const struct fact *b)
{
    return str_eq(str_of(a->number), str_of(b->number)) &&
           str_eq(str_of(a->client), str_of(b->client));
}

struct standing { /* missed calls that one open task stands for */
    const struct fact *task;
    int64_t at;
};

/* A later missed call whose job found the task open: it stands for that one, too. */
static bool take_standing(void *arg, const struct facts_entry *e)
{
    struct standing *s = arg;
    const struct fact *f = e->said;
    struct jval *data CLEANUP(jval_cleanup) = NULL;
    if (!is_done(e, JOB_TASK) || f->object || !f->data || f->at <= s->at ||
        jval_parse(str_of(f->data), &data, NULL))
        return true;
    if (str_is(jval_get_text(data, KNOWN_STANDS), s->task->object))
        s->at = f->at;
    return true;
}

int64_t known_task_at(const struct facts *f, struct str account, const struct fact *task)
{
    struct standing s = {task, task->at};
    facts_of_number(f, account, str_of(task->number), take_standing, &s);
    facts_of_client(f, account, str_of(task->client), take_standing, &s);
    return s.at;
}

static bool is_open(struct tasks *t, const struct fact *task)
{
    if (!t->like || !is_like(t->like, task)) {
        t->like = task;
        t->talk = known_last_talk(t->f, t->account, str_of(task->number), str_of(task->client));
    }
    return (t->talk == 0 || t->talk < task->at ||
            t->talk < known_task_at(t->f, t->account, task)) &&
           !done_of(t->f, t->account, str_of(task->entry_id), "talked");
}

bool known_task_is_open(const struct facts *f, struct str account, const struct facts_entry *e)
{
    struct tasks t = {.f = f, .account = account};
    return is_task(e) && is_open(&t, e->said);
}

static bool give_task(struct tasks *t, const struct facts_entry *e, bool seen)
{
    if (!seen && is_task(e) && is_open(t, e->said))
        t->over = !t->visit(t->arg, e);
    return !t->over;
}

static bool task_of_number(void *arg, const struct facts_entry *e)
{
    return give_task(arg, e, false);
}

static bool has_number(const struct tasks *t, const struct facts_entry *e)
{
    return t->number.len && str_eq(str_of(e->said->number), t->number);
}

static bool task_of_client(void *arg, const struct facts_entry *e)
{
    return give_task(arg, e, has_number(arg, e));
}

static bool task_of_entry(void *arg, const struct facts_entry *e)
{
    const struct tasks *t = arg;
    return give_task(
        arg, e, has_number(t, e) || (t->client.len && str_eq(str_of(e->said->client), t->client)));
}

void known_open_tasks(const struct facts *f, struct str account, struct str number,
                      struct str client, struct str entry_id,
                      bool (*visit)(void *arg, const struct facts_entry *task), void *arg)
{
    struct tasks t = {
        .f = f, .account = account, .number = number, .client = client, .visit = visit, .arg = arg};
    facts_of_number(f, account, number, task_of_number, &t);
    if (!t.over)
        facts_of_client(f, account, client, task_of_client, &t);
    if (!t.over)
        facts_of_entry(f, account, entry_id, task_of_entry, &t);
}

/* responsibles */

static int64_t position(const struct facts_entry *e)
{
    return e->done ? e->order : e->first;
}

static int newest_first(const void *a, const void *b)
{
    const struct facts_entry *const *x = a, *const *y = b;
    return position(*x) < position(*y) ? 1 : -1;
}

static bool add_responsible(void *arg, const struct facts_entry *e)
{
    bool made = is_done(e, JOB_CLIENT) && e->said->made;
    if ((made || e->said->kind == JOB_RESPONSIBLE) && (e->said->responsible || e->begun))
        list_add(arg, e);
    return true;
}

/* Nothing unless the call made a client. */
static void set_by(const struct facts *f, struct str account, struct str entry_id, struct list *l)
{
    if (!known_own_client(f, account, entry_id))
        return;
    facts_of_entry(f, account, entry_id, add_responsible, l);
    list_sort(l, newest_first);
}

void known_set_responsibles(const struct facts *f, struct str account, struct str entry_id,
                            bool (*visit)(void *arg, const char *responsible), void *arg)
{
    struct list l CLEANUP(list_done) = {0};
    set_by(f, account, entry_id, &l);
    for (size_t i = 0; i < l.count; i++) {
        const char *said = l.all[i]->said->responsible, *begun = l.all[i]->begun;
        if ((said && !visit(arg, said)) || (begun && !visit(arg, begun)))
            return;
    }
}

const char *known_responsible_wanted(const struct facts *f, struct str account, struct str entry_id)
{
    struct list l CLEANUP(list_done) = {0};
    set_by(f, account, entry_id, &l);
    for (size_t i = 0; i < l.count; i++)
        if (l.all[i]->done && l.all[i]->said->responsible)
            return l.all[i]->said->responsible;
    return NULL;
}
