/*
 * After a create that was repeated: ten minutes later, are there two (design.md section 3 "Looking")?
 * A request that Megaplan carries out a minute late makes a second client, and nothing on our side can
 * prevent it; it must not go unnoticed. Lives in memory: a restart forgets the check.
 */
#ifndef WORKER_CRM_TWIN_H
#define WORKER_CRM_TWIN_H

#include <stdint.h>

#include "worker/crm/executor.h"

/* The work's client was created anew after an unknown outcome; since: the first intent, unix ms. */
void twin_expect(struct executor *x, const struct work *w, int64_t since);

#endif
