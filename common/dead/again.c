/*
 * Letters on their way back. They are read by runs: those of one partition that lie near each other in one scan;
 * their acknowledgements come meanwhile.
 */
#include "common/dead/again.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"

#define NEAR 500 /* offsets apart, at most: reading over them is cheaper than a scan of their own */

struct item {
    struct dead_again *owner;
    struct dead_id id;
    struct dead_record *note; /* until it is sent; its texts are `texts` */
    char *texts;
    char *why;
    bool found;
};

struct dead_again {
    struct dead_again_options options; /* its ids are not there any more */
    char *who;
    struct item *items, **order; /* order: by place */
    size_t n, open;              /* open: items without an end */
    size_t first, next, end;     /* of order: the run being read, and how far it is */
    struct scan *scan;
    struct loop_timer begin;
};

static void read_next(struct dead_again *a);

void dead_again_free(struct dead_again *a)
{
    if (!a)
        return;
    loop_timer_stop(&a->begin);
    for (size_t i = 0; i < a->n; i++) {
        free(a->items[i].note);
        free(a->items[i].texts);
        free(a->items[i].why);
    }
    free(a->items);
    free(a->order);
    free(a->who);
    free(a);
}

/* All have ended: tells so, and is gone. */
static void settle(struct dead_again *a)
{
    if (a->open > 0 || a->scan || a->next < a->n)
        return;
    struct dead_again_result *list = mem_alloc(a->n + 1, sizeof *list);
    for (size_t i = 0; i < a->n; i++)
        list[i] = (struct dead_again_result){a->items[i].id, a->items[i].why};
    a->options.done(a->options.arg, list, a->n);
    free(list);
    dead_again_free(a);
}

static void end(struct item *i, const char *why)
{
    i->why = why ? mem_copy(str_of(why)) : NULL;
    i->owner->open--;
}

static void end_and_settle(struct item *i, const char *why)
{
    end(i, why);
    settle(i->owner);
}

static void on_noted(void *arg, const struct producer_report *report)
{
    struct item *i = arg;
    end_and_settle(
        i, report->delivered ? NULL : "it was sent, but Kafka did not take the note that it was");
}

/* False: *e says why. */
static bool produce(struct item *i, const struct dead_record *r, producer_done *done,
                    struct error *e)
{
    const struct producer_record record = {.topic = r->topic,
                                           .partition = r->partition,
                                           .key = r->key,
                                           .value = r->value,
                                           .tombstone = r->tombstone,
                                           .headers = r->headers,
                                           .nheaders = r->nheaders,
                                           .done = done,
                                           .arg = i};
    return producer_send(i->owner->options.producer, &record, e) == ERR_OK;
}

static void on_sent(void *arg, const struct producer_report *report)
{
    struct item *i = arg;
    struct error e = ERROR_NONE;
    if (!report->delivered)
        end_and_settle(i, report->maybe ? "Kafka did not say whether it has it"
                                        : "Kafka did not take it");
    else if (!produce(i, i->note, on_noted, &e))
        end_and_settle(i, e.text);
}

/* The note outlives the letter. */
static void keep_note(struct item *i, const struct kafka_message *m)
{
    struct dead_again *a = i->owner;
    struct kafka_message own = *m;
    i->texts = mem_copy(m->key);
    own.key.ptr = i->texts;
    i->note = mem_alloc(1, sizeof *i->note);
    dead_letter_note(&own, str_of(a->who), clock_wall_ms(), i->note);
}

static void send_again(struct item *i, const struct kafka_message *m)
{
    struct dead_again *a = i->owner;
    struct dead_record record;
    struct error e = ERROR_NONE;
    i->found = true;
    if (dead_letter_again(m, a->options.prefix, a->options.layout, &record, &e)) {
        end(i, e.text);
        return;
    }
    keep_note(i, m);
    if (!produce(i, &record, on_sent, &e))
        end(i, e.text);
}

/* Offsets come in their order, as the run's items lie. */
static void on_letter(void *arg, const struct kafka_message *m)
{
    struct dead_again *a = arg;
    while (a->next < a->end && a->order[a->next]->id.offset < m->offset)
        a->next++;
    while (a->next < a->end && a->order[a->next]->id.offset == m->offset)
        send_again(a->order[a->next++], m);
}

static void end_lost(struct dead_again *a, size_t first, const char *why)
{
    for (size_t k = first; k < a->end; k++)
        if (!a->order[k]->found)
            end(a->order[k], why);
}

static void on_read(void *arg, const struct scan_result *r)
{
    struct dead_again *a = arg;
    a->scan = NULL;
    end_lost(a, a->first, r->why ? r->why : "it is not in `dead` any more");
    a->next = a->end;
    read_next(a);
    settle(a);
}

/* From next to end: one partition, and no two neighbours far from each other. */
static void find_run(struct dead_again *a)
{
    struct item *const *list = a->order;
    a->first = a->next;
    for (a->end = a->next + 1; a->end < a->n; a->end++)
        if (list[a->end]->id.partition != list[a->end - 1]->id.partition ||
            list[a->end]->id.offset - list[a->end - 1]->id.offset > NEAR)
            break;
}

static void read_next(struct dead_again *a)
{
    while (a->next < a->n && !a->scan) {
        find_run(a);
        const struct dead_id from = a->order[a->first]->id, last = a->order[a->end - 1]->id;
        const struct scan_place place = {KAFKA_DEAD, from.partition, from.offset, last.offset + 1};
        const struct scan_options o = {
            .places = &place, .n = 1, .message = on_letter, .done = on_read, .arg = a};
        if (from.partition < a->options.layout->partitions[KAFKA_DEAD])
            a->scan = scan_begin(a->options.scanner, &o);
        if (a->scan)
            return;
        end_lost(a, a->first, "it cannot be read now");
        a->next = a->end;
    }
}

static int by_place(const void *x, const void *y)
{
    struct dead_id a = (*(struct item *const *)x)->id, b = (*(struct item *const *)y)->id;
    if (a.partition != b.partition)
        return a.partition < b.partition ? -1 : 1;
    return a.offset < b.offset ? -1 : a.offset > b.offset;
}

static void on_begin(void *arg)
{
    struct dead_again *a = arg;
    read_next(a);
    settle(a);
}

struct dead_again *dead_again(const struct dead_again_options *o)
{
    struct dead_again *a = mem_alloc(1, sizeof *a);
    a->options = *o;
    a->options.ids = NULL;
    a->who = mem_copy(o->who);
    a->n = a->open = o->n;
    a->items = mem_alloc(o->n + 1, sizeof *a->items);
    a->order = mem_alloc(o->n + 1, sizeof *a->order);
    for (size_t i = 0; i < o->n; i++) {
        a->items[i] = (struct item){.owner = a, .id = o->ids[i]};
        a->order[i] = &a->items[i];
    }
    qsort(a->order, a->n, sizeof *a->order, by_place);
    loop_timer_init(&a->begin, o->loop, on_begin, a);
    loop_timer_after(&a->begin, 0);
    return a;
}

void dead_again_audit(const char *account, const char *who, const struct jval *ids, int64_t now,
                      struct audit_record *out)
{
    struct jval *details = jval_new_object();
    jval_put(details, "ids", jval_copy(ids));
    audit_record(
        &(const struct audit){
            .account = account, .who = who, .what = "sent again", .details = details, .at = now},
        out);
}
