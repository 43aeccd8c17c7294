/*
 * Which lanes a work enters, and whom it wakes there: the order of an account's jobs (design.md section 4). A job waits
 * for its number and its call; what rings only for its like of the same call; the saving of a call also for its pop-up.
 */
#ifndef WORKER_CRM_ENTER_H
#define WORKER_CRM_ENTER_H

#include "worker/crm/executor.h"

void enter_lanes(struct executor *x, struct work *w);
/* It has just come: a call that rests in the hope of recordings goes on soon when one is there; a pop-up that has not
 * begun, in front of a newer one or of the saving, is judged anew. */
void enter_wake_heads(struct executor *x, struct work *w);
/* The work of that kind at the head of the account's lane ("job/e/ENTRY"), if it only waits for a time, need not wait
 * any longer: judged anew now. */
void enter_hurry(struct executor *x, struct str account, const char *lane, enum job_kind kind);

#endif
