/*
 * The final state of a call is the same in every order of arrival (behaviour.md "When rules meet time"):
 * shapes of calls, whole and with each event lost in turn, under several settings, in every order up to
 * seven events and in random ones above; and it is what the order-free reading says. All arrives before
 * the call closes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ledger.h"
#include "tests/unit/reading.h"
#include "tests/unit/shapes.h"
#include "tests/unit/unit.h"
#include "worker/calls/book.h"

#define EVERY "\"create_client\":{\"incoming\":true,\"missed\":true,\"outgoing\":true}"
#define TASK "\"missed_call_task\":{\"enabled\":true,\"deadline_minutes\":90}"
#define EXTRAS "\"source_field\":true,\"call_tracking\":true,\"call_records\":true," TASK
#define HOURS "\"working_hours\":{\"days\":\"mon-fri\",\"from\":\"09:00\",\"to\":\"10:00\"}"
#define NAMED                                    \
    "\"missed_in_ivr_responsible\":\"1000006\"," \
    "\"missed_in_group_responsible\":\"1000007\""

/* Everything, with each switch off in turn, then each alone. KIT_T0 is a Monday, 15:02 in UTC. */
static const struct {
    const char *name, *members;
} variants[] = {
    {"all on", EVERY "," EXTRAS "," NAMED},
    {"all on, following transfers, by a stand-in",
     EVERY "," EXTRAS ",\"responsible_follows_transfer\":true,\"unmapped_employee\":\"1000007\""},
    {"all on, outside working hours",
     EVERY "," EXTRAS "," NAMED "," HOURS ",\"off_hours_responsible\":\"1000007\""},
    {"all off", "\"lines\":[]"},
    {"incoming", "\"create_client\":{\"incoming\":true}"},
    {"missed", "\"create_client\":{\"missed\":true}"},
    {"outgoing", "\"create_client\":{\"outgoing\":true}"},
    {"all but incoming", "\"create_client\":{\"missed\":true,\"outgoing\":true}," EXTRAS "," NAMED},
    {"all but missed", "\"create_client\":{\"incoming\":true,\"outgoing\":true}," EXTRAS "," NAMED},
    {"all but outgoing", "\"create_client\":{\"incoming\":true,\"missed\":true}," EXTRAS "," NAMED},
    {"no named responsible", EVERY "," EXTRAS},
    {"only named responsibles", NAMED},
    {"following transfers", EVERY ",\"responsible_follows_transfer\":true"},
    {"a stand-in", EVERY "," TASK ",\"unmapped_employee\":\"1000006\""},
    {"only tasks", TASK},
    {"tasks in working hours", TASK "," HOURS},
    {"tasks outside working hours, no clients",
     TASK "," HOURS ",\"off_hours_responsible\":\"1000005\""},
    {"only records", "\"call_records\":true"},
    {"only tracking and lines, with clients",
     EVERY ",\"source_field\":true,\"call_tracking\":true"},
    {"this line, some numbers ignored",
     EVERY "," EXTRAS ",\"lines\":[\"74951234567\"],\"ignore_numbers\":[\"7800*\"]"},
    {"another line", EVERY "," EXTRAS ",\"lines\":[\"74957654321\"]"},
    {"an ignored client", EVERY "," EXTRAS ",\"ignore_numbers\":[\"7999*\"]"},
};

/* One call under one account's settings, with its events ready to be fed. */
struct subject {
    const struct shape *shape;
    const char *variant;
    int lost; /* an event's index, or -1 */
    const struct kit_event *events[SHAPE_EVENTS];
    struct call_event made[SHAPE_EVENTS];
    size_t n;
    int64_t end; /* the last event, seconds after KIT_T0 */
    struct settings *settings;
    struct ledger_state want;
    unsigned seed; /* of a random order; 0: an enumerated one */
    int runs, wrong;
};

/* One arrival of it. */
struct arrival {
    const struct subject *subject;
    struct ledger ledger;
    int64_t now;
};

static const struct settings *settings_of(void *arg, struct str account)
{
    (void)account;
    return ((struct arrival *)arg)->subject->settings;
}

static int64_t now(void *arg)
{
    return ((struct arrival *)arg)->now;
}

static void decided(void *arg, const struct rule_call *c, const struct rule_decision *d)
{
    (void)c;
    if (d->job != NULL)
        ledger_add(&((struct arrival *)arg)->ledger, d->job);
}

static struct book *new_book(struct arrival *a)
{
    static const struct book_times times = {5, 600, 14400, 3600};
    const struct book_world world = {settings_of, kit_no_tz, now, decided, a};
    return book_new(3, &times, &world);
}

static void feed(struct book *b, struct arrival *a, size_t event, size_t slot, int64_t ms)
{
    struct book_input in = {&a->subject->made[event], STR("acme"), (int64_t)slot, ms, "live"};
    a->now = ms;
    (void)book_event(b, &in);
}

static void tell(const struct subject *s, const size_t *order, size_t n,
                 const struct ledger_state *got)
{
    char text[2000];
    fprintf(stderr, "%s; %s; event %d lost; seed %u; order", s->shape->name, s->variant, s->lost,
            s->seed);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, " %zu", order[i]);
    ledger_show(&s->want, text, sizeof text);
    fprintf(stderr, "\n want %s\n", text);
    ledger_show(got, text, sizeof text);
    fprintf(stderr, " got  %s\n", text);
}

/* The events arrive in that order, n of them (some perhaps twice), 0.2 s apart after the call's end; or
 * each at its own time, if `live`. */
static void run(struct subject *s, const size_t *order, size_t n, bool live)
{
    struct arrival a = {.subject = s};
    struct book *b = new_book(&a);
    for (size_t i = 0; i < n; i++) {
        const struct kit_event *e = s->events[order[i]];
        int64_t at = e->state == 'S' ? e->end : e->at;
        feed(b, &a, order[i], i, live ? KIT_MS(at) : KIT_MS(s->end) + (int64_t)i * 200);
    }
    a.now = KIT_MS(s->end + 20000);
    book_time(b, a.now);
    book_free(b);
    struct ledger_state got = ledger_final(&a.ledger);
    s->runs++;
    if (!ledger_same(&got, &s->want) && s->wrong++ == 0)
        tell(s, order, n, &got);
    ledger_done(&a.ledger);
}

static void run_late(void *arg, const size_t *order, size_t n)
{
    run(arg, order, n, false);
}

static void run_random(struct subject *s, unsigned seeds)
{
    for (s->seed = 1; s->seed <= seeds && s->n > 0; s->seed++) {
        size_t order[SHAPE_EVENTS + 2] = {0}, n = s->n;
        srand(s->seed);
        for (size_t i = 0; i < n; i++) {
            size_t j = (size_t)rand() % (i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        for (; n < s->n + s->seed % 3; n++) /* repetitions */
            order[n] = (size_t)rand() % s->n;
        run_late(s, order, n);
    }
    s->seed = 0;
}

static void prepare(struct subject *s, const struct shape *shape, int lost)
{
    s->shape = shape;
    s->lost = lost;
    s->n = 0;
    s->end = 0;
    const struct kit_event *e = shape->events;
    for (; e < shape->events + SHAPE_EVENTS && e->state; e++) {
        if (e - shape->events == lost)
            continue;
        int64_t at = e->state == 'S' ? e->end : e->at;
        s->end = at > s->end ? at : s->end;
        s->made[s->n] = kit_make(e, "Y");
        s->events[s->n++] = e;
    }
    reading_make(s->events, s->n, s->settings, &s->want);
}

/* As it comes, then every order up to `every` events, and random ones with repetitions. */
static void all_orders(struct subject *s, size_t every, unsigned seeds)
{
    size_t in_order[SHAPE_EVENTS];
    for (size_t i = 0; i < s->n; i++)
        in_order[i] = i;
    run(s, in_order, s->n, true);
    if (s->n <= every)
        kit_orders(s->n, run_late, s);
    run_random(s, s->n <= every ? 4 : seeds);
}

/* How thorough a test is; with ORDERS=full in the environment (and CK_FORK=no, which lifts the time limit) all
 * orders up to seven events are run everywhere. */
struct effort {
    size_t first_variant, variants;
    size_t every;
    unsigned seeds;
    bool lose; /* each event in turn, instead of none */
};

static void shape_orders(struct subject *s, const struct shape *shape, const struct effort *e,
                         int *wrong)
{
    const char *full = getenv("ORDERS");
    prepare(s, shape, -1);
    int end = e->lose ? (int)s->n : 0;
    for (int lost = e->lose ? 0 : -1; lost < end; lost++) {
        prepare(s, shape, lost);
        s->wrong = 0;
        if (s->n > 0)
            all_orders(s, full ? 7 : e->every, e->seeds);
        *wrong += s->wrong > 0;
    }
}

static void all_shapes(const struct effort *e)
{
    struct subject s = {.lost = -1};
    int wrong = 0;
    for (size_t v = e->first_variant; v < e->first_variant + e->variants; v++) {
        s.variant = variants[v].name;
        s.settings = kit_settings(variants[v].members);
        for (size_t i = 0; i < nshapes; i++)
            shape_orders(&s, &shapes[i], e, &wrong);
        settings_free(s.settings);
    }
    ck_assert_msg(wrong == 0, "%d calls end otherwise in some of %d orders", wrong, s.runs);
}

START_TEST(every_order_with_all_on)
{
    all_shapes(&(struct effort){0, 1, 7, 200, false});
}
END_TEST

START_TEST(orders_under_all_settings)
{
    all_shapes(&(struct effort){1, 2, 6, 200, false});
    all_shapes(&(struct effort){3, COUNT(variants) - 3, 4, 20, false});
}
END_TEST

START_TEST(each_event_lost_in_turn)
{
    all_shapes(&(struct effort){0, 1, 6, 100, true});
    all_shapes(&(struct effort){1, 1, 5, 100, true});
}
END_TEST

/* All but one event arrives so many seconds after the call's end; the call closes without that one, which
 * comes half an hour later. */
static struct ledger_state run_straggler(const struct subject *s, size_t late, int64_t delay)
{
    struct arrival a = {.subject = s};
    struct book *b = new_book(&a);
    for (size_t i = 0; i < s->n; i++) {
        if (i != late)
            feed(b, &a, i, i, KIT_MS(s->end + delay));
    }
    int64_t closing = book_due(b);
    a.now = closing;
    book_time(b, closing);
    feed(b, &a, late, s->n, closing + 1800 * 1000);
    book_free(b);
    struct ledger_state got = ledger_final(&a.ledger);
    ledger_done(&a.ledger);
    return got;
}

static bool is_wanted(const struct subject *s, const struct ledger_state *want,
                      const struct ledger_state *got)
{
    struct subject shown = *s;
    size_t in_order[SHAPE_EVENTS];
    if (ledger_same(got, want))
        return true;
    for (size_t i = 0; i < s->n; i++)
        in_order[i] = i;
    shown.want = *want;
    tell(&shown, in_order, s->n, got);
    return false;
}

/* It corrects type, times and employee, and says that somebody talked; clients and tasks stay as they were
 * made without it, but for a line that was not known. */
static bool late_summary_corrects(const struct subject *s, size_t summary,
                                  const struct ledger_state *before)
{
    struct ledger_state got = run_straggler(s, summary, 0), want = s->want;
    want.client = before->client;
    want.visitor = before->visitor;
    want.task = before->task;
    want.task.closed = before->task.made && want.talked.told;
    if (before->talked.told)
        want.talked = before->talked; /* the first stands, and is never undone */
    if (want.client.made &&
        want.client.source_line[0] == '\0') /* G8: filled by whatever brings it */
        memcpy(want.client.source_line, s->want.client.source_line, LEDGER_TEXT);
    return is_wanted(s, &want, &got);
}

/* design.md section 3: a call whose leg events all came over an hour late decides nothing without a summary;
 * "with its summary every leg counts". */
static bool late_legs_count(const struct subject *s, size_t summary)
{
    struct ledger_state got = run_straggler(s, summary, 7200), want = s->want;
    want.visitor = false; /* too late to be asked for */
    return is_wanted(s, &want, &got);
}

/* "may add (a recording) or correct, never undo": whose the client is, its line. */
static bool straggler_corrects(const struct subject *s, size_t late,
                               const struct ledger_state *before)
{
    struct ledger_state got = run_straggler(s, late, 0), want = *before;
    want.visitor = before->visitor;
    if (want.call.saved)
        memcpy(want.records, s->want.records, sizeof want.records);
    /* If another rule would have made it, behaviour.md leaves open whom the one that did gives it to. */
    if (want.client.made)
        memcpy(want.client.responsible,
               strcmp(want.client.rule, s->want.client.rule) == 0 ? s->want.client.responsible
                                                                  : got.client.responsible,
               LEDGER_TEXT);
    if (want.client.made)
        memcpy(want.client.source_line, s->want.client.source_line, LEDGER_TEXT);
    return is_wanted(s, &want, &got);
}

/* The state without that event, then the subject with it. */
static struct ledger_state prepare_late(struct subject *s, const struct shape *shape, int late)
{
    struct ledger_state before;
    prepare(s, shape, late);
    before = s->want;
    prepare(s, shape, -1);
    s->lost = late;
    return before;
}

static int late_events(struct subject *s, const struct shape *shape)
{
    int wrong = 0;
    for (int late = 0; shape->events[late].state; late++) {
        struct ledger_state before = prepare_late(s, shape, late);
        if (s->n < 2)
            continue; /* there was no call before it */
        if (shape->events[late].state != 'S')
            wrong += !straggler_corrects(s, (size_t)late, &before);
        else
            wrong += !late_summary_corrects(s, (size_t)late, &before) +
                     !late_legs_count(s, (size_t)late);
    }
    return wrong;
}

START_TEST(events_after_the_end)
{
    struct subject s = {.lost = -1};
    int wrong = 0;
    for (size_t v = 0; v < COUNT(variants); v++) {
        s.variant = variants[v].name;
        s.settings = kit_settings(variants[v].members);
        for (size_t i = 0; i < nshapes; i++)
            wrong += late_events(&s, &shapes[i]);
        settings_free(s.settings);
    }
    ck_assert_msg(wrong == 0, "%d calls end otherwise", wrong);
}
END_TEST

#define MIDDLE ((COUNT(variants) + 2) / 2)

START_TEST(each_event_lost_under_other_settings)
{
    all_shapes(&(struct effort){2, MIDDLE - 2, 3, 8, true});
}
END_TEST

START_TEST(each_event_lost_under_the_rest)
{
    all_shapes(&(struct effort){MIDDLE, COUNT(variants) - MIDDLE, 3, 8, true});
}
END_TEST

int main(void)
{
    return UNIT_RUN("orders", every_order_with_all_on, orders_under_all_settings,
                    each_event_lost_in_turn, each_event_lost_under_other_settings,
                    each_event_lost_under_the_rest, events_after_the_end);
}
