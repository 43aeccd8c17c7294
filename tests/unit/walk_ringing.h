/*
 * What only makes sense while a call rings may be missing after a strike: never silently, never without need, and
 * what is there came in time, in order, once, and is what it would be without.
 */
#ifndef TESTS_UNIT_WALK_RINGING_H
#define TESTS_UNIT_WALK_RINGING_H

#include "tests/unit/walk.h"

/* What is wrong with what rang in a walk that has run; NULL: nothing. */
const char *walk_ringing_wrong(const struct walk *k);
/* So many of its jobs that ring were not carried out. */
size_t walk_ringing_missing(const struct walk *k);

#endif
