/*
 * A short list: accounts share few zones.
 */
#include "worker/zones.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/tz_file.h"

struct zone {
    struct zone *next;
    char *name;
    struct tz *tz; /* NULL: unknown to the system */
};

struct zones {
    struct zone *first;
};

struct zones *zones_new(void)
{
    return mem_alloc(1, sizeof(struct zones));
}

void zones_free(struct zones *z)
{
    struct zone *next;
    for (struct zone *i = z ? z->first : NULL; i != NULL; i = next) {
        next = i->next;
        tz_free(i->tz);
        free(i->name);
        free(i);
    }
    free(z);
}

const struct tz *zones_get(struct zones *z, const char *name)
{
    struct error e = ERROR_NONE;
    for (struct zone *i = z->first; i != NULL; i = i->next) {
        if (strcmp(i->name, name) == 0)
            return i->tz;
    }
    struct zone *new = mem_alloc(1, sizeof *new);
    new->name = mem_copy(str_of(name));
    new->next = z->first;
    z->first = new;
    if (tz_file_load(name, &new->tz, &e) != ERR_OK)
        log_fail("local times are UTC: install tzdata", LOG_ERROR(&e));
    return new->tz;
}
