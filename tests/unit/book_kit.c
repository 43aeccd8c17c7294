/*
 * Helpers of the tests of the book.
 */
#include "tests/unit/book_kit.h"

#include <stdio.h>

#include "tests/unit/unit.h"

struct settings *book_kit_settings;
static const struct book_times times = {5, 600, 14400, 3600};

static const struct settings *settings_of(void *arg, struct str account)
{
    (void)arg;
    return str_is(account, "acme") ? book_kit_settings : NULL;
}

/* Every event is decided about the moment it comes. */
static int64_t now_of(void *arg)
{
    (void)arg;
    return 0;
}

static void note(void *arg, const struct rule_call *c, const struct rule_decision *d)
{
    struct record *r = arg;
    if (r->silent || (d->job == NULL && !d->stopped))
        return;
    ck_assert_uint_lt(r->n, JOBS_MAX);
    char *line = r->lines[r->n++];
    if (d->job == NULL)
        (void)snprintf(line, sizeof *r->lines, "%.*s none %s", STR_ARG(c->entry_id), d->rule);
    else
        (void)snprintf(line, sizeof *r->lines, "%s %s %s", d->job->id,
                       d->employee ? d->employee : "-",
                       d->job->verdict ? job_verdict_name(d->job->verdict) : "");
}

struct book *book_kit_new(struct record *r)
{
    const struct book_world world = {settings_of, kit_no_tz, now_of, note, r};
    return book_new(3, &times, &world);
}

enum book_result book_kit_feed(struct book *b, const struct message *m, int64_t offset)
{
    struct call_event ev = kit_make(&m->event, m->entry);
    struct book_input in = {&ev, STR("acme"), offset, KIT_MS(m->at), "live"};
    return book_event(b, &in);
}

void book_kit_feed_all(struct book *b, const struct message *list, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        (void)book_kit_feed(b, &list[i], (int64_t)i);
}

/* The model's shapes: answered, missed, a transfer with overlapping legs, unmapped. */
static const struct kit_event shapes[4][7] = {
    {LEG('A', "i", 1, 0, NULL), LEG('D', "i", 2, 2, NULL), LEG('A', "1", 1, 2, "101"),
     LEG('C', "1", 2, 5, "101"), LEG('D', "1", 3, 60, "101"), SUM(61, "101", 5)},
    {LEG('A', "i", 1, 0, NULL), LEG('D', "i", 2, 2, NULL), LEG('A', "1", 1, 2, "101"),
     LEG('D', "1", 2, 20, "101"), SUM(21, "101", 0)},
    {LEG('A', "1", 1, 0, "101"), LEG('A', "2", 1, 1, "102"), LEG('C', "2", 2, 3, "102"),
     LEG('C', "1", 2, 9, "101"), LEG('D', "2", 3, 40, "102"), LEG('D', "1", 3, 60, "101"),
     SUM(61, "101", 3)},
    {LEG('A', "1", 1, 2, "999"), LEG('C', "1", 2, 5, "999"), LEG('D', "1", 3, 60, "999"),
     SUM(61, "999", 5)},
};

static int64_t when(const struct kit_event *e)
{
    return e->state == 'S' ? e->end : e->at;
}

size_t book_kit_shape(size_t shape, struct message *out)
{
    size_t n = 0;
    for (; n < 7 && shapes[shape][n].state; n++)
        out[n] = (struct message){shapes[shape][n], "Y", when(&shapes[shape][n])};
    return n;
}
