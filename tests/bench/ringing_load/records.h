/*
 * The bench's own end of Kafka: writes accounts' settings, and reads `jobs.now` as plainly as can be, for the floor:
 * when each job could be read, and no sooner.
 */
#ifndef TESTS_BENCH_RINGING_LOAD_RECORDS_H
#define TESTS_BENCH_RINGING_LOAD_RECORDS_H

#include "common/config.h"
#include "tests/bench/ringing_load/world.h"

struct records;

/* Makes the topics if they are missing. c must outlive it. */
enum err records_new(struct world *w, const struct config *c, struct records **out,
                     struct error *e) MUST_CHECK;
/* A settings document of that account, as it is; ERR_INTERNAL: it is not taken. */
enum err records_settings(struct records *r, struct str account, struct str document,
                          struct error *e) MUST_CHECK;
/* Settings on their way, or that failed (then negative). */
int64_t records_waiting(const struct records *r);
/* The partition of what is keyed by the account: all of its jobs and facts. */
int32_t records_partition(const struct records *r, struct str account);

#endif
