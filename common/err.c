/*
 * Error values: filled, prefixed, named. Pure; from any thread.
 */
#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef error_set /* see the header */

#include "common/text.h"

/* A text that filled the room may end in half a character. */
static void drop_half_character(char *text)
{
    size_t len = strlen(text);

    if (len == LIMIT_ERROR_TEXT - 1)
        text[text_cut((struct str){text, len}, len).len] = '\0';
}

enum err error_set(struct error *e, enum err kind, const char *format, ...)
{
    va_list args;

    if (!e)
        return kind;
    if (e->kind != ERR_OK || kind == ERR_OK)
        return e->kind;
    e->kind = kind;
    va_start(args, format);
    vsnprintf(e->text, sizeof(e->text), format, args);
    va_end(args);
    drop_half_character(e->text);
    return kind;
}

enum err error_context(struct error *e, const char *format, ...)
{
    char old[LIMIT_ERROR_TEXT];
    va_list args;
    size_t len;

    if (!e)
        return ERR_OK;
    if (e->kind == ERR_OK)
        return ERR_OK;
    memcpy(old, e->text, sizeof(old));
    va_start(args, format);
    vsnprintf(e->text, sizeof(e->text), format, args);
    va_end(args);
    len = strlen(e->text);
    snprintf(e->text + len, sizeof(e->text) - len, ": %s", old);
    drop_half_character(e->text);
    return e->kind;
}

const char *error_kind_name(enum err kind)
{
    static const char *const names[] = {
        [ERR_OK] = "ok",
        [ERR_INPUT] = "input",
        [ERR_AUTH] = "auth",
        [ERR_REJECTED] = "rejected",
        [ERR_TEMPORARY] = "temporary",
        [ERR_CONFIG] = "config",
        [ERR_INTERNAL] = "internal",
    };

    return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "internal";
}
