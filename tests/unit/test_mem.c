/* Memory: zeroed, copied, formatted; without it a program ends with one log line and code 70. */
#include <stdlib.h>

#include "common/mem.h"
#include "tests/unit/fault.h"
#include "tests/unit/unit.h"

START_TEST(gives_memory)
{
    char *text CLEANUP(mem_free_text) = mem_copy(STR_NONE);
    char *copy CLEANUP(mem_free_text) = mem_copy((struct str){"abcdef", 3});
    char *made CLEANUP(mem_free_text) = mem_format("%s-%d", "x", 5);
    int *numbers = mem_alloc(3, sizeof(int));

    ck_assert_str_eq(text, "");
    ck_assert_str_eq(copy, "abc");
    ck_assert_str_eq(made, "x-5");
    ck_assert(numbers[0] == 0 && numbers[2] == 0);
    numbers = mem_resize(numbers, 100, sizeof(int));
    numbers[99] = 1;
    free(numbers);
    numbers = mem_alloc(0, 0);
    ck_assert_ptr_nonnull(numbers);
    free(numbers);
}
END_TEST

START_TEST(tries_and_fails)
{
    char *p = mem_try_copy(STR("text"));

    ck_assert_str_eq(p, "text");
    free(p);
    fault_after(0);
    ck_assert_ptr_null(mem_try_alloc(1, 1));
    ck_assert(fault_happened());
    p = mem_try_alloc(1, 1);
    ck_assert_ptr_nonnull(p);
    fault_after(0);
    ck_assert_ptr_null(mem_try_resize(p, 2, 1));
    fault_after(0);
    ck_assert_ptr_null(mem_try_copy(STR("x")));
    free(p);
}
END_TEST

START_TEST(ends_without_memory)
{
    mem_out();
}
END_TEST

int main(void)
{
    return UNIT_RUN_EXIT("mem", ends_without_memory, 70, gives_memory, tries_and_fails);
}
