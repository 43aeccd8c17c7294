/*
 * The company of a story: who works there, at which extensions, under which settings. The truth as the
 * oracle knows it; its settings document goes through the product's own parser.
 */
#ifndef TESTS_STORIES_COMPANY_H
#define TESTS_STORIES_COMPANY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "tests/stories/dice.h"

#define COMPANY_EMPLOYEES 5
#define COMPANY_SEATS 14
#define NOBODY (-1)

/* Where somebody can be rung: an extension, or an employee's own mobile (B14). */
struct seat {
    char extension[16]; /* "" for a mobile */
    char mobile[24];    /* "" for an extension */
    int employee;       /* NOBODY: an unmapped extension */
};

struct colleague {
    char id[12];
    char name[32];
    char first_extension[16];
};

struct group {
    char extension[16];
    bool listed; /* in the settings' groups */
};

enum company_zone {
    ZONE_MOSCOW,
    ZONE_NEW_YORK,
    ZONE_KATHMANDU,
    ZONES
};

struct company {
    struct colleague employees[COMPANY_EMPLOYEES];
    struct seat seats[COMPANY_SEATS];
    struct group groups[2];
    char lines[3][48];
    bool joined[3]; /* in the settings' lines */
    int nemployees, nseats;

    /* settings */
    bool lines_set;
    bool enabled;
    bool incoming, missed, outgoing;
    bool route, source_field, follows_transfer, tracking, records, popups, route_off_hours;
    int format;     /* of phone_format, in the order of behaviour.md G6 */
    int ivr, group; /* responsibles: employees or NOBODY */
    int unmapped;   /* unmapped_employee */
    int off_hours;  /* off_hours_responsible */
    bool always;    /* no working_hours */
    bool days[7];   /* Monday first */
    int from, to;   /* minutes of the day */
    char holiday[12];
    bool task;
    int deadline; /* working minutes */
    int title;    /* of company_titles */
    enum company_zone zone;

    char *document;
    struct settings *settings;
};

/* Missed call tasks' titles; the oracle fills them in by itself. */
extern const char *const company_titles[3];

/* A company of chance for a call in 2026; company_done frees it. */
void company_make(struct company *c, struct dice *d, int64_t about);
void company_done(struct company *c);
/* IANA name. */
const char *company_zone_name(enum company_zone z);

/* Local time without the product's tz code: seconds east of UTC, by the laws of 2026. */
int32_t company_offset(const struct company *c, int64_t at);
/* "16:30 05.03.2018" */
void company_clock(const struct company *c, int64_t at, char out[20]);
bool company_works(const struct company *c, int64_t at);
/* The moment so many working minutes after. */
int64_t company_due(const struct company *c, int64_t from, int minutes);

#endif
