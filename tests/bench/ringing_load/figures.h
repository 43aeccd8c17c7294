/*
 * What a phase measured, as JSON: percentiles in ms.
 */
#ifndef TESTS_BENCH_RINGING_LOAD_FIGURES_H
#define TESTS_BENCH_RINGING_LOAD_FIGURES_H

#include "common/jval.h"
#include "tests/bench/ringing_load/world.h"

/* Rows {name: {"of": calls, "n": those in which it came, "p50", "p95", "p99", "max"}} of the phase. */
struct jval *figures_of(const struct world *w, int phase);

#endif
