/*
 * What a message of `dead` holds, masked or not. Pure.
 */
#include "common/dead/show.h"

#include <stdlib.h>

#include "common/dead/letter.h"
#include "common/event.h"
#include "common/masked.h"
#include "common/mem.h"
#include "common/phone.h"

static void put(struct jval *row, const char *name, struct str text, bool show)
{
    char *masked CLEANUP(mem_free_text) = show ? NULL : masked_text(text);
    jval_put_text_clean(row, name, show ? text : str_of(masked));
}

/* A job's key may be a client's number, of any length. */
static void put_key(struct jval *row, struct str key, const struct dead_letter *l, bool show)
{
    struct event_key parts = {STR_NONE, STR_NONE};
    char masked[PHONE_MAX];
    if (show || event_key_split(key, &parts, NULL) || str_is(parts.rest, l->entry_id) ||
        str_is(parts.rest, "-")) {
        jval_put_text_clean(row, "key", key);
        return;
    }
    phone_mask(parts.rest, masked);
    char *shown CLEANUP(mem_free_text) = mem_format("%.*s/%s", STR_ARG(parts.account), masked);
    jval_put_text_clean(row, "key", str_of(shown));
}

static void put_value(struct jval *row, const struct kafka_message *m, bool show)
{
    char *masked CLEANUP(mem_free_text) = NULL;
    if (m->tombstone) {
        jval_put(row, "value", jval_new_null());
        return;
    }
    if (!show)
        masked = masked_value(m->value);
    jval_put_text_clean(row, "value", show ? m->value : str_of(masked));
}

struct jval *dead_show(const struct kafka_message *m, struct str prefix, bool show)
{
    struct dead_letter *l = NULL;
    struct dead_id noted;
    if (dead_letter_read(m, prefix, &l, &noted) == DEAD_NOTE)
        return NULL;
    struct jval *row = dead_letter_row(l, show), *headers = jval_new_object();
    for (size_t i = 0; i < m->nheaders; i++)
        put(headers, m->headers[i].name, m->headers[i].value, show);
    jval_put(row, "headers", headers);
    put_key(row, m->key, l, show);
    put_value(row, m, show);
    dead_letter_free(l);
    return row;
}
