/*
 * A new client, and looking for one. Pure.
 */
#include "common/megaplan/contractor.h"

#include <stdlib.h>
#include <string.h>

#include "common/megaplan/marker.h"
#include "common/megaplan/page.h"
#include "common/megaplan/query.h"
#include "common/megaplan/value.h"

#define DESCRIPTION_MAX 2048

char *contractor_marker(struct str entry_id)
{
    return marker_make(entry_id);
}

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
    jval_append(responsibles, value_link("Employee", c->responsible));
    jval_put(body, "responsibles", responsibles);
    if (!c->no_creator)
        jval_put(body, "userCreated", value_link("Employee", c->responsible));
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
    bool dropped = false;
    dropped = jval_bool(jval_get(row, "isDropped"), &dropped) && dropped;
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
    struct page_place place = {.more = false};
    memcpy(place.last, out->last, sizeof place.last);
    if (!page_read(a, &reader, &place))
        return false;
    memcpy(out->last, place.last, sizeof place.last);
    out->more = place.more;
    return true;
}
