/*
 * Extensions that had calls. Pure.
 */
#include "common/doctor/strays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "common/event.h"
#include "common/limits.h"
#include "common/mango/call_event.h"
#include "common/mem.h"
#include "common/murmur2.h"

struct one {
    char *key; /* account/extension */
    size_t account_len;
    struct stray stray;
    uint32_t entry; /* of the newest call, hashed */
    UT_hash_handle hh;
};

struct strays {
    struct one *all;
};

static struct one *find_or_add(struct strays *s, struct str account, struct str extension)
{
    char *key CLEANUP(mem_free_text) =
        mem_format("%.*s/%.*s", STR_ARG(account), STR_ARG(extension));
    struct one *x;
    HASH_FIND_STR(s->all, key, x);
    if (x || HASH_COUNT(s->all) >= STRAYS_MOST)
        return x;
    x = mem_alloc(1, sizeof *x);
    x->key = mem_copy(str_of(key));
    x->account_len = account.len;
    memcpy(x->stray.extension, extension.ptr, extension.len);
    HASH_ADD_KEYPTR(hh, s->all, x->key, strlen(x->key), x);
    return x;
}

static void note(struct strays *s, const struct event_key *key, struct str extension, int64_t at)
{
    uint32_t entry = murmur2_hash(key->rest);
    if (extension.len == 0 || extension.len >= STRAYS_EXTENSION)
        return;
    struct one *x = find_or_add(s, key->account, extension);
    if (!x)
        return;
    x->stray.calls += x->stray.calls == 0 || x->entry != entry;
    x->entry = entry;
    if (at > x->stray.last_at)
        x->stray.last_at = at;
}

void strays_take(struct strays *s, const struct kafka_message *m)
{
    struct event_key key;
    struct call_event ev;
    if (m->topic != KAFKA_EVENTS || event_key_split(m->key, &key, NULL) ||
        key.account.len > LIMIT_ACCOUNT_NAME ||
        str_is(kafka_header_get(m, EVENT_ORIGIN), EVENT_TEST) ||
        call_event_parse(kafka_header_get(m, EVENT_KIND), m->value, &ev, NULL))
        return;
    if (ev.kind == CALL_EVENT_LEG) {
        note(s, &key, ev.from.extension, m->timestamp);
        if (!str_eq(ev.to.extension, ev.from.extension))
            note(s, &key, ev.to.extension, m->timestamp);
    }
    call_event_done(&ev);
}

static bool is_somebodys(const struct settings *s, const char *extension)
{
    for (size_t i = 0; i < s->ngroups; i++)
        if (strcmp(extension, s->groups[i]) == 0)
            return true;
    return settings_employee_of(s, str_of(extension)) != NULL;
}

static int by_extension(const void *a, const void *b)
{
    const struct stray *x = a, *y = b;
    return strcmp(x->extension, y->extension);
}

size_t strays_of(const struct strays *s, const struct settings *settings, struct stray *out,
                 size_t room)
{
    struct str account = str_of(settings->account);
    size_t n = 0;
    for (const struct one *x = s->all; x; x = x->hh.next) {
        if (!str_eq((struct str){x->key, x->account_len}, account) ||
            is_somebodys(settings, x->stray.extension))
            continue;
        if (n < room)
            out[n] = x->stray;
        n++;
    }
    if (n && room)
        qsort(out, n < room ? n : room, sizeof *out, by_extension);
    return n;
}

struct strays *strays_new(void)
{
    return mem_alloc(1, sizeof(struct strays));
}

void strays_free(struct strays *s)
{
    if (!s)
        return;
    for (struct one *x = s->all, *next; x; x = next) {
        next = x->hh.next;
        HASH_DEL(s->all, x);
        free(x->key);
        free(x);
    }
    free(s);
}
