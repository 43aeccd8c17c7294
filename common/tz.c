/*
 * Transitions are kept as they stand in the file; what comes after the last one is told by the POSIX
 * rule in the footer, the only source for years to come. The rule itself: common/tz_rule.c.
 */
#include "common/tz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/tz_rule.h"

#define DAY 86400
#define HEADER 44
/* Far above any zone of the database. */
#define MAX_TRANSITIONS 20000

struct tz {
    struct tz_rule rule;
    bool has_rule;
    int32_t first;    /* offset before the first transition */
    size_t n;         /* transitions */
    int64_t *at;      /* ascending */
    int32_t *offsets; /* in force from at[i] on */
};

struct counts {
    uint32_t isut, isstd, leap, times, types, chars;
};

static uint64_t big_endian(const char *p, size_t bytes)
{
    uint64_t v = 0;
    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | (unsigned char)p[i];
    return v;
}

static bool read_header(struct str s, struct counts *c)
{
    if (s.len < HEADER || !str_starts(s, STR("TZif")))
        return false;
    uint32_t *fields[] = {&c->isut, &c->isstd, &c->leap, &c->times, &c->types, &c->chars};
    for (size_t i = 0; i < 6; i++)
        *fields[i] = (uint32_t)big_endian(s.ptr + 20 + 4 * i, 4);
    return c->times <= MAX_TRANSITIONS && c->types >= 1 && c->types <= 256 && c->chars <= 4096 &&
           c->leap <= 4096 && c->isstd <= 256 && c->isut <= 256;
}

static size_t body_size(const struct counts *c, size_t time_bytes)
{
    return c->times * (time_bytes + 1) + c->types * 6U + c->chars + c->leap * (time_bytes + 4) +
           c->isstd + c->isut;
}

static int32_t type_offset(const char *types, size_t type)
{
    return (int32_t)(uint32_t)big_endian(types + type * 6, 4);
}

/* Before the first transition: the first type that is no daylight saving time. */
static int32_t before_all(const char *types, const struct counts *c)
{
    for (size_t i = 0; i < c->types; i++) {
        if (types[i * 6 + 4] == 0)
            return type_offset(types, i);
    }
    return type_offset(types, 0);
}

/* The 64-bit block: times, their types, the types. */
static bool read_body(struct str s, const struct counts *c, struct tz *z)
{
    const char *indexes = s.ptr + (size_t)c->times * 8, *types = indexes + c->times;
    for (size_t i = 0; i < c->times; i++) {
        size_t type = (unsigned char)indexes[i];
        z->at[i] = (int64_t)big_endian(s.ptr + i * 8, 8);
        if (type >= c->types || (i > 0 && z->at[i] <= z->at[i - 1]))
            return false;
        z->offsets[i] = type_offset(types, type);
    }
    z->n = c->times;
    z->first = before_all(types, c);
    return true;
}

/* "\nMSK-3\n"; an empty one says that nothing is known beyond the last transition. */
static bool read_footer(struct str s, struct tz *z)
{
    if (s.len < 2 || s.ptr[0] != '\n')
        return false;
    struct str text = str_from(s, 1);
    long end = str_find(text, '\n');
    if (end < 0)
        return false;
    text.len = (size_t)end;
    z->has_rule = text.len > 0;
    return !z->has_rule || tz_rule_parse(text, &z->rule);
}

enum err tz_parse(struct str file, struct tz **out, struct error *e)
{
    struct counts c = {0};
    *out = NULL;
    if (!read_header(file, &c) || file.ptr[4] < '2')
        return error_set(e, ERR_INPUT, "no TZif file of version 2 or later");
    struct str second = str_from(file, HEADER + body_size(&c, 4));
    if (!read_header(second, &c) || second.len < HEADER + body_size(&c, 8))
        return error_set(e, ERR_INPUT, "a TZif file that ends too early");
    struct tz *z = calloc(1, sizeof *z);
    if (z != NULL) {
        z->at = calloc((size_t)c.times + 1, sizeof *z->at);
        z->offsets = calloc((size_t)c.times + 1, sizeof *z->offsets);
    }
    if (z == NULL || z->at == NULL || z->offsets == NULL) {
        tz_free(z);
        return error_set(e, ERR_INTERNAL, "no memory for a time zone");
    }
    if (!read_body(str_from(second, HEADER), &c, z) ||
        !read_footer(str_from(second, HEADER + body_size(&c, 8)), z)) {
        tz_free(z);
        return error_set(e, ERR_INPUT, "a TZif file with wrong transitions or a wrong rule");
    }
    *out = z;
    return ERR_OK;
}

void tz_free(struct tz *z)
{
    if (z == NULL)
        return;
    free(z->at);
    free(z->offsets);
    free(z);
}

/* The number of transitions at or before that second. */
static size_t passed(const struct tz *z, int64_t unix_s)
{
    size_t low = 0, high = z->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (z->at[middle] <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t tz_offset(const struct tz *z, int64_t unix_s)
{
    size_t n = passed(z, unix_s);
    if (n == z->n && z->has_rule)
        return tz_rule_offset(&z->rule, unix_s);
    return n == 0 ? z->first : z->offsets[n - 1];
}

int64_t tz_next_change(const struct tz *z, int64_t unix_s)
{
    if (z == NULL)
        return INT64_MAX;
    size_t n = passed(z, unix_s);
    if (n < z->n)
        return z->at[n];
    return z->has_rule ? tz_rule_next_change(&z->rule, unix_s) : INT64_MAX;
}

void tz_local(const struct tz *z, int64_t unix_s, struct tz_time *out)
{
    int64_t local = unix_s + (z ? tz_offset(z, unix_s) : 0);
    int64_t days = tz_rule_floor(local, DAY);
    int second = (int)(local - days * DAY);
    out->hour = second / 3600;
    out->minute = second / 60 % 60;
    out->second = second % 60;
    out->weekday = (int)(days + 3 - tz_rule_floor(days + 3, 7) * 7); /* 1970-01-01: a Thursday */
    tz_rule_date(days, &out->year, &out->month, &out->day);
}
