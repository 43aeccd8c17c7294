/*
 * Megaplan for a bench (megaplan-api.md 1.5, 2, 3.1, 4): every caller is a client of his account, with one
 * responsible who works; cards do not tell who works, callRoute answers bare links. What has no account's path in front
 * hangs. A question that no part of worker crm may ask, and a second CallInfo of a call, are problems of the world's.
 */
#ifndef TESTS_BENCH_RINGING_LOAD_MEGAPLAN_H
#define TESTS_BENCH_RINGING_LOAD_MEGAPLAN_H

#include "tests/bench/ringing_load/world.h"

#define MEGAPLAN_HANGS "/hang/"

void megaplan_answer(struct world *w, const struct server_request *r);

#endif
