/*
 * Local time of a time zone from the system's tz database, without the process-wide TZ: a file of the
 * database is parsed once (RFC 8536: TZif version 2 and later, with its closing POSIX rule), then
 * asked. Pure; common/tz_file.h reads the files.
 */
#ifndef COMMON_TZ_H
#define COMMON_TZ_H

#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

struct tz;

struct tz_time {
    int64_t year;
    int month;   /* 1-12 */
    int day;     /* 1-31 */
    int hour;    /* 0-23 */
    int minute;  /* 0-59 */
    int second;  /* 0-59: leap seconds do not exist in unix time */
    int weekday; /* 0 = Monday */
};

/* The bytes of a TZif file. ERR_INPUT if they are not one, ERR_INTERNAL without memory. */
enum err tz_parse(struct str file, struct tz **out, struct error *e) MUST_CHECK;
void tz_free(struct tz *z); /* NULL is fine */

/* Seconds east of UTC at that unix second. */
int32_t tz_offset(const struct tz *z, int64_t unix_s);
/* The first moment after unix_s from which another offset may be in force: between two such moments
 * local time runs evenly. INT64_MAX: never again; also for NULL, which is UTC. */
int64_t tz_next_change(const struct tz *z, int64_t unix_s);
/* The clock on the wall there; NULL is UTC. */
void tz_local(const struct tz *z, int64_t unix_s, struct tz_time *out);

#endif
