/*
 * The rows of a number in ingest's spool (ingest/README.md): webhooks that wait for Kafka, or that Kafka refused for good. The
 * file is one process's: nothing can be done while ingest runs.
 */
#ifndef WORKER_TOOLS_FORGET_SPOOL_H
#define WORKER_TOOLS_FORGET_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/phone.h"

enum forget_spool_end {
    FORGET_SPOOL_DONE, /* *n rows were erased; dry: would be */
    FORGET_SPOOL_NONE, /* there is no such file on this machine */
    FORGET_SPOOL_BUSY, /* somebody has it open, or it is none: e says what */
};

/* path: INGEST_SPOOL, "" if there is none. */
enum forget_spool_end forget_spool(const char *path, const char *account,
                                   const struct phone *number, bool dry, int64_t *n,
                                   struct error *e);

#endif
