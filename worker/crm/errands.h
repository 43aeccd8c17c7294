/*
 * Work of an owner that no message asks for (due.h), by its id: whether it is in hand is asked for each fact that is
 * read.
 */
#ifndef WORKER_CRM_ERRANDS_H
#define WORKER_CRM_ERRANDS_H

#include <stdbool.h>

#include "worker/crm/work.h"

bool errands_has(const struct owner *o, struct str account, struct str id);
/* It is not there yet. */
void errands_add(struct work *w);
void errands_remove(struct work *w); /* not there is fine */

#endif
