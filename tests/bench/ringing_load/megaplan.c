/*
 * One table of what is asked; answers in Megaplan's envelopes.
 */
#include "tests/bench/ringing_load/megaplan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/num.h"
#include "common/text.h"

enum {
    ANSWER_MAX = 8 * 1024
};

#define NUMBER_MARK "%22phone%22%3A%22"
#define PROVIDER_MARK "\"providerId\":\""

struct asked {
    struct world *world;
    const struct server_request *request;
    struct str rest;  /* of the path, behind what the table says */
    struct buf *data; /* the answer's */
    int64_t *sent;
};

/* A status. */
typedef int answerer(struct asked *a);

static struct str digits_behind(struct str text, const char *mark)
{
    const char *at = memmem(text.ptr, text.len, mark, strlen(mark));
    size_t n = 0;
    if (!at)
        return STR_NONE;
    struct str rest = str_from(text, (size_t)(at - text.ptr) + strlen(mark));
    while (n < rest.len && rest.ptr[n] >= '0' && rest.ptr[n] <= '9')
        n++;
    return (struct str){rest.ptr, n};
}

/* ---- whose number it is ---- */

static void questioned(struct asked *a, struct world_call *c)
{
    a->world->questions++;
    if (c->at[WORLD_COMMAND] || c->at[WORLD_POPUP])
        return;
    if (!c->at[WORLD_ASKED])
        c->at[WORLD_ASKED] = a->request->at;
    c->questions++;
    a->sent = &c->at[WORLD_TOLD];
}

static int call_route(struct asked *a)
{
    struct world_call *c = world_call_of_number(a->world, digits_behind(a->rest, NUMBER_MARK));
    char id[WORLD_TEXT];
    if (!c)
        return 422;
    if (c->regular && c->phase > 0) { /* counts as what he is */
        c->regular = false;
        a->world->forgotten++;
    }
    questioned(a, c);
    world_client_id(c, id);
    buf_addf(
        a->data,
        "{\"contentType\":\"CallRoute\",\"type\":\"responsible\",\"timeout\":20,\"employees\":[],"
        "\"users\":[{\"contentType\":\"ContractorHuman\",\"id\":\"%s\"}]}",
        id);
    return 200;
}

static int card(struct asked *a)
{
    struct world_call *c =
        world_call_of_id(a->world, (struct str){a->rest.ptr, strspn(a->rest.ptr, "0123456789")});
    char id[WORLD_TEXT], number[WORLD_TEXT], name[WORLD_TEXT];
    if (!c)
        return 404;
    questioned(a, c);
    world_client_id(c, id);
    world_number(c, number);
    world_client_name(c, name);
    buf_addf(
        a->data,
        "{\"contentType\":\"ContractorHuman\",\"id\":\"%s\",\"name\":\"%s\",\"isDropped\":false,"
        "\"contactInfo\":[{\"contentType\":\"ContactInfo\",\"type\":\"phone\",\"value\":\"+%s\"}],"
        "\"responsibles\":[{\"contentType\":\"Employee\",\"id\":\"%d\",\"name\":\"Петров\"}]}",
        id, name, number, 1000001 + world_employee(c));
    return 200;
}

static int staff(struct asked *a)
{
    a->world->staff++;
    buf_add_char(a->data, '[');
    for (int i = 0; i < WORLD_EMPLOYEES; i++)
        buf_addf(
            a->data,
            "%s{\"contentType\":\"Employee\",\"id\":\"%d\",\"name\":\"Петров\",\"isWorking\":true,"
            "\"canLogin\":true,\"fireInProgress\":false}",
            i ? "," : "", 1000001 + i);
    buf_add_char(a->data, ']');
    return 200;
}

/* ---- calls ---- */

static struct world_call *call_of_body(struct asked *a)
{
    struct str body = a->request->body;
    const char *at = memmem(body.ptr, body.len, PROVIDER_MARK, sizeof PROVIDER_MARK - 1);
    if (!at)
        return NULL;
    struct str rest = str_from(body, (size_t)(at - body.ptr) + sizeof PROVIDER_MARK - 1);
    long end = str_find(rest, '"');
    return world_call_of_entry(a->world, (struct str){rest.ptr, end < 0 ? 0 : (size_t)end});
}

static void put_call(struct asked *a, const struct world_call *c)
{
    char entry[WORLD_TEXT];
    world_entry(c, entry);
    buf_addf(a->data, "{\"contentType\":\"CallInfo\",\"id\":\"%" PRId64 "\",\"providerId\":\"%s\"}",
             2000000 + world_index(c), entry);
}

static int show(struct asked *a)
{
    struct world_call *c = call_of_body(a);
    if (!c)
        return 422;
    if (c->at[WORLD_POPUP])
        world_problem(a->world, "a second CallInfo of one call");
    a->world->shown++;
    c->at[WORLD_POPUP] = a->request->at;
    a->sent = &c->at[WORLD_SHOWN];
    put_call(a, c);
    return 200;
}

static int change(struct asked *a)
{
    struct world_call *c = call_of_body(a);
    if (!c || !c->at[WORLD_POPUP])
        return 404;
    a->world->changed++;
    put_call(a, c);
    return 200;
}

static int save(struct asked *a)
{
    struct world_call *c = call_of_body(a);
    if (!c)
        return 422;
    a->world->saved++;
    if (c->at[WORLD_POPUP])
        world_problem(a->world, "a call that was shown was saved as another one");
    c->at[WORLD_POPUP] =
        c->at[WORLD_POPUP] ? c->at[WORLD_POPUP] : -1; /* /provider finds it from now on */
    buf_add_char(a->data, '[');
    put_call(a, c);
    buf_add_char(a->data, ']');
    return 200;
}

/* ---- the rest ---- */

static int fields(struct asked *a)
{
    static const char *const labels[] = {"Номер линии MANGO OFFICE",
                                         "ДКТ: client_id",
                                         "ДКТ: client_сid",
                                         "ДКТ: Город",
                                         "ДКТ: Источник",
                                         "ДКТ: Канал",
                                         "ДКТ: Кампания",
                                         "ДКТ: Содержимое",
                                         "ДКТ: Что искал",
                                         "ДКТ: Время на сайте",
                                         "ДКТ: Страница звонка",
                                         "ДКТ: Контекст вызова"};
    buf_add_char(a->data, '[');
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        buf_addf(
            a->data,
            "%s{\"contentType\":\"StringField\",\"id\":\"%zu\",\"name\":\"Category183CustomField%zu\","
            "\"hrName\":\"%s\"}",
            i ? "," : "", i + 1, i + 1, labels[i]);
    buf_add_char(a->data, ']');
    return 200;
}

static int nobody(struct asked *a)
{
    buf_add_str(a->data, STR("[]"));
    return 200;
}

static const struct {
    const char *method, *path;
    answerer *answer;
} table[] = {
    {"GET", "callRoute?", call_route},
    {"GET", "contractorHuman/extraFields", fields},
    {"GET", "contractor/", card},
    {"GET", "contractorHuman/", card},
    {"GET", "contractor?", nobody},
    {"GET", "employee?", staff},
    {"POST", "callInfo/provider", change},
    {"POST", "callInfo/history", save},
    {"POST", "callInfo", show},
};

/* The address behind /aN/api/v3/. */
static bool behind_prefix(struct str target, struct str *out)
{
    static const char mark[] = "/api/v3/";
    const char *at = memmem(target.ptr, target.len, mark, sizeof mark - 1);
    if (!at || !str_starts(target, STR("/a")))
        return false;
    *out = str_from(target, (size_t)(at - target.ptr) + sizeof mark - 1);
    return true;
}

static int answer(struct asked *a, struct str path)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (str_is(a->request->method, table[i].method) &&
            str_starts(path, str_of(table[i].path))) {
            a->rest = str_from(path, strlen(table[i].path));
            if (table[i].answer == call_route) /* its mark begins in the query */
                a->rest = path;
            return table[i].answer(a);
        }
    world_problem(a->world, "Megaplan was asked %.*s %.*s", STR_ARG(a->request->method),
                  STR_ARG(path));
    return 404;
}

void megaplan_answer(struct world *w, const struct server_request *r)
{
    struct buf data = BUF_INIT(ANSWER_MAX), body = BUF_INIT(ANSWER_MAX);
    struct asked a = {.world = w, .request = r, .data = &data};
    struct str path;
    if (str_starts(r->target, STR(MEGAPLAN_HANGS))) {
        w->hanging++;
        return;
    }
    int status = behind_prefix(r->target, &path) ? answer(&a, path) : 404;
    buf_addf(&body, "{\"meta\":{\"status\":%d,\"errors\":[]},\"data\":%s}", status,
             status == 200 ? data.data : "null");
    server_answer(r->peer, w->latency_us, status, buf_str(&body), a.sent);
    buf_done(&data);
    buf_done(&body);
}
