/*
 * The form of a webhook. Must not know what the fields mean. Any thread.
 */
#include "ingest/form.h"

#include <stdint.h>
#include <strings.h>

#include "common/limits.h"

/* 0x10 marks a hex digit, the low half is its value. */
static const uint8_t hex_value[256] = {
    ['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14, ['5'] = 0x15,
    ['6'] = 0x16, ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19, ['a'] = 0x1A, ['b'] = 0x1B,
    ['c'] = 0x1C, ['d'] = 0x1D, ['e'] = 0x1E, ['f'] = 0x1F, ['A'] = 0x1A, ['B'] = 0x1B,
    ['C'] = 0x1C, ['D'] = 0x1D, ['E'] = 0x1E, ['F'] = 0x1F,
};

struct field {
    struct str name, value; /* as they came */
};

bool form_is_type(struct str content_type)
{
    const struct str form = STR("application/x-www-form-urlencoded");
    struct str t = content_type;
    while (t.len && (t.ptr[t.len - 1] == ' ' || t.ptr[t.len - 1] == '\t'))
        t.len--;
    if (t.len == 0)
        return true;
    if (t.len < form.len || strncasecmp(t.ptr, form.ptr, form.len) != 0)
        return false;
    char next = t.len == form.len ? ';' : t.ptr[form.len];
    return next == ';' || next == ' ' || next == '\t';
}

/* Cuts the next field off the rest. False at the end. */
static bool next_field(struct str *rest, struct field *out)
{
    if (rest->len == 0)
        return false;
    long end = str_find(*rest, '&');
    struct str pair = {rest->ptr, end < 0 ? rest->len : (size_t)end};
    *rest = end < 0 ? STR_NONE : str_from(*rest, (size_t)end + 1);
    long equals = str_find(pair, '=');
    out->name = (struct str){pair.ptr, equals < 0 ? pair.len : (size_t)equals};
    out->value = equals < 0 ? STR_NONE : str_from(pair, (size_t)equals + 1);
    return true;
}

/* Decodes into out, which has room for in.len bytes. Returns the length, or -1 for a bad escape. */
static long decode(struct str in, char *out)
{
    char *to = out;
    const char *p = in.ptr, *end = in.len ? in.ptr + in.len : in.ptr;
    while (p < end) {
        char c = *p++;
        if (c == '%') {
            if (end - p < 2)
                return -1;
            uint8_t high = hex_value[(uint8_t)p[0]], low = hex_value[(uint8_t)p[1]];
            if (!(high & low & 0x10))
                return -1;
            c = (char)((high & 0x0F) << 4 | (low & 0x0F));
            p += 2;
        } else if (c == '+') {
            c = ' ';
        }
        *to++ = c;
    }
    return to - out;
}

/* The decoded text: the text itself if nothing in it is encoded, else written at *space, which
 * moves on. */
static enum err decoded(struct str in, char **space, struct str *out, struct error *e)
{
    if (str_find(in, '%') < 0 && str_find(in, '+') < 0) {
        *out = in;
        return ERR_OK;
    }
    long n = decode(in, *space);
    if (n < 0)
        return error_set(e, ERR_INPUT, "bad percent escape in the form");
    *out = (struct str){*space, (size_t)n};
    *space += n;
    return ERR_OK;
}

static int place_of(struct str name)
{
    static const char *const names[] = {"vpbx_api_key", "sign", "json"};
    for (int i = 0; i < 3; i++) {
        if (str_is(name, names[i]))
            return i;
    }
    return -1;
}

enum err form_parse(struct str body, char *scratch, struct form *out, struct error *e)
{
    struct str *const places[] = {&out->api_key, &out->sign, &out->json};
    unsigned seen = 0;
    size_t fields = 0;
    struct field f;
    *out = (struct form){0};
    while (next_field(&body, &f)) {
        struct str name = {0}, value = {0};
        if (++fields > LIMIT_WEBHOOK_FIELDS)
            return error_set(e, ERR_INPUT, "over %d fields in the form", LIMIT_WEBHOOK_FIELDS);
        if (decoded(f.name, &scratch, &name, e) || decoded(f.value, &scratch, &value, e))
            return e->kind;
        int i = place_of(name);
        if (i < 0)
            continue;
        if (seen & 1u << i)
            return error_set(e, ERR_INPUT, "%.*s is given twice", STR_ARG(name));
        seen |= 1u << i;
        *places[i] = value;
    }
    if (seen != 7)
        return error_set(e, ERR_INPUT, "a form with vpbx_api_key, sign and json is wanted");
    return ERR_OK;
}
