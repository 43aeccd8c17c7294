/*
 * What only alerts ask Megaplan for (behaviour.md B13): once an hour the newest calls, to see whether another application,
 * the vendor's own, saves the same ones. Internal work that leaves nothing behind; a refusal teaches nothing. Entered on the
 * loop's thread only.
 */
#ifndef WORKER_CRM_ALERT_LOOK_H
#define WORKER_CRM_ALERT_LOOK_H

#include <stdbool.h>

#include "worker/crm/work.h"

/* About each second, while somebody wants alerts: begins it when it is time. */
void alert_look_visit(struct executor *x, struct account *a);
/* Whether a work of kind `alert` is such a look. */
bool alert_look_is(const struct work *w);
void alert_look_judge(struct executor *x, struct work *w);

#endif
