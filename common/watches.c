/*
 * A table of sockets by their number. Knows nothing of what they are for. One thread, the loop's.
 */
#include "common/watches.h"

#include <stdlib.h>
#include <uthash.h>

#include "common/mem.h"

struct watch {
    struct watches *owner;
    int fd;          /* key */
    bool connection; /* ends with watches_closed only */
    bool watched;    /* by the loop */
    bool wanted;
    UT_hash_handle hh;
};

struct watches {
    struct loop *loop;
    struct watch *table;
    void (*ready)(void *arg, int fd, unsigned events);
    void *arg;
};

struct watches *watches_new(struct loop *l, void (*ready)(void *arg, int fd, unsigned events),
                            void *arg)
{
    struct watches *w = mem_alloc(1, sizeof *w);
    *w = (struct watches){.loop = l, .ready = ready, .arg = arg};
    return w;
}

static struct watch *find(const struct watches *w, int fd)
{
    struct watch *one;
    HASH_FIND_INT(w->table, &fd, one);
    return one;
}

static struct watch *add(struct watches *w, int fd)
{
    struct watch *one = mem_alloc(1, sizeof *one);
    one->owner = w;
    one->fd = fd;
    HASH_ADD_INT(w->table, fd, one);
    return one;
}

static void leave(struct watch *one)
{
    if (one->watched)
        loop_unwatch(one->owner->loop, one->fd);
    one->watched = false;
}

static void drop(struct watches *w, struct watch *one)
{
    leave(one);
    HASH_DEL(w->table, one);
    free(one);
}

static void on_ready(void *arg, unsigned events)
{
    struct watch *one = arg; /* may be freed inside */
    if (one->wanted)
        one->owner->ready(one->owner->arg, one->fd, events);
    else /* the other side has closed it; who wants it again will see that */
        leave(one);
}

void watches_opened(struct watches *w, int fd)
{
    watches_closed(w, fd); /* an earlier one of this number was closed without a word */
    add(w, fd)->connection = true;
}

bool watches_want(struct watches *w, int fd, unsigned events)
{
    struct watch *one = find(w, fd);
    if (!one)
        one = add(w, fd);
    one->wanted = true;
    if (one->watched)
        loop_change(w->loop, fd, events);
    else
        one->watched = loop_watch(w->loop, fd, events, on_ready, one, NULL) == ERR_OK;
    return one->watched;
}

void watches_rest(struct watches *w, int fd)
{
    struct watch *one = find(w, fd);
    if (!one)
        return;
    one->wanted = false;
    if (!one->connection)
        drop(w, one);
    else if (one->watched)
        loop_change(w->loop, fd, LOOP_READ);
}

void watches_closed(struct watches *w, int fd)
{
    struct watch *one = find(w, fd);
    if (one)
        drop(w, one);
}

void watches_free(struct watches *w)
{
    struct watch *one, *next;
    if (!w)
        return;
    HASH_ITER(hh, w->table, one, next)
        drop(w, one);
    free(w);
}
