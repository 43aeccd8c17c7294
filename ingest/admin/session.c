/*
 * Sessions as their cookies tell them. Must not know HTTP requests, clocks or where passwords come from. One thread.
 */
#include "ingest/admin/session.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/text.h"

#define VERSION 1
#define PLAIN_BYTES (SESSION_BYTES - SECRET_MAC_BYTES)

struct ended {
    uint8_t id[SESSION_ID_BYTES];
    int64_t until_ms; /* 0 = free */
};

struct session_ended {
    struct ended list[SESSION_ENDED_MAX];
};

/* ---- keys ---- */

void session_keys_make(const struct secret_keys *secret, struct str password,
                       struct session_keys *out)
{
    const struct str texts[] = {STR("mangoplan session"), password};
    *out = (struct session_keys){.has_old = secret->has_old};
    secret_mac(secret->current.bytes, texts, 2, out->current);
    if (secret->has_old)
        secret_mac(secret->old.bytes, texts, 2, out->old);
}

/* ---- the text ---- */

static void put_number(uint8_t *to, int64_t n)
{
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
}

static int64_t take_number(const uint8_t *from)
{
    uint64_t n = 0;
    for (int i = 0; i < 8; i++)
        n = n << 8 | from[i];
    return (int64_t)n;
}

static void hash_plain(const uint8_t key[SECRET_KEY_BYTES], const uint8_t *bytes,
                       uint8_t out[SECRET_MAC_BYTES])
{
    const struct str texts[] = {STR("cookie"), {(const char *)bytes, PLAIN_BYTES}};
    secret_mac(key, texts, 2, out);
}

void session_begin(struct session *s, const uint8_t id[SESSION_ID_BYTES], int64_t now_ms)
{
    memcpy(s->id, id, sizeof s->id);
    s->issued_ms = s->seen_ms = now_ms;
}

void session_write(const struct session_keys *k, const struct session *s, char out[SESSION_TEXT])
{
    uint8_t bytes[SESSION_BYTES] = {VERSION};
    memcpy(bytes + 1, s->id, sizeof s->id);
    put_number(bytes + 1 + SESSION_ID_BYTES, s->issued_ms);
    put_number(bytes + 1 + SESSION_ID_BYTES + 8, s->seen_ms);
    hash_plain(k->current, bytes, bytes + PLAIN_BYTES);
    text_hex(bytes, sizeof bytes, out);
}

static bool is_signed(const uint8_t key[SECRET_KEY_BYTES], const uint8_t *bytes)
{
    uint8_t mac[SECRET_MAC_BYTES];
    hash_plain(key, bytes, mac);
    return secret_same(mac, bytes + PLAIN_BYTES, sizeof mac);
}

static bool is_alive(const struct session *s, int64_t now_ms)
{
    return s->issued_ms <= s->seen_ms && s->seen_ms <= now_ms + SESSION_AHEAD_MS &&
           now_ms < session_ends_ms(s);
}

bool session_read(const struct session_keys *k, struct str text, int64_t now_ms,
                  struct session *out)
{
    uint8_t bytes[SESSION_BYTES];
    if (!text_unhex(text, bytes, sizeof bytes) || bytes[0] != VERSION)
        return false;
    if (!is_signed(k->current, bytes) && !(k->has_old && is_signed(k->old, bytes)))
        return false;
    memcpy(out->id, bytes + 1, sizeof out->id);
    out->issued_ms = take_number(bytes + 1 + SESSION_ID_BYTES);
    out->seen_ms = take_number(bytes + 1 + SESSION_ID_BYTES + 8);
    return is_alive(out, now_ms);
}

int64_t session_ends_ms(const struct session *s)
{
    int64_t idle = s->seen_ms + SESSION_IDLE_MS, longest = s->issued_ms + SESSION_LONGEST_MS;
    return idle < longest ? idle : longest;
}

bool session_renew(struct session *s, int64_t now_ms)
{
    if (now_ms - s->seen_ms < SESSION_RENEW_MS)
        return false;
    s->seen_ms = now_ms;
    return true;
}

/* ---- the token of writes ---- */

static void make_token(const uint8_t key[SECRET_KEY_BYTES], const struct session *s,
                       char out[SESSION_TOKEN_TEXT])
{
    const struct str texts[] = {STR("token"), {(const char *)s->id, sizeof s->id}};
    uint8_t mac[SECRET_MAC_BYTES];
    secret_mac(key, texts, 2, mac);
    text_hex(mac, sizeof mac, out);
}

void session_token(const struct session_keys *k, const struct session *s,
                   char out[SESSION_TOKEN_TEXT])
{
    make_token(k->current, s, out);
}

static bool is_token(const uint8_t key[SECRET_KEY_BYTES], const struct session *s, struct str token)
{
    char own[SESSION_TOKEN_TEXT];
    make_token(key, s, own);
    return token.len == sizeof own - 1 && secret_same(own, token.ptr, token.len);
}

/* While SECRET_KEY changes a page may still show the token of the old one. */
bool session_token_is(const struct session_keys *k, const struct session *s, struct str token)
{
    return is_token(k->current, s, token) || (k->has_old && is_token(k->old, s, token));
}

/* ---- the cookie ---- */

bool session_cookie(struct str *rest, struct str *text)
{
    const struct str name = STR(SESSION_COOKIE "=");
    while (rest->len) {
        long end = str_find(*rest, ';');
        struct str pair = str_trim((struct str){rest->ptr, end < 0 ? rest->len : (size_t)end});
        *rest = end < 0 ? STR_NONE : str_from(*rest, (size_t)end + 1);
        if (!str_starts(pair, name))
            continue;
        *text = str_from(pair, name.len);
        return true;
    }
    return false;
}

void session_set_cookie(struct buf *out, struct str text, bool secure)
{
    buf_addf(out, SESSION_COOKIE "=%.*s; Path=/; HttpOnly; SameSite=Strict", STR_ARG(text));
    if (secure)
        buf_add_str(out, STR("; Secure"));
    if (text.len == 0)
        buf_add_str(out, STR("; Max-Age=0"));
}

/* ---- those that were ended ---- */

struct session_ended *session_ended_new(void)
{
    return mem_alloc(1, sizeof(struct session_ended));
}

void session_ended_free(struct session_ended *e)
{
    free(e);
}

void session_ended_add(struct session_ended *e, const struct session *s, int64_t now_ms)
{
    struct ended *place = e->list;
    for (size_t i = 0; i < SESSION_ENDED_MAX; i++) {
        struct ended *x = &e->list[i];
        if (x->until_ms && memcmp(x->id, s->id, sizeof x->id) == 0)
            return;
        if (x->until_ms <= now_ms)
            x->until_ms = 0;
        if (x->until_ms < place->until_ms)
            place = x;
    }
    memcpy(place->id, s->id, sizeof place->id);
    place->until_ms = s->issued_ms + SESSION_LONGEST_MS;
}

bool session_ended_has(const struct session_ended *e, const struct session *s)
{
    for (size_t i = 0; i < SESSION_ENDED_MAX; i++) {
        if (e->list[i].until_ms && memcmp(e->list[i].id, s->id, sizeof s->id) == 0)
            return true;
    }
    return false;
}
