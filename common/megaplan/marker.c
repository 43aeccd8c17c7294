/*
 * The marker of what we made. Pure.
 */
#include "common/megaplan/marker.h"

#include <string.h>

#define MARKER_MAX 2048

static const struct {
    char character;
    const char *entity;
} entities[] = {
    {'&', "&amp;"},  {'<', "&lt;"},    {'>', "&gt;"},   {'"', "&quot;"},
    {'\'', "&#39;"}, {'\'', "&#039;"}, {' ', "&nbsp;"},
};
#define ENTITIES (sizeof entities / sizeof *entities)

char *marker_make(struct str entry_id)
{
    struct buf text = BUF_INIT(MARKER_MAX);
    buf_add_str(&text, STR("MANGO "));
    buf_add_str(&text, entry_id);
    char *made = buf_take(&text);
    buf_done(&text);
    return made;
}

static bool in_entry_id(char c)
{
    return c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_.:", c);
}

bool marker_found(struct str text, struct str marker)
{
    for (size_t i = 0; marker.len && i + marker.len <= text.len; i++) {
        const char *at = memmem(text.ptr + i, text.len - i, marker.ptr, marker.len);
        if (!at)
            return false;
        i = (size_t)(at - text.ptr);
        size_t end = i + marker.len;
        if (end == text.len || !in_entry_id(text.ptr[end]))
            return true;
    }
    return false;
}

void marker_add_html(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t k = 0;
        while (k < ENTITIES &&
               (entities[k].character == ' ' || entities[k].character != text.ptr[i]))
            k++;
        if (k < ENTITIES)
            buf_add_str(out, str_of(entities[k].entity));
        else
            buf_add_char(out, text.ptr[i]);
    }
}

/* The bytes a tag or an entity at the front takes, and the character it stands for; or 1 and itself. */
static size_t next_character(struct str html, char *out)
{
    *out = html.ptr[0];
    if (*out == '<') {
        long end = str_find(html, '>');
        *out = ' ';
        return end < 0 ? html.len : (size_t)end + 1;
    }
    for (size_t k = 0; *out == '&' && k < ENTITIES; k++) {
        if (str_starts(html, str_of(entities[k].entity))) {
            *out = entities[k].character;
            return strlen(entities[k].entity);
        }
    }
    return 1;
}

static bool begins_with(struct str html, struct str marker)
{
    char c;
    for (size_t i = 0; i < marker.len; i++) {
        if (!html.len)
            return false;
        size_t taken = next_character(html, &c);
        if (c != marker.ptr[i])
            return false;
        html = str_from(html, taken);
    }
    if (!html.len)
        return true;
    (void)next_character(html, &c);
    return !in_entry_id(c);
}

bool marker_found_html(struct str html, struct str marker)
{
    while (marker.len && html.len) {
        char c;
        if (begins_with(html, marker))
            return true;
        html = str_from(html, next_character(html, &c));
    }
    return false;
}
