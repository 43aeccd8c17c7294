/*
 * Requests of the settings page, from the server to the part that answers, and back. Must not know what parts do. The
 * admin thread only.
 */
#include "ingest/admin/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/jout.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/text.h"
#include "ingest/admin/api_state.h"
#include "ingest/admin/headers.h"

#define API_PATH STR("/api/")
#define REFUSAL_BYTES 4096
#define ANSWER_FIELDS (API_SECURITY_FIELDS + API_FIELDS + 3)

#define POLICY "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
#define VALUE(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

const struct server_field api_security_fields[API_SECURITY_FIELDS] = {
    {"Content-Security-Policy", VALUE(POLICY)},
    {"X-Content-Type-Options", VALUE("nosniff")},
    {"Referrer-Policy", VALUE("no-referrer")},
};

/* ---- calls ---- */

static struct api_call *call_new(struct api *a, struct server_request *r)
{
    struct api_call *c = mem_alloc(1, sizeof *c);
    c->api = a;
    c->request = r;
    c->cookie = BUF_INIT(SESSION_TEXT + 100);
    c->texts = mem_alloc(r->path.len + r->query.len, 1);
    c->next = a->calls;
    if (c->next)
        c->next->prev = c;
    a->calls = c;
    r->user = c;
    return c;
}

void api_call_free(struct api_call *c)
{
    struct api *a = c->api;
    if (c->next)
        c->next->prev = c->prev;
    *(c->prev ? &c->prev->next : &a->calls) = c->next;
    for (size_t i = 0; i < c->nfields; i++)
        free(c->fields[i].value);
    buf_done(&c->cookie);
    free(c->texts);
    if (c->body) /* may hold passwords and keys */
        secret_wipe(c->body, c->body_len);
    free(c->body);
    free(c);
}

/* ---- answers ---- */

static void add(struct server_field *fields, size_t *n, const char *name, struct str value)
{
    fields[(*n)++] = (struct server_field){name, value};
}

static void answer(struct api_call *c, int status, struct str body)
{
    struct server_field f[ANSWER_FIELDS];
    size_t n = API_SECURITY_FIELDS;
    memcpy(f, api_security_fields, sizeof api_security_fields);
    add(f, &n, "Cache-Control", STR("no-store"));
    if (body.len)
        add(f, &n, "Content-Type", STR("application/json"));
    if (c->cookie.len)
        add(f, &n, "Set-Cookie", buf_str(&c->cookie));
    for (size_t i = 0; i < c->nfields; i++)
        add(f, &n, c->fields[i].name, str_of(c->fields[i].value));
    const struct server_reply reply = {.status = status, .fields = f, .nfields = n, .body = body};
    if (c->request)
        server_reply(c->request, &reply);
    api_call_free(c);
}

void api_set_header(struct api_call *c, const char *name, struct str value)
{
    if (c->nfields == API_FIELDS)
        return;
    c->fields[c->nfields++] = (struct api_field){name, mem_copy(value)};
}

void api_reply(struct api_call *c, int status, struct jval *body)
{
    char *text CLEANUP(mem_free_text) = body ? jval_dump_free(body, false) : NULL;
    answer(c, status, str_of(text));
}

void api_reply_text(struct api_call *c, int status, struct str json)
{
    answer(c, status, json);
}

static void refuse(struct api_call *c, int status, const char *code, const char *field,
                   const char *message, int64_t retry_after_s)
{
    struct buf body CLEANUP(buf_done) = BUF_INIT(2 * REFUSAL_BYTES);
    jout_open(&body);
    jout_text(&body, "error", str_of(code));
    jout_text(&body, "field", text_cut(str_of(field), REFUSAL_BYTES / 4));
    jout_text(&body, "message", str_of(message));
    if (retry_after_s)
        jout_int(&body, "retry_after_s", retry_after_s);
    jout_close(&body);
    answer(c, status, buf_str(&body));
}

void api_refuse(struct api_call *c, int status, const char *code, const char *field,
                const char *format, ...)
{
    char message[LIMIT_ERROR_TEXT];
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values);
    va_end(values);
    refuse(c, status, code, field, message, 0);
}

void api_refuse_soon(struct api_call *c, int64_t ms, const char *why)
{
    int64_t s = ms > 0 ? (ms + 999) / 1000 : 1;
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)s);
    api_set_header(c, "Retry-After", str_of(text));
    refuse(c, 429, "too_soon", "", why, s);
}

/* ---- what a part reads ---- */

struct str api_param(const struct api_call *c, const char *name)
{
    return path_param(&c->params, name);
}

struct str api_query(const struct api_call *c, const char *name)
{
    return path_param(&c->query, name);
}

bool api_query_number(struct api_call *c, const char *name, int64_t min, int64_t max,
                      int64_t preset, int64_t *out)
{
    struct str text = api_query(c, name);
    *out = preset;
    if (!text.ptr || num_parse(text, min, max, out))
        return true;
    api_refuse(c, 422, "invalid", name, "not a whole number from %lld to %lld", (long long)min,
               (long long)max);
    return false;
}

struct str api_header(const struct api_call *c, const char *name)
{
    return c->request ? server_header(c->request, name) : STR_NONE;
}

struct str api_body(const struct api_call *c)
{
    return (struct str){c->body, c->body_len};
}

struct jval *api_body_object(struct api_call *c)
{
    struct jval *v = NULL;
    struct error e = ERROR_NONE;
    if (jval_parse(api_body(c), &v, &e)) {
        api_refuse(c, 400, "bad_json", "", "%s", e.text);
        return NULL;
    }
    if (jval_type(v) == JVAL_OBJECT)
        return v;
    jval_free(v);
    api_refuse(c, 400, "bad_json", "", "not an object");
    return NULL;
}

bool api_body_only(struct api_call *c, const struct jval *object, const char *name)
{
    const struct jval *value;
    struct str key;
    for (void *i = NULL; jval_next(object, &i, &key, &value);) {
        if (str_is(key, name))
            continue;
        char *field CLEANUP(mem_free_text) = mem_copy(key.len ? key : STR("\"\""));
        api_refuse(c, 422, "invalid", field, "there is no such field");
        return false;
    }
    return true;
}

const char *api_who(const struct api_call *c)
{
    return c->who;
}

bool api_shows(const struct api_call *c)
{
    return str_is(api_query(c, "show"), "1");
}

/* ---- routes ---- */

static bool has_method(const struct api_route *r, struct str method)
{
    return str_is(method, r->method) || (str_is(method, "HEAD") && str_is(STR("GET"), r->method));
}

/* The path's routes: the one of its method is taken, the methods of all are collected. */
static void find_in(struct api_call *c, const struct api_part *p, struct buf *methods)
{
    struct path_params params;
    for (size_t i = 0; i < p->n; i++) {
        const struct api_route *r = &p->routes[i];
        char *space = c->texts;
        if (!path_match(r->pattern, c->request->path, &space, &params))
            continue;
        buf_addf(methods, "%s%s", methods->len ? ", " : "", r->method);
        if (str_is(STR("GET"), r->method))
            buf_add_str(methods, STR(", HEAD"));
        if (!c->route && has_method(r, c->request->method)) {
            c->route = r;
            c->part = p->part;
            c->params = params;
        }
    }
}

static bool find_route(struct api_call *c)
{
    struct buf methods CLEANUP(buf_done) = BUF_INIT(200);
    const struct api *a = c->api;
    for (size_t i = 0; i < a->nparts && !c->route; i++)
        find_in(c, &a->parts[i], &methods);
    if (c->route)
        return true;
    if (methods.len == 0) {
        api_refuse(c, 404, "not_found", "", "there is no such address");
        return false;
    }
    api_set_header(c, "Allow", buf_str(&methods));
    api_refuse(c, 405, "method", "", "not with this method");
    return false;
}

static bool read_query(struct api_call *c)
{
    struct error e = ERROR_NONE;
    struct str field;
    char *space = c->texts + c->request->path.len;
    if (path_query(c->request->query, &space, &c->query, &field, &e) == ERR_OK)
        return true;
    char *name CLEANUP(mem_free_text) = mem_copy(field.len ? field : STR("query"));
    api_refuse(c, 422, "invalid", name, "%s", e.text);
    return false;
}

static bool is_account(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z'))
            return false;
    }
    return name.len <= LIMIT_ACCOUNT_NAME;
}

/* The parameters that many parts have: {a}, an account there could be, and ?show. */
static bool read_common(struct api_call *c)
{
    struct str show = api_query(c, "show"), account = api_param(c, "a");
    if (!is_account(account) && str_is(c->request->method, "PUT")) {
        api_refuse(c, 422, "invalid", "account", "not 1 to %d of a-z, 0-9 and -",
                   LIMIT_ACCOUNT_NAME); /* as common/settings says it */
        return false;
    }
    if (!is_account(account)) {
        api_refuse(c, 404, "unknown_account", "", "there is no such account");
        return false;
    }
    if (!show.ptr || str_is(show, "0") || str_is(show, "1"))
        return true;
    api_refuse(c, 422, "invalid", "show", "neither 0 nor 1");
    return false;
}

static bool take_body(struct api_call *c, struct str body)
{
    if (body.len > LIMIT_SETTINGS_BYTES) {
        api_refuse(c, 413, "too_large", "", "over %d bytes", LIMIT_SETTINGS_BYTES);
        return false;
    }
    if (body.len && !headers_is_json(c->request->content_type)) {
        api_refuse(c, 415, "media_type", "", "a body has to be application/json");
        return false;
    }
    c->body = mem_copy(body);
    c->body_len = body.len;
    return true;
}

static bool has_kafka(struct api_call *c)
{
    const struct api *a = c->api;
    if (c->route->flags & API_WITHOUT_KAFKA || a->o.ready(a->o.arg))
        return true;
    api_refuse(c, 503, "kafka", "", "Kafka has not answered yet");
    return false;
}

/* ---- the server's side ---- */

static int on_head(void *arg, struct server_request *r)
{
    (void)arg;
    (void)r;
    return 0; /* what is refused says why in its body: later */
}

static void on_body(void *arg, struct server_request *r, struct str body)
{
    if (!str_starts(r->path, API_PATH)) {
        api_page_serve(r);
        return;
    }
    struct api_call *c = call_new(arg, r);
    api_door_look(c);
    if (find_route(c) && read_query(c) && api_door_pass(c) && read_common(c) &&
        take_body(c, body) && has_kafka(c))
        c->route->handler(c->part, c);
}

/* The client went away; the part's answer, when it comes, finds nobody. */
static void on_cut(void *arg, struct server_request *r)
{
    struct api_call *c = r->user;
    (void)arg;
    if (c)
        c->request = NULL;
}

static void on_refused(void *arg, const struct server_request *r, int status)
{
    (void)arg;
    (void)r;
    (void)status;
}

/* ---- start and end ---- */

struct api *api_new(const struct api_options *o)
{
    struct api *a = mem_alloc(1, sizeof *a);
    const struct config *c = o->config;
    uint8_t key[SECRET_KEY_BYTES];
    size_t n;
    a->o = *o;
    a->app = (struct server_app){a, on_head, on_body, on_cut, on_refused};
    secret_random(key, sizeof key);
    a->login = login_new(c->admin_password, c->admin_password_hash, key);
    secret_wipe(key, sizeof key);
    session_keys_make(&c->secret,
                      str_of(c->admin_password[0] ? c->admin_password : c->admin_password_hash),
                      &a->keys);
    a->ended = session_ended_new();
    api_stream_start(a);
    const struct api_route *own = api_session_routes(&n);
    api_add(a, own, n, a);
    return a;
}

void api_add(struct api *a, const struct api_route *routes, size_t n, void *part)
{
    if (a->nparts < API_PARTS)
        a->parts[a->nparts++] = (struct api_part){routes, n, part};
}

const struct server_app *api_app(struct api *a)
{
    return &a->app;
}

void api_end_streams(struct api *a)
{
    api_stream_end_of(a, NULL);
}

void api_free(struct api *a)
{
    if (!a)
        return;
    for (struct api_call *c = a->calls, *next; c; c = next) {
        next = c->next;
        api_call_free(c);
    }
    loop_timer_stop(&a->beat);
    session_ended_free(a->ended);
    login_free(a->login);
    secret_wipe(&a->keys, sizeof a->keys);
    free(a);
}
