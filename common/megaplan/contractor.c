/*
 * A new client, looking for one, reading and changing a card. Pure.
 */
#include "common/megaplan/contractor.h"

#include <stdlib.h>
#include <string.h>

#include "common/megaplan/employee.h"
#include "common/megaplan/marker.h"
#include "common/megaplan/page.h"
#include "common/megaplan/query.h"
#include "common/megaplan/value.h"
#include "common/mem.h"
#include "common/text.h"

#define DESCRIPTION_MAX 2048

/* The marker, and behind it who the creator is where userCreated cannot say it. */
static struct jval *description(const struct contractor_new *c)
{
    struct buf text = BUF_INIT(DESCRIPTION_MAX);
    char *marker = marker_make(c->entry_id);
    buf_add_str(&text, str_of(marker));
    if (c->no_creator) {
        buf_add_str(&text, STR("\nСоздан по звонку: "));
        buf_add_str(&text, c->employee.len ? c->employee : c->responsible);
    }
    struct jval *made = marker && !text.failed ? jval_new_text(buf_str(&text)) : NULL;
    free(marker);
    buf_done(&text);
    return made;
}

static struct jval *main_phone(struct str number)
{
    struct jval *phone = jval_new_object();
    jval_put_text(phone, "contentType", STR("ContactInfo"));
    jval_put_text(phone, "type", STR("phone"));
    jval_put_text(phone, "value", number);
    jval_put_bool(phone, "isMain", true);
    struct jval *contacts = jval_new_array();
    jval_append(contacts, phone);
    return contacts;
}

static struct jval *one_responsible(struct str responsible)
{
    struct jval *responsibles = jval_new_array();
    jval_append(responsibles, value_link("Employee", responsible));
    return responsibles;
}

static void put_fields(struct jval *body, const struct contractor_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *name = fields[i].name.len ? mem_try_copy(fields[i].name) : NULL;
        if (name)
            jval_put_text_clean(body, name, fields[i].value);
        else
            jval_put(body, "", NULL); /* the body fails */
        free(name);
    }
}

static char *dump(struct jval *body)
{
    char *text = jval_dump(body, false);
    jval_free(body);
    return text;
}

char *contractor_create_url(struct str base_url)
{
    return query_url(base_url, "/contractorHuman", QUERY_NONE);
}

char *contractor_create_body(const struct contractor_new *c)
{
    struct jval *body = jval_new_object();
    jval_put_text(body, "contentType", STR("ContractorHuman"));
    jval_put_text(body, "firstName", c->name);
    jval_put(body, "contactInfo", main_phone(c->phone));
    jval_put(body, "responsibles", one_responsible(c->responsible));
    if (!c->no_creator)
        jval_put(body, "userCreated", value_link("Employee", c->responsible));
    jval_put(body, "description", description(c));
    put_fields(body, c->fields, c->nfields);
    return dump(body);
}

bool contractor_read_created(const struct answer *a, char out[LOOKUP_ID])
{
    return a->kind == ANSWER_OK && lookup_read_id(a->data, out);
}

bool contractor_refuses_creator(const struct answer *a)
{
    return a->kind == ANSWER_RECORD && a->status == 422 && answer_names(a, "userCreated");
}

char *contractor_list_url(struct str base_url, struct str after)
{
    static const char *const wanted[] = {"contactInfo", "description", "timeCreated", "isDropped"};
    struct jval *query =
        page_query(wanted, sizeof wanted / sizeof *wanted, "ContractorHuman", after);
    jval_put(query, "sortBy", value_newest_first());
    return query_url(base_url, "/contractorHuman", query);
}

static void keep_smallest(char best[LOOKUP_ID], const char id[LOOKUP_ID])
{
    if (!best[0] || lookup_compare_ids(str_of(id), str_of(best)) < 0)
        memcpy(best, id, LOOKUP_ID);
}

struct reading {
    const struct contractor_search *search;
    struct contractor_page *page;
};

static void take_row(void *arg, const struct jval *row, const char id[LOOKUP_ID])
{
    const struct contractor_search *s = ((struct reading *)arg)->search;
    struct contractor_page *out = ((struct reading *)arg)->page;
    bool dropped = contractor_is_dropped(row);
    if (marker_found(jval_get_text(row, "description"), s->marker)) {
        keep_smallest(out->marked, id);
        out->nmarked += !dropped;
    }
    if (!dropped && lookup_carries(row, &s->number, s->country_code)) {
        keep_smallest(out->numbered, id);
        out->nnumbered++;
    }
}

bool contractor_read_page(const struct answer *a, const struct contractor_search *s,
                          struct contractor_page *out)
{
    struct reading reading = {s, out};
    const struct page_reader reader = {s->since, take_row, &reading};
    return page_read(a, &reader, &out->place);
}

/* a card */

static const char *path_of(bool company)
{
    return company ? "/contractorCompany" : "/contractorHuman";
}

char *contractor_read_url(struct str base_url, struct str id, bool company,
                          const char *const *names, size_t n)
{
    static const char *const always[] = {"responsibles", "contactInfo", "isDropped"};
    struct jval *fields = value_names(always, sizeof always / sizeof *always);
    for (size_t i = 0; i < n; i++)
        jval_append(fields, jval_new_text(str_of(names[i])));
    struct jval *query = jval_new_object();
    jval_put(query, "fields", fields);
    return query_entity_url(base_url, path_of(company), id, query);
}

bool contractor_read_responsibles(const struct jval *row, struct contractor_responsible *out,
                                  size_t max, size_t *n)
{
    const struct jval *all = jval_get(row, "responsibles");
    *n = 0;
    if (jval_type(all) != JVAL_ARRAY)
        return false;
    for (size_t i = 0; i < jval_size(all) && *n < max; i++) {
        const struct jval *one = jval_at(all, i);
        struct contractor_responsible *r = &out[*n];
        if (!str_is(jval_get_text(one, "contentType"), "Employee") || !lookup_read_id(one, r->id))
            continue;
        r->says_working = employee_says(one, &r->working);
        ++*n;
    }
    return true;
}

bool contractor_field_empty(const struct jval *row, const char *name)
{
    const struct jval *value = jval_get(row, name);
    struct str text = STR_NONE;
    switch (jval_type(value)) {
    case JVAL_NONE:
    case JVAL_NULL:
        return true;
    case JVAL_ARRAY:
        return jval_size(value) == 0;
    case JVAL_TEXT:
        for (jval_text(value, &text); text.len && text.ptr[0] == ' ';)
            text = str_from(text, 1);
        return text.len == 0;
    default:
        return false;
    }
}

bool contractor_is_dropped(const struct jval *row)
{
    bool dropped = false;
    return jval_bool(jval_get(row, "isDropped"), &dropped) && dropped;
}

char *contractor_update_url(struct str base_url, struct str id, bool company)
{
    return query_entity_url(base_url, path_of(company), id, QUERY_NONE);
}

char *contractor_responsible_body(struct str id, bool company, struct str responsible)
{
    struct jval *body = value_contractor(id, company);
    jval_put(body, "responsibles", one_responsible(responsible));
    return dump(body);
}

char *contractor_fields_body(struct str id, bool company, const struct contractor_field *fields,
                             size_t n)
{
    struct jval *body = n ? value_contractor(id, company) : NULL;
    put_fields(body, fields, n);
    return dump(body);
}

char *contractor_drop_responsible_url(struct str base_url, struct str id, bool company,
                                      struct str responsible)
{
    struct buf rest = BUF_INIT(LIMIT_URL);
    buf_add_str(&rest, STR("/responsibles/Employee/"));
    text_percent_encode(&rest, responsible);
    char *url = rest.failed || !responsible.len
                    ? NULL
                    : query_part_url(base_url, path_of(company), id, rest.data, QUERY_NONE);
    buf_done(&rest);
    return url;
}
