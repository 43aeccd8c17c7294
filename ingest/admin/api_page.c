/*
 * What is not the API: the page's files, and the ways to it. Anybody may have them. The admin thread only.
 */
#include "ingest/admin/api_state.h"
#include "ingest/admin/static.h"

#define PAGE_PATH STR("/admin/")

static void add(struct server_field *fields, size_t *n, const char *name, struct str value)
{
    fields[(*n)++] = (struct server_field){name, value};
}

/* A status and a text, for what is no part of the API. */
static void answer_line(struct server_request *r, int status, struct server_field more)
{
    struct server_field f[API_SECURITY_FIELDS + 2];
    size_t n = API_SECURITY_FIELDS;
    memcpy(f, api_security_fields, sizeof api_security_fields);
    add(f, &n, "Cache-Control", STR("no-cache"));
    if (more.name)
        f[n++] = more;
    const struct server_reply reply = {.status = status, .fields = f, .nfields = n};
    server_reply(r, &reply);
}

static void answer_file(struct server_request *r, const struct static_file *file)
{
    struct static_answer a =
        static_serve(file, server_header(r, "Accept-Encoding"), server_header(r, "If-None-Match"));
    struct server_field f[API_SECURITY_FIELDS + 5];
    size_t n = API_SECURITY_FIELDS;
    memcpy(f, api_security_fields, sizeof api_security_fields);
    add(f, &n, "Cache-Control", STR("no-cache"));
    add(f, &n, "ETag", str_of(a.etag));
    add(f, &n, "Vary", STR("Accept-Encoding"));
    if (a.status == 200)
        add(f, &n, "Content-Type", str_of(static_type(file->name)));
    if (a.gzip)
        add(f, &n, "Content-Encoding", STR("gzip"));
    const struct server_reply reply = {
        .status = a.status, .fields = f, .nfields = n, .body = a.body, .stays = true};
    server_reply(r, &reply);
}

void api_page_serve(struct server_request *r)
{
    bool reads = str_is(r->method, "GET") || str_is(r->method, "HEAD");
    bool is_front = str_is(r->path, "/") || str_is(r->path, "/admin");
    struct str name = str_from(r->path, PAGE_PATH.len);
    const struct static_file *file = NULL;
    if (str_starts(r->path, PAGE_PATH))
        file = static_find(name.len ? name : STR("index.html"));
    if (!file && !is_front)
        answer_line(r, 404, (struct server_field){0});
    else if (!reads)
        answer_line(r, 405, (struct server_field){"Allow", STR("GET, HEAD")});
    else if (is_front)
        answer_line(r, 302, (struct server_field){"Location", PAGE_PATH});
    else
        answer_file(r, file);
}
