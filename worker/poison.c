/*
 * Counting, halving and blaming, and the text of it.
 */
#include "worker/poison.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/attr.h"
#include "common/num.h"

#define NUMBERS 3 /* most numbers of a part */

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- beginning and end ---- */

static void count_end(struct poison_notes *n, int64_t now)
{
    if (n->ends == 0 || now - n->first > POISON_WITHIN_MS || now < n->first) {
        n->ends = 0;
        n->first = now;
    }
    n->ends++;
}

static size_t suspect_of(const struct poison_notes *n, int64_t offset)
{
    size_t i = 0;
    while (i < n->nsuspects && n->suspects[i].offset != offset)
        i++;
    return i;
}

static void drop_suspect(struct poison_notes *n, size_t i)
{
    n->nsuspects--;
    memmove(&n->suspects[i], &n->suspects[i + 1], (n->nsuspects - i) * sizeof *n->suspects);
}

/* Behind the others; if they are too many, whoever was there at the fewest ends is forgotten. */
static void suspect(struct poison_notes *n, int64_t offset, int64_t ends)
{
    if (n->nsuspects == POISON_SUSPECTS) {
        size_t least = 0;
        for (size_t i = 1; i < POISON_SUSPECTS; i++)
            if (n->suspects[i].ends < n->suspects[least].ends)
                least = i;
        drop_suspect(n, least);
    }
    n->suspects[n->nsuspects].offset = offset;
    n->suspects[n->nsuspects++].ends = ends;
}

static void accuse(struct poison_notes *n, int64_t offset, bool in_order)
{
    size_t i = suspect_of(n, offset);
    if (i < n->nsuspects) {
        n->suspects[i].ends++;
        return;
    }
    if (in_order)
        n->nsuspects = 0;
    suspect(n, offset, 1);
}

static void hunt(struct poison_notes *n, int64_t from, int64_t until, int64_t size)
{
    n->hunt.from = from;
    n->hunt.until = until;
    n->hunt.size = max(size, 1);
}

/* The process ended while this was named. */
static void blame(struct poison_notes *n, bool in_order)
{
    const struct poison_name *name = &n->name;
    switch (name->kind) {
    case POISON_NAMES_NOTHING:
        return;
    case POISON_NAMES_BLOCK:
        hunt(n, name->offset, name->offset + max(name->count, 1), name->count / 2);
        n->nsuspects = 0;
        return;
    case POISON_NAMES_MESSAGE:
        hunt(n, name->offset, name->offset + 1, 1);
        accuse(n, name->offset, in_order);
        return;
    case POISON_NAMES_CLOSING: /* the hunt is where its timer fires */
        accuse(n, name->offset, in_order);
        return;
    }
}

void poison_begin(struct poison_notes *n, const struct poison_assigned *a)
{
    if (n->running && (n->who == 0 || n->who != a->who)) {
        count_end(n, a->now);
        blame(n, a->block > 1);
    }
    n->name = (struct poison_name){0};
    n->running = true;
    n->who = a->who;
    if (n->ends >= POISON_ENDS && !poison_careful(n))
        hunt(n, a->start, a->high + 1, min(a->block, a->high - a->start));
}

void poison_end(struct poison_notes *n)
{
    n->running = false;
    n->who = 0;
    n->ends = 0;
    n->first = 0;
    n->name = (struct poison_name){0};
}

void poison_progress(struct poison_notes *n)
{
    n->ends = 0;
    n->first = 0;
}

bool poison_careful(const struct poison_notes *n)
{
    return n->hunt.size > 0;
}

/* ---- step by step ---- */

bool poison_condemned(const struct poison_notes *n, int64_t offset)
{
    size_t i = suspect_of(n, offset);
    return i < n->nsuspects && n->suspects[i].ends >= POISON_ALONE;
}

bool poison_skips(const struct poison_notes *n, int64_t offset)
{
    for (size_t i = 0; i < n->nskips; i++)
        if (n->skips[i] == offset)
            return true;
    return false;
}

static bool alone(const struct poison_notes *n, int64_t offset)
{
    return n->hunt.size == 1 && offset >= n->hunt.from && offset < n->hunt.until;
}

/* One past the block that begins here; it ends before what is not to be run. */
static int64_t block_end(const struct poison_notes *n, int64_t first, int64_t block)
{
    int64_t end = first + block;
    if (first < n->hunt.from)
        end = min(end, n->hunt.from);
    else if (first < n->hunt.until)
        end = min(first + n->hunt.size, n->hunt.until);
    for (size_t i = 0; i < n->nskips; i++)
        if (n->skips[i] > first)
            end = min(end, n->skips[i]);
    for (size_t i = 0; i < n->nsuspects; i++)
        if (n->suspects[i].offset > first && n->suspects[i].ends >= POISON_ALONE)
            end = min(end, n->suspects[i].offset);
    return end;
}

static enum poison_step next_at_end(const struct poison_notes *n, const struct poison_view *v,
                                    struct poison_name *name)
{
    if (!v->at_end)
        return POISON_WAIT;
    if (v->due == POISON_NONE)
        return POISON_DONE;
    *name = alone(n, v->position) ? (struct poison_name){POISON_NAMES_CLOSING, v->due, 0}
                                  : (struct poison_name){POISON_NAMES_BLOCK, v->position, 0};
    return POISON_RUN;
}

enum poison_step poison_next(const struct poison_notes *n, const struct poison_view *v,
                             struct poison_name *name)
{
    *name = (struct poison_name){0};
    if (v->first == POISON_NONE)
        return next_at_end(n, v, name);
    if (poison_skips(n, v->first))
        return POISON_PASS;
    if (poison_condemned(n, v->first))
        return POISON_BURY;
    if (alone(n, v->first)) {
        *name = v->due == POISON_NONE ? (struct poison_name){POISON_NAMES_MESSAGE, v->first, 1}
                                      : (struct poison_name){POISON_NAMES_CLOSING, v->due, 0};
        return POISON_RUN;
    }
    int64_t end = block_end(n, v->first, v->block);
    if (v->end < end && !v->complete)
        return POISON_WAIT;
    *name = (struct poison_name){POISON_NAMES_BLOCK, v->first, min(end, v->end) - v->first};
    return POISON_RUN;
}

int64_t poison_after(const struct poison_name *name, int64_t position)
{
    switch (name->kind) {
    case POISON_NAMES_BLOCK:
        return name->count > 0 ? name->offset + name->count : position + 1;
    case POISON_NAMES_MESSAGE:
        return name->offset + 1;
    case POISON_NAMES_CLOSING:
    case POISON_NAMES_NOTHING:
        break;
    }
    return POISON_NONE;
}

bool poison_through(struct poison_notes *n, int64_t offset)
{
    if (!poison_careful(n) || offset < n->hunt.until)
        return false;
    memset(&n->hunt, 0, sizeof n->hunt);
    n->nsuspects = 0;
    poison_progress(n);
    return true;
}

bool poison_buried(struct poison_notes *n, int64_t offset)
{
    if (poison_condemned(n, offset))
        drop_suspect(n, suspect_of(n, offset));
    if (n->nskips == POISON_SKIPS)
        return false;
    n->skips[n->nskips++] = offset;
    return true;
}

void poison_prune(struct poison_notes *n, int64_t committed)
{
    size_t kept = 0;
    for (size_t i = 0; i < n->nskips; i++)
        if (n->skips[i] >= committed)
            n->skips[kept++] = n->skips[i];
    n->nskips = kept;
}

/* ---- text ---- */

/* Up to `most` numbers between colons; their count, 0 if it is not just that. */
static size_t numbers(struct str text, int64_t *out, size_t most)
{
    for (size_t n = 0; n < most; n++) {
        long colon = str_find(text, ':');
        struct str one = {text.ptr, colon < 0 ? text.len : (size_t)colon};
        if (!num_parse(one, 0, INT64_MAX, &out[n]))
            return 0;
        if (colon < 0)
            return n + 1;
        text = str_from(text, (size_t)colon + 1);
    }
    return 0;
}

static bool read_run(struct str text, struct poison_notes *n)
{
    int64_t x[NUMBERS] = {0};
    size_t got = numbers(text, x, NUMBERS);
    if (got < 2 || x[2] > UINT32_MAX)
        return false;
    n->running = true;
    n->ends = x[0];
    n->first = x[1];
    n->who = (uint32_t)x[2];
    return true;
}

static bool read_name(struct str text, struct poison_notes *n)
{
    int64_t x[NUMBERS];
    size_t got = numbers(text, x, 2);
    if (got == 0)
        return false;
    n->name = got == 2 ? (struct poison_name){POISON_NAMES_BLOCK, x[0], x[1]}
                       : (struct poison_name){POISON_NAMES_MESSAGE, x[0], 1};
    return true;
}

static bool read_close(struct str text, struct poison_notes *n)
{
    int64_t x[NUMBERS];
    if (numbers(text, x, 1) != 1)
        return false;
    n->name = (struct poison_name){POISON_NAMES_CLOSING, x[0], 0};
    return true;
}

static bool read_hunt(struct str text, struct poison_notes *n)
{
    int64_t x[NUMBERS];
    if (numbers(text, x, 3) != 3 || x[2] == 0)
        return false;
    hunt(n, x[0], x[1], x[2]);
    return true;
}

static bool read_blame(struct str text, struct poison_notes *n)
{
    int64_t x[NUMBERS];
    if (numbers(text, x, 2) != 2)
        return false;
    suspect(n, x[0], x[1]);
    return true;
}

static bool read_skip(struct str text, struct poison_notes *n)
{
    int64_t skips[POISON_SKIPS];
    size_t count = 0;
    for (;;) {
        long comma = str_find(text, ',');
        struct str one = {text.ptr, comma < 0 ? text.len : (size_t)comma};
        if (count == POISON_SKIPS || !num_parse(one, 0, INT64_MAX, &skips[count]))
            return false;
        count++;
        if (comma < 0)
            break;
        text = str_from(text, (size_t)comma + 1);
    }
    memcpy(n->skips, skips, count * sizeof *skips);
    n->nskips = count;
    return true;
}

bool poison_read(struct str part, struct poison_notes *n)
{
    static const struct {
        const char *word;
        bool (*read)(struct str text, struct poison_notes *n);
    } parts[] = {{"run", read_run},   {"try", read_name},    {"close", read_close},
                 {"hunt", read_hunt}, {"blame", read_blame}, {"skip", read_skip}};
    long colon = str_find(part, ':');
    if (colon < 0)
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (str_is((struct str){part.ptr, (size_t)colon}, parts[i].word))
            return parts[i].read(str_from(part, (size_t)colon + 1), n);
    return false;
}

PRINTF_LIKE(2, 3) static void add(char out[POISON_TEXT], const char *format, ...)
{
    size_t used = strlen(out);
    va_list list;
    va_start(list, format);
    (void)vsnprintf(out + used, POISON_TEXT - used, format, list);
    va_end(list);
}

static void add_name(char out[POISON_TEXT], const struct poison_name *name)
{
    if (name->kind == POISON_NAMES_BLOCK)
        add(out, " try:%" PRId64 ":%" PRId64, name->offset, name->count);
    else if (name->kind == POISON_NAMES_MESSAGE)
        add(out, " try:%" PRId64, name->offset);
    else if (name->kind == POISON_NAMES_CLOSING)
        add(out, " close:%" PRId64, name->offset);
}

void poison_write(const struct poison_notes *n, char out[POISON_TEXT])
{
    out[0] = '\0';
    if (n->running)
        add(out, " run:%" PRId64 ":%" PRId64 ":%" PRIu32, n->ends, n->first, n->who);
    add_name(out, &n->name);
    if (poison_careful(n))
        add(out, " hunt:%" PRId64 ":%" PRId64 ":%" PRId64, n->hunt.from, n->hunt.until,
            n->hunt.size);
    for (size_t i = 0; i < n->nsuspects; i++)
        add(out, " blame:%" PRId64 ":%" PRId64, n->suspects[i].offset, n->suspects[i].ends);
    for (size_t i = 0; i < n->nskips; i++)
        add(out, i ? ",%" PRId64 : " skip:%" PRId64, n->skips[i]);
    if (out[0] != '\0')
        memmove(out, out + 1, strlen(out));
}
