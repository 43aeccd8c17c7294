/*
 * The memory of the world's Megaplan: things, rows of answers, lists (megaplan-api.md 1.7, 1.8).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "common/mem.h"
#include "common/text.h"
#include "tests/unit/world_megaplan.h"

#define WALL 1399906988000LL

struct shelf {
    struct world_thing *things;
    size_t *n;
    size_t room;
    unsigned long first; /* id */
};

static struct shelf shelf_of(struct world *w, enum world_shelf shelf)
{
    switch (shelf) {
    case WORLD_CLIENTS:
        return (struct shelf){w->clients, &w->nclients, WORLD_MAX, 1000100};
    case WORLD_CALLS:
        return (struct shelf){w->calls, &w->ncalls, WORLD_MAX, 7700};
    case WORLD_TASKS:
        return (struct shelf){w->tasks, &w->ntasks, WORLD_MAX, 500};
    case WORLD_EMPLOYEES:
        return (struct shelf){w->employees, &w->nemployees, 16, 1000005};
    default:
        return (struct shelf){w->fields, &w->nfields, 64, 900};
    }
}

const struct world_thing *world_shelf(const struct world *w, enum world_shelf shelf, size_t *n)
{
    struct shelf s = shelf_of((struct world *)(uintptr_t)w, shelf);
    *n = *s.n;
    return s.things;
}

const char *world_type_of(enum world_shelf shelf, const struct world_thing *t)
{
    static const char *const types[] = {"ContractorHuman", "CallInfo", "Task", "Employee",
                                        "StringField"};
    return t->company ? "ContractorCompany" : types[shelf];
}

struct jval *world_link(const char *type, const char *id)
{
    struct jval *link = jval_new_object();
    jval_put_text(link, "contentType", str_of(type));
    jval_put_text(link, "id", str_of(id));
    return link;
}

static const char *text_of(const struct jval *v, const char *key)
{
    struct str text = jval_get_text(v, key);
    return text.ptr ? text.ptr : "";
}

/* What tests read, from what was written. */
static void refresh(struct world_thing *t)
{
    t->phone = t->responsible = "";
    t->description = text_of(t->values, "description");
    t->name =
        text_of(t->values, t->company || !jval_get(t->values, "firstName") ? "name" : "firstName");
    t->creator = jval_get(t->values, "userCreated") != NULL;
    const struct jval *contacts = jval_get(t->values, "contactInfo");
    for (size_t i = jval_size(contacts); i > 0; i--)
        if (str_is(jval_get_text(jval_at(contacts, i - 1), "type"), "phone"))
            t->phone = text_of(jval_at(contacts, i - 1), "value");
    const struct jval *links = jval_get(t->values, "responsibles");
    for (size_t i = jval_size(links); i > 0; i--)
        if (str_is(jval_get_text(jval_at(links, i - 1), "contentType"), "Employee"))
            t->responsible = text_of(jval_at(links, i - 1), "id");
}

struct world_thing *world_add(struct world *w, enum world_shelf shelf, struct jval *values)
{
    struct shelf s = shelf_of(w, shelf);
    WORLD_MUST(*s.n < s.room, "no room");
    struct world_thing *t = s.things + *s.n;
    *t = (struct world_thing){.values = values, .created_at = WALL + w->now};
    snprintf(t->id, sizeof t->id, "%lu", s.first + (unsigned long)(*s.n)++);
    refresh(t);
    return t;
}

void world_change(struct world_thing *t, const struct jval *values)
{
    void *iter = NULL;
    struct str key;
    const struct jval *value;
    while (jval_next(values, &iter, &key, &value)) {
        char name[128];
        snprintf(name, sizeof name, "%.*s", STR_ARG(key));
        jval_put(t->values, name, jval_copy(value));
    }
    refresh(t);
}

void world_rings(struct world *w, struct str entry, const char *format, ...)
{
    va_list args;
    if (w->nrang == WORLD_MAX)
        return;
    struct world_rang *r = &w->rang[w->nrang++];
    r->left_at = w->leaving_at;
    int n = snprintf(r->what, sizeof r->what, "%.*s ", STR_ARG(entry));
    va_start(args, format);
    if (n > 0 && (size_t)n < sizeof r->what)
        vsnprintf(r->what + n, sizeof r->what - (size_t)n, format, args);
    va_end(args);
}

struct world_thing *world_find(const struct world *w, enum world_shelf shelf, struct str id)
{
    struct shelf s = shelf_of((struct world *)(uintptr_t)w, shelf);
    for (size_t i = 0; i < *s.n; i++)
        if (str_is(id, s.things[i].id) && !s.things[i].gone)
            return s.things + i;
    return NULL;
}

struct world_thing *world_find_link(const struct world *w, const struct jval *link)
{
    char id[24];
    int64_t n = 0;
    struct str text = jval_get_text(link, "id");
    if (jval_int(jval_get(link, "id"), &n))
        snprintf(id, sizeof id, "%lld", (long long)n);
    else
        snprintf(id, sizeof id, "%.*s", STR_ARG(text));
    for (int shelf = WORLD_CLIENTS; shelf <= WORLD_FIELDS; shelf++) {
        struct world_thing *t = world_find(w, (enum world_shelf)shelf, str_of(id));
        if (t &&
            str_is(jval_get_text(link, "contentType"), world_type_of((enum world_shelf)shelf, t)))
            return t;
    }
    return NULL;
}

/* rows */

static struct jval *time_value(int64_t at)
{
    char text[TEXT_TIME_SIZE];
    text_time(at, text);
    struct jval *v = jval_new_object();
    jval_put_text(v, "contentType", STR("DateTime"));
    jval_put_text(v, "value", str_of(text));
    return v;
}

static void put_field(struct jval *row, const struct world_thing *t, const char *name)
{
    const struct jval *value = jval_get(t->values, name);
    bool many = strcmp(name, "responsibles") == 0 || strcmp(name, "contactInfo") == 0 ||
                strcmp(name, "recordLinks") == 0;
    if (strcmp(name, "name") == 0)
        jval_put_text(row, name, str_of(t->name));
    else if (strcmp(name, "isDropped") == 0)
        jval_put_bool(row, name, t->dropped);
    else if (strcmp(name, "timeCreated") == 0)
        jval_put(row, name, time_value(t->created_at));
    else if (value)
        jval_put(row, name, jval_copy(value));
    else
        jval_put(row, name, many ? jval_new_array() : jval_new_null());
}

static void put_list(struct jval *row, const struct world_thing *t, const char *names)
{
    char name[64];
    while (*names) {
        size_t n = strcspn(names, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, names);
        if (n)
            put_field(row, t, name);
        names += n + (names[n] != '\0');
    }
}

struct jval *world_row(const struct world_ask *a, enum world_shelf shelf,
                       const struct world_thing *t, const char *extra)
{
    static const char *const usual[] = {
        "name",
        "providerId,type,state,fromPhone,toPhone,fromUser,toUser,timeFrom,timeTo,recordLinks",
        "name", "name", "name,hrName,isMultiple,isRequired"};
    struct jval *row = world_link(world_type_of(shelf, t), t->id);
    const struct jval *asked = jval_get(a->query, "fields");
    put_list(row, t, usual[shelf]);
    put_list(row, t, extra ? extra : "");
    for (size_t i = 0; i < jval_size(asked); i++) {
        struct str name = STR_NONE;
        char copy[128];
        if (jval_text(jval_at(asked, i), &name)) {
            snprintf(copy, sizeof copy, "%.*s", STR_ARG(name));
            put_field(row, t, copy);
        }
    }
    return row;
}

bool world_old_enough(const struct world *w, const struct world_thing *t, int64_t lag_ms)
{
    return WALL + w->now - t->created_at >= lag_ms;
}

/* lists */

static bool fields_known(struct world_ask *a, const char *type)
{
    const struct jval *asked = jval_get(a->query, "fields");
    for (size_t i = 0; i < jval_size(asked); i++) {
        struct str name = STR_NONE;
        if (!jval_text(jval_at(asked, i), &name) || !world_knows_field(a->world, type, name)) {
            world_refuse(a, 422, "fields", "have not this fields");
            return false;
        }
    }
    return true;
}

static bool newest_first(struct world_ask *a)
{
    const struct jval *sort = jval_at(jval_get(a->query, "sortBy"), 0);
    bool desc = false;
    if (!jval_get(a->query, "sortBy"))
        return false;
    if (!str_is(jval_get_text(sort, "contentType"), "SortField") ||
        (!str_is(jval_get_text(sort, "fieldName"), "timeCreated") &&
         !str_is(jval_get_text(sort, "fieldName"), "id")))
        world_refuse(a, 422, "sortBy", "'array' is not assignable to 'SortField[]'");
    return jval_bool(jval_get(sort, "desc"), &desc) && desc;
}

/* The things of the list in its order; equal times by ascending id, which is legal and unkind. */
static size_t collect(struct world_ask *a, enum world_shelf shelf,
                      bool (*takes)(const struct world_ask *a, const struct world_thing *t),
                      bool newest, const struct world_thing **out)
{
    size_t n = 0;
    size_t count = 0;
    const struct world_thing *things = world_shelf(a->world, shelf, &count);
    for (size_t i = 0; i < count; i++) {
        const struct world_thing *t = &things[i];
        if (t->gone || !takes(a, t))
            continue;
        size_t at = n++;
        for (; newest && at > 0 && out[at - 1]->created_at < t->created_at; at--)
            out[at] = out[at - 1];
        out[at] = t;
    }
    return n;
}

static size_t page_begin(struct world_ask *a, enum world_shelf shelf,
                         const struct world_thing *const *rows, size_t n)
{
    const struct jval *after = jval_get(a->query, "pageAfter");
    if (!after)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (str_is(jval_get_text(after, "id"), rows[i]->id) &&
            str_is(jval_get_text(after, "contentType"), world_type_of(shelf, rows[i])))
            return i + 1;
    bool typed =
        jval_get_text(after, "contentType").len > 0 &&
        str_is(jval_get_text(after, "contentType"), n ? world_type_of(shelf, rows[0]) : "");
    world_refuse(a, typed ? 404 : 422, "pageAfter", "no such entity to page from");
    return 0;
}

struct jval *world_list(struct world_ask *a, enum world_shelf shelf, const char *keys,
                        bool (*takes)(const struct world_ask *a, const struct world_thing *t))
{
    const struct world_thing *rows[WORLD_MAX];
    char allowed[200];
    snprintf(allowed, sizeof allowed,
             ",limit,pageAfter,pageBefore,pageWith,fields,onlyRequestedFields,sortBy,%s,", keys);
    bool newest = newest_first(a);
    if (a->status != 200 || !world_check_keys(a, allowed) ||
        !fields_known(a, shelf == WORLD_CLIENTS ? "ContractorHuman"
                                                : world_type_of(shelf, &(struct world_thing){0})))
        return NULL;
    size_t n = collect(a, shelf, takes, newest, rows);
    size_t from = page_begin(a, shelf, rows, n);
    if (a->status != 200)
        return NULL;
    int64_t limit = 100;
    if (jval_get(a->query, "limit") && !jval_int(jval_get(a->query, "limit"), &limit))
        return world_refuse(a, 422, "limit", "limit must be an integer");
    size_t end =
        limit < (int64_t)a->world->page_rows ? from + (size_t)limit : from + a->world->page_rows;
    struct jval *page = jval_new_array();
    for (size_t i = from; i < n && i < end; i++)
        jval_append(page, world_row(a, shelf, rows[i], NULL));
    a->pagination = jval_new_object();
    jval_put_int(a->pagination, "count", (int64_t)n);
    jval_put_int(a->pagination, "limit", limit);
    jval_put_bool(a->pagination, "hasMoreNext", end < n);
    jval_put_bool(a->pagination, "hasMorePrev", from > 0);
    return page;
}
