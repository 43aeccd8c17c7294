/*
 * Plans on stderr, so that stdout has rows alone.
 */
#include "worker/tools/kit/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define MANY 100

void plan_say(const char *tool, const char *format, ...)
{
    va_list ap;

    fprintf(stderr, "worker %s: ", tool);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
}

bool plan_counts(const struct args *a)
{
    return !a->yes && isatty(STDIN_FILENO);
}

bool plan_agreed(const char *tool, const struct args *a, size_t effects)
{
    if (effects <= MANY || !plan_counts(a))
        return true;
    plan_say(tool, "that would be %zu; more than %d want --yes", effects, MANY);
    return false;
}
