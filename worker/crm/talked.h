/*
 * Jobs of kind `talked`: somebody talked with the client, so nobody has to call back any more (behaviour.md
 * B3). Talks to the world only through the executor.
 */
#ifndef WORKER_CRM_TALKED_H
#define WORKER_CRM_TALKED_H

#include "worker/crm/work.h"

const struct work_ops *talked_ops(void);

#endif
