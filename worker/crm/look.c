/*
 * The state of one looking, and a table of how each kind of thing is looked for. Pure but for memory.
 */
#include "worker/crm/look.h"

#include <stdlib.h>
#include <string.h>

#include "common/megaplan/callinfo.h"
#include "common/megaplan/field.h"
#include "common/megaplan/marker.h"
#include "common/megaplan/task.h"
#include "common/mem.h"

struct way { /* how a kind of thing is looked for */
    const char *operation, *path;
    enum answer_about about;
    char *(*url)(const struct look *l, const struct settings *s);
    /* Takes an answer in: l->found, l->made, l->more, l->count. False: it says nothing. */
    bool (*take)(struct look *l, const struct answer *a, const struct settings *s);
};

struct look {
    char *id;            /* of the job whose request is looked for */
    struct fact *intent; /* what it wrote before */
    const struct way *way;
    char *marker;
    struct phone phone;
    int64_t since;   /* unix ms */
    int64_t base_at; /* boot ms: the times count from here */
    unsigned done;   /* looks that ended without finding */
    unsigned pages;  /* of the look that runs */
    struct contractor_page clients;
    struct task_page tasks;
    char found[LOOKUP_ID]; /* "" = nothing yet */
    char *name;            /* the same of a field; NULL = nothing yet */
    bool made, more;
    bool enough; /* it need not be looked any further */
    size_t count;
};

static const int64_t times_ms[LOOK_TIMES] = {2000, 5000, 15000, 45000};

/* clients */

static char *client_url(const struct look *l, const struct settings *s)
{
    return contractor_list_url(str_of(s->megaplan.base_url), str_of(l->clients.place.last));
}

static bool client_take(struct look *l, const struct answer *a, const struct settings *s)
{
    const struct contractor_search wanted = {.marker = str_of(l->marker),
                                             .number = l->phone,
                                             .country_code = str_of(s->country_code),
                                             .since = l->since};
    struct contractor_page *p = &l->clients;
    if (!contractor_read_page(a, &wanted, p))
        return false;
    l->made = p->marked[0] != '\0';
    memcpy(l->found, l->made ? p->marked : p->numbered, sizeof l->found);
    l->more = p->place.more;
    l->enough = l->made;
    l->count = p->nmarked > p->nnumbered ? p->nmarked : p->nnumbered;
    return true;
}

/* tasks: those of the client that it was made for */

static char *task_url(const struct look *l, const struct settings *s)
{
    return task_list_url(str_of(s->megaplan.base_url), str_of(l->intent->client),
                         l->intent->company, str_of(l->tasks.place.last));
}

static bool task_take(struct look *l, const struct answer *a, const struct settings *s)
{
    const struct task_search wanted = {.marker = str_of(l->marker), .since = l->since};
    (void)s;
    if (!task_read_page(a, &wanted, &l->tasks))
        return false;
    memcpy(l->found, l->tasks.found, sizeof l->found);
    l->made = l->enough = l->found[0] != '\0';
    l->more = l->tasks.place.more;
    l->count = l->tasks.nmarked;
    return true;
}

static char *alert_url(const struct look *l, const struct settings *s)
{
    return task_all_url(str_of(s->megaplan.base_url), str_of(l->tasks.place.last));
}

/* calls */

static char *call_url(const struct look *l, const struct settings *s)
{
    return callinfo_find_url(str_of(s->megaplan.base_url), str_of(l->intent->entry_id));
}

static bool call_take(struct look *l, const struct answer *a, const struct settings *s)
{
    (void)s;
    if (!callinfo_read_id(a, str_of(l->intent->entry_id), l->found))
        return false;
    l->made = true;
    l->more = false;
    l->count = 1;
    return true;
}

/* extra fields: the last part of the job's id says which */

static char *field_url(const struct look *l, const struct settings *s)
{
    (void)l;
    return field_list_url(str_of(s->megaplan.base_url));
}

static bool field_take(struct look *l, const struct answer *a, const struct settings *s)
{
    struct field_names names = {0};
    enum field f;
    struct str id = str_of(l->id);
    long colon = str_rfind(id, ':');
    (void)s;
    if (colon < 0 || !field_of_key(str_from(id, (size_t)colon + 1), &f) ||
        !field_read_list(a, &names))
        return false;
    const char *name = field_name(&names, f);
    l->made = true;
    l->more = false;
    l->count = name != NULL;
    free(l->name);
    l->name = name ? mem_copy(str_of(name)) : NULL;
    return true;
}

static const struct way client_way = {"client.look", "/contractorHuman", ANSWER_ABOUT_ACCOUNT,
                                      client_url, client_take};
static const struct way call_way = {"call.look", "/callInfo/provider", ANSWER_ABOUT_RECORD,
                                    call_url, call_take};

static const struct way field_way = {"field.look", "/contractorHuman/extraFields",
                                     ANSWER_ABOUT_ACCOUNT, field_url, field_take};

static const struct way task_way = {"task.look", "/contractorHuman/{id}/tasks", ANSWER_ABOUT_RECORD,
                                    task_url, task_take};

static const struct way alert_way = {"alert.look", "/task", ANSWER_ABOUT_RECORD, alert_url,
                                     task_take};

static const struct way *way_of(enum job_kind kind)
{
    switch (kind) {
    case JOB_CLIENT:
        return &client_way;
    case JOB_TASK:
        return &task_way;
    case JOB_CALL:
    case JOB_POPUP:
        return &call_way;
    case JOB_FIELD:
        return &field_way;
    case JOB_ALERT:
        return &alert_way;
    default:
        return NULL;
    }
}

bool look_is_for(const struct fact *intent)
{
    return way_of(intent->kind) && (intent->kind != JOB_TASK || intent->client);
}

/* one looking */

struct look *look_new(struct str id, const struct fact *intent, int64_t written_at, int64_t now)
{
    struct look *l = mem_alloc(1, sizeof *l);
    l->id = mem_copy(id);
    l->intent = fact_copy(intent);
    if (!l->intent)
        mem_out();
    l->way = way_of(intent->kind);
    l->marker = marker_make(str_of(intent->entry_id));
    if (!phone_from_pbx(str_of(intent->number), &l->phone))
        l->phone = (struct phone){0};
    l->since = written_at - LOOK_BACK_MS;
    l->base_at = now;
    return l;
}

void look_free(struct look *l)
{
    if (!l)
        return;
    free(l->id);
    fact_free(l->intent);
    free(l->marker);
    free(l->name);
    free(l);
}

const char *look_id(const struct look *l)
{
    return l->id;
}

const struct fact *look_intent(const struct look *l)
{
    return l->intent;
}

int64_t look_at(const struct look *l)
{
    return l->base_at + times_ms[l->done < LOOK_TIMES ? l->done : LOOK_TIMES - 1];
}

const char *look_operation(const struct look *l)
{
    return l->way->operation;
}

const char *look_path(const struct look *l)
{
    return l->way->path;
}

enum answer_about look_about(const struct look *l)
{
    return l->way->about;
}

char *look_url(const struct look *l, const struct settings *s)
{
    return l->way->url(l, s);
}

/* The next request is a first page again. */
static void restart(struct look *l)
{
    l->clients = (struct contractor_page){0};
    l->tasks = (struct task_page){0};
    l->pages = 0;
    l->found[0] = '\0';
    l->made = l->more = l->enough = false;
    l->count = 0;
}

bool look_count(struct look *l, const struct answer *a, const struct settings *s)
{
    bool ended = !l->way->take(l, a, s);
    if (ended || (l->more && ++l->pages >= LOOK_PAGES_MAX)) {
        restart(l);
        return false;
    }
    return true;
}

enum look_step look_take(struct look *l, const struct answer *a, const struct settings *s)
{
    if (!look_count(l, a, s))
        return LOOK_BROKEN;
    if (l->enough)
        return LOOK_FOUND;
    if (l->more)
        return LOOK_MORE;
    return l->found[0] || l->name ? LOOK_FOUND : look_missing(l);
}

enum look_step look_missing(struct look *l)
{
    restart(l);
    return ++l->done < LOOK_TIMES ? LOOK_WAIT : LOOK_NOT_DONE;
}

bool look_found_open(const struct look *l)
{
    return l->intent->kind == JOB_TASK && l->found[0] && l->tasks.open;
}

const char *look_found(const struct look *l, bool *made)
{
    *made = l->made;
    return l->name ? l->name : l->found;
}

bool look_has_more(const struct look *l)
{
    return l->more;
}

size_t look_counted(const struct look *l)
{
    return l->count;
}
