/*
 * The failing allocator of the unit tests. One thread.
 */
#include "tests/unit/fault.h"

#include <check.h>

#include "common/mem.h"

static long countdown = -1;
static bool happened;

bool mem_fault(void)
{
    if (countdown < 0 || countdown-- > 0)
        return false;
    happened = true;
    return true;
}

void fault_after(long n)
{
    countdown = n;
    happened = false;
}

bool fault_happened(void)
{
    return happened;
}

void fault_walk(bool (*run)(void *arg), void *arg)
{
    long n = 0;

    do {
        fault_after(n++);
        bool reported = run(arg);
        ck_assert_msg(reported == happened, "allocation %ld: failed %d, reported %d", n - 1,
                      happened, reported);
    } while (happened);
    fault_after(-1);
    ck_assert_msg(n > 1, "no allocation was walked");
}
