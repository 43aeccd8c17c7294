/*
 * Ends a process whose ordered stop takes too long. Its thread shares one pointer with the thread that
 * stops; it takes no lock, so that nothing which stands still can hold it up.
 */
#include "common/ending.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#define LINE_S 2 /* for the log line */

struct ending {
    _Atomic(const char *) what;
    int64_t ms, at; /* boot ms */
    int code;
};

/* SIGALRM ends the process if nothing else does before. */
static void alarm_after(unsigned seconds)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    signal(SIGALRM, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    alarm(seconds);
}

static void *wait_on(void *arg)
{
    struct ending *e = arg;
    for (int64_t left = e->ms; left > 0; left = e->at - clock_boot_ms())
        (void)poll(NULL, 0, (int)left);
    alarm_after(LINE_S);
    log_fail("the stop took too long: ended where it stood", LOG_TEXT("event", "ending"),
             LOG_TEXT("waited_for", e->what), LOG_INT("ms", e->ms));
    _exit(e->code);
}

void ending_begin(struct ending **e, int64_t ms, int code, const char *what)
{
    pthread_t thread;
    if (*e) {
        ending_step(*e, what);
        return;
    }
    *e = mem_alloc(1, sizeof **e);
    (*e)->what = what;
    (*e)->ms = ms;
    (*e)->at = clock_boot_ms() + ms;
    (*e)->code = code;
    if (pthread_create(&thread, NULL, wait_on, *e) == 0)
        pthread_detach(thread);
    else
        alarm_after((unsigned)(ms / 1000 + LINE_S));
}

void ending_step(struct ending *e, const char *what)
{
    e->what = what;
}
