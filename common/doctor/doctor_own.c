/*
 * Checks of our own side: does a webhook reach us as MANGO would send it. On the loop's thread.
 *
 *   webhook: signed ping --200--> wrongly signed ping --401--> fine
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/doctor/doctor_state.h"
#include "common/limits.h"
#include "common/mango/signed.h"
#include "common/mem.h"
#include "common/secret.h"
#include "common/url.h"

#define PING_MS 8000
#define PING_ANSWER 65536
#define PING_JSON STR("{\"doctor\":1}")

/* ---- the ping ---- */

static char *ping_url(const struct config *c)
{
    struct str base = str_of(c->public_url);
    while (base.len && base.ptr[base.len - 1] == '/')
        base.len--;
    return mem_format("%.*s/events/ping", STR_ARG(base));
}

/* False: it was told. */
static bool ping(struct doctor_task *t, const struct settings *s, bool wrong, bool tls12,
                 void (*done)(void *arg, const struct http_answer *a))
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    const struct doctor_options *o = doctor_options_of(t);
    struct error e = ERROR_NONE;
    char *url CLEANUP(mem_free_text) = ping_url(o->config);
    char *salt = mem_format("%s%s", s->mango.api_salt, wrong ? "-wrong" : "");
    char *body = signed_body(str_of(s->mango.api_key), str_of(salt), PING_JSON);
    const struct http_request r = {.method = "POST",
                                   .url = url,
                                   .headers = headers,
                                   .body = str_of(body),
                                   .timeout_ms = PING_MS,
                                   .max_body = PING_ANSWER,
                                   .tls12 = tls12,
                                   .anywhere = true,
                                   .done = done,
                                   .arg = t};
    enum err bad = body ? http_send(o->http, &r, &t->transfer, &e)
                        : error_set(&e, ERR_INPUT, "the ping cannot be built");
    secret_free(salt);
    secret_free(body);
    if (bad) {
        t->transfer = NULL;
        doctor_add(t, DOCTOR_FAIL, "webhook_unreachable", "%s", e.text);
    }
    return !bad;
}

static bool is_private(const struct http_answer *a)
{
    return a->end == HTTP_NOT_SENT && strstr(a->why, "private address");
}

static bool has_no_url(struct doctor_task *t)
{
    bool none = !doctor_options_of(t)->config->public_url[0];
    if (none)
        doctor_add(t, DOCTOR_SKIP, "public_url_missing", "PUBLIC_URL is not set");
    return none;
}

/* ---- webhook ---- */

static const char *webhook_code(int status)
{
    if (status >= 300 && status < 400)
        return "webhook_redirect";
    switch (status) {
    case 401:
    case 429:
        return "webhook_unsigned";
    case 403:
        return "webhook_forbidden";
    case 404:
    case 405:
        return "webhook_not_found";
    case 502:
    case 504:
        return "webhook_proxy";
    case 503:
        return "webhook_unready";
    default:
        return "webhook_status";
    }
}

/* OpenSSL's words, as libcurl passes them on. */
static bool is_about_certificate(const char *why)
{
    return strcasestr(why, "certificate") || strcasestr(why, "subject name");
}

static bool is_about_tls(const char *why)
{
    return strcasestr(why, "ssl") || strcasestr(why, "tls");
}

static void tell_unanswered(struct doctor_task *t, const struct http_answer *a)
{
    if (is_private(a))
        doctor_add(t, DOCTOR_SKIP, "webhook_private", "%s", a->why);
    else if (is_about_certificate(a->why))
        doctor_add(t, DOCTOR_FAIL, "webhook_certificate", "%s", a->why);
    else
        doctor_add(t, DOCTOR_FAIL, "webhook_unreachable", "%s", a->why);
}

static void wrong_answered(void *arg, const struct http_answer *a)
{
    struct doctor_task *t = arg;
    t->transfer = NULL;
    if (a->end != HTTP_ANSWERED)
        tell_unanswered(t, a);
    else if (a->status == 401 || a->status == 429)
        doctor_add(t, DOCTOR_OK, "webhook_ok", "a signed webhook is taken, a wrong one refused");
    else
        doctor_add(t, DOCTOR_FAIL, "webhook_not_ours", "a wrong signature is answered %d",
                   a->status);
    doctor_end(t);
}

static void signed_answered(void *arg, const struct http_answer *a)
{
    struct doctor_task *t = arg;
    const struct doctor_options *o = doctor_options_of(t);
    const struct settings *s = o->settings(o->arg, t->account);
    t->transfer = NULL;
    if (a->end == HTTP_ANSWERED && a->status == 200 && s && ping(t, s, true, false, wrong_answered))
        return;
    if (a->end != HTTP_ANSWERED)
        tell_unanswered(t, a);
    else if (a->status != 200)
        doctor_add(t, a->status == 403 ? DOCTOR_WARN : DOCTOR_FAIL, webhook_code(a->status),
                   "answered %d", a->status);
    doctor_end(t);
}

void doctor_check_webhook(struct doctor_task *t, const struct settings *s)
{
    if (has_no_url(t) || !ping(t, s, false, false, signed_answered))
        doctor_end(t);
}

/* ---- tls ---- */

static void tls_answered(void *arg, const struct http_answer *a)
{
    struct doctor_task *t = arg;
    t->transfer = NULL;
    if (a->end == HTTP_ANSWERED)
        doctor_add(t, DOCTOR_OK, "tls_ok", "TLS 1.2 is offered");
    else if (is_private(a))
        doctor_add(t, DOCTOR_SKIP, "webhook_private", "%s", a->why);
    else if (is_about_certificate(a->why))
        doctor_add(t, DOCTOR_FAIL, "tls_certificate", "%s", a->why);
    else if (is_about_tls(a->why))
        doctor_add(t, DOCTOR_FAIL, "tls_missing", "%s", a->why);
    else
        doctor_add(t, DOCTOR_SKIP, "tls_unreachable", "%s", a->why);
    doctor_end(t);
}

void doctor_check_tls(struct doctor_task *t, const struct settings *s)
{
    struct url url;
    const char *address = doctor_options_of(t)->config->public_url;
    bool ended = true;
    if (has_no_url(t))
        ;
    else if (!s)
        doctor_add(t, DOCTOR_SKIP, "no_account", "a ping needs an account's key");
    else if (url_parse(str_of(address), &url) && !url.https)
        doctor_add(t, DOCTOR_WARN, "tls_plain", "PUBLIC_URL is plain http");
    else
        ended = !ping(t, s, false, true, tls_answered);
    if (ended)
        doctor_end(t);
}
