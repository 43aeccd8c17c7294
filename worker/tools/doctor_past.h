/*
 * What the topics tell doctor of the last day: outcomes and dead letters (what the workers met), and events (which
 * extensions had calls).
 */
#ifndef WORKER_TOOLS_DOCTOR_PAST_H
#define WORKER_TOOLS_DOCTOR_PAST_H

#include "common/doctor/evidence.h"
#include "common/doctor/strays.h"
#include "common/err.h"
#include "worker/tools/kit/desk.h"

/* The caller's both, also when it fails: what was read until then. ERR_TEMPORARY: Kafka did not give it all, or a
 * signal came. */
enum err doctor_past_read(struct desk *d, struct evidence **evidence, struct strays **strays,
                          struct error *e) MUST_CHECK;

#endif
