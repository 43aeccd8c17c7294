/*
 * What is to be done at which time: a heap whose entries live inside their owners. Pure; times are
 * whatever the caller counts in (CLOCK_BOOTTIME ms here). Of those that are due the urgent come first, else entries of
 * one time come in no order.
 */
#ifndef WORKER_CRM_AGENDA_H
#define WORKER_CRM_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENDA_NEVER INT64_MAX

struct agenda_entry { /* zeroed at first */
    int64_t at;
    size_t slot; /* place in the heap + 1; 0 = not entered */
    bool urgent; /* the owner's to set, while it is not entered */
};

struct agenda { /* zeroed at first */
    struct agenda_heap {
        struct agenda_entry **list;
        size_t count, room;
    } urgent, others;
};

void agenda_done(struct agenda *a); /* entries that are left are forgotten */
/* Enters the entry, or moves it. */
void agenda_set(struct agenda *a, struct agenda_entry *e, int64_t at);
/* Takes it out; not entered is fine. */
void agenda_drop(struct agenda *a, struct agenda_entry *e);
/* Takes out and returns one that is due at `now`; NULL if none is. */
struct agenda_entry *agenda_due(struct agenda *a, int64_t now);
/* The same, of the urgent only. */
struct agenda_entry *agenda_due_urgent(struct agenda *a, int64_t now);
/* The time of the earliest entry, or AGENDA_NEVER. */
int64_t agenda_next(const struct agenda *a);

#endif
