/*
 * Hashes of forgotten numbers, and the keys they were made with. Pure.
 */
#include "common/forgotten.h"

#include <stdlib.h>

#include <uthash.h>

#include "common/jval.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/phone.h"
#include "common/text.h"

#define HASH_HEX (2 * SECRET_MAC_BYTES)

struct hash_key {
    char id[FORGOTTEN_ID_HEX + 1];
    uint8_t bytes[SECRET_KEY_BYTES];
};

struct number {
    char *name; /* account/hex */
    int64_t at;
    UT_hash_handle hh;
};

struct forgotten {
    const struct secret_keys *secrets;
    struct hash_key keys[LIMIT_FORGET_KEYS];
    size_t nkeys;
    struct number *numbers;
};

struct forgotten *forgotten_new(const struct secret_keys *keys)
{
    struct forgotten *f = mem_alloc(1, sizeof *f);
    f->secrets = keys;
    return f;
}

static void drop_number(struct forgotten *f, struct number *n)
{
    HASH_DEL(f->numbers, n);
    free(n->name);
    free(n);
}

void forgotten_free(struct forgotten *f)
{
    struct number *n, *next;

    if (!f)
        return;
    HASH_ITER(hh, f->numbers, n, next) {
        drop_number(f, n);
    }
    secret_wipe(f->keys, sizeof f->keys);
    free(f);
}

static struct number *find(const struct forgotten *f, struct str name)
{
    struct number *n = NULL;

    HASH_FIND(hh, f->numbers, name.ptr, name.len, n);
    return n;
}

static enum err apply_number(struct forgotten *f, struct str name, struct str value, bool tombstone,
                             struct error *e)
{
    struct number *n = find(f, name);
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    int64_t at;

    if (tombstone) {
        if (n)
            drop_number(f, n);
        return ERR_OK;
    }
    if (jval_parse(value, &v, e) || jval_check_version(v, e))
        return error_context(e, "a forgotten number");
    if (!text_parse_time(jval_get_text(v, "at"), &at))
        return error_set(e, ERR_INPUT, "a forgotten number: at is no time");
    if (!n) {
        n = mem_alloc(1, sizeof *n);
        n->name = mem_copy(name);
        HASH_ADD_KEYPTR(hh, f->numbers, n->name, name.len, n);
    }
    n->at = at;
    return ERR_OK;
}

static struct hash_key *find_key(struct forgotten *f, struct str id)
{
    for (size_t i = 0; i < f->nkeys; i++)
        if (str_is(id, f->keys[i].id))
            return &f->keys[i];
    return NULL;
}

static void wipe(char **plain)
{
    secret_free(*plain);
}

static enum err read_key(const struct forgotten *f, struct str id, struct str value,
                         uint8_t out[SECRET_KEY_BYTES], struct error *e)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct str sealed = forgotten_key_sealed(value, &v);
    char *plain CLEANUP(wipe) = NULL;
    enum err err;

    if (!sealed.len)
        return error_set(e, ERR_INPUT, "a key of forgotten numbers: is none");
    err = secret_open(f->secrets, STR(FORGOTTEN_SEALED_AS), id, sealed, &plain, e);
    if (err)
        return error_context(e, "a key of forgotten numbers");
    if (!text_unhex(str_of(plain), out, SECRET_KEY_BYTES))
        return error_set(e, ERR_INPUT, "a key of forgotten numbers: is of another length");
    return ERR_OK;
}

static enum err apply_key(struct forgotten *f, struct str id, struct str value, bool tombstone,
                          struct error *e)
{
    struct hash_key *k = find_key(f, id);
    uint8_t bytes[SECRET_KEY_BYTES];
    enum err err;

    if (tombstone) {
        if (k)
            *k = f->keys[--f->nkeys];
        return ERR_OK;
    }
    if (id.len != FORGOTTEN_ID_HEX)
        return error_set(e, ERR_INPUT, "a key of forgotten numbers: its id is none");
    err = read_key(f, id, value, bytes, e);
    if (err)
        return err;
    if (!k && f->nkeys == LIMIT_FORGET_KEYS)
        return error_set(e, ERR_CONFIG, "more than %d keys of forgotten numbers",
                         LIMIT_FORGET_KEYS);
    if (!k)
        k = &f->keys[f->nkeys++];
    memcpy(k->id, id.ptr, FORGOTTEN_ID_HEX);
    k->id[FORGOTTEN_ID_HEX] = '\0';
    memcpy(k->bytes, bytes, sizeof bytes);
    secret_wipe(bytes, sizeof bytes);
    return ERR_OK;
}

enum err forgotten_apply(struct forgotten *f, struct str key, struct str value, bool tombstone,
                         struct error *e)
{
    static const struct str keys = {FORGOTTEN_KEYS, sizeof(FORGOTTEN_KEYS) - 1};
    static const struct str numbers = {FORGOTTEN_NUMBERS, sizeof(FORGOTTEN_NUMBERS) - 1};

    if (str_starts(key, numbers))
        return apply_number(f, str_from(key, numbers.len), value, tombstone, e);
    if (str_starts(key, keys))
        return apply_key(f, str_from(key, keys.len), value, tombstone, e);
    return ERR_OK;
}

/* "account/hex", the caller's (free()). */
static char *name_of(const struct hash_key *k, struct str account, const struct phone *p)
{
    const struct str texts[] = {account, str_of(p->digits)};
    uint8_t mac[SECRET_MAC_BYTES];
    char hex[HASH_HEX + 1];

    secret_mac(k->bytes, texts, 2, mac);
    text_hex(mac, sizeof mac, hex);
    return mem_format("%.*s/%s", STR_ARG(account), hex);
}

int64_t forgotten_at(const struct forgotten *f, struct str account, struct str number)
{
    struct phone p;
    int64_t newest = 0;

    if (!f || !f->numbers || !phone_from_pbx(number, &p))
        return 0;
    for (size_t i = 0; i < f->nkeys; i++) {
        char *name CLEANUP(mem_free_text) = name_of(&f->keys[i], account, &p);
        const struct number *n = find(f, str_of(name));
        if (n && n->at > newest)
            newest = n->at;
    }
    return newest;
}

bool forgotten_has(const struct forgotten *f, struct str account, struct str number, int64_t at)
{
    return at < forgotten_at(f, account, number);
}

size_t forgotten_count(const struct forgotten *f)
{
    return f ? HASH_COUNT(f->numbers) : 0;
}

char *forgotten_record_key(const struct forgotten *f, struct str account, struct str number)
{
    struct phone p;

    if (!f->nkeys || !phone_from_pbx(number, &p))
        return NULL;
    char *name CLEANUP(mem_free_text) = name_of(&f->keys[0], account, &p);
    return mem_format(FORGOTTEN_NUMBERS "%s", name);
}

char *forgotten_record_value(int64_t at)
{
    struct jval *v = jval_new_object();
    char text[TEXT_TIME_SIZE];

    text_time(at, text);
    jval_put_text(v, "at", str_of(text));
    jval_put_int(v, "v", 1);
    return jval_dump_free(v, true);
}

char *forgotten_key_value(struct str sealed)
{
    struct jval *v = jval_new_object();

    jval_put_text(v, "key", sealed);
    jval_put_int(v, "v", 1);
    return jval_dump_free(v, true);
}

struct str forgotten_key_sealed(struct str value, struct jval **v)
{
    struct error ignored = ERROR_NONE;

    *v = NULL;
    if (jval_parse(value, v, &ignored) || jval_check_version(*v, &ignored))
        return STR_NONE;
    return jval_get_text(*v, "key");
}
