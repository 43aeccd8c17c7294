/*
 * The event loop of a process: one thread, epoll, one heap of timers, signals as events
 * (design.md section 7 "Threads"). All callbacks run on the thread in loop_run.
 *
 *   turn: wait -> stamp CLOCK_BOOTTIME -> due timers -> ready fds -> each_turn
 *
 * It turns at least once a second. When 5 s or more have gone by since the stamp, wherever they went
 * (the wait, a callback, the machine asleep), the gap callbacks run before any other callback does.
 */
#ifndef COMMON_LOOP_H
#define COMMON_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define LOOP_FENCE_MS 5000

struct loop;

#define LOOP_READ 1u
#define LOOP_WRITE 2u

enum err loop_new(struct loop **out, struct error *e) MUST_CHECK;
void loop_free(struct loop *l); /* fds and timers that are left are forgotten, not closed */

/* Calls back with the ready events until unwatched. fd stays the caller's. One watch per fd. */
enum err loop_watch(struct loop *l, int fd, unsigned events,
                    void (*ready)(void *arg, unsigned events), void *arg,
                    struct error *e) MUST_CHECK;
void loop_change(struct loop *l, int fd, unsigned events);
void loop_unwatch(struct loop *l, int fd); /* before close(); safe inside callbacks */

/* A timer, embedded in its owner; zeroed before timer_init. */
struct loop_timer {
    struct loop *loop;
    void (*fire)(void *arg);
    void *arg;
    int64_t at;  /* CLOCK_BOOTTIME ms */
    size_t slot; /* place in the heap + 1; 0 = not set */
};

void loop_timer_init(struct loop_timer *t, struct loop *l, void (*fire)(void *arg), void *arg);
/* Sets or moves; fires once. Equal times fire in the order of setting; what is set inside a callback
 * fires in a later turn. */
void loop_timer_set(struct loop_timer *t, int64_t at_boot_ms);
void loop_timer_after(struct loop_timer *t, int64_t ms);
void loop_timer_stop(struct loop_timer *t); /* not set is fine; before its owner is freed */

/* Called every turn, after fds and timers: for work that is gathered (flush of a queue). */
void loop_each_turn(struct loop *l, void (*turn)(void *arg), void *arg);
/* Called with the gap in ms after the loop stood still for LOOP_FENCE_MS or more. */
void loop_on_gap(struct loop *l, void (*gap)(void *arg, int64_t ms), void *arg);
/* SIGTERM and SIGINT come as calls of `stop`; SIGPIPE is ignored. Once, before other threads start. */
enum err loop_on_signal(struct loop *l, void (*stop)(void *arg, int signal), void *arg,
                        struct error *e) MUST_CHECK;
/* SIGHUP comes as calls of `again`: what is kept from files may be read anew. Once, before other threads start; without
 * it the signal ends the process. */
enum err loop_on_hangup(struct loop *l, void (*again)(void *arg), void *arg,
                        struct error *e) MUST_CHECK;
/* Runs until loop_stop (one asked before counts). The time before it is no gap. ERR_INTERNAL if epoll fails. */
enum err loop_run(struct loop *l, struct error *e) MUST_CHECK;
void loop_stop(struct loop *l);
/* One turn that waits at most ms: for tests and orderly ends. */
enum err loop_turn(struct loop *l, int64_t ms, struct error *e) MUST_CHECK;
/* CLOCK_BOOTTIME ms stamped at the beginning of this turn. */
int64_t loop_now(const struct loop *l);
/* When the loop last turned (boot ms); any thread, for /healthz. */
int64_t loop_last_turn(const struct loop *l);
/* For tests: another clock than clock_boot_ms. Waiting stays real. */
void loop_use_clock(struct loop *l, int64_t (*boot_ms)(void));

#endif
