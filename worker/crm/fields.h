/*
 * The extra fields of an account (behaviour.md G8, G12; megaplan-api.md 2.8): which system name each of our
 * labels has, and making those that are missing, once per switch-on.
 *
 *   part: line (source_field), tracking (call_tracking)
 *   state fact account/state/fields-PART {"on","ready","rev"}, never aged out:
 *
 *     off --switched on--> on, rev + 1, not ready --every field of it is there, made or refused--> ready
 *      ^                                                                                             |
 *      +---------------------------- switched off ---------------------------------------------------+
 *
 *   for each field of a part that is not ready: internal work PART:field:REV:FIELD
 *
 * A field that a user deletes stays deleted: nothing is made while its part is ready.
 */
#ifndef WORKER_CRM_FIELDS_H
#define WORKER_CRM_FIELDS_H

#include <stdbool.h>

#include "common/megaplan/field.h"
#include "worker/crm/alert_state.h"
#include "worker/crm/executor.h"
#include "worker/crm/work.h"

#define FIELDS_PREFIX "fields-" /* of its states' names and its works' ids */

struct fields;

void fields_free(struct fields *f); /* NULL is fine */
/* Whether the names are known; if not, they are asked for and the work is judged anew: it is taken over. */
bool fields_known(struct executor *x, struct work *w);
/* The system name of a field, NULL if the account has none such. Only when they are known. */
const char *fields_name(const struct work *w, enum field f);
/* Megaplan does not know a name (any more): they are asked for anew when next needed. */
void fields_forget(struct work *w);
/* Whether the part of the field is being made: it may be there soon. */
bool fields_coming(const struct executor *x, const struct work *w, enum field f);
/* The account's settings, its state or one of its fields has changed: what is to be made is begun. Only
 * while the owner is restored. */
void fields_check(struct executor *x, struct owner *o, struct str account);
/* The same, after a fact of one of its fields or its state was read. */
void fields_read(struct executor *x, struct owner *o, struct str account, struct str id);
/* Whether a field that the account's settings want, and that was made or there, is gone: somebody deleted it. UNKNOWN:
 * nothing was asked since. */
enum alert_state_input fields_deleted(const struct executor *x, const struct account *a,
                                      enum field f);
/* The kind of work that makes one field. */
const struct work_ops *fields_ops(void);

#endif
