/*
 * queries/user_info_by_dct_number. Pure.
 */
#include "common/mango/visitor_query.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_MIN 5
#define NUMBER_MAX 32

static bool is_number(struct str s)
{
    if (s.len < NUMBER_MIN || s.len > NUMBER_MAX)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

enum err visitor_query_json(struct str number, char **out, struct error *e)
{
    *out = NULL;
    if (!is_number(number))
        return error_set(e, ERR_INPUT, "number: %d to %d digits", NUMBER_MIN, NUMBER_MAX);
    struct jval *body = jval_new_object();
    jval_put_text(body, "number", number);
    *out = jval_dump(body, false);
    jval_free(body);
    return *out ? ERR_OK : error_set(e, ERR_INTERNAL, "no memory");
}

/* No data, or none of anybody. */
static bool is_nobody(const struct jval *answer, const struct jval *data)
{
    bool empty_list = jval_type(answer) == JVAL_ARRAY && jval_size(answer) == 0;
    if (!data)
        return jval_type(answer) == JVAL_OBJECT || empty_list;
    return jval_type(data) == JVAL_NULL || (jval_type(data) == JVAL_ARRAY && jval_size(data) == 0);
}

char *visitor_query_read(const struct jval *answer)
{
    const struct jval *data = jval_get(answer, "data");
    if (is_nobody(answer, data))
        return strdup("{}");
    if (jval_type(data) != JVAL_OBJECT)
        return NULL;
    char *text = jval_dump(data, true);
    if (text && strlen(text) > VISITOR_QUERY_DATA) {
        free(text);
        return NULL;
    }
    return text;
}
