/*
 * The jobs of a facts partition. Pure: memory only.
 */
#include "worker/crm/facts_job.h"

#include <stdlib.h>

#include "common/mem.h"

/* what stands on which shelf under which name */

static const char *name_on(enum facts_shelf s, const struct fact *what)
{
    if (!what)
        return NULL;
    return s == FACTS_BY_NUMBER  ? what->number
           : s == FACTS_BY_ENTRY ? what->entry_id
                                 : fact_client(what);
}

const struct facts_job *facts_job_at(enum facts_shelf s, const struct shelf_place *p)
{
    const struct shelf_place *first = p - s;
    return (const struct facts_job *)(const void *)((const char *)first -
                                                    offsetof(struct facts_job, places));
}

struct str facts_job_account(const struct facts_job *j)
{
    return (struct str){j->text, j->account_len};
}

static bool is_of(enum facts_shelf s, const struct shelf_place *p, struct str account,
                  struct str name)
{
    const struct facts_job *j = facts_job_at(s, p);
    const char *own = s == FACTS_BY_ID ? j->shown.id : name_on(s, j->shown.said);
    return str_eq(str_of(own), name) && str_eq(facts_job_account(j), account);
}

static bool has_id(const struct shelf_place *p, struct str account, struct str name)
{
    return is_of(FACTS_BY_ID, p, account, name);
}

static bool has_number(const struct shelf_place *p, struct str account, struct str name)
{
    return is_of(FACTS_BY_NUMBER, p, account, name);
}

static bool has_entry(const struct shelf_place *p, struct str account, struct str name)
{
    return is_of(FACTS_BY_ENTRY, p, account, name);
}

static bool has_client(const struct shelf_place *p, struct str account, struct str name)
{
    return is_of(FACTS_BY_CLIENT, p, account, name);
}

/* all of them */

void facts_job_start(struct facts_jobs *all)
{
    *all = (struct facts_jobs){0};
    all->shelves[FACTS_BY_ID].is = has_id;
    all->shelves[FACTS_BY_NUMBER].is = has_number;
    all->shelves[FACTS_BY_ENTRY].is = has_entry;
    all->shelves[FACTS_BY_CLIENT].is = has_client;
}

static bool is_apart(const struct facts_job *j)
{
    return j->job != j->shown.id + strlen(j->shown.id) + 1;
}

static void free_it(struct facts_job *j)
{
    fact_free((struct fact *)(uintptr_t)j->shown.said);
    if (is_apart(j))
        free(j->job);
    free((char *)(uintptr_t)j->shown.begun);
    free(j);
}

void facts_job_done(struct facts_jobs *all)
{
    for (struct facts_job *j = all->oldest, *newer; j; j = newer) {
        newer = j->newer;
        free_it(j);
    }
    for (enum facts_shelf s = 0; s < FACTS_SHELVES; s++)
        shelf_done(&all->shelves[s]);
}

struct facts_job *facts_job_newest(const struct facts_jobs *all, enum facts_shelf s,
                                   struct str account, struct str name)
{
    const struct shelf_place *p = name.len ? shelf_find(&all->shelves[s], account, name) : NULL;
    return p ? (struct facts_job *)(uintptr_t)facts_job_at(s, p) : NULL;
}

struct facts_job *facts_job_next(enum facts_shelf s, struct facts_job *newest,
                                 const struct facts_job *j)
{
    const struct shelf_place *p =
        shelf_next(newest ? &newest->places[s] : NULL, j ? &j->places[s] : NULL);
    return p ? (struct facts_job *)(uintptr_t)facts_job_at(s, p) : NULL;
}

struct facts_job *facts_job_find(const struct facts_jobs *all, struct str account, struct str id)
{
    return facts_job_newest(all, FACTS_BY_ID, account, id);
}

/* the row */

static void row_add(struct facts_jobs *all, struct facts_job *j)
{
    j->newer = NULL;
    j->older = all->newest;
    *(all->newest ? &all->newest->newer : &all->oldest) = j;
    all->newest = j;
}

static void row_take(struct facts_jobs *all, struct facts_job *j)
{
    *(j->older ? &j->older->newer : &all->oldest) = j->newer;
    *(j->newer ? &j->newer->older : &all->newest) = j->older;
}

/* one of them */

static char *add_text(char *to, struct str text)
{
    if (text.len)
        memcpy(to, text.ptr, text.len);
    return to + text.len + 1; /* zeroed memory ends it */
}

struct facts_job *facts_job_get(struct facts_jobs *all, struct str account, struct str id,
                                struct str job)
{
    struct facts_job *j = facts_job_find(all, account, id);
    if (j)
        return j;
    j = mem_alloc(1, sizeof *j + account.len + id.len + job.len + 3);
    char *id_text = add_text(j->text, account);
    j->account_len = account.len;
    j->shown.id = id_text;
    j->job = add_text(id_text, id);
    add_text(j->job, job);
    shelf_put(&all->shelves[FACTS_BY_ID], &j->places[FACTS_BY_ID], account, id);
    row_add(all, j);
    all->count++;
    return j;
}

void facts_job_touch(struct facts_jobs *all, struct facts_job *j, int64_t at, struct str job)
{
    if (at > j->at)
        j->at = at;
    if (job.len && !*j->job) /* the first one's: a result may be written by another job */
        j->job = mem_copy(job);
    row_take(all, j);
    row_add(all, j);
}

void facts_job_say(struct facts_jobs *all, struct facts_job *j, struct fact *what)
{
    struct fact *old = (struct fact *)(uintptr_t)j->shown.said;
    struct str account = facts_job_account(j);
    for (enum facts_shelf s = FACTS_BY_NUMBER; s < FACTS_SHELVES; s++) {
        struct str was = str_of(name_on(s, old)), is = str_of(name_on(s, what));
        if (str_eq(was, is))
            continue;
        if (was.len)
            shelf_take(&all->shelves[s], &j->places[s], account, was);
        if (is.len)
            shelf_put(&all->shelves[s], &j->places[s], account, is);
    }
    j->shown.said = what;
    fact_free(old);
}

void facts_job_drop(struct facts_jobs *all, struct facts_job *j)
{
    facts_job_say(all, j, NULL);
    shelf_take(&all->shelves[FACTS_BY_ID], &j->places[FACTS_BY_ID], facts_job_account(j),
               str_of(j->shown.id));
    row_take(all, j);
    all->count--;
    free_it(j);
}
