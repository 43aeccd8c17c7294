/*
 * Rows of employees, extensions and proposals. Must not know where the lists come from. The admin thread only.
 */
#include "ingest/admin/staff_rows.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/phone.h"
#include "ingest/admin/propose.h"

#define NUMBER_MIN 5 /* digits of what may be somebody's number */

/* ---- Megaplan's side ---- */

/* A text that may be anything, null if there is none. */
static void put(struct jval *row, const char *key, const char *text)
{
    struct str s = str_of(text);
    if (s.len)
        jval_put_text_clean(row, key, s);
    else
        jval_put(row, key, jval_new_null());
}

static void add_employee(struct jval *list, const struct employee *e)
{
    struct jval *v = jval_new_object();
    jval_put_text_clean(v, "megaplan_id", str_of(e->id));
    jval_put_text_clean(v, "name", str_of(e->name));
    put(v, "email", e->email);
    put(v, "position", e->position);
    jval_put_bool(v, "works", e->working);
    jval_append(list, v);
}

/* Without a good list those stand whom the settings name. */
static void add_known_employee(struct jval *list, const struct settings_employee *e)
{
    struct jval *v = jval_new_object();
    jval_put_text(v, "megaplan_id", str_of(e->megaplan_id));
    jval_put_text(v, "name", str_of(e->name));
    jval_put(v, "email", jval_new_null());
    jval_put(v, "position", jval_new_null());
    jval_put(v, "works", jval_new_null());
    jval_append(list, v);
}

struct jval *staff_rows_employees(const struct employee_list *all, const struct settings *s)
{
    struct jval *list = jval_new_array();
    for (size_t i = 0; all && i < all->count; i++)
        if (!all->all[i].dismissed)
            add_employee(list, &all->all[i]);
    for (size_t i = 0; !all && i < s->nemployees; i++)
        add_known_employee(list, &s->employees[i]);
    return list;
}

/* ---- MANGO's side ---- */

static bool is_phone(const char *number)
{
    size_t digits = strspn(number, "+0123456789");
    return digits >= NUMBER_MIN && !number[digits];
}

static void add_number(struct jval *list, const char *number, bool shown)
{
    char masked[PHONE_MAX];
    if (!shown && is_phone(number)) {
        phone_mask(str_of(number), masked);
        number = masked;
    }
    jval_append(list, jval_new_text(str_of(number)));
}

/* Of two with one number the first has it. */
static bool is_listed(const struct users_query_list *users, size_t before, const char *number)
{
    for (size_t i = 0; i < before; i++)
        for (size_t k = 0; k < users->all[i].nnumbers; k++)
            if (strcmp(users->all[i].numbers[k], number) == 0)
                return true;
    return false;
}

bool staff_rows_twice(const struct users_query_list *users, size_t i)
{
    return i > 0 && strcmp(users->all[i].extension, users->all[i - 1].extension) == 0;
}

static void add_user(struct jval *list, const struct users_query_list *users, size_t at, bool shown)
{
    const struct users_query_user *u = &users->all[at];
    struct jval *v = jval_new_object(), *numbers = jval_new_array();
    jval_put_text_clean(v, "extension", str_of(u->extension));
    put(v, "name", u->name);
    put(v, "email", u->email);
    for (size_t i = 0; i < u->nnumbers; i++)
        if (!is_listed(users, at, u->numbers[i]))
            add_number(numbers, u->numbers[i], shown);
    jval_put(v, "numbers", numbers);
    jval_append(list, v);
}

static void add_known_extensions(struct jval *list, const struct settings_employee *e)
{
    for (size_t i = 0; i < e->nextensions; i++) {
        struct jval *v = jval_new_object();
        jval_put_text(v, "extension", str_of(e->extensions[i]));
        put(v, "name", e->name);
        jval_put(v, "email", jval_new_null());
        jval_put(v, "numbers", jval_new_array());
        jval_append(list, v);
    }
}

struct jval *staff_rows_extensions(const struct users_query_list *users, const struct settings *s,
                                   bool shown)
{
    struct jval *list = jval_new_array();
    for (size_t i = 0; users && i < users->count; i++)
        if (!staff_rows_twice(users, i))
            add_user(list, users, i, shown);
    for (size_t i = 0; !users && i < s->nemployees; i++)
        add_known_extensions(list, &s->employees[i]);
    return list;
}

/* ---- proposals ---- */

/* Who may be mapped: works, and is not mapped yet. */
static struct propose_party *people_of(const struct employee_list *all, const struct settings *s)
{
    struct propose_party *out = mem_alloc(all->count + 1, sizeof *out);
    for (size_t i = 0; i < all->count; i++) {
        const struct employee *e = &all->all[i];
        bool mapped = !e->working || settings_employee_by_id(s, e->id);
        out[i] = (struct propose_party){str_of(e->name), str_of(e->email), mapped};
        if (e->dismissed) /* nobody */
            out[i] = (struct propose_party){.mapped = true};
    }
    return out;
}

static struct propose_party *lines_of(const struct users_query_list *users,
                                      const struct settings *s)
{
    struct propose_party *out = mem_alloc(users->count + 1, sizeof *out);
    for (size_t i = 0; i < users->count; i++) {
        const struct users_query_user *u = &users->all[i];
        bool twice =
            staff_rows_twice(users, i) || (i + 1 < users->count && staff_rows_twice(users, i + 1));
        bool mapped = twice || settings_employee_of(s, str_of(u->extension));
        out[i] = (struct propose_party){str_of(u->name), str_of(u->email), mapped};
    }
    return out;
}

struct jval *staff_rows_proposals(const struct employee_list *all,
                                  const struct users_query_list *users, const struct settings *s)
{
    struct jval *list = jval_new_array();
    size_t n;
    if (!all || !users)
        return list;
    struct propose_party *a = people_of(all, s), *b = lines_of(users, s);
    struct propose_pair *pairs = propose_pairs(a, all->count, b, users->count, &n);
    for (size_t i = 0; i < n; i++) {
        struct jval *v = jval_new_object();
        jval_put_text_clean(v, "megaplan_id", str_of(all->all[pairs[i].employee].id));
        jval_put_text_clean(v, "extension", str_of(users->all[pairs[i].extension].extension));
        jval_put_text(v, "by", pairs[i].by_email ? STR("email") : STR("name"));
        jval_append(list, v);
    }
    free(pairs);
    free(a);
    free(b);
    return list;
}
