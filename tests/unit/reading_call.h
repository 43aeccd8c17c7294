/*
 * What happened in a call, read from the set of its notifications: the first half of tests/unit/reading.h.
 */
#ifndef TESTS_UNIT_READING_CALL_H
#define TESTS_UNIT_READING_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/job.h"
#include "common/settings.h"
#include "tests/unit/calls_kit.h"

/* Times are seconds after KIT_T0. */
struct reading_leg {
    const char *id;
    const struct kit_event *events[24]; /* by seq */
    size_t n;
    int64_t first; /* the time of its first event; KIT_T0 is 0 */
    bool inverted; /* a callback's first leg */
};

struct reading_part { /* somebody in a leg */
    const struct settings_employee *employee;
    const char *extension;
    int64_t first;
};

struct reading_call {
    const struct settings *s;
    struct reading_leg legs[12]; /* in their order */
    size_t nlegs;
    const struct kit_event *summary;
    const struct kit_event *const *events;
    size_t n;
    int direction; /* 0 internal, 1 incoming, 2 outgoing, -1 nothing tells */
    bool scheme;   /* a leg is in ivr or queue */
    const char *number, *line;
    bool connected, answered, dialled, callback, picked_up;
    enum job_verdict kind;
    struct reading_part handled[24], rang[12]; /* mapped ones, in the order of legs */
    size_t nhandled, nrang;
    struct reading_part caller;
    const struct settings_employee *summarized;
    int64_t started, ended, talked_at, talk_seconds;
};

/* Borrows everything. */
void reading_call_make(struct reading_call *c, const struct kit_event *const *events, size_t n,
                       const struct settings *s);
/* False if either is NULL. */
bool reading_same(const char *a, const char *b);
/* NULL: nobody. */
const struct settings_employee *reading_by_id(const struct reading_call *c, const char *id);
const struct settings_employee *reading_of_number(const struct reading_call *c, const char *number);
/* Of parts in the order of their legs: of those that begin at one time the summary's extension is the
 * first, and the last. */
const struct settings_employee *reading_first_of(const struct reading_call *c,
                                                 const struct reading_part *list, size_t n);
const struct settings_employee *reading_last_of(const struct reading_call *c,
                                                const struct reading_part *list, size_t n);
bool reading_has_handled(const struct reading_call *c, const struct settings_employee *employee);

#endif
