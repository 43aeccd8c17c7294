/*
 * Sending a call that is in the voice menu to its client's responsible (behaviour.md G7, B5; design.md section 4). Best
 * effort inside a hard deadline: what cannot be done in time is not done, and the outcome says why.
 */
#ifndef WORKER_CRM_ROUTE_H
#define WORKER_CRM_ROUTE_H

#include "worker/crm/work.h"

const struct work_ops *route_ops(void);

#endif
