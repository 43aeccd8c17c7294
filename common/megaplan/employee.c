/*
 * The employees of a Megaplan. Pure.
 */
#include "common/megaplan/employee.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/megaplan/page.h"
#include "common/megaplan/query.h"
#include "common/mem.h"
#include "common/text.h"

char *employee_list_url(struct str base_url, struct str after)
{
    static const char *const wanted[] = {"name", "isWorking", "canLogin", "fireInProgress"};
    return query_url(base_url, "/employee",
                     page_query(wanted, sizeof wanted / sizeof *wanted, "Employee", after));
}

char *employee_cards_url(struct str base_url, struct str after)
{
    static const char *const wanted[] = {"name",      "position", "contactInfo",
                                         "isWorking", "canLogin", "fireInProgress"};
    return query_url(base_url, "/employee",
                     page_query(wanted, sizeof wanted / sizeof *wanted, "Employee", after));
}

bool employee_says(const struct jval *row, bool *working)
{
    bool works = false;
    bool may_log_in = false;
    bool leaving = false;
    bool says_works = jval_bool(jval_get(row, "isWorking"), &works);
    bool says_login = jval_bool(jval_get(row, "canLogin"), &may_log_in);
    bool says_leaving = jval_bool(jval_get(row, "fireInProgress"), &leaving);
    if ((says_works && !works) || (says_login && !may_log_in) || (says_leaving && leaving)) {
        *working = false;
        return true;
    }
    *working = says_works && says_login;
    return *working;
}

/* Where the id stands or belongs. */
static size_t position(const struct employee_list *list, struct str id, bool *there)
{
    size_t low = 0;
    size_t high = list->count;
    *there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = lookup_compare_ids(id, str_of(list->all[middle].id));
        if (order == 0) {
            *there = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static struct employee *insert(struct employee_list *list, size_t at)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : PAGE_ROWS;
        struct employee *more = mem_try_resize(list->all, room, sizeof *more);
        if (!more)
            return NULL;
        list->all = more;
        list->room = room;
    }
    struct employee *e = &list->all[at];
    memmove(e + 1, e, (list->count - at) * sizeof *e);
    list->count++;
    return e;
}

struct reading {
    struct employee_list *list;
    bool failed;
};

static void take_text(char *out, size_t room, struct str text)
{
    struct str cut = text_cut(text, room - 1);
    if (cut.len)
        memcpy(out, cut.ptr, cut.len);
}

/* An address that is cut would be another one's. */
static void take_email(struct employee *e, const struct jval *contacts)
{
    for (size_t i = 0; i < jval_size(contacts); i++) {
        const struct jval *one = jval_at(contacts, i);
        struct str value = jval_get_text(one, "value");
        bool is_main = false;
        (void)jval_bool(jval_get(one, "isMain"), &is_main);
        if (!str_is(jval_get_text(one, "type"), "email") || value.len == 0 ||
            value.len >= EMPLOYEE_EMAIL || (e->email[0] && !is_main))
            continue;
        memset(e->email, 0, sizeof e->email);
        memcpy(e->email, value.ptr, value.len);
        if (is_main)
            return;
    }
}

static bool is_dismissed(const struct jval *row)
{
    bool works = true;
    return jval_bool(jval_get(row, "isWorking"), &works) && !works;
}

static void take_row(void *arg, const struct jval *row, const char id[LOOKUP_ID])
{
    struct reading *r = arg;
    bool there = false;
    bool working = false;
    size_t at = position(r->list, str_of(id), &there);
    if (r->failed || there)
        return;
    struct employee *e = r->list->count < LIMIT_EMPLOYEES ? insert(r->list, at) : NULL;
    if (!e) {
        r->failed = true;
        return;
    }
    *e = (struct employee){.working = false};
    memcpy(e->id, id, LOOKUP_ID);
    take_text(e->name, sizeof e->name, jval_get_text(row, "name"));
    take_text(e->position, sizeof e->position, jval_get_text(row, "position"));
    take_email(e, jval_get(row, "contactInfo"));
    e->dismissed = is_dismissed(row);
    if (employee_says(row, &working))
        e->working = working;
    else /* asked for, and only canLogin may be silent */
        e->working = jval_bool(jval_get(row, "isWorking"), &working) && working;
}

bool employee_read_page(const struct answer *a, struct employee_list *list)
{
    struct reading reading = {list, false};
    const struct page_reader reader = {PAGE_ANY_AGE, take_row, &reading};
    struct page_place place = list->place;
    if (!page_read(a, &reader, &place) || reading.failed)
        return false;
    list->place = place;
    return true;
}

const struct employee *employee_find(const struct employee_list *list, struct str id)
{
    bool there = false;
    size_t at = position(list, id, &there);
    return there ? &list->all[at] : NULL;
}

bool employee_works(const struct employee_list *list, struct str id)
{
    const struct employee *e = employee_find(list, id);
    return e && e->working;
}

void employee_list_done(struct employee_list *list)
{
    free(list->all);
    *list = (struct employee_list){.count = 0};
}
