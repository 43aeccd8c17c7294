/*
 * The clerk's thread and how it talks to the loop: a list of orders under a lock one way, a list of
 * finished ones and an eventfd the other way. Must not know Kafka, or why anything is stored.
 *
 *   give -> waiting -> [taken, one transaction, reads] -> finished -> eventfd -> finished() on the loop
 */
#include "ingest/spool/clerk.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"

#define AT_ONCE 1000  /* orders in one transaction */
#define UNREADABLE 10 /* reads that fail in a row: the file is as good as damaged */

struct clerk {
    struct loop *loop;
    struct clerk_events events;
    int fd; /* eventfd: something is finished */
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* of the next five */
    pthread_cond_t work;
    struct spool_order *waiting, **last;
    struct spool_order *finished, **last_finished;
    bool stop, renewed;
    /* The thread's own. */
    struct spool_file *file;
    int64_t seq;   /* of the newest row */
    int64_t count; /* rows, with what the open transaction changes */
    int unread;    /* reads that failed in a row */
    bool begun_anew;
    bool wrote;   /* what needs room: only then a disk that takes it is well */
    bool gap;     /* since SPOOL_DOUBT a settings document was not taken */
    bool shrinks; /* the file's space can be given back, piece by piece while nothing waits */
    /* For everybody. */
    _Atomic int64_t messages, oldest_ms;
    _Atomic bool writable, readable;
};

/* ---- the thread: changes ---- */

static enum err change(struct clerk *c, struct spool_order *o, struct error *e)
{
    int64_t n = 0;
    switch (o->task) {
    case SPOOL_ADD:
        o->row.seq = c->seq + 1;
        if (spool_file_add(c->file, &o->row, e) == ERR_OK) {
            c->seq++;
            c->count++;
            c->wrote = true;
        }
        break;
    case SPOOL_FORGET:
        if (spool_file_forget(c->file, o->row.seq, &n, e) == ERR_OK)
            c->count -= n;
        c->wrote |= n > 0;
        break;
    case SPOOL_PARK:
        if (spool_file_park(c->file, o->row.seq, o->row.value, e) == ERR_OK)
            c->count--;
        break;
    case SPOOL_SETTINGS:
        c->wrote = true;
        return spool_file_settings(c->file, o->row.account, o->row.value, e);
    case SPOOL_DOUBT:
        c->gap = false;
        return spool_file_doubt_settings(c->file, e);
    case SPOOL_CLEAN:
        return c->gap ? ERR_OK : spool_file_drop_doubtful(c->file, e);
    case SPOOL_READ:
        break;
    }
    return e->kind;
}

/* One transaction of the first n orders. */
static enum err transact(struct clerk *c, struct spool_order *first, size_t n, struct error *e)
{
    int64_t count = c->count;
    bool gap = c->gap;
    enum err kind = spool_file_begin(c->file, e);
    struct spool_order *o = first;
    for (size_t i = 0; kind == ERR_OK && i < n; i++, o = o->next)
        kind = change(c, o, e);
    if (kind == ERR_OK)
        kind = spool_file_commit(c->file, e);
    if (kind != ERR_OK) {
        c->count = count;
        c->gap = gap;
    }
    return kind;
}

static void renew(struct clerk *c, const struct error *why)
{
    struct error e = ERROR_NONE;
    char *aside CLEANUP(mem_free_text) = NULL;
    enum err kind = spool_file_renew(c->file, &aside, &e);
    log_fail("the spool's file is damaged: webhooks in it stay there", LOG_TEXT("file", aside),
             LOG_INT("messages", c->count), LOG_ERROR(why));
    if (kind)
        log_fail("and a new one cannot be made", LOG_ERROR(&e));
    c->count = 0;
    c->begun_anew = true;
    c->readable = kind == ERR_OK;
}

/* All or nothing of n orders. What stands in the way is tried to be mended, once. */
static bool store(struct clerk *c, struct spool_order *first, size_t n)
{
    struct error e = ERROR_NONE;
    enum err kind = transact(c, first, n, &e);
    if (kind != ERR_OK) {
        if (kind == ERR_INPUT)
            renew(c, &e);
        else
            spool_file_relieve(c->file);
        e = ERROR_NONE;
        kind = transact(c, first, n, &e);
    }
    if (kind != ERR_OK)
        log_fail("the spool's file takes nothing", LOG_INT("messages", n), LOG_ERROR(&e));
    for (struct spool_order *o = first; n > 0; n--, o = o->next)
        o->done = kind == ERR_OK;
    return kind == ERR_OK;
}

/* As many as the disk takes, in their order: when all do not fit, the first half may. After the first one
 * that does not fit by itself, the disk is asked no more. */
static bool store_some(struct clerk *c, struct spool_order *first, size_t n)
{
    if (store(c, first, n))
        return true;
    if (n == 1)
        return false;
    size_t half = n / 2;
    struct spool_order *second = first;
    if (!store_some(c, first, half))
        return false;
    for (size_t i = 0; i < half; i++)
        second = second->next;
    return store_some(c, second, n - half);
}

/* What makes room goes before what needs it, and is asked for also when the disk is full. */
static void store_all(struct clerk *c, struct spool_order *first, size_t n)
{
    c->wrote = false;
    bool well = store_some(c, first, n);
    for (struct spool_order *o = first; !well && n > 0; n--, o = o->next) {
        if (!o->done && o->task == SPOOL_FORGET)
            (void)store(c, o, 1);
        c->gap |= !o->done && (o->task == SPOOL_SETTINGS || o->task == SPOOL_DOUBT);
    }
    if (!well || c->wrote)
        c->writable = well;
}

/* ---- the thread: reads ---- */

struct reading {
    struct spool_batch *batch;
    size_t used;
};

static char *put(struct reading *r, struct str *s)
{
    char *at = r->batch->bytes + r->used;
    if (s->len)
        memcpy(at, s->ptr, s->len);
    s->ptr = at;
    r->used += s->len;
    return at;
}

static bool on_row(void *arg, const struct spool_row *row)
{
    struct reading *r = arg;
    struct spool_batch *b = r->batch;
    size_t len = row->account.len + row->kind.len + row->key.len + row->value.len;
    b->more = true;
    if (b->n == b->max || (b->n > 0 && r->used + len > SPOOL_BATCH_BYTES))
        return false;
    if (b->n == 0)
        b->bytes = mem_alloc(1, len > SPOOL_BATCH_BYTES ? len : SPOOL_BATCH_BYTES);
    struct spool_row *mine = &b->rows[b->n++];
    *mine = *row;
    put(r, &mine->account);
    put(r, &mine->kind);
    put(r, &mine->key);
    put(r, &mine->value);
    b->more = false;
    return true;
}

static void look(struct clerk *c, struct spool_order *o)
{
    struct error e = ERROR_NONE;
    struct reading r = {.batch = o->batch};
    o->batch->n = 0;
    o->batch->more = false;
    o->done = spool_file_read(c->file, o->row.seq, on_row, &r, &e) == ERR_OK;
    c->readable = o->done;
    c->unread = o->done ? 0 : c->unread + 1;
    if (o->done)
        return;
    o->batch->n = 0;
    free(o->batch->bytes);
    o->batch->bytes = NULL;
    if (e.kind == ERR_INPUT || c->unread % UNREADABLE == 0)
        renew(c, &e);
    else
        log_fail("the spool's file cannot be read", LOG_ERROR(&e));
}

/* ---- the thread ---- */

static void tell_numbers(struct clerk *c)
{
    struct error e = ERROR_NONE;
    int64_t oldest = 0;
    if (c->count > 0)
        c->shrinks = false;
    if (c->count > 0)
        (void)!spool_file_oldest(c->file, &oldest, &e);
    else if (c->messages > 0)
        c->shrinks = true;
    c->messages = c->count;
    c->oldest_ms = oldest;
}

static void carry_out(struct clerk *c, struct spool_order *first)
{
    while (first) {
        struct spool_order *o = first;
        size_t n = 0;
        for (; o && o->task != SPOOL_READ && n < AT_ONCE; o = o->next)
            n++;
        if (n > 0) {
            store_all(c, first, n);
        } else {
            look(c, first);
            o = first->next;
        }
        first = o;
    }
    tell_numbers(c);
}

static void *work(void *arg)
{
    struct clerk *c = arg;
    pthread_mutex_lock(&c->lock);
    while (c->waiting || !c->stop) {
        if (!c->waiting && c->shrinks) {
            pthread_mutex_unlock(&c->lock);
            c->shrinks = spool_file_shrink(c->file);
            pthread_mutex_lock(&c->lock);
            continue;
        }
        if (!c->waiting) {
            pthread_cond_wait(&c->work, &c->lock);
            continue;
        }
        struct spool_order *first = c->waiting, **last = c->last;
        c->waiting = NULL;
        c->last = &c->waiting;
        pthread_mutex_unlock(&c->lock);
        carry_out(c, first);
        pthread_mutex_lock(&c->lock);
        *c->last_finished = first;
        c->last_finished = last;
        c->renewed |= c->begun_anew;
        c->begun_anew = false;
        eventfd_write(c->fd, 1);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* ---- the loop ---- */

void clerk_give(struct clerk *c, struct spool_order *o)
{
    o->next = NULL;
    o->done = false;
    pthread_mutex_lock(&c->lock);
    *c->last = o;
    c->last = &o->next;
    pthread_cond_signal(&c->work);
    pthread_mutex_unlock(&c->lock);
}

static void hand_back(struct clerk *c)
{
    pthread_mutex_lock(&c->lock);
    struct spool_order *o = c->finished;
    bool renewed = c->renewed;
    c->finished = NULL;
    c->last_finished = &c->finished;
    c->renewed = false;
    pthread_mutex_unlock(&c->lock);
    if (renewed && c->events.renewed)
        c->events.renewed(c->events.arg);
    for (struct spool_order *next; o; o = next) {
        next = o->next;
        o->finished(o);
    }
}

static void on_finished(void *arg, unsigned events)
{
    struct clerk *c = arg;
    eventfd_t n;
    (void)events;
    eventfd_read(c->fd, &n);
    hand_back(c);
}

enum err clerk_new(struct loop *l, struct spool_file *file, const struct clerk_events *events,
                   struct clerk **out, struct error *e)
{
    struct clerk *c = mem_alloc(1, sizeof *c);
    int64_t count = 0, oldest = 0;
    c->loop = l;
    c->events = *events;
    c->file = file;
    c->last = &c->waiting;
    c->last_finished = &c->finished;
    c->writable = true;
    c->readable = true;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work, NULL);
    c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->fd < 0)
        error_set(e, ERR_INTERNAL, "eventfd: %s", strerrordesc_np(errno));
    else if (spool_file_count(file, &count, &c->seq, &oldest, e) == ERR_OK &&
             loop_watch(l, c->fd, LOOP_READ, on_finished, c, e) == ERR_OK) {
        c->count = count;
        c->messages = count;
        c->oldest_ms = oldest;
        c->running = pthread_create(&c->thread, NULL, work, c) == 0;
        if (!c->running)
            error_set(e, ERR_INTERNAL, "no thread for the spool");
    }
    if (e->kind) {
        clerk_free(c);
        return e->kind;
    }
    *out = c;
    return ERR_OK;
}

void clerk_free(struct clerk *c)
{
    if (!c)
        return;
    if (c->running) {
        pthread_mutex_lock(&c->lock);
        c->stop = true;
        pthread_cond_signal(&c->work);
        pthread_mutex_unlock(&c->lock);
        pthread_join(c->thread, NULL);
        hand_back(c);
    }
    if (c->fd >= 0) {
        loop_unwatch(c->loop, c->fd);
        close(c->fd);
    }
    pthread_cond_destroy(&c->work);
    pthread_mutex_destroy(&c->lock);
    spool_file_close(c->file);
    free(c);
}

int64_t clerk_messages(const struct clerk *c)
{
    return c->messages;
}

int64_t clerk_oldest_ms(const struct clerk *c)
{
    return c->oldest_ms;
}

bool clerk_is_well(const struct clerk *c)
{
    return c->writable && c->readable;
}
