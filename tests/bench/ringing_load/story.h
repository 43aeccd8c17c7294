/*
 * What happens in a call, and when: MANGO's side of it, driven by timers and by the route command.
 *
 *   in the menu, dynamic number --command--> rings at the client's responsible --> answered --> over
 *                               --4.6 s----> over
 *   rings at once --------------------------------------------------------------> answered --> over
 *   crowd: in the menu --1.5 s--> rings, and goes on ringing
 */
#ifndef TESTS_BENCH_RINGING_LOAD_STORY_H
#define TESTS_BENCH_RINGING_LOAD_STORY_H

#include "tests/bench/ringing_load/world.h"

#define STORY_DRAIN_MS \
    5000 /* after the last call of a phase: what has not come by then never comes */

/* A call begins at that time (us of CLOCK_MONOTONIC). phase 0: it is not measured. */
void story_begin(struct world *w, int account, bool regular, int phase, int64_t at);
/* Regular callers call for the first time, all accounts within that time. */
void story_warm(struct world *w, int64_t ms);
/* A measured phase: in each account of the menu a call in each period, evenly spread; all of the ring's at the same
 * moment once a period. */
void story_phase(struct world *w, int phase, int64_t ms, int64_t period_ms);
/* So many calls of the crowd begin, evenly within that time. */
void story_crowd(struct world *w, int64_t calls, int64_t ms);
/* MANGO took its route command. */
void story_routed(struct world_call *c);

#endif
