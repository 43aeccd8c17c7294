/*
 * Phone numbers: read from the PBX and from cards, compared, written, masked. Knows nothing of
 * settings or clients. Pure; from any thread.
 */
#include "common/phone.h"

#include <stdio.h>
#include <strings.h>

#define SHORTEST 5
#define RUSSIAN_LENGTH 11
#define LONG_NUMBER 10 /* digits: ids are shorter */
#define SHOWN 4        /* digits of a masked number */

static const struct {
    const char *name;
    enum phone_format format;
} formats[] = {
    {"79991231212", PHONE_FORMAT_7},
    {"+79991231212", PHONE_FORMAT_PLUS7},
    {"89991231212", PHONE_FORMAT_8},
    {"+7 (999) 123-12-12", PHONE_FORMAT_PRETTY},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_sip(struct str s)
{
    return s.len >= 4 && strncasecmp(s.ptr, "sip:", 4) == 0;
}

static bool set(struct phone *out, const char *digits, size_t len)
{
    out->digits[0] = '\0';
    if (len < SHORTEST || len > PHONE_MAX - 1)
        return false;
    memcpy(out->digits, digits, len);
    out->digits[len] = '\0';
    return true;
}

bool phone_from_pbx(struct str raw, struct phone *out)
{
    struct str s = str_starts(raw, STR("+")) ? str_from(raw, 1) : raw;

    out->digits[0] = '\0';
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.ptr[i]))
            return false;
    if (!set(out, s.ptr, s.len))
        return false;
    if (s.len == RUSSIAN_LENGTH && str_starts(s, STR("89")))
        out->digits[0] = '7';
    return true;
}

bool phone_from_card(struct str raw, struct str country_code, struct phone *out)
{
    char digits[PHONE_MAX + 1] = {'7'}; /* room for a 7 in front */
    bool plus = false;
    size_t n = 0;

    out->digits[0] = '\0';
    if (is_sip(raw))
        return false;
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] == '+' && n == 0)
            plus = true;
        if (!is_digit(raw.ptr[i]))
            continue;
        if (n == PHONE_MAX - 1)
            return false;
        digits[++n] = raw.ptr[i];
    }
    if (!plus && str_is(country_code, "7")) {
        if (n == RUSSIAN_LENGTH && digits[1] == '8')
            digits[1] = '7';
        else if (n == RUSSIAN_LENGTH - 1)
            return set(out, digits, RUSSIAN_LENGTH);
    }
    return set(out, digits + 1, n);
}

bool phone_same(const struct phone *a, const struct phone *b)
{
    return strcmp(a->digits, b->digits) == 0;
}

bool phone_format_parse(struct str name, enum phone_format *out)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (str_is(name, formats[i].name)) {
            *out = formats[i].format;
            return true;
        }
    }
    return false;
}

void phone_write(const struct phone *p, enum phone_format format, char out[PHONE_TEXT_MAX])
{
    const char *d = p->digits;
    bool has_plus = format == PHONE_FORMAT_PLUS7 || format == PHONE_FORMAT_PRETTY;
    bool russian = strlen(d) == RUSSIAN_LENGTH && d[0] == '7';

    if (russian && format == PHONE_FORMAT_PRETTY)
        snprintf(out, PHONE_TEXT_MAX, "+7 (%.3s) %.3s-%.2s-%.2s", d + 1, d + 4, d + 7, d + 9);
    else if (russian && format == PHONE_FORMAT_8)
        snprintf(out, PHONE_TEXT_MAX, "8%s", d + 1);
    else
        snprintf(out, PHONE_TEXT_MAX, "%s%s", has_plus && d[0] ? "+" : "", d);
}

void phone_mask(struct str number, char out[PHONE_MAX])
{
    struct str s = str_from(number, number.len > PHONE_MAX - 1 ? number.len - (PHONE_MAX - 1) : 0);

    for (size_t i = 0; i < s.len; i++)
        out[i] = i + SHOWN >= s.len && is_digit(s.ptr[i]) ? s.ptr[i] : '*';
    out[s.len] = '\0';
}

/* The length of what may be a number as people write it, from here on, and how many digits it has. */
static size_t number_at(struct str text, size_t *digits)
{
    size_t n = 0, last = 0;

    *digits = 0;
    while (n < text.len && (is_digit(text.ptr[n]) || strchr(" ()+-", text.ptr[n]))) {
        if (is_digit(text.ptr[n])) {
            ++*digits;
            last = n + 1;
        }
        n++;
    }
    return last;
}

void phone_mask_in(struct str text, char *out, size_t room)
{
    size_t left, n = 0;

    for (size_t i = 0; i < text.len && n + 1 < room;) {
        size_t digits = 0, len = 1;
        if (is_digit(text.ptr[i])) /* what stands before its first digit hides nothing */
            len = number_at(str_from(text, i), &digits);
        left = digits >= LONG_NUMBER ? digits - SHOWN : 0;
        for (size_t end = i + len; i < end && n + 1 < room; i++) {
            bool hidden = left > 0 && is_digit(text.ptr[i]);
            out[n++] = hidden ? '*' : text.ptr[i];
            left -= hidden;
        }
    }
    out[n] = '\0';
}

bool phone_matches(const struct phone *p, struct str mask)
{
    struct str s = str_of(p->digits);
    struct str m = str_starts(mask, STR("+")) ? str_from(mask, 1) : mask;
    size_t i = 0, j = 0, star_i = 0, star_j = 0;
    bool star = false;

    if (s.len == 0)
        return false;
    while (i < s.len) {
        if (j < m.len && m.ptr[j] == '*') {
            star = true;
            star_i = i;
            star_j = j++;
        } else if (j < m.len && m.ptr[j] == s.ptr[i]) {
            i++;
            j++;
        } else if (star) { /* the last star takes one digit more */
            i = ++star_i;
            j = star_j + 1;
        } else {
            return false;
        }
    }
    while (j < m.len && m.ptr[j] == '*')
        j++;
    return j == m.len;
}
