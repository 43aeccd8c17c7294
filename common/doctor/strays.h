/*
 * Which extensions had calls in the last day, account by account, by the notifications themselves: those that are nobody's
 * in the settings are what doctor looks for. For a tool that reads `events` once; the settings page has its own index
 * of calls. Pure.
 */
#ifndef COMMON_DOCTOR_STRAYS_H
#define COMMON_DOCTOR_STRAYS_H

#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/kafka/client.h"
#include "common/settings.h"

#define STRAYS_EXTENSION 32 /* bytes, terminated; a longer one is not counted */
#define STRAYS_MOST \
    10000 /* extensions of all accounts; what comes when it is full is not counted */

struct stray {
    char extension[STRAYS_EXTENSION];
    int64_t calls;   /* a call whose events do not come one after the other may count twice */
    int64_t last_at; /* unix ms, received */
};

struct strays;

struct strays *strays_new(void) MUST_CHECK;
void strays_free(struct strays *s); /* NULL is fine */
/* A message of `events`; test calls and what cannot be read are passed over. */
void strays_take(struct strays *s, const struct kafka_message *m);
/* Those that are neither an employee's nor a group's: at most `room` of them, by extension; how many there are. */
size_t strays_of(const struct strays *s, const struct settings *settings, struct stray *out,
                 size_t room);

#endif
