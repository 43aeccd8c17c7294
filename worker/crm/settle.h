/*
 * What was begun and nobody knows the end of (design.md section 3 "Settling", "Looking"): intents of other
 * owners that concern a job are settled before it is judged; an unknown end of the job's own request is
 * looked for at once.
 *
 *   foreign intent --20 s old--> LOOK --found--> its done fact, read back --> judged
 *                                 ^  \--not done--> settled -------------> judged
 *   own unknown end --------------+--found--> the kind's found()
 */
#ifndef WORKER_CRM_SETTLE_H
#define WORKER_CRM_SETTLE_H

#include <stdbool.h>

#include "worker/crm/executor.h"

#define SETTLE_AGEING_MS 20000

/* True: a foreign intent has to be settled first; the work waits, and is judged anew afterwards. */
bool settle_first(struct executor *x, struct work *w);
/* The end of the work's own request, which wrote the intent, is unknown. */
void settle_own(struct executor *x, struct work *w);

#endif
