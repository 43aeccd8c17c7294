/*
 * The list of calls in Megaplan. Pure.
 */
#include "common/megaplan/callinfo_list.h"

#include <stdint.h>
#include <string.h>

#include "common/megaplan/query.h"
#include "common/text.h"

#define NEAR_MS 5000
#define DIGITS 10 /* of a number, its last ones: how its country is written does not matter */

struct seen {
    struct str provider;
    char number[DIGITS + 1];
    bool outgoing;
    int64_t from, to; /* unix ms */
};

char *callinfo_list_url(struct str base_url)
{
    struct jval *query = jval_new_object(), *sort = jval_new_array(), *by = jval_new_object();
    jval_put_text(by, "contentType", STR("SortField"));
    jval_put_text(by, "fieldName", STR("id"));
    jval_put_bool(by, "desc", true);
    jval_append(sort, by);
    jval_put_int(query, "limit", CALLINFO_LIST_ROWS);
    jval_put(query, "sortBy", sort);
    return query_url(base_url, "/callInfo", query);
}

static void last_digits(struct str number, char out[DIGITS + 1])
{
    size_t n = 0;
    for (size_t i = number.len; i-- > 0 && n < DIGITS;)
        if (number.ptr[i] >= '0' && number.ptr[i] <= '9')
            out[n++] = number.ptr[i];
    out[n] = '\0';
}

static bool read_row(const struct jval *row, struct seen *out)
{
    struct str type = jval_get_text(row, "type");
    struct str from = jval_get_text(jval_get(row, "timeFrom"), "value");
    struct str to = jval_get_text(jval_get(row, "timeTo"), "value");
    out->outgoing = str_is(type, "out") || str_is(type, "fail");
    out->provider = jval_get_text(row, "providerId");
    last_digits(jval_get_text(row, out->outgoing ? "toPhone" : "fromPhone"), out->number);
    if (!text_parse_time(from, &out->from))
        return false;
    if (!text_parse_time(to, &out->to) || out->to < out->from)
        out->to = out->from;
    return out->number[0] != '\0';
}

static bool is_same(const struct seen *a, const struct seen *b)
{
    if (a->provider.len && str_eq(a->provider, b->provider))
        return true;
    return a->outgoing == b->outgoing && strcmp(a->number, b->number) == 0 &&
           a->from <= b->to + NEAR_MS && b->from <= a->to + NEAR_MS;
}

bool callinfo_list_read(const struct answer *a, struct callinfo_list *out)
{
    struct seen seen[CALLINFO_LIST_ROWS] = {{.outgoing = false}};
    *out = (struct callinfo_list){.calls = 0};
    if (a->kind != ANSWER_OK || jval_type(a->data) != JVAL_ARRAY)
        return false;
    for (size_t i = 0; i < jval_size(a->data) && out->calls < CALLINFO_LIST_ROWS; i++) {
        struct seen *one = &seen[out->calls];
        bool same = false;
        if (!read_row(jval_at(a->data, i), one))
            continue;
        for (size_t k = 0; k < out->calls && !same; k++)
            same = is_same(one, &seen[k]);
        out->calls++;
        out->twice += same;
    }
    return true;
}
