/*
 * commands/route. Pure.
 */
#include "common/mango/route_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jval.h"
#include "common/text.h"

#define NONCE_MIN 4
#define NONCE_MAX 16

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (is_control(s.ptr[i]))
            return true;
    return false;
}

static enum err check_text(const char *field, struct str s, size_t min, size_t max, struct error *e)
{
    if (s.len < min || s.len > max)
        return error_set(e, ERR_INPUT, "%s: %zu to %zu bytes, not %zu", field, min, max, s.len);
    if (!text_is_utf8(s) || has_control(s))
        return error_set(e, ERR_INPUT, "%s: no text", field);
    return ERR_OK;
}

static enum err check_digits(const char *field, struct str s, size_t max, struct error *e)
{
    bool digits = s.len > 0 && s.len <= max;
    for (size_t i = 0; digits && i < s.len; i++)
        digits = s.ptr[i] >= '0' && s.ptr[i] <= '9';
    return digits ? ERR_OK : error_set(e, ERR_INPUT, "%s: 1 to %zu digits", field, max);
}

enum err route_command_json(const struct route_command *c, char **out, struct error *e)
{
    *out = NULL;
    if (check_text("command_id", c->command_id, 1, LIMIT_COMMAND_ID, e) ||
        check_text("call_id", c->call_id, 1, LIMIT_ENTRY_ID, e) ||
        check_digits("to_number", c->to_number, ROUTE_COMMAND_NUMBER, e) ||
        check_text("display_name", c->display_name, 0, ROUTE_COMMAND_NAME, e))
        return e->kind;
    struct jval *body = jval_new_object();
    jval_put_text(body, "command_id", c->command_id);
    jval_put_text(body, "call_id", c->call_id);
    jval_put_text(body, "to_number", c->to_number);
    if (c->display_name.len) {
        struct jval *headers = jval_new_object();
        jval_put_text(headers, "From/display-name", c->display_name);
        jval_put(body, "sip_headers", headers);
    }
    *out = jval_dump(body, false);
    jval_free(body);
    return *out ? ERR_OK : error_set(e, ERR_INTERNAL, "no memory");
}

static struct str trim(struct str s)
{
    while (s.len && s.ptr[0] == ' ')
        s = str_from(s, 1);
    while (s.len && s.ptr[s.len - 1] == ' ')
        s.len--;
    return s;
}

void route_command_name(struct str name, char out[ROUTE_COMMAND_NAME + 1])
{
    char plain[4 * ROUTE_COMMAND_NAME];
    struct str begin = trim(name);
    if (begin.len > sizeof plain)
        begin.len = sizeof plain;
    for (size_t i = 0; i < begin.len; i++)
        plain[i] = is_control(begin.ptr[i]) ? ' ' : begin.ptr[i];
    struct buf clean = BUF_INIT(sizeof plain * 3);
    text_add_clean(&clean, trim((struct str){plain, begin.len}));
    struct str cut = trim(text_cut(buf_str(&clean), ROUTE_COMMAND_NAME));
    if (cut.len)
        memcpy(out, cut.ptr, cut.len);
    out[cut.len] = '\0';
    buf_done(&clean);
}

bool route_command_id(struct str entry_id, uint64_t random, char out[LIMIT_COMMAND_ID + 1])
{
    char nonce[NONCE_MAX + 1];
    size_t room = entry_id.len < LIMIT_COMMAND_ID ? LIMIT_COMMAND_ID - entry_id.len - 1 : 0;
    if (!entry_id.len || room < NONCE_MIN)
        return false;
    snprintf(nonce, sizeof nonce, "%016" PRIx64, random);
    size_t n = room < NONCE_MAX ? room : NONCE_MAX;
    memcpy(out, entry_id.ptr, entry_id.len);
    out[entry_id.len] = '~';
    memcpy(out + entry_id.len + 1, nonce, n);
    out[entry_id.len + 1 + n] = '\0';
    return true;
}
