/*
 * What changes things says its plan first, and on a terminal more than 100 effects want --yes (design.md 6.1).
 */
#ifndef WORKER_TOOLS_KIT_PLAN_H
#define WORKER_TOOLS_KIT_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/attr.h"
#include "worker/tools/kit/args.h"

/* One line on stderr: "worker replay: ...". */
void plan_say(const char *tool, const char *format, ...) PRINTF_LIKE(2, 3);
/* Somebody sits there, so the number of effects matters: it has to be known before plan_agreed. */
bool plan_counts(const struct args *a);
/* False: they are more than 100, and --yes was not said (told on stderr). */
bool plan_agreed(const char *tool, const struct args *a, size_t effects);

#endif
