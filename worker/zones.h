/*
 * Time zones of accounts, each read once from the system's tz database. On the loop's thread.
 */
#ifndef WORKER_ZONES_H
#define WORKER_ZONES_H

#include "common/tz.h"

struct zones;

struct zones *zones_new(void);
void zones_free(struct zones *z);
/* The zone, read at first use; NULL (UTC), logged once, if the system does not know it. Valid until
 * zones_free. */
const struct tz *zones_get(struct zones *z, const char *name);

#endif
