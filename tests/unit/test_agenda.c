/*
 * The heap of times.
 */
#include "tests/unit/unit.h"

#include "worker/crm/agenda.h"

#define MANY 500

START_TEST(gives_out_in_order_of_time)
{
    struct agenda a = {0};
    static struct agenda_entry entries[MANY];
    uint32_t seed = 1;
    for (int i = 0; i < MANY; i++) {
        seed = seed * 1664525u + 1013904223u;
        agenda_set(&a, &entries[i], seed % 1000);
    }
    for (int i = 0; i < MANY; i += 3)
        agenda_drop(&a, &entries[i]);
    for (int i = 1; i < MANY; i += 3)
        agenda_set(&a, &entries[i], (entries[i].at * 7) % 1000);
    int64_t before = -1;
    int n = 0;
    struct agenda_entry *e;
    while ((e = agenda_due(&a, 1000))) {
        ck_assert_int_ge(e->at, before);
        ck_assert_uint_eq(e->slot, 0);
        before = e->at;
        n++;
    }
    ck_assert_int_eq(n, MANY - (MANY + 2) / 3);
    ck_assert(agenda_next(&a) == AGENDA_NEVER);
    agenda_done(&a);
}
END_TEST

START_TEST(only_what_is_due)
{
    struct agenda a = {0};
    struct agenda_entry one = {0};
    struct agenda_entry two = {0};
    agenda_drop(&a, &one);
    ck_assert_ptr_null(agenda_due(&a, 5));
    agenda_set(&a, &one, 10);
    agenda_set(&a, &two, 20);
    ck_assert_ptr_null(agenda_due(&a, 9));
    ck_assert_int_eq(agenda_next(&a), 10);
    agenda_set(&a, &one, 30);
    ck_assert_ptr_eq(agenda_due(&a, 30), &two);
    agenda_done(&a);
    ck_assert_uint_eq(one.slot, 0);
}
END_TEST

START_TEST(the_urgent_first)
{
    struct agenda a = {0};
    struct agenda_entry early = {0}, late = {0}, urgent = {.urgent = true},
                        other = {.urgent = true};
    agenda_set(&a, &early, 1);
    agenda_set(&a, &late, 2);
    agenda_set(&a, &urgent, 10);
    agenda_set(&a, &other, 20);
    ck_assert_int_eq(agenda_next(&a), 1);
    ck_assert_ptr_null(agenda_due_urgent(&a, 9));
    ck_assert_ptr_eq(agenda_due_urgent(&a, 10), &urgent);
    ck_assert_ptr_null(agenda_due_urgent(&a, 10));
    ck_assert_ptr_eq(agenda_due(&a, 20), &other);
    ck_assert_ptr_eq(agenda_due(&a, 20), &early);
    agenda_set(&a, &urgent, 3);
    agenda_drop(&a, &late);
    ck_assert_int_eq(agenda_next(&a), 3);
    agenda_drop(&a, &urgent);
    agenda_drop(&a, &urgent);
    ck_assert(agenda_next(&a) == AGENDA_NEVER);
    agenda_set(&a, &urgent, 3);
    agenda_done(&a);
    ck_assert_uint_eq(urgent.slot, 0);
}
END_TEST

int main(void)
{
    return UNIT_RUN("agenda", gives_out_in_order_of_time, only_what_is_due, the_urgent_first);
}
