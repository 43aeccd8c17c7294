/*
 * Kind `fill`: extra fields of a client that this call made, which became known after it was created
 * (behaviour.md G8, G12): `entry:fill:line` by a job of calls or because it could not be written at once,
 * `entry:fill` when the visitor's answer has come (due.h). Only fields that are still empty.
 */
#ifndef WORKER_CRM_FILL_H
#define WORKER_CRM_FILL_H

#include "common/megaplan/contractor.h"
#include "common/megaplan/field.h"
#include "worker/crm/work.h"

struct fill { /* what is to be written; texts owned */
    struct {
        enum field field;
        char *value;
        char *name; /* the account's for it, by fill_name; NULL: none */
    } list[FIELDS];
    size_t count;
};

/* Adds a field; an empty value is passed over. */
void fill_add(struct fill *f, enum field field, struct str value);
/* Adds what the visitor's answer says, and the call's id (behaviour.md G12). answer: JSON text of an
 * object, NULL: MANGO knows nobody. */
void fill_add_tracking(struct fill *f, const char *answer, struct str entry_id);
void fill_done(struct fill *f);
/* Notes which names the fields have now: they may be forgotten (fields.h) before the request is written. */
void fill_name(const struct work *w, struct fill *f);
/* Those that had a name then, for a request; borrowed from f. Returns how many. */
size_t fill_named(const struct fill *f, struct contractor_field out[FIELDS]);
/* The visitor's answer that facts know of this call: true if there is one; *answer NULL: nobody. */
bool fill_visitor(const struct work *w, const char **answer);

const struct work_ops *fill_ops(void);

#endif
