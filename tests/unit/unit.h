/*
 * What every unit test shares: its main.
 *
 *     START_TEST(adds) { ck_assert_int_eq(1 + 1, 2); } END_TEST
 *     int main(void) { return UNIT_RUN("sums", adds); }
 *
 * Each test runs in a process of its own (CK_FORK=no: in this one, for the debugger).
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <check.h>
#include <stddef.h>

/* Runs the tests in order and prints Check's summary. Returns the exit code for main. */
int unit_run(const char *name, const TTest *const *tests, size_t n);

#define UNIT_RUN(name, ...)                             \
    unit_run(name, (const TTest *const[]){__VA_ARGS__}, \
             sizeof((const TTest *const[]){__VA_ARGS__}) / sizeof(const TTest *))

#endif
