/*
 * A call in Megaplan. Pure.
 */
#include "common/megaplan/callinfo.h"

#include <string.h>

#include "common/megaplan/query.h"
#include "common/megaplan/value.h"

/* requests */

char *callinfo_provider_url(struct str base_url)
{
    return query_url(base_url, "/callInfo/provider", QUERY_NONE);
}

char *callinfo_create_url(struct str base_url)
{
    return query_url(base_url, "/callInfo", QUERY_NONE);
}

char *callinfo_history_url(struct str base_url)
{
    return query_url(base_url, "/callInfo/history", QUERY_NONE);
}

char *callinfo_find_url(struct str base_url, struct str provider_id)
{
    struct jval *query = jval_new_object();
    jval_put_text(query, "providerId", provider_id);
    return query_url(base_url, "/callInfo/provider", query);
}

char *callinfo_contractor_url(struct str base_url, struct str id)
{
    return query_part_url(base_url, "/callInfo", id, "/setContractor", QUERY_NONE);
}

static char *dump(struct jval *body)
{
    char *text = jval_dump(body, false);
    jval_free(body);
    return text;
}

char *callinfo_contractor_body(struct str client, bool company)
{
    return dump(value_contractor(client, company));
}

static void put_text(struct jval *body, const char *key, struct str text)
{
    if (text.len)
        jval_put_text(body, key, text);
}

static void put_time(struct jval *body, const char *key, int64_t at, int offset_s)
{
    if (at)
        jval_put(body, key, value_time(at, offset_s));
}

static void put_links(struct jval *body, const char *const *links, size_t n)
{
    if (n)
        jval_put(body, "recordLinks", value_names(links, n));
}

/* Who is at which end: the client's side first in "from" when the call comes in. */
static void put_users(struct jval *body, const struct callinfo *c)
{
    const char *client_side = c->incoming ? "fromUser" : "toUser";
    const char *own_side = c->incoming ? "toUser" : "fromUser";
    if (c->client.len)
        jval_put(body, client_side, value_contractor(c->client, c->company));
    if (c->employee.len)
        jval_put(body, own_side, value_link("Employee", c->employee));
}

static struct jval *info(struct str provider_id)
{
    struct jval *body = jval_new_object();
    jval_put_text(body, "contentType", STR("CallInfo"));
    jval_put_text(body, "providerId", provider_id);
    return body;
}

static struct jval *whole(const struct callinfo *c)
{
    struct jval *body = info(c->provider_id);
    put_text(body, "type", c->type);
    put_text(body, "state", c->state);
    put_text(body, "fromPhone", c->from_phone);
    put_text(body, "toPhone", c->to_phone);
    put_users(body, c);
    put_time(body, "timeFrom", c->time_from, c->offset_s);
    put_time(body, "timeTo", c->time_to, c->offset_s);
    put_links(body, c->links, c->nlinks);
    return body;
}

char *callinfo_body(const struct callinfo *c)
{
    return dump(whole(c));
}

char *callinfo_history_body(const struct callinfo *c)
{
    struct jval *rows = jval_new_array();
    jval_append(rows, whole(c));
    return dump(rows);
}

char *callinfo_links_body(struct str provider_id, const char *const *links, size_t n)
{
    struct jval *body = info(provider_id);
    put_links(body, links, n);
    return dump(body);
}

/* answers */

/* providerId is of any type; an answer to a change may leave it out. */
static bool is_of(const struct jval *row, struct str provider_id, bool or_silent)
{
    const struct jval *id = jval_get(row, "providerId");
    if (!id || jval_type(id) == JVAL_NULL)
        return or_silent;
    return str_eq(jval_get_text(row, "providerId"), provider_id);
}

static const struct jval *choose(const struct answer *a, struct str provider_id, char id[LOOKUP_ID])
{
    const struct jval *best = NULL;
    char one[LOOKUP_ID];
    if (a->kind != ANSWER_OK)
        return NULL;
    if (jval_type(a->data) == JVAL_OBJECT)
        return is_of(a->data, provider_id, true) && lookup_read_id(a->data, id) ? a->data : NULL;
    size_t n = jval_type(a->data) == JVAL_ARRAY ? jval_size(a->data) : 0;
    for (size_t i = 0; i < n; i++) {
        const struct jval *row = jval_at(a->data, i);
        if (!is_of(row, provider_id, n == 1) || !lookup_read_id(row, one) ||
            (best && lookup_compare_ids(str_of(one), str_of(id)) < 0))
            continue;
        best = row;
        memcpy(id, one, sizeof one);
    }
    return best;
}

bool callinfo_read_id(const struct answer *a, struct str provider_id, char out[LOOKUP_ID])
{
    return choose(a, provider_id, out) != NULL;
}

static bool is_contractor(const struct jval *user)
{
    return str_starts(jval_get_text(user, "contentType"), STR("Contractor"));
}

bool callinfo_read_row(const struct answer *a, struct str provider_id, struct callinfo_row *out)
{
    char id[LOOKUP_ID];
    const struct jval *row = choose(a, provider_id, id);
    if (!row)
        return false;
    *out = (struct callinfo_row){.type = jval_get_text(row, "type"),
                                 .state = jval_get_text(row, "state"),
                                 .has_client = is_contractor(jval_get(row, "fromUser")) ||
                                               is_contractor(jval_get(row, "toUser")),
                                 .links = jval_get(row, "recordLinks")};
    return true;
}

bool callinfo_row_links(const struct callinfo_row *row, struct str beginning)
{
    struct str link;
    for (size_t i = 0; i < jval_size(row->links); i++)
        if (jval_text(jval_at(row->links, i), &link) && str_starts(link, beginning))
            return true;
    return false;
}
