/*
 * libmicrohttpd (0.9.75) inside our loop, and its connections. Must not know webhooks, Kafka or settings. One
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
 * MHD has no deadlines that help us (its timeout starts anew with every byte), so a tick every second
 * walks the connections and shuts down the sockets of those that are late; MHD then closes them.
 * Never MHD_PostProcessor (CVE-2023-27371), never its URL decoding.
 */
#include "ingest/server/state.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"
#include "ingest/tls.h"

#define CONNECTION_MEMORY (6 * 1024) /* headers, and what of the body is read at once */
#define PATIENT_MEMORY (32 * 1024)
#define REQUEST_MS 10000 /* from connecting, or from its headers, until it is whole */
#define IDLE_MS 75000    /* kept open between requests */
#define RUNS 8           /* MHD_run in a row before others have their turn */
#define TICK_MS 1000

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

void server_release_body(struct server_connection *c)
{
    c->server->buffered -= c->body.room;
    buf_done(&c->body);
}

/* Has begun, and is not answered. */
static bool is_busy(enum server_stage stage)
{
    return stage == SERVER_READING || stage == SERVER_DRAINING || stage == SERVER_WAITING;
}

void server_set_stage(struct server_connection *c, enum server_stage stage)
{
    c->server->busy += (size_t)is_busy(stage) - (size_t)is_busy(c->stage);
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

static struct server_connection *connection_new(struct server *s, struct MHD_Connection *mhd)
{
    struct server_connection *c = mem_alloc(1, sizeof *c);
    const union MHD_ConnectionInfo *fd, *address, *session;
    fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    address = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    session = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    c->server = s;
    c->mhd = mhd;
    if (s->o.tls && session)
        c->certificate = tls_attach(s->o.tls, session->tls_session);
    c->fd = fd ? fd->connect_fd : -1;
    c->request.peer = address_of(address ? address->client_addr : NULL);
    c->since = loop_now(s->o.loop);
    c->body = BUF_INIT(s->o.body_max);
    c->next = s->connections;
    if (c->next)
        c->next->prev = c;
    s->connections = c;
    s->nconnections++;
    return c;
}

static void connection_free(struct server_connection *c)
{
    struct server *s = c->server;
    server_release_body(c);
    server_set_stage(c, SERVER_IDLE);
    tls_detach(c->certificate);
    free(c->query);
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

void server_shut(struct server_connection *c)
{
    if (c->fd >= 0)
        shutdown(c->fd, SHUT_RDWR);
}

static bool is_late(const struct server_connection *c, int64_t now)
{
    if (c->stage == SERVER_WAITING || c->stage == SERVER_STREAMING)
        return false; /* the application has deadlines of its own */
    return now - c->since > (c->stage == SERVER_IDLE && c->served ? IDLE_MS : REQUEST_MS);
}

static void on_tick(void *arg)
{
    struct server *s = arg;
    for (struct server_connection *c = s->connections; c; c = c->next) {
        if (is_late(c, loop_now(s->o.loop)))
            server_shut(c);
    }
    loop_timer_after(&s->tick, TICK_MS);
}

/* ---- what MHD tells ---- */

static struct server_connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return i ? i->socket_context : NULL;
}

/* With the headers, with each piece of the body, at its end, and again when resumed. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *mhd, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context)
{
    struct server_connection *c = *context;
    struct str piece = {data, *size};
    (void)arg;
    if (c) {
        *size = 0;
        return server_take_body(c, piece) ? MHD_YES : MHD_NO;
    }
    const struct server_line line = {method, path, version};
    *context = c = connection_of(mhd);
    return c && server_take(c, &line) ? MHD_YES : MHD_NO;
}

static void on_completed(void *arg, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct server_connection *c = *context;
    (void)arg;
    (void)mhd;
    *context = NULL;
    if (c)
        server_completed(c, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

/* The query as it came; MHD splits it in place afterwards. NULL: the request has no context yet. */
static void *on_uri(void *arg, const char *uri, struct MHD_Connection *mhd)
{
    struct server_connection *c = connection_of(mhd);
    const char *query = strchr(uri, '?');
    (void)arg;
    if (!c)
        return NULL;
    free(c->query);
    c->query = query ? mem_copy(str_of(query + 1)) : NULL;
    return NULL;
}

/* ---- start and end ---- */

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

/* What differs from server to server; ends with MHD_OPTION_END. Function pointers travel as numbers there. */
static void choose(struct server *s, struct MHD_OptionItem out[4])
{
    size_t n = 0;
    if (s->o.patient)
        out[n++] = (struct MHD_OptionItem){MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_uri, s};
    if (s->o.tls) {
        out[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
                                           (void *)(uintptr_t)TLS_PRIORITIES};
        out[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
                                           (void *)(intptr_t)tls_retriever()};
    }
    out[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

static enum err start_daemon(struct server *s, int fd, struct error *e)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_TURBO |
                     (s->o.tls ? MHD_USE_TLS : 0u);
    unsigned connections = s->o.patient ? LIMIT_PAGE_CONNECTIONS : LIMIT_HTTP_CONNECTIONS;
    size_t memory = s->o.patient ? PATIENT_MEMORY : CONNECTION_MEMORY;
    struct MHD_OptionItem own[4];
    choose(s, own);
    s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, s,            /* */
                                 MHD_OPTION_EXTERNAL_LOGGER, on_log, s,          /* first */
                                 MHD_OPTION_LISTEN_SOCKET, fd,                   /* */
                                 MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, /* */
                                 MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,   /* */
                                 MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, s,   /* */
                                 MHD_OPTION_CONNECTION_LIMIT, connections,       /* */
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory,     /* */
                                 MHD_OPTION_CONNECTION_TIMEOUT, 0u,              /* */
                                 MHD_OPTION_ARRAY, own, MHD_OPTION_END);
    if (!s->daemon)
        return error_set(e, ERR_INTERNAL, "libmicrohttpd does not start");
    const union MHD_DaemonInfo *i = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!i)
        return error_set(e, ERR_INTERNAL, "libmicrohttpd has no epoll");
    s->epoll_fd = i->epoll_fd;
    return loop_watch(s->o.loop, s->epoll_fd, LOOP_READ, on_ready, s, e);
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

enum err server_new(const struct server_options *o, struct server **out, struct error *e)
{
    int fd;
    struct server *s = mem_alloc(1, sizeof *s);
    s->o = *o;
    if (!o->patient)
        raise_file_limit();
    s->epoll_fd = -1;
    loop_timer_init(&s->again, o->loop, on_again, s);
    loop_timer_init(&s->tick, o->loop, on_tick, s);
    server_make_fixed(s);
    if (listen_open(o->listen, &fd, s->address, e) || start_daemon(s, fd, e)) {
        server_free(s);
        return e->kind;
    }
    loop_each_turn(o->loop, on_turn, s);
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
    for (struct server_connection *c = s->connections; c; c = c->next) {
        if (c->suspended)
            MHD_resume_connection(c->mhd); /* MHD ends only without suspended ones */
    }
    if (s->epoll_fd >= 0)
        loop_unwatch(s->o.loop, s->epoll_fd);
    loop_timer_stop(&s->again);
    loop_timer_stop(&s->tick);
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    server_free_fixed(s);
    free(s);
}
