/*
 * Requests to MANGO's API and what it, or something in front of it, may answer. One invalid request blocks the API, so
 * whatever is let through is checked here by other means. The first byte chooses, the second is an HTTP status or the
 * length of the first of two texts.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mango/balance_query.h"
#include "common/mango/mango_answer.h"
#include "common/mango/route_command.h"
#include "common/mango/sign.h"
#include "common/mango/signed.h"
#include "common/mango/users_query.h"
#include "common/mango/visitor_query.h"
#include "common/mem.h"
#include "common/secret.h"
#include "common/text.h"
#include "ingest/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail_if(bool wrong)
{
    if (wrong)
        abort();
}

static struct jval *parsed(const char *json)
{
    struct error e = ERROR_NONE;
    struct jval *v = NULL;
    fail_if(jval_parse(str_of(json), &v, &e) != ERR_OK);
    return v;
}

static void check_users(const struct jval *root)
{
    struct users_query_list list;
    if (!users_query_read(root, &list)) {
        fail_if(list.count || list.all);
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct users_query_user *u = &list.all[i];
        fail_if(!u->extension[0] || !text_is_utf8(str_of(u->name)) ||
                !text_is_utf8(str_of(u->email)) || u->nnumbers > USERS_QUERY_NUMBERS);
        fail_if(i && users_query_compare(str_of(u[-1].extension), str_of(u->extension)) > 0);
        fail_if(!users_query_find(&list, str_of(u->extension)));
    }
    users_query_done(&list);
}

static void check_balance(const struct jval *root)
{
    struct balance_query b;
    if (balance_query_read(root, &b))
        fail_if(!text_is_utf8(str_of(b.currency)) || !isfinite(b.balance));
}

static void check_answer(uint8_t choice, struct str body)
{
    static const int statuses[] = {200, 204, 302, 400, 401, 403, 404, 429, 500, 503};
    struct mango_answer a;
    struct error e = ERROR_NONE;
    int status = statuses[(choice & 0x7f) % (sizeof statuses / sizeof *statuses)];
    mango_answer_read(status, body, choice & 0x80, &a);
    fail_if(a.kind == MANGO_DONE && (status / 100 != 2 || (a.code && a.code / 1000 != 1)));
    fail_if((a.kind == MANGO_INVALID) !=
            (a.status != 401 && a.status != 429 && a.code / 1000 == 3));
    fail_if((status == 401 && a.kind != MANGO_BLOCKED) ||
            (status == 429 && a.kind != MANGO_LIMITED));
    fail_if(!a.text[0] || strpbrk(a.text, "\r\n") || !text_is_utf8(str_of(a.text)));
    char *visitor = visitor_query_read(a.root);
    if (visitor) {
        struct jval *v = NULL;
        fail_if(strlen(visitor) > VISITOR_QUERY_DATA || jval_parse(str_of(visitor), &v, &e));
        fail_if(jval_type(v) != JVAL_OBJECT);
        jval_free(v);
    }
    free(visitor);
    check_users(a.root);
    check_balance(a.root);
    mango_answer_done(&a);
}

static bool has(const char *text, const char *forbidden)
{
    return strpbrk(text, forbidden) != NULL;
}

static void check_json(const struct route_command *c)
{
    struct error e = ERROR_NONE;
    char *json = NULL;
    if (route_command_json(c, &json, &e)) {
        fail_if(json || !e.text[0]);
        return;
    }
    struct jval *v = parsed(json);
    struct str name = jval_get_text(jval_get(v, "sip_headers"), "From/display-name");
    fail_if(!str_eq(jval_get_text(v, "call_id"), c->call_id) || !c->call_id.len);
    fail_if(!str_eq(jval_get_text(v, "command_id"), c->command_id) || c->command_id.len > 128);
    fail_if(!str_eq(jval_get_text(v, "to_number"), c->to_number) || !c->to_number.len);
    fail_if(strspn(c->to_number.ptr, "0123456789") < c->to_number.len);
    fail_if(!str_eq(name, c->display_name) || name.len > 64 || has(json, "\r\n\t\x7f"));
    jval_free(v);
    free(json);
}

/* Any name becomes one that may leave. */
static void check_route(struct str first, struct str second)
{
    char name[ROUTE_COMMAND_NAME + 1], id[LIMIT_COMMAND_ID + 1] = "";
    route_command_name(second, name);
    fail_if(!text_is_utf8(str_of(name)) || has(name, "\r\n\t\x7f"));
    if (route_command_id(first, 0x0123456789abcdefu, id)) {
        const char *nonce = strrchr(id, '~');
        fail_if(!nonce || strlen(nonce) < 5 || !str_starts(str_of(id), first));
    }
    const struct route_command made = {.command_id = str_of(id),
                                       .call_id = STR("leg"),
                                       .to_number = STR("101"),
                                       .display_name = str_of(name)};
    struct error e = ERROR_NONE;
    char *json = NULL;
    fail_if(id[0] && text_is_utf8(first) && route_command_json(&made, &json, &e) &&
            !str_starts(str_of(e.text), STR("command_id")));
    free(json);
    check_json(&(struct route_command){first, second, STR("101"), STR_NONE});
    check_json(&(struct route_command){STR("id"), STR("leg"), first, second});
}

/* What is signed can be read by who checks signatures, and is what was signed. */
static void check_signed(struct str json)
{
    char *body = signed_body(STR("key+/="), STR("salt"), json);
    if (!body)
        return;
    struct form f;
    struct error e = ERROR_NONE;
    struct str sent = str_of(body);
    char *scratch = mem_alloc(1, sent.len);
    fail_if(form_parse(sent, scratch, &f, &e) != ERR_OK);
    fail_if(!str_eq(f.json, json) || !str_is(f.api_key, "key+/="));
    fail_if(!sign_matches(f.api_key, f.json, STR("salt"), f.sign));
    free(scratch);
    secret_free(body);
}

static void check_visitor(struct str number)
{
    struct error e = ERROR_NONE;
    char *json = NULL;
    if (visitor_query_json(number, &json, &e))
        return;
    struct jval *v = parsed(json);
    fail_if(!str_eq(jval_get_text(v, "number"), number));
    jval_free(v);
    free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    char *copy = mem_copy((struct str){(const char *)data + 2, size - 2});
    struct str text = {copy, size - 2};
    size_t n = data[1] < text.len ? data[1] : text.len;
    switch (data[0] % 4) {
    case 0:
        check_answer(data[1], text);
        break;
    case 1:
        check_route((struct str){text.ptr, n}, str_from(text, n));
        break;
    case 2:
        check_signed(text);
        break;
    default:
        check_visitor(text);
    }
    free(copy);
    return 0;
}
