/*
 * config/users/request. Pure.
 */
#include "common/mango/users_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

static void take(char *out, size_t room, struct str text)
{
    struct str cut = text_cut(text, room - 1);
    if (cut.len)
        memcpy(out, cut.ptr, cut.len);
    out[cut.len] = '\0';
}

/* A text or a number; one that does not fit is no one. */
static bool take_code(char *out, size_t room, const struct jval *v)
{
    int64_t n;
    struct str text;
    out[0] = '\0';
    if (jval_int(v, &n) && n >= 0)
        snprintf(out, room, "%" PRId64, n);
    else if (jval_text(v, &text) && text.len < room)
        take(out, room, text);
    return out[0] != '\0';
}

static void take_numbers(struct users_query_user *u, const struct jval *numbers)
{
    for (size_t i = 0; i < jval_size(numbers) && u->nnumbers < USERS_QUERY_NUMBERS; i++) {
        const struct jval *one = jval_at(numbers, i);
        if (take_code(u->numbers[u->nnumbers], USERS_QUERY_NUMBER, jval_get(one, "number")))
            u->nnumbers++;
    }
}

/* False: has no extension. */
static bool take_user(struct users_query_user *u, const struct jval *row)
{
    const struct jval *general = jval_get(row, "general");
    const struct jval *telephony = jval_get(row, "telephony");
    if (!take_code(u->extension, sizeof u->extension, jval_get(telephony, "extension")))
        return false;
    take(u->name, sizeof u->name, jval_get_text(general, "name"));
    take(u->email, sizeof u->email, jval_get_text(general, "email"));
    take_numbers(u, jval_get(telephony, "numbers"));
    return true;
}

int users_query_compare(struct str a, struct str b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return str_cmp(a, b);
}

static int by_extension(const void *a, const void *b)
{
    const struct users_query_user *x = a, *y = b;
    return users_query_compare(str_of(x->extension), str_of(y->extension));
}

static bool is_list(const struct jval *users)
{
    return jval_type(users) == JVAL_ARRAY ||
           (jval_type(users) == JVAL_OBJECT && jval_size(users) == 0);
}

bool users_query_read(const struct jval *answer, struct users_query_list *out)
{
    const struct jval *users = jval_get(answer, "users");
    size_t n = jval_size(users);
    *out = (struct users_query_list){.count = 0};
    if (!is_list(users) || n > LIMIT_EMPLOYEES)
        return false;
    out->all = mem_try_alloc(n + 1, sizeof *out->all);
    if (!out->all)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct users_query_user *u = &out->all[out->count];
        *u = (struct users_query_user){.nnumbers = 0};
        if (take_user(u, jval_at(users, i)))
            out->count++;
        else
            out->without++;
    }
    qsort(out->all, out->count, sizeof *out->all, by_extension);
    return true;
}

void users_query_done(struct users_query_list *list)
{
    free(list->all);
    *list = (struct users_query_list){.count = 0};
}

const struct users_query_user *users_query_find(const struct users_query_list *list,
                                                struct str extension)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_is(extension, list->all[i].extension))
            return &list->all[i];
    return NULL;
}
