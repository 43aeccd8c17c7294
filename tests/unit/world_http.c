/*
 * Requests on their way between a member and the world's Megaplan, and what becomes of them.
 *
 *   sent -> leaving (in time? the first time its sender's loop turns) -> done -> answered
 *                                                   \\-> nobody listens: it lands by itself
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "common/mem.h"
#include "tests/unit/world_megaplan.h"

static void flight_free(struct world *w, struct world_flight *f)
{
    for (size_t i = 0; i < w->nflights; i++)
        if (w->flights[i] == f) { /* in order: what was sent first comes first */
            memmove(&w->flights[i], &w->flights[i + 1], (w->nflights - i - 1) * sizeof *w->flights);
            w->nflights--;
            break;
        }
    free(f->method);
    free(f->url);
    free(f->body);
    free(f->token);
    free(f->said);
    free(f);
}

void world_http_done(struct world *w)
{
    while (w->nflights)
        flight_free(w, w->flights[0]);
}

static void operation_of(const struct world *w, const struct http_request *r, char *out,
                         size_t room)
{
    const char *path = strstr(r->url, "/api/v3");
    path = path ? path + strlen("/api/v3") : r->url;
    if (world_is_mango(w, r->url))
        path = r->url + strlen(w->settings.mango.base_url);
    snprintf(out, room, "%s %.*s", r->method, (int)strcspn(path, "?"), path);
}

static bool fits(const struct world *w, const struct http_request *r, const char *operation)
{
    if (w->faults == 0 || (w->fault_operation && strcmp(w->fault_operation, operation) != 0))
        return false;
    return !w->fault_path || strstr(r->url, w->fault_path) || strcmp(r->method, w->fault_path) == 0;
}

static void choose_fault(struct world *w, struct world_flight *f)
{
    char operation[96];
    operation_of(w, &f->request, operation, sizeof operation);
    if (w->requests <= WORLD_MAX)
        memcpy(w->operations[w->requests - 1], operation, sizeof operation);
    if (fits(w, &f->request, operation)) {
        w->faults -= w->faults > 0;
        f->fault = w->fault;
    }
    for (size_t i = 0; i < sizeof w->plan / sizeof *w->plan; i++)
        if (w->plan[i].at == w->requests) {
            f->fault = w->plan[i].fault;
            f->status = w->plan[i].status;
        }
}

static char *token_of(const struct world *w, const struct http_request *r)
{
    static const char bearer[] = "Authorization: Bearer ";
    for (const char *const *h = r->headers; h && *h; h++)
        if (strncmp(*h, bearer, strlen(bearer)) == 0)
            return mem_copy(str_of(*h + strlen(bearer)));
    WORLD_MUST(strstr(r->url, "/auth/access_token") || world_is_mango(w, r->url), "no token: %s",
               r->url);
    return mem_copy(STR_NONE);
}

static void tell_step(struct world *w, struct world_member *m, enum world_event event,
                      const struct world_flight *f)
{
    char text[200];
    operation_of(w, &f->request, text, sizeof text);
    world_step(w, m, event, text);
}

enum err world_http_send(void *arg, const struct http_request *r, struct http_transfer **out,
                         struct error *e)
{
    struct world_member *m = arg;
    struct world *w = m->world;
    (void)e;
    WORLD_MUST(!m->frozen, "a frozen member sends");
    struct world_flight *f = mem_alloc(1, sizeof *f);
    *f = (struct world_flight){.member = m,
                               .request = *r,
                               .method = mem_copy(str_of(r->method)),
                               .url = mem_copy(str_of(r->url)),
                               .body = mem_copy(r->body),
                               .token = token_of(w, r),
                               .sent_at = w->now,
                               .lands_at = w->now};
    f->request.method = f->method; /* the caller's may go */
    f->request.url = f->url;
    WORLD_MUST(w->nflights < WORLD_MAX, "no room");
    w->flights[w->nflights++] = f;
    *out = (struct http_transfer *)(void *)f;
    if (m->killed) {
        f->fault = WORLD_NOT_SENT;
        return ERR_OK;
    }
    if (!world_is_mango(w, f->url))
        f->lands_at += w->lands_after_ms;
    w->requests++;
    w->creates += strcmp(r->method, "POST") == 0;
    choose_fault(w, f);
    tell_step(w, m, WORLD_SENT, f);
    return ERR_OK;
}

/* A killed process's bytes may have left already; one that lives takes back what has not. */
void world_http_cancel(void *arg, struct http_transfer *t)
{
    struct world_member *m = arg;
    struct world_flight *f = (struct world_flight *)(void *)t;
    if (f->left || (m->killed && f->fault != WORLD_NOT_SENT))
        f->member = NULL;
    else
        flight_free(m->world, f);
}

/* ends */

static void tell(struct world *w, struct world_flight *f, const struct http_answer *a)
{
    struct http_request r = f->request;
    struct world_member *m = f->member;
    char text[200];
    snprintf(text, sizeof text, "%s %.*s %d%s", f->method, (int)strcspn(f->url, "?"), f->url,
             a->end == HTTP_ANSWERED ? a->status : 0, a->end == HTTP_NOT_SENT ? " not sent" : "");
    flight_free(w, f);
    r.done(r.arg, a);
    world_step(w, m, WORLD_ANSWERED, text);
}

static bool is_done_by(enum world_fault fault)
{
    return fault != WORLD_NOT_SENT && fault != WORLD_REQUEST_LOST && fault != WORLD_STATUS &&
           fault != WORLD_HTML && fault != WORLD_IDLE;
}

static int perform(struct world *w, struct world_flight *f, char **text)
{
    f->done = true;
    w->leaving_at = f->left ? f->left_at : f->sent_at; /* of a killed one nobody knows */
    if (world_is_mango(w, f->url))
        return world_mango_perform(w, f->url, f->body, text);
    return world_perform(w, f->method, f->url, f->token, f->body, text);
}

/* What the answer's data is instead. */
static const char *data_of(enum world_fault fault)
{
    switch (fault) {
    case WORLD_EMPTY_LIST:
    case WORLD_IDLE:
        return "[]";
    case WORLD_EMPTY_OBJECT:
        return "{}";
    case WORLD_NULL:
        return "null";
    default:
        return "\"done\"";
    }
}

/* What its sender hears. *text: what Megaplan said, replaced by what comes of it. */
static struct http_answer ending(struct world *w, const struct world_flight *f, int status,
                                 char **text)
{
    struct http_answer a = {.end = HTTP_ANSWERED, .status = status, .retry_after_s = -1, .ms = 5};
    char *said = *text;
    switch (f->fault) {
    case WORLD_NOT_SENT:
    case WORLD_REQUEST_LOST:
    case WORLD_ANSWER_LOST:
    case WORLD_HANGS:
        a.end = f->fault == WORLD_NOT_SENT ? HTTP_NOT_SENT : HTTP_UNKNOWN;
        a.status = 0;
        a.why = "made to fail";
        break;
    case WORLD_TOO_LARGE:
        a.end = HTTP_UNKNOWN;
        a.too_large = true;
        a.why = "the answer is too large";
        break;
    case WORLD_STATUS:
    case WORLD_STATUS_AFTER:
        a.status = f->status ? f->status : w->status;
        a.retry_after_s = w->retry_after_s;
        *text = world_is_mango(w, f->url) ? NULL : world_error(a.status, "", "made to fail");
        if (!*text)
            a.status = world_mango_refuse(w, a.status, text);
        free(said);
        break;
    case WORLD_HTML:
        *text = mem_copy(STR("<html><body>Please wait</body></html>"));
        free(said);
        break;
    case WORLD_HALF:
        if (said)
            said[strlen(said) / 2] = '\0';
        break;
    case WORLD_WRONG_TYPE:
    case WORLD_EMPTY_LIST:
    case WORLD_EMPTY_OBJECT:
    case WORLD_NULL:
    case WORLD_IDLE:
        *text =
            mem_format("{\"meta\":{\"status\":200,\"errors\":[]},\"data\":%s}", data_of(f->fault));
        free(said);
        break;
    default:
        break;
    }
    a.body = a.end == HTTP_ANSWERED ? str_of(*text) : STR_NONE;
    return a;
}

static void answer(struct world *w, struct world_member *m, struct world_flight *f)
{
    char *text = f->said;
    int status = f->said ? f->said_status : 200;
    f->said = NULL;
    if (is_done_by(f->fault) && !f->done) {
        status = perform(w, f, &text);
        tell_step(w, m, WORLD_DONE, f);
        if (m->killed || m->thawed) { /* struck meanwhile: nobody reads the answer */
            free(text);
            return;
        }
    }
    struct http_answer a = ending(w, f, status, &text);
    tell(w, f, &a);
    free(text);
}

static void not_in_time(struct world *w, struct world_flight *f)
{
    const struct http_answer a = {.end = HTTP_NOT_SENT, .retry_after_s = -1, .why = "too late"};
    tell(w, f, &a);
}

static void timed_out(struct world_flight *f, struct world *w)
{
    const struct http_answer late = {.end = HTTP_UNKNOWN, .retry_after_s = -1, .why = "timed out"};
    struct world_member *m = f->member;
    struct http_request r = f->request;
    f->member = NULL; /* it stays on its way */
    r.done(r.arg, &late);
    world_step(w, m, WORLD_ANSWERED, "timed out");
}

/* One event of one request of the member; false if there is none. */
static bool fly_one(struct world *w, struct world_member *m)
{
    for (size_t i = 0; i < w->nflights; i++) {
        struct world_flight *f = w->flights[i];
        if (f->member != m)
            continue;
        if (!f->left && f->fault != WORLD_NOT_SENT) {
            tell_step(w, m, WORLD_LEAVING, f);
            if (m->killed)
                return true;
            f->left = !f->request.leave_by || w->now <= f->request.leave_by;
            f->left_at = w->now;
            if (f->left && f->request.left)
                f->request.left(f->request.arg);
            if (!f->left && !m->thawed)
                not_in_time(w, f);
            return true;
        }
        if (f->fault != WORLD_HANGS && w->now >= f->sent_at + w->latency_ms) {
            answer(w, m, f);
            return true;
        }
        if (f->fault == WORLD_HANGS && w->now >= f->sent_at + f->request.timeout_ms) {
            timed_out(f, w);
            return true;
        }
    }
    return false;
}

void world_http_fly(struct world *w, struct world_member *m)
{
    while (!m->killed && !m->thawed && fly_one(w, m))
        ;
}

/* nobody listens */

void world_land(struct world *w, size_t flight)
{
    struct world_flight *f = w->flights[flight];
    if (!f->done)
        f->said_status = perform(w, f, &f->said);
    if (!f->member)
        flight_free(w, f);
}

static bool lands_alone(const struct world_flight *f)
{
    return !f->done && (!f->member || (f->member->frozen && f->left));
}

void world_http_land_left(struct world *w)
{
    for (size_t i = w->nflights; i > 0; i--) {
        struct world_flight *f = w->flights[i - 1];
        if (f->done && !f->member)
            flight_free(w, f);
        else if (lands_alone(f) && w->now >= f->lands_at) {
            if (!is_done_by(f->fault))
                f->done = true;
            world_land(w, i - 1);
        }
    }
}

int64_t world_http_next(const struct world *w)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < w->nflights; i++) {
        const struct world_flight *f = w->flights[i];
        int64_t at = f->fault == WORLD_HANGS ? f->sent_at + f->request.timeout_ms
                                             : f->sent_at + w->latency_ms;
        if (lands_alone(f))
            at = f->lands_at;
        else if (f->done && (f->fault != WORLD_HANGS || !f->member || f->member->frozen))
            continue;
        if (at < next)
            next = at;
    }
    return next;
}
