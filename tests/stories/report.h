/*
 * A failing story as a scenario file (tests/scenarios/README.md), with what differs above it.
 */
#ifndef TESTS_STORIES_REPORT_H
#define TESTS_STORIES_REPORT_H

#include "tests/stories/check.h"

void report(const struct check *c);
/* Writes to stdout at once: several processes report. */
void report_write(const struct buf *b);

#endif
