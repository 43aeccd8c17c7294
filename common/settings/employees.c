/*
 * employees[] of the settings (behaviour.md G2, B14): read, checked for repetitions, indexed, looked
 * up. Pure; one thread at a time while it is read, any afterwards.
 */
#include <stdlib.h>

#include "common/mem.h"
#include "common/settings/read.h"

/* One extension, own number or Megaplan id, and whose it is. */
struct key {
    const char *text;
    size_t employee;
    size_t place; /* in that employee's list */
};

struct keys {
    struct key *list; /* sorted by text */
    size_t n;
};

struct settings_index {
    struct keys extensions, numbers, ids;
};

static bool has_only(const char *text, const char *allowed)
{
    return text[strspn(text, allowed)] == '\0';
}

#define WORD "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-"

static enum err read_id(struct settings_reader *r, const struct settings_field *f,
                        const struct jval *v, void *target)
{
    enum err err = settings_read_text(r, f, v, target);

    if (!err && !has_only(*(char **)target, WORD))
        return settings_refuse(r, "not an id");
    return err;
}

static enum err check_extension(struct settings_reader *r, const char *extension)
{
    return has_only(extension, WORD "*#.") ? ERR_OK : settings_refuse(r, "not an extension");
}

static enum err read_extension(struct settings_reader *r, const struct settings_field *f,
                               const struct jval *v, void *target)
{
    struct settings_employee *employee = target;
    enum err err;

    employee->extensions = mem_try_alloc(1, sizeof(char *));
    if (!employee->extensions)
        return settings_no_memory(r);
    err = settings_read_text(r, f, v, &employee->extensions[0]);
    if (err)
        return err;
    employee->nextensions = 1;
    employee->has_extension = true;
    return check_extension(r, employee->extensions[0]);
}

/* Puts the texts of list behind those of the employee; list is theirs afterwards. */
static enum err add_extensions(struct settings_reader *r, struct settings_employee *employee,
                               char **list, size_t n)
{
    size_t all = employee->nextensions + n;
    char **joined = mem_try_resize(employee->extensions, all, sizeof(char *));

    if (!joined)
        return settings_no_memory(r);
    memcpy(joined + employee->nextensions, list, n * sizeof(char *));
    employee->extensions = joined;
    employee->nextensions = all;
    return ERR_OK;
}

static void free_texts(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

static enum err read_extensions(struct settings_reader *r, const struct settings_field *f,
                                const struct jval *v, void *target)
{
    char **list = NULL;
    size_t n = 0;
    enum err err = settings_read_texts(r, v, LIMIT_LIST_ENTRIES, &list, &n);

    (void)f;
    for (size_t i = 0; !err && i < n; i++) {
        size_t mark = settings_path_index(r, i);
        err = check_extension(r, list[i]);
        settings_path_back(r, mark);
    }
    if (!err && n)
        err = add_extensions(r, target, list, n);
    if (err)
        free_texts(list, n);
    else
        free(list);
    return err;
}

static enum err read_number(struct settings_reader *r, const struct jval *v, size_t i, void *arg)
{
    struct settings_employee *employee = arg;
    struct str text;

    if (!jval_text(v, &text))
        return settings_refuse(r, "not a text");
    if (!phone_from_card(text, str_of(r->out->country_code), &employee->numbers[i]))
        return settings_refuse(r, "not a phone number");
    employee->nnumbers++;
    return ERR_OK;
}

static enum err read_numbers(struct settings_reader *r, const struct settings_field *f,
                             const struct jval *v, void *target)
{
    struct settings_employee *employee = target;

    (void)f;
    employee->numbers = mem_try_alloc(jval_size(v), sizeof(struct phone));
    if (!employee->numbers)
        return settings_no_memory(r);
    return settings_read_list(r, v, LIMIT_LIST_ENTRIES, read_number, employee);
}

#define EMPLOYEE(f) .offset = offsetof(struct settings_employee, f)
#define WHOLE .offset = 0 /* the reader gets the struct settings_employee */

static enum err read_name(struct settings_reader *r, const struct settings_field *f,
                          const struct jval *v, void *target)
{
    struct str text;

    if (jval_text(v, &text) && text.len == 0)
        return ERR_OK;
    return settings_read_text(r, f, v, target);
}

static const struct settings_field fields[] = {
    {"megaplan_id", read_id, EMPLOYEE(megaplan_id), .required = true},
    {"name", read_name, EMPLOYEE(name), .nullable = true},
    {"extension", read_extension, WHOLE, .nullable = true},
    {"extensions", read_extensions, WHOLE},
    {"numbers", read_numbers, WHOLE},
};

static enum err read_employee(struct settings_reader *r, const struct jval *v, size_t i, void *arg)
{
    struct settings *s = arg;
    struct settings_employee *employee = &s->employees[i];

    s->nemployees++;
    employee->name = mem_try_copy(STR_NONE);
    if (!employee->name)
        return settings_no_memory(r);
    return settings_read_object(r, v, fields, sizeof(fields) / sizeof(fields[0]), employee);
}

enum err settings_employees_read(struct settings_reader *r, const struct settings_field *f,
                                 const struct jval *v, void *target)
{
    struct settings *s = target;

    (void)f;
    s->employees = mem_try_alloc(jval_size(v), sizeof(s->employees[0]));
    if (!s->employees)
        return settings_no_memory(r);
    return settings_read_list(r, v, LIMIT_EMPLOYEES, read_employee, s);
}

static void free_employee(struct settings_employee *employee)
{
    free(employee->megaplan_id);
    free(employee->name);
    free_texts(employee->extensions, employee->nextensions);
    free(employee->numbers);
}

static void free_index(struct settings_index *index)
{
    if (!index)
        return;
    free(index->extensions.list);
    free(index->numbers.list);
    free(index->ids.list);
    free(index);
}

void settings_employees_free(struct settings *s)
{
    for (size_t i = 0; i < s->nemployees; i++)
        free_employee(&s->employees[i]);
    free(s->employees);
    free_index(s->index);
}

/* In the document's order where the texts are equal. */
static int by_text(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int c = strcmp(x->text, y->text);

    if (c == 0)
        c = (x->employee > y->employee) - (x->employee < y->employee);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

static size_t count_keys(const struct settings *s,
                         size_t (*count)(const struct settings_employee *))
{
    size_t n = 0;

    for (size_t i = 0; i < s->nemployees; i++)
        n += count(&s->employees[i]);
    return n;
}

static bool build(const struct settings *s, size_t (*count)(const struct settings_employee *),
                  const char *(*text)(const struct settings_employee *, size_t), struct keys *out)
{
    out->list = mem_try_alloc(count_keys(s, count), sizeof(struct key));
    if (!out->list)
        return false;
    for (size_t i = 0; i < s->nemployees; i++)
        for (size_t k = 0; k < count(&s->employees[i]); k++)
            out->list[out->n++] = (struct key){text(&s->employees[i], k), i, k};
    qsort(out->list, out->n, sizeof(struct key), by_text);
    return true;
}

static size_t count_extensions(const struct settings_employee *e)
{
    return e->nextensions;
}

static const char *extension_at(const struct settings_employee *e, size_t i)
{
    return e->extensions[i];
}

static size_t count_numbers(const struct settings_employee *e)
{
    return e->nnumbers;
}

static const char *number_at(const struct settings_employee *e, size_t i)
{
    return e->numbers[i].digits;
}

static size_t count_ids(const struct settings_employee *e)
{
    (void)e;
    return 1;
}

static const char *id_at(const struct settings_employee *e, size_t i)
{
    (void)i;
    return e->megaplan_id;
}

static enum err index_employees(struct settings_reader *r)
{
    struct settings *s = r->out;
    struct settings_index *index = mem_try_alloc(1, sizeof(*index));

    free_index(s->index);
    s->index = index;
    if (!index || !build(s, count_extensions, extension_at, &index->extensions) ||
        !build(s, count_numbers, number_at, &index->numbers) ||
        !build(s, count_ids, id_at, &index->ids))
        return settings_no_memory(r);
    return ERR_OK;
}

/* The repetition that stands first in the document, or NULL. */
static const struct key *find_repeated(const struct keys *keys, const struct key **earlier)
{
    const struct key *first = NULL;

    for (size_t i = 1; i < keys->n; i++) {
        const struct key *k = &keys->list[i];
        if (strcmp(k->text, k[-1].text) == 0 &&
            (!first || k->employee < first->employee ||
             (k->employee == first->employee && k->place < first->place))) {
            first = k;
            *earlier = k - 1;
        }
    }
    return first;
}

static enum err refuse_repeated(struct settings_reader *r, const struct keys *keys, bool extensions)
{
    const struct key *earlier = NULL;
    const struct key *k = find_repeated(keys, &earlier);
    bool shorthand;

    if (!k)
        return ERR_OK;
    shorthand = extensions && r->out->employees[k->employee].has_extension;
    settings_path_key(r, STR("employees"));
    settings_path_index(r, k->employee);
    if (shorthand && k->place == 0) {
        settings_path_key(r, STR("extension"));
    } else {
        settings_path_key(r, extensions ? STR("extensions") : STR("numbers"));
        settings_path_index(r, k->place - shorthand);
    }
    return settings_refuse(r, "already in employees[%zu]", earlier->employee);
}

/* Moves what `from` has into `into`, which is the same employee. */
static enum err merge(struct settings_reader *r, struct settings_employee *into,
                      struct settings_employee *from)
{
    size_t all = into->nnumbers + from->nnumbers;
    struct phone *numbers = mem_try_resize(into->numbers, all, sizeof(*numbers));
    enum err err;

    if (!numbers)
        return settings_no_memory(r);
    into->numbers = numbers;
    if (from->nnumbers)
        memcpy(numbers + into->nnumbers, from->numbers, from->nnumbers * sizeof(*numbers));
    into->nnumbers = all;
    if (from->nextensions) {
        err = add_extensions(r, into, from->extensions, from->nextensions);
        if (err)
            return err;
        from->nextensions = 0;
    }
    if (!into->name[0]) {
        char *name = into->name;
        into->name = from->name;
        from->name = name;
    }
    return ERR_OK;
}

/* Leaves one entry, the first, of every employee; true if there was anything to do. */
static enum err merge_repeated(struct settings_reader *r, bool *merged)
{
    const struct keys *ids = &r->out->index->ids;
    struct settings_employee *employees = r->out->employees;
    size_t first = 0, kept = 0;
    enum err err;

    *merged = false;
    for (size_t i = 1; i < ids->n; i++) {
        if (strcmp(ids->list[first].text, ids->list[i].text) != 0) {
            first = i;
            continue;
        }
        err = merge(r, &employees[ids->list[first].employee], &employees[ids->list[i].employee]);
        if (err)
            return err;
        employees[ids->list[i].employee].has_extension = false;
        employees[ids->list[i].employee].nnumbers = SIZE_MAX; /* to be dropped */
        *merged = true;
    }
    for (size_t i = 0; *merged && i < r->out->nemployees; i++) {
        if (employees[i].nnumbers == SIZE_MAX)
            free_employee(&employees[i]);
        else
            employees[kept++] = employees[i];
    }
    if (*merged)
        r->out->nemployees = kept;
    return ERR_OK;
}

enum err settings_employees_finish(struct settings_reader *r)
{
    bool merged = false;
    enum err err;

    if ((err = index_employees(r)) ||
        (err = refuse_repeated(r, &r->out->index->extensions, true)) ||
        (err = refuse_repeated(r, &r->out->index->numbers, false)) ||
        (err = merge_repeated(r, &merged)))
        return err;
    return merged ? index_employees(r) : ERR_OK;
}

static const struct settings_employee *look_up(const struct settings *s, const struct keys *keys,
                                               struct str text)
{
    size_t low = 0, high = keys->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = str_cmp(str_of(keys->list[middle].text), text);
        if (c == 0)
            return &s->employees[keys->list[middle].employee];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct settings_employee *settings_employee_of(const struct settings *s, struct str extension)
{
    return look_up(s, &s->index->extensions, extension);
}

const struct settings_employee *settings_employee_of_number(const struct settings *s,
                                                            const struct phone *p)
{
    return look_up(s, &s->index->numbers, str_of(p->digits));
}

const struct settings_employee *settings_employee_by_id(const struct settings *s, const char *id)
{
    return look_up(s, &s->index->ids, str_of(id));
}
