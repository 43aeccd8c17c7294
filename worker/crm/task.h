/*
 * Jobs of kind `task`: one task "call back" for a missed call, never a second one while one is open
 * (behaviour.md B2). Talks to the world only through the executor.
 */
#ifndef WORKER_CRM_TASK_H
#define WORKER_CRM_TASK_H

#include "worker/crm/work.h"

const struct work_ops *task_ops(void);

#endif
