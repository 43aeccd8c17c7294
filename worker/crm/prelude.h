/*
 * What is asked of every job before its kind judges it: is it over, is there an account, is something of
 * another owner to be settled first, does its verdict stand? (design.md section 3.)
 */
#ifndef WORKER_CRM_PRELUDE_H
#define WORKER_CRM_PRELUDE_H

#include <stdbool.h>

#include "worker/crm/executor.h"

/* False: the work has ended or waits; who called is done with it. */
bool prelude_passes(struct executor *x, struct work *w);

#endif
