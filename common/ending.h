/*
 * The longest time a process may take to end (SHUTDOWN_TIMEOUT_S, design.md 6.2). The ordered stop has
 * deadlines of its own, all of them shorter; this is for what has none: a thread that does not come back, a
 * library's destructor, what runs at exit.
 */
#ifndef COMMON_ENDING_H
#define COMMON_ENDING_H

#include <stdint.h>

struct ending;

/* Begins to count, on a thread of its own: `ms` later the process ends with exit code `code`, after a log
 * line that says what it waited for: {"msg":"the stop took too long: ended where it stood","waited_for":...}.
 * If even that line cannot be written within 2 s (nobody reads stderr), the process ends by SIGALRM. The
 * thread goes on through exit() and has what *e gets: there is nothing to free. A second call, when *e is
 * no NULL, only takes the step. */
void ending_begin(struct ending **e, int64_t ms, int code, const char *what);

/* What the stop waits for from now on: a text that lives as long as the program. */
void ending_step(struct ending *e, const char *what);

#endif
