/*
 * Jobs of kind `call`: the call is saved in Megaplan, once, on one employee (behaviour.md G15, G13;
 * design.md sections 3 and 6.5). Talks to the world only through the executor.
 */
#ifndef WORKER_CRM_CALL_H
#define WORKER_CRM_CALL_H

#include "worker/crm/work.h"

const struct work_ops *call_ops(void);

#endif
