/*
 * Reads requests, writes answers when they are due. Must not know what is asked. One thread.
 *
 *   reading --whole--> asked --answer--> waiting --due--> reading
 */
#include "tests/bench/ringing_load/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/num.h"

enum {
    REQUEST_MAX = 16 * 1024, /* with its body */
    ANSWER_MAX = 64 * 1024,
};

struct server {
    struct loop *loop;
    int listener;
    server_handler *handler;
    void *arg;
    int64_t late, broken;
};

struct server_peer {
    struct server *owner;
    int fd;
    size_t used;
    int64_t at, due; /* us: of the request, of its answer */
    int64_t *sent;
    bool busy;
    struct buf answer;
    struct loop_timer timer;
    char bytes[REQUEST_MAX + 1];
};

static void close_peer(struct server_peer *p)
{
    loop_timer_stop(&p->timer);
    loop_unwatch(p->owner->loop, p->fd);
    close(p->fd);
    buf_done(&p->answer);
    free(p);
}

static void send_answer(void *arg)
{
    struct server_peer *p = arg;
    struct server *s = p->owner;
    int64_t now = clock_mono_us();
    if (now - p->due > s->late)
        s->late = now - p->due;
    p->busy = false;
    p->used = 0;
    if (p->sent)
        *p->sent = now;
    if (p->answer.failed || write(p->fd, p->answer.data, p->answer.len) != (ssize_t)p->answer.len)
        s->broken++;
}

void server_answer(struct server_peer *p, int64_t after_us, int status, struct str body,
                   int64_t *sent)
{
    int64_t now = clock_mono_us();
    buf_reset(&p->answer);
    buf_addf(&p->answer,
             "HTTP/1.1 %d Answer\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
             "Connection: keep-alive\r\n\r\n",
             status, body.len);
    buf_add_str(&p->answer, body);
    p->sent = sent;
    p->due = p->at + after_us;
    if (p->due <= now) {
        p->due = now;
        send_answer(p);
    } else {
        /* never early: both clocks are cut to the ms */
        loop_timer_set(&p->timer, clock_boot_ms() + (p->due - now) / 1000 + 2);
    }
}

static struct str word(struct str *rest, char end)
{
    long at = str_find(*rest, end);
    size_t len = at < 0 ? rest->len : (size_t)at;
    struct str found = {rest->ptr, len};
    *rest = str_from(*rest, len + 1);
    return found;
}

/* True once the request is there as a whole; its length wrong: it never is. */
static bool read_request(const struct server_peer *p, struct server_request *out)
{
    static const char length[] = "\r\nContent-Length:";
    const char *end = strstr(p->bytes, "\r\n\r\n");
    const char *at = end ? strcasestr(p->bytes, length) : NULL;
    int64_t want = 0;
    if (!end)
        return false;
    end += 4;
    if (at && at < end) {
        at += sizeof length - 1;
        at += strspn(at, " ");
        if (!num_parse((struct str){at, strspn(at, "0123456789")}, 0, REQUEST_MAX, &want))
            return false;
    }
    if ((size_t)(end - p->bytes) + (size_t)want > p->used)
        return false;
    struct str rest = {p->bytes, (size_t)(end - p->bytes)};
    out->method = word(&rest, ' ');
    out->target = word(&rest, ' ');
    out->body = (struct str){end, (size_t)want};
    return true;
}

static void on_bytes(void *arg, unsigned events)
{
    struct server_peer *p = arg;
    struct server *s = p->owner;
    struct server_request r = {.peer = p};
    (void)events;
    if (p->used == 0)
        p->at = clock_mono_us();
    ssize_t n = read(p->fd, p->bytes + p->used, REQUEST_MAX - p->used);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 || p->busy) { /* nobody sends two at once */
        s->broken += n > 0;
        close_peer(p);
        return;
    }
    p->used += (size_t)n;
    p->bytes[p->used] = '\0';
    r.at = p->at;
    if (read_request(p, &r)) {
        p->busy = true;
        s->handler(s->arg, &r);
    } else if (p->used == REQUEST_MAX) {
        s->broken++;
        close_peer(p);
    }
}

static void on_connection(void *arg, unsigned events)
{
    struct server *s = arg;
    struct error e = ERROR_NONE;
    static const int one = 1;
    int fd;
    (void)events;
    while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct server_peer *p = mem_alloc(1, sizeof *p);
        p->owner = s;
        p->fd = fd;
        p->answer = BUF_INIT(ANSWER_MAX);
        loop_timer_init(&p->timer, s->loop, send_answer, p);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (loop_watch(s->loop, fd, LOOP_READ, on_bytes, p, &e) != ERR_OK)
            close_peer(p);
    }
}

enum err server_new(struct loop *l, server_handler *handler, void *arg,
                    char address[LISTEN_ADDRESS_TEXT], struct server **out, struct error *e)
{
    struct server *s = mem_alloc(1, sizeof *s);
    s->loop = l;
    s->handler = handler;
    s->arg = arg;
    *out = s;
    if (listen_open("127.0.0.1:0", &s->listener, address, e))
        return e->kind;
    return loop_watch(l, s->listener, LOOP_READ, on_connection, s, e);
}

int64_t server_late(struct server *s)
{
    int64_t late = s->late;
    s->late = 0;
    return late;
}

int64_t server_broken(const struct server *s)
{
    return s->broken;
}
