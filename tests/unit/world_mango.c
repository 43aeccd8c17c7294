/*
 * The world's MANGO (mango-api.md sections 1 and 5): takes forms apart, checks signatures and what stands in them, counts
 * in true windows, and closes after invalid requests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "common/mango/sign.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/text.h"
#include "tests/unit/world_megaplan.h"

#define PER_SECOND 10
#define CLOSED_MS 120000

bool world_is_mango(const struct world *w, const char *url)
{
    return str_starts(str_of(url), str_of(w->settings.mango.base_url));
}

void world_mango_done(struct world *w)
{
    for (size_t i = 0; i < w->mango.ncommands; i++) {
        struct world_command *c = &w->mango.commands[i];
        free(c->command_id);
        free(c->call_id);
        free(c->to);
        free(c->name);
    }
}

/* forms */

static int digit(char c)
{
    const char *at = c ? strchr("0123456789ABCDEF", c) : NULL;
    return at ? (int)(at - "0123456789ABCDEF") : -1;
}

/* A field's value, decoded; the caller's. NULL if it is not there. */
static char *field_of(const char *body, const char *name)
{
    char *key CLEANUP(mem_free_text) = mem_format("%s=", name);
    const char *at = body;
    while (at && strncmp(at, key, strlen(key)) != 0) {
        at = strchr(at, '&');
        at = at ? at + 1 : NULL;
    }
    if (!at)
        return NULL;
    at += strlen(key);
    char *value = mem_alloc(1, strlen(at) + 1);
    for (size_t n = 0; *at && *at != '&'; at++, n++) {
        bool escaped = *at == '%' && digit(at[1]) >= 0 && digit(at[2]) >= 0;
        value[n] = escaped ? (char)(digit(at[1]) * 16 + digit(at[2])) : *at == '+' ? ' ' : *at;
        at += escaped ? 2 : 0;
    }
    return value;
}

/* limits */

static size_t count_in(const int64_t *ring, size_t n, size_t room, int64_t now, int64_t ms)
{
    size_t found = 0;
    for (size_t i = 0; i < room && i < n; i++)
        found += ring[(n - 1 - i) % room] > now - ms;
    return found;
}

static bool is_over(struct world *w, bool route)
{
    struct world_mango *p = &w->mango;
    size_t room = sizeof p->asked / sizeof *p->asked;
    bool over = count_in(p->asked, p->nasked, room, w->now, 1000) >= PER_SECOND ||
                (route && count_in(p->routed, p->nrouted, room, w->now, 2000) >= 1);
    if (over)
        return true;
    p->asked[p->nasked++ % room] = w->now;
    if (route)
        p->routed[p->nrouted++ % room] = w->now;
    return false;
}

/* answers */

static int code(char **text, int http, int result)
{
    *text = mem_format("{\"result\":%d}", result);
    return http;
}

/* A second one closes it. */
static void note_invalid(struct world_mango *p, int64_t now)
{
    if (p->invalid++ && now - p->invalid_at < CLOSED_MS)
        p->closed_until = now + CLOSED_MS;
    p->invalid_at = now;
}

static int invalid(struct world *w, char **text, int result)
{
    w->mango.violations++;
    note_invalid(&w->mango, w->now);
    return code(text, 200, result);
}

int world_mango_refuse(struct world *w, int status, char **text)
{
    if (status / 1000 == 3)
        note_invalid(&w->mango, w->now);
    if (status == 401)
        w->mango.closed_until = w->now + CLOSED_MS;
    if (status >= 1000)
        return code(text, 200, status);
    *text = mem_format("{\"name\":\"error\",\"message\":\"made to fail\",\"code\":0,\"status\":%d}",
                       status);
    return status;
}

/* Of the test's own answer. */
static int code_of(const char *answer)
{
    struct jval *json CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    int64_t n = 0;
    if (!answer || jval_parse(str_of(answer), &json, &ignored))
        return 0;
    const struct jval *result = jval_get(json, "result");
    (void)jval_int(result ? result : jval_get(json, "code"), &n);
    return (int)n;
}

static bool is_id(struct str s)
{
    return s.len > 0 && s.len <= 128 && text_is_utf8(s);
}

/* Of a command's id: what stands before its last "~". */
static struct str entry_of(struct str id)
{
    size_t n = id.len;
    while (n > 0 && id.ptr[n - 1] != '~')
        n--;
    return (struct str){id.ptr, n ? n - 1 : id.len};
}

/* An extension, a group's, or a phone. */
static bool is_number(struct str s)
{
    size_t digits = 0;
    while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9')
        digits++;
    return s.len > 0 && digits == s.len;
}

static int route(struct world *w, const struct jval *json, char **text)
{
    struct world_mango *p = &w->mango;
    struct str id = jval_get_text(json, "command_id"), call = jval_get_text(json, "call_id");
    struct str to = jval_get_text(json, "to_number");
    struct str name = jval_get_text(jval_get(json, "sip_headers"), "From/display-name");
    if (!is_id(id) || !is_id(call))
        return invalid(w, text, 3100);
    if (!is_number(to) || name.len > 64 || !text_is_utf8(name))
        return invalid(w, text, 3200);
    WORLD_MUST(p->ncommands < sizeof p->commands / sizeof *p->commands, "no room");
    p->commands[p->ncommands++] =
        (struct world_command){mem_copy(id), mem_copy(call), mem_copy(to), mem_copy(name), w->now};
    world_rings(w, entry_of(id), "route %.*s to %.*s as %.*s", STR_ARG(call), STR_ARG(to),
                STR_ARG(name));
    if (code_of(p->answer) / 1000 == 3)
        note_invalid(p, w->now);
    *text = mem_copy(str_of(p->answer ? p->answer : "{\"result\":1000}"));
    return p->status ? p->status : 200;
}

static int visitor(struct world *w, const struct jval *json, char **text)
{
    struct str number = jval_get_text(json, "number");
    if (!is_number(number))
        return invalid(w, text, 3330);
    w->mango.visits++;
    world_rings(w, STR("-"), "visitor %.*s", STR_ARG(number));
    *text = mem_copy(str_of(w->mango.visitor ? w->mango.visitor : "{}"));
    return 200;
}

/* Whether `last` is less than that ago; else it is now. */
static bool is_soon(struct world *w, int64_t *last, int64_t ms)
{
    if (*last && w->now < *last + ms)
        return true;
    *last = w->now;
    return false;
}

static int question(struct world *w, const struct jval *json, char **text)
{
    struct world_mango *p = &w->mango;
    int64_t from = 0, to = 0;
    if (!jval_int(jval_get(json, "date_from"), &from) ||
        !jval_int(jval_get(json, "date_to"), &to) || from >= to || to - from > 31LL * 86400 ||
        !jval_get_text(json, "fields").len)
        return invalid(w, text, 3100);
    char *raw CLEANUP(mem_free_text) = jval_dump(json, false);
    snprintf(p->question, sizeof p->question, "%s", raw);
    p->from = from;
    p->to = to;
    *text = mem_format("{\"key\":\"key-%zu\"}", ++p->questions);
    return 200;
}

/* The lines of the legs that began in the span asked for; the caller's. */
static char *history_of(const struct world_mango *p)
{
    struct buf lines = BUF_INIT(1 << 20);
    for (const char *at = p->history ? p->history : ""; *at;) {
        const char *start = strchr(at, ';') + 1, *end = strchr(at, '\n');
        int64_t began = 0;
        WORLD_MUST(num_parse((struct str){start, strcspn(start, ";")}, 1, INT64_MAX, &began),
                   "no line of a history");
        if (began >= p->from && began <= p->to)
            buf_add(&lines, at, (size_t)(end + 1 - at));
        at = end + 1;
    }
    char *text = mem_copy(buf_str(&lines));
    buf_done(&lines);
    return text;
}

static int poll(struct world *w, const struct jval *json, char **text)
{
    struct world_mango *p = &w->mango;
    char *key CLEANUP(mem_free_text) = mem_format("key-%zu", p->questions);
    p->polls++;
    *text = mem_copy(STR_NONE);
    if (p->keys_gone > 0 || !str_is(jval_get_text(json, "key"), key)) {
        p->keys_gone -= p->keys_gone > 0;
        return 404;
    }
    if (p->not_ready > 0) {
        p->not_ready--;
        return 204;
    }
    free(*text);
    *text = history_of(p);
    return 200;
}

static int too_many(struct world *w, char **text)
{
    w->mango.violations++;
    *text = mem_copy(STR("{\"name\":\"Service Unavailable\",\"message\":\"Rate limit exceeded.\","
                         "\"code\":0,\"status\":429}"));
    return 429;
}

static int perform(struct world *w, const char *method, const struct jval *json, char **text)
{
    bool routes = strcmp(method, "/commands/route") == 0;
    bool asks = strcmp(method, "/stats/request") == 0, polls = strcmp(method, "/stats/result") == 0;
    if (!routes && !asks && !polls && strcmp(method, "/queries/user_info_by_dct_number") != 0)
        return code(text, 404, 4001);
    if (is_over(w, routes) || (asks && is_soon(w, &w->mango.questioned_at, 2000)) ||
        (polls && is_soon(w, &w->mango.polled_at, 5000)))
        return too_many(w, text);
    if (asks)
        return question(w, json, text);
    if (polls)
        return poll(w, json, text);
    return routes ? route(w, json, text) : visitor(w, json, text);
}

int world_mango_perform(struct world *w, const char *url, const char *body, char **text)
{
    const struct settings *s = &w->settings;
    char *key CLEANUP(mem_free_text) = field_of(body, "vpbx_api_key");
    char *sign CLEANUP(mem_free_text) = field_of(body, "sign");
    char *raw CLEANUP(mem_free_text) = field_of(body, "json");
    struct jval *json CLEANUP(jval_cleanup) = NULL;
    struct error ignored = ERROR_NONE;
    if (w->now < w->mango.closed_until) {
        w->mango.violations++;
        return code(text, 401, 0);
    }
    if (!key || strcmp(key, s->mango.api_key) != 0)
        return invalid(w, text, 3105);
    if (!sign || !raw ||
        !sign_matches(str_of(key), str_of(raw), str_of(s->mango.api_salt), str_of(sign)))
        return invalid(w, text, 3102);
    if (jval_parse(str_of(raw), &json, &ignored) || jval_type(json) != JVAL_OBJECT)
        return invalid(w, text, 3100);
    return perform(w, url + strlen(s->mango.base_url), json, text);
}
