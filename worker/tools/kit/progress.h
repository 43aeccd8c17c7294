/*
 * A line on stderr that tells how far long work has come, if that is a terminal; nothing otherwise.
 */
#ifndef WORKER_TOOLS_KIT_PROGRESS_H
#define WORKER_TOOLS_KIT_PROGRESS_H

#include <stdint.h>

struct progress {
    const char *what;
    int64_t total;
    int64_t began, shown; /* CLOCK_BOOTTIME ms */
    int on;
};

/* what: "reading events"; kept by pointer. total: 0 if nobody knows. */
void progress_begin(struct progress *p, const char *what, int64_t total);
/* Shows it, at most five times a second. */
void progress_at(struct progress *p, int64_t done);
/* Takes the line away: before anything else is written to the terminal. */
void progress_end(struct progress *p);

#endif
