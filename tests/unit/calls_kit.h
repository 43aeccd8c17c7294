/*
 * What the tests of worker/calls share: notifications from short tables or from the manual, settings of
 * a made-up company, every order of a list.
 */
#ifndef TESTS_UNIT_CALLS_KIT_H
#define TESTS_UNIT_CALLS_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/buf.h"
#include "common/mango/call_event.h"
#include "common/settings.h"
#include "common/tz.h"
#include "worker/calls/fold.h"

/* A moment the tests count from, unix s, and the same as unix ms. */
#define KIT_T0 INT64_C(1399906976)
#define KIT_MS(seconds) ((KIT_T0 + (seconds)) * 1000)

struct kit_vendor {
    const char *kind, *json;
};

/* "outgoing" "callback" "route" "notification" "summaries"; ends with a NULL kind. */
const struct kit_vendor *kit_vendor(const char *name);

/* A notification in short. state: A C H D of a leg, S a summary, R a recording. where: i q a or 0.
 * Texts may be NULL. at counts from KIT_T0; -KIT_T0 is no time. */
struct kit_event {
    char state;
    const char *call;
    int seq;
    int64_t at;
    char where;
    const char *from_ext, *from, *to_ext, *to;
    const char *taken, *line, *group, *command, *initiator, *task;
    const char *dct; /* a dynamic number: dct.type 1 */
    /* summaries */
    int direction;
    int64_t talk, end;
    int reason;
};

/* Borrows from k and entry_id. */
struct call_event kit_make(const struct kit_event *k, const char *entry_id);

/* Calls back with every order of n things (as indexes). n <= 8. */
void kit_orders(size_t n, void (*each)(void *arg, const size_t *order, size_t n), void *arg);

/* A fold as text: all that it knows, in its order. */
void kit_dump(const struct fold *f, struct buf *out);

/* The account acme, Moscow: 101 Петров Пётр (1000005), 102 Иванова Анна (1000006), 103 Сидоров Олег
 * (1000007, mobile 79161112233), group 300, and `more` members of the document; NULL: clients of
 * incoming calls; "switched off": the same, not enabled. settings_free. */
struct settings *kit_settings(const char *more);

/* Of a port: no time zone, everything in UTC. */
const struct tz *kit_no_tz(void *arg, const struct settings *s);

#endif
