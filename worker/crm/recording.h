/*
 * Jobs of kind `record`: the saved call carries the link to its recording (behaviour.md G13, design.md
 * section 3 "Records"). The link stands in the job's done fact: a call not saved yet gets it with its
 * saving, a saved one by an update with all links, an unsaved one never.
 */
#ifndef WORKER_CRM_RECORDING_H
#define WORKER_CRM_RECORDING_H

#include "worker/crm/work.h"

const struct work_ops *recording_ops(void);

#endif
