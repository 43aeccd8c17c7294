/*
 * A Megaplan for benches: answers the requests of worker crm after a fixed latency, whatever they say, in
 * Megaplan's envelopes. It keeps no clients and checks nothing but that a client is created once and a call is
 * saved once. One thread. Every account is empty: lookups find nobody.
 *     build/tests/bench/crm_megaplan LATENCY_US
 * Prints HOST:PORT. GET /stats tells what came since GET /reset, GET /creates the clients made, a line
 * each: the number's place behind 79000000000 and when the first byte of its request was there, in us of
 * CLOCK_MONOTONIC. POST /deal is what a peer of worker crm sends (tests/bench/crm).
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/text.h"

enum {
    REQUEST_MAX = 16 * 1024, /* with its body */
    THINGS = 10000000,       /* numbers, and calls */
    CREATES = 1000000,
    ANSWERS = 4000000,
};

#define FIRST_NUMBER "7900" /* and seven digits: tests/bench/crm_load.c */
#define PROVIDER "\"providerId\":\""

enum what {
    OTHER, /* none that worker crm may send */
    ROUTE,
    SEARCH,
    CREATE,
    CALL,
    TASK,
    FIELD,
    READ,
    DEAL,
    WHATS
};

static const char *const names[WHATS] = {"other", "route", "search", "create", "call",
                                         "task",  "field", "read",   "deal"};

struct connection {
    struct megaplan *owner;
    int fd;
    size_t used;
    int64_t first_byte, due; /* us */
    bool busy, gone;
    enum what what;
    struct connection *next; /* due later */
    char bytes[REQUEST_MAX + 1];
};

struct megaplan {
    struct loop *loop;
    int listener, timer;
    int64_t latency;
    struct connection *first, *last; /* their answers are due, in order */
    struct buf answer;
    uint8_t *created, *saved; /* how often, by number and call */
    int64_t (*creates)[2];
    int64_t *answers; /* when each was sent, us */
    size_t ncreates, nanswers;
    /* since the reset */
    int64_t count[WHATS], twice, connections, flying, flying_max;
    int64_t begun, ended, moved, flying_us, late_us; /* us; flying_us: sum over time */
    int64_t id;
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- what came ---- */

static void fly(struct megaplan *m, int64_t now, int more)
{
    m->flying_us += m->flying * (now - m->moved);
    m->moved = now;
    m->flying += more;
    if (m->flying > m->flying_max)
        m->flying_max = m->flying;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum what what_of(const char *request)
{
    static const struct {
        const char *begin;
        enum what what;
    } table[] = {
        {"GET /api/v3/callRoute?", ROUTE},
        {"GET /api/v3/contractor?", SEARCH},
        {"POST /api/v3/contractorHuman ", CREATE},
        {"POST /api/v3/callInfo", CALL},
        {"POST /api/v3/task", TASK},
        {"POST /api/v3/contractorHuman/extraFields/", FIELD},
        {"GET /api/v3/", READ},
        {"POST /deal ", DEAL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (begins(request, table[i].begin))
            return table[i].what;
    return OTHER;
}

/* The digits behind a mark, at most seven; -1: not there. */
static int64_t place_of(const char *body, const char *mark)
{
    const char *at = strstr(body, mark);
    int64_t place = -1;
    size_t n = 0;
    if (!at)
        return -1;
    at += strlen(mark);
    while (n < 7 && at[n] >= '0' && at[n] <= '9')
        n++;
    return num_parse((struct str){at, n}, 0, THINGS - 1, &place) ? place : -1;
}

static void note(struct megaplan *m, const struct connection *c, const char *body)
{
    int64_t place = c->what == CREATE ? place_of(body, FIRST_NUMBER)
                    : c->what == CALL ? place_of(body, PROVIDER)
                                      : -1;
    m->count[c->what]++;
    if (place < 0)
        return;
    m->twice += (c->what == CREATE ? m->created : m->saved)[place]++ > 0;
    if (c->what != CREATE || m->ncreates == CREATES)
        return;
    m->creates[m->ncreates][0] = place;
    m->creates[m->ncreates++][1] = c->first_byte;
}

/* ---- what goes ---- */

static void close_connection(struct connection *c)
{
    loop_unwatch(c->owner->loop, c->fd);
    close(c->fd);
    if (c->busy)
        c->gone = true; /* freed when its answer is due */
    else
        free(c);
}

static void send_answer(struct connection *c, const char *type, const char *body, size_t len)
{
    struct buf *b = &c->owner->answer;
    buf_reset(b);
    buf_addf(b,
             "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
             "Connection: keep-alive\r\n\r\n",
             type, len);
    buf_add(b, body, len);
    if (b->failed || write(c->fd, b->data, b->len) != (ssize_t)b->len)
        fputs("crm_megaplan: an answer was not sent whole\n", stderr);
}

static void answer_api(struct connection *c)
{
    static const char *const types[WHATS] = {
        [CREATE] = "ContractorHuman", [CALL] = "CallInfo", [TASK] = "Task"};
    char body[640];
    int n = 0;
    if (types[c->what])
        n = snprintf(body, sizeof body,
                     "{\"meta\":{\"status\":200,\"errors\":[]},\"data\":{\"contentType\":\"%s\","
                     "\"id\":\"%" PRId64 "\",\"isDropped\":false,\"timeCreated\":{\"contentType\":"
                     "\"DateTime\",\"value\":\"2026-11-22T10:00:00+03:00\"},\"responsibles\":[{"
                     "\"contentType\":\"Employee\",\"id\":\"1000005\"}],\"possibleActions\":["
                     "\"act_edit\",\"act_delete\"]}}",
                     types[c->what], ++c->owner->id);
    else if (c->what == ROUTE)
        n = snprintf(
            body, sizeof body,
            "{\"meta\":{\"status\":200,\"errors\":[]},\"data\":{\"contentType\":\"CallRoute\","
            "\"type\":\"responsible\",\"timeout\":20,\"employees\":[],\"users\":[]}}");
    else if (c->what == DEAL)
        n = snprintf(body, sizeof body, "{\"id\":1}");
    else
        n = snprintf(
            body, sizeof body,
            "{\"meta\":{\"status\":200,\"errors\":[],\"pagination\":{\"count\":0,"
            "\"limit\":100,\"currentPage\":1,\"hasMoreNext\":false,\"hasMorePrev\":false}},"
            "\"data\":[]}");
    send_answer(c, "application/json", body, (size_t)n);
}

static void answer(struct connection *c, int64_t now)
{
    struct megaplan *m = c->owner;
    fly(m, now, -1);
    m->ended = now;
    if (m->nanswers < ANSWERS)
        m->answers[m->nanswers++] = now;
    m->late_us += now - c->due;
    c->busy = false;
    c->used = 0;
    if (c->gone)
        free(c);
    else
        answer_api(c);
}

static void set_timer(struct megaplan *m)
{
    struct itimerspec at = {0};
    if (m->first) {
        at.it_value.tv_sec = m->first->due / 1000000;
        at.it_value.tv_nsec = m->first->due % 1000000 * 1000;
    }
    timerfd_settime(m->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void on_due(void *arg, unsigned events)
{
    struct megaplan *m = arg;
    uint64_t times;
    int64_t now = now_us();
    (void)events;
    if (read(m->timer, &times, sizeof times) < 0 && errno != EAGAIN)
        perror("timerfd");
    while (m->first && m->first->due <= now) {
        struct connection *c = m->first;
        m->first = c->next;
        if (!m->first)
            m->last = NULL;
        answer(c, now);
    }
    set_timer(m);
}

static void wait_due(struct megaplan *m, struct connection *c, int64_t now)
{
    c->busy = true;
    c->due = now + m->latency;
    c->next = NULL;
    *(m->last ? &m->last->next : &m->first) = c;
    m->last = c;
    if (m->first == c)
        set_timer(m);
    m->begun = m->begun ? m->begun : now;
    fly(m, now, 1);
}

/* ---- about the bench itself ---- */

static void tell_stats(struct connection *c)
{
    struct megaplan *m = c->owner;
    char text[1024];
    int64_t n = 0;
    struct buf b = {text, 0, sizeof text, sizeof text - 1, false, false};
    size_t tenth = m->nanswers / 10, last = m->nanswers - tenth;
    int64_t middle = last > tenth ? m->answers[last - 1] - m->answers[tenth] : 0;
    fly(m, now_us(), 0);
    buf_addf(&b, "{");
    for (int i = 0; i < WHATS; i++) {
        buf_addf(&b, "\"%s\":%" PRId64 ",", names[i], m->count[i]);
        n += m->count[i];
    }
    buf_addf(&b,
             "\"n\":%" PRId64 ",\"answered\":%" PRId64 ",\"us\":%" PRId64 ",\"flying_us\":%" PRId64
             ",\"flying_max\":%" PRId64 ",\"late_us\":%" PRId64 ",\"twice\":%" PRId64
             ",\"connections\":%" PRId64 ",\"middle_n\":%zu,\"middle_us\":%" PRId64 "}",
             n, n - m->flying, m->ended - m->begun, m->flying_us, m->flying_max, m->late_us,
             m->twice, m->connections, last > tenth ? last - tenth - 1 : 0, middle);
    send_answer(c, "application/json", b.data, b.len);
}

static void tell_creates(struct connection *c)
{
    struct megaplan *m = c->owner;
    struct buf b = BUF_INIT((size_t)CREATES * 32);
    for (size_t i = 0; i < m->ncreates; i++)
        buf_addf(&b, "%" PRId64 " %" PRId64 "\n", m->creates[i][0], m->creates[i][1]);
    send_answer(c, "text/plain", b.data, b.len);
    buf_done(&b);
}

static void reset(struct connection *c)
{
    struct megaplan *m = c->owner;
    memset(m->count, 0, sizeof m->count);
    memset(m->created, 0, THINGS);
    memset(m->saved, 0, THINGS);
    m->ncreates = m->nanswers = 0;
    m->twice = m->connections = m->flying_max = 0;
    m->begun = m->ended = m->flying_us = m->late_us = 0;
    send_answer(c, "text/plain", "ok\n", 3);
}

static bool is_own(struct connection *c)
{
    if (begins(c->bytes, "GET /stats"))
        tell_stats(c);
    else if (begins(c->bytes, "GET /creates"))
        tell_creates(c);
    else if (begins(c->bytes, "GET /reset"))
        reset(c);
    else
        return false;
    c->used = 0;
    return true;
}

/* ---- connections ---- */

/* The body of a whole request, or NULL. */
static const char *body_of(const char *request, size_t len)
{
    static const char length[] = "\r\nContent-Length:";
    const char *end = strstr(request, "\r\n\r\n");
    const char *at = end ? strcasestr(request, length) : NULL;
    int64_t want = 0;
    if (!end)
        return NULL;
    end += 4;
    if (at && at < end) {
        size_t digits;
        at += sizeof length - 1;
        at += strspn(at, " ");
        digits = strspn(at, "0123456789");
        if (!num_parse((struct str){at, digits}, 0, REQUEST_MAX, &want))
            return NULL;
    }
    return (size_t)(end - request) + (size_t)want <= len ? end : NULL;
}

static void on_request(void *arg, unsigned events)
{
    struct connection *c = arg;
    struct megaplan *m = c->owner;
    (void)events;
    if (c->used == 0)
        c->first_byte = now_us();
    ssize_t n = read(c->fd, c->bytes + c->used, REQUEST_MAX - c->used);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 || c->busy) { /* nobody sends two at once */
        close_connection(c);
        return;
    }
    c->used += (size_t)n;
    c->bytes[c->used] = '\0';
    const char *body = body_of(c->bytes, c->used);
    if (!body || is_own(c))
        return;
    c->what = what_of(c->bytes);
    note(m, c, body);
    wait_due(m, c, now_us());
}

static void on_connection(void *arg, unsigned events)
{
    struct megaplan *m = arg;
    struct error e = ERROR_NONE;
    static const int one = 1;
    int fd;
    (void)events;
    while ((fd = accept4(m->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *c = mem_alloc(1, sizeof *c);
        c->owner = m;
        c->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        m->connections++;
        if (loop_watch(m->loop, fd, LOOP_READ, on_request, c, &e) != ERR_OK)
            close_connection(c);
    }
}

static int listen_somewhere(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 1024) ||
        getsockname(fd, (struct sockaddr *)&at, &len))
        return -1;
    printf("127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

static void on_stop(void *arg, int signal)
{
    struct megaplan *m = arg;
    (void)signal;
    loop_stop(m->loop);
}

int main(int argc, char **argv)
{
    struct error e = ERROR_NONE;
    static struct megaplan m;
    if (argc != 2 || !num_parse(str_of(argv[1]), 0, 60000000, &m.latency)) {
        fputs("usage: crm_megaplan LATENCY_US\n", stderr);
        return 2;
    }
    m.answer = BUF_INIT((size_t)CREATES * 32 + 1024);
    m.created = mem_alloc(THINGS, 1);
    m.saved = mem_alloc(THINGS, 1);
    m.creates = mem_alloc(CREATES, sizeof *m.creates);
    m.answers = mem_alloc(ANSWERS, sizeof *m.answers);
    m.moved = now_us();
    m.listener = listen_somewhere();
    m.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (m.listener < 0 || m.timer < 0 || loop_new(&m.loop, &e) ||
        loop_on_signal(m.loop, on_stop, &m, &e) ||
        loop_watch(m.loop, m.listener, LOOP_READ, on_connection, &m, &e) ||
        loop_watch(m.loop, m.timer, LOOP_READ, on_due, &m, &e) || loop_run(m.loop, &e)) {
        fprintf(stderr, "crm_megaplan: %s\n", e.text);
        return 1;
    }
    return 0;
}
