/*
 * The role `worker calls`: reads `events`, folds calls, decides, writes jobs and outcomes. It talks to
 * nobody but Kafka.
 */
#ifndef WORKER_CALLS_CALLS_H
#define WORKER_CALLS_CALLS_H

#include "common/config.h"

/* Runs until SIGTERM or SIGINT. Logs its own errors; returns the exit code (design.md 6.1). */
int calls_run(const struct config *c);

#endif
