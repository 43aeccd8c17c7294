/*
 * A new client, and looking for one. Pure.
 */
#include "common/megaplan/contractor.h"

#include <stdlib.h>
#include <string.h>

#include "common/megaplan/query.h"
#include "common/text.h"

#define DESCRIPTION_MAX 2048

static struct jval *link_to(const char *type, struct str id)
{
    struct jval *link = jval_new_object();
    jval_put_text(link, "contentType", str_of(type));
    jval_put_text(link, "id", id);
    return link;
}

static char *marker(struct str entry_id, size_t max, struct str rest)
{
    struct buf text = BUF_INIT(max);
    buf_add_str(&text, STR("MANGO "));
    buf_add_str(&text, entry_id);
    buf_add_str(&text, rest);
    char *made = buf_take(&text);
    buf_done(&text);
    return made;
}

char *contractor_marker(struct str entry_id)
{
    return marker(entry_id, DESCRIPTION_MAX, STR_NONE);
}

/* The marker, and behind it who the creator is where userCreated cannot say it. */
static struct jval *description(const struct contractor_new *c)
{
    struct buf rest = BUF_INIT(DESCRIPTION_MAX);
    if (c->no_creator) {
        buf_add_str(&rest, STR("\nСоздан по звонку: "));
        buf_add_str(&rest, c->employee.len ? c->employee : c->responsible);
    }
    char *text = rest.failed ? NULL : marker(c->entry_id, DESCRIPTION_MAX, buf_str(&rest));
    struct jval *made = text ? jval_new_text(str_of(text)) : NULL;
    free(text);
    buf_done(&rest);
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

char *contractor_create_url(struct str base_url)
{
    return query_url(base_url, "/contractorHuman", NULL);
}

char *contractor_create_body(const struct contractor_new *c)
{
    struct jval *body = jval_new_object();
    jval_put_text(body, "contentType", STR("ContractorHuman"));
    jval_put_text(body, "firstName", c->name);
    jval_put(body, "contactInfo", main_phone(c->phone));
    struct jval *responsibles = jval_new_array();
    jval_append(responsibles, link_to("Employee", c->responsible));
    jval_put(body, "responsibles", responsibles);
    if (!c->no_creator)
        jval_put(body, "userCreated", link_to("Employee", c->responsible));
    jval_put(body, "description", description(c));
    char *text = jval_dump(body, false);
    jval_free(body);
    return text;
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
    struct jval *newest = jval_new_object();
    jval_put_text(newest, "contentType", STR("SortField"));
    jval_put_text(newest, "fieldName", STR("timeCreated"));
    jval_put_bool(newest, "desc", true);
    struct jval *sort = jval_new_array();
    jval_append(sort, newest);
    struct jval *fields = jval_new_array();
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        jval_append(fields, jval_new_text(str_of(wanted[i])));
    struct jval *query = jval_new_object();
    jval_put(query, "sortBy", sort);
    jval_put_int(query, "limit", CONTRACTOR_PAGE);
    jval_put(query, "fields", fields);
    if (after.len)
        jval_put(query, "pageAfter", link_to("ContractorHuman", after));
    return query_url(base_url, "/contractorHuman", query);
}

/* Whether the marker stands in the text as a whole: "MANGO ab" is not in "MANGO abc". */
static bool has_marker(struct str text, struct str wanted)
{
    for (size_t i = 0; wanted.len && i + wanted.len <= text.len; i++) {
        const char *at = memmem(text.ptr + i, text.len - i, wanted.ptr, wanted.len);
        if (!at)
            return false;
        size_t end = (size_t)(at - text.ptr) + wanted.len;
        bool ends =
            end == text.len || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789+/=-_.:",
                                       text.ptr[end]);
        if (ends)
            return true;
        i = (size_t)(at - text.ptr);
    }
    return false;
}

static void keep_smallest(char best[LOOKUP_ID], const char id[LOOKUP_ID])
{
    if (!best[0] || lookup_compare_ids(str_of(id), str_of(best)) < 0)
        memcpy(best, id, LOOKUP_ID);
}

static void take_row(const struct jval *row, const struct contractor_search *s,
                     struct contractor_page *out)
{
    char id[LOOKUP_ID];
    if (!lookup_read_id(row, id))
        return;
    memcpy(out->last, id, sizeof id);
    bool dropped = false;
    dropped = jval_bool(jval_get(row, "isDropped"), &dropped) && dropped;
    if (has_marker(jval_get_text(row, "description"), s->marker)) {
        keep_smallest(out->marked, id);
        out->nmarked += !dropped;
    }
    if (!dropped && lookup_carries(row, &s->number, s->country_code)) {
        keep_smallest(out->numbered, id);
        out->nnumbered++;
    }
}

static bool created_before(const struct jval *row, int64_t since)
{
    int64_t at = 0;
    struct str value = jval_get_text(jval_get(row, "timeCreated"), "value");
    return text_parse_time(value, &at) && at < since;
}

bool contractor_read_page(const struct answer *a, const struct contractor_search *s,
                          struct contractor_page *out)
{
    if (a->kind != ANSWER_OK || jval_type(a->data) != JVAL_ARRAY)
        return false;
    size_t rows = jval_size(a->data);
    char behind[LOOKUP_ID];
    char first[LOOKUP_ID];
    memcpy(behind, out->last, sizeof behind);
    out->more = rows > 0 && answer_has_more(a, rows, CONTRACTOR_PAGE);
    out->last[0] = '\0';
    bool again = behind[0] && lookup_read_id(jval_at(a->data, 0), first) &&
                 str_eq(str_of(first), str_of(behind));
    if (again) /* if nothing else comes the list goes nowhere, which is not its end */
        memcpy(out->last, behind, sizeof behind);
    for (size_t i = again ? 1 : 0; i < rows; i++) {
        const struct jval *row = jval_at(a->data, i);
        if (created_before(row, s->since)) {
            out->more = false;
            return true;
        }
        take_row(row, s, out);
    }
    if (!out->last[0])
        out->more = false;
    return true;
}
