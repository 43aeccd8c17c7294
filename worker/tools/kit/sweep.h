/*
 * Reading places of topics to their end, for tools that have nothing else to do meanwhile.
 */
#ifndef WORKER_TOOLS_KIT_SWEEP_H
#define WORKER_TOOLS_KIT_SWEEP_H

#include <stdbool.h>

#include "common/err.h"
#include "common/kafka/scan.h"
#include "worker/tools/kit/desk.h"

/* A scan of the desk's scanner (which was wanted) as o says, its `done` aside; returns when it has ended. cut: more was there
 * than o's ceilings allow; NULL if nobody minds. ERR_TEMPORARY "what: ...": Kafka did not give it all, or a signal
 * came. */
enum err sweep_read(struct desk *d, const struct scan_options *o, const char *what, bool *cut,
                    struct error *e) MUST_CHECK;
/* Every message of a topic up to its end as it is now, partition by partition as they come. */
enum err sweep_topic(struct desk *d, enum kafka_topic t,
                     void (*message)(void *arg, const struct kafka_message *m), void *arg,
                     const char *what, bool *cut, struct error *e) MUST_CHECK;

#endif
