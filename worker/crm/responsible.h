/*
 * Jobs of kind `responsible`: a client that this call created gets another responsible, unless somebody
 * changed it by hand (behaviour.md G9, G3, G5). Talks to the world only through the executor.
 */
#ifndef WORKER_CRM_RESPONSIBLE_H
#define WORKER_CRM_RESPONSIBLE_H

#include "worker/crm/work.h"

const struct work_ops *responsible_ops(void);

#endif
