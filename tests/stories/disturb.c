/*
 * Draws when each notification of a story comes in, if at all.
 */
#include "tests/stories/disturb.h"

#include <stdlib.h>

const char *disturb_name(int kind)
{
    static const char *const names[DISTURB_KINDS] = {
        "lost",     "summary-lost", "summary-first", "summary-late", "repeated",
        "shuffled", "seconds-late", "minutes-late",  "hours-late"};
    return names[kind];
}

static unsigned draw(struct dice *d)
{
    unsigned how = 0;
    if (dice_in(d, 45))
        return 0;
    for (int i = dice_in(d, 65) ? 1 : dice_between(d, 2, 4); i > 0; i--)
        how |= 1U << dice_to(d, DISTURB_KINDS);
    return how;
}

/* When the beat comes in, ms; 0: never. all_late: every leg is told over an hour late. */
static int64_t arrival(const struct story *s, int beat, unsigned how, const bool *lost,
                       bool all_late, struct dice *d)
{
    const struct beat *b = &s->beats[beat];
    int64_t at = b->at * 1000 + dice_to(d, 400);
    if (lost[beat] || (b->kind == SUMMARY && how & DISTURB_SUMMARY_LOST))
        return 0;
    if (b->kind == SUMMARY && how & DISTURB_SUMMARY_FIRST)
        return s->begin * 1000;
    if (b->kind == SUMMARY && how & DISTURB_SUMMARY_LATE)
        return at + 1000 * dice_between(d, 6, 3000);
    if (how & DISTURB_SHUFFLED)
        at += dice_to(d, 3500);
    if (how & DISTURB_SECONDS && dice_in(d, 30))
        at += dice_to(d, 60000);
    if (how & DISTURB_MINUTES && dice_in(d, 20))
        at += 1000 * dice_between(d, 300, 3000);
    if (all_late ? b->kind == LEG : how & DISTURB_HOUR && dice_in(d, 15))
        at += 1000 * dice_between(d, 3601, 9000);
    return at;
}

static int by_time(const void *a, const void *b)
{
    const struct delivery *x = a, *y = b;
    if (x->received_at != y->received_at)
        return x->received_at < y->received_at ? -1 : 1;
    return x->beat - y->beat;
}

static void add(struct deliveries *out, int beat, int64_t received_at)
{
    out->list[out->n++] = (struct delivery){beat, received_at};
}

/* In a call that nobody disturbs the notifications come as things happen. */
static void in_order(const struct story *s, struct dice *d, struct deliveries *out)
{
    int64_t last = 0;
    for (int i = 0; i < s->nbeats; i++) {
        int64_t at = s->beats[i].at * 1000 + dice_to(d, 300);
        last = at > last ? at : last;
        add(out, i, last);
    }
}

void disturb(const struct story *s, struct dice *d, unsigned only, struct deliveries *out)
{
    bool lost[STORY_BEATS] = {false};
    out->n = 0;
    out->how = only == ~0U ? 0 : only ? only : draw(d);
    if (out->how == 0) {
        in_order(s, d, out);
        return;
    }
    bool all_late = out->how & DISTURB_HOUR && dice_in(d, 60);
    for (int i = out->how & DISTURB_LOST ? dice_between(d, 1, 3) : 0; i > 0; i--)
        lost[dice_to(d, s->nbeats)] = true;
    for (int i = 0; i < s->nbeats; i++) {
        int64_t at = arrival(s, i, out->how, lost, all_late, d);
        if (at == 0)
            continue;
        add(out, i, at);
        if (out->how & DISTURB_REPEATED && dice_in(d, 50))
            add(out, i, at + dice_to(d, dice_in(d, 20) ? 3000000 : 20000));
    }
    qsort(out->list, (size_t)out->n, sizeof *out->list, by_time);
}
