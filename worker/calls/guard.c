/*
 * The states of the header, and the queue of messages that wait.
 */
#include "worker/calls/guard.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "worker/held.h"

/* What waits: two blocks, so that the next is there when one is done. */
#define WAITING_MESSAGES (2 * POISON_BLOCK)
#define WAITING_BYTES ((size_t)8 * 1024 * 1024)

struct guard {
    struct guard_port port;
    int32_t partition;
    struct stream *stream;
    struct poison_notes *notes; /* the stream's */
    struct held *held;
    enum {
        BEGINNING,
        OPEN,
        CAREFUL,
        NAMING,
        RUNNING,
        TAKING_BACK,
        BURYING
    } state;
    bool asked, again; /* an answer is awaited; it was no: ask again */
    bool full;
    int64_t buried; /* the offset */
    int64_t at_end; /* nothing is left to read, by the wall clock at this time; 0 no */
    int64_t time;   /* the same when the timers that run were named */
};

/* ---- commits ---- */

static void ask(struct guard *g)
{
    g->asked = true;
    g->again = false;
    stream_commit(g->stream);
    g->port.commit_now(g->port.arg, g->partition);
}

static void name_next(struct guard *g, const struct poison_name *name, bool at_end)
{
    g->time = at_end ? g->at_end : 0;
    g->notes->name = *name;
    g->state = NAMING;
    ask(g);
}

static void take_back(struct guard *g)
{
    g->notes->name = (struct poison_name){0};
    g->state = TAKING_BACK;
    ask(g);
}

static void go_on(struct guard *g)
{
    g->state = poison_careful(g->notes) ? CAREFUL : OPEN;
    stream_careful(g->stream, g->state == CAREFUL);
}

void guard_committed(struct guard *g, bool ok)
{
    if (!g->asked)
        return;
    g->asked = false;
    g->again = !ok;
    if (!ok)
        return;
    if (g->state == NAMING) {
        g->state = RUNNING;
        return;
    }
    if (g->port.turn->holder == g)
        g->port.turn->holder = NULL;
    go_on(g);
}

void guard_tick(struct guard *g)
{
    if (g->again)
        ask(g);
}

/* ---- the queue ---- */

static void pop(struct guard *g)
{
    held_pop(g->held);
    if (!g->full || held_count(g->held) > WAITING_MESSAGES / 2 ||
        held_bytes(g->held) > WAITING_BYTES / 2)
        return;
    g->full = false;
    g->port.stream.flow(g->port.stream.arg, g->partition, true);
}

static void push(struct guard *g, const struct kafka_message *m)
{
    held_push(g->held, m);
    if (g->full || (held_count(g->held) < WAITING_MESSAGES && held_bytes(g->held) < WAITING_BYTES))
        return;
    g->full = true;
    g->port.stream.flow(g->port.stream.arg, g->partition, false);
}

bool guard_wants(const struct guard *g)
{
    return !g->full && !stream_paused(g->stream);
}

/* ---- whose turn it is ---- */

/* A long backlog with a name on its blocks lets others in between. */
static void want_turn(struct guard *g)
{
    if (g->port.turn->next == NULL)
        g->port.turn->next = g;
}

static void want_no_turn(struct guard *g)
{
    if (g->port.turn->next == g)
        g->port.turn->next = NULL;
}

/* ---- not careful ---- */

static bool may_run(const struct guard *g)
{
    return g->state == OPEN && g->port.turn->holder == NULL;
}

static void run_open(struct guard *g, const struct kafka_message *m)
{
    if (g->notes->nskips > 0 && poison_skips(g->notes, m->offset))
        stream_pass(g->stream, m);
    else
        stream_message(g->stream, m);
}

static void drain(struct guard *g)
{
    const struct kafka_message *m;
    while (may_run(g) && (m = held_first(g->held)) != NULL) {
        run_open(g, m);
        pop(g);
    }
    if (may_run(g) && g->at_end > 0) {
        stream_at_end(g->stream, g->at_end);
        g->at_end = 0;
    }
    want_no_turn(g);
    if (held_first(g->held) != NULL || g->at_end > 0)
        want_turn(g);
}

/* ---- careful ---- */

static void through(struct guard *g, int64_t offset)
{
    if (poison_through(g->notes, offset))
        log_info("careful mode ends", LOG_TEXT("topic", "events"),
                 LOG_INT("partition", g->partition), LOG_INT("offset", offset));
}

/* The message had its three chances; nothing is named while its dead letter is on its way. */
static void bury(struct guard *g)
{
    const struct kafka_message *m = held_first(g->held);
    g->buried = m->offset;
    g->state = BURYING;
    stream_bury(g->stream, m);
    pop(g);
}

/* Acknowledged: whoever reads it again passes over it. */
static void buried(struct guard *g)
{
    if (!poison_buried(g->notes, g->buried))
        log_fail("too many poisonous messages to remember: this one will be found anew",
                 LOG_TEXT("topic", "events"), LOG_INT("partition", g->partition),
                 LOG_INT("offset", g->buried));
    through(g, g->buried + 1);
}

/* Nothing to do for now. */
static void rest(struct guard *g)
{
    if (g->port.turn->holder == g) {
        take_back(g);
    } else if (!poison_careful(g->notes)) {
        stream_commit(g->stream);
        go_on(g);
    }
}

static struct poison_view view_of(const struct guard *g)
{
    const struct kafka_message *first = held_first(g->held), *last = held_last(g->held);
    bool at_end = first == NULL && g->at_end > 0;
    int64_t end = last ? last->offset + 1 : POISON_NONE;
    int64_t high = g->port.high(g->port.arg, g->partition);
    return (struct poison_view){
        .block = POISON_BLOCK,
        .position = stream_position(g->stream),
        .first = first ? first->offset : POISON_NONE,
        .end = end,
        .complete = g->full || g->at_end > 0 || end >= high,
        .at_end = at_end,
        .due = first || at_end ? stream_due(g->stream, first, g->at_end) : POISON_NONE,
    };
}

/* Names it, if it is our turn. */
static void run_next(struct guard *g, const struct poison_name *name, bool at_end)
{
    struct guard_turn *turn = g->port.turn;
    if (turn->holder == g && turn->next != NULL) {
        take_back(g);
    } else if (turn->holder == g || (turn->holder == NULL && turn->next == NULL)) {
        turn->holder = g;
        name_next(g, name, at_end);
    } else {
        want_turn(g);
    }
}

/* Passes over what is in `dead`, then does the next thing that can be done. */
static void advance(struct guard *g)
{
    struct poison_name name;
    struct poison_view v = view_of(g);
    want_no_turn(g);
    enum poison_step step = poison_next(g->notes, &v, &name);
    for (; step == POISON_PASS; step = poison_next(g->notes, &v, &name)) {
        stream_pass(g->stream, held_first(g->held));
        pop(g);
        through(g, v.first + 1);
        if (!poison_careful(g->notes))
            break;
        v = view_of(g);
    }
    if (step == POISON_DONE) {
        stream_at_end(g->stream, g->at_end);
        through(g, g->port.high(g->port.arg, g->partition) + 1);
    } else if (step == POISON_BURY && g->port.turn->holder != g) {
        bury(g);
        return;
    }
    if (step == POISON_RUN)
        run_next(g, &name, v.at_end);
    else
        rest(g);
}

/* What is named and acknowledged. */
static void run(struct guard *g)
{
    const struct poison_name name = g->notes->name;
    const struct kafka_message *m = held_first(g->held);
    int64_t after = poison_after(&name, stream_position(g->stream));
    if (name.kind == POISON_NAMES_CLOSING)
        stream_fire(g->stream, g->time > 0 ? NULL : m, g->time);
    else if (name.count == 0)
        stream_at_end(g->stream, g->time);
    else
        for (; m && m->offset < name.offset + name.count; m = held_first(g->held)) {
            stream_message(g->stream, m);
            pop(g);
        }
    g->state = CAREFUL;
    if (after != POISON_NONE)
        through(g, after);
    if (poison_careful(g->notes))
        advance(g);
    else
        take_back(g);
}

void guard_turn(struct guard *g, bool stopping)
{
    stream_turn(g->stream);
    if (stopping)
        return;
    switch (g->state) {
    case OPEN:
        drain(g);
        break;
    case CAREFUL:
        advance(g);
        break;
    case RUNNING:
        run(g);
        break;
    case BURYING:
        if (stream_waiting(g->stream) > 0)
            break;
        buried(g);
        take_back(g);
        break;
    case BEGINNING:
    case NAMING:
    case TAKING_BACK:
        break;
    }
}

void guard_message(struct guard *g, const struct kafka_message *m)
{
    g->at_end = 0;
    if (may_run(g) && held_first(g->held) == NULL)
        run_open(g, m);
    else
        push(g, m);
}

void guard_at_end(struct guard *g, int64_t now)
{
    if (may_run(g) && held_first(g->held) == NULL) {
        stream_at_end(g->stream, now);
    } else if (g->state == OPEN) {
        if (stream_due(g->stream, NULL, now) >= 0)
            g->at_end = now;
    } else if (g->state == CAREFUL) {
        g->at_end = now;
        advance(g);
    }
}

/* ---- beginning and end ---- */

static void begin(struct guard *g, const struct consumer_partition *c)
{
    const struct poison_assigned assigned = {
        .who = g->port.who,
        .now = g->port.stream.now(g->port.stream.arg),
        .start = stream_start(g->stream),
        .high = c->high,
        .block = POISON_BLOCK,
    };
    poison_begin(g->notes, &assigned);
    if (poison_careful(g->notes))
        log_warn("careful mode: the process ended again and again without progress; messages are "
                 "named before they are read",
                 LOG_TEXT("topic", "events"), LOG_INT("partition", g->partition),
                 LOG_INT("ends", g->notes->ends), LOG_INT("from", g->notes->hunt.from),
                 LOG_INT("until", g->notes->hunt.until), LOG_INT("size", g->notes->hunt.size));
    ask(g);
}

struct guard *guard_new(const struct guard_port *port, const struct consumer_partition *c)
{
    struct guard *g = mem_alloc(1, sizeof *g);
    g->port = *port;
    g->partition = c->partition;
    g->stream = stream_new(&port->stream, c);
    g->notes = stream_notes(g->stream);
    g->held = held_new();
    begin(g, c);
    return g;
}

void guard_free(struct guard *g)
{
    if (g == NULL)
        return;
    if (g->port.turn->holder == g)
        g->port.turn->holder = NULL;
    want_no_turn(g);
    held_free(g->held);
    stream_free(g->stream);
    free(g);
}

void guard_end(struct guard *g)
{
    stream_turn(g->stream);
    if (g->state == BURYING && stream_waiting(g->stream) == 0)
        buried(g);
    poison_end(g->notes);
    stream_commit(g->stream);
}

const struct stream *guard_stream(const struct guard *g)
{
    return g->stream;
}
