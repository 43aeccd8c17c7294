/*
 * Who carries a phone number. Pure.
 */
#include "common/megaplan/lookup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/megaplan/contractor.h"
#include "common/megaplan/page.h"
#include "common/megaplan/query.h"
#include "common/megaplan/value.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/text.h"

/* requests */

static const char *const row_fields[] = {"contactInfo", "isDropped", "responsibles", "name"};
#define ROW_FIELDS (sizeof row_fields / sizeof *row_fields)

char *lookup_route_url(struct str base_url, const struct phone *number)
{
    struct jval *query = jval_new_object();
    jval_put_text(query, "phone", str_of(number->digits));
    return query_url(base_url, "/callRoute", query);
}

char *lookup_search_url(struct str base_url, const struct lookup *l)
{
    static const char *const paths[] = {"/contractor", "/contractorHuman", "/contractorCompany"};
    if (l->list >= LOOKUP_LIST_ENDED)
        return NULL;
    const char *type = value_contractor_type(l->list == LOOKUP_LIST_COMPANIES);
    struct jval *query = page_query(row_fields, ROW_FIELDS, type, str_of(l->last));
    jval_put_text(query, "q", str_of(l->number.digits));
    return query_url(base_url, paths[l->list], query);
}

char *lookup_fetch_url(struct str base_url, struct str id)
{
    struct jval *query = jval_new_object();
    jval_put(query, "fields", value_names(row_fields, ROW_FIELDS));
    return query_entity_url(base_url, "/contractor", id, query);
}

/* rows */

bool lookup_read_id(const struct jval *row, char out[LOOKUP_ID])
{
    struct str text = jval_get_text(row, "id");
    int64_t n = 0;
    if (jval_int(jval_get(row, "id"), &n)) {
        snprintf(out, LOOKUP_ID, "%" PRId64, n);
        return true;
    }
    if (text.len == 0 || text.len >= LOOKUP_ID)
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

int lookup_compare_ids(struct str a, struct str b)
{
    int64_t x = 0;
    int64_t y = 0;
    bool is_x = num_parse(a, 0, INT64_MAX, &x);
    bool is_y = num_parse(b, 0, INT64_MAX, &y);
    if (is_x != is_y)
        return is_x ? -1 : 1;
    if (!is_x || x == y)
        return str_cmp(a, b);
    return x < y ? -1 : 1;
}

static bool is_contractor(const struct jval *row)
{
    struct str type = jval_get_text(row, "contentType");
    return str_starts(type, STR("Contractor"));
}

bool lookup_carries(const struct jval *row, const struct phone *number, struct str country_code)
{
    const struct jval *contacts = jval_get(row, "contactInfo");
    for (size_t i = 0; i < jval_size(contacts); i++) {
        const struct jval *c = jval_at(contacts, i);
        struct phone found;
        if (str_is(jval_get_text(c, "contentType"), "ContactInfo") &&
            str_is(jval_get_text(c, "type"), "phone") &&
            phone_from_card(jval_get_text(c, "value"), country_code, &found) &&
            phone_same(&found, number))
            return true;
    }
    return false;
}

static enum lookup_fit fit_of(const struct lookup *l, const struct jval *row)
{
    bool dropped = false;
    bool says_dropped = jval_bool(jval_get(row, "isDropped"), &dropped);
    if (says_dropped && dropped)
        return LOOKUP_NO;
    if (jval_type(jval_get(row, "contactInfo")) != JVAL_ARRAY)
        return LOOKUP_UNKNOWN;
    if (!lookup_carries(row, &l->number, l->country_code))
        return LOOKUP_NO;
    return says_dropped ? LOOKUP_CLIENT : LOOKUP_UNKNOWN;
}

static struct lookup_candidate *find(struct lookup *l, struct str id)
{
    for (size_t i = 0; i < l->count; i++)
        if (str_is(id, l->candidates[i].id))
            return &l->candidates[i];
    return NULL;
}

static void grow(struct lookup *l)
{
    if (l->count < l->room)
        return;
    size_t room = l->room ? 2 * l->room : 2;
    l->candidates = mem_resize(l->candidates, room, sizeof *l->candidates);
    memset(l->candidates + l->room, 0, (room - l->room) * sizeof *l->candidates);
    l->room = room;
}

void lookup_done(struct lookup *l)
{
    free(l->candidates);
    *l = (struct lookup){0};
}

/* A place for one more: behind the others, one that does not fit, or the largest id's if this one is smaller. */
static struct lookup_candidate *place_for(struct lookup *l, const char id[LOOKUP_ID])
{
    struct lookup_candidate *largest = NULL;
    if (l->count < LOOKUP_MAX) {
        grow(l);
        return &l->candidates[l->count++];
    }
    for (size_t i = 0; i < l->count; i++) {
        struct lookup_candidate *c = &l->candidates[i];
        if (c->fit == LOOKUP_NO)
            return c;
        if (!largest || lookup_compare_ids(str_of(c->id), str_of(largest->id)) > 0)
            largest = c;
    }
    l->overflow++;
    return lookup_compare_ids(str_of(id), str_of(largest->id)) < 0 ? largest : NULL;
}

/* What a row tells besides whether it fits. */
static void take_more(struct lookup_candidate *c, const struct jval *row)
{
    size_t n = 0;
    struct str name = text_cut(jval_get_text(row, "name"), LOOKUP_NAME - 1);
    if (name.len) {
        memcpy(c->name, name.ptr, name.len);
        c->name[name.len] = '\0';
    }
    if (contractor_read_responsibles(row, c->responsibles, LOOKUP_RESPONSIBLES, &n)) {
        c->says_responsibles = true;
        c->nresponsibles = n;
    }
}

static void take(struct lookup *l, const struct jval *row)
{
    char id[LOOKUP_ID];
    if (!is_contractor(row) || !lookup_read_id(row, id))
        return;
    enum lookup_fit fit = fit_of(l, row);
    struct lookup_candidate *c = find(l, str_of(id));
    if (!c) {
        if (fit == LOOKUP_NO && l->count == LOOKUP_MAX)
            return;
        c = place_for(l, id);
        if (!c)
            return;
        *c = (struct lookup_candidate){.fit = fit};
        memcpy(c->id, id, sizeof id);
        c->company = str_is(jval_get_text(row, "contentType"), "ContractorCompany");
    } else if (c->fit == LOOKUP_UNKNOWN) {
        c->fit = fit;
    }
    take_more(c, row);
}

static bool take_all(struct lookup *l, const struct jval *rows)
{
    if (jval_type(rows) != JVAL_ARRAY)
        return false;
    for (size_t i = 0; i < jval_size(rows); i++)
        take(l, jval_at(rows, i));
    return true;
}

/* answers */

bool lookup_read_route(struct lookup *l, const struct answer *a)
{
    const struct jval *users = jval_get(a->data, "users");
    if (jval_type(users) == JVAL_OBJECT) { /* `employees` is known to come as a single object */
        take(l, users);
        return true;
    }
    return take_all(l, users);
}

static void take_row(void *arg, const struct jval *row, const char id[LOOKUP_ID])
{
    (void)id;
    take(arg, row);
}

/* Where the next search goes on. `more`: the answer says that there is more of this list. */
static void move_on(struct lookup *l, const struct page_place *place, bool more)
{
    bool whole = l->list == LOOKUP_LIST_ALL;
    l->last[0] = '\0';
    if (more && (!place->more || ++l->pages > LOOKUP_PAGES)) {
        l->list = LOOKUP_LIST_STUCK;
    } else if (!more) {
        l->list =
            whole || l->list == LOOKUP_LIST_COMPANIES ? LOOKUP_LIST_ENDED : LOOKUP_LIST_COMPANIES;
    } else if (whole) {
        l->list = LOOKUP_LIST_HUMANS; /* from its beginning */
    } else {
        memcpy(l->last, place->last, sizeof l->last);
    }
}

bool lookup_read_search(struct lookup *l, const struct answer *a)
{
    const struct page_reader reader = {PAGE_ANY_AGE, take_row, l};
    struct page_place place = {.more = false};
    memcpy(place.last, l->last, sizeof place.last);
    if (l->list >= LOOKUP_LIST_ENDED || !page_read(a, &reader, &place))
        return false;
    size_t rows = jval_size(a->data);
    move_on(l, &place, answer_has_more(a, rows, PAGE_ROWS) && (rows > 0 || a->pagination));
    return true;
}

bool lookup_incomplete(const struct lookup *l)
{
    return (l->list != LOOKUP_LIST_ALL && l->list != LOOKUP_LIST_ENDED) ||
           (l->overflow > 0 && !lookup_unknown(l) && !lookup_client(l));
}

bool lookup_read_fetch(struct lookup *l, struct str id, const struct answer *a)
{
    struct lookup_candidate *c = find(l, id);
    char got[LOOKUP_ID];
    if (!c || !lookup_read_id(a->data, got) || !str_is(id, got))
        return false;
    enum lookup_fit fit = fit_of(l, a->data);
    if (fit == LOOKUP_UNKNOWN) /* asked for and still silent: a field that is not there is no */
        fit = lookup_carries(a->data, &l->number, l->country_code) ? LOOKUP_CLIENT : LOOKUP_NO;
    c->fit = fit;
    take_more(c, a->data);
    return true;
}

void lookup_gone(struct lookup *l, struct str id)
{
    struct lookup_candidate *c = find(l, id);
    if (c)
        c->fit = LOOKUP_NO;
}

const struct lookup_candidate *lookup_unknown(const struct lookup *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->candidates[i].fit == LOOKUP_UNKNOWN)
            return &l->candidates[i];
    return NULL;
}

const struct lookup_candidate *lookup_client(const struct lookup *l)
{
    const struct lookup_candidate *best = NULL;
    for (size_t i = 0; i < l->count; i++) {
        const struct lookup_candidate *c = &l->candidates[i];
        if (c->fit == LOOKUP_CLIENT &&
            (!best || lookup_compare_ids(str_of(c->id), str_of(best->id)) < 0))
            best = c;
    }
    return best;
}

size_t lookup_others(const struct lookup *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->count; i++)
        n += l->candidates[i].fit == LOOKUP_CLIENT;
    return n ? n - 1 : 0;
}
