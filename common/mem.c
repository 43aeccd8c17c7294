/*
 * Memory: for programs, which end without it, and for parsers, which say so. From any thread.
 */
#include "common/mem.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define EXIT_NO_MEMORY 70 /* sysexits.h: EX_SOFTWARE */

void mem_out(void)
{
    log_line(NULL, LOG_FAIL, "out of memory", LOG_TEXT("event", "out_of_memory"), LOG_END);
    _exit(EXIT_NO_MEMORY);
}

static void *or_end(void *memory)
{
    if (!memory)
        mem_out();
    return memory;
}

/* malloc and its kin may give NULL for no bytes; ours never do. */
static size_t at_least_one(size_t n)
{
    return n ? n : 1;
}

void *mem_alloc(size_t n, size_t size)
{
    return or_end(calloc(at_least_one(n), at_least_one(size)));
}

void *mem_resize(void *old, size_t n, size_t size)
{
    return or_end(reallocarray(old, at_least_one(n), at_least_one(size)));
}

static char *fill(char *copy, struct str text)
{
    if (!copy)
        return NULL;
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

char *mem_copy(struct str text)
{
    return fill(or_end(malloc(text.len + 1)), text);
}

char *mem_format(const char *format, ...)
{
    va_list args;
    char *out;
    int len;

    va_start(args, format);
    len = vasprintf(&out, format, args);
    va_end(args);
    if (len < 0)
        mem_out();
    return out;
}

void mem_few_arenas(void)
{
    (void)mallopt(M_ARENA_MAX, 2);
}

void mem_trim(void)
{
    (void)malloc_trim(0);
}

static bool fails(void)
{
    if (!mem_fault || !mem_fault())
        return false;
    errno = ENOMEM;
    return true;
}

void *mem_try_alloc(size_t n, size_t size)
{
    return fails() ? NULL : calloc(at_least_one(n), at_least_one(size));
}

void *mem_try_resize(void *old, size_t n, size_t size)
{
    return fails() ? NULL : reallocarray(old, at_least_one(n), at_least_one(size));
}

char *mem_try_copy(struct str text)
{
    return fails() ? NULL : fill(malloc(text.len + 1), text);
}

void mem_free_text(char **text)
{
    free(*text);
}
