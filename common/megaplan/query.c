/*
 * Addresses of Megaplan's API. Pure.
 */
#include "common/megaplan/query.h"

#include <stdlib.h>

#include "common/buf.h"
#include "common/text.h"

static struct str without_slash(struct str base)
{
    while (base.len && base.ptr[base.len - 1] == '/')
        base.len--;
    return base;
}

static char *build(struct str base_url, const char *path, const struct str *id, const char *rest,
                   struct jval *query)
{
    struct buf url = BUF_INIT(LIMIT_URL);
    buf_add_str(&url, without_slash(base_url));
    buf_add_str(&url, STR("/api/v3"));
    buf_add_str(&url, str_of(path));
    if (id) {
        buf_add_char(&url, '/');
        text_percent_encode(&url, *id);
    }
    buf_add_str(&url, str_of(rest));
    bool none = jval_type(query) == JVAL_NULL;
    char *json = none ? NULL : jval_dump(query, false);
    if (json) {
        buf_add_char(&url, '?');
        text_percent_encode(&url, str_of(json));
    }
    bool whole = (none || json) && (!id || id->len);
    free(json);
    jval_free(query);
    char *text = whole ? buf_take(&url) : NULL;
    buf_done(&url);
    return text;
}

char *query_url(struct str base_url, const char *path, struct jval *query)
{
    return build(base_url, path, NULL, "", query);
}

char *query_entity_url(struct str base_url, const char *path, struct str id, struct jval *query)
{
    return build(base_url, path, &id, "", query);
}

char *query_part_url(struct str base_url, const char *path, struct str id, const char *rest,
                     struct jval *query)
{
    return build(base_url, path, &id, rest, query);
}
