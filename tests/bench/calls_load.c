/*
 * Writes calls as MANGO tells them into `events`, in the order of their arrival: incoming through the
 * menu, through a group, transferred, outgoing, missed; with recordings; about seven notifications a
 * call of MANGO's size. Every run with the same arguments writes the same calls.
 *     build/tests/bench/calls_load BROKERS PREFIX ACCOUNTS EVENTS SECONDS
 * EVENTS notifications received evenly over the last SECONDS, for ACCOUNTS accounts bench0, bench1 ...
 * The topics are made if they are missing. Prints {"events":N,"calls":N,"bytes":N}, bytes of values.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/event.h"
#include "common/kafka/producer.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/text.h"

enum {
    EMPLOYEES = 100,
    WAITING = 20000,  /* records under way */
    PER_CALL = 7,     /* notifications, about */
    DELAY_MS = 300,   /* from an event to its notification's arrival */
    TALK_STEP = 1000, /* a step's time of a thousand: after the talk */
};

enum who {
    NOBODY,
    CLIENT,
    LINE,
    FIRST, /* employee */
    SECOND
};

enum what {
    END, /* of a call's steps */
    LEG,
    STARTED,
    COMPLETED,
    ADDED,
    SUMMARY
};

struct step {
    enum what what;
    int leg;
    const char *state, *location;
    enum who from, to;
    bool taken; /* from.taken_from_call_id: the first leg */
    bool group; /* to.acd_group */
    int at;     /* seconds after the call's beginning; over TALK_STEP: and after the talk */
};

#define AFTER(s) (TALK_STEP + (s))
#define MENU(state, at)                                      \
    {                                                        \
        LEG, 0, state, "ivr", CLIENT, LINE, false, false, at \
    }
#define QUEUE(state, at)                                      \
    {                                                         \
        LEG, 0, state, "queue", CLIENT, LINE, false, true, at \
    }
#define RING(leg, state, who, at)                                \
    {                                                            \
        LEG, leg, state, "abonent", CLIENT, who, true, false, at \
    }
#define GROUP(leg, state, who, at)                              \
    {                                                           \
        LEG, leg, state, "abonent", CLIENT, who, true, true, at \
    }
#define OUT(state, at)                                            \
    {                                                             \
        LEG, 0, state, "abonent", FIRST, CLIENT, false, false, at \
    }
#define RECORD(who, at)                                               \
    {COMPLETED, 1, "", "", NOBODY, who, false, false, AFTER(at)},     \
    {                                                                 \
        ADDED, 1, "", "", NOBODY, who, false, false, AFTER((at) + 20) \
    }

/* How often out of 100, how it ends, and what is told of it. */
static const struct shape {
    int share, direction;
    bool talked;
    enum who summary;
    struct step steps[14];
} shapes[] = {
    {20,
     1,
     true,
     FIRST, /* through the menu */
     {MENU("Appeared", 0),
      MENU("Connected", 1),
      RING(1, "Appeared", FIRST, 9),
      MENU("Disconnected", 9),
      RING(1, "Connected", FIRST, 15),
      RING(1, "Disconnected", FIRST, AFTER(15)),
      {SUMMARY, .at = AFTER(16)}}},
    {10,
     1,
     true,
     FIRST, /* the same, recorded */
     {MENU("Appeared", 0),
      MENU("Connected", 1),
      RING(1, "Appeared", FIRST, 9),
      MENU("Disconnected", 9),
      RING(1, "Connected", FIRST, 15),
      {STARTED, 1, "", "", NOBODY, FIRST, false, false, 15},
      RING(1, "Disconnected", FIRST, AFTER(15)),
      {SUMMARY, .at = AFTER(16)},
      RECORD(FIRST, 17)}},
    {15,
     1,
     true,
     SECOND, /* a group rings, the second answers */
     {MENU("Appeared", 0),
      QUEUE("Connected", 2),
      GROUP(1, "Appeared", FIRST, 4),
      GROUP(1, "Disconnected", FIRST, 19),
      GROUP(2, "Appeared", SECOND, 20),
      GROUP(2, "Connected", SECOND, 26),
      QUEUE("Disconnected", 26),
      GROUP(2, "Disconnected", SECOND, AFTER(26)),
      {SUMMARY, .at = AFTER(27)}}},
    {10,
     1,
     true,
     FIRST, /* transferred with a consultation */
     {RING(0, "Appeared", FIRST, 0),
      RING(0, "Connected", FIRST, 6),
      RING(0, "OnHold", FIRST, 40),
      {LEG, 1, "Appeared", "abonent", FIRST, SECOND, false, false, 42},
      {LEG, 1, "Connected", "abonent", FIRST, SECOND, false, false, 48},
      RING(0, "Disconnected", FIRST, 60),
      RING(1, "Connected", SECOND, 60),
      RING(1, "Disconnected", SECOND, AFTER(60)),
      {SUMMARY, .at = AFTER(61)}}},
    {20,
     2,
     true,
     CLIENT, /* outgoing, recorded */
     {OUT("Appeared", 0),
      OUT("Connected", 12),
      {STARTED, 0, "", "", NOBODY, FIRST, false, false, 12},
      OUT("Disconnected", AFTER(12)),
      {SUMMARY, .at = AFTER(13)},
      RECORD(FIRST, 14)}},
    {5,
     2,
     false,
     CLIENT, /* outgoing, nobody answers */
     {OUT("Appeared", 0), OUT("Disconnected", 30), {SUMMARY, .at = 31}}},
    {10,
     1,
     false,
     FIRST, /* missed after the menu */
     {MENU("Appeared", 0),
      MENU("Connected", 1),
      RING(1, "Appeared", FIRST, 9),
      MENU("Disconnected", 9),
      RING(1, "Disconnected", FIRST, 34),
      {SUMMARY, .at = 35}}},
    {10,
     1,
     false,
     NOBODY, /* hung up in the menu */
     {MENU("Appeared", 0), MENU("Connected", 1), MENU("Disconnected", 12), {SUMMARY, .at = 13}}},
};

struct call {
    const struct shape *shape;
    int64_t begun, talk; /* unix s, s */
    uint64_t id;         /* what its identifiers are made of */
    int number, account, first, second;
};

struct happening {
    int64_t at; /* unix ms, received */
    int call, step;
};

struct load {
    struct producer *producer;
    struct loop *loop;
    struct call *calls;
    struct happening *list;
    size_t nlist, ncalls;
    int accounts;
    uint64_t dice;
    size_t failed, bytes;
};

static uint64_t throw_dice(struct load *l)
{
    l->dice ^= l->dice << 13;
    l->dice ^= l->dice >> 7;
    l->dice ^= l->dice << 17;
    return l->dice * UINT64_C(0x2545F4914F6CDD1D);
}

static int below(struct load *l, int n)
{
    return (int)(throw_dice(l) >> 33) % n;
}

static const struct shape *pick_shape(struct load *l)
{
    int dice = below(l, 100);
    size_t i = 0;
    while (dice >= shapes[i].share)
        dice -= shapes[i++].share;
    return &shapes[i];
}

static int64_t after(const struct call *c, int at)
{
    return c->begun + (at >= TALK_STEP ? at - TALK_STEP + c->talk : at);
}

static int by_time(const void *a, const void *b)
{
    const struct happening *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->call != y->call ? x->call - y->call : x->step - y->step;
}

/* Calls begin evenly over the time; what would come after it is not told: those calls are open. */
static void plan(struct load *l, size_t events, int64_t seconds)
{
    int64_t end = clock_wall_ms(), begin = end - seconds * 1000;
    size_t calls = events / (PER_CALL - 1) + 1, room = calls * 14;
    l->calls = mem_alloc(calls, sizeof *l->calls);
    l->list = mem_alloc(room, sizeof *l->list);
    for (size_t i = 0; i < calls; i++) {
        struct call *c = &l->calls[l->ncalls++];
        int64_t at = begin + (int64_t)((uint64_t)seconds * 1000 * i / calls);
        *c = (struct call){.shape = pick_shape(l), .begun = at / 1000, .id = throw_dice(l)};
        c->talk = 20 + below(l, 160);
        c->number = below(l, 10000000);
        c->account = below(l, l->accounts);
        c->first = below(l, EMPLOYEES);
        c->second = (c->first + 1 + below(l, EMPLOYEES - 1)) % EMPLOYEES;
        for (int s = 0; c->shape->steps[s].what != END; s++)
            l->list[l->nlist++] = (struct happening){
                after(c, c->shape->steps[s].at) * 1000 + DELAY_MS + below(l, 700), (int)i, s};
    }
    qsort(l->list, l->nlist, sizeof *l->list, by_time);
    while (l->nlist > 0 && l->list[l->nlist - 1].at > end)
        l->nlist--;
    if (l->nlist > events) { /* the oldest calls lose their beginnings */
        memmove(l->list, l->list + (l->nlist - events), events * sizeof *l->list);
        l->nlist = events;
    }
}

/* ---- texts ---- */

static void entry_id(const struct call *c, char out[40])
{
    (void)snprintf(out, 40, "MToxMDA4Njk%016" PRIx64 "==", c->id);
}

static void call_id(const struct call *c, int leg, char out[64])
{
    (void)snprintf(out, 64, "MToxMDA4Njk0OTo0Mjc6%016" PRIx64 "OjE2Mz%02dMQ==", c->id, leg);
}

static void party(struct buf *out, const struct call *c, enum who who)
{
    int extension = 101 + (who == FIRST ? c->first : c->second);
    if (who == CLIENT)
        buf_addf(out, "\"number\":\"7999%07d\"", c->number);
    else if (who == LINE)
        buf_addf(out, "\"number\":\"7495123456%d\"", c->account % 10);
    else if (who != NOBODY)
        buf_addf(out, "\"extension\":\"%d\",\"number\":\"sip:user%d@vpbx400%06d.mangosip.ru\"",
                 extension, extension, c->account);
}

static int sequence(const struct call *c, int step)
{
    int seq = 1;
    for (int i = 0; i < step; i++)
        seq +=
            c->shape->steps[i].what == LEG && c->shape->steps[i].leg == c->shape->steps[step].leg;
    return seq;
}

static void write_leg(struct buf *out, const struct call *c, int step)
{
    const struct step *s = &c->shape->steps[step];
    char entry[40], id[64], first[64];
    entry_id(c, entry);
    call_id(c, s->leg, id);
    call_id(c, 0, first);
    buf_addf(out,
             "{\"entry_id\":\"%s\",\"call_id\":\"%s\",\"timestamp\":%" PRId64
             ",\"seq\":%d,\"call_state\":\"%s\",\"location\":\"%s\",\"from\":{",
             entry, id, after(c, s->at), sequence(c, step), s->state, s->location);
    party(out, c, s->from);
    if (s->taken && s->leg > 0)
        buf_addf(out, ",\"taken_from_call_id\":\"%s\"", first);
    buf_add_str(out, STR("},\"to\":{"));
    party(out, c, s->to);
    buf_addf(out, ",\"line_number\":\"7495123456%d\"", c->account % 10);
    if (s->group)
        buf_add_str(out, STR(",\"acd_group\":\"900\""));
    buf_addf(out, "},\"dct\":{\"type\":0},\"sip_call_id\":\"%016" PRIx64 "-%d@10.1.2.3\"", c->id,
             s->leg);
    if (strcmp(s->state, "Disconnected") == 0)
        buf_addf(out, ",\"disconnect_reason\":%d", c->shape->talked ? 1110 : 1120);
    buf_add_char(out, '}');
}

static void write_record(struct buf *out, const struct call *c, const struct step *s)
{
    char entry[40], id[64];
    entry_id(c, entry);
    call_id(c, s->leg, id);
    buf_addf(out, "{\"recording_id\":\"MToxMDA4Njk0OToyMT%016" PRIx64 "\",\"entry_id\":\"%s\"",
             c->id, entry);
    if (s->what == ADDED)
        buf_addf(out, ",\"product_id\":400%06d,\"user_id\":%d", c->account, 1000 + c->first);
    else
        buf_addf(out,
                 ",\"recording_state\":\"%s\",\"seq\":%d,\"call_id\":\"%s\",\"extension\":\"%d\","
                 "\"recipient\":\"Cloud\"%s",
                 s->what == STARTED ? "Started" : "Completed", s->what == STARTED ? 1 : 2, id,
                 101 + c->first, s->what == STARTED ? "" : ",\"completion_code\":1000");
    buf_addf(out, ",\"timestamp\":%" PRId64 "}", after(c, s->at));
}

static void write_summary(struct buf *out, const struct call *c, const struct step *s)
{
    const struct shape *shape = c->shape;
    int64_t end = after(c, s->at) - 1;
    char entry[40];
    entry_id(c, entry);
    buf_addf(out, "{\"entry_id\":\"%s\",\"call_direction\":%d,\"from\":{", entry, shape->direction);
    party(out, c, shape->direction == 2 ? FIRST : CLIENT);
    buf_add_str(out, STR("},\"to\":{"));
    party(out, c, shape->summary);
    buf_addf(out,
             "},\"line_number\":\"7495123456%d\",\"dct\":{\"type\":0},\"create_time\":%" PRId64
             ",\"forward_time\":%" PRId64 ",\"talk_time\":%" PRId64 ",\"end_time\":%" PRId64
             ",\"entry_result\":%d,\"disconnect_reason\":%d}",
             c->account % 10, c->begun, c->begun + 1, shape->talked ? end - c->talk : 0, end,
             shape->talked, shape->talked ? 1110 : 1120);
}

/* Returns the kind. */
static const char *write_event(struct buf *out, const struct call *c, int step)
{
    const struct step *s = &c->shape->steps[step];
    switch (s->what) {
    case LEG:
        write_leg(out, c, step);
        return "call";
    case STARTED:
    case COMPLETED:
        write_record(out, c, s);
        return "recording";
    case ADDED:
        write_record(out, c, s);
        return "record/added";
    case SUMMARY:
    case END:
        break;
    }
    write_summary(out, c, s);
    return "summary";
}

/* ---- sending ---- */

static void on_report(void *arg, const struct producer_report *r)
{
    struct load *l = arg;
    l->failed += !r->delivered;
}

static void send(struct load *l, const struct happening *h)
{
    const struct call *c = &l->calls[h->call];
    char entry[40], key[80], account[16], received[TEXT_TIME_SIZE], bytes[2048];
    struct buf value = {bytes, 0, sizeof bytes, sizeof bytes - 1, false, false};
    struct error e = ERROR_NONE;
    const char *kind = write_event(&value, c, h->step);
    entry_id(c, entry);
    text_time(h->at, received);
    (void)snprintf(account, sizeof account, "bench%d", c->account);
    (void)snprintf(key, sizeof key, "%s/%s", account, entry);
    const struct kafka_header headers[] = {{EVENT_KIND, str_of(kind)},
                                           {EVENT_ORIGIN, STR(EVENT_LIVE)},
                                           {EVENT_ACCOUNT, str_of(account)},
                                           {EVENT_RECEIVED_AT, str_of(received)}};
    struct producer_record r = {.topic = KAFKA_EVENTS,
                                .partition =
                                    producer_partition(l->producer, KAFKA_EVENTS, str_of(key)),
                                .key = str_of(key),
                                .value = buf_str(&value),
                                .headers = headers,
                                .nheaders = sizeof headers / sizeof *headers,
                                .done = on_report,
                                .arg = l};
    if (value.failed || producer_send(l->producer, &r, &e) != ERR_OK)
        l->failed++;
    l->bytes += value.len;
}

static void send_all(struct load *l)
{
    struct error e = ERROR_NONE;
    for (size_t i = 0; i < l->nlist; i++) {
        send(l, &l->list[i]);
        while (producer_waiting(l->producer) >= WAITING && loop_turn(l->loop, 100, &e) == ERR_OK)
            ;
        if (i % 64 == 0 && loop_turn(l->loop, 0, &e) != ERR_OK)
            return;
    }
    while (producer_waiting(l->producer) > 0 && loop_turn(l->loop, 100, &e) == ERR_OK)
        ;
}

static size_t calls_told(struct load *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->nlist; i++) {
        struct call *c = &l->calls[l->list[i].call];
        n += c->account >= 0;
        c->account = -1;
    }
    return n;
}

int main(int argc, char **argv)
{
    struct error e = ERROR_NONE;
    struct kafka_layout layout;
    struct load l = {.dice = UINT64_C(0x9E3779B97F4A7C15)};
    int64_t accounts, events, seconds;
    static char none[] = "";
    if (argc != 6 || !num_parse(str_of(argv[3]), 1, 1000, &accounts) ||
        !num_parse(str_of(argv[4]), 1, 10000000, &events) ||
        !num_parse(str_of(argv[5]), 60, 1000000, &seconds)) {
        fputs("usage: calls_load BROKERS PREFIX ACCOUNTS EVENTS SECONDS\n", stderr);
        return 2;
    }
    struct config c = {.kafka_brokers = argv[1],
                       .kafka_properties = none,
                       .topic_prefix = argv[2],
                       .topic_partitions = 12,
                       .topic_replication = -1,
                       .topic_retention_days = 90};
    l.accounts = (int)accounts;
    plan(&l, (size_t)events, seconds);
    if (log_start("warn", "tool", &e) || kafka_topics_ensure(&c, 20000, &layout, &e) ||
        loop_new(&l.loop, &e) || producer_new(l.loop, &c, &layout, 60000, &l.producer, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return 4;
    }
    producer_gather(l.producer, true);
    send_all(&l);
    producer_free(l.producer, 1000);
    loop_free(l.loop);
    size_t sent = l.nlist - l.failed, calls = calls_told(&l);
    printf("{\"events\":%zu,\"calls\":%zu,\"bytes\":%zu}\n", sent, calls, l.bytes);
    free(l.calls);
    free(l.list);
    return l.failed ? 1 : 0;
}
