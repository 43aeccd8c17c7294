/*
 * A bounded scanner for one member of a JSON object. Must not know why it is wanted. Any thread.
 *
 *   VALUE --scalar--> AFTER --','--> KEY (object) or VALUE (array) ... --close--> AFTER of the outer
 *   VALUE --'{'--> FIRST_KEY --text--> COLON --':'--> VALUE       VALUE --'['--> FIRST_VALUE
 *
 * What is open (object or array) is one bit a level; a name is compared on the outermost level only.
 */
#include "ingest/entry.h"

#include <stdbool.h>
#include <stdint.h>

#include "common/text.h"

#define NAME_MAX_BYTES 32

_Static_assert(LIMIT_JSON_DEPTH <= 64, "the open levels are bits of 64");

enum state {
    VALUE,
    FIRST_VALUE,
    FIRST_KEY,
    KEY,
    COLON,
    AFTER
};

struct scan {
    const char *p, *end;
    enum state state;
    unsigned depth;   /* open objects and arrays */
    uint64_t objects; /* bit of a level is set if it is an object */
    struct str name;
    bool wanted;  /* the value to come is that of the name */
    bool spoiled; /* it came twice or is of no use */
    bool found;
    struct entry_text *out;
};

/* A text between its quotes, as it stands there. */
struct raw {
    const char *p, *end;
    bool escapes;
};

static bool read_text(struct scan *s, struct raw *out)
{
    const char *p = s->p;
    *out = (struct raw){p, p, false};
    for (; p < s->end && *p != '"'; p++) {
        if ((unsigned char)*p < 0x20)
            return false;
        if (*p == '\\') {
            out->escapes = true;
            p++;
        }
    }
    if (p >= s->end)
        return false;
    out->end = p;
    s->p = p + 1;
    return true;
}

static int hex4(const char *p, const char *end)
{
    uint8_t bytes[2];
    if (end - p < 4 || !text_unhex((struct str){p, 4}, bytes, 2))
        return -1;
    return bytes[0] << 8 | bytes[1];
}

/* The character of a \u escape, *p behind the 'u'; 0 if it is none we take. */
static uint32_t unicode_escape(const char **p, const char *end)
{
    int high = hex4(*p, end);
    if (high <= 0 || (high >= 0xDC00 && high <= 0xDFFF))
        return 0;
    *p += 4;
    if (high < 0xD800 || high > 0xDBFF)
        return (uint32_t)high;
    if (end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
        return 0;
    int low = hex4(*p + 2, end);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *p += 6;
    return 0x10000u + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
}

static size_t utf8(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(lead[n] | c);
    return n;
}

/* One character behind a backslash into out[4]; its length, or 0 if it is none we take. */
static size_t escape(const char **p, const char *end, char out[4])
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (*p >= end)
        return 0;
    char c = *(*p)++;
    if (c == 'u') {
        uint32_t u = unicode_escape(p, end);
        return u ? utf8(u, out) : 0;
    }
    const char *at = c ? strchr(from, c) : NULL;
    if (!at)
        return 0;
    out[0] = to[at - from];
    return 1;
}

/* The decoded text in out[max]; its length, or -1 if it does not fit or cannot be decoded. */
static long decode(struct raw raw, char *out, size_t max)
{
    size_t n = 0;
    while (raw.p < raw.end) {
        char one[4] = {*raw.p};
        size_t len = 1;
        if (*raw.p++ == '\\')
            len = escape(&raw.p, raw.end, one);
        if (len == 0 || n + len > max)
            return -1;
        memcpy(out + n, one, len);
        n += len;
    }
    return (long)n;
}

static bool is_name(const struct scan *s, struct raw raw)
{
    if (!raw.escapes)
        return str_eq((struct str){raw.p, (size_t)(raw.end - raw.p)}, s->name);
    char bytes[NAME_MAX_BYTES];
    long n = decode(raw, bytes, sizeof bytes);
    return n >= 0 && str_eq((struct str){bytes, (size_t)n}, s->name);
}

static void take(struct scan *s, struct raw raw)
{
    long n = decode(raw, s->out->bytes, sizeof s->out->bytes);
    s->found = n > 0 && text_is_utf8((struct str){s->out->bytes, (size_t)n});
    s->out->len = s->found ? (size_t)n : 0;
}

/* A number or one of the three words, loosely: characters that may stand in one. */
static bool read_scalar(struct scan *s)
{
    static const char *const words[] = {"true", "false", "null"};
    const char *from = s->p;
    while (s->p < s->end && (memchr("+-.eE", *s->p, 5) || (*s->p >= '0' && *s->p <= '9')))
        s->p++;
    if (s->p > from)
        return *from == '-' || (*from >= '0' && *from <= '9');
    for (size_t i = 0; i < 3; i++) {
        if (str_starts((struct str){from, (size_t)(s->end - from)}, str_of(words[i]))) {
            s->p += strlen(words[i]);
            return true;
        }
    }
    return false;
}

static bool in_object(const struct scan *s)
{
    return s->objects >> (s->depth - 1) & 1;
}

static bool open_level(struct scan *s, bool object)
{
    if (s->depth == LIMIT_JSON_DEPTH)
        return false;
    s->objects &= ~(UINT64_C(1) << s->depth);
    s->objects |= (uint64_t)object << s->depth++;
    s->state = object ? FIRST_KEY : FIRST_VALUE;
    return true;
}

static bool close_level(struct scan *s, bool object)
{
    if (s->depth == 0 || in_object(s) != object)
        return false;
    s->depth--;
    s->state = AFTER;
    return true;
}

static bool on_value(struct scan *s, char c)
{
    bool wanted = s->wanted;
    s->wanted = false;
    if (c == ']' && s->state == FIRST_VALUE)
        return close_level(s, false);
    s->found &= !wanted;
    if (c == '{' || c == '[')
        return open_level(s, c == '{');
    s->state = AFTER;
    if (c != '"') {
        s->p--;
        return read_scalar(s);
    }
    struct raw raw;
    if (!read_text(s, &raw))
        return false;
    if (wanted)
        take(s, raw);
    return true;
}

static bool on_key(struct scan *s, char c)
{
    if (c == '}' && s->state == FIRST_KEY)
        return close_level(s, true);
    struct raw raw;
    if (c != '"' || !read_text(s, &raw))
        return false;
    s->wanted = s->depth == 1 && is_name(s, raw);
    s->state = COLON;
    return true;
}

static bool on_after(struct scan *s, char c)
{
    if (c == '}' || c == ']')
        return close_level(s, c == '}');
    if (c != ',' || s->depth == 0)
        return false;
    s->state = in_object(s) ? KEY : VALUE;
    return true;
}

static bool step(struct scan *s, char c)
{
    switch (s->state) {
    case VALUE:
    case FIRST_VALUE:
        return on_value(s, c);
    case FIRST_KEY:
    case KEY:
        return on_key(s, c);
    case COLON:
        s->state = VALUE;
        return c == ':';
    case AFTER:
        return on_after(s, c);
    }
    return false;
}

enum entry entry_find(struct str json, const char *name, struct entry_text *out)
{
    struct scan s = {.p = json.ptr, .end = json.ptr, .name = str_of(name), .out = out};
    if (json.len)
        s.end += json.len;
    while (s.p < s.end) {
        char c = *s.p++;
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            continue;
        if (s.depth == 0 && s.state == VALUE && c != '{')
            return ENTRY_BROKEN;
        if (!step(&s, c))
            return ENTRY_BROKEN;
    }
    if (s.depth != 0 || s.state != AFTER)
        return ENTRY_BROKEN;
    return s.found ? ENTRY_FOUND : ENTRY_NONE;
}
