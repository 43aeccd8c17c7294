/*
 * A book whose decisions are summed up at once, the silent ones left out.
 */
#include "tests/unit/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/unit.h"

#define FOREVER 1000000 /* s */

static const struct book_times times = {5, 600, 14400, 3600};

static void make_log(struct model_log *l)
{
    struct message *out = l->list, *y = l->y;
    size_t ny = l->ny = book_kit_shape(l->shape, y), n = 0;
    struct message x = {LEG('A', "x", 1, 0, "101"), "X", l->at ? y[l->at - 1].at : 0};
    struct message end = {SUM(1, "101", 0), "X", y[ny - 1].at + l->span};
    for (size_t i = 0; i < ny; i++) {
        if (i == l->at)
            out[n++] = x;
        out[n++] = y[i];
    }
    if (l->at == ny)
        out[n++] = x;
    struct message late = y[l->extra < ny ? l->extra : 0];
    late.at = y[ny - 1].at + l->delay;
    if (l->extra < ny && late.at <= end.at)
        out[n++] = late;
    out[n++] = end;
    if (l->extra < ny && late.at > end.at)
        out[n++] = late;
    l->n = n;
}

bool model_log_number(size_t i, struct model_log *l)
{
    static const int64_t delays[] = {9, 2000, 7200};
    for (size_t shape = 0; shape < MODEL_SHAPES; shape++) {
        struct message y[LOG_MAX];
        size_t ny = book_kit_shape(shape, y), extras = 1 + 3 * ny, logs = 2 * (ny + 1) * extras;
        if (i >= logs) {
            i -= logs;
            continue;
        }
        size_t extra = i % extras;
        *l = (struct model_log){.shape = shape,
                                .at = i / extras % (ny + 1),
                                .span = i / extras / (ny + 1) ? 10800 : 3000,
                                .extra = extra ? (extra - 1) / 3 : ny,
                                .delay = extra ? delays[(extra - 1) % 3] : 0};
        make_log(l);
        return true;
    }
    return false;
}

struct settings *model_settings(unsigned on)
{
    char *more = mem_format(
        "\"create_client\":{\"incoming\":%s,\"missed\":%s},\"missed_call_task\":{\"enabled\":%s},"
        "\"responsible_follows_transfer\":%s,\"call_records\":true%s",
        on & MODEL_INCOMING ? "true" : "false", on & MODEL_MISSED ? "true" : "false",
        on & MODEL_TASK ? "true" : "false", on & MODEL_FOLLOW ? "true" : "false",
        on & MODEL_IVR ? ",\"missed_in_ivr_responsible\":\"1000007\"" : "");
    struct settings *s = kit_settings(more);
    free(more);
    return s;
}

static const struct settings *settings_of(void *arg, struct str account)
{
    (void)account;
    return ((struct model_run *)arg)->settings;
}

static int64_t now_of(void *arg)
{
    return ((struct model_run *)arg)->now;
}

static void decided(void *arg, const struct rule_call *c, const struct rule_decision *d)
{
    struct model_run *r = arg;
    bool is_y = str_is(c->entry_id, "Y");
    if (r->silent || d->job == NULL || !ledger_add(is_y ? &r->y : &r->x, d->job) || !is_y)
        return;
    ck_assert_uint_lt(r->nids, MODEL_IDS);
    LEDGER_PUT(r->ids[r->nids], str_of(d->job->id));
    r->nids++;
}

void model_owner(struct model_run *r, const struct settings *settings)
{
    const struct book_world world = {settings_of, kit_no_tz, now_of, decided, r};
    book_free(r->book);
    r->settings = settings;
    r->book = book_new(3, &times, &world);
}

void model_feed_one(struct model_run *r, const struct message *m, int64_t offset)
{
    struct call_event ev = kit_make(&m->event, m->entry);
    const struct book_input in = {&ev, STR("acme"), offset, KIT_MS(m->at), "live"};
    r->now = in.received_at;
    (void)book_event(r->book, &in);
}

void model_feed(struct model_run *r, const struct message *log, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        model_feed_one(r, &log[i], (int64_t)i);
}

/* Each timer when it is due, as by the wall clock at the partition's end. */
void model_end(struct model_run *r)
{
    while (book_due(r->book) < KIT_MS(FOREVER)) {
        r->now = book_due(r->book);
        book_time(r->book, r->now);
    }
}

void model_in_order(struct model_run *r, const struct settings *s, const struct message *log,
                    size_t n)
{
    model_owner(r, s);
    model_feed(r, log, 0, n);
    model_end(r);
}

void model_done(struct model_run *r)
{
    book_free(r->book);
    ledger_done(&r->y);
    ledger_done(&r->x);
    *r = (struct model_run){0};
}

bool model_has(const struct model_run *r, const char *id)
{
    size_t len = strncmp(id, "Y:call:", 7) == 0 ? 7 : LEDGER_TEXT;
    for (size_t i = 0; i < r->nids; i++) {
        if (strncmp(r->ids[i], id, len) == 0)
            return true;
    }
    return false;
}

const char *model_extra(const struct model_run *r, const struct model_run *than)
{
    for (size_t i = 0; i < r->nids; i++) {
        const char *id = r->ids[i];
        if (strcmp(id, "Y:call:summary") != 0 && strncmp(id, "Y:responsible:", 14) != 0 &&
            !model_has(than, id))
            return id;
    }
    return NULL;
}

static bool same(const struct ledger *a, const struct ledger *b)
{
    const struct ledger_state sa = ledger_final(a), sb = ledger_final(b);
    return ledger_same(&sa, &sb);
}

bool model_same(const struct model_run *a, const struct model_run *b)
{
    return same(&a->y, &b->y);
}

bool model_same_x(const struct model_run *a, const struct model_run *b)
{
    return same(&a->x, &b->x);
}

static void show(const char *who, const struct model_run *r)
{
    char text[2000];
    const struct ledger_state s = ledger_final(&r->y);
    ledger_show(&s, text, sizeof text);
    fprintf(stderr, " %s %s\n  jobs", who, text);
    for (size_t i = 0; i < r->nids; i++)
        fprintf(stderr, " %s", r->ids[i]);
    fprintf(stderr, "\n");
}

void model_tell(const char *what, const struct model_run *want, const struct model_run *got)
{
    fprintf(stderr, "%s\n", what);
    show("want", want);
    show("got ", got);
}
