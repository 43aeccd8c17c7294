/*
 * Answers: those that are nothing but a status, those with headers and a body, and streams. Must not know what they
 * say. The loop's thread only.
 */
#include "ingest/server/state.h"

#include <microhttpd.h>
#include <stdlib.h>

#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"

#define STREAM_BLOCK 4096 /* written at once */

static const int statuses[SERVER_STATUSES] = {200, 400, 401, 403, 404, 405, 413, 429, 503};

/* ---- a status alone ---- */

static void add_field(struct MHD_Response *r, const char *name, struct str value)
{
    char *text CLEANUP(mem_free_text) = mem_copy(value);
    if (MHD_add_response_header(r, name, text) != MHD_YES)
        mem_out();
}

static struct MHD_Response *make_response(const struct server *s, int status, bool close)
{
    static const char *const texts[SERVER_STATUSES] = {
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
    } text = {.read = s->o.patient ? "" : texts[i]}; /* MHD only reads it */
    struct MHD_Response *r =
        MHD_create_response_from_buffer(strlen(text.read), text.write, MHD_RESPMEM_PERSISTENT);
    if (!r || (close && MHD_add_response_header(r, "Connection", "close") != MHD_YES) ||
        (status == 405 && MHD_add_response_header(r, "Allow", "POST") != MHD_YES))
        mem_out();
    for (size_t k = 0; k < s->o.nfields; k++)
        add_field(r, s->o.fields[k].name, s->o.fields[k].value);
    return r;
}

void server_make_fixed(struct server *s)
{
    for (size_t i = 0; i < SERVER_STATUSES; i++) {
        s->keep[i] = make_response(s, statuses[i], false);
        s->close[i] = make_response(s, statuses[i], true);
    }
}

void server_free_fixed(struct server *s)
{
    for (size_t i = 0; i < SERVER_STATUSES; i++) {
        MHD_destroy_response(s->keep[i]);
        MHD_destroy_response(s->close[i]);
    }
}

struct MHD_Response *server_fixed(const struct server_connection *c)
{
    size_t i = 0;
    while (i < SERVER_STATUSES - 1 && statuses[i] != c->status)
        i++;
    return c->close || c->server->stopping ? c->server->close[i] : c->server->keep[i];
}

void server_answer(struct server_request *r, int status)
{
    struct server_connection *c = (struct server_connection *)r;
    c->status = status;
    c->server->resumed |= c->held;
    if (!c->suspended)
        return; /* still inside whole(): on_end sees the status */
    c->suspended = false;
    c->server->resumed = true;
    MHD_resume_connection(c->mhd);
}

/* ---- headers and a body ---- */

static void add_fields(const struct server_connection *c, struct MHD_Response *r,
                       const struct server_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_field(r, fields[i].name, fields[i].value);
    if (c->close || c->server->stopping)
        add_field(r, "Connection", STR("close"));
}

void server_reply(struct server_request *r, const struct server_reply *reply)
{
    struct server_connection *c = (struct server_connection *)r;
    union {
        const char *read;
        void *write;
    } body = {.read = reply->body.len ? reply->body.ptr : ""}; /* MHD only reads it */
    c->reply = MHD_create_response_from_buffer(
        reply->body.len, body.write, reply->stays ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);
    if (!c->reply)
        mem_out();
    add_fields(c, c->reply, reply->fields, reply->nfields);
    server_answer(r, reply->status);
}

/* ---- streams ---- */

struct server_stream {
    struct server_connection *connection; /* NULL: it has ended */
    struct buf waiting;                   /* bytes not taken yet, from `taken` on */
    size_t taken;
    bool over; /* the application has said all */
    void (*closed)(void *arg);
    void *arg;
};

static void rest(struct server_stream *s)
{
    s->connection->suspended = true;
    MHD_suspend_connection(s->connection->mhd);
}

/* MHD wants bytes. */
static ssize_t on_read(void *arg, uint64_t position, char *out, size_t max)
{
    struct server_stream *s = arg;
    size_t n = s->waiting.len - s->taken;
    (void)position;
    if (n == 0 && (s->over || !s->connection || s->connection->server->stopping))
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (n == 0) {
        rest(s);
        return 0;
    }
    n = n < max ? n : max;
    memcpy(out, s->waiting.data + s->taken, n);
    s->taken += n;
    if (s->taken == s->waiting.len) {
        buf_reset(&s->waiting);
        s->taken = 0;
    }
    return (ssize_t)n;
}

/* MHD needs it no more. */
static void on_free(void *arg)
{
    struct server_stream *s = arg;
    buf_done(&s->waiting);
    free(s);
}

void server_stream_close(struct server_connection *c)
{
    struct server_stream *s = c->stream;
    c->stream = NULL;
    if (!s)
        return;
    s->connection = NULL;
    if (!s->over)
        s->closed(s->arg);
}

struct server_stream *server_stream(struct server_request *r, const struct server_field *fields,
                                    size_t nfields, void (*closed)(void *arg), void *arg)
{
    struct server_connection *c = (struct server_connection *)r;
    struct server_stream *s = mem_alloc(1, sizeof *s);
    *s = (struct server_stream){
        .connection = c, .waiting = BUF_INIT(LIMIT_STREAM_BYTES), .closed = closed, .arg = arg};
    c->reply =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_read, s, on_free);
    if (!c->reply)
        mem_out();
    add_fields(c, c->reply, fields, nfields);
    c->stream = s;
    server_answer(r, 200);
    return s;
}

static void wake(struct server_stream *s)
{
    struct server_connection *c = s->connection;
    if (!c->suspended)
        return;
    c->suspended = false;
    c->server->resumed = true;
    MHD_resume_connection(c->mhd);
}

void server_stream_write(struct server_stream *s, struct str bytes)
{
    if (s->taken) { /* what is gone makes room */
        size_t left = s->waiting.len - s->taken;
        memmove(s->waiting.data, s->waiting.data + s->taken, left);
        s->waiting.len = left;
        s->taken = 0;
    }
    buf_add(&s->waiting, bytes.ptr, bytes.len);
    if (s->waiting.failed)
        server_shut(s->connection);
    wake(s);
}

void server_stream_end(struct server_stream *s)
{
    s->over = true;
    wake(s);
}
