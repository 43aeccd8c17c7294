/*
 * Resources of the world's Megaplan about people: contractors, their search, extra fields, employees
 * (megaplan-api.md 2, 3.1-3.3, 4.5).
 */
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/phone.h"
#include "tests/unit/world_megaplan.h"

static bool has_number(const struct world_thing *t, struct str digits)
{
    const struct jval *contacts = jval_get(t->values, "contactInfo");
    for (size_t i = 0; i < jval_size(contacts); i++) {
        struct phone p;
        if (phone_from_card(jval_get_text(jval_at(contacts, i), "value"), STR("7"), &p) &&
            str_is(digits, p.digits))
            return true;
    }
    return false;
}

size_t world_clients_of(const struct world *w, const char *number)
{
    size_t n = 0;
    for (size_t i = 0; i < w->nclients; i++)
        n += !w->clients[i].dropped && !w->clients[i].gone &&
             has_number(&w->clients[i], str_of(number));
    return n;
}

static bool in_index(const struct world *w, const struct world_thing *t)
{
    return !t->gone && world_old_enough(w, t, w->index_lags ? 60000 : w->lag_index_ms);
}

/* GET callRoute: clients and employees as bare links. */
static struct jval *route(struct world_ask *a)
{
    struct str number = jval_get_text(a->query, "phone");
    if (!number.len || !world_check_keys(a, ",phone,"))
        return a->status == 200 ? world_refuse(a, 422, "phone", "phone is required") : NULL;
    struct jval *users = jval_new_array();
    for (int shelf = WORLD_CLIENTS; shelf <= WORLD_EMPLOYEES; shelf += WORLD_EMPLOYEES) {
        size_t n = 0;
        const struct world_thing *things = world_shelf(a->world, (enum world_shelf)shelf, &n);
        for (size_t i = 0; i < n; i++)
            if (in_index(a->world, &things[i]) && has_number(&things[i], number))
                jval_append(users, world_link(world_type_of((enum world_shelf)shelf, &things[i]),
                                              things[i].id));
    }
    struct jval *made = jval_new_object();
    jval_put_text(made, "contentType", STR("CallRoute"));
    jval_put_text(made, "type", STR("responsible"));
    jval_put_int(made, "timeout", 20);
    jval_put(made, "employees", jval_new_array());
    jval_put(made, "users", users);
    return made;
}

static bool takes_searched(const struct world_ask *a, const struct world_thing *t)
{
    struct str text = jval_get_text(a->query, "q");
    return text.len == 0 || (in_index(a->world, t) && has_number(t, text));
}

static bool takes_listed(const struct world_ask *a, const struct world_thing *t)
{
    return !t->company && world_old_enough(a->world, t, a->world->lag_list_ms) &&
           takes_searched(a, t);
}

static bool takes_company(const struct world_ask *a, const struct world_thing *t)
{
    return t->company && world_old_enough(a->world, t, a->world->lag_list_ms) &&
           takes_searched(a, t);
}

static struct jval *both_list(struct world_ask *a)
{
    if (str_is(jval_get_text(jval_get(a->query, "pageAfter"), "contentType"), "Contractor"))
        return world_refuse(a, 422, "pageAfter", "'Contractor' is not assignable");
    return world_list(a, WORLD_CLIENTS, "q,filter", takes_searched);
}

static struct jval *human_list(struct world_ask *a)
{
    return world_list(a, WORLD_CLIENTS, "q,filter", takes_listed);
}

static struct jval *company_list(struct world_ask *a)
{
    return world_list(a, WORLD_CLIENTS, "q,filter", takes_company);
}

/* one of them */

static struct jval *client_read(struct world_ask *a)
{
    const struct world_thing *t = world_find(a->world, WORLD_CLIENTS, str_of(a->ids[0]));
    if (!world_check_keys(a, ",fields,onlyRequestedFields,"))
        return NULL;
    if (!t)
        return world_refuse(a, 404, "", "not found");
    const struct jval *asked = jval_get(a->query, "fields");
    for (size_t i = 0; i < jval_size(asked); i++) {
        struct str name = STR_NONE;
        if (!jval_text(jval_at(asked, i), &name) ||
            !world_knows_field(a->world, "ContractorHuman", name))
            return world_refuse(a, 422, "fields", "have not this fields");
    }
    return world_row(a, WORLD_CLIENTS, t, NULL);
}

static struct jval *create(struct world_ask *a, bool company)
{
    struct jval *values =
        world_check(a, company ? "ContractorCompany" : "ContractorHuman", a->body, true);
    if (!values)
        return NULL;
    struct world_thing *t = world_add(a->world, WORLD_CLIENTS, values);
    t->company = company;
    struct jval *row = world_row(a, WORLD_CLIENTS, t, "firstName");
    jval_put(row, "name", jval_new_null());
    return row;
}

static struct jval *human_create(struct world_ask *a)
{
    return create(a, false);
}

static struct jval *company_create(struct world_ask *a)
{
    return create(a, true);
}

/* Those that stand there go before those that are set. */
static void append_responsibles(const struct world_thing *t, struct jval *values)
{
    const struct jval *set = jval_get(values, "responsibles");
    struct jval *links = jval_copy(jval_get(t->values, "responsibles"));
    for (size_t i = 0; i < jval_size(set); i++)
        jval_append(links, jval_copy(jval_at(set, i)));
    jval_put(values, "responsibles", links);
}

static struct jval *update(struct world_ask *a, bool company)
{
    if (a->body && !jval_get(a->body, "id")) /* section 1.9: it makes another one */
        return create(a, company);
    struct world_thing *t = world_find(a->world, WORLD_CLIENTS, str_of(a->ids[0]));
    if (!t || t->company != company)
        return world_refuse(a, 404, "", "not found");
    if (!str_is(jval_get_text(a->body, "id"), t->id))
        return world_refuse(a, 422, "id", "id in the body is another one");
    struct jval *values CLEANUP(jval_cleanup) =
        world_check(a, company ? "ContractorCompany" : "ContractorHuman", a->body, false);
    if (!values)
        return NULL;
    if (a->world->responsibles_append && jval_get(values, "responsibles"))
        append_responsibles(t, values);
    if (a->world->responsibles_stay)
        jval_put(values, "responsibles", jval_copy(jval_get(t->values, "responsibles")));
    world_change(t, values);
    return world_row(a, WORLD_CLIENTS, t, "firstName");
}

static struct jval *human_update(struct world_ask *a)
{
    return update(a, false);
}

static struct jval *company_update(struct world_ask *a)
{
    return update(a, true);
}

/* responsibles (2.5) */

static struct jval *responsible_add(struct world_ask *a)
{
    struct world_thing *t = world_find(a->world, WORLD_CLIENTS, str_of(a->ids[0]));
    if (!t)
        return world_refuse(a, 404, "", "not found");
    if (!world_check_link(a, a->body, "eh", "responsibles"))
        return NULL;
    const struct jval *before = jval_get(t->values, "responsibles");
    struct jval *links = before ? jval_copy(before) : jval_new_array();
    bool there = false;
    for (size_t i = 0; i < jval_size(links); i++)
        there |= str_eq(jval_get_text(jval_at(links, i), "id"), jval_get_text(a->body, "id"));
    if (!there)
        jval_append(links, jval_copy(a->body));
    struct jval *values CLEANUP(jval_cleanup) = jval_new_object();
    jval_put(values, "responsibles", links);
    world_change(t, values);
    return world_row(a, WORLD_CLIENTS, t, "responsibles");
}

static struct jval *responsible_delete(struct world_ask *a)
{
    struct world_thing *t = world_find(a->world, WORLD_CLIENTS, str_of(a->ids[0]));
    if (!t)
        return world_refuse(a, 404, "", "not found");
    const struct jval *before = jval_get(t->values, "responsibles");
    struct jval *links = jval_new_array();
    for (size_t i = 0; i < jval_size(before); i++) {
        const struct jval *link = jval_at(before, i);
        if (!str_is(jval_get_text(link, "contentType"), a->ids[1]) ||
            !str_is(jval_get_text(link, "id"), a->ids[2]))
            jval_append(links, jval_copy(link));
    }
    struct jval *values CLEANUP(jval_cleanup) = jval_new_object();
    jval_put(values, "responsibles", links);
    world_change(t, values);
    return world_row(a, WORLD_CLIENTS, t, "responsibles");
}

/* extra fields (2.8) */

static struct jval *field_rows(struct world_ask *a)
{
    struct jval *rows = jval_new_array();
    for (size_t i = 0; i < a->world->nfields; i++)
        if (!a->world->fields[i].gone)
            jval_append(rows, world_row(a, WORLD_FIELDS, &a->world->fields[i], NULL));
    return rows;
}

static struct jval *field_list(struct world_ask *a)
{
    return world_check_keys(a, ",limit,pageAfter,fields,onlyRequestedFields,sortBy,")
               ? field_rows(a)
               : NULL;
}

static struct jval *field_create(struct world_ask *a)
{
    struct jval *values = world_check(a, "StringField", a->body, true);
    if (!values)
        return NULL;
    char name[64];
    snprintf(name, sizeof name, "Category183CustomField%zu", a->world->nfields + 1);
    jval_put_text(values, "name", str_of(name));
    world_add(a->world, WORLD_FIELDS, values);
    return field_rows(a);
}

/* employees (2.6): dismissed ones too, filter and q are taken and ignored */

static bool takes_all(const struct world_ask *a, const struct world_thing *t)
{
    (void)a;
    (void)t;
    return true;
}

static struct jval *employee_list(struct world_ask *a)
{
    return world_list(a, WORLD_EMPLOYEES, "filter,q", takes_all);
}

static struct jval *employee_read(struct world_ask *a)
{
    const struct world_thing *t = world_find(a->world, WORLD_EMPLOYEES, str_of(a->ids[0]));
    return t ? world_row(a, WORLD_EMPLOYEES, t, NULL) : world_refuse(a, 404, "", "not found");
}

const struct world_resource world_of_clients[] = {
    {"GET", "/callRoute", route},
    {"GET", "/contractor", both_list},
    {"GET", "/contractorHuman", human_list},
    {"GET", "/contractorCompany", company_list},
    {"GET", "/contractor/{}", client_read},
    {"GET", "/contractorHuman/{}", client_read},
    {"GET", "/contractorCompany/{}", client_read},
    {"POST", "/contractorHuman", human_create},
    {"POST", "/contractorCompany", company_create},
    {"POST", "/contractorHuman/{}", human_update},
    {"POST", "/contractorCompany/{}", company_update},
    {"POST", "/contractorHuman/{}/responsibles", responsible_add},
    {"POST", "/contractorCompany/{}/responsibles", responsible_add},
    {"DELETE", "/contractorHuman/{}/responsibles/{}/{}", responsible_delete},
    {"DELETE", "/contractorCompany/{}/responsibles/{}/{}", responsible_delete},
    {"GET", "/contractorHuman/extraFields", field_list},
    {"GET", "/contractorCompany/extraFields", field_list},
    {"POST", "/contractorHuman/extraFields/{}", field_create},
    {"GET", "/employee", employee_list},
    {"GET", "/employee/{}", employee_read},
    {NULL, NULL, NULL},
};
