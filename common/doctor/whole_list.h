/*
 * Whether a list that was just read is to be believed. Pure.
 *
 * An empty or halved answer is no dismissal of half a company but a right that was lost, an index that is not built, a
 * page that was cut (design.md section 5).
 */
#ifndef COMMON_DOCTOR_WHOLE_LIST_H
#define COMMON_DOCTOR_WHOLE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* count: in the list; before: in the latest good one, 0 = none; mapped: that settings name. */
bool whole_list(size_t count, size_t before, size_t mapped);

#endif
