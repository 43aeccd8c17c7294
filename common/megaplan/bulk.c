/*
 * Several requests in one. Pure.
 */
#include "common/megaplan/bulk.h"

#include <stdlib.h>

#include "common/megaplan/query.h"
#include "common/mem.h"

char *bulk_url(struct str base_url)
{
    return query_url(base_url, "/bulk", QUERY_NONE);
}

/* What stands behind base_url, from "/api/v3" on; empty if the url is not under it. */
static struct str own_part(struct str base_url, struct str url)
{
    while (base_url.len && base_url.ptr[base_url.len - 1] == '/')
        base_url.len--;
    struct str part = str_starts(url, base_url) ? str_from(url, base_url.len) : STR_NONE;
    return str_starts(part, STR("/api/v3/")) ? part : STR_NONE;
}

static struct jval *one_call(struct str base_url, const struct bulk_call *c)
{
    struct str url = own_part(base_url, str_of(c->url));
    if (!url.len)
        return NULL;
    struct jval *call = jval_new_object();
    jval_put_text(call, "contentType", STR("ApiCall"));
    jval_put_text(call, "method", str_of(c->method));
    jval_put_text(call, "url", url);
    if (c->body)
        jval_put_text(call, "body", str_of(c->body));
    return call;
}

char *bulk_body(struct str base_url, const struct bulk_call *calls, size_t n)
{
    struct jval *all = n ? jval_new_array() : NULL;
    for (size_t i = 0; i < n; i++)
        jval_append(all, one_call(base_url, &calls[i]));
    struct jval *body = jval_new_object();
    jval_put_text(body, "contentType", STR("BulkApiCall"));
    jval_put(body, "calls", all);
    char *text = jval_dump(body, false);
    jval_free(body);
    return text;
}

static bool read_status(const struct jval *item, int *out)
{
    int64_t status = 0;
    if (!jval_int_loose(jval_get(item, "status"), 100, 599, &status))
        return false;
    *out = (int)status;
    return true;
}

static void read_end(const struct jval *item, struct bulk_end *end)
{
    const struct jval *body = jval_get(item, "body");
    struct str text = STR_NONE;
    if (read_status(jval_get(item, "meta"), &end->status)) {
        end->body = jval_dump(item, false);
    } else if (read_status(item, &end->status)) {
        if (jval_text(body, &text))
            end->body = mem_try_copy(text);
        else if (jval_type(body) == JVAL_OBJECT)
            end->body = jval_dump(body, false);
    }
}

bool bulk_read(const struct answer *a, struct bulk_end *ends, size_t n)
{
    bool is_bulk = a->kind == ANSWER_OK && jval_type(a->data) == JVAL_ARRAY;
    for (size_t i = 0; i < n; i++) {
        ends[i] = (struct bulk_end){.status = 0};
        if (is_bulk)
            read_end(jval_at(a->data, i), &ends[i]);
    }
    return is_bulk;
}

void bulk_ends_done(struct bulk_end *ends, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(ends[i].body);
        ends[i] = (struct bulk_end){.status = 0};
    }
}
