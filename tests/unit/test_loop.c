/*
 * The event loop: order of timers, fds that come and go inside callbacks, signals, and the fence.
 */
#include "common/loop.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/unit/unit.h"

#define MOST 64

struct world {
    struct loop *loop;
    struct error e;
    char said[MOST]; /* what called back, in order */
    size_t n;
    struct player {
        struct world *world;
        struct loop_timer timer;
        char name;
        int fd; /* what it watches, reads or changes */
        struct player *other;
        int times;
    } players[8];
};

static int64_t fake_now; /* of the clock below */

static int64_t fake_clock(void)
{
    return fake_now;
}

static void say(struct world *w, char c)
{
    ck_assert_uint_lt(w->n, MOST - 1);
    w->said[w->n++] = c;
    w->said[w->n] = 0;
}

static void say_name(void *arg)
{
    struct player *p = arg;
    say(p->world, p->name);
}

static void start(struct world *w, void (*fire)(void *arg))
{
    memset(w, 0, sizeof *w);
    fake_now = 1000000;
    ck_assert_int_eq(loop_new(&w->loop, &w->e), ERR_OK);
    for (size_t i = 0; i < 8; i++) {
        w->players[i].world = w;
        w->players[i].name = (char)('a' + i);
        w->players[i].fd = -1;
        loop_timer_init(&w->players[i].timer, w->loop, fire, &w->players[i]);
    }
}

static void turn(struct world *w)
{
    ck_assert_int_eq(loop_turn(w->loop, 0, &w->e), ERR_OK);
}

START_TEST(timers_fire_by_time_then_order_of_setting)
{
    struct world w;
    start(&w, say_name);
    loop_use_clock(w.loop, fake_clock);
    static const int64_t at[] = {30, 10, 20, 10, 30, 10, 5, 40};
    for (size_t i = 0; i < 8; i++)
        loop_timer_set(&w.players[i].timer, fake_now + at[i]);
    turn(&w);
    ck_assert_str_eq(w.said, "");
    fake_now += 10;
    turn(&w);
    ck_assert_str_eq(w.said, "gbdf");
    loop_timer_stop(&w.players[0].timer);
    loop_timer_stop(&w.players[0].timer);              /* twice is fine */
    loop_timer_set(&w.players[7].timer, fake_now + 1); /* moved to the front */
    ck_assert_int_eq(w.players[7].timer.at, fake_now + 1);
    fake_now += 100;
    turn(&w);
    ck_assert_str_eq(w.said, "gbdfhce");
    turn(&w);
    ck_assert_str_eq(w.said, "gbdfhce"); /* each fires once */
    loop_free(w.loop);
}
END_TEST

/* Against a plain list: a thousand random steps of set, move, stop and time. */
START_TEST(timers_agree_with_a_list)
{
    struct world w;
    start(&w, say_name);
    loop_use_clock(w.loop, fake_clock);
    int64_t at[8] = {0}, order[8] = {0}, step = 0;
    uint32_t r = 12345;
    for (int i = 0; i < 3000; i++) {
        r = r * 1664525u + 1013904223u;
        size_t k = (r >> 16) % 8;
        if ((r >> 20) % 4 == 0) {
            loop_timer_stop(&w.players[k].timer);
            at[k] = 0;
        } else {
            at[k] = fake_now + 1 + (r >> 24) % 16;
            order[k] = ++step;
            loop_timer_set(&w.players[k].timer, at[k]);
        }
        if ((r >> 22) % 3 != 0)
            continue;
        fake_now += (r >> 12) % 8;
        char expected[9] = "";
        for (size_t n = 0; n < 8; n++) {
            size_t best = 8;
            for (size_t j = 0; j < 8; j++)
                if (at[j] && at[j] <= fake_now &&
                    (best == 8 || at[j] < at[best] ||
                     (at[j] == at[best] && order[j] < order[best])))
                    best = j;
            if (best == 8)
                break;
            at[best] = 0;
            expected[n] = (char)('a' + best);
        }
        w.n = 0;
        w.said[0] = 0;
        turn(&w);
        ck_assert_str_eq(w.said, expected);
    }
    loop_free(w.loop);
}
END_TEST

static void stop_other(void *arg)
{
    struct player *p = arg;
    say_name(p);
    if (p->other)
        loop_timer_stop(&p->other->timer);
}

START_TEST(timers_stop_each_other)
{
    struct world w;
    start(&w, stop_other);
    for (size_t i = 0; i < 4; i++)
        loop_timer_set(&w.players[i].timer, 0);
    w.players[0].other = &w.players[1]; /* the next one */
    w.players[2].other = &w.players[2]; /* itself */
    turn(&w);
    ck_assert_str_eq(w.said, "acd");
    loop_free(w.loop);
}
END_TEST

static void set_again(void *arg)
{
    struct player *p = arg;
    say_name(p);
    if (p->times-- > 0)
        loop_timer_set(&p->timer, 0); /* long gone */
}

START_TEST(a_timer_that_sets_itself_starves_none)
{
    struct world w;
    start(&w, set_again);
    w.players[0].times = w.players[1].times = 2;
    for (size_t i = 0; i < 3; i++)
        loop_timer_set(&w.players[i].timer, 0);
    turn(&w);
    ck_assert_str_eq(w.said, "abc");
    turn(&w);
    turn(&w);
    turn(&w);
    ck_assert_str_eq(w.said, "abcabab");
    loop_free(w.loop);
}
END_TEST

static void read_and_say(void *arg, unsigned events)
{
    struct player *p = arg;
    char c;
    ck_assert_uint_eq(events, LOOP_READ);
    ck_assert_int_eq(read(p->fd, &c, 1), 1);
    say(p->world, c);
}

START_TEST(fds_call_back_until_unwatched)
{
    struct world w;
    int fds[2];
    start(&w, say_name);
    ck_assert_int_eq(pipe(fds), 0);
    struct player *p = &w.players[0];
    p->fd = fds[0];
    ck_assert_int_eq(loop_watch(w.loop, fds[0], LOOP_READ, read_and_say, p, &w.e), ERR_OK);
    ck_assert_int_eq(loop_watch(w.loop, fds[0], LOOP_READ, read_and_say, p, &w.e), ERR_INTERNAL);
    turn(&w);
    ck_assert_int_eq(write(fds[1], "xyz", 3), 3);
    turn(&w);
    turn(&w);
    ck_assert_str_eq(w.said, "xy");
    loop_change(w.loop, fds[0], 0);
    turn(&w);
    ck_assert_str_eq(w.said, "xy");
    loop_change(w.loop, fds[0], LOOP_READ);
    turn(&w);
    ck_assert_str_eq(w.said, "xyz");
    loop_unwatch(w.loop, fds[0]);
    loop_unwatch(w.loop, fds[0]);
    ck_assert_int_eq(write(fds[1], "q", 1), 1);
    turn(&w);
    ck_assert_str_eq(w.said, "xyz");
    close(fds[0]);
    close(fds[1]);
    loop_free(w.loop);
}
END_TEST

static void writable(void *arg, unsigned events)
{
    struct player *p = arg;
    ck_assert_uint_eq(events, LOOP_WRITE);
    say_name(p);
    loop_change(p->world->loop, p->fd, 0);
}

/* A hang-up reaches whoever watches, and one who watches nothing does not spin. */
START_TEST(hang_up)
{
    struct world w;
    int fds[2];
    start(&w, say_name);
    ck_assert_int_eq(pipe(fds), 0);
    w.players[0].fd = fds[1];
    ck_assert_int_eq(loop_watch(w.loop, fds[1], LOOP_WRITE, writable, &w.players[0], &w.e), ERR_OK);
    turn(&w);
    close(fds[0]);
    int64_t before = clock_mono_ms();
    ck_assert_int_eq(loop_turn(w.loop, 20, &w.e), ERR_OK); /* sleeps: EPOLLERR is not asked for */
    ck_assert_int_ge(clock_mono_ms() - before, 15);
    ck_assert_str_eq(w.said, "a");
    loop_change(w.loop, fds[1], LOOP_WRITE);
    turn(&w);
    ck_assert_str_eq(w.said, "aa");
    loop_unwatch(w.loop, fds[1]);
    close(fds[1]);
    loop_free(w.loop);
}
END_TEST

/* The first to be called closes the other's pipe and watches a new one under the same number. */
static void replace_other(void *arg, unsigned events)
{
    struct player *p = arg;
    char c;
    (void)events;
    say_name(p);
    ck_assert_int_eq(read(p->fd, &c, 1), 1);
    if (p->other->times++)
        return;
    p->times++;
    int fresh[2], old = p->other->fd;
    loop_unwatch(p->world->loop, old);
    close(old);
    ck_assert_int_eq(pipe(fresh), 0);
    if (fresh[0] != old) {
        ck_assert_int_eq(dup2(fresh[0], old), old);
        close(fresh[0]);
    }
    ck_assert_int_eq(
        loop_watch(p->world->loop, old, LOOP_READ, replace_other, p->other, &p->world->e), ERR_OK);
    p->world->players[7].fd = fresh[1];
}

START_TEST(stale_events_of_a_reused_fd_are_dropped)
{
    struct world w;
    int a[2], b[2];
    start(&w, say_name);
    ck_assert_int_eq(pipe(a) | pipe(b), 0);
    w.players[0].fd = a[0];
    w.players[1].fd = b[0];
    w.players[0].other = &w.players[1];
    w.players[1].other = &w.players[0];
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(
            loop_watch(w.loop, w.players[i].fd, LOOP_READ, replace_other, &w.players[i], &w.e),
            ERR_OK);
    ck_assert_int_eq(write(a[1], "x", 1) + write(b[1], "x", 1), 2); /* both ready in one turn */
    turn(&w);
    ck_assert_uint_eq(w.n,
                      1); /* the other's event was of a pipe that is gone; a read would block */
    turn(&w);
    ck_assert_uint_eq(w.n, 1);
    ck_assert_int_eq(write(w.players[7].fd, "x", 1), 1);
    turn(&w);
    ck_assert_uint_eq(w.n, 2);
    ck_assert_int_ne(w.said[0], w.said[1]);
    loop_free(w.loop);
}
END_TEST

static void end_signal(void *arg, int signal)
{
    struct world *w = arg;
    say(w, signal == SIGTERM ? 'T' : signal == SIGINT ? 'I' : '?');
    if (w->n == 2)
        loop_stop(w->loop);
}

START_TEST(signals_are_events)
{
    struct world w;
    start(&w, say_name);
    ck_assert_int_eq(loop_on_signal(w.loop, end_signal, &w, &w.e), ERR_OK);
    kill(getpid(), SIGPIPE); /* ignored */
    kill(getpid(), SIGINT);
    kill(getpid(), SIGTERM);
    ck_assert_int_eq(loop_run(w.loop, &w.e), ERR_OK);
    ck_assert_uint_eq(w.n, 2);
    ck_assert(strcmp(w.said, "IT") == 0 || strcmp(w.said, "TI") == 0);
    loop_free(w.loop);
}
END_TEST

static void each_turn(void *arg)
{
    struct world *w = arg;
    say(w, '.');
    if (w->n > 2)
        loop_stop(w->loop);
}

START_TEST(it_turns_every_second_when_idle)
{
    struct world w;
    start(&w, say_name);
    loop_each_turn(w.loop, each_turn, &w);
    w.n = 1; /* two turns are left */
    int64_t before = clock_mono_ms();
    ck_assert_int_eq(loop_run(w.loop, &w.e), ERR_OK);
    int64_t ms = clock_mono_ms() - before;
    ck_assert_int_ge(ms, 1900);
    ck_assert_int_lt(ms, 4000);
    ck_assert_int_ge(loop_last_turn(w.loop), clock_boot_ms() - 500);
    ck_assert_int_eq(loop_last_turn(w.loop), loop_now(w.loop));
    loop_free(w.loop);
}
END_TEST

START_TEST(a_stop_asked_before_counts)
{
    struct world w;
    start(&w, say_name);
    loop_stop(w.loop);
    ck_assert_int_eq(loop_run(w.loop, &w.e), ERR_OK);
    loop_free(w.loop);
}
END_TEST

static void gap_said(void *arg, int64_t ms)
{
    struct world *w = arg;
    ck_assert_int_ge(ms, LOOP_FENCE_MS);
    say(w, '!');
}

START_TEST(gap_of_the_wait_comes_first)
{
    struct world w;
    int fds[2];
    start(&w, say_name);
    loop_use_clock(w.loop, fake_clock);
    loop_on_gap(w.loop, gap_said, &w);
    loop_each_turn(w.loop, each_turn, &w);
    ck_assert_int_eq(pipe(fds), 0);
    w.players[0].fd = fds[0];
    ck_assert_int_eq(loop_watch(w.loop, fds[0], LOOP_READ, read_and_say, &w.players[0], &w.e), 0);
    loop_timer_set(&w.players[1].timer, fake_now + 10);
    ck_assert_int_eq(write(fds[1], "xy", 2), 2);
    fake_now += LOOP_FENCE_MS - 1;
    turn(&w);
    ck_assert_str_eq(w.said, "bx.");
    loop_timer_set(&w.players[1].timer, fake_now + 10);
    fake_now += LOOP_FENCE_MS;
    turn(&w);
    ck_assert_str_eq(w.said, "bx.!by.");
    ck_assert_int_eq(loop_now(w.loop), fake_now);
    turn(&w);
    ck_assert_str_eq(w.said, "bx.!by.."); /* one gap, one fence */
    loop_free(w.loop);
}
END_TEST

static void stand_still(void *arg)
{
    struct player *p = arg;
    say_name(p);
    fake_now += p->times;
}

/* A callback that froze: the next one of the same turn already waits for the fence. */
START_TEST(gap_inside_a_turn)
{
    struct world w;
    start(&w, stand_still);
    loop_use_clock(w.loop, fake_clock);
    loop_on_gap(w.loop, gap_said, &w);
    for (size_t i = 0; i < 4; i++)
        loop_timer_set(&w.players[i].timer, 0);
    w.players[0].times = LOOP_FENCE_MS;
    w.players[1].times = LOOP_FENCE_MS / 2; /* slow callbacks add up */
    w.players[2].times = LOOP_FENCE_MS / 2;
    turn(&w);
    ck_assert_str_eq(w.said, "a!bc!d");
    loop_free(w.loop);
}
END_TEST

static void fence_stops_timers(void *arg, int64_t ms)
{
    struct world *w = arg;
    gap_said(arg, ms);
    loop_timer_stop(&w->players[1].timer);
    loop_timer_set(&w->players[2].timer, 0); /* one made by the fence waits for a turn without it */
    if (w->players[3].times-- > 0)
        fake_now += LOOP_FENCE_MS;
}

START_TEST(the_fence_may_stop_timers_and_stand_still_itself)
{
    struct world w;
    start(&w, say_name);
    loop_use_clock(w.loop, fake_clock);
    loop_on_gap(w.loop, fence_stops_timers, &w);
    loop_timer_set(&w.players[0].timer, 0);
    loop_timer_set(&w.players[1].timer, 0);
    w.players[3].times = 2;
    fake_now += LOOP_FENCE_MS;
    turn(&w);
    turn(&w);
    ck_assert_str_eq(w.said, "!!!ac");
    loop_free(w.loop);
}
END_TEST

static void fence_frozen(void *arg, int64_t ms)
{
    gap_said(arg, ms);
    loop_stop(((struct world *)arg)->loop);
}

static void tell_parent(void *arg)
{
    struct player *p = arg;
    ck_assert_int_eq(write(p->fd, "r", 1), 1);
}

static void frozen_child(int ready)
{
    struct world w;
    start(&w, say_name);
    w.players[1].fd = ready;
    loop_timer_init(&w.players[1].timer, w.loop, tell_parent, &w.players[1]);
    loop_timer_set(&w.players[1].timer, 0); /* from inside the loop */
    loop_on_gap(w.loop, fence_frozen, &w);
    loop_timer_after(&w.players[0].timer, 500); /* comes due while frozen */
    ck_assert_int_eq(loop_run(w.loop, &w.e), ERR_OK);
    _exit(strcmp(w.said, "!a") == 0 ? 0 : 1);
}

/* The real thing: a process stopped for longer than the fence. */
START_TEST(a_frozen_process_fences_first)
{
    int fds[2], status;
    char c;
    ck_assert_int_eq(pipe(fds), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        frozen_child(fds[1]);
    ck_assert_int_eq(read(fds[0], &c, 1), 1);
    kill(child, SIGSTOP);
    int64_t until = clock_mono_ms() + LOOP_FENCE_MS + 100;
    while (clock_mono_ms() < until)
        usleep(50000);
    kill(child, SIGCONT);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(freeing_forgets_timers)
{
    struct world w;
    start(&w, say_name);
    loop_timer_after(&w.players[0].timer, 10);
    loop_timer_after(&w.players[1].timer, 10);
    loop_free(w.loop);
    loop_timer_stop(&w.players[0].timer); /* the owner comes later */
    loop_free(NULL);
}
END_TEST

int main(void)
{
    return UNIT_RUN("loop", timers_fire_by_time_then_order_of_setting, timers_agree_with_a_list,
                    timers_stop_each_other, a_timer_that_sets_itself_starves_none,
                    fds_call_back_until_unwatched, hang_up, stale_events_of_a_reused_fd_are_dropped,
                    signals_are_events, it_turns_every_second_when_idle, a_stop_asked_before_counts,
                    gap_of_the_wait_comes_first, gap_inside_a_turn,
                    the_fence_may_stop_timers_and_stand_still_itself, a_frozen_process_fences_first,
                    freeing_forgets_timers);
}
