/*
 * The order-free reading of a call: from the set of its notifications and the account's settings to
 * what must stand in Megaplan in the end, sentence by sentence of behaviour.md. It shares no code with
 * worker/calls, so that it does not share its mistakes, and knows no arrival: it is given a set.
 */
#ifndef TESTS_UNIT_READING_H
#define TESTS_UNIT_READING_H

#include <stddef.h>

#include "common/settings.h"
#include "tests/unit/calls_kit.h"
#include "tests/unit/ledger.h"

/* All events lie less than a day back; time zone UTC. At most 24 events, 12 legs. */
void reading_make(const struct kit_event *const *events, size_t n, const struct settings *s,
                  struct ledger_state *out);

#endif
