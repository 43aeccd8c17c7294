/*
 * The growing buffer. Doubles its room up to the ceiling. Pure; one thread at a time per buffer.
 */
#include "common/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"

#define SMALLEST 64

void buf_done(struct buf *b)
{
    free(b->data);
    *b = BUF_INIT(b->max);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = b->starved = false;
    if (b->data)
        b->data[0] = '\0';
}

/* Room for `more` bytes and the terminator; false makes the failure stick. */
static bool make_room(struct buf *b, size_t more)
{
    size_t need, room;
    char *data;

    if (b->failed)
        return false;
    if (more > b->max - b->len) {
        b->failed = true;
        return false;
    }
    need = b->len + more + 1;
    if (b->data && need <= b->room)
        return true;
    room = b->room ? b->room : SMALLEST;
    while (room < need)
        room *= 2;
    data = mem_try_resize(b->data, room, 1);
    if (!data) {
        b->failed = b->starved = true;
        return false;
    }
    b->data = data;
    b->room = room;
    return true;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (!make_room(b, len))
        return;
    if (len)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_add_str(struct buf *b, struct str text)
{
    buf_add(b, text.ptr, text.len);
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || !make_room(b, (size_t)len)) {
        b->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(b->data + b->len, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
}

struct str buf_str(const struct buf *b)
{
    return (struct str){b->data, b->len};
}

enum err buf_check(const struct buf *b, const char *what, struct error *e)
{
    if (!b->failed)
        return ERR_OK;
    if (b->starved)
        return error_set(e, ERR_INTERNAL, "%s: no memory", what);
    return error_set(e, ERR_INPUT, "%s is over %zu bytes", what, b->max);
}

char *buf_take(struct buf *b)
{
    char *data;

    if (!b->data)
        buf_add(b, "", 0);
    if (b->failed)
        return NULL;
    data = b->data;
    *b = BUF_INIT(b->max);
    return data;
}
