/*
 * Draws a company and writes its settings document.
 */
#include "tests/stories/company.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/buf.h"

const char *const company_titles[3] = {"Перезвонить: {phone}", "Call {client} back",
                                       "{time} {line} {phone}"};

static const char *const names[COMPANY_EMPLOYEES] = {"Петров Пётр", "Сидорова Анна", "Иванов Иван",
                                                     "Ким Вера", "О'Нил Боб"};
static const char *const formats[4] = {"79991231212", "+79991231212", "89991231212",
                                       "+7 (999) 123-12-12"};
static const char *const day_names[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

const char *company_zone_name(enum company_zone z)
{
    static const char *const zones[ZONES] = {"Europe/Moscow", "America/New_York", "Asia/Kathmandu"};
    return zones[z];
}

/* ---- time ---- */

#define UTC_2026 INT64_C(1767225600)
#define DAY INT64_C(86400)

/* New York in 2026: summer time from 8 March, 07:00 UTC, to 1 November, 06:00 UTC. */
int32_t company_offset(const struct company *c, int64_t at)
{
    int64_t summer = UTC_2026 + 66 * DAY + 7 * 3600, winter = UTC_2026 + 304 * DAY + 6 * 3600;
    if (c->zone == ZONE_MOSCOW)
        return 3 * 3600;
    if (c->zone == ZONE_KATHMANDU)
        return 5 * 3600 + 45 * 60;
    return at >= summer && at < winter ? -4 * 3600 : -5 * 3600;
}

static void local(const struct company *c, int64_t at, struct tm *tm)
{
    time_t t = (time_t)(at + company_offset(c, at));
    (void)gmtime_r(&t, tm);
}

void company_clock(const struct company *c, int64_t at, char out[20])
{
    struct tm tm;
    local(c, at, &tm);
    (void)strftime(out, 20, "%H:%M %d.%m.%Y", &tm);
}

/* Seconds of work left of that moment's day; 0 if nobody works then. */
static int64_t left(const struct company *c, int64_t at)
{
    struct tm tm;
    char date[12];
    local(c, at, &tm);
    int second = tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
    (void)strftime(date, sizeof date, "%Y-%m-%d", &tm);
    if (!c->days[(tm.tm_wday + 6) % 7] || strcmp(date, c->holiday) == 0)
        return 0;
    return second < c->from * 60 || second >= c->to * 60 ? 0 : c->to * 60 - second;
}

bool company_works(const struct company *c, int64_t at)
{
    return c->always || left(c, at) > 0;
}

/* Hours begin and end at quarters of an hour, so steps of one never jump over any. */
int64_t company_due(const struct company *c, int64_t from, int minutes)
{
    int64_t rest = (int64_t)minutes * 60;
    if (c->always)
        return from + rest;
    for (;;) {
        int64_t today = left(c, from);
        if (today >= rest && today > 0)
            return from + rest;
        rest -= today;
        from += today > 0 ? today : 900 - from % 900;
    }
}

/* ---- who and where ---- */

static void add_seat(struct company *c, int employee, int number, bool mobile)
{
    struct seat *s = &c->seats[c->nseats++];
    s->employee = employee;
    if (mobile)
        (void)snprintf(s->mobile, sizeof s->mobile, "7925000%04d", number);
    else
        (void)snprintf(s->extension, sizeof s->extension, "%d", number);
}

static void draw_people(struct company *c, struct dice *d)
{
    c->nemployees = dice_between(d, 1, COMPANY_EMPLOYEES);
    for (int i = 0; i < c->nemployees; i++) {
        (void)snprintf(c->employees[i].id, sizeof c->employees[i].id, "%d", 1000005 + i);
        (void)snprintf(c->employees[i].name, sizeof c->employees[i].name, "%s", names[i]);
        (void)snprintf(c->employees[i].first_extension, sizeof c->employees[i].first_extension,
                       "%d", 101 + i);
        add_seat(c, i, 101 + i, false);
        if (c->nseats < 8 && dice_in(d, 20))
            add_seat(c, i, 121 + i, false);
        if (c->nseats < 9 && dice_in(d, 20))
            add_seat(c, i, 17 + i, true);
    }
    for (int i = dice_to(d, 4); i > 0; i--)
        add_seat(c, NOBODY, 150 + i, false);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(c->groups[i].extension, sizeof c->groups[i].extension, "%d", 301 + i);
        c->groups[i].listed = dice_in(d, 60);
    }
    (void)snprintf(c->lines[0], sizeof *c->lines, "74953333357");
    (void)snprintf(c->lines[1], sizeof *c->lines, "78001234567");
    (void)snprintf(c->lines[2], sizeof *c->lines, "sip:line1@acme.mangosip.ru");
    c->lines_set = dice_in(d, 25);
    for (int i = 0; i < 3; i++)
        c->joined[i] = i == 0 || dice_in(d, 60);
}

static int somebody(const struct company *c, struct dice *d, int percent)
{
    return dice_in(d, percent) ? dice_to(d, c->nemployees) : NOBODY;
}

static void draw_hours(struct company *c, struct dice *d, int64_t about)
{
    time_t day = (time_t)(about + DAY * dice_between(d, -1, 5));
    struct tm tm;
    c->always = dice_in(d, 40);
    for (int i = 0; i < 7; i++)
        c->days[i] = i < 5 || dice_in(d, 30);
    c->from = 60 * dice_between(d, 7, 11) + 15 * dice_to(d, 4);
    c->to = c->from + 15 * dice_between(d, 8, 44);
    (void)gmtime_r(&day, &tm);
    (void)strftime(c->holiday, sizeof c->holiday, "%Y-%m-%d", &tm);
}

static void draw_switches(struct company *c, struct dice *d)
{
    c->enabled = !dice_in(d, 2);
    c->incoming = dice_in(d, 75);
    c->missed = dice_in(d, 70);
    c->outgoing = dice_in(d, 70);
    c->route = dice_in(d, 60);
    c->source_field = dice_in(d, 60);
    c->follows_transfer = dice_in(d, 50);
    c->tracking = dice_in(d, 60);
    c->records = dice_in(d, 60);
    c->popups = dice_in(d, 70);
    c->route_off_hours = dice_in(d, 60);
    c->format = dice_to(d, 4);
    c->ivr = somebody(c, d, 50);
    c->group = somebody(c, d, 50);
    c->unmapped = somebody(c, d, 30);
    c->off_hours = somebody(c, d, 50);
    c->task = dice_in(d, 70);
    c->deadline = dice_in(d, 20) ? dice_between(d, 600, 3000) : dice_between(d, 1, 240);
    c->title = dice_to(d, 3);
    c->zone = (enum company_zone)dice_to(d, ZONES);
}

/* ---- the settings document ---- */

static const char *yes_no(bool b)
{
    return b ? "true" : "false";
}

/* An absent switch is off (behaviour.md), so half of those that are off are not written. */
static void put_switch(struct buf *b, struct dice *d, const char *name, bool on)
{
    if (on || dice_in(d, 50))
        buf_addf(b, ",\"%s\":%s", name, yes_no(on));
}

static void put_person(struct buf *b, const struct company *c, const char *name, int who)
{
    if (who == NOBODY)
        buf_addf(b, ",\"%s\":null", name);
    else
        buf_addf(b, ",\"%s\":\"%s\"", name, c->employees[who].id);
}

static void put_seats(struct buf *b, const struct company *c, int employee, bool mobiles)
{
    const char *comma = "";
    for (int i = 0; i < c->nseats; i++) {
        const struct seat *s = &c->seats[i];
        bool first = strcmp(s->extension, c->employees[employee].first_extension) == 0;
        if (s->employee != employee || first || (s->mobile[0] != 0) != mobiles)
            continue;
        buf_addf(b, "%s\"%s\"", comma, mobiles ? s->mobile : s->extension);
        comma = ",";
    }
}

static void put_employees(struct buf *b, const struct company *c)
{
    buf_addf(b, ",\"employees\":[");
    for (int i = 0; i < c->nemployees; i++) {
        buf_addf(b, "%s{\"megaplan_id\":\"%s\",\"name\":\"%s\",\"extension\":\"%s\"", i ? "," : "",
                 c->employees[i].id, c->employees[i].name, c->employees[i].first_extension);
        buf_addf(b, ",\"extensions\":[");
        put_seats(b, c, i, false);
        buf_addf(b, "],\"numbers\":[");
        put_seats(b, c, i, true);
        buf_addf(b, "]}");
    }
    buf_addf(b, "]");
}

static void put_lists(struct buf *b, const struct company *c)
{
    const char *comma = "";
    buf_addf(b, ",\"groups\":[");
    for (int i = 0; i < 2; i++) {
        if (c->groups[i].listed) {
            buf_addf(b, "%s\"%s\"", comma, c->groups[i].extension);
            comma = ",";
        }
    }
    buf_addf(b, "],\"lines\":[");
    comma = "";
    for (int i = 0; i < 3 && c->lines_set; i++) {
        if (c->joined[i]) {
            buf_addf(b, "%s\"%s\"", comma, c->lines[i]);
            comma = ",";
        }
    }
    buf_addf(b, "],\"ignore_numbers\":[\"7904*\",\"74951112233\"]");
}

static void put_hours(struct buf *b, const struct company *c)
{
    const char *comma = "";
    if (c->always)
        return;
    buf_addf(b, ",\"working_hours\":{\"days\":\"");
    for (int i = 0; i < 7; i++) {
        if (c->days[i]) {
            buf_addf(b, "%s%s", comma, day_names[i]);
            comma = ",";
        }
    }
    buf_addf(b, "\",\"from\":\"%02d:%02d\",\"to\":\"%02d:%02d\",\"holidays\":[\"%s\"]}",
             c->from / 60, c->from % 60, c->to / 60, c->to % 60, c->holiday);
}

static void put_switches(struct buf *b, const struct company *c, struct dice *d)
{
    buf_addf(b, ",\"create_client\":{\"incoming\":%s,\"missed\":%s,\"outgoing\":%s}",
             yes_no(c->incoming), yes_no(c->missed), yes_no(c->outgoing));
    buf_addf(b, ",\"phone_format\":\"%s\"", formats[c->format]);
    put_switch(b, d, "route_to_responsible", c->route);
    put_switch(b, d, "source_field", c->source_field);
    put_switch(b, d, "responsible_follows_transfer", c->follows_transfer);
    put_switch(b, d, "call_tracking", c->tracking);
    put_switch(b, d, "call_records", c->records);
    put_switch(b, d, "popups", c->popups);
    if (!c->route_off_hours || dice_in(d, 50)) /* absent: true */
        buf_addf(b, ",\"route_off_hours\":%s", yes_no(c->route_off_hours));
    put_person(b, c, "missed_in_ivr_responsible", c->ivr);
    put_person(b, c, "missed_in_group_responsible", c->group);
    put_person(b, c, "unmapped_employee", c->unmapped);
    put_person(b, c, "off_hours_responsible", c->off_hours);
    buf_addf(b, ",\"missed_call_task\":{\"enabled\":%s,\"deadline_minutes\":%d,\"title\":\"%s\"}",
             yes_no(c->task), c->deadline, company_titles[c->title]);
}

static void write_document(struct company *c, struct dice *d)
{
    struct buf b = BUF_INIT(65536);
    buf_addf(&b,
             "{\"version\":1,\"account\":\"acme\",\"enabled\":%s,\"timezone\":\"%s\","
             "\"country_code\":\"7\",\"mango\":{\"api_key\":\"acme-key-0123456789\",\"api_salt\":"
             "\"acme-salt-9876543210\"},\"megaplan\":{\"base_url\":\"https://acme.megaplan.ru\","
             "\"token\":\"acme-token\"}",
             yes_no(c->enabled), company_zone_name(c->zone));
    put_employees(&b, c);
    put_lists(&b, c);
    put_hours(&b, c);
    put_switches(&b, c, d);
    buf_addf(&b, "}");
    c->document = buf_take(&b);
}

static bool any_zone(const char *name)
{
    (void)name;
    return true;
}

void company_make(struct company *c, struct dice *d, int64_t about)
{
    const struct settings_rules rules = {.timezone_known = any_zone};
    const struct secret_keys keys = {.has_current = false};
    struct error e = ERROR_NONE;
    *c = (struct company){.nemployees = 0};
    draw_people(c, d);
    draw_switches(c, d);
    draw_hours(c, d, about);
    write_document(c, d);
    if (settings_parse(str_of(c->document), &rules, &keys, &c->settings, &e) != ERR_OK) {
        (void)fprintf(stderr, "stories: a settings document of ours is refused: %s\n%s\n", e.text,
                      c->document);
        exit(2);
    }
}

void company_done(struct company *c)
{
    settings_free(c->settings);
    free(c->document);
}
