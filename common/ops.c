/*
 * The ops port on libmicrohttpd, one thread of its own. It must not know what the checks mean. The
 * handler runs on that thread: it reads atomics and the metrics' registry, nothing else.
 *
 * The poll backend on purpose: the library's epoll one stalls at exactly 128 ready connections
 * (kafka-and-http.md 1.2). A wake-up of its own (ITC), since else only the listening socket tells the thread
 * to end, and that is not looked at while all connections are taken.
 */
#include "common/ops.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/mem.h"

#define STUCK_MS 30000 /* a loop that has not turned for so long is ill */
#define TIMEOUT_S 10u  /* for a slow or idle connection */
#define MEMORY (16u * 1024)

static const char json[] = "application/json", text[] = "text/plain; charset=utf-8";

struct ops {
    struct ops_options options;
    const struct loop *_Atomic also;
    struct MHD_Daemon *daemon;
    char address[LISTEN_ADDRESS_TEXT];
};

/* Takes the body's memory over. */
static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type,
                              struct buf *body)
{
    size_t len = body->len;
    char *bytes = buf_take(body);
    if (!bytes)
        return MHD_NO; /* no memory: the connection is closed */
    struct MHD_Response *r = MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
    if (!r) {
        free(bytes);
        return MHD_NO;
    }
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result answer_line(struct MHD_Connection *c, unsigned status, const char *line)
{
    struct buf body = BUF_INIT(100);
    buf_addf(&body, "%s\n", line);
    return answer(c, status, text, &body);
}

static enum MHD_Result healthz(const struct ops *o, struct MHD_Connection *c)
{
    const struct loop *also = o->also;
    int64_t turned = loop_last_turn(o->options.loop);
    if (also && loop_last_turn(also) < turned)
        turned = loop_last_turn(also);
    int64_t still = clock_boot_ms() - turned;
    bool ok = still < STUCK_MS;
    struct buf body = BUF_INIT(200);
    buf_addf(&body, "{\"status\":\"%s\",\"last_turn_ms\":%lld}\n", ok ? "ok" : "fail",
             (long long)(still > 0 ? still : 0));
    return answer(c, ok ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, json, &body);
}

static enum MHD_Result readyz(const struct ops *o, struct MHD_Connection *c)
{
    static const char *const names[] = {"ok", "degraded", "fail"};
    struct buf checks = BUF_INIT(64 * 1024), body = BUF_INIT(65 * 1024);
    int worst = OPS_OK;
    for (size_t i = 0; i < o->options.nchecks; i++) {
        int status = o->options.checks[i].status;
        if (status < OPS_OK || status > OPS_FAIL)
            status = OPS_FAIL;
        worst = status > worst ? status : worst;
        buf_addf(&checks, "%s\"%s\":\"%s\"", i ? "," : "", o->options.checks[i].name,
                 names[status]);
    }
    buf_addf(&body, "{\"status\":\"%s\",\"checks\":{", names[worst]);
    buf_add_str(&body, buf_str(&checks));
    buf_add_str(&body, STR("}}\n"));
    buf_done(&checks);
    return answer(c, worst == OPS_FAIL ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, json, &body);
}

static enum MHD_Result metrics(const struct ops *o, struct MHD_Connection *c)
{
    struct buf body = BUF_INIT(LIMIT_METRICS_TEXT);
    buf_add_str(&body, STR(""));
    metrics_write(o->options.metrics, &body);
    if (body.failed) {
        buf_done(&body);
        return answer_line(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "the metrics are too long");
    }
    return answer(c, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &body);
}

static const struct page {
    const char *path;
    enum MHD_Result (*serve)(const struct ops *o, struct MHD_Connection *c);
} pages[] = {{"/healthz", healthz}, {"/readyz", readyz}, {"/metrics", metrics}};

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    (void)version, (void)upload, (void)upload_size, (void)state;
    const struct page *page = NULL;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(url, pages[i].path) == 0)
            page = &pages[i];
    if (!page)
        return answer_line(c, MHD_HTTP_NOT_FOUND, "not found");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return answer_line(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
    return page->serve(arg, c);
}

static enum err start_daemon(struct ops *o, int fd, struct error *e)
{
    o->daemon =
        MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, handle, o,
                         MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                         (unsigned)LIMIT_OPS_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_END);
    return o->daemon ? ERR_OK : error_set(e, ERR_INTERNAL, "cannot start the ops server");
}

enum err ops_start(const struct ops_options *options, struct ops **out, struct error *e)
{
    int fd;
    struct ops *o = mem_alloc(1, sizeof *o);
    o->options = *options;
    if (listen_open(options->listen, &fd, o->address, e)) {
        free(o);
        return error_context(e, "OPS_LISTEN");
    }
    if (start_daemon(o, fd, e)) {
        listen_close(fd);
        free(o);
        return e->kind;
    }
    log_info("the ops port is open", LOG_TEXT("event", "listening"),
             LOG_TEXT("address", o->address), LOG_TEXT("for", "ops"));
    *out = o;
    return ERR_OK;
}

void ops_watch(struct ops *o, const struct loop *also)
{
    o->also = also;
}

void ops_stop(struct ops *o)
{
    if (!o)
        return;
    MHD_stop_daemon(o->daemon); /* closes the socket too */
    free(o);
}

const char *ops_address(const struct ops *o)
{
    return o->address;
}
