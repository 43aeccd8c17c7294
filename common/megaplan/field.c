/*
 * The extra fields of clients. Pure.
 */
#include "common/megaplan/field.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/megaplan/query.h"
#include "common/mem.h"
#include "common/text.h"

#define LABEL_MAX 256

static const struct {
    const char *key;
    const char *label;
    const char *outer, *inner; /* where the visitor's data has it; inner NULL: at the top */
} table[FIELDS] = {
    [FIELD_LINE] = {"line", "Номер линии MANGO OFFICE", NULL, NULL},
    [FIELD_UID] = {"uid", "ДКТ: client_id", "uid", NULL},
    [FIELD_GA_CID] = {"ga_cid", "ДКТ: client_\u0441id", "ga_cid", NULL},
    [FIELD_CITY] = {"city", "ДКТ: Город", "location", "city"},
    [FIELD_SOURCE] = {"source", "ДКТ: Источник", "channel", "source"},
    [FIELD_MEDIUM] = {"medium", "ДКТ: Канал", "channel", "medium"},
    [FIELD_CAMPAIGN] = {"campaign", "ДКТ: Кампания", "channel", "campaign"},
    [FIELD_CONTENT] = {"content", "ДКТ: Содержимое", "channel", "content"},
    [FIELD_TERM] = {"term", "ДКТ: Что искал", "channel", "term"},
    [FIELD_DURATION] = {"duration", "ДКТ: Время на сайте", "duration", NULL},
    [FIELD_PAGE] = {"page", "ДКТ: Страница звонка", "current_page", "url"},
    [FIELD_ENTRY] = {"entry", "ДКТ: Контекст вызова", NULL, NULL},
};

const char *field_key(enum field f)
{
    return table[f].key;
}

bool field_of_key(struct str key, enum field *out)
{
    for (int f = 0; f < FIELDS; f++) {
        if (str_is(key, table[f].key)) {
            *out = (enum field)f;
            return true;
        }
    }
    return false;
}

/* labels */

static unsigned code_of(const char *p, size_t len)
{
    const unsigned char *c = (const unsigned char *)p;
    return len == 1 ? c[0] : len == 2 ? ((c[0] & 0x1fu) << 6) | (c[1] & 0x3fu) : 0;
}

/* Cyrillic letters to small ones, and what looks like a Latin letter, as a small or a capital one, to that. */
static unsigned fold(unsigned code)
{
    static const struct {
        unsigned cyrillic;
        char latin;
    } alike[] = {{0x430, 'a'}, {0x432, 'b'}, {0x435, 'e'}, {0x451, 'e'}, {0x43a, 'k'}, {0x43c, 'm'},
                 {0x43d, 'h'}, {0x43e, 'o'}, {0x440, 'p'}, {0x441, 'c'}, {0x442, 't'}, {0x443, 'y'},
                 {0x445, 'x'}, {0x455, 's'}, {0x456, 'i'}, {0x458, 'j'}};
    if (code >= 'A' && code <= 'Z')
        return code + ('a' - 'A');
    if (code >= 0x410 && code <= 0x42f) /* А to Я */
        code += 0x20;
    else if (code >= 0x400 && code <= 0x40f) /* Ё, І and the like */
        code += 0x50;
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        if (alike[i].cyrillic == code)
            return (unsigned)(unsigned char)alike[i].latin;
    return code;
}

static bool is_space(unsigned code)
{
    return code == ' ' || (code >= '\t' && code <= '\r') || code == 0xa0;
}

/* The label without case, spaces and scripts. False: longer than any of ours can be. */
static bool fold_label(struct str label, char out[LABEL_MAX])
{
    size_t n = 0;
    while (label.len) {
        size_t len = text_character(label);
        unsigned code = fold(code_of(label.ptr, len ? len : 1));
        if (n + 4 >= LABEL_MAX)
            return false;
        if (is_space(code)) {
            /* left out */
        } else if (code >= 0x80) {
            out[n++] = (char)(0xc0 | (code >> 6));
            out[n++] = (char)(0x80 | (code & 0x3f));
        } else if (code == 0) { /* no letter of either script */
            out[n++] = '?';
        } else {
            out[n++] = (char)code;
        }
        label = str_from(label, len ? len : 1);
    }
    out[n] = '\0';
    return true;
}

bool field_of_label(struct str label, enum field *out)
{
    char given[LABEL_MAX];
    char ours[LABEL_MAX];
    if (!fold_label(label, given))
        return false;
    for (int f = 0; f < FIELDS; f++) {
        if (fold_label(str_of(table[f].label), ours) && strcmp(given, ours) == 0) {
            *out = (enum field)f;
            return true;
        }
    }
    return false;
}

/* the list */

char *field_list_url(struct str base_url)
{
    struct jval *query = jval_new_object();
    jval_put_int(query, "limit", FIELD_LIST);
    return query_url(base_url, "/contractorHuman/extraFields", query);
}

/* Seconds on a site fit into a number as well; everything else is text. */
static bool takes(enum field f, struct str type)
{
    return str_is(type, "StringField") ||
           (f == FIELD_DURATION && (str_is(type, "IntegerField") || str_is(type, "BigIntField") ||
                                    str_is(type, "FloatField")));
}

static void take(const struct jval *row, struct field_names *out)
{
    enum field f;
    struct str label = jval_get_text(row, "hrName");
    struct str name = jval_get_text(row, "name");
    if (!field_of_label(label, &f))
        return;
    out->of[f].there = true;
    bool exact = str_is(label, table[f].label);
    bool usable = takes(f, jval_get_text(row, "contentType")) && name.len && name.len < FIELD_NAME;
    if (!usable || (out->of[f].name[0] && (out->of[f].exact || !exact)))
        return;
    memcpy(out->of[f].name, name.ptr, name.len);
    out->of[f].name[name.len] = '\0';
    out->of[f].exact = exact;
}

bool field_read_list(const struct answer *a, struct field_names *out)
{
    if (a->kind != ANSWER_OK || jval_type(a->data) != JVAL_ARRAY ||
        answer_has_more(a, jval_size(a->data), FIELD_LIST))
        return false;
    for (size_t i = 0; i < jval_size(a->data); i++)
        take(jval_at(a->data, i), out);
    return true;
}

const char *field_name(const struct field_names *names, enum field f)
{
    return names->of[f].name[0] ? names->of[f].name : NULL;
}

bool field_exists(const struct field_names *names, enum field f)
{
    return names->of[f].there;
}

/* creating */

char *field_create_url(struct str base_url)
{
    return query_url(base_url, "/contractorHuman/extraFields/0", QUERY_NONE);
}

char *field_create_body(enum field f)
{
    struct jval *body = jval_new_object();
    jval_put_text(body, "contentType", STR("StringField"));
    jval_put_text(body, "hrName", str_of(table[f].label));
    jval_put_bool(body, "isMultiple", false);
    jval_put_bool(body, "isRequired", false);
    if (f == FIELD_LINE)
        jval_put_bool(body, "isIndexable", true);
    char *text = jval_dump(body, false);
    jval_free(body);
    return text;
}

/* values */

static char *copy(struct str text)
{
    struct buf clean = BUF_INIT(3 * LIMIT_JSON_BYTES);
    while (text.len && text.ptr[0] == ' ')
        text = str_from(text, 1);
    text_add_clean(&clean, text);
    struct str cut = text_cut(buf_str(&clean), FIELD_VALUE);
    char *made = cut.len ? mem_try_copy(cut) : NULL;
    buf_done(&clean);
    return made;
}

/* MANGO sends numbers as text and text as numbers. */
static char *text_of(const struct jval *v)
{
    char number[32];
    struct str text = STR_NONE;
    int64_t n = 0;
    double real = 0;
    if (jval_text(v, &text))
        return copy(text);
    if (jval_int(v, &n))
        snprintf(number, sizeof number, "%" PRId64, n);
    else if (jval_real(v, &real))
        snprintf(number, sizeof number, "%.15g", real);
    else
        return NULL;
    return copy(str_of(number));
}

char *field_value(enum field f, const struct jval *visitor, struct str entry_id)
{
    if (f == FIELD_ENTRY)
        return copy(entry_id);
    if (!table[f].outer)
        return NULL;
    const struct jval *data = jval_get(visitor, "data");
    const struct jval *v =
        jval_get(jval_type(data) == JVAL_OBJECT ? data : visitor, table[f].outer);
    char *text = text_of(table[f].inner ? jval_get(v, table[f].inner) : v);
    return !text && f == FIELD_CITY ? text_of(jval_get(v, "country_code")) : text;
}
