/*
 * Waits for Kafka at the start. Its thread runs kafka_topics_ensure and nothing else; it hands over the
 * outcome through an eventfd, after which only the loop's thread reads it.
 */
#include "common/kafka/connect.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"

#define TRY_MS 2000 /* at first; each further try takes twice as long, up to ... */
#define LONGEST_TRY_MS 8000
#define PAUSE_MS 1000

struct connect {
    struct loop *loop;
    const struct config *config;
    struct connect_events events;
    void *arg;
    int done_fd, stop_fd; /* eventfds */
    pthread_t thread;
    bool running;
    struct kafka_layout layout; /* both written before done_fd is */
    struct error error;
};

static bool is_stopped(const struct connect *c, int wait_ms)
{
    struct pollfd p = {c->stop_fd, POLLIN, 0};
    return poll(&p, 1, wait_ms) > 0;
}

static void *try_on(void *arg)
{
    struct connect *c = arg;
    int64_t limit = c->config->shutdown_timeout_s * 500; /* a stop waits for the try under way */
    limit = limit < LONGEST_TRY_MS ? limit : LONGEST_TRY_MS;
    for (int64_t ms = TRY_MS; !is_stopped(c, 0); ms *= 2) {
        ms = ms < limit ? ms : limit;
        c->error = ERROR_NONE;
        enum err kind = kafka_topics_ensure(c->config, ms, &c->layout, &c->error);
        if (kind == ERR_OK || kind == ERR_CONFIG || c->layout.forgot) {
            eventfd_write(c->done_fd, 1);
            return NULL;
        }
        log_warn("waiting for Kafka", LOG_ERROR(&c->error));
        if (is_stopped(c, PAUSE_MS))
            break;
    }
    return NULL;
}

static void on_done(void *arg, unsigned events)
{
    struct connect *c = arg;
    (void)events;
    loop_unwatch(c->loop, c->done_fd);
    pthread_join(c->thread, NULL); /* it is at its end: what it wrote is seen from here on */
    c->running = false;
    if (c->error.kind)
        c->events.refused(c->arg, &c->error);
    else
        c->events.found(c->arg, &c->layout);
}

enum err connect_new(struct loop *l, const struct config *config,
                     const struct connect_events *events, void *arg, struct connect **out,
                     struct error *e)
{
    struct connect *c = mem_alloc(1, sizeof *c);
    c->loop = l;
    c->config = config;
    c->events = *events;
    c->arg = arg;
    c->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->done_fd < 0 || c->stop_fd < 0)
        error_set(e, ERR_INTERNAL, "eventfd: %s", strerrordesc_np(errno));
    else if (loop_watch(l, c->done_fd, LOOP_READ, on_done, c, e) == ERR_OK &&
             pthread_create(&c->thread, NULL, try_on, c) != 0)
        error_set(e, ERR_INTERNAL, "no thread: %s", strerrordesc_np(errno));
    if (e->kind) {
        connect_free(c);
        return e->kind;
    }
    c->running = true;
    *out = c;
    return ERR_OK;
}

void connect_free(struct connect *c)
{
    if (!c)
        return;
    if (c->running) {
        eventfd_write(c->stop_fd, 1);
        pthread_join(c->thread, NULL);
    }
    if (c->done_fd >= 0) {
        loop_unwatch(c->loop, c->done_fd);
        close(c->done_fd);
    }
    if (c->stop_fd >= 0)
        close(c->stop_fd);
    free(c);
}
