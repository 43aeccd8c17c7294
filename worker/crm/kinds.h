/*
 * Which state machine carries out which kind of job.
 */
#ifndef WORKER_CRM_KINDS_H
#define WORKER_CRM_KINDS_H

#include "common/job.h"
#include "worker/crm/work.h"

/* NULL: a kind that is not carried out yet. */
const struct work_ops *kinds_of(enum job_kind kind);

#endif
