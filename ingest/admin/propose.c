/*
 * Proposals. Pure: memory only.
 */
#include "ingest/admin/propose.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

#define WORDS 8 /* of a name; one with more is not compared */
#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

/* ---- folding ---- */

/* Small letters of ASCII and of the Cyrillic of Russian; ё is е. Other characters as they are. */
static uint32_t fold(struct str c)
{
    const unsigned char *b = (const unsigned char *)c.ptr;
    if (c.len == 1)
        return b[0] >= 'A' && b[0] <= 'Z' ? b[0] + 32U : b[0];
    if (c.len != 2)
        return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
               (c.len > 3 ? b[3] : 0U);
    uint32_t code = (b[0] & 0x1FU) << 6 | (b[1] & 0x3FU);
    if (code >= 0x410 && code <= 0x42F)
        return code + 32;
    return code == 0x401 || code == 0x451 ? 0x435 : code;
}

static bool is_letter(uint32_t c)
{
    return c > 0xA0 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static uint64_t add(uint64_t hash, uint32_t c)
{
    for (int i = 0; i < 4; i++)
        hash = (hash ^ (c >> (8 * i) & 0xFF)) * HASH_PRIME;
    return hash;
}

/* The next character; a byte that begins none is passed over as a blank. */
static uint32_t take(struct str *s)
{
    size_t n = text_character(*s);
    uint32_t c = n ? fold((struct str){s->ptr, n}) : ' ';
    *s = str_from(*s, n ? n : 1);
    return c;
}

static uint64_t hash_email(struct str s)
{
    uint64_t hash = HASH_START;
    if (str_find(s, '@') < 1)
        return 0;
    while (s.len)
        hash = add(hash, take(&s));
    return hash;
}

struct words {
    uint64_t of[WORDS];
    size_t n; /* 0: not to be compared */
};

static void close_word(struct words *w, uint64_t *hash, bool *too_many)
{
    if (*hash == HASH_START)
        return;
    *too_many |= w->n == WORDS;
    if (w->n < WORDS)
        w->of[w->n++] = *hash;
    *hash = HASH_START;
}

static struct words words_of(struct str s)
{
    struct words w = {.n = 0};
    uint64_t hash = HASH_START;
    bool too_many = false;
    while (s.len) {
        uint32_t c = take(&s);
        if (is_letter(c))
            hash = add(hash, c);
        else
            close_word(&w, &hash, &too_many);
    }
    close_word(&w, &hash, &too_many);
    if (too_many || w.n < 2)
        w.n = 0;
    return w;
}

static bool has(const struct words *w, uint64_t word)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->of[i] == word)
            return true;
    return false;
}

/* All words of the shorter one stand in the longer one. */
static bool same_name(const struct words *a, const struct words *b)
{
    const struct words *less = a->n <= b->n ? a : b, *more = a->n <= b->n ? b : a;
    for (size_t i = 0; i < less->n; i++)
        if (!has(more, less->of[i]))
            return false;
    return less->n > 0;
}

/* ---- who fits whom ---- */

struct side {
    const struct propose_party *parties;
    size_t n;
    uint64_t *emails;
    struct words *names;
    size_t *fits; /* how many of the other side fit it */
    size_t *last; /* the latest of them */
    bool *taken;
};

static struct side side_new(const struct propose_party *parties, size_t n)
{
    struct side s = {.parties = parties, .n = n};
    s.emails = mem_alloc(n + 1, sizeof *s.emails);
    s.names = mem_alloc(n + 1, sizeof *s.names);
    s.fits = mem_alloc(n + 1, sizeof *s.fits);
    s.last = mem_alloc(n + 1, sizeof *s.last);
    s.taken = mem_alloc(n + 1, sizeof *s.taken);
    for (size_t i = 0; i < n; i++) {
        s.emails[i] = hash_email(parties[i].email);
        s.names[i] = words_of(parties[i].name);
    }
    return s;
}

static void side_done(struct side *s)
{
    free(s->emails);
    free(s->names);
    free(s->fits);
    free(s->last);
    free(s->taken);
}

static void count_fits(struct side *a, struct side *b, bool by_email)
{
    memset(a->fits, 0, a->n * sizeof *a->fits);
    memset(b->fits, 0, b->n * sizeof *b->fits);
    for (size_t i = 0; i < a->n; i++) {
        for (size_t k = 0; k < b->n; k++) {
            bool fits = by_email ? a->emails[i] && a->emails[i] == b->emails[k]
                                 : same_name(&a->names[i], &b->names[k]);
            if (!fits)
                continue;
            a->fits[i]++;
            a->last[i] = k;
            b->fits[k]++;
        }
    }
}

static bool is_free(const struct side *s, size_t i)
{
    return !s->taken[i] && !s->parties[i].mapped;
}

static void take_pairs(struct side *a, struct side *b, bool by_email, struct propose_pair *pairs)
{
    count_fits(a, b, by_email);
    for (size_t i = 0; i < a->n; i++) {
        size_t k = a->last[i];
        if (a->fits[i] != 1 || b->fits[k] != 1 || !is_free(a, i) || !is_free(b, k))
            continue;
        a->taken[i] = b->taken[k] = true;
        pairs[i] = (struct propose_pair){i, k, by_email};
    }
}

struct propose_pair *propose_pairs(const struct propose_party *employees, size_t nemployees,
                                   const struct propose_party *extensions, size_t nextensions,
                                   size_t *n)
{
    struct side a = side_new(employees, nemployees), b = side_new(extensions, nextensions);
    struct propose_pair *pairs = mem_alloc(nemployees + 1, sizeof *pairs);
    take_pairs(&a, &b, true, pairs);
    take_pairs(&a, &b, false, pairs);
    *n = 0;
    for (size_t i = 0; i < nemployees; i++)
        if (a.taken[i])
            pairs[(*n)++] = pairs[i];
    side_done(&a);
    side_done(&b);
    return pairs;
}
