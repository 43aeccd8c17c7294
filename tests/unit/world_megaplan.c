/*
 * The world's Megaplan as a service: takes a request apart, finds its resource, wraps what that says
 * (megaplan-api.md 1). Login and batches stand here, since they are about requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "common/mem.h"
#include "tests/unit/world_megaplan.h"

#define API "/api/v3"

struct jval *world_refuse(struct world_ask *a, int status, const char *field, const char *why)
{
    a->status = status;
    snprintf(a->field, sizeof a->field, "%s", field);
    snprintf(a->why, sizeof a->why, "%s", why);
    return NULL;
}

/* envelopes */

static char *envelope(int status, struct jval *data, struct jval *pagination, const char *field,
                      const char *why)
{
    struct jval *meta = jval_new_object();
    struct jval *errors = jval_new_array();
    if (status != 200) {
        struct jval *error = jval_new_object();
        jval_put_text(error, "field", str_of(field ? field : ""));
        jval_put_text(error, "message", str_of(why));
        jval_append(errors, error);
    }
    jval_put_int(meta, "status", status);
    jval_put(meta, "errors", errors);
    jval_put(meta, "pagination", pagination ? pagination : jval_new_array());
    struct jval *root = jval_new_object();
    jval_put(root, "meta", meta);
    jval_put(root, "data", data ? data : jval_new_object());
    return jval_dump_free(root, false);
}

char *world_error(int status, const char *field, const char *why)
{
    return envelope(status, NULL, NULL, field, why);
}

/* login (1.1) */

/* The value of a field of a form; nothing of ours needs decoding but %40 and the like in a login. */
static void form_field(struct str form, const char *name, char *out, size_t room)
{
    size_t len = strlen(name);
    size_t n = 0;
    for (size_t i = 0; i + len < form.len; i++) {
        bool begins = i == 0 || form.ptr[i - 1] == '&';
        if (!begins || memcmp(form.ptr + i, name, len) != 0 || form.ptr[i + len] != '=')
            continue;
        for (size_t k = i + len + 1; k < form.len && form.ptr[k] != '&' && n + 1 < room; k++) {
            unsigned byte = (unsigned char)form.ptr[k];
            if (byte == '%' && k + 2 < form.len && sscanf(form.ptr + k + 1, "%2x", &byte) == 1)
                k += 2;
            out[n++] = (char)byte;
        }
        break;
    }
    out[n] = '\0';
}

static bool password_right(const struct world *w, struct str form)
{
    char user[80];
    char password[80];
    form_field(form, "username", user, sizeof user);
    form_field(form, "password", password, sizeof password);
    const char *login = w->settings.megaplan.login;
    return login && strcmp(user, login) == 0 &&
           strcmp(password, w->settings.megaplan.password) == 0;
}

/* Only the newest refresh token is good, and only once. */
static bool refresh_right(const struct world *w, struct str form)
{
    char given[80];
    char newest[24];
    form_field(form, "refresh_token", given, sizeof given);
    snprintf(newest, sizeof newest, "ref-%d", w->logins);
    return w->logins > 0 && !w->refresh_used && strcmp(given, newest) == 0;
}

static struct jval *login(struct world_ask *a)
{
    struct world *w = a->world;
    char kind[24];
    char text[24];
    form_field(a->raw, "grant_type", kind, sizeof kind);
    bool good = strcmp(kind, "password") == 0        ? password_right(w, a->raw)
                : strcmp(kind, "refresh_token") == 0 ? refresh_right(w, a->raw)
                                                     : false;
    struct jval *made = jval_new_object();
    a->bare = true;
    if (!good) {
        a->status = 400;
        jval_put_text(made, "error", STR("invalid_grant"));
        jval_put_text(made, "error_description", STR("Invalid username and password combination"));
        return made;
    }
    w->logins++;
    w->refresh_used = false;
    snprintf(text, sizeof text, "tok-%d", w->logins);
    jval_put_text(made, "access_token", str_of(text));
    jval_put_int(made, "expires_in", 172800);
    jval_put_text(made, "token_type", STR("bearer"));
    jval_put(made, "scope", jval_new_null());
    snprintf(text, sizeof text, "ref-%d", w->logins);
    jval_put_text(made, "refresh_token", str_of(text));
    return made;
}

static bool token_valid(const struct world *w, const char *token)
{
    int n = 0;
    if (strcmp(token, "tok") == 0)
        return w->tokens_from == 0;
    return sscanf(token, "tok-%d", &n) == 1 && n >= w->tokens_from && n <= w->logins && n > 0;
}

void world_revoke(struct world *w)
{
    w->tokens_from = w->logins + 1;
}

/* batches (1.10) */

static struct jval *bulk_one(struct world *w, const struct jval *call, size_t number)
{
    char *method CLEANUP(mem_free_text) = mem_copy(jval_get_text(call, "method"));
    char *url CLEANUP(mem_free_text) = mem_copy(jval_get_text(call, "url"));
    char *body CLEANUP(mem_free_text) = mem_copy(jval_get_text(call, "body"));
    char *text CLEANUP(mem_free_text) = NULL;
    int status = 422;
    w->bulk_calls++;
    if (w->bulk_allows && number >= w->bulk_allows) {
        status = 429;
        text = world_error(status, "", "Too many requests");
    } else if (str_is(jval_get_text(call, "contentType"), "ApiCall")) {
        status = world_perform(w, method, url, "", body, &text);
    }
    struct jval *one = jval_new_object();
    jval_put_text(one, "contentType", STR("ApiCallResponse"));
    jval_put_int(one, "status", status);
    jval_put_text(one, "body", str_of(text));
    return one;
}

static struct jval *bulk(struct world_ask *a)
{
    size_t limit = a->world->bulk_answers;
    const struct jval *calls = jval_get(a->body, "calls");
    if (!str_is(jval_get_text(a->body, "contentType"), "BulkApiCall") ||
        jval_type(calls) != JVAL_ARRAY)
        return world_refuse(a, 422, "contentType", "BulkApiCall expected");
    struct jval *made = jval_new_array();
    for (size_t i = 0; i < jval_size(calls); i++) {
        struct jval *one = bulk_one(a->world, jval_at(calls, i), i);
        if (limit && i >= limit)
            jval_free(one);
        else
            jval_append(made, one);
    }
    return made;
}

/* resources */

static const struct world_resource of_requests[] = {
    {"POST", "/auth/access_token", login},
    {"POST", "/bulk", bulk},
    {NULL, NULL, NULL},
};

/* How many {} of the pattern the path fills, or -1. */
static int fit(const char *pattern, const char *path, char ids[3][40])
{
    int n = 0;
    while (*pattern) {
        if (strncmp(pattern, "{}", 2) == 0) {
            size_t len = strcspn(path, "/");
            if (!len)
                return -1;
            snprintf(ids[n++], 40, "%.*s", (int)len, path);
            path += len;
            pattern += 2;
        } else if (*pattern++ != *path++) {
            return -1;
        }
    }
    return *path && strcmp(path, "/") != 0 ? -1 : n;
}

/* Of the resources that fit the one with the fewest {}. */
static const struct world_resource *resource_of(struct world_ask *a, const char *path)
{
    const struct world_resource *tables[] = {of_requests, world_of_clients, world_of_calls,
                                             world_of_tasks};
    const struct world_resource *best = NULL;
    int fewest = 4;
    char ids[3][40] = {{0}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct world_resource *r = tables[i]; r->method; r++) {
            int n = strcmp(r->method, a->method) == 0 ? fit(r->path, path, ids) : -1;
            if (n < 0 || n >= fewest)
                continue;
            fewest = n;
            best = r;
            memcpy(a->ids, ids, sizeof ids);
        }
    return best;
}

static char *unescape(const char *text)
{
    struct buf b = BUF_INIT(65536);
    for (; *text; text++) {
        unsigned byte = (unsigned char)*text;
        WORLD_MUST(byte != '+', "a bare + is a space"); /* 1.4 */
        if (byte == '%' && sscanf(text + 1, "%2x", &byte) == 1)
            text += 2;
        buf_add_char(&b, (char)byte);
    }
    return buf_take(&b);
}

static struct jval *query_of(const char *url)
{
    struct jval *query = NULL;
    struct error e = ERROR_NONE;
    const char *mark = strchr(url, '?');
    if (!mark)
        return jval_new_object();
    char *text CLEANUP(mem_free_text) = unescape(mark + 1);
    if (!jval_parse(str_of(text), &query, &e) && jval_type(query) == JVAL_OBJECT)
        return query;
    jval_free(query);
    return NULL;
}

static bool names_refused(const struct world *w, const char *body)
{
    return w->refused_field && strstr(body, w->refused_field);
}

static struct jval *run(struct world_ask *a, const char *url, const char *token, const char *body)
{
    const char *path = strstr(url, API);
    char clean[400];
    if (!path)
        return world_refuse(a, 404, "", "No route found");
    path += strlen(API);
    snprintf(clean, sizeof clean, "%.*s", (int)strcspn(path, "?"), path);
    bool is_login = strcmp(clean, "/auth/access_token") == 0;
    if (*token && !is_login && !token_valid(a->world, token))
        return world_refuse(a, 401, "", "Unauthorized");
    const struct world_resource *r = resource_of(a, clean);
    if (!r)
        return world_refuse(a, 404, "", "No route found");
    if (!a->query)
        return world_refuse(a, 422, "", "the query string must be a JSON object");
    if (*body && !a->body && !is_login)
        return world_refuse(a, 422, "", "Malformed JSON");
    if (r->answer != bulk && names_refused(a->world, body))
        return world_refuse(a, 422, a->world->refused_field, a->world->refused_field);
    return r->answer(a);
}

int world_perform(struct world *w, const char *method, const char *url, const char *token,
                  const char *body, char **text)
{
    struct error e = ERROR_NONE;
    struct jval *parsed CLEANUP(jval_cleanup) = NULL;
    struct jval *query CLEANUP(jval_cleanup) = query_of(url);
    if (*body && jval_parse(str_of(body), &parsed, &e))
        parsed = NULL;
    struct world_ask a = {.world = w,
                          .method = method,
                          .query = query,
                          .body = parsed,
                          .raw = str_of(body),
                          .status = 200};
    struct jval *data = run(&a, url, token, body);
    if (a.bare && data)
        *text = jval_dump_free(data, false);
    else
        *text = envelope(a.status, data, a.pagination, a.field, a.why);
    return a.status;
}
