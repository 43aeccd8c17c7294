/*
 * The login of an account.
 */
#include "worker/crm/account_signin.h"

#include <stdio.h>

#include "common/limits.h"
#include "common/log.h"
#include "common/megaplan/login.h"
#include "common/mem.h"
#include "common/secret.h"
#include "worker/crm/executor_state.h"

#define OPERATION "auth.token" /* for metrics */

static void rejected(struct executor *x, struct account *a, struct work *w, const char *why)
{
    char reason[SERVICE_REASON];
    snprintf(reason, sizeof reason, "%s: %s", SIGNIN_REJECTED, why);
    account_refused(x, a, w, reason);
}

/* what the end means */

static void granted(struct executor *x, struct account *a, const struct login_answer *got)
{
    struct service *s = &a->service;
    signin_granted(&s->signin, str_of(got->access_token), str_of(got->refresh_token));
    service_unprobe(s, executor_now(x)); /* the next request shows whether it is taken */
    log_info("logged in", LOG_TEXT("account", s->account));
}

static void refused(struct executor *x, struct account *a, const char *why)
{
    struct service *s = &a->service;
    if (signin_refused(&s->signin) == SIGNIN_NO) {
        rejected(x, a, NULL, why);
        return;
    }
    service_unprobe(s, executor_now(x));
    log_info("the refresh token was refused; the password is next", LOG_TEXT("account", s->account),
             LOG_TEXT("err", why));
}

static void failed(struct executor *x, struct account *a, const char *why)
{
    signin_failed(&a->service.signin, executor_now(x), x->options.retry_max_ms,
                  x->port->random(x->port->world));
    log_info("a login failed", LOG_TEXT("account", a->service.account), LOG_TEXT("err", why));
}

static void read_answer(struct executor *x, struct account *a, const struct http_answer *answer)
{
    const struct answer_source source = {
        .status = answer->status, .body = answer->body, .too_large = answer->too_large};
    struct login_answer got;
    login_read(&source, &got);
    switch (got.kind) {
    case LOGIN_GRANTED:
        granted(x, a, &got);
        break;
    case LOGIN_REFUSED:
        refused(x, a, got.text);
        break;
    case LOGIN_LIMITED:
        failed(x, a, got.text);
        service_slow_down(&a->service, answer->retry_after_s, executor_now(x),
                          x->port->random(x->port->world));
        break;
    default:
        failed(x, a, got.text);
        account_unclear(x, a, NULL, got.text);
    }
    login_answer_done(&got);
}

/* its way */

static void left(void *arg)
{
    struct account *a = arg;
    if (!a->signin_left)
        account_left(a->executor, a);
    a->signin_left = true;
}

static void answered(void *arg, const struct http_answer *answer)
{
    struct account *a = arg;
    struct executor *x = a->executor;
    a->signin = NULL;
    if (answer->end == HTTP_NOT_SENT && !a->signin_left)
        account_unused(x, a);
    else
        left(a);
    tally_request(x->tally, a->service.account, TALLY_MEGAPLAN, OPERATION, answer,
                  x->port->wall(x->port->world));
    if (answer->end == HTTP_ANSWERED) {
        read_answer(x, a, answer);
    } else {
        failed(x, a, answer->why);
        account_unclear(x, a, NULL, answer->why);
    }
    account_wake(x, a);
}

static enum err send_it(struct executor *x, struct account *a, const struct settings *settings,
                        struct error *e)
{
    static const char *const headers[] = {"Content-Type: " LOGIN_CONTENT_TYPE,
                                          "Accept: application/json", NULL};
    struct signin *l = &a->service.signin;
    char *body = signin_begin(l) == SIGNIN_BY_REFRESH
                     ? login_refresh_body(str_of(l->refresh))
                     : login_password_body(str_of(settings->megaplan.login),
                                           str_of(settings->megaplan.password));
    char *url CLEANUP(mem_free_text) = login_url(str_of(settings->megaplan.base_url));
    if (!url || !body) {
        secret_free(body);
        return error_set(e, ERR_AUTH, "neither a token nor login and password");
    }
    const struct http_request r = {.method = "POST",
                                   .url = url,
                                   .headers = headers,
                                   .body = str_of(body),
                                   .timeout_ms = x->options.request_timeout_ms,
                                   .max_body = LIMIT_ANSWER_BYTES,
                                   .ahead = true,
                                   .left = left,
                                   .done = answered,
                                   .arg = a};
    a->signin_left = false;
    enum err bad = x->port->send(x->port->world, &r, &a->signin, e);
    secret_free(body);
    return bad;
}

static void unsent(struct executor *x, struct account *a, const struct error *e)
{
    struct service *s = &a->service;
    signin_unasked(&s->signin);
    if (e->kind == ERR_TEMPORARY)
        failed(x, a, e->text);
    else
        rejected(x, a, NULL, e->text);
    service_return(s, true, executor_now(x));
    account_wake(x, a);
}

void account_signin(struct executor *x, struct account *a)
{
    struct service *s = &a->service;
    struct error e = ERROR_NONE;
    int64_t until = 0;
    if (!s->wants_signin || s->signin.state != SIGNIN_OUT || x->stopping)
        return;
    const struct settings *settings = x->port->settings(x->port->world, s->account);
    if (!settings)
        return;
    if (!service_admit_signin(s, executor_now(x), &until)) {
        agenda_set(&x->services, &s->wake, until);
        return;
    }
    s->wants_signin = false;
    if (send_it(x, a, settings, &e))
        unsent(x, a, &e);
}

void account_signin_stop(struct executor *x, struct account *a)
{
    if (!a->signin)
        return;
    x->port->cancel(x->port->world, a->signin);
    a->signin = NULL;
    left(a);
    signin_unasked(&a->service.signin);
    service_unprobe(&a->service, executor_now(x));
    account_wake(x, a); /* who waited for its end is not the last to want a login */
}

void account_signin_expired(struct executor *x, struct account *a, struct work *w, const char *why)
{
    struct service *s = &a->service;
    if (signin_expired(&s->signin, w->token) == SIGNIN_NO) {
        rejected(x, a, w, why);
        return;
    }
    if (w->probe)
        service_unprobe(s, executor_now(x));
    account_wake(x, a);
}
