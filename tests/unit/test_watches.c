/*
 * Sockets that a library wants and leaves at rest.
 */
#include "common/watches.h"

#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

struct world {
    struct loop *loop;
    struct watches *watches;
    struct error e;
    int fds[2];
    int times, fd;
    unsigned events;
};

static void on_ready(void *arg, int fd, unsigned events)
{
    struct world *w = arg;
    char c;
    w->times++;
    w->fd = fd;
    w->events = events;
    if (events & LOOP_READ)
        (void)!read(fd, &c, 1);
}

static void start(struct world *w)
{
    *w = (struct world){.e = ERROR_NONE};
    ck_assert_int_eq(loop_new(&w->loop, &w->e), ERR_OK);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, w->fds), 0);
    w->watches = watches_new(w->loop, on_ready, w);
}

static void end(struct world *w)
{
    watches_free(w->watches);
    watches_free(NULL);
    loop_free(w->loop);
    close(w->fds[0]);
    close(w->fds[1]);
}

static void turn(struct world *w)
{
    ck_assert_int_eq(loop_turn(w->loop, 0, &w->e), ERR_OK);
}

static void say(struct world *w)
{
    ck_assert_int_eq(write(w->fds[1], "x", 1), 1);
}

START_TEST(wanted)
{
    struct world w;
    start(&w);
    watches_opened(w.watches, w.fds[0]);
    say(&w);
    turn(&w);
    ck_assert_int_eq(w.times, 0);
    ck_assert(watches_want(w.watches, w.fds[0], LOOP_READ));
    turn(&w);
    ck_assert_int_eq(w.times, 1);
    ck_assert_int_eq(w.fd, w.fds[0]);
    ck_assert_uint_eq(w.events, LOOP_READ);
    ck_assert(watches_want(w.watches, w.fds[0], LOOP_WRITE));
    turn(&w);
    ck_assert_uint_eq(w.events, LOOP_WRITE);
    end(&w);
}
END_TEST

/* What comes at rest is told to whoever wants it next, and does not keep the loop busy. */
START_TEST(at_rest)
{
    struct world w;
    start(&w);
    watches_opened(w.watches, w.fds[0]);
    ck_assert(watches_want(w.watches, w.fds[0], LOOP_READ | LOOP_WRITE));
    watches_rest(w.watches, w.fds[0]);
    turn(&w); /* it could be written all the time */
    ck_assert_int_eq(w.times, 0);
    say(&w);
    turn(&w);
    turn(&w);
    ck_assert_int_eq(w.times, 0);
    watches_rest(w.watches, w.fds[0]);
    ck_assert(watches_want(w.watches, w.fds[0], LOOP_READ));
    turn(&w);
    ck_assert_int_eq(w.times, 1);
    end(&w);
}
END_TEST

/* The number of a socket that went without a word is another one's now. */
START_TEST(a_number_comes_again)
{
    struct world w;
    start(&w);
    watches_opened(w.watches, w.fds[0]);
    ck_assert(watches_want(w.watches, w.fds[0], LOOP_READ));
    watches_rest(w.watches, w.fds[0]);
    int old = w.fds[0], other[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, other), 0);
    ck_assert_int_eq(dup2(other[0], old), old);
    close(other[0]);
    close(w.fds[1]);
    w.fds[1] = other[1];
    watches_opened(w.watches, old);
    ck_assert(watches_want(w.watches, old, LOOP_READ));
    say(&w);
    turn(&w);
    ck_assert_int_eq(w.times, 1);
    end(&w);
}
END_TEST

/* One that nobody opened as a connection's is gone when it is wanted no more. */
START_TEST(others)
{
    struct world w;
    start(&w);
    ck_assert(watches_want(w.watches, w.fds[0], LOOP_READ));
    watches_rest(w.watches, w.fds[0]);
    watches_rest(w.watches, w.fds[0]);
    watches_closed(w.watches, w.fds[0]);
    ck_assert_int_eq(loop_watch(w.loop, w.fds[0], LOOP_READ, NULL, NULL, &w.e), ERR_OK);
    ck_assert(!watches_want(w.watches, -1, LOOP_READ));
    watches_closed(w.watches, -1);
    end(&w);
}
END_TEST

int main(void)
{
    return UNIT_RUN("watches", wanted, at_rest, a_number_comes_again, others);
}
