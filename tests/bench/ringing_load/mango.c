/*
 * Each request is judged when its first byte was there: turned away (401, 429), invalid (3xxx), cannot be done
 * (4xxx), done.
 */
#include "tests/bench/ringing_load/mango.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/jval.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/sha256.h"
#include "common/text.h"
#include "tests/bench/ringing_load/story.h"

enum {
    TAKES_US = 20000, /* MANGO, for an answer */
    SECOND_US = 1000000,
    ROUTE_US = 2000000,
    BLOCK_US = 120000000,
    FORM_MAX = 8 * 1024,
    NAME_MAX_BYTES = 64,
};

enum { /* section 8 */
    DONE = 1000,
    NOT_A_FORM = 3100,
    MISSING = 3101,
    BAD_SIGNATURE = 3102,
    BAD_KEY = 3105,
    BAD_NUMBER = 3200,
    NO_CALL = 3310,
    NO_DCT = 3330,
    OVER = 4101,
};

struct form {
    struct buf key, sign, json;
};

/* ---- the form ---- */

static void add_decoded(struct buf *out, struct str s)
{
    uint8_t byte;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '%' && i + 2 < s.len &&
            text_unhex((struct str){s.ptr + i + 1, 2}, &byte, 1)) {
            buf_add_char(out, (char)byte);
            i += 2;
        } else {
            buf_add_char(out, s.ptr[i] == '+' ? ' ' : s.ptr[i]);
        }
    }
}

/* Just the three fields, each once. */
static bool read_form(struct str body, struct form *f)
{
    static const char *const names[] = {"vpbx_api_key", "sign", "json"};
    struct buf *const fields[] = {&f->key, &f->sign, &f->json};
    int n = 0;
    while (body.len) {
        long end = str_find(body, '&');
        struct str one = {body.ptr, end < 0 ? body.len : (size_t)end};
        long is = str_find(one, '=');
        int i = 0;
        body = str_from(body, one.len + 1);
        while (i < 3 && is >= 0 && !str_is((struct str){one.ptr, (size_t)is}, names[i]))
            i++;
        if (is < 0 || i == 3 || fields[i]->len)
            return false;
        add_decoded(fields[i], str_from(one, (size_t)is + 1));
        n++;
    }
    return n == 3 && !f->json.failed;
}

/* -1: whose key it is, nobody knows. */
static int account_of(const struct world *w, struct str key)
{
    int64_t account = -1;
    if (!str_starts(key, STR("key-ring")) ||
        !num_parse(str_from(key, sizeof "key-ring" - 1), 0, world_total(w) - 1, &account))
        return -1;
    return (int)account;
}

static bool is_signed(const struct form *f)
{
    const struct str pieces[] = {buf_str(&f->key), buf_str(&f->json), STR(WORLD_SALT)};
    char sign[SHA256_HEX];
    sha256_hex(pieces, 3, sign);
    return str_eq(buf_str(&f->sign), (struct str){sign, SHA256_HEX});
}

/* ---- limits ---- */

/* 0: it is heard. Who goes on asking stays refused. */
static int turned_away(struct world_pbx *p, bool route, int64_t now)
{
    if (now < p->blocked_until)
        return 401;
    int64_t *place = &p->latest[p->n++ % (sizeof p->latest / sizeof *p->latest)];
    bool over = *place && now - *place < SECOND_US;
    *place = now;
    if (route) {
        over = over || (p->route && now - p->route < ROUTE_US);
        p->route = now;
    }
    return over ? 429 : 0;
}

static void invalid(struct world_pbx *p, int64_t now)
{
    if (p->invalid && now - p->invalid < BLOCK_US)
        p->blocked_until = now + BLOCK_US;
    p->invalid = now;
}

/* ---- methods ---- */

static bool has_only(const struct jval *doc, const char *const *names, size_t n)
{
    return jval_size(doc) == n && n > 0 && jval_get(doc, names[0]) &&
           (n < 2 || jval_get(doc, names[1])) && (n < 3 || jval_get(doc, names[2])) &&
           (n < 4 || jval_get(doc, names[3]));
}

static bool is_name(const struct jval *headers, const struct world_call *c)
{
    char name[WORLD_TEXT];
    world_client_name(c, name);
    return jval_size(headers) == 1 && str_eq(jval_get_text(headers, "From/display-name"),
                                             text_cut(str_of(name), NAME_MAX_BYTES));
}

static bool is_extension(struct str number, const struct world_call *c)
{
    int64_t extension = 0;
    return num_parse(number, 101, 100 + WORLD_EMPLOYEES, &extension) &&
           extension == 101 + world_employee(c);
}

static int route(struct world *w, int account, const struct jval *doc, int64_t at)
{
    static const char *const names[] = {"command_id", "call_id", "to_number", "sip_headers"};
    struct str id = jval_get_text(doc, "command_id");
    long end = str_rfind(id, '~');
    char leg[WORLD_TEXT];
    w->commands++;
    if (!has_only(doc, names, 4) || id.len > LIMIT_COMMAND_ID || end < 1)
        return MISSING;
    struct world_call *c = world_call_of_entry(w, (struct str){id.ptr, (size_t)end});
    if (!c || c->account != account)
        return NO_CALL;
    world_leg(c, 0, leg);
    if (!str_is(jval_get_text(doc, "call_id"), leg))
        return NO_CALL;
    if (!is_extension(jval_get_text(doc, "to_number"), c))
        return BAD_NUMBER;
    if (!is_name(jval_get(doc, "sip_headers"), c))
        return MISSING;
    if (c->command_id[0]) {
        world_problem(w, "a second route command of one call");
        return DONE;
    }
    (void)snprintf(c->command_id, sizeof c->command_id, "%.*s", STR_ARG(id));
    if (!c->in_menu)
        return OVER;
    c->at[WORLD_COMMAND] = at;
    story_routed(c);
    return DONE;
}

static int visitor(struct world *w, int account, const struct jval *doc, int64_t at)
{
    static const char *const names[] = {"number"};
    struct world_call *c = world_call_of_dct(w, jval_get_text(doc, "number"));
    w->visits++;
    if (!has_only(doc, names, 1))
        return MISSING;
    if (!c || c->account != account)
        return NO_DCT;
    if (c->at[WORLD_VISIT])
        world_problem(w, "a visitor was asked for twice");
    c->at[WORLD_VISIT] = at;
    return DONE;
}

/* A code of section 8, or the HTTP status it is turned away with. */
static int judge(struct world *w, const struct server_request *r, struct form *f)
{
    struct str method = str_from(r->target, sizeof MANGO_PATH - 1);
    bool routes = str_is(method, "commands/route");
    struct error e = ERROR_NONE;
    struct jval *doc CLEANUP(jval_cleanup) = NULL;
    if (!read_form(r->body, f))
        return NOT_A_FORM;
    int account = account_of(w, buf_str(&f->key));
    if (account < 0)
        return BAD_KEY;
    int away = turned_away(&w->pbxs[account], routes, r->at);
    if (away || !str_is(r->method, "POST"))
        return away ? away : 404;
    int code = !is_signed(f)                                       ? BAD_SIGNATURE
               : jval_parse(buf_str(&f->json), &doc, &e)           ? NOT_A_FORM
               : routes                                            ? route(w, account, doc, r->at)
               : str_is(method, "queries/user_info_by_dct_number") ? visitor(w, account, doc, r->at)
                                                                   : 404;
    if (code >= 3000 && code < 4000)
        invalid(&w->pbxs[account], r->at);
    return code;
}

void mango_answer(struct world *w, const struct server_request *r)
{
    struct form f = {BUF_INIT(FORM_MAX), BUF_INIT(FORM_MAX), BUF_INIT(FORM_MAX)};
    char body[128];
    int code = judge(w, r, &f);
    int n;
    if (code < 1000) /* 401, 404, 429 */
        n = snprintf(body, sizeof body,
                     "{\"name\":\"Error\",\"message\":\"Error\",\"code\":0,\"status\":%d}", code);
    else if (code == DONE && str_ends(r->target, STR("number")))
        n = snprintf(
            body, sizeof body,
            "{\"data\":{\"uid\":\"77\",\"duration\":12,\"channel\":{\"source\":\"yandex\"}}}");
    else
        n = snprintf(body, sizeof body, "{\"result\":%d}", code);
    if (code < 1000 || (code >= 3000 && code < 4000))
        world_problem(w, "MANGO refused %.*s with %d", STR_ARG(r->target), code);
    w->refused += code != DONE;
    server_answer(r->peer, TAKES_US, code < 1000 ? code : 200, (struct str){body, (size_t)n}, NULL);
    buf_done(&f.key);
    buf_done(&f.sign);
    buf_done(&f.json);
}
