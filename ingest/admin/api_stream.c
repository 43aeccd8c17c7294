/*
 * Event streams: open as long as the browser reads them and the session they began with could live. Must not know what
 * they tell. The admin thread only.
 */
#include <stdlib.h>
#include <utlist.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/mem.h"
#include "ingest/admin/api_state.h"

#define BEAT_MS 15000 /* a comment, so that proxies keep the connection open */

struct api_stream {
    struct api_stream *next, *prev;
    struct api *api;
    struct server_stream *stream;
    bool has_session;
    struct session session;
    void (*closed)(void *arg);
    void *arg;
};

static void forget(struct api_stream *s)
{
    void (*closed)(void *arg) = s->closed;
    void *arg = s->arg;
    DL_DELETE(s->api->streams, s);
    free(s);
    closed(arg);
}

static void on_closed(void *arg)
{
    forget(arg);
}

void api_stream_end(struct api_stream *s)
{
    server_stream_end(s->stream);
    forget(s);
}

static void make_room(struct api *a)
{
    size_t n = 0;
    const struct api_stream *s;
    DL_COUNT(a->streams, s, n);
    if (n >= LIMIT_PAGE_STREAMS)
        api_stream_end(a->streams);
}

struct api_stream *api_stream(struct api_call *c, void (*closed)(void *arg), void *arg)
{
    struct server_field f[API_SECURITY_FIELDS + 3];
    struct api *a = c->api;
    if (!c->request) {
        api_call_free(c);
        return NULL;
    }
    memcpy(f, api_security_fields, sizeof api_security_fields);
    f[API_SECURITY_FIELDS] = (struct server_field){"Cache-Control", STR("no-store")};
    f[API_SECURITY_FIELDS + 1] = (struct server_field){"Content-Type", STR("text/event-stream")};
    /* nginx would gather it */
    f[API_SECURITY_FIELDS + 2] = (struct server_field){"X-Accel-Buffering", STR("no")};
    /* libmicrohttpd ends even this one with a chunk, which would be taken for the next answer */
    if (str_is(c->request->method, "HEAD")) {
        server_reply(c->request, &(const struct server_reply){.status = 200,
                                                              .fields = f,
                                                              .nfields = API_SECURITY_FIELDS + 3});
        api_call_free(c);
        return NULL;
    }
    make_room(a);
    struct api_stream *s = mem_alloc(1, sizeof *s);
    *s = (struct api_stream){.api = a,
                             .has_session = c->has_session,
                             .session = c->session,
                             .closed = closed,
                             .arg = arg};
    DL_APPEND(a->streams, s);
    s->stream = server_stream(c->request, f, API_SECURITY_FIELDS + 3, on_closed, s);
    server_stream_write(s->stream, STR(":\n\n"));
    api_call_free(c);
    return s;
}

void api_stream_send(struct api_stream *s, const char *event, struct str json)
{
    struct buf b CLEANUP(buf_done) = BUF_INIT(LIMIT_STREAM_BYTES + 100);
    buf_addf(&b, "event: %s\ndata: ", event);
    buf_add_str(&b, json);
    buf_add_str(&b, STR("\n\n"));
    if (!b.failed)
        server_stream_write(s->stream, buf_str(&b));
}

void api_stream_end_of(struct api *a, const struct session *of)
{
    for (struct api_stream *s = a->streams, *next; s; s = next) {
        next = s->next;
        if (!of || (s->has_session && memcmp(s->session.id, of->id, sizeof of->id) == 0))
            api_stream_end(s);
    }
}

static void on_beat(void *arg)
{
    struct api *a = arg;
    for (struct api_stream *s = a->streams, *next; s; s = next) {
        next = s->next;
        if (s->has_session && clock_wall_ms() >= session_ends_ms(&s->session))
            api_stream_end(s); /* who still may comes again by himself */
        else
            server_stream_write(s->stream, STR(":\n\n"));
    }
    loop_timer_after(&a->beat, BEAT_MS);
}

void api_stream_start(struct api *a)
{
    loop_timer_init(&a->beat, a->o.loop, on_beat, a);
    loop_timer_after(&a->beat, BEAT_MS);
}
