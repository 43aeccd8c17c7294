/*
 * Internal work `entry:link`: a call that was saved before its client existed gets it; whichever of the two
 * came second makes it due (due.h). Talks to the world only through the executor.
 */
#ifndef WORKER_CRM_LINK_H
#define WORKER_CRM_LINK_H

#include "worker/crm/work.h"

const struct work_ops *link_ops(void);

#endif
