/*
 * MANGO's API for a bench (mango-api.md sections 1, 5 and 8): forms, signatures, limits in true windows, the block.
 * Whatever the real one would not take is a problem of the world's, told loudly.
 */
#ifndef TESTS_BENCH_RINGING_LOAD_MANGO_H
#define TESTS_BENCH_RINGING_LOAD_MANGO_H

#include "tests/bench/ringing_load/world.h"

/* Where the target begins with it. */
#define MANGO_PATH "/vpbx/"

void mango_answer(struct world *w, const struct server_request *r);

#endif
