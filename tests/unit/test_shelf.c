/*
 * Things by name: several of one name in the order of putting, through growth and taking in any order.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "worker/crm/shelf.h"

struct thing {
    struct shelf_place place; /* the first member: a thing's address is its place's */
    char name[16];
    int n;
    bool there;
};

static bool is_named(const struct shelf_place *p, struct str account, struct str name)
{
    const struct thing *t = (const struct thing *)(const void *)p;
    return str_is(account, "acme") && str_is(name, t->name);
}

static int at(struct shelf_place *p)
{
    return p ? ((struct thing *)(void *)p)->n : -1;
}

static void put(struct shelf *s, struct thing *t)
{
    shelf_put(s, &t->place, STR("acme"), str_of(t->name));
}

static void take(struct shelf *s, struct thing *t)
{
    shelf_take(s, &t->place, STR("acme"), str_of(t->name));
}

static struct shelf_place *find(const struct shelf *s, const char *name)
{
    return shelf_find(s, STR("acme"), str_of(name));
}

START_TEST(one_name_keeps_its_order)
{
    struct shelf s = {.is = is_named};
    struct thing t[4] = {
        {.name = "a", .n = 0}, {.name = "a", .n = 1}, {.name = "a", .n = 2}, {.name = "b", .n = 3}};
    ck_assert_ptr_null(find(&s, "a"));
    ck_assert_ptr_null(shelf_next(NULL, NULL));
    for (int i = 0; i < 4; i++)
        put(&s, &t[i]);
    ck_assert_uint_eq(s.names, 2);
    ck_assert_int_eq(at(find(&s, "a")), 2);
    ck_assert_ptr_null(shelf_find(&s, STR("other"), STR("a")));
    struct shelf_place *newest = find(&s, "a"), *p = NULL;
    for (int i = 0; i < 3; i++) {
        p = shelf_next(newest, p);
        ck_assert_int_eq(at(p), i);
    }
    ck_assert_ptr_null(shelf_next(newest, p));
    take(&s, &t[1]); /* from the middle, the newest, the last */
    ck_assert_int_eq(at(shelf_next(newest, &t[0].place)), 2);
    take(&s, &t[2]);
    ck_assert_int_eq(at(find(&s, "a")), 0);
    take(&s, &t[0]);
    ck_assert_ptr_null(find(&s, "a"));
    ck_assert_int_eq(at(find(&s, "b")), 3);
    ck_assert_uint_eq(s.names, 1);
    shelf_done(&s);
    ck_assert_ptr_null(find(&s, "b"));
}
END_TEST

#define THINGS 3000
#define NAMES 500

static void count(void *arg, const struct shelf_place *newest)
{
    int *names = arg;
    ck_assert_ptr_nonnull(newest);
    (*names)++;
}

/* What the shelf says against a plain look at all things. */
static void compare(const struct shelf *s, const struct thing *all, const int *order)
{
    int names = 0, seen = 0;
    for (int name = 0; name < NAMES; name++) {
        char text[16];
        snprintf(text, sizeof text, "n%d", name);
        struct shelf_place *newest = find(s, text), *p = NULL;
        int last = -1, n = 0;
        while ((p = shelf_next(newest, p))) {
            ck_assert(all[at(p)].there);
            ck_assert_str_eq(all[at(p)].name, text);
            ck_assert_int_gt(order[at(p)], last);
            last = order[at(p)];
            n++;
        }
        names += newest != NULL;
        seen += n;
    }
    for (int i = 0; i < THINGS; i++)
        seen -= all[i].there;
    ck_assert_int_eq(seen, 0);
    int each = 0;
    shelf_each(s, count, &each);
    ck_assert_int_eq(each, names);
    ck_assert_uint_eq(s->names, (size_t)names);
}

START_TEST(many_in_any_order)
{
    static struct thing all[THINGS];
    static int order[THINGS];
    struct shelf s = {.is = is_named};
    unsigned seed = 7;
    int puts = 0;
    for (int i = 0; i < THINGS; i++) {
        all[i].n = i;
        snprintf(all[i].name, sizeof all[i].name, "n%d", i * 7919 % NAMES);
    }
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1103515245U + 12345U;
        int i = (int)((seed >> 8) % THINGS);
        if (all[i].there) {
            take(&s, &all[i]);
        } else {
            put(&s, &all[i]);
            order[i] = puts++;
        }
        all[i].there = !all[i].there;
        if (step % 2500 == 0)
            compare(&s, all, order);
    }
    compare(&s, all, order);
    for (int i = 0; i < THINGS; i++) {
        if (all[i].there)
            take(&s, &all[i]);
        all[i].there = false;
    }
    compare(&s, all, order);
    shelf_done(&s);
}
END_TEST

int main(void)
{
    return UNIT_RUN("shelf", one_name_keeps_its_order, many_in_any_order);
}
