/*
 * The role `worker crm`: owns accounts and makes jobs true in Megaplan (design.md sections 1, 3 and 4).
 */
#ifndef WORKER_CRM_CRM_H
#define WORKER_CRM_CRM_H

#include "common/config.h"

/* Runs until SIGTERM or SIGINT; logs its own errors. The exit code of design.md 6.1. */
int crm_run(const struct config *config);

#endif
