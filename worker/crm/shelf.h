/*
 * Things by name: a hash table of places that live inside their owners, several of one name among each
 * other in the order of putting. What uthash does for one of each name, in 24 bytes instead of 56 and a
 * block of its own per name: the facts of a week are the largest thing a worker keeps in memory. Pure.
 *
 *   slots --> newest of a name --other--> newest of another name of the same slot --other--> NULL
 *                |        ^
 *                +--next--+   oldest -> ... -> newest -> oldest: a ring
 */
#ifndef WORKER_CRM_SHELF_H
#define WORKER_CRM_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

struct shelf_place { /* inside its owner; nothing here is the owner's business */
    struct shelf_place *next, *other;
    uint32_t hash;
};

struct shelf { /* zeroed at first, but for `is` */
    struct shelf_place **slots;
    size_t room, names;
    /* Whether the place's owner has this account and name: the owner keeps them, unchanged while there. */
    bool (*is)(const struct shelf_place *p, struct str account, struct str name);
};

void shelf_done(struct shelf *s); /* what is there is forgotten */
void shelf_put(struct shelf *s, struct shelf_place *p, struct str account, struct str name);
/* It is there, under that name. Quick for the oldest ones of a name. */
void shelf_take(struct shelf *s, struct shelf_place *p, struct str account, struct str name);
/* The newest of that name, NULL if there is none: the ring's handle. */
struct shelf_place *shelf_find(const struct shelf *s, struct str account, struct str name);
/* Walks a ring from its oldest: p = NULL at first; NULL at the end. newest may be NULL. */
struct shelf_place *shelf_next(struct shelf_place *newest, const struct shelf_place *p);
/* The newest of each name. visit changes nothing. */
void shelf_each(const struct shelf *s, void (*visit)(void *arg, const struct shelf_place *newest),
                void *arg);

#endif
