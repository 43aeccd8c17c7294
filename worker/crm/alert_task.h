/*
 * The task that tells `alert_responsible` of a broken integration (behaviour.md B13): one per alert, made when it opens and
 * closed when it heals, by internal work under intent and done facts like whatever else is made in Megaplan, so exactly once.
 *
 *   an alert opens  --> alert-CAUSE-OPENED:alert         made, found after an unknown end, or nobody takes it: none
 *   it is closed    --> alert-CAUSE-OPENED:alert:closed  closed, or somebody was faster
 *
 * A task that a person closes stays closed: its alert has had its task. It waits for the account's budget behind what calls
 * are about. OPENED: unix ms. Entered on the loop's thread only.
 */
#ifndef WORKER_CRM_ALERT_TASK_H
#define WORKER_CRM_ALERT_TASK_H

#include <stdbool.h>

#include "common/alert.h"
#include "worker/crm/work.h"

/* About each second: what is due of the task of this alert is begun, what came of it goes into the account's alert state.
 * wanted: there is somebody to make it for. True: the state has changed. */
bool alert_task_visit(struct executor *x, struct account *a, enum alert_cause c, bool wanted);
/* Whether its task is being made: what came of that is not known yet. */
bool alert_task_is_made(const struct account *a, enum alert_cause c);
/* Of all works of kind `alert`: these, and alert_look.h's. */
const struct work_ops *alert_task_ops(void);

#endif
