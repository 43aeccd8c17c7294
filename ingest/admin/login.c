/*
 * Checks the password, and makes guessing slow. Must not know HTTP or sessions. One thread.
 */
#include "ingest/admin/login.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/murmur2.h"

#define SETS 256
#define WAYS 4

struct guesser {
    struct cidr_address address;
    uint32_t wrong;        /* in a row */
    int64_t wait_until;    /* nothing is checked before */
    int64_t last;          /* 0 = free */
    int64_t trusted_until; /* signed in rightly; beyond the wait for all */
};

struct login {
    uint8_t key[SECRET_KEY_BYTES];
    char *hash;                      /* "" if there is a password */
    uint8_t right[SECRET_MAC_BYTES]; /* keyed hash of the right password */
    bool has_right;
    uint32_t all_wrong; /* from anywhere, less what is forgotten */
    int64_t all_since, all_until;
    struct guesser sets[SETS][WAYS];
};

static void hash_of(const struct login *l, struct str password, uint8_t out[SECRET_MAC_BYTES])
{
    secret_mac(l->key, &password, 1, out);
}

struct login *login_new(const char *password, const char *hash, const uint8_t key[SECRET_KEY_BYTES])
{
    struct login *l = mem_alloc(1, sizeof *l);
    memcpy(l->key, key, sizeof l->key);
    l->hash = mem_copy(str_of(hash));
    l->has_right = password[0] != '\0';
    if (l->has_right)
        hash_of(l, str_of(password), l->right);
    return l;
}

void login_free(struct login *l)
{
    if (!l)
        return;
    free(l->hash);
    secret_wipe(l, sizeof *l);
    free(l);
}

/* An address's place: its own, a free one, or that of who was quiet the longest. */
static struct guesser *guesser_of(struct login *l, const struct cidr_address *from, int64_t now)
{
    struct cidr_address a = cidr_household(from);
    uint32_t hash = murmur2_hash((struct str){(const char *)a.bytes, sizeof a.bytes});
    struct guesser *set = l->sets[hash % SETS], *place = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].last && memcmp(&set[i].address, &a, sizeof a) == 0) {
            if (now - set[i].last >= LOGIN_FORGET_MS)
                set[i].wrong = 0;
            return &set[i];
        }
        if (set[i].last < place->last)
            place = &set[i];
    }
    *place = (struct guesser){.address = a};
    return place;
}

static int64_t wait_of(const struct login *l, const struct guesser *g, int64_t now)
{
    int64_t own = g->wait_until - now, all = l->all_until - now;
    if (now < g->trusted_until)
        all = 0;
    return own > all ? own : all;
}

static enum login_verdict check(struct login *l, struct str password)
{
    uint8_t mac[SECRET_MAC_BYTES];
    struct error e = ERROR_NONE;
    if (password.len > LOGIN_PASSWORD_MAX)
        return LOGIN_WRONG;
    hash_of(l, password, mac);
    if (l->has_right && secret_same(mac, l->right, sizeof mac))
        return LOGIN_RIGHT;
    if (!l->hash[0])
        return LOGIN_WRONG;
    enum err err = secret_check_password(l->hash, password, &e);
    if (err)
        return err == ERR_AUTH ? LOGIN_WRONG : LOGIN_CANNOT;
    memcpy(l->right, mac, sizeof mac);
    l->has_right = true;
    return LOGIN_RIGHT;
}

/* `first` doubled n times, at most `longest`. */
static int64_t grown(int64_t first, uint32_t n, int64_t longest)
{
    int64_t ms = first;
    while (n-- && ms < longest)
        ms *= 2;
    return ms < longest ? ms : longest;
}

static void note_all(struct login *l, int64_t now)
{
    int64_t forgotten = (now - l->all_since) / LOGIN_ALL_FORGET_MS;
    l->all_wrong -= forgotten < l->all_wrong ? (uint32_t)forgotten : l->all_wrong;
    l->all_since += forgotten * LOGIN_ALL_FORGET_MS;
    l->all_wrong++;
    if (l->all_wrong >= LOGIN_ALL_FREE)
        l->all_until =
            now + grown(LOGIN_FIRST_WAIT_MS, l->all_wrong - LOGIN_ALL_FREE, LOGIN_ALL_LONGEST_MS);
}

static void note_wrong(struct login *l, struct guesser *g, int64_t now)
{
    g->wait_until = now + grown(LOGIN_FIRST_WAIT_MS, g->wrong, LOGIN_LONGEST_WAIT_MS);
    if (g->wrong < UINT32_MAX)
        g->wrong++;
    note_all(l, now);
}

enum login_verdict login_try(struct login *l, const struct cidr_address *from, struct str password,
                             int64_t now_ms, int64_t *wait_ms)
{
    struct guesser *g = guesser_of(l, from, now_ms);
    *wait_ms = wait_of(l, g, now_ms);
    if (*wait_ms > 0)
        return LOGIN_TOO_SOON;
    enum login_verdict v = check(l, password);
    if (v == LOGIN_CANNOT)
        return v;
    g->last = now_ms;
    if (v == LOGIN_WRONG) {
        note_wrong(l, g, now_ms);
    } else {
        g->wrong = 0;
        g->trusted_until = now_ms + LOGIN_TRUST_MS;
    }
    return v;
}
