/*
 * Requests of the settings page and doctor, and what their answers mean. They only read. On the loop's thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/doctor/outside_state.h"
#include "common/doctor/whole_list.h"
#include "common/http_skew.h"
#include "common/limits.h"
#include "common/mango/mango_answer.h"
#include "common/mango/signed.h"
#include "common/megaplan/answer.h"
#include "common/megaplan/callinfo.h"
#include "common/megaplan/login.h"
#include "common/megaplan/query.h"
#include "common/mem.h"
#include "common/secret.h"

#define TIMEOUT_MS 10000
#define LOGIN_RETRY_MAX_MS 30000
#define PAGES_KEPT_MS 10800000 /* a share of ten an hour reads a thousand employees in less */

static int64_t now_of(const struct outside_account *a)
{
    return loop_now(a->owner->o.loop);
}

static void good(struct outside_account *a, enum outside_what what)
{
    a->known_at[what] = clock_wall_ms();
    a->readings[what].answer.kept = false;
    outside_settle(a, what, OUTSIDE_GOOD, 200, "");
}

static void kept(struct outside_account *a, enum outside_what what)
{
    a->readings[what].answer.kept = true;
    outside_settle(a, what, OUTSIDE_GOOD, 200, "");
}

static void unreadable(struct outside_account *a, enum outside_what what, int status)
{
    outside_settle(a, what, OUTSIDE_UNCLEAR, status, "an answer of another shape than documented");
}

/* ---- Megaplan's answers ---- */

static void take_employees(struct outside_account *a, const struct settings *s,
                           const struct answer *answer)
{
    size_t before = a->pages.count;
    if (!employee_read_page(answer, &a->pages)) {
        employee_list_done(&a->pages);
        unreadable(a, OUTSIDE_EMPLOYEES, answer->status);
        return;
    }
    if (a->pages.place.more && a->pages.count > before)
        return; /* the next page */
    if (!whole_list(a->pages.count, a->employees.count, s->nemployees)) {
        employee_list_done(&a->pages);
        kept(a, OUTSIDE_EMPLOYEES);
        return;
    }
    employee_list_done(&a->employees);
    a->employees = a->pages;
    a->pages = (struct employee_list){.count = 0};
    good(a, OUTSIDE_EMPLOYEES);
}

static void take_fields(struct outside_account *a, const struct answer *answer)
{
    struct field_names names = {.of = {{.exact = false}}};
    if (!field_read_list(answer, &names)) {
        unreadable(a, OUTSIDE_FIELDS, answer->status);
        return;
    }
    a->fields = names;
    good(a, OUTSIDE_FIELDS);
}

static void take_calls(struct outside_account *a, const struct answer *answer)
{
    if (callinfo_list_read(answer, &a->calls))
        good(a, OUTSIDE_CALLS);
    else
        unreadable(a, OUTSIDE_CALLS, answer->status);
}

static void answer_question(struct outside_account *a, const struct answer *answer)
{
    a->said = answer;
    outside_settle(a, OUTSIDE_QUESTION, OUTSIDE_GOOD, answer->status, "");
    a->said = NULL;
}

static void take_megaplan(struct outside_account *a, const struct settings *s,
                          const struct answer *answer)
{
    if (a->asking == OUTSIDE_EMPLOYEES)
        take_employees(a, s, answer);
    else if (a->asking == OUTSIDE_FIELDS)
        take_fields(a, answer);
    else if (a->asking == OUTSIDE_CALLS)
        take_calls(a, answer);
    else if (a->asking == OUTSIDE_QUESTION)
        answer_question(a, answer);
    else if (a->asking ==
             OUTSIDE_TELEPHONY) /* how "no such call" looks is not said: 404, null or [] */
        good(a, a->asking);
    else if (jval_type(answer->data) == JVAL_ARRAY)
        good(a, a->asking);
    else
        unreadable(a, a->asking, answer->status);
}

/* Nobody else who waits needs to ask with the same credentials, least of all by one more login. */
static void credentials_refused(struct outside_account *a, int status, const char *text)
{
    for (enum outside_what what = 0; what < OUTSIDE_WHATS; what++)
        if (what == a->asking || (outside_api(what) == SHARE_MEGAPLAN && a->readings[what].first))
            outside_settle(a, what, OUTSIDE_AUTH, status, text);
}

static void refused_by_megaplan(struct outside_account *a, const struct answer *answer,
                                const struct http_answer *http)
{
    enum outside_end end = OUTSIDE_REFUSED;
    if (answer->kind == ANSWER_LIMITED) {
        share_slow_down(&a->share, SHARE_MEGAPLAN, http->retry_after_s, now_of(a));
        end = OUTSIDE_SOON;
    } else if (answer->kind == ANSWER_TEMPORARY) {
        end = OUTSIDE_UNCLEAR;
    } else if (answer->status == 401) {
        if (signin_expired(&a->signin, a->token) != SIGNIN_NO)
            return; /* to be logged in anew */
        credentials_refused(a, answer->status, answer->text);
        return;
    }
    outside_settle(a, a->asking, end, answer->status, answer->text);
}

/* What was asked for is not there, as it should be: the path is. What else is said of one record, who has asked judges. */
static bool is_about_record(const struct outside_account *a, const struct answer *answer)
{
    return answer->kind == ANSWER_RECORD &&
           (a->asking == OUTSIDE_QUESTION ||
            (a->asking == OUTSIDE_TELEPHONY && answer->status == 404));
}

static enum answer_about about_of(const struct outside_account *a)
{
    if (a->asking == OUTSIDE_QUESTION)
        return a->question.about;
    return a->asking == OUTSIDE_TELEPHONY ? ANSWER_ABOUT_RECORD : ANSWER_ABOUT_ACCOUNT;
}

static void read_megaplan(struct outside_account *a, const struct settings *s,
                          const struct http_answer *http)
{
    const struct answer_source source = {.status = http->status,
                                         .body = http->body,
                                         .too_large = http->too_large,
                                         .about = about_of(a)};
    struct answer answer;
    answer_read(&source, &answer);
    if (answer.kind == ANSWER_OK || is_about_record(a, &answer)) {
        signin_proven(&a->signin, a->token);
        take_megaplan(a, s, &answer);
    } else {
        refused_by_megaplan(a, &answer, http);
    }
    answer_done(&answer);
}

/* ---- the login ---- */

static void login_failed(struct outside_account *a)
{
    uint32_t dice;
    secret_random(&dice, sizeof dice);
    signin_failed(&a->signin, now_of(a), LOGIN_RETRY_MAX_MS, dice);
}

static void read_login(struct outside_account *a, const struct http_answer *http)
{
    const struct answer_source source = {
        .status = http->status, .body = http->body, .too_large = http->too_large};
    struct login_answer got;
    login_read(&source, &got);
    switch (got.kind) {
    case LOGIN_GRANTED:
        signin_granted(&a->signin, str_of(got.access_token), str_of(got.refresh_token));
        break;
    case LOGIN_REFUSED:
        if (signin_refused(&a->signin) == SIGNIN_NO)
            credentials_refused(a, http->status, got.text);
        break;
    case LOGIN_LIMITED:
        login_failed(a);
        share_slow_down(&a->share, SHARE_MEGAPLAN, http->retry_after_s, now_of(a));
        outside_settle(a, a->asking, OUTSIDE_SOON, http->status, got.text);
        break;
    default:
        login_failed(a);
        outside_settle(a, a->asking, OUTSIDE_UNCLEAR, http->status, got.text);
    }
    login_answer_done(&got);
}

/* ---- MANGO's answers ---- */

static size_t mapped_extensions(const struct settings *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->nemployees; i++)
        n += s->employees[i].nextensions;
    return n;
}

static void take_users(struct outside_account *a, const struct settings *s,
                       const struct mango_answer *answer)
{
    struct users_query_list users;
    if (!users_query_read(answer->root, &users)) {
        unreadable(a, OUTSIDE_USERS, answer->status);
        return;
    }
    if (!whole_list(users.count, a->users.count, mapped_extensions(s))) {
        users_query_done(&users);
        kept(a, OUTSIDE_USERS);
        return;
    }
    users_query_done(&a->users);
    a->users = users;
    good(a, OUTSIDE_USERS);
}

static void take_mango(struct outside_account *a, const struct settings *s,
                       const struct mango_answer *answer)
{
    if (a->asking == OUTSIDE_USERS)
        take_users(a, s, answer);
    else if (balance_query_read(answer->root, &a->balance))
        good(a, OUTSIDE_BALANCE);
    else
        unreadable(a, OUTSIDE_BALANCE, answer->status);
}

static bool is_about_credentials(const struct mango_answer *answer)
{
    return answer->code == 3102 || answer->code == 3105; /* mango-api.md section 8 */
}

static enum outside_end end_of_mango(struct outside_account *a, const struct mango_answer *answer,
                                     const struct http_answer *http)
{
    switch (answer->kind) {
    case MANGO_INVALID:
        share_close(&a->share, now_of(a));
        return is_about_credentials(answer) ? OUTSIDE_AUTH : OUTSIDE_REFUSED;
    case MANGO_BLOCKED:
        share_close(&a->share, now_of(a));
        return OUTSIDE_CLOSED;
    case MANGO_LIMITED:
        share_slow_down(&a->share, SHARE_MANGO, http->retry_after_s, now_of(a));
        return OUTSIDE_SOON;
    case MANGO_TEMPORARY:
        return OUTSIDE_UNCLEAR;
    default:
        return OUTSIDE_REFUSED;
    }
}

static void read_mango(struct outside_account *a, const struct settings *s,
                       const struct http_answer *http)
{
    struct mango_answer answer;
    mango_answer_read(http->status, http->body, http->too_large, &answer);
    if (answer.kind == MANGO_DONE)
        take_mango(a, s, &answer);
    else
        outside_settle(a, a->asking, end_of_mango(a, &answer, http),
                       answer.code ? answer.code : answer.status, answer.text);
    mango_answer_done(&answer);
}

/* ---- on the way ---- */

static void note_clock(struct outside_account *a, enum share_api api,
                       const struct http_answer *http)
{
    a->has_skew[api] |= http_skew(http->date_ms, http->ms, clock_wall_ms(), &a->skew_ms[api]);
}

static void ended(void *arg, const struct http_answer *http)
{
    struct outside_account *a = arg;
    const struct outside_options *o = &a->owner->o;
    const struct settings *s = o->settings(o->arg, a->name);
    enum share_api api = outside_api(a->asking);
    bool logging_in = a->logging_in;
    a->transfer = NULL;
    a->logging_in = false;
    share_ended(&a->share, api, http->end != HTTP_NOT_SENT, now_of(a));
    if (http->end == HTTP_ANSWERED)
        note_clock(a, api, http);
    if (http->end != HTTP_ANSWERED && logging_in)
        login_failed(a);
    if (http->end != HTTP_ANSWERED)
        outside_settle(a, a->asking, OUTSIDE_UNREACHABLE, 0, http->why);
    else if (logging_in)
        read_login(a, http);
    else if (s && api == SHARE_MEGAPLAN)
        read_megaplan(a, s, http);
    else if (s)
        read_mango(a, s, http);
    outside_go_on(a);
}

static bool send(struct outside_account *a, struct http_request *r)
{
    struct error e = ERROR_NONE;
    enum share_api api = outside_api(a->asking);
    r->timeout_ms = TIMEOUT_MS;
    r->max_body = LIMIT_ANSWER_BYTES;
    r->done = ended;
    r->arg = a;
    if (!share_take(&a->share, api, now_of(a)))
        return false;
    if (r->url && http_send(a->owner->o.http, r, &a->transfer, &e) == ERR_OK)
        return true;
    a->transfer = NULL;
    share_ended(&a->share, api, false, now_of(a));
    outside_settle(a, a->asking, OUTSIDE_REFUSED, 0,
                   r->url ? e.text : "the request's address cannot be built");
    return false;
}

static bool log_in(struct outside_account *a, const struct settings *s)
{
    static const char *const headers[] = {"Content-Type: " LOGIN_CONTENT_TYPE,
                                          "Accept: application/json", NULL};
    struct signin *l = &a->signin;
    char *body = signin_begin(l) == SIGNIN_BY_REFRESH
                     ? login_refresh_body(str_of(l->refresh))
                     : login_password_body(str_of(s->megaplan.login), str_of(s->megaplan.password));
    char *url CLEANUP(mem_free_text) = login_url(str_of(s->megaplan.base_url));
    struct http_request r = {
        .method = "POST", .url = body ? url : NULL, .headers = headers, .body = str_of(body)};
    a->logging_in = true;
    bool sent = send(a, &r);
    if (!sent) {
        a->logging_in = false;
        signin_unasked(l);
    }
    secret_free(body);
    return sent;
}

/* The next page; what is half read for too long begins anew. */
static char *employees_url(struct outside_account *a, struct str base)
{
    int64_t now = now_of(a);
    if (a->pages.count && now > a->pages_at + PAGES_KEPT_MS)
        employee_list_done(&a->pages);
    if (!a->pages.count)
        a->pages_at = now;
    return employee_cards_url(base, str_of(a->pages.place.last));
}

static char *megaplan_url(struct outside_account *a, const struct settings *s)
{
    struct str base = str_of(s->megaplan.base_url);
    if (a->asking == OUTSIDE_EMPLOYEES)
        return employees_url(a, base);
    if (a->asking == OUTSIDE_FIELDS)
        return field_list_url(base);
    if (a->asking == OUTSIDE_TELEPHONY)
        return callinfo_find_url(base, STR("mangoplan-doctor"));
    if (a->asking == OUTSIDE_CALLS)
        return callinfo_list_url(base);
    if (a->asking == OUTSIDE_QUESTION)
        return a->question.url(a->question.arg, s);
    struct jval *one = jval_new_object();
    jval_put_int(one, "limit", 1);
    return query_url(base, "/contractor", one);
}

static bool ask_megaplan(struct outside_account *a, const struct settings *s)
{
    const char *token = signin_token(&a->signin);
    if (!token)
        return log_in(a, s);
    char *authorization = mem_format("Authorization: Bearer %s", token);
    const char *const headers[] = {authorization, "Accept: application/json", NULL};
    char *url CLEANUP(mem_free_text) = megaplan_url(a, s);
    struct http_request r = {.method = "GET", .url = url, .headers = headers};
    a->token = a->signin.token;
    bool sent = send(a, &r);
    secret_free(authorization);
    return sent;
}

static bool ask_mango(struct outside_account *a, const struct settings *s)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                          "Accept: application/json", NULL};
    bool balance = a->asking == OUTSIDE_BALANCE;
    struct str json = balance ? STR(BALANCE_QUERY_JSON) : STR(USERS_QUERY_JSON);
    char *url CLEANUP(mem_free_text) =
        signed_url(str_of(s->mango.base_url), balance ? BALANCE_QUERY_METHOD : USERS_QUERY_METHOD);
    char *body = signed_body(str_of(s->mango.api_key), str_of(s->mango.api_salt), json);
    struct http_request r = {.method = "POST",
                             .url = body ? url : NULL,
                             .headers = headers,
                             .body = str_of(body),
                             .tls12 = true};
    bool sent = send(a, &r);
    secret_free(body);
    return sent;
}

bool outside_ask(struct outside_account *a, const struct settings *s, enum outside_what what)
{
    a->asking = what;
    return outside_api(what) == SHARE_MEGAPLAN ? ask_megaplan(a, s) : ask_mango(a, s);
}

int64_t outside_ask_wait(const struct outside_account *a, enum outside_what what, int64_t now)
{
    if (outside_api(what) != SHARE_MEGAPLAN || a->signin.state == SIGNIN_IN)
        return 0;
    return a->signin.again_at > now ? a->signin.again_at - now : 0;
}
