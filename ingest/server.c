/*
 * HTTP by libmicrohttpd (0.9.75) inside our loop. Must not know webhooks, Kafka or settings. One
 * thread enters it: the loop's.
 *
 * Why external epoll and one thread. libmicrohttpd's own epoll thread stalls when the number of ready
 * connections is a multiple of 128: it asks epoll_wait for 128 events, and if it gets 128, asks again
 * with the same timeout before it serves the first ones (daemon.c, `while (MAX_EVENTS == num_events)`).
 * MHD_run, which an external loop calls, passes a timeout of 0 into that place: it cannot wait there,
 * at any number of connections. The poll thread does not stall either, but looks at every open
 * connection at each turn (10,000 idle ones cost every webhook), and needs a lock and two wake-ups for
 * each delivery report. Here the report comes on the same thread, resumes its connection, and all
 * answers of a turn are written together. tests/integration holds 128 and 256 connections.
 *
 * Held or suspended. To suspend a request costs two epoll_ctl and a recv that finds nothing, a seventh of
 * a webhook's CPU. MHD also takes "no answer yet" (MHD_YES without a response) and asks the handler again
 * at each run; that it would spin on it is no matter, since we say when it runs. So the first HELD_MAX
 * waiting requests are only held, which is the cheaper way as long as they are few, and the others
 * suspended.
 *
 * MHD has no deadlines that help us (its timeout starts anew with every byte), so a tick every second
 * walks the connections and shuts down the sockets of those that are late; MHD then closes them.
 * Never MHD_PostProcessor (CVE-2023-27371), never its URL decoding.
 */
#include "ingest/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/limits.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/mem.h"
#include "ingest/head.h"

#define CONNECTION_MEMORY (6 * 1024) /* headers, and what of the body is read at once */
#define REQUEST_MS 10000             /* from connecting, or from its headers, until it is whole */
#define IDLE_MS 75000                /* kept open between requests */
#define DRAIN_BYTES (1024 * 1024)    /* read and thrown away so that a refusal arrives */
#define BUFFERED_BYTES (64 * 1024 * 1024) /* bodies in pieces, all together */
#define RUNS 8                            /* MHD_run in a row before others have their turn */
#define TICK_MS 1000
#define HELD_MAX 256 /* requests that wait without being suspended */

enum stage {
    IDLE,
    READING,
    DRAINING,
    WAITING,
    ANSWERING
};

static const int statuses[] = {200, 400, 401, 403, 404, 405, 413, 429, 503};
#define STATUSES (sizeof statuses / sizeof *statuses)

/* A connection and its request (MHD takes one after the other). */
struct connection {
    struct server_request request; /* first: a request is its connection */
    struct server *server;
    struct connection *next, *prev;
    struct MHD_Connection *mhd;
    int fd;
    enum stage stage;
    bool held, suspended, close, served;
    int status;      /* to answer; 0 = not known yet */
    int64_t since;   /* boot ms: connected, answered, or headers whole */
    uint64_t length; /* of the body, or HEAD_CHUNKED */
    uint64_t drained;
    struct buf body; /* if it comes in pieces */
};

struct server {
    struct loop *loop;
    const struct server_app *app;
    struct MHD_Daemon *daemon;
    struct MHD_Response *keep[STATUSES], *close[STATUSES];
    struct loop_timer again, tick;
    struct connection *connections;
    size_t nconnections, busy, buffered, body_max;
    size_t held; /* requests that wait without being suspended */
    bool resumed, stopping;
    int epoll_fd;
    char address[LISTEN_ADDRESS_TEXT];
};

/* ---- turning MHD ---- */

/* MHD_run answers "at once again" as long as anything is held, so that cannot steer us then: the runs
 * wanted are made, and what MHD may have left over (a head longer than one read) follows in 1 ms. */
static void run(struct server *s, int wanted)
{
    for (int i = 1; i <= RUNS; i++) {
        MHD_UNSIGNED_LONG_LONG ms;
        if (MHD_run(s->daemon) != MHD_YES)
            log_fail("libmicrohttpd failed to run");
        if (MHD_get_timeout(s->daemon, &ms) != MHD_YES || ms > 0)
            return;
        if (s->held && i >= wanted)
            break;
    }
    if (!s->again.slot)
        loop_timer_after(&s->again, s->held ? 1 : 0);
}

static void on_ready(void *arg, unsigned events)
{
    (void)events;
    run(arg, 1);
}

static void on_again(void *arg)
{
    run(arg, 1);
}

/* All reports of this turn have resumed their requests: their answers go out together. The first run
 * takes them, the second writes them. */
static void on_turn(void *arg)
{
    struct server *s = arg;
    if (!s->resumed)
        return;
    s->resumed = false;
    run(s, 2);
}

/* ---- connections ---- */

static void release_body(struct connection *c)
{
    c->server->buffered -= c->body.room;
    buf_done(&c->body);
}

static void set_stage(struct connection *c, enum stage stage)
{
    bool was = c->stage != IDLE && c->stage != ANSWERING, is = stage != IDLE && stage != ANSWERING;
    c->server->busy += (size_t)is - (size_t)was;
    c->stage = stage;
}

static struct cidr_address address_of(const struct sockaddr *sa)
{
    struct cidr_address a = {{[10] = 0xFF, [11] = 0xFF}};
    if (sa && sa->sa_family == AF_INET)
        memcpy(a.bytes + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
    else if (sa && sa->sa_family == AF_INET6)
        memcpy(a.bytes, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
    return a;
}

static struct connection *connection_new(struct server *s, struct MHD_Connection *mhd)
{
    struct connection *c = mem_alloc(1, sizeof *c);
    const union MHD_ConnectionInfo *fd, *address;
    fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    address = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    c->server = s;
    c->mhd = mhd;
    c->fd = fd ? fd->connect_fd : -1;
    c->request.peer = address_of(address ? address->client_addr : NULL);
    c->since = loop_now(s->loop);
    c->body = BUF_INIT(s->body_max);
    c->next = s->connections;
    if (c->next)
        c->next->prev = c;
    s->connections = c;
    s->nconnections++;
    return c;
}

static void connection_free(struct connection *c)
{
    struct server *s = c->server;
    release_body(c);
    set_stage(c, IDLE);
    if (c->next)
        c->next->prev = c->prev;
    if (c->prev)
        c->prev->next = c->next;
    else
        s->connections = c->next;
    s->nconnections--;
    free(c);
}

static void on_connection(void *arg, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = connection_new(arg, mhd);
    } else if (*context) {
        connection_free(*context);
        *context = NULL;
    }
}

static void shut(struct connection *c)
{
    if (c->fd >= 0)
        shutdown(c->fd, SHUT_RDWR);
}

static bool is_late(const struct connection *c, int64_t now)
{
    if (c->stage == WAITING)
        return false; /* the application has deadlines of its own */
    return now - c->since > (c->stage == IDLE && c->served ? IDLE_MS : REQUEST_MS);
}

static void on_tick(void *arg)
{
    struct server *s = arg;
    for (struct connection *c = s->connections; c; c = c->next) {
        if (is_late(c, loop_now(s->loop)))
            shut(c);
    }
    loop_timer_after(&s->tick, TICK_MS);
}

/* ---- the head ---- */

static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *key,
                                 size_t key_size, const char *value, size_t value_size)
{
    (void)kind;
    head_add(arg, (struct str){key, key_size}, (struct str){value, value ? value_size : 0});
    return MHD_YES;
}

static struct MHD_Response *response(const struct connection *c)
{
    size_t i = 0;
    while (i < STATUSES - 1 && statuses[i] != c->status)
        i++;
    return c->close || c->server->stopping ? c->server->close[i] : c->server->keep[i];
}

static enum MHD_Result answer(struct connection *c)
{
    set_stage(c, ANSWERING);
    c->since = loop_now(c->server->loop);
    return MHD_queue_response(c->mhd, (unsigned)c->status, response(c));
}

/* A refusal whose body is small waits until it is read: a client that is still sending would lose the
 * answer to the reset of its connection. */
static enum MHD_Result refuse(struct connection *c, bool expects)
{
    bool small = c->length == HEAD_CHUNKED || c->length <= DRAIN_BYTES;
    if (c->close || expects || !small) {
        c->close = true;
        return answer(c);
    }
    set_stage(c, DRAINING);
    return MHD_YES;
}

static enum MHD_Result begin(struct connection *c, const char *path, const char *method,
                             const char *version)
{
    struct server *s = c->server;
    struct server_request *r = &c->request;
    struct head h = {0};
    MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, on_header, &h);
    *r = (struct server_request){.method = str_of(method),
                                 .path = str_of(path),
                                 .content_type = h.content_type,
                                 .nforwarded = h.nforwarded,
                                 .peer = r->peer,
                                 .began_us = clock_mono_us()};
    memcpy(r->forwarded, h.forwarded, h.nforwarded * sizeof *h.forwarded);
    c->close = head_is_ambiguous(&h, strcmp(version, MHD_HTTP_VERSION_1_0) == 0);
    c->length = head_length(&h);
    c->drained = 0;
    if (c->served)
        c->since = loop_now(s->loop);
    set_stage(c, READING);
    c->status = c->close ? 400 : s->app->head(s->app->arg, r);
    if (c->status == 0 && c->length != HEAD_CHUNKED && c->length > s->body_max)
        c->status = 413;
    if (c->close || c->status == 413)
        s->app->refused(s->app->arg, r, c->status);
    return c->status ? refuse(c, h.expects) : MHD_YES;
}

/* ---- the body ---- */

static void whole(struct connection *c, struct str body)
{
    set_stage(c, WAITING);
    c->server->app->body(c->server->app->arg, &c->request, body);
    release_body(c);
}

/* Bodies in pieces fill the memory meant for them: the one that has been under way longest goes. */
static void make_way(struct server *s)
{
    struct connection *oldest = NULL;
    for (struct connection *c = s->connections; c; c = c->next) {
        if (c->stage == READING && c->body.room && (!oldest || c->since <= oldest->since))
            oldest = c;
    }
    if (!oldest)
        return;
    release_body(oldest);
    oldest->status = 503;
    set_stage(oldest, DRAINING);
    shut(oldest);
    log_warn("too many unfinished requests, one is closed");
}

static void keep_piece(struct connection *c, struct str piece)
{
    struct server *s = c->server;
    size_t room = c->body.room;
    buf_add(&c->body, piece.ptr, piece.len);
    s->buffered += c->body.room - room;
    if (c->body.failed) { /* only chunked ones get here: a length is known before */
        release_body(c);
        c->status = 413;
        s->app->refused(s->app->arg, &c->request, 413);
        set_stage(c, DRAINING);
    } else if (c->body.len == c->length) {
        whole(c, buf_str(&c->body));
    }
    while (s->buffered > BUFFERED_BYTES) {
        size_t before = s->buffered;
        make_way(s);
        if (s->buffered == before)
            break;
    }
}

static enum MHD_Result on_piece(struct connection *c, struct str piece)
{
    if (c->stage == DRAINING) {
        c->drained += piece.len;
        return c->drained > DRAIN_BYTES ? MHD_NO : MHD_YES;
    }
    if (c->body.len == 0 && piece.len == c->length)
        whole(c, piece);
    else
        keep_piece(c, piece);
    return MHD_YES;
}

static void let_go(struct connection *c)
{
    c->server->held -= c->held;
    c->held = false;
}

/* Lets the request wait for server_answer. */
static void hold(struct connection *c)
{
    if (c->server->held < HELD_MAX) {
        c->held = true;
        c->server->held++;
    } else {
        c->suspended = true;
        MHD_suspend_connection(c->mhd);
    }
}

static enum MHD_Result on_end(struct connection *c)
{
    if (c->stage == READING)
        whole(c, buf_str(&c->body));
    if (c->status) {
        let_go(c);
        return answer(c);
    }
    if (!c->held)
        hold(c);
    return MHD_YES;
}

/* MHD calls it with the headers, with each piece of the body, at its end, and again when resumed. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *mhd, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context)
{
    struct connection *c = *context;
    (void)arg;
    if (!c) {
        const union MHD_ConnectionInfo *i;
        i = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        *context = c = i ? i->socket_context : NULL;
        return c ? begin(c, path, method, version) : MHD_NO;
    }
    if (*size == 0)
        return on_end(c);
    struct str piece = {data, *size};
    *size = 0;
    return on_piece(c, piece);
}

static void on_completed(void *arg, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct connection *c = *context;
    (void)arg;
    (void)mhd;
    if (!c)
        return;
    *context = NULL;
    if (c->stage == WAITING && !c->status)
        c->server->app->cut(c->server->app->arg, &c->request);
    c->served |= code == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    c->suspended = false;
    let_go(c);
    c->since = loop_now(c->server->loop);
    release_body(c);
    set_stage(c, IDLE);
}

void server_answer(struct server_request *r, int status)
{
    struct connection *c = (struct connection *)r;
    c->status = status;
    c->server->resumed |= c->held;
    if (!c->suspended)
        return; /* still inside whole(): on_end sees the status */
    c->suspended = false;
    c->server->resumed = true;
    MHD_resume_connection(c->mhd);
}

/* ---- start and end ---- */

static struct MHD_Response *make_response(int status, bool close)
{
    static const char *const texts[STATUSES] = {
        "",
        "bad request: a form with vpbx_api_key, sign and json is wanted, once each\n",
        "unknown key or wrong signature\n",
        "not from this address\n",
        "not found\n",
        "POST only\n",
        "too large\n",
        "too many wrong signatures\n",
        "cannot store now\n",
    };
    size_t i = 0;
    while (statuses[i] != status)
        i++;
    union {
        const char *read;
        void *write;
    } text = {.read = texts[i]}; /* MHD only reads it */
    struct MHD_Response *r =
        MHD_create_response_from_buffer(strlen(texts[i]), text.write, MHD_RESPMEM_PERSISTENT);
    if (!r || (close && MHD_add_response_header(r, "Connection", "close") != MHD_YES) ||
        (status == 405 && MHD_add_response_header(r, "Allow", "POST") != MHD_YES))
        mem_out();
    return r;
}

static void PRINTF_LIKE(2, 0) on_log(void *arg, const char *format, va_list values)
{
    char text[LIMIT_ERROR_TEXT];
    (void)arg;
    vsnprintf(text, sizeof text, format, values);
    text[strcspn(text, "\r\n")] = '\0';
    log_debug("libmicrohttpd", LOG_TEXT("err", text));
}

/* Paths stay as they came. */
static size_t on_unescape(void *arg, struct MHD_Connection *mhd, char *text)
{
    (void)arg;
    (void)mhd;
    return strlen(text);
}

static enum err start_daemon(struct server *s, int fd, struct error *e)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_TURBO;
    s->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, on_request, s,                           /* */
                         MHD_OPTION_EXTERNAL_LOGGER, on_log, s,                         /* first */
                         MHD_OPTION_LISTEN_SOCKET, fd,                                  /* */
                         MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,                /* */
                         MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,                  /* */
                         MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, s,                  /* */
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_HTTP_CONNECTIONS, /* */
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, /* */
                         MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_END);
    if (!s->daemon)
        return error_set(e, ERR_INTERNAL, "libmicrohttpd does not start");
    const union MHD_DaemonInfo *i = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!i)
        return error_set(e, ERR_INTERNAL, "libmicrohttpd has no epoll");
    s->epoll_fd = i->epoll_fd;
    return loop_watch(s->loop, s->epoll_fd, LOOP_READ, on_ready, s, e);
}

/* Ten thousand connections want as many file descriptors. */
static void raise_file_limit(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0)
        return;
    rlim_t want = LIMIT_HTTP_CONNECTIONS + 1000;
    r.rlim_cur = r.rlim_max < want ? r.rlim_max : want;
    if (setrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur < want)
        log_warn("few file descriptors", LOG_INT("limit", r.rlim_cur));
}

enum err server_new(struct loop *l, const char *listen, size_t body_max,
                    const struct server_app *app, struct server **out, struct error *e)
{
    int fd;
    struct server *s = mem_alloc(1, sizeof *s);
    raise_file_limit();
    s->loop = l;
    s->app = app;
    s->body_max = body_max;
    s->epoll_fd = -1;
    loop_timer_init(&s->again, l, on_again, s);
    loop_timer_init(&s->tick, l, on_tick, s);
    for (size_t i = 0; i < STATUSES; i++) {
        s->keep[i] = make_response(statuses[i], false);
        s->close[i] = make_response(statuses[i], true);
    }
    if (listen_open(listen, &fd, s->address, e) || start_daemon(s, fd, e)) {
        server_free(s);
        return e->kind;
    }
    loop_each_turn(l, on_turn, s);
    loop_timer_after(&s->tick, TICK_MS);
    run(s, 1);
    *out = s;
    return ERR_OK;
}

const char *server_address(const struct server *s)
{
    return s->address;
}

void server_quiesce(struct server *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    int fd = MHD_quiesce_daemon(s->daemon);
    if (fd >= 0)
        listen_close(fd);
}

size_t server_busy(const struct server *s)
{
    return s->busy;
}

void server_free(struct server *s)
{
    if (!s)
        return;
    for (struct connection *c = s->connections; c; c = c->next) {
        if (c->suspended)
            MHD_resume_connection(c->mhd); /* MHD ends only without suspended ones */
    }
    if (s->epoll_fd >= 0)
        loop_unwatch(s->loop, s->epoll_fd);
    loop_timer_stop(&s->again);
    loop_timer_stop(&s->tick);
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    for (size_t i = 0; i < STATUSES; i++) {
        MHD_destroy_response(s->keep[i]);
        MHD_destroy_response(s->close[i]);
    }
    free(s);
}
