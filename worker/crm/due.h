/*
 * Work that no message asks for: the facts say that it is due (design.md section 3 "Visitor" and
 * "Looking"). It is found when a partition is restored, and whenever a fact is read that may make some due;
 * so a crash loses none of it.
 *
 *   a client of this call and the visitor's answer, no fill          -> entry:fill
 *   a client of this call whose line could not be written            -> entry:fill:line
 *   a saved call without client, whose number has one by now         -> entry:link
 *   a create was repeated after an unknown end, not yet looked at    -> entry:twin, ten minutes later
 */
#ifndef WORKER_CRM_DUE_H
#define WORKER_CRM_DUE_H

#include "worker/crm/executor.h"

/* All of the owner's facts are there. */
void due_restored(struct executor *x, struct owner *o);
/* The account was switched off, or gone, and is not any more: what it left is begun. */
void due_switched_on(struct executor *x, struct owner *o, struct str account);
/* A fact of this job was read (after restoring). */
void due_read(struct executor *x, struct owner *o, struct str account, struct str id);

#endif
