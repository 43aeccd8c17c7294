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
#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Runs the tests in order and prints Check's summary. Returns the exit code for main. */
int unit_run(const char *name, const TTest *const *tests, size_t n);

#define UNIT_RUN(name, ...)                             \
    unit_run(name, (const TTest *const[]){__VA_ARGS__}, \
             sizeof((const TTest *const[]){__VA_ARGS__}) / sizeof(const TTest *))

/* The same with one more test, which must end its process with exit_code. */
#define UNIT_RUN_EXIT(name, exit_test, exit_code, ...)       \
    unit_run_exit(name, (const TTest *const[]){__VA_ARGS__}, \
                  COUNT(((const TTest *const[]){__VA_ARGS__})), exit_test, exit_code)
int unit_run_exit(const char *name, const TTest *const *tests, size_t n, const TTest *exit_test,
                  int exit_code);

/* Fails unless the str has exactly the bytes of the terminated text. */
#define ck_assert_text(s, expected) \
    ck_assert_msg(str_is((s), (expected)), "%s is \"%.*s\", not \"%s\"", #s, STR_ARG(s), (expected))

#endif
