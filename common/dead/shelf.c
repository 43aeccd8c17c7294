/*
 * Letters by their place in `dead`, and by the place of the message they hold: the same one may lie there twice, when its
 * writer died before it could say that it had. Pure.
 */
#include "common/dead/shelf.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "common/mem.h"

struct place { /* no padding that is not zeroed */
    int64_t topic, partition, offset;
};

struct kept {
    struct dead_letter *letter;
    struct place id, from;
    bool claimed;
    UT_hash_handle by_id, by_from;
};

struct dead_shelf {
    char *prefix;
    size_t max;
    bool forgot;
    struct kept *by_id, *by_from;
    struct dead_letter *gone; /* noted last */
};

struct dead_shelf *dead_shelf_new(struct str prefix, size_t max)
{
    struct dead_shelf *s = mem_alloc(1, sizeof *s);
    s->prefix = mem_copy(prefix);
    s->max = max;
    return s;
}

static struct place place_of(enum kafka_topic t, struct dead_id id)
{
    return (struct place){(int64_t)t, id.partition, id.offset};
}

static struct kept *find(const struct dead_shelf *s, struct dead_id id)
{
    struct place p = place_of(KAFKA_DEAD, id);
    struct kept *k;
    HASH_FIND(by_id, s->by_id, &p, sizeof p, k);
    return k;
}

/* The letter is the caller's then. */
static struct dead_letter *take_out(struct dead_shelf *s, struct kept *k)
{
    struct dead_letter *l = k->letter;
    HASH_DELETE(by_id, s->by_id, k);
    HASH_DELETE(by_from, s->by_from, k);
    free(k);
    return l;
}

void dead_shelf_free(struct dead_shelf *s)
{
    if (!s)
        return;
    while (s->by_id)
        dead_letter_free(take_out(s, s->by_id));
    dead_letter_free(s->gone);
    free(s->prefix);
    free(s);
}

static int newest_first(const void *a, const void *b)
{
    const struct dead_letter *x = (*(struct kept *const *)a)->letter,
                             *y = (*(struct kept *const *)b)->letter;
    if (x->at != y->at)
        return x->at < y->at ? 1 : -1;
    if (x->id.partition != y->id.partition)
        return x->id.partition < y->id.partition ? -1 : 1;
    return x->id.offset < y->id.offset ? 1 : -1;
}

static struct kept **sorted(const struct dead_shelf *s)
{
    size_t n = 0;
    struct kept **list = mem_alloc(dead_shelf_count(s) + 1, sizeof *list);
    for (struct kept *k = s->by_id; k; k = k->by_id.next)
        list[n++] = k;
    if (n)
        qsort(list, n, sizeof *list, newest_first);
    return list;
}

/* Now and then, so that not every letter beyond the ceiling costs a search. */
static void make_room(struct dead_shelf *s)
{
    size_t n = dead_shelf_count(s);
    if (n <= s->max + s->max / 8)
        return;
    struct kept **list = sorted(s);
    while (n > s->max)
        dead_letter_free(take_out(s, list[--n]));
    s->forgot = true;
    free(list);
}

static const struct dead_letter *add(struct dead_shelf *s, struct dead_letter *l)
{
    struct place from = place_of(l->topic, l->from);
    struct kept *k = NULL;
    if (l->topic < KAFKA_TOPICS)
        HASH_FIND(by_from, s->by_from, &from, sizeof from, k);
    if (k || find(s, l->id)) {
        dead_letter_free(l);
        return NULL;
    }
    k = mem_alloc(1, sizeof *k);
    k->letter = l;
    k->id = place_of(KAFKA_DEAD, l->id);
    k->from = l->topic < KAFKA_TOPICS ? from : k->id;
    HASH_ADD(by_id, s->by_id, id, sizeof k->id, k);
    HASH_ADD(by_from, s->by_from, from, sizeof k->from, k);
    make_room(s);
    k = find(s, l->id); // NOLINT(clang-analyzer-unix.Malloc): it may have been the oldest
    return k ? k->letter : NULL;
}

const struct dead_letter *dead_shelf_noted(struct dead_shelf *s, struct dead_id id)
{
    struct kept *k = find(s, id);
    if (!k)
        return NULL;
    dead_letter_free(s->gone);
    s->gone = take_out(s, k);
    return s->gone;
}

const struct dead_letter *dead_shelf_take(struct dead_shelf *s, const struct kafka_message *m,
                                          enum dead_message *what)
{
    struct dead_letter *l = NULL;
    struct dead_id noted;
    *what = dead_letter_read(m, str_of(s->prefix), &l, &noted);
    return *what == DEAD_LETTER ? add(s, l) : dead_shelf_noted(s, noted);
}

const struct dead_letter *dead_shelf_find(const struct dead_shelf *s, struct dead_id id)
{
    const struct kept *k = find(s, id);
    return k ? k->letter : NULL;
}

size_t dead_shelf_count(const struct dead_shelf *s)
{
    return HASH_CNT(by_id, s->by_id);
}

bool dead_shelf_forgot(const struct dead_shelf *s)
{
    return s->forgot;
}

void dead_shelf_each(const struct dead_shelf *s, bool (*fn)(void *arg, const struct dead_letter *l),
                     void *arg)
{
    size_t n = dead_shelf_count(s);
    struct kept **list = sorted(s);
    for (size_t i = 0; i < n && fn(arg, list[i]->letter); i++)
        ;
    free(list);
}

bool dead_shelf_claim(struct dead_shelf *s, struct dead_id id)
{
    struct kept *k = find(s, id);
    if (!k || k->claimed)
        return false;
    k->claimed = true;
    return true;
}

void dead_shelf_release(struct dead_shelf *s, struct dead_id id)
{
    struct kept *k = find(s, id);
    if (k)
        k->claimed = false;
}
