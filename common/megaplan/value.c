/*
 * Values that many bodies share. Pure.
 */
#include "common/megaplan/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#define MINUTES_PER_DAY (24 * 60)

struct jval *value_link(const char *type, struct str id)
{
    if (!id.len)
        return NULL;
    struct jval *link = jval_new_object();
    jval_put_text(link, "contentType", str_of(type));
    jval_put_text(link, "id", id);
    return link;
}

const char *value_contractor_type(bool company)
{
    return company ? "ContractorCompany" : "ContractorHuman";
}

struct jval *value_contractor(struct str id, bool company)
{
    return value_link(value_contractor_type(company), id);
}

void value_time_text(int64_t unix_s, int offset_s, char out[VALUE_TIME_SIZE])
{
    char utc[TEXT_TIME_SIZE];
    int minutes = offset_s / 60;
    if (minutes <= -MINUTES_PER_DAY || minutes >= MINUTES_PER_DAY)
        minutes = 0;
    text_time((unix_s + minutes * 60) * 1000, utc); /* the clock on the wall there */
    unsigned away = (unsigned)abs(minutes) % MINUTES_PER_DAY;
    snprintf(out, VALUE_TIME_SIZE, "%.19s%c%02u:%02u", utc, minutes < 0 ? '-' : '+', away / 60,
             away % 60);
}

struct jval *value_time(int64_t unix_s, int offset_s)
{
    char text[VALUE_TIME_SIZE];
    value_time_text(unix_s, offset_s, text);
    struct jval *time = jval_new_object();
    jval_put_text(time, "contentType", STR("DateTime"));
    jval_put_text(time, "value", str_of(text));
    return time;
}

struct jval *value_names(const char *const *names, size_t n)
{
    struct jval *all = jval_new_array();
    for (size_t i = 0; i < n; i++)
        jval_append(all, jval_new_text(str_of(names[i])));
    return all;
}

struct jval *value_newest_first(void)
{
    struct jval *newest = jval_new_object();
    jval_put_text(newest, "contentType", STR("SortField"));
    jval_put_text(newest, "fieldName", STR("timeCreated"));
    jval_put_bool(newest, "desc", true);
    struct jval *sort = jval_new_array();
    jval_append(sort, newest);
    return sort;
}
