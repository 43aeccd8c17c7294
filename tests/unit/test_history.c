/* Calls of MANGO's history: direction, times, who was put through; and the notifications they become, which must be read
 * as MANGO's own. */
#include "common/reconcile/history.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/reconcile/history_events.h"
#include "tests/unit/fault.h"
#include "tests/unit/unit.h"

#define T0 INT64_C(1795000000)
#define CLIENT "79161234567"

static struct buf csv = {.max = 1 << 20};
static struct history_query_legs legs;
static struct history h;

/* A line; times from T0, -1: none. */
static void leg(const char *entry, int start, int answer, int finish, const char *from,
                const char *to, const char *place)
{
    const char *const way[] = {from, to};
    buf_addf(&csv, ";%lld;%lld;%lld", (long long)(T0 + start),
             (long long)(finish < 0 ? 0 : T0 + finish), (long long)(answer < 0 ? 0 : T0 + answer));
    for (int i = 0; i < 2; i++) {
        bool extension = strlen(way[i]) == 3;
        buf_addf(&csv, ";%s;%s", extension ? way[i] : "", extension ? "sip:u@h" : way[i]);
    }
    buf_addf(&csv, ";1110;74951234567;%s;0;%s\n", place, entry);
}

static void build(void)
{
    struct error e = ERROR_NONE;
    ck_assert_int_eq(history_query_read(buf_str(&csv), &legs, &e), ERR_OK);
    ck_assert_uint_eq(legs.unreadable, 0);
    ck_assert_int_eq(history_build(legs.all, legs.count, &h, &e), ERR_OK);
}

static void done(void)
{
    history_done(&h);
    history_query_done(&legs);
    buf_done(&csv);
}

static const struct history_call *only(void)
{
    build();
    ck_assert_uint_eq(h.count, 1);
    return &h.calls[0];
}

/* All events of a call, one in a line: kind, state, time, from, to. What is read is what call_event reads. */
static void tell(const struct history_call *c, struct buf *out)
{
    struct error e = ERROR_NONE;
    size_t n = history_events_count(c);
    for (size_t i = 0; i < n; i++) {
        static const char *const states[] = {"Appeared", "Connected", "OnHold", "Disconnected"};
        struct history_event told;
        struct call_event ev;
        ck_assert(history_events_write(c, i, &told));
        ck_assert_msg(call_event_parse(str_of(told.kind), str_of(told.json), &ev, &e) == ERR_OK,
                      "%s: %s", told.json, e.text);
        ck_assert(str_eq(ev.entry_id, c->entry_id));
        ck_assert_int_eq(i == n - 1, ev.kind == CALL_EVENT_SUMMARY);
        if (ev.kind == CALL_EVENT_LEG)
            buf_addf(out, "%.*s %lld %s %lld %.*s>%.*s\n", STR_ARG(ev.call_id), (long long)ev.seq,
                     states[ev.state], (long long)(ev.timestamp - T0),
                     STR_ARG(ev.from.extension.len ? ev.from.extension : ev.from.number),
                     STR_ARG(ev.to.extension.len ? ev.to.extension : ev.to.number));
        else if (ev.kind == CALL_EVENT_RECORD_ADDED)
            buf_addf(out, "%.*s %lld\n", STR_ARG(ev.recording_id), (long long)(ev.timestamp - T0));
        else
            buf_addf(out, "summary %d %.*s>%.*s %lld %lld %lld\n", (int)ev.direction,
                     STR_ARG(ev.from.extension.len ? ev.from.extension : ev.from.number),
                     STR_ARG(ev.to.extension.len ? ev.to.extension : ev.to.number),
                     (long long)(ev.create_time - T0),
                     (long long)(ev.talk_time ? ev.talk_time - T0 : 0),
                     (long long)(ev.end_time - T0));
        call_event_done(&ev);
        free(told.json);
    }
}

static void tells(const struct history_call *c, const char *wanted)
{
    struct buf out = BUF_INIT(1 << 16);
    tell(c, &out);
    ck_assert_str_eq(out.data, wanted);
    buf_done(&out);
}

START_TEST(answered_at_once)
{
    leg("e", 0, 8, 30, CLIENT, "123", "abonent");
    const struct history_call *c = only();
    ck_assert_str_eq(history_direction(c), "incoming");
    ck_assert_text(c->number, CLIENT);
    ck_assert_int_eq(c->began, T0);
    ck_assert_int_eq(c->ended, T0 + 30);
    ck_assert_int_eq(c->talked_at, T0 + 8);
    tells(c, "e~h1 1 Appeared 0 " CLIENT ">123\n"
             "e~h1 2 Connected 8 " CLIENT ">123\n"
             "e~h1 3 Disconnected 30 " CLIENT ">123\n"
             "summary 1 " CLIENT ">123 0 8 30\n");
    done();
}
END_TEST

START_TEST(through_the_menu_and_a_queue)
{
    leg("e", 3, -1, 29, CLIENT, "124", "abonent");
    leg("e", 0, 1, 3, CLIENT, "74951234567", "ivr"); /* a menu answers */
    leg("e", 3, -1, 29, CLIENT, "125", "abonent");
    leg("e", 2, -1, 30, CLIENT, "303", "queue");
    const struct history_call *c = only();
    ck_assert_uint_eq(c->nlegs, 4);
    ck_assert_int_eq(c->talked_at, 0);
    tells(c, "e~h1 1 Appeared 0 " CLIENT ">74951234567\n"
             "e~h1 2 Connected 1 " CLIENT ">74951234567\n"
             "e~h1 3 Disconnected 3 " CLIENT ">74951234567\n"
             "e~h2 1 Appeared 2 " CLIENT ">303\n"
             "e~h2 2 Disconnected 30 " CLIENT ">303\n"
             "e~h3 1 Appeared 3 " CLIENT ">124\n"
             "e~h3 2 Disconnected 29 " CLIENT ">124\n"
             "e~h4 1 Appeared 3 " CLIENT ">125\n"
             "e~h4 2 Disconnected 29 " CLIENT ">125\n"
             "summary 1 " CLIENT ">124 0 0 30\n");
    done();
}
END_TEST

START_TEST(nobody_was_rung)
{
    leg("menu", 0, 1, 30, CLIENT, "74951234567", ""); /* MANGO does not say where */
    leg("queue", 5, -1, 30, "", "303", "queue");
    build();
    ck_assert_uint_eq(h.count, 2);
    tells(&h.calls[0], "menu~h1 1 Appeared 0 " CLIENT ">74951234567\n"
                       "menu~h1 2 Connected 1 " CLIENT ">74951234567\n"
                       "menu~h1 3 Disconnected 30 " CLIENT ">74951234567\n"
                       "summary 1 " CLIENT "> 0 0 30\n");
    ck_assert_text(h.calls[1].number, ""); /* hidden */
    tells(&h.calls[1], "queue~h1 1 Appeared 5 >303\n"
                       "queue~h1 2 Disconnected 30 >303\n"
                       "summary 1 >303 5 0 30\n");
    ck_assert_ptr_eq(history_find(&h, STR("queue")), &h.calls[1]);
    ck_assert_ptr_null(history_find(&h, STR("que")));
    done();
}
END_TEST

START_TEST(outgoing_and_internal)
{
    leg("out", 0, 7, 30, "123", CLIENT, "abonent");
    leg("fail", 1, -1, 30, "123", CLIENT, "");
    leg("in", 2, 5, 30, "123", "124", "abonent");
    build();
    ck_assert_str_eq(history_direction(&h.calls[0]), "outgoing");
    ck_assert_text(h.calls[0].number, CLIENT);
    tells(&h.calls[0], "out~h1 1 Appeared 0 123>" CLIENT "\n"
                       "out~h1 2 Connected 7 123>" CLIENT "\n"
                       "out~h1 3 Disconnected 30 123>" CLIENT "\n"
                       "summary 2 123>" CLIENT " 0 7 30\n");
    tells(&h.calls[1], "fail~h1 1 Appeared 1 123>" CLIENT "\n"
                       "fail~h1 2 Disconnected 30 123>" CLIENT "\n"
                       "summary 2 123>" CLIENT " 1 0 30\n");
    ck_assert_str_eq(history_direction(&h.calls[2]), "internal");
    ck_assert_text(h.calls[2].number, "");
    tells(&h.calls[2], "in~h1 1 Appeared 2 123>124\n"
                       "in~h1 2 Connected 5 123>124\n"
                       "in~h1 3 Disconnected 30 123>124\n"
                       "summary 0 123>124 2 5 30\n");
    done();
}
END_TEST

START_TEST(a_callback)
{
    leg("e", 0, 4, 30, CLIENT, "123", "abonent");
    leg("e", 5, 12, 30, "123", CLIENT, "abonent");
    const struct history_call *c = only();
    ck_assert_str_eq(history_direction(c), "outgoing");
    ck_assert(c->legs[0].callback);
    ck_assert(!c->legs[1].callback);
    ck_assert_int_eq(c->talked_at, T0 + 12);
    struct history_event first;
    ck_assert(history_events_write(c, 0, &first));
    ck_assert_ptr_nonnull(strstr(first.json, "\"callback_initiator\":\"history\""));
    free(first.json);
    done();
    /* Another number is dialled: a call that was passed on. */
    leg("e", 0, 4, 30, CLIENT, "123", "abonent");
    leg("e", 5, 12, 30, "123", "79990000000", "abonent");
    c = only();
    ck_assert_str_eq(history_direction(c), "incoming");
    ck_assert(!c->legs[0].callback);
    done();
}
END_TEST

START_TEST(put_through_to_a_colleague)
{
    leg("e", 0, 5, 20, CLIENT, "123", "abonent");
    leg("e", 10, 14, 40, "123", "124", "abonent");
    leg("e", 30, 35, 60, "124", "125", "abonent");
    const struct history_call *c = only();
    tells(c, "e~h1 1 Appeared 0 " CLIENT ">123\n"
             "e~h1 2 Connected 5 " CLIENT ">123\n"
             "e~h1 3 Disconnected 20 " CLIENT ">123\n"
             "e~h2 1 Appeared 10 123>124\n"
             "e~h2 2 Connected 14 123>124\n"
             "e~h2 3 Connected 20 " CLIENT ">124\n"
             "e~h2 4 Disconnected 40 " CLIENT ">124\n"
             "e~h3 1 Appeared 30 124>125\n"
             "e~h3 2 Connected 35 124>125\n"
             "e~h3 3 Connected 40 " CLIENT ">125\n"
             "e~h3 4 Disconnected 60 " CLIENT ">125\n"
             "summary 1 " CLIENT ">125 0 5 60\n");
    done();
}
END_TEST

START_TEST(asked_only_or_blindly)
{
    leg("asked", 0, 5, 40, CLIENT, "123", "abonent");
    leg("asked", 10, 14, 20, "123", "124", "abonent");
    leg("blind", 1, 5, 13, CLIENT, "123", "abonent");
    leg("blind", 12, 18, 40, "123", "124", "abonent");
    leg("unanswered", 2, 5, 13, CLIENT, "123", "abonent");
    leg("unanswered", 12, -1, 40, "123", "124", "abonent");
    leg("later", 3, 5, 13, CLIENT, "123", "abonent");
    leg("later", 20, 25, 40, "123", "124", "abonent"); /* what became of the client meanwhile? */
    leg("out", 4, 5, 20, "123", CLIENT, "abonent");
    leg("out", 15, 18, 40, "123", "124", "abonent");
    build();
    ck_assert_uint_eq(h.count, 5);
    ck_assert_int_eq(h.calls[0].legs[1].put_through_at, 0);
    ck_assert_int_eq(h.calls[1].legs[1].put_through_at, T0 + 18);
    ck_assert_int_eq(h.calls[2].legs[1].put_through_at, 0);
    ck_assert_int_eq(h.calls[3].legs[1].put_through_at, 0);
    ck_assert_int_eq(h.calls[4].legs[1].put_through_at, T0 + 20);
    tells(&h.calls[4], "out~h1 1 Appeared 4 123>" CLIENT "\n"
                       "out~h1 2 Connected 5 123>" CLIENT "\n"
                       "out~h1 3 Disconnected 20 123>" CLIENT "\n"
                       "out~h2 1 Appeared 15 123>124\n"
                       "out~h2 2 Connected 18 123>124\n"
                       "out~h2 3 Connected 20 " CLIENT ">124\n"
                       "out~h2 4 Disconnected 40 " CLIENT ">124\n"
                       "summary 2 123>" CLIENT " 4 5 40\n");
    done();
}
END_TEST

START_TEST(recordings_once_each)
{
    buf_addf(&csv, "[a,b];1795000000;1795000020;1795000005;;7;1;;;;abonent;0;e\n"
                   "[b,c];1795000010;1795000030;1795000012;;7;2;;;;abonent;0;e\n");
    const struct history_call *c = only();
    ck_assert_uint_eq(history_events_count(c), 3 + 3 + 3 + 1);
    struct str id;
    int64_t at;
    static const char *const wanted[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++) {
        ck_assert(history_record(c, i, &id, &at));
        ck_assert_text(id, wanted[i]);
        ck_assert_int_eq(at, i < 2 ? T0 + 20 : T0 + 30);
    }
    ck_assert(!history_record(c, 3, &id, &at));
    done();
}
END_TEST

/* The same lines in another order, some of them twice. */
START_TEST(the_same_whatever_the_order)
{
    struct buf first = BUF_INIT(1 << 16), second = BUF_INIT(1 << 16);
    leg("b", 0, 5, 20, CLIENT, "123", "abonent");
    leg("a", 0, 5, 20, CLIENT, "123", "abonent");
    leg("a", 0, 5, 20, CLIENT, "124", "abonent");
    build();
    ck_assert_uint_eq(h.count, 2);
    tell(&h.calls[0], &first);
    done();
    leg("a", 0, 5, 20, CLIENT, "124", "abonent");
    leg("a", 0, 5, 20, CLIENT, "123", "abonent");
    leg("b", 0, 5, 20, CLIENT, "123", "abonent");
    leg("a", 0, 5, 20, CLIENT, "124", "abonent");
    build();
    ck_assert_text(h.calls[0].entry_id, "a");
    ck_assert_uint_eq(h.calls[0].nlegs, 2);
    tell(&h.calls[0], &second);
    ck_assert_str_eq(first.data, second.data);
    done();
    buf_done(&first);
    buf_done(&second);
}
END_TEST

START_TEST(a_leg_that_goes_on)
{
    leg("e", 0, 5, 20, CLIENT, "123", "abonent");
    leg("e", 19, 21, -1, CLIENT, "124", "abonent");
    ck_assert_int_eq(only()->ended, 0);
    done();
}
END_TEST

/* Names of 128 bytes, and more legs than a call may have. */
START_TEST(large_calls)
{
    struct history_event ev;
    struct error e = ERROR_NONE;
    struct call_event read;
    char entry[129];
    memset(entry, 'e', sizeof entry - 1);
    entry[128] = '\0';
    for (int i = 0; i < 1100; i++)
        leg(entry, i, -1, i + 1, CLIENT, "123", "abonent");
    const struct history_call *c = only();
    size_t n = history_events_count(c);
    ck_assert_uint_eq(n, 2 * 1024 + 1);
    ck_assert(history_events_write(c, n - 2, &ev));
    ck_assert_int_eq(call_event_parse(STR("call"), str_of(ev.json), &read, &e), ERR_OK);
    ck_assert_uint_le(read.call_id.len, 128);
    ck_assert(str_ends(read.call_id, STR("~h1024")));
    call_event_done(&read);
    free(ev.json);
    done();
}
END_TEST

static bool build_starved(void *arg)
{
    struct error e = ERROR_NONE;
    struct history other;
    (void)arg;
    enum err err = history_build(legs.all, legs.count, &other, &e);
    history_done(&other);
    return err == ERR_INTERNAL;
}

static bool write_starved(void *arg)
{
    struct history_event ev = {NULL, NULL};
    bool written = history_events_write(arg, 0, &ev);
    free(ev.json);
    return !written;
}

START_TEST(no_memory)
{
    leg("e", 0, 5, 20, CLIENT, "123", "abonent");
    const struct history_call *c = only();
    fault_walk(build_starved, NULL);
    fault_walk(write_starved, (void *)(uintptr_t)c);
    done();
}
END_TEST

START_TEST(no_calls)
{
    struct error e = ERROR_NONE;
    ck_assert_int_eq(history_build(NULL, 0, &h, &e), ERR_OK);
    ck_assert_uint_eq(h.count, 0);
    history_done(&h);
}
END_TEST

int main(void)
{
    return UNIT_RUN("history", answered_at_once, through_the_menu_and_a_queue, nobody_was_rung,
                    outgoing_and_internal, a_callback, put_through_to_a_colleague,
                    asked_only_or_blindly, recordings_once_each, the_same_whatever_the_order,
                    a_leg_that_goes_on, large_calls, no_memory, no_calls);
}
