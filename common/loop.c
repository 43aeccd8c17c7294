/*
 * The event loop: epoll, a binary heap of timers, signals through signalfd. It must not know what
 * it runs. One thread enters it; only loop_last_turn is for others.
 *
 * A turn:  wait (<= 1 s) -> stamp -> due timers -> ready fds -> each_turn
 *
 * Before every single callback the clock is compared with the stamp: if LOOP_FENCE_MS have passed,
 * wherever the time went (in the wait or in a callback), the gap callbacks come first.
 */
#include "common/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"

#define WAIT_MAX_MS 1000 /* the loop turns at least so often */
#define BATCH 16         /* ready fds taken at once: timers and hooks come between those and more */

struct watch {
    void (*ready)(void *arg, unsigned events); /* NULL = not watched */
    void *arg;
    unsigned events;
    uint32_t generation; /* told apart from an earlier watch of the same fd number */
};

struct due { /* an entry of the heap */
    int64_t at;
    uint64_t order; /* of setting: equal times fire in it */
    struct loop_timer *timer;
};

struct hook {
    void (*turn)(void *arg);
    void (*gap)(void *arg, int64_t ms);
    void *arg;
};

struct hooks {
    struct hook *list;
    size_t n;
};

struct loop {
    int epoll_fd;
    int signal_fd; /* -1 = none */
    int hangup_fd; /* the same */
    bool stopping;
    struct watch *watches; /* by fd */
    size_t nwatches;
    struct due *heap;
    size_t ndue, heap_room;
    uint64_t order; /* of the latest timer set */
    struct hooks turns, gaps;
    void (*stop)(void *arg, int signal);
    void *stop_arg;
    void (*again)(void *arg);
    void *again_arg;
    int64_t (*clock)(void);
    int64_t now;               /* stamp of this turn */
    _Atomic int64_t last_turn; /* the same, for other threads */
};

/* ---- making and freeing ---- */

enum err loop_new(struct loop **out, struct error *e)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        return error_set(e, ERR_INTERNAL, "epoll_create1: %s", strerrordesc_np(errno));
    struct loop *l = mem_alloc(1, sizeof *l);
    l->epoll_fd = fd;
    l->signal_fd = -1;
    l->hangup_fd = -1;
    l->clock = clock_boot_ms;
    l->now = l->clock();
    l->last_turn = l->now;
    *out = l;
    return ERR_OK;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->ndue; i++)
        l->heap[i].timer->slot = 0;
    if (l->signal_fd >= 0)
        close(l->signal_fd);
    if (l->hangup_fd >= 0)
        close(l->hangup_fd);
    close(l->epoll_fd);
    free(l->watches);
    free(l->heap);
    free(l->turns.list);
    free(l->gaps.list);
    free(l);
}

void loop_use_clock(struct loop *l, int64_t (*boot_ms)(void))
{
    l->clock = boot_ms;
    l->now = boot_ms();
    l->last_turn = l->now;
}

/* ---- file descriptors ---- */

static struct watch *watch_of(const struct loop *l, int fd)
{
    if (fd < 0 || (size_t)fd >= l->nwatches || !l->watches[fd].ready)
        return NULL;
    return &l->watches[fd];
}

static void make_room_for(struct loop *l, int fd)
{
    size_t n = l->nwatches ? l->nwatches : 64;
    while (n <= (size_t)fd)
        n *= 2;
    if (n == l->nwatches)
        return;
    l->watches = mem_resize(l->watches, n, sizeof *l->watches);
    memset(l->watches + l->nwatches, 0, (n - l->nwatches) * sizeof *l->watches);
    l->nwatches = n;
}

static int epoll_change(struct loop *l, int op, int fd)
{
    struct watch *w = &l->watches[fd];
    struct epoll_event event = {
        .events = (w->events & LOOP_READ ? EPOLLIN | EPOLLRDHUP : 0u) |
                  (w->events & LOOP_WRITE ? EPOLLOUT : 0u),
        .data.u64 = (uint64_t)w->generation << 32 | (uint32_t)fd,
    };
    return epoll_ctl(l->epoll_fd, op, fd, &event);
}

enum err loop_watch(struct loop *l, int fd, unsigned events,
                    void (*ready)(void *arg, unsigned events), void *arg, struct error *e)
{
    if (fd < 0 || watch_of(l, fd))
        return error_set(e, ERR_INTERNAL, "fd %d is watched already or is none", fd);
    make_room_for(l, fd);
    struct watch *w = &l->watches[fd];
    w->generation++;
    w->events = events;
    /* Without events the fd stays out of epoll, which would report a hang-up on and on. */
    if (events && epoll_change(l, EPOLL_CTL_ADD, fd) != 0)
        return error_set(e, ERR_INTERNAL, "cannot watch fd %d: %s", fd, strerrordesc_np(errno));
    w->ready = ready;
    w->arg = arg;
    return ERR_OK;
}

void loop_change(struct loop *l, int fd, unsigned events)
{
    struct watch *w = watch_of(l, fd);
    if (!w || w->events == events)
        return;
    int op = !w->events ? EPOLL_CTL_ADD : !events ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    w->events = events;
    (void)epoll_change(l, op, fd); /* fails only for an fd closed too early: nothing to report */
}

void loop_unwatch(struct loop *l, int fd)
{
    struct watch *w = watch_of(l, fd);
    if (!w)
        return;
    if (w->events)
        (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    w->ready = NULL;
    w->arg = NULL;
}

/* ---- timers: a binary heap by time, then order of setting ---- */

static bool before(const struct due *a, const struct due *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void put(struct loop *l, size_t i, struct due d)
{
    l->heap[i] = d;
    d.timer->slot = i + 1;
}

static void sift_up(struct loop *l, size_t i)
{
    struct due d = l->heap[i];
    while (i > 0 && before(&d, &l->heap[(i - 1) / 2])) {
        put(l, i, l->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(l, i, d);
}

static void sift_down(struct loop *l, size_t i)
{
    struct due d = l->heap[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= l->ndue)
            break;
        if (child + 1 < l->ndue && before(&l->heap[child + 1], &l->heap[child]))
            child++;
        if (!before(&l->heap[child], &d))
            break;
        put(l, i, l->heap[child]);
        i = child;
    }
    put(l, i, d);
}

void loop_timer_init(struct loop_timer *t, struct loop *l, void (*fire)(void *arg), void *arg)
{
    *t = (struct loop_timer){.loop = l, .fire = fire, .arg = arg};
}

void loop_timer_set(struct loop_timer *t, int64_t at_boot_ms)
{
    struct loop *l = t->loop;
    loop_timer_stop(t);
    if (l->ndue == l->heap_room) {
        l->heap_room = l->heap_room ? l->heap_room * 2 : 64;
        l->heap = mem_resize(l->heap, l->heap_room, sizeof *l->heap);
    }
    t->at = at_boot_ms;
    /* A time gone by counts as this turn's: a timer that sets itself anew passes no other one. */
    int64_t at = at_boot_ms > l->now ? at_boot_ms : l->now;
    l->heap[l->ndue] = (struct due){at, ++l->order, t};
    sift_up(l, l->ndue++);
}

void loop_timer_after(struct loop_timer *t, int64_t ms)
{
    loop_timer_set(t, t->loop->clock() + ms);
}

void loop_timer_stop(struct loop_timer *t)
{
    if (t->slot == 0)
        return;
    struct loop *l = t->loop;
    size_t i = t->slot - 1;
    t->slot = 0;
    struct due last = l->heap[--l->ndue];
    if (i == l->ndue)
        return;
    put(l, i, last);
    sift_up(l, i);
    sift_down(l, last.timer->slot - 1);
}

/* ---- hooks and signals ---- */

static void add_hook(struct hooks *h, struct hook hook)
{
    h->list = mem_resize(h->list, h->n + 1, sizeof *h->list);
    h->list[h->n++] = hook;
}

void loop_each_turn(struct loop *l, void (*turn)(void *arg), void *arg)
{
    add_hook(&l->turns, (struct hook){.turn = turn, .arg = arg});
}

void loop_on_gap(struct loop *l, void (*gap)(void *arg, int64_t ms), void *arg)
{
    add_hook(&l->gaps, (struct hook){.gap = gap, .arg = arg});
}

/* 0: it was nothing. */
static int read_signal(int fd)
{
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

static void take_signal(void *arg, unsigned events)
{
    struct loop *l = arg;
    int signal = read_signal(l->signal_fd);
    (void)events;
    if (signal)
        l->stop(l->stop_arg, signal);
}

static void take_hangup(void *arg, unsigned events)
{
    struct loop *l = arg;
    (void)events;
    if (read_signal(l->hangup_fd))
        l->again(l->again_arg);
}

/* The signals come through the file descriptor from now on. */
static enum err divert(struct loop *l, const sigset_t *set, int *fd,
                       void (*take)(void *arg, unsigned events), struct error *e)
{
    *fd = signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (*fd < 0)
        return error_set(e, ERR_INTERNAL, "signalfd: %s", strerrordesc_np(errno));
    pthread_sigmask(SIG_BLOCK, set, NULL);
    return loop_watch(l, *fd, LOOP_READ, take, l, e);
}

enum err loop_on_signal(struct loop *l, void (*stop)(void *arg, int signal), void *arg,
                        struct error *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    l->stop = stop;
    l->stop_arg = arg;
    signal(SIGPIPE, SIG_IGN);
    return divert(l, &set, &l->signal_fd, take_signal, e);
}

enum err loop_on_hangup(struct loop *l, void (*again)(void *arg), void *arg, struct error *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    l->again = again;
    l->again_arg = arg;
    return divert(l, &set, &l->hangup_fd, take_hangup, e);
}

/* ---- turning ---- */

static void stamp(struct loop *l, int64_t now)
{
    l->now = now;
    l->last_turn = now;
}

/* Before every callback. A gap callback may stand still itself, so it asks until there is no gap. */
static void fence(struct loop *l)
{
    for (;;) {
        int64_t now = l->clock(), gap = now - l->now;
        if (gap < LOOP_FENCE_MS)
            return;
        stamp(l, now);
        for (size_t i = 0; i < l->gaps.n; i++)
            l->gaps.list[i].gap(l->gaps.list[i].arg, gap);
    }
}

static bool timer_due(const struct loop *l, uint64_t last)
{
    return l->ndue > 0 && l->heap[0].at <= l->now && l->heap[0].order <= last;
}

static void fire_timers(struct loop *l)
{
    uint64_t last = l->order; /* what a callback sets waits for the next turn */
    for (fence(l); timer_due(l, last); fence(l)) {
        struct loop_timer *t = l->heap[0].timer;
        loop_timer_stop(t);
        t->fire(t->arg);
    }
}

static void dispatch(struct loop *l, const struct epoll_event *event)
{
    fence(l);
    int fd = (int)(uint32_t)event->data.u64;
    struct watch *w = watch_of(l, fd);
    if (!w || w->generation != (uint32_t)(event->data.u64 >> 32))
        return; /* unwatched by an earlier callback of this turn */
    unsigned failed = event->events & (EPOLLERR | EPOLLHUP);
    unsigned got = (failed || event->events & (EPOLLIN | EPOLLRDHUP) ? LOOP_READ : 0u) |
                   (failed || event->events & EPOLLOUT ? LOOP_WRITE : 0u);
    if (got & w->events)
        w->ready(w->arg, got & w->events);
}

static int wait_ms(const struct loop *l, int64_t most)
{
    int64_t ms = most < WAIT_MAX_MS ? most : WAIT_MAX_MS;
    if (l->ndue > 0) {
        int64_t until = l->heap[0].at - l->clock();
        ms = until < ms ? until : ms;
    }
    return ms > 0 ? (int)ms : 0;
}

enum err loop_turn(struct loop *l, int64_t ms, struct error *e)
{
    struct epoll_event ready[BATCH];
    int n = epoll_wait(l->epoll_fd, ready, BATCH, wait_ms(l, ms));
    if (n < 0 && errno != EINTR)
        return error_set(e, ERR_INTERNAL, "epoll_wait: %s", strerrordesc_np(errno));
    fence(l);
    stamp(l, l->clock());
    fire_timers(l);
    for (int i = 0; i < n; i++)
        dispatch(l, &ready[i]);
    for (size_t i = 0; i < l->turns.n; i++) {
        fence(l);
        l->turns.list[i].turn(l->turns.list[i].arg);
    }
    return ERR_OK;
}

enum err loop_run(struct loop *l, struct error *e)
{
    enum err err = ERR_OK;
    stamp(l, l->clock()); /* what the start took is no gap */
    while (!l->stopping && !err)
        err = loop_turn(l, WAIT_MAX_MS, e);
    l->stopping = false;
    return err;
}

void loop_stop(struct loop *l)
{
    l->stopping = true;
}

int64_t loop_now(const struct loop *l)
{
    return l->now;
}

int64_t loop_last_turn(const struct loop *l)
{
    return l->last_turn;
}
