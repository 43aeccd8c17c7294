/*
 * Jobs of kind `client`: the number gets a client in Megaplan, once (behaviour.md G3-G6, B9; design.md
 * section 3). Talks to the world only through the executor.
 */
#ifndef WORKER_CRM_CLIENT_H
#define WORKER_CRM_CLIENT_H

#include "worker/crm/work.h"

const struct work_ops *client_ops(void);

#endif
