/*
 * What stands in the world's Megaplan, as a text that two runs can be compared by.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/world_megaplan.h"

#define STATE_MAX (1 << 20)

static struct jval *told(const struct world *w, const struct jval *v);

/* Instead of an id, which says nothing: whose it is. */
static struct jval *link_told(const struct world *w, const struct jval *link)
{
    const struct world_thing *t = world_find_link(w, link);
    struct str type = jval_get_text(link, "contentType");
    struct str id = jval_get_text(link, "id");
    char *text CLEANUP(mem_free_text) = NULL;
    if (str_starts(type, STR("Contractor")))
        text = mem_format("%.*s of %s, %s", STR_ARG(type), t ? t->phone : "nothing",
                          t ? t->description : "");
    else
        text = mem_format("%.*s %.*s", STR_ARG(type), STR_ARG(id));
    return jval_new_text(str_of(text));
}

static struct str label_of(const struct world *w, struct str name)
{
    for (size_t i = 0; i < w->nfields; i++)
        if (str_eq(name, jval_get_text(w->fields[i].values, "name")))
            return jval_get_text(w->fields[i].values, "hrName");
    return name;
}

static struct jval *object_told(const struct world *w, const struct jval *v)
{
    struct jval *made = jval_new_object();
    void *iter = NULL;
    struct str key;
    const struct jval *value;
    while (jval_next(v, &iter, &key, &value)) {
        char *name CLEANUP(mem_free_text) = mem_copy(label_of(w, key));
        if (jval_type(value) != JVAL_NULL)
            jval_put(made, name, told(w, value));
    }
    return made;
}

static struct jval *told(const struct world *w, const struct jval *v)
{
    if (jval_type(v) == JVAL_OBJECT)
        return jval_get(v, "id") && jval_get(v, "contentType") ? link_told(w, v)
                                                               : object_told(w, v);
    if (jval_type(v) != JVAL_ARRAY)
        return jval_copy(v);
    struct jval *made = jval_new_array();
    for (size_t i = 0; i < jval_size(v); i++)
        jval_append(made, told(w, jval_at(v, i)));
    return made;
}

static char *line_of(const struct world *w, enum world_shelf shelf, const struct world_thing *t)
{
    struct jval *values = told(w, t->values);
    if (shelf == WORLD_FIELDS) /* its own name is a number */
        jval_put_text(values, "name", jval_get_text(t->values, "hrName"));
    char *text CLEANUP(mem_free_text) = jval_dump_free(values, true);
    return mem_format("%s%s%s %s", world_type_of(shelf, t), t->dropped ? " dropped" : "",
                      t->gone ? " gone" : "", text);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *world_state(const struct world *w)
{
    static const enum world_shelf shelves[] = {WORLD_CLIENTS, WORLD_CALLS, WORLD_TASKS,
                                               WORLD_FIELDS};
    char *lines[3 * WORLD_MAX + 64] = {NULL};
    size_t n = 0;
    for (size_t s = 0; s < sizeof shelves / sizeof *shelves; s++) {
        size_t count = 0;
        const struct world_thing *things = world_shelf(w, shelves[s], &count);
        for (size_t i = 0; i < count; i++)
            lines[n++] = line_of(w, shelves[s], &things[i]);
    }
    qsort(lines, n, sizeof *lines, compare);
    struct buf text = BUF_INIT(STATE_MAX);
    for (size_t i = 0; i < n; i++) {
        buf_addf(&text, "%s\n", lines[i]);
        free(lines[i]);
    }
    buf_add(&text, "", 0);
    char *made = buf_take(&text);
    return made ? made : mem_copy(STR_NONE);
}
