/*
 * A page of a list, row by row. Pure.
 */
#include "common/megaplan/page.h"

#include <string.h>

#include "common/megaplan/value.h"
#include "common/text.h"

struct jval *page_query(const char *const *fields, size_t n, const char *type, struct str after)
{
    struct jval *query = jval_new_object();
    jval_put_int(query, "limit", PAGE_ROWS);
    jval_put(query, "fields", value_names(fields, n));
    if (after.len)
        jval_put(query, "pageAfter", value_link(type, after));
    return query;
}

static bool created_before(const struct jval *row, int64_t since)
{
    int64_t at = 0;
    struct str value = jval_get_text(jval_get(row, "timeCreated"), "value");
    return text_parse_time(value, &at) && at < since;
}

/* Whether the page begins with the row it was to begin behind. */
static bool begins_again(const struct jval *rows, const char behind[LOOKUP_ID])
{
    char first[LOOKUP_ID];
    return behind[0] && lookup_read_id(jval_at(rows, 0), first) &&
           str_eq(str_of(first), str_of(behind));
}

bool page_read(const struct answer *a, const struct page_reader *r, struct page_place *place)
{
    char id[LOOKUP_ID];
    if (a->kind != ANSWER_OK || jval_type(a->data) != JVAL_ARRAY)
        return false;
    size_t n = jval_size(a->data);
    bool again = begins_again(a->data, place->last);
    place->more = n > 0 && answer_has_more(a, n, PAGE_ROWS);
    if (!again) /* if nothing else comes the list goes nowhere, which is not its end */
        place->last[0] = '\0';
    for (size_t i = again ? 1 : 0; i < n; i++) {
        const struct jval *row = jval_at(a->data, i);
        if (created_before(row, r->since)) {
            place->more = false;
            return true;
        }
        if (!lookup_read_id(row, id))
            continue;
        memcpy(place->last, id, sizeof id);
        r->row(r->arg, row, id);
    }
    if (!place->last[0])
        place->more = false;
    return true;
}
