/*
 * The extra fields of clients that we fill (behaviour.md G8, G12): labels, names, values. Pure.
 *
 * Source: megaplan-api.md 2.8. The label is hrName, the key on a card is the field's `name`
 * (Category183CustomField...). Traps: people and the vendor's application write one label with Latin or Cyrillic
 * letters, so look-alikes, case and spaces are folded; `ДКТ: client_id` and `ДКТ: client_сid` (with a Cyrillic с) are
 * two fields all the same; a field of the same label may be of a type that takes no text; which {id} creates one is
 * not said: 0 is sent; the answer to a create is an array of which nobody says whether it holds the other fields too.
 * "Filterable" (G8) has no property of that name: isIndexable ("available for quick search") is the nearest, and lists can
 * be filtered by any extra field (3.1 E).
 */
#ifndef COMMON_MEGAPLAN_FIELD_H
#define COMMON_MEGAPLAN_FIELD_H

#include <stdbool.h>

#include "common/jval.h"
#include "common/megaplan/answer.h"
#include "common/str.h"

enum field {
    FIELD_LINE,     /* Номер линии MANGO OFFICE (G8) */
    FIELD_UID,      /* ДКТ: client_id */
    FIELD_GA_CID,   /* ДКТ: client_сid, with a Cyrillic с */
    FIELD_CITY,     /* ДКТ: Город */
    FIELD_SOURCE,   /* ДКТ: Источник */
    FIELD_MEDIUM,   /* ДКТ: Канал */
    FIELD_CAMPAIGN, /* ДКТ: Кампания */
    FIELD_CONTENT,  /* ДКТ: Содержимое */
    FIELD_TERM,     /* ДКТ: Что искал */
    FIELD_DURATION, /* ДКТ: Время на сайте */
    FIELD_PAGE,     /* ДКТ: Страница звонка */
    FIELD_ENTRY,    /* ДКТ: Контекст вызова */
    FIELDS,
};

#define FIELD_NAME \
    128 /* of a system name and its terminator; a field with a longer one is not used */
#define FIELD_VALUE 4096 /* bytes of a value; a longer one is cut at a character */
#define FIELD_LIST 500   /* fields asked for at once */

struct field_names { /* zeroed before the first list */
    struct {
        char name[FIELD_NAME]; /* "" unknown */
        bool exact;            /* its label is ours to the letter */
        bool there;            /* a field of this label exists, usable or not */
    } of[FIELDS];
};

/* The field of a label, however it is spelled. */
bool field_of_label(struct str label, enum field *out);
/* A short name of our own, for ids and states: "line", "uid", "ga_cid" ... */
const char *field_key(enum field f);
bool field_of_key(struct str key, enum field *out);

/* GET contractorHuman/extraFields. As query_url. */
char *field_list_url(struct str base_url) MUST_CHECK;
/* Adds the fields of an answer, also of a create's, to the names: of several with one label the one spelled exactly,
 * else the first. False, and nothing added: no list, or only the first part of one, by which nothing can be called
 * missing. */
bool field_read_list(const struct answer *a, struct field_names *out) MUST_CHECK;
/* The key on a card, NULL if there is none that takes a text. */
const char *field_name(const struct field_names *names, enum field f);
/* Whether a field of this label stands there, usable or not: then none is to be created. */
bool field_exists(const struct field_names *names, enum field f);

/* POST contractorHuman/extraFields/0, and the body: a StringField. As query_url. */
char *field_create_url(struct str base_url) MUST_CHECK;
char *field_create_body(enum field f) MUST_CHECK;

/* What G12 writes into the field: from the visitor's data (mango-api.md section 5; the answer, or its `data`; NULL =
 * none), or entry_id for FIELD_ENTRY. Terminated UTF-8, the caller's (free()). NULL: nothing to write (always for
 * FIELD_LINE), or no memory. */
char *field_value(enum field f, const struct jval *visitor, struct str entry_id) MUST_CHECK;

#endif
