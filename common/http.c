/*
 * The HTTP client: libcurl's multi interface driven by the loop. It must not know the outside APIs.
 * One thread, the loop's; libcurl resolves names on threads of its own.
 *
 * A transfer:  waits for a connection -> connects -> pre-request (counted) -> sends -> answer
 *              \______________ HTTP_NOT_SENT _______/ \___ HTTP_UNKNOWN ___/   HTTP_ANSWERED
 *
 * The deadlines are timers of our own: libcurl keeps no time for transfers that wait for one of the
 * host's connections. Those that are over the limit of all hosts wait here, in a line.
 */
#include "common/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "common/address.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/retry_after.h"
#include "common/url.h"
#include "common/watches.h"

#define WHY_SIZE 300
#define IDLE_CONNECTIONS 512L
#define SPARE_TRANSFERS 64 /* kept for the next requests */

struct http {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer timer; /* libcurl's */
    struct watches *watches;
    char *outbound_allow, *ca_file;
    int64_t connect_timeout_ms;
    struct curl_slist *resolve;
    struct http_transfer *first; /* running */
    struct http_transfer *spare; /* by next */
    struct http_transfer *line;  /* those that wait until there are less */
    size_t running, nspare;
    size_t most, counted; /* at libcurl at once, but those that go ahead; 0 = no limit */
};

struct http_transfer {
    struct http *http;
    CURL *easy; /* used again: every option that requests differ in is set by each of them */
    struct http_transfer *next, *previous;
    struct http_transfer *after, *before; /* in the line */
    enum {
        COUNTED,
        AHEAD,
        IN_LINE
    } turn;
    struct curl_slist *headers;
    char *sent_body;
    struct loop_timer timer; /* leave_by, then the whole */
    int64_t start, deadline, leave_by;
    int64_t sent_at; /* when the pre-request callback let it pass, 0 = never */
    unsigned passes; /* how often the pre-request callback was called */
    bool named;      /* in OUTBOUND_ALLOW: may be at a private address */
    bool headers_done, too_large, ended;
    size_t header_bytes;
    struct buf body;
    void (*left)(void *arg);
    void (*done)(void *arg, const struct http_answer *answer);
    void *arg;
    char why[WHY_SIZE];
    char curl_says[CURL_ERROR_SIZE];
};

/* ---- the line ---- */

static bool is_full(const struct http *h)
{
    return h->most > 0 && h->counted >= h->most;
}

/* To libcurl, which says no only where it has no memory. */
static void begin(struct http *h, struct http_transfer *t)
{
    if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK)
        mem_out();
    if (t->turn == COUNTED)
        h->counted++;
}

static void go_on(struct http *h)
{
    while (h->line && !is_full(h)) {
        struct http_transfer *t = h->line;
        DL_DELETE2(h->line, t, before, after);
        t->turn = COUNTED;
        begin(h, t);
    }
}

/* ---- the end of a transfer ---- */

static void unlink_transfer(struct http_transfer *t)
{
    struct http *h = t->http;
    *(t->previous ? &t->previous->next : &h->first) = t->next;
    if (t->next)
        t->next->previous = t->previous;
    h->running--;
    loop_timer_stop(&t->timer);
    if (t->turn == IN_LINE)
        DL_DELETE2(h->line, t, before, after);
    else
        curl_multi_remove_handle(h->multi, t->easy);
    t->ended = true;
    if (t->turn == COUNTED) {
        h->counted--;
        go_on(h);
    }
}

static void free_transfer(struct http_transfer *t)
{
    curl_easy_cleanup(t->easy);
    free(t);
}

/* What it sent and got is gone; its handle may serve another request. */
static void put_away(struct http_transfer *t)
{
    struct http *h = t->http;
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, NULL);
    for (struct curl_slist *i = t->headers; i; i = i->next) /* tokens */
        explicit_bzero(i->data, strlen(i->data));
    curl_slist_free_all(t->headers);
    if (t->sent_body) /* a password */
        explicit_bzero(t->sent_body, strlen(t->sent_body));
    free(t->sent_body);
    buf_done(&t->body);
    if (h->nspare >= SPARE_TRANSFERS) {
        free_transfer(t);
        return;
    }
    t->next = h->spare;
    h->spare = t;
    h->nspare++;
}

/* Empty if there is none of that name. */
static struct str header_of(CURL *easy, const char *name)
{
    struct curl_header *header;
    CURLHcode found = curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header);
    return found == CURLHE_OK ? str_of(header->value) : STR_NONE;
}

static void add_head(struct http_transfer *t, struct http_answer *answer)
{
    long status = 0;
    const char *type = NULL;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
    answer->status = (int)status;
    answer->content_type = str_of(type);
    answer->retry_after_s = retry_after_parse(header_of(t->easy, "Retry-After"), clock_wall_ms());
    answer->date_ms = retry_after_date(header_of(t->easy, "Date"));
}

/* why: NULL if there is a whole answer. */
static void finish(struct http_transfer *t, const char *why)
{
    struct http_answer answer = {
        .end = !why         ? HTTP_ANSWERED
               : t->sent_at ? HTTP_UNKNOWN
                            : HTTP_NOT_SENT,
        .retry_after_s = -1,
        .date_ms = -1,
        .ms = clock_boot_ms() - t->start,
        .sent_boot_ms = t->sent_at,
        .too_large = t->too_large,
        .why = why ? why : "",
    };
    if (!why || t->too_large) {
        add_head(t, &answer);
        answer.body = buf_str(&t->body);
    }
    unlink_transfer(t);
    t->done(t->arg, &answer);
    put_away(t);
}

static void curl_ended(struct http_transfer *t, CURLcode result)
{
    if (result == CURLE_OK && t->passes == 1 && t->headers_done) {
        finish(t, NULL);
        return;
    }
    if (!t->why[0]) /* nothing of our own to say */
        snprintf(t->why, sizeof t->why, "%s%s%s",
                 result ? curl_easy_strerror(result) : "the answer was cut in its headers",
                 t->curl_says[0] ? ": " : "", t->curl_says);
    finish(t, t->why);
}

/* After every call of curl_multi_socket_action. What is done may send and cancel. */
static void take_ended(struct http *h)
{
    int left;
    for (CURLMsg *m = curl_multi_info_read(h->multi, &left); m;
         m = curl_multi_info_read(h->multi, &left)) {
        struct http_transfer *t = NULL;
        CURLcode result = m->data.result; /* m is gone with its transfer */
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        if (m->msg == CURLMSG_DONE && t)
            curl_ended(t, result);
    }
}

/* The time to leave or the whole time is over. */
static void time_over(void *arg)
{
    struct http_transfer *t = arg;
    if (t->sent_at && clock_boot_ms() < t->deadline) {
        loop_timer_set(&t->timer, t->deadline);
        return;
    }
    finish(t, t->sent_at ? "timed out, waiting for the answer" : "timed out, not sent yet");
}

/* ---- what libcurl calls ---- */

static void socket_ready(void *arg, int fd, unsigned events)
{
    struct http *h = arg;
    int running, flags = (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
                         (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(h->multi, fd, flags, &running);
    take_ended(h);
}

static void curl_time(void *arg)
{
    struct http *h = arg;
    int running;
    curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_ended(h);
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
    struct http *h = arg;
    (void)multi;
    if (ms < 0)
        loop_timer_stop(&h->timer);
    else
        loop_timer_after(&h->timer, ms);
    return 0;
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct http *h = arg;
    (void)easy, (void)unused;
    if (what == CURL_POLL_REMOVE) {
        watches_rest(h->watches, fd);
        return 0;
    }
    unsigned events =
        (what & CURL_POLL_IN ? LOOP_READ : 0u) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0u);
    return watches_want(h->watches, fd, events) ? 0 : -1;
}

/* Belongs to the connection, which may outlive its transfer. */
static int close_socket(void *arg, curl_socket_t fd)
{
    struct http *h = arg;
    watches_closed(h->watches, fd);
    return close(fd);
}

static bool refuse_address(struct http_transfer *t, const char *ip)
{
    if (t->named || address_public(ip))
        return false;
    snprintf(t->why, sizeof t->why, "%s is a private address, refused", ip);
    return true;
}

/* Private addresses are not even connected to. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *t = arg;
    char ip[INET6_ADDRSTRLEN] = "";
    struct sockaddr *a = &address->addr;
    (void)purpose;
    const void *bytes = a->sa_family == AF_INET6
                            ? (const void *)&((struct sockaddr_in6 *)(void *)a)->sin6_addr
                            : (const void *)&((struct sockaddr_in *)(void *)a)->sin_addr;
    if (a->sa_family != AF_INET && a->sa_family != AF_INET6)
        return CURL_SOCKET_BAD;
    if (!inet_ntop(a->sa_family, bytes, ip, sizeof ip) || refuse_address(t, ip))
        return CURL_SOCKET_BAD;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    watches_opened(t->http->watches, fd);
    return fd;
}

/* The last moment before the first byte of the request. */
static int before_request(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    struct http_transfer *t = arg;
    int64_t now = clock_boot_ms();
    (void)local_ip, (void)port, (void)local_port;
    if (++t->passes > 1) {
        snprintf(t->why, sizeof t->why, "the connection was lost, it is not sent again");
        return CURL_PREREQFUNC_ABORT;
    }
    if (refuse_address(t, ip))
        return CURL_PREREQFUNC_ABORT;
    if ((t->leave_by && now >= t->leave_by) || now >= t->deadline) {
        snprintf(t->why, sizeof t->why, "connected too late, not sent");
        return CURL_PREREQFUNC_ABORT;
    }
    t->why[0] = 0; /* another address of the host may have been refused */
    t->sent_at = now;
    if (t->left)
        t->left(t->arg);
    return CURL_PREREQFUNC_OK;
}

static size_t take_header(char *line, size_t size, size_t n, void *arg)
{
    struct http_transfer *t = arg;
    long status = 0;
    (void)size;
    t->header_bytes += n;
    if (t->header_bytes > LIMIT_ANSWER_HEADERS) {
        snprintf(t->why, sizeof t->why, "the answer's headers are too long");
        return 0;
    }
    if (line[0] == '\r' || line[0] == '\n') {
        curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
        t->headers_done = status >= 200;
    }
    return n;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct http_transfer *t = arg;
    (void)size;
    buf_add(&t->body, bytes, n);
    if (!t->body.failed)
        return n;
    if (t->body.starved)
        mem_out();
    t->too_large = true;
    snprintf(t->why, sizeof t->why, "the answer is over %zu bytes", t->body.max);
    return 0;
}

/* ---- sending ---- */

/* A line break in a header would begin another one. */
static bool add_headers(struct http_transfer *t, const char *const *headers)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no 100-continue */
    for (; list && headers && *headers; headers++) {
        if (strpbrk(*headers, "\r\n")) {
            curl_slist_free_all(list);
            return false;
        }
        struct curl_slist *longer = curl_slist_append(list, *headers);
        if (!longer)
            mem_out();
        list = longer;
    }
    t->headers = list;
    return list != NULL;
}

static void set_security(struct http_transfer *t)
{
    const struct http *h = t->http;
    CURL *c = t->easy;
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(c, CURLOPT_PROXY, ""); /* none from the environment */
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    if (h->ca_file[0])
        curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
}

static void set_callbacks(struct http_transfer *t)
{
    CURL *c = t->easy;
    curl_easy_setopt(c, CURLOPT_PRIVATE, t);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->curl_says);
    curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(c, CURLOPT_PREREQDATA, t);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(c, CURLOPT_CLOSESOCKETDATA, t->http);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
}

static void set_connection(struct http_transfer *t)
{
    CURL *c = t->easy;
    curl_easy_setopt(c, CURLOPT_RESOLVE, t->http->resolve);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "mangoplan/" MANGOPLAN_VERSION);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* never waits for a resolver thread */
    curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)t->http->connect_timeout_ms);
}

/* All that requests differ in: the handle may have served another one. */
static bool set_request(struct http_transfer *t, const struct http_request *r)
{
    CURL *c = t->easy;
    bool delete = strcmp(r->method, "DELETE") == 0;
    if (strcmp(r->method, "POST") == 0 || (delete &&r->body.len > 0)) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, t->sent_body);
    } else {
        curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, delete ? "DELETE" : NULL);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
    return curl_easy_setopt(c, CURLOPT_URL, r->url) == CURLE_OK;
}

/* Handles are used again, so each time. Connections of another one are not shared: libcurl compares that. */
static void set_tls(CURL *c, bool tls12)
{
    long newest = tls12 ? (long)CURL_SSLVERSION_MAX_TLSv1_2 : (long)CURL_SSLVERSION_MAX_DEFAULT;
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2 | newest);
}

static struct http_transfer *make_transfer(struct http *h)
{
    struct http_transfer *t = mem_alloc(1, sizeof *t);
    t->http = h;
    t->easy = curl_easy_init();
    if (!t->easy)
        mem_out();
    set_security(t);
    set_callbacks(t);
    set_connection(t);
    return t;
}

static struct http_transfer *take_spare(struct http *h)
{
    struct http_transfer *t = h->spare;
    CURL *easy = t->easy;
    h->spare = t->next;
    h->nspare--;
    memset(t, 0, sizeof *t);
    t->http = h;
    t->easy = easy;
    return t;
}

static struct http_transfer *new_transfer(struct http *h, const struct http_request *r)
{
    struct http_transfer *t = h->spare ? take_spare(h) : make_transfer(h);
    t->start = clock_boot_ms();
    t->deadline = t->start + r->timeout_ms;
    t->leave_by = r->leave_by;
    set_tls(t->easy, r->tls12);
    t->named = url_named(str_of(r->url), str_of(h->outbound_allow));
    t->body = BUF_INIT(r->max_body);
    t->sent_body = mem_copy(r->body);
    t->left = r->left;
    t->done = r->done;
    t->arg = r->arg;
    return t;
}

static void start_transfer(struct http *h, struct http_transfer *t)
{
    t->next = h->first;
    if (h->first)
        h->first->previous = t;
    h->first = t;
    h->running++;
    loop_timer_init(&t->timer, h->loop, time_over, t);
    loop_timer_set(&t->timer, t->leave_by && t->leave_by < t->deadline ? t->leave_by : t->deadline);
}

static bool may_call(const struct http *h, const struct http_request *r)
{
    struct url url;
    return r->anywhere ? url_parse(str_of(r->url), &url)
                       : url_allowed(str_of(r->url), str_of(h->outbound_allow));
}

enum err http_send(struct http *h, const struct http_request *r, struct http_transfer **out,
                   struct error *e)
{
    if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "POST") != 0 &&
        strcmp(r->method, "DELETE") != 0)
        return error_set(e, ERR_INPUT, "the method is none of GET, POST and DELETE");
    if (!may_call(h, r))
        return error_set(e, ERR_INPUT, "the URL is malformed, or its host is not allowed");
    struct http_transfer *t = new_transfer(h, r);
    if (!add_headers(t, r->headers) || !set_request(t, r)) {
        put_away(t);
        return error_set(e, ERR_INPUT, "a header or the URL cannot be sent");
    }
    t->turn = r->ahead ? AHEAD : is_full(h) ? IN_LINE : COUNTED;
    if (t->turn == IN_LINE)
        DL_APPEND2(h->line, t, before, after);
    else
        begin(h, t);
    start_transfer(h, t);
    *out = t;
    return ERR_OK;
}

void http_cancel(struct http_transfer *t)
{
    if (t->ended)
        return; /* from inside its own `done` */
    unlink_transfer(t);
    put_away(t);
}

size_t http_running(const struct http *h)
{
    return h->running;
}

/* ---- the client ---- */

enum err http_new(struct loop *l, const struct http_options *options, struct http **out,
                  struct error *e)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(e, ERR_INTERNAL, "libcurl does not start");
    struct http *h = mem_alloc(1, sizeof *h);
    h->loop = l;
    h->outbound_allow = mem_copy(str_of(options->outbound_allow));
    h->ca_file = mem_copy(str_of(options->ca_file));
    h->connect_timeout_ms = options->connect_timeout_ms;
    h->most = (size_t)options->connections;
    for (const char *const *r = options->resolve; r && *r; r++)
        h->resolve = curl_slist_append(h->resolve, *r);
    loop_timer_init(&h->timer, l, curl_time, h);
    h->watches = watches_new(l, socket_ready, h);
    h->multi = curl_multi_init();
    if (!h->multi)
        mem_out();
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, options->connections_per_host);
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
    curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    *out = h;
    return ERR_OK;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    for (struct http_transfer *t = h->first, *next; t; t = next) {
        next = t->next;
        http_cancel(t);
    }
    for (struct http_transfer *t = h->spare, *next; t; t = next) {
        next = t->next;
        free_transfer(t);
    }
    curl_multi_cleanup(h->multi); /* closes its connections */
    watches_free(h->watches);
    loop_timer_stop(&h->timer);
    curl_slist_free_all(h->resolve);
    free(h->outbound_allow);
    free(h->ca_file);
    free(h);
    curl_global_cleanup();
}
