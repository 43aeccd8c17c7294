/*
 * Who asks, and whether he may: HTTP Basic or a session's cookie; where the request comes from. Must not know what it
 * is about. The admin thread only.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "ingest/admin/api_state.h"
#include "ingest/admin/headers.h"

#define CREDENTIALS 2048 /* of HTTP Basic, decoded */
#define USER_BYTES 64    /* of its user name, kept for the audit */

static bool by_proxy(const struct api_call *c)
{
    return cidr_list_has(c->api->o.trusted, &c->request->peer);
}

/* The user's name as it will be read in the audit, with the address. */
static void name_client(struct api_call *c, struct str user)
{
    struct buf clean CLEANUP(buf_done) = BUF_INIT((size_t)4 * USER_BYTES);
    char address[CIDR_ADDRESS_TEXT];
    text_add_clean(&clean, user.len > USER_BYTES ? (struct str){user.ptr, USER_BYTES} : user);
    for (size_t i = 0; i < clean.len; i++) {
        if ((unsigned char)clean.data[i] < ' ' || clean.data[i] == 0x7F)
            clean.data[i] = ' ';
    }
    struct str name = clean.len ? text_cut(buf_str(&clean), USER_BYTES) : STR("admin");
    cidr_address_text(&c->from, address);
    snprintf(c->who, sizeof c->who, "%.*s@%s", STR_ARG(name), address);
}

void api_door_look(struct api_call *c)
{
    const struct server_request *r = c->request;
    struct str proto = headers_last(server_header(r, "X-Forwarded-Proto"));
    c->from = cidr_client(&r->peer, r->forwarded, r->nforwarded, c->api->o.trusted);
    c->secure = r->tls || (by_proxy(c) && str_is(proto, "https"));
    name_client(c, STR("admin"));
}

/* ---- where it comes from ---- */

static bool is_write(const struct api_call *c)
{
    return !str_is(c->request->method, "GET") && !str_is(c->request->method, "HEAD");
}

/* A proxy may call us by another name than the browser does. */
static struct str host_of(const struct api_call *c)
{
    struct str host = STR_NONE;
    if (by_proxy(c))
        host = headers_last(api_header(c, "X-Forwarded-Host"));
    return host.len ? host : api_header(c, "Host");
}

static bool comes_from_here(struct api_call *c)
{
    struct str origin = api_header(c, "Origin");
    if ((!origin.ptr || headers_same_origin(origin, host_of(c), c->secure)) &&
        (!is_write(c) || headers_own_site(api_header(c, "Sec-Fetch-Site"))))
        return true;
    api_refuse(c, 403, "origin", "", "a page of another address asks");
    return false;
}

/* ---- who it is ---- */

static bool unauthorized(struct api_call *c, const char *code, const char *message)
{
    /* a browser would show a window of its own for Basic, in front of the page's */
    bool basic = api_header(c, "Authorization").ptr != NULL;
    api_set_header(c, "WWW-Authenticate",
                   basic ? STR("Basic realm=\"Mangoplan\"") : STR("Session realm=\"Mangoplan\""));
    api_refuse(c, 401, code, "", "%s", message);
    return false;
}

bool api_door_try(struct api_call *c, struct str password, const char *code)
{
    int64_t wait_ms;
    switch (login_try(c->api->login, &c->from, password, clock_boot_ms(), &wait_ms)) {
    case LOGIN_RIGHT:
        return true;
    case LOGIN_TOO_SOON:
        api_refuse_soon(c, wait_ms, "after wrong passwords one has to wait");
        return false;
    case LOGIN_CANNOT:
        api_refuse(c, 503, "busy", "", "no memory to check the password");
        return false;
    default:
        log_warn("wrong password", LOG_TEXT("event", "login"), LOG_TEXT("who", c->who));
        return unauthorized(c, code, "wrong password");
    }
}

static bool pass_basic(struct api_call *c, struct str authorization)
{
    char room[CREDENTIALS];
    struct str user, password;
    if (!headers_basic(authorization, room, sizeof room, &user, &password))
        return unauthorized(c, "unauthorized", "HTTP Basic is wanted");
    name_client(c, user);
    bool may = api_door_try(c, password, "unauthorized");
    secret_wipe(room, sizeof room);
    return may;
}

static bool find_session(struct api_call *c)
{
    const struct api *a = c->api;
    struct str rest = api_header(c, "Cookie"), text;
    int64_t now = clock_wall_ms();
    while (session_cookie(&rest, &text)) {
        if (session_read(&a->keys, text, now, &c->session) &&
            !session_ended_has(a->ended, &c->session))
            return true;
    }
    return false;
}

static void renew(struct api_call *c)
{
    char text[SESSION_TEXT];
    if (!session_renew(&c->session, clock_wall_ms()))
        return;
    session_write(&c->api->keys, &c->session, text);
    session_set_cookie(&c->cookie, str_of(text), c->secure);
}

static bool pass_session(struct api_call *c)
{
    c->has_session = find_session(c);
    if (!c->has_session)
        return unauthorized(c, "unauthorized", "sign in first");
    if (is_write(c) &&
        !session_token_is(&c->api->keys, &c->session, api_header(c, "X-CSRF-Token"))) {
        api_refuse(c, 403, "csrf", "", "the header X-CSRF-Token is missing, or of another session");
        return false;
    }
    renew(c);
    return true;
}

bool api_door_pass(struct api_call *c)
{
    if (!comes_from_here(c))
        return false;
    if (c->route->flags & API_OPEN)
        return true;
    struct str authorization = api_header(c, "Authorization");
    return authorization.ptr ? pass_basic(c, authorization) : pass_session(c);
}
