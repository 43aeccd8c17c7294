/*
 * A test call: what was asked for, and the notifications as MANGO would send them (mango-api.md sections 2 and 3). What
 * rules make of it is not known here. Pure.
 *
 *   answered  greeting --0.5 s--> rings at the extension --1 s--> they talk --1 s--> over
 *   missed    greeting --0.5 s--> rings at the extension --2 s--> over
 *   menu      greeting --2.5 s--> over: the caller hangs up in it
 *   outgoing  the extension dials --1 s--> they talk --1.5 s--> over
 *
 * Every incoming one begins in the menu, so that what an account would route is routed: it changes nothing else
 * (behaviour.md "missed": menu only if it never left). With call_tracking on, the line counts as a dynamic number.
 */
#ifndef INGEST_ADMIN_TRY_CALL_H
#define INGEST_ADMIN_TRY_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/jval.h"
#include "common/phone.h"
#include "common/settings.h"
#include "common/str.h"

#define TRY_CALL_EVENTS 6
#define TRY_CALL_LINE 128 /* bytes of a line, with its end */
#define TRY_CALL_EXTENSION 33
#define TRY_CALL_RANDOM 10 /* bytes */
/* "test~" and the random bytes in hex: the beginning that no call of MANGO's has (common/event.h). */
#define TRY_CALL_ENTRY (5 + 2 * TRY_CALL_RANDOM + 1)

enum try_call_kind {
    TRY_CALL_ANSWERED,
    TRY_CALL_MISSED,
    TRY_CALL_MENU,
    TRY_CALL_OUTGOING,
};

struct try_call_wish {
    enum try_call_kind kind;
    struct phone client;                /* who calls; outgoing: who is called */
    char line[TRY_CALL_LINE];           /* digits or `sip:...`; "": none is told */
    char extension[TRY_CALL_EXTENSION]; /* "": in the menu there is none */
    bool tracked;
};

/* Reads {"kind","from","line"?,"extension"?}; a number may be written as people write it. Without a line it comes in on the
 * first of `lines`, without an extension at the first employee's. Any number, line or extension that could be one is
 * taken, also one that the account's rules pass over: that is what is tried. ERR_INPUT: *field, which body or nobody owns,
 * is wrong. */
enum err try_call_read(const struct jval *body, const struct settings *s, struct try_call_wish *out,
                       struct str *field, struct error *e) MUST_CHECK;

struct try_call_event {
    int64_t after_ms; /* since it began; never less than the one before */
    const char *kind; /* static: header `kind` */
    char *json;
};

struct try_call {
    struct try_call_event events[TRY_CALL_EVENTS];
    size_t n;
};

void try_call_entry(const uint8_t random[TRY_CALL_RANDOM], char out[TRY_CALL_ENTRY]);
/* begins: unix ms of the first notification. try_call_done. */
void try_call_make(const struct try_call_wish *w, const char *entry, int64_t begins,
                   struct try_call *out);
void try_call_done(struct try_call *c);

#endif
