/*
 * working_hours (behaviour.md B16): days, hours, holidays. Pure; from any thread.
 */
#include "common/num.h"
#include "common/settings/read.h"
#include "common/text.h"

static const char *const day_names[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static int day_of(struct str name)
{
    for (int i = 0; i < 7; i++)
        if (str_is(name, day_names[i]))
            return i;
    return -1;
}

/* "wed" or "mon-fri", also over the week's end. */
static bool set_days(struct str part, bool days[7])
{
    long hyphen = str_find(part, '-');
    int from = day_of((struct str){part.ptr, hyphen < 0 ? part.len : (size_t)hyphen});
    int to = hyphen < 0 ? from : day_of(str_from(part, (size_t)hyphen + 1));

    if (from < 0 || to < 0)
        return false;
    for (int i = from;; i = (i + 1) % 7) {
        days[i] = true;
        if (i == to)
            return true;
    }
}

static enum err read_days(struct settings_reader *r, const struct settings_field *f,
                          const struct jval *v, void *target)
{
    struct str rest, part;
    long comma;

    (void)f;
    if (!jval_text(v, &rest))
        return settings_refuse(r, "not a text");
    do {
        comma = str_find(rest, ',');
        part = (struct str){rest.ptr, comma < 0 ? rest.len : (size_t)comma};
        if (!set_days(part, target))
            return settings_refuse(r, "not like mon-fri or mon,wed,sat");
        rest = str_from(rest, part.len + 1);
    } while (comma >= 0);
    return ERR_OK;
}

static enum err read_minute(struct settings_reader *r, const struct settings_field *f,
                            const struct jval *v, void *target)
{
    struct str text;
    int64_t hour, minute;

    if (!jval_text(v, &text) || text.len != 5 || text.ptr[2] != ':' ||
        !num_parse((struct str){text.ptr, 2}, 0, 24, &hour) || text.ptr[0] == '-' ||
        !num_parse(str_from(text, 3), 0, 59, &minute) || text.ptr[3] == '-' ||
        hour * 60 + minute > f->max)
        return settings_refuse(r, "not a time like 09:00");
    *(int *)target = (int)(hour * 60 + minute);
    return ERR_OK;
}

static bool is_date(struct str s)
{
    char text[] = "YYYY-MM-DDT00:00:00Z";
    int64_t ms;

    if (s.len != 10)
        return false;
    memcpy(text, s.ptr, 10);
    return text_parse_time(str_of(text), &ms);
}

static enum err read_holidays(struct settings_reader *r, const struct settings_field *f,
                              const struct jval *v, void *target)
{
    struct settings_hours *h = &r->out->working_hours;
    enum err err = settings_read_texts(r, v, LIMIT_LIST_ENTRIES, target, &h->nholidays);

    (void)f;
    for (size_t i = 0; !err && i < h->nholidays; i++) {
        size_t mark = settings_path_index(r, i);
        if (!is_date(str_of(h->holidays[i])))
            err = settings_refuse(r, "not a date like 2026-01-01");
        settings_path_back(r, mark);
    }
    return err;
}

#define HOURS(f) .offset = offsetof(struct settings_hours, f)

static const struct settings_field fields[] = {
    {"days", read_days, HOURS(days), .required = true},
    {"from", read_minute, HOURS(from_minute), .max = 1439, .required = true},
    {"to", read_minute, HOURS(to_minute), .max = 1440, .required = true},
    {"holidays", read_holidays, HOURS(holidays)},
};

enum err settings_hours_read(struct settings_reader *r, const struct settings_field *f,
                             const struct jval *v, void *target)
{
    struct settings_hours *h = target;
    enum err err = settings_read_object(r, v, fields, sizeof(fields) / sizeof(fields[0]), h);

    (void)f;
    h->always = false;
    if (err)
        return err;
    if (h->from_minute >= h->to_minute) {
        settings_path_key(r, STR("to"));
        return settings_refuse(r, "not after working_hours.from");
    }
    return ERR_OK;
}
