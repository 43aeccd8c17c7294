/*
 * Internal work `entry:twin` (design.md section 3 "Looking"): ten minutes after a create that was repeated
 * behind an unknown end it is looked for once more; two objects of one marker, or of one number, are an
 * alarm, never silence. That it is due stands in facts, so a restart does not forget it.
 */
#ifndef WORKER_CRM_TWIN_H
#define WORKER_CRM_TWIN_H

#include "worker/crm/work.h"

/* Makes a check due for what this work just created: w->since is when the first such request may have been
 * made. client: where a task belongs; NULL: the object is a client. */
void twin_expect(struct executor *x, const struct work *w, const char *client, bool company);

const struct work_ops *twin_ops(void);

#endif
