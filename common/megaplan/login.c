/*
 * A token by user name and password, or by a refresh token. Pure.
 */
#include "common/megaplan/login.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/megaplan/query.h"
#include "common/mem.h"
#include "common/secret.h"
#include "common/text.h"

#define EXPIRES_MAX INT64_C(10000000000)

char *login_url(struct str base_url)
{
    return query_url(base_url, "/auth/access_token", QUERY_NONE);
}

/* name=value&...&grant_type=kind. The memory is taken at once: what grows leaves copies behind. */
static char *form(const struct str *names, const struct str *values, size_t n, struct str kind)
{
    size_t room = sizeof "grant_type=" + kind.len;
    for (size_t i = 0; i < n; i++)
        room += names[i].len + 3 * values[i].len + 2;
    for (size_t i = 0; i < n; i++)
        if (!values[i].len || values[i].len > LIMIT_WEBHOOK_BODY)
            return NULL;
    struct buf body = BUF_INIT(room);
    body.data = mem_try_alloc(room + 1, 1);
    if (!body.data)
        return NULL;
    body.room = room + 1;
    for (size_t i = 0; i < n; i++) {
        buf_add_str(&body, names[i]);
        buf_add_char(&body, '=');
        text_percent_encode(&body, values[i]);
        buf_add_char(&body, '&');
    }
    buf_add_str(&body, STR("grant_type="));
    buf_add_str(&body, kind);
    return buf_take(&body);
}

char *login_password_body(struct str user, struct str password)
{
    const struct str names[] = {STR("username"), STR("password")};
    const struct str values[] = {user, password};
    return form(names, values, 2, STR("password"));
}

char *login_refresh_body(struct str refresh_token)
{
    const struct str name = STR("refresh_token");
    return form(&name, &refresh_token, 1, STR("refresh_token"));
}

/* answers */

/* A token goes into a header: printable ASCII without spaces. */
static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return text.len > 0;
}

static bool granted(const struct jval *root, struct login_answer *out)
{
    struct str access = jval_get_text(root, "access_token");
    struct str refresh = jval_get_text(root, "refresh_token");
    if (!is_token(access))
        return false;
    out->access_token = mem_try_copy(access);
    out->refresh_token = is_token(refresh) ? mem_try_copy(refresh) : NULL;
    (void)jval_int_loose(jval_get(root, "expires_in"), 0, EXPIRES_MAX, &out->expires_in);
    return out->access_token != NULL;
}

static enum login_kind kind_of(const struct answer *a)
{
    struct str error = jval_get_text(a->root, "error");
    int status = a->status;
    if (str_is(error, "temporarily_unavailable") || str_is(error, "server_error"))
        return LOGIN_TEMPORARY;
    if (status == 429)
        return LOGIN_LIMITED;
    if (status == 408 || status == 425)
        return LOGIN_TEMPORARY;
    bool refused = (status >= 300 && status < 500) || (status < 300 && error.len > 0);
    return refused ? LOGIN_REFUSED : LOGIN_TEMPORARY;
}

void login_read(const struct answer_source *source, struct login_answer *out)
{
    struct answer a; /* reads what a refusal says, in either shape */
    *out = (struct login_answer){.kind = LOGIN_TEMPORARY};
    answer_read(source, &a);
    if (a.status >= 200 && a.status < 300 && granted(a.root, out)) {
        out->kind = LOGIN_GRANTED;
    } else {
        login_answer_done(out);
        out->kind = kind_of(&a);
        snprintf(out->text, sizeof out->text, "%s", a.text[0] ? a.text : "no token in the answer");
    }
    answer_done(&a);
}

void login_answer_done(struct login_answer *a)
{
    secret_free(a->access_token);
    secret_free(a->refresh_token);
    *a = (struct login_answer){.kind = LOGIN_TEMPORARY};
}
