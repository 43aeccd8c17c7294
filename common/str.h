/*
 * A borrowed piece of text: pointer and length, not terminated. Never owns.
 */
#ifndef COMMON_STR_H
#define COMMON_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
    const char *ptr; /* may be NULL only if len is 0 */
    size_t len;      /* bytes */
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

/* The text of a terminated string; NULL gives the empty text. */
static inline struct str str_of(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_is(struct str a, const char *text)
{
    return str_eq(a, str_of(text));
}

static inline bool str_starts(struct str a, struct str prefix)
{
    return a.len >= prefix.len && (prefix.len == 0 || memcmp(a.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool str_ends(struct str s, struct str end)
{
    return s.len >= end.len &&
           (end.len == 0 || memcmp(s.ptr + s.len - end.len, end.ptr, end.len) == 0);
}

/* Order of bytes, a shorter text before a longer one that begins with it. <0, 0, >0. */
static inline int str_cmp(struct str a, struct str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): NULL only if len is 0
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (c != 0)
        return c;
    return a.len < b.len ? -1 : a.len > b.len;
}

/* The part from byte `from` on (empty if beyond the end). */
static inline struct str str_from(struct str a, size_t from)
{
    return from >= a.len ? STR_NONE : (struct str){a.ptr + from, a.len - from};
}

/* Index of the first / last byte c, or -1. */
static inline long str_find(struct str a, char c)
{
    const char *p = a.len ? memchr(a.ptr, c, a.len) : NULL;
    return p ? (long)(p - a.ptr) : -1;
}

static inline long str_rfind(struct str a, char c)
{
    const char *p = a.len ? memrchr(a.ptr, c, a.len) : NULL;
    return p ? (long)(p - a.ptr) : -1;
}

static inline bool str_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without the blanks and line breaks at its ends. */
static inline struct str str_trim(struct str a)
{
    while (a.len && str_is_blank(a.ptr[0]))
        a = str_from(a, 1);
    while (a.len && str_is_blank(a.ptr[a.len - 1]))
        a.len--;
    return a;
}

#endif
