/*
 * While it rings the employee's Megaplan shows the call and who is calling (behaviour.md G14; megaplan-api.md 4.3): one
 * CallInfo per call, which follows the answer and transfers and becomes the saved call. Best effort inside a deadline.
 */
#ifndef WORKER_CRM_POPUP_H
#define WORKER_CRM_POPUP_H

#include "worker/crm/work.h"

const struct work_ops *popup_ops(void);

#endif
