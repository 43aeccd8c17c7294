/*
 * What MANGO knows of who calls a dynamic number (behaviour.md G12, B4; mango-api.md section 5): asked once per call,
 * at its first event, for the data hangs on the number only while that visitor has it.
 */
#ifndef WORKER_CRM_VISITOR_H
#define WORKER_CRM_VISITOR_H

#include "worker/crm/work.h"

const struct work_ops *visitor_ops(void);

#endif
