/*
 * A request from its head to its answer. Must not know webhooks, Kafka or settings. The loop's thread only.
 *
 * Held or suspended. To suspend a request costs two epoll_ctl and a recv that finds nothing, a seventh of
 * a webhook's CPU. MHD also takes "no answer yet" (true without a response) and asks the handler again
 * at each run; that it would spin on it is no matter, since we say when it runs. So the first HELD_MAX
 * waiting requests are only held, which is the cheaper way as long as they are few and their answers come within
 * milliseconds, and the others suspended; those of a patient server always.
 */
#include "ingest/server/state.h"

#include <microhttpd.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"
#include "ingest/head.h"

#define DRAIN_BYTES (1024 * 1024)         /* read and thrown away so that a refusal arrives */
#define BUFFERED_BYTES (64 * 1024 * 1024) /* bodies in pieces, all together */
#define HELD_MAX 256                      /* requests that wait without being suspended */

/* ---- the head ---- */

static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *key,
                                 size_t key_size, const char *value, size_t value_size)
{
    (void)kind;
    head_add(arg, (struct str){key, key_size}, (struct str){value, value ? value_size : 0});
    return MHD_YES;
}

static bool send_answer(struct server_connection *c)
{
    server_set_stage(c, c->stream ? SERVER_STREAMING : SERVER_ANSWERING);
    c->since = loop_now(c->server->o.loop);
    if (!c->reply)
        return MHD_queue_response(c->mhd, (unsigned)c->status, server_fixed(c)) == MHD_YES;
    bool done = MHD_queue_response(c->mhd, (unsigned)c->status, c->reply) == MHD_YES;
    MHD_destroy_response(c->reply); /* MHD keeps it as long as it needs it */
    c->reply = NULL;
    return done;
}

/* A refusal whose body is small waits until it is read: a client that is still sending would lose the
 * answer to the reset of its connection. */
static bool refuse(struct server_connection *c, bool expects)
{
    bool small = c->length == HEAD_CHUNKED || c->length <= DRAIN_BYTES;
    if (c->close || expects || !small) {
        c->close = true;
        return send_answer(c);
    }
    server_set_stage(c, SERVER_DRAINING);
    return true;
}

static bool begin(struct server_connection *c, const char *path, const char *method,
                  const char *version)
{
    struct server *s = c->server;
    struct server_request *r = &c->request;
    struct head h = {0};
    MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, on_header, &h);
    *r = (struct server_request){.method = str_of(method),
                                 .path = str_of(path),
                                 .content_type = h.content_type,
                                 .query = str_of(c->query ? c->query : ""),
                                 .nforwarded = h.nforwarded,
                                 .tls = c->certificate != NULL,
                                 .peer = r->peer,
                                 .began_us = clock_mono_us()};
    memcpy(r->forwarded, h.forwarded, h.nforwarded * sizeof *h.forwarded);
    c->close = head_is_ambiguous(&h, strcmp(version, MHD_HTTP_VERSION_1_0) == 0);
    c->length = head_length(&h);
    c->drained = 0;
    if (c->served)
        c->since = loop_now(s->o.loop);
    server_set_stage(c, SERVER_READING);
    c->status = c->close ? 400 : s->o.app->head(s->o.app->arg, r);
    if (c->status == 0 && c->length != HEAD_CHUNKED && c->length > s->o.body_max)
        c->status = 413;
    if (c->close || c->status == 413)
        s->o.app->refused(s->o.app->arg, r, c->status);
    return c->status ? refuse(c, h.expects) : true;
}

/* ---- the body ---- */

static void whole(struct server_connection *c, struct str body)
{
    server_set_stage(c, SERVER_WAITING);
    c->server->o.app->body(c->server->o.app->arg, &c->request, body);
    server_release_body(c);
}

/* Bodies in pieces fill the memory meant for them: the one that has been under way longest goes. */
static void make_way(struct server *s)
{
    struct server_connection *oldest = NULL;
    for (struct server_connection *c = s->connections; c; c = c->next) {
        if (c->stage == SERVER_READING && c->body.room && (!oldest || c->since <= oldest->since))
            oldest = c;
    }
    if (!oldest)
        return;
    server_release_body(oldest);
    oldest->status = 503;
    server_set_stage(oldest, SERVER_DRAINING);
    server_shut(oldest);
    log_warn("too many unfinished requests, one is closed");
}

static void keep_piece(struct server_connection *c, struct str piece)
{
    struct server *s = c->server;
    size_t room = c->body.room;
    buf_add(&c->body, piece.ptr, piece.len);
    s->buffered += c->body.room - room;
    if (c->body.failed) { /* only chunked ones get here: a length is known before */
        server_release_body(c);
        c->status = 413;
        s->o.app->refused(s->o.app->arg, &c->request, 413);
        server_set_stage(c, SERVER_DRAINING);
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

static bool on_piece(struct server_connection *c, struct str piece)
{
    if (c->stage == SERVER_DRAINING) {
        c->drained += piece.len;
        return c->drained > DRAIN_BYTES ? false : true;
    }
    if (c->body.len == 0 && piece.len == c->length)
        whole(c, piece);
    else
        keep_piece(c, piece);
    return true;
}

static void let_go(struct server_connection *c)
{
    c->server->held -= c->held;
    c->held = false;
}

/* Lets the request wait for server_answer. */
static void hold(struct server_connection *c)
{
    if (c->server->held < HELD_MAX && !c->server->o.patient) {
        c->held = true;
        c->server->held++;
    } else {
        c->suspended = true;
        MHD_suspend_connection(c->mhd);
    }
}

static bool on_end(struct server_connection *c)
{
    if (c->stage == SERVER_READING)
        whole(c, buf_str(&c->body));
    if (c->status) {
        let_go(c);
        return send_answer(c);
    }
    if (!c->held)
        hold(c);
    return true;
}

bool server_take(struct server_connection *c, const struct server_line *line)
{
    return begin(c, line->path, line->method, line->version);
}

bool server_take_body(struct server_connection *c, struct str piece)
{
    return piece.len ? on_piece(c, piece) : on_end(c);
}

void server_completed(struct server_connection *c, bool well)
{
    if (c->stage == SERVER_WAITING && !c->status)
        c->server->o.app->cut(c->server->o.app->arg, &c->request);
    server_stream_close(c);
    c->served |= well;
    c->suspended = false;
    let_go(c);
    c->since = loop_now(c->server->o.loop);
    server_release_body(c);
    server_set_stage(c, SERVER_IDLE);
    if (c->reply) /* the client went before it got it */
        MHD_destroy_response(c->reply);
    c->reply = NULL;
    free(c->query);
    c->query = NULL;
}

struct wanted {
    struct str name, value;
};

static enum MHD_Result on_wanted(void *arg, enum MHD_ValueKind kind, const char *key,
                                 size_t key_size, const char *value, size_t value_size)
{
    struct wanted *w = arg;
    (void)kind;
    if (key_size == w->name.len && strncasecmp(key, w->name.ptr, key_size) == 0)
        w->value = (struct str){value, value ? value_size : 0};
    return MHD_YES;
}

struct str server_header(const struct server_request *r, const char *name)
{
    const struct server_connection *c = (const struct server_connection *)r;
    struct wanted w = {.name = str_of(name)};
    MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, on_wanted, &w);
    return w.value;
}
