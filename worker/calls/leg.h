/*
 * What one leg of a folded call is, by itself and beside the others: behaviour.md "direction",
 * mango-api.md section 2. Pure.
 */
#ifndef WORKER_CALLS_LEG_H
#define WORKER_CALLS_LEG_H

#include <stdbool.h>

#include "common/settings.h"
#include "worker/calls/fold.h"

/* True if any event of the leg has that text. */
bool leg_has(const struct fold_leg *leg, enum fold_text which);
bool leg_is_at(const struct fold_leg *leg, enum call_event_location where);
bool leg_has_state(const struct fold_leg *leg, enum call_event_state state);
/* The event is neither in the menu nor in a group's queue. */
bool leg_at_people(const struct fold_event *ev);
/* From an employee's extension to somebody who has none. */
bool leg_goes_out(const struct fold_event *ev);
/* A leg of the call is in `ivr` or `queue`. */
bool leg_any_scheme(const struct fold *f);
/* A leg of the call goes to or comes from that extension; false for none. */
bool leg_any_extension(const struct fold *f, struct str extension);
/* A callback's first leg: it rings the employee first, so its two sides are exchanged. The second leg
 * carries the same marks, but is taken from the first, or goes out as any other. scheme: leg_any_scheme. */
bool leg_is_inverted(const struct fold_leg *leg, bool scheme);
/* The direction of the call: the summary's, else what the legs tell. *unsure: it rests only on legs that
 * a transfer or a route has made, or to or from an employee's own number (B14): they look the same in both
 * directions. */
enum call_event_direction leg_direction(const struct fold *f, const struct settings *s, bool scheme,
                                        bool *unsure);

#endif
