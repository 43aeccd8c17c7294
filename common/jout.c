/*
 * Members of JSON objects. The comma is there unless the object has just been opened.
 */
#include "common/jout.h"

#include <string.h>

#include "common/text.h"

void jout_open(struct buf *b)
{
    buf_add_char(b, '{');
}

void jout_close(struct buf *b)
{
    buf_add_char(b, '}');
}

void jout_key(struct buf *b, const char *key)
{
    if (b->len > 0 && b->data[b->len - 1] != '{')
        buf_add_char(b, ',');
    buf_add_char(b, '"');
    buf_add_str(b, str_of(key));
    buf_add(b, "\":", 2);
}

/* As jansson escapes. */
static void add_escaped(struct buf *b, unsigned char c)
{
    static const char letters[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                   ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
    char letter = c < sizeof letters ? letters[c] : '\0';
    if (letter) {
        buf_add_char(b, '\\');
        buf_add_char(b, letter);
    } else {
        buf_addf(b, "\\u%04X", c);
    }
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

void jout_quoted(struct buf *b, struct str text)
{
    size_t from = 0, at = 0;
    buf_add_char(b, '"');
    while (at < text.len) {
        unsigned char c = (unsigned char)text.ptr[at];
        size_t len = is_plain(c) ? 1 : c >= 0x80 ? text_character(str_from(text, at)) : 0;
        at += len;
        if (len > 0)
            continue;
        buf_add(b, text.ptr + from, at - from);
        if (c >= 0x80)
            buf_add_str(b, STR("\xef\xbf\xbd"));
        else
            add_escaped(b, c);
        from = ++at;
    }
    if (at > from)
        buf_add(b, text.ptr + from, at - from);
    buf_add_char(b, '"');
}

void jout_text(struct buf *b, const char *key, struct str text)
{
    jout_key(b, key);
    jout_quoted(b, text);
}

void jout_text_if(struct buf *b, const char *key, const char *text)
{
    if (text)
        jout_text(b, key, str_of(text));
}

void jout_number(struct buf *b, int64_t n)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (n < 0)
        digits[--at] = '-';
    buf_add(b, digits + at, sizeof digits - at);
}

void jout_int(struct buf *b, const char *key, int64_t n)
{
    jout_key(b, key);
    jout_number(b, n);
}
