/*
 * The main of a unit test: one suite, one case, its tests in order.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "common/jval.h"

int unit_run(const char *name, const TTest *const *tests, size_t n)
{
    return unit_run_exit(name, tests, n, NULL, 0);
}

int unit_run_exit(const char *name, const TTest *const *tests, size_t n, const TTest *exit_test,
                  int exit_code)
{
    jval_start();
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(all, tests[i]);
    if (exit_test)
        tcase_add_exit_test(all, exit_test, exit_code);
    tcase_set_timeout(all, 120); /* a hang, not a busy machine */
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
