/*
 * Whose a task "call back" becomes (behaviour.md B2): whom the job says, else who answers for the client.
 *
 *   said by the job (B16), or set by this very call --> him
 *   else the responsibles on the client's CARD, in order, then the job's fallback:
 *   the first who works (EMPLOYEES, unless the card tells) --> him, or nobody
 */
#ifndef WORKER_CRM_TASK_WHOSE_H
#define WORKER_CRM_TASK_WHOSE_H

#include <stdbool.h>

#include "worker/crm/executor.h"

enum task_whose_answer {
    TASK_WHOSE_ASKING, /* the work is taken over, judged anew when more is known */
    TASK_WHOSE_FOUND,  /* he stands in the state */
    TASK_WHOSE_NOBODY,
};

/* The client of the state. named: the client's name is wanted, too. If the client turns out to be gone, it
 * is forgotten, and the work judged anew. */
enum task_whose_answer task_whose(struct executor *x, struct work *w, bool named);

#endif
