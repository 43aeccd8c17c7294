/*
 * Reads time zones from the system's tz database (package tzdata), by their IANA names. Blocking, but
 * local files of a few kilobytes.
 */
#ifndef COMMON_TZ_FILE_H
#define COMMON_TZ_FILE_H

#include <stdbool.h>

#include "common/err.h"
#include "common/tz.h"

/* The caller's (tz_free). ERR_INPUT: no such zone, or no name of one ("..", an absolute path). */
enum err tz_file_load(const char *name, struct tz **out, struct error *e) MUST_CHECK;
/* For settings_rules.timezone_known. */
bool tz_file_known(const char *name);

#endif
