/*
 * A table by account and id. Loop's thread only.
 */
#include "worker/crm/errands.h"

#include <stdlib.h>

#include <uthash.h>

#include "common/mem.h"

struct errand {
    UT_hash_handle hh;
    char *key; /* account/id */
};

static char *key_of(struct str account, struct str id)
{
    return mem_format("%.*s/%.*s", STR_ARG(account), STR_ARG(id));
}

bool errands_has(const struct owner *o, struct str account, struct str id)
{
    char *key CLEANUP(mem_free_text) = key_of(account, id);
    struct errand *found = NULL;
    HASH_FIND_STR(o->errands, key, found);
    return found != NULL;
}

void errands_add(struct work *w)
{
    struct errand *e = mem_alloc(1, sizeof *e);
    e->key = key_of(work_account(w), str_of(w->job->id));
    HASH_ADD_KEYPTR(hh, w->owner->errands, e->key, strlen(e->key), e);
    w->errand = e;
}

void errands_remove(struct work *w)
{
    struct errand *e = w->errand;
    if (!e)
        return;
    HASH_DEL(w->owner->errands, e);
    free(e->key);
    free(e);
    w->errand = NULL;
}
