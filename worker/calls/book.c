/*
 * A table of calls by account/entry_id, a list in the order of their first offsets, and a heap of one
 * timer per call: when it closes, then when it is forgotten.
 */
#include "worker/calls/book.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* uthash ends the process when memory is out; so does mem.h, with a log line. */
#define uthash_malloc(size) mem_alloc(1, (size))
#define uthash_free(p, size) free(p)
#define uthash_fatal(text) mem_out()
#include <uthash.h>
#include <utlist.h>

#define SECOND INT64_C(1000)

struct book_call {
    UT_hash_handle hh;
    struct book_call *prev, *next;
    struct fold fold;
    struct rule_memory memory;
    struct rule_cause last, summary; /* the newest event, the first summary */
    int64_t first_offset;
    int64_t opened_at, last_at, summary_at, ended_at; /* stream time, unix ms; 0 = not yet */
    int64_t due;
    int64_t skew; /* at most so much earlier would who folds the same events anew have it due, ms */
    size_t slot;  /* in the heap */
    const char *closed_by; /* NULL while open */
    bool undecided;        /* it closed with an outcome only: all events late, no summary */
    uint8_t account_len;
    uint16_t key_len;
    char key[]; /* account/entry_id */
};

struct slot {
    struct book_call *call;
};

struct book {
    int32_t partition;
    struct book_times times;
    struct book_world world;
    int64_t now;
    size_t skewed; /* open calls with a skew, and the largest of one since there are any */
    int64_t skew;
    struct book_call *table; /* by key */
    struct book_call *first; /* by first_offset */
    struct slot *heap;       /* by due, then first_offset */
    size_t count, room, open;
};

/* ---- the heap ---- */

static bool sooner(const struct book_call *a, const struct book_call *b)
{
    return a->due != b->due ? a->due < b->due : a->first_offset < b->first_offset;
}

static void heap_put(struct book *b, size_t slot, struct book_call *c)
{
    b->heap[slot].call = c;
    c->slot = slot;
}

/* Moves the call up or down to where its due time belongs. */
static void heap_fix(struct book *b, struct book_call *c)
{
    size_t at = c->slot;
    while (at > 0 && sooner(c, b->heap[(at - 1) / 2].call)) {
        heap_put(b, at, b->heap[(at - 1) / 2].call);
        at = (at - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < b->count && sooner(b->heap[child + 1].call, b->heap[child].call))
            child++;
        if (child >= b->count || !sooner(b->heap[child].call, c))
            break;
        heap_put(b, at, b->heap[child].call);
        at = child;
    }
    heap_put(b, at, c);
}

static void heap_add(struct book *b, struct book_call *c)
{
    if (b->count == b->room) {
        b->room = b->room ? b->room * 2 : 64;
        b->heap = mem_resize(b->heap, b->room, sizeof(*b->heap));
    }
    heap_put(b, b->count++, c);
    heap_fix(b, c);
}

static void heap_drop(struct book *b, struct book_call *c)
{
    struct book_call *last = b->heap[--b->count].call;
    if (last == c)
        return;
    heap_put(b, c->slot, last);
    heap_fix(b, last);
}

/* ---- calls ---- */

static struct book_call *find(struct book *b, struct str account, struct str entry_id)
{
    char key[UINT8_MAX + 1 + UINT8_MAX];
    struct book_call *c;
    size_t len = account.len + 1 + entry_id.len;
    memcpy(key, account.ptr, account.len);
    key[account.len] = '/';
    memcpy(key + account.len + 1, entry_id.ptr, entry_id.len);
    HASH_FIND(hh, b->table, key, len, c);
    return c;
}

/* An event with a received-at behind the stream time (another ingest's, or one that was still to be read
 * when the wall clock fired timers) is counted from later here than by who folds it anew without what was
 * before: book_fired must not tell him that what he finds due has fired. */
static void set_skew(struct book *b, struct book_call *c)
{
    int64_t skew = b->now - c->last.received_at;
    if (skew <= c->skew)
        return;
    if (c->skew == 0)
        b->skewed++;
    c->skew = skew;
    if (skew > b->skew)
        b->skew = skew;
}

static void end_skew(struct book *b, struct book_call *c)
{
    if (c->skew > 0 && --b->skewed == 0)
        b->skew = 0;
    c->skew = 0;
}

/* A summary settles the call; else its end counts, else its silence. */
static void set_due(const struct book *b, struct book_call *c)
{
    if (c->summary_at > 0)
        c->due = c->summary_at + b->times.settle * SECOND;
    else if (c->ended_at > 0)
        c->due = c->ended_at + b->times.ended_close * SECOND;
    else
        c->due = c->last_at + b->times.idle_close * SECOND;
}

static struct book_call *open_call(struct book *b, const struct book_input *in)
{
    struct str entry_id = in->event->entry_id;
    size_t len = in->account.len + 1 + entry_id.len;
    struct book_call *c = mem_alloc(1, sizeof *c + len);
    fold_init(&c->fold);
    memcpy(c->key, in->account.ptr, in->account.len);
    c->key[in->account.len] = '/';
    memcpy(c->key + in->account.len + 1, entry_id.ptr, entry_id.len);
    c->account_len = (uint8_t)in->account.len;
    c->key_len = (uint16_t)len;
    c->first_offset = in->offset;
    c->opened_at = c->last_at = b->now;
    set_due(b, c);
    HASH_ADD_KEYPTR(hh, b->table, c->key, len, c);
    DL_APPEND(b->first, c);
    heap_add(b, c);
    b->open++;
    return c;
}

static void forget_call(struct book *b, struct book_call *c)
{
    HASH_DELETE(hh, b->table, c);
    DL_DELETE(b->first, c);
    heap_drop(b, c);
    if (c->closed_by == NULL)
        b->open--;
    fold_done(&c->fold);
    rules_forget(&c->memory);
    free(c);
}

/* A call as the rules see it. */
static struct rule_call rule_call(const struct book *b, const struct fold *fold, struct str account,
                                  struct str entry_id, const struct rule_cause *cause)
{
    struct rule_call call = {
        .fold = fold, .account = account, .entry_id = entry_id, .cause = *cause};
    call.cause.now = b->world.now(b->world.arg);
    call.settings = b->world.settings(b->world.arg, account);
    if (call.settings != NULL)
        call.tz = b->world.tz(b->world.arg, call.settings);
    return call;
}

static struct rule_call rule_call_of(const struct book *b, const struct book_call *c,
                                     const struct rule_cause *cause)
{
    struct str key = {c->key, c->key_len};
    return rule_call(b, &c->fold, (struct str){c->key, c->account_len},
                     str_from(key, c->account_len + 1U), cause);
}

static enum decide_end decide(struct book *b, struct book_call *c, enum rule_when when,
                              bool first_summary, const struct rule_cause *cause)
{
    struct rule_call call = rule_call_of(b, c, cause);
    call.when = when;
    call.first_summary = first_summary;
    if (when != RULE_LIVE)
        call.closed_by = first_summary ? "summary" : c->closed_by;
    return decide_call(&call, &c->memory, b->world.decided, b->world.arg);
}

/* Recordings that came while the call looked internal are asked about again when more is known. */
static void ask_held(struct book *b, struct book_call *c)
{
    bool held = c->memory.record_held;
    c->memory.record_held = false; /* until one is held again */
    for (size_t i = 0; held && i < c->fold.nrecordings; i++) {
        struct rule_call call = rule_call_of(b, c, &c->last);
        call.when = RULE_BESIDE;
        call.recording = fold_text(&c->fold, c->fold.recordings[i]);
        (void)decide_call(&call, &c->memory, b->world.decided, b->world.arg);
    }
}

static void close_call(struct book *b, struct book_call *c)
{
    c->closed_by = c->summary_at > 0 ? "summary" : c->ended_at > 0 ? "ended" : "idle";
    b->open--;
    end_skew(b, c);
    c->undecided = decide(b, c, RULE_CLOSING, false, c->summary_at > 0 ? &c->summary : &c->last) ==
                   DECIDE_LATE;
    ask_held(b, c);
    c->due += b->times.remember * SECOND;
    heap_fix(b, c);
}

bool book_step(struct book *b, int64_t now)
{
    if (now > b->now)
        b->now = now;
    if (b->count == 0 || b->heap[0].call->due > b->now)
        return false;
    if (b->heap[0].call->closed_by == NULL)
        close_call(b, b->heap[0].call);
    else
        forget_call(b, b->heap[0].call);
    return true;
}

void book_time(struct book *b, int64_t now)
{
    while (book_step(b, now))
        ;
}

/* ---- events ---- */

/* Nothing else opens a call: a recording that did would hold the offset for hours. */
static bool opens(const struct call_event *ev)
{
    return ev->kind == CALL_EVENT_SUMMARY ||
           (ev->kind == CALL_EVENT_LEG && ev->state != CALL_EVENT_ON_HOLD);
}

/* Of the call, but not of its course. */
static bool is_beside(const struct call_event *ev)
{
    return ev->kind != CALL_EVENT_LEG && ev->kind != CALL_EVENT_SUMMARY;
}

static void event_of_open(struct book *b, struct book_call *c, const struct call_event *ev,
                          bool first_summary)
{
    c->last_at = b->now;
    if (first_summary) {
        c->summary_at = b->now;
        c->summary = c->last;
    }
    if (!fold_disconnected(&c->fold))
        c->ended_at = 0;
    else if (ev->kind == CALL_EVENT_LEG && ev->state == CALL_EVENT_DISCONNECTED)
        c->ended_at = b->now; /* the last leg's; what comes behind it does not put the end off */
    set_due(b, c);
    set_skew(b, c);
    heap_fix(b, c);
    if (!is_beside(ev))
        (void)decide(b, c, RULE_LIVE, false, &c->last);
}

/* A call that closed undecided, because all its events came late, is decided by its summary, or as it
 * closed once an event in time shows up. */
static void event_of_closed(struct book *b, struct book_call *c, bool first_summary)
{
    if (first_summary)
        c->summary = c->last;
    if (!c->undecided) {
        (void)decide(b, c, RULE_AFTER, first_summary, &c->last);
    } else if (first_summary || c->fold.fresh) {
        c->undecided = false;
        (void)decide(b, c, RULE_CLOSING, first_summary, &c->last);
    }
    if (first_summary)
        ask_held(b, c);
}

static struct rule_cause cause_of(const struct book *b, const struct book_input *in)
{
    struct rule_cause cause = {.partition = b->partition,
                               .offset = in->offset,
                               .received_at = in->received_at,
                               .event_at = in->event->timestamp,
                               .origin = in->origin};
    if (in->event->kind == CALL_EVENT_SUMMARY && in->event->end_time > 0)
        cause.event_at = in->event->end_time;
    return cause;
}

/* A recording or a result decides by itself, whether its call is known or not. */
static bool decide_beside(struct book *b, struct rule_call *call, struct rule_memory *memory,
                          const struct call_event *ev)
{
    call->when = RULE_BESIDE;
    if (fold_can_fetch(ev))
        call->recording = ev->recording_id;
    call->command = ev->command;
    call->result = ev->result;
    return decide_call(call, memory, b->world.decided, b->world.arg) == DECIDE_SAID;
}

static enum book_result event_of_nobody(struct book *b, const struct book_input *in)
{
    struct fold nothing;
    struct rule_memory memory = {.client = RULE_NO_CLIENT};
    const struct rule_cause cause = cause_of(b, in);
    fold_init(&nothing);
    struct rule_call call = rule_call(b, &nothing, in->account, in->event->entry_id, &cause);
    bool said = decide_beside(b, &call, &memory, in->event);
    rules_forget(&memory);
    return said ? BOOK_BESIDE : BOOK_STRANGER;
}

enum book_result book_event(struct book *b, const struct book_input *in)
{
    const struct call_event *ev = in->event;
    book_time(b, in->received_at);
    if (in->account.len > UINT8_MAX || ev->entry_id.len > UINT8_MAX)
        return BOOK_FULL;
    struct book_call *c = find(b, in->account, ev->entry_id);
    if (c == NULL && !opens(ev))
        return event_of_nobody(b, in);
    if (c == NULL)
        c = open_call(b, in);
    bool had_summary = c->fold.summary.there;
    enum fold_result folded = fold_add(&c->fold, ev, in->received_at);
    if (folded == FOLD_FULL)
        return BOOK_FULL;
    if (folded == FOLD_REPEAT && !(c->undecided && c->fold.fresh))
        return BOOK_REPEAT;
    c->last = cause_of(b, in);
    bool first_summary = !had_summary && c->fold.summary.there, open = c->closed_by == NULL;
    if (open)
        event_of_open(b, c, ev, first_summary);
    else if (!is_beside(ev))
        event_of_closed(b, c, first_summary);
    if (is_beside(ev)) {
        struct rule_call call = rule_call_of(b, c, &c->last);
        (void)decide_beside(b, &call, &c->memory, ev);
    }
    return open ? BOOK_NEW : BOOK_LATE;
}

/* ---- the whole ---- */

struct book *book_new(int32_t partition, const struct book_times *times,
                      const struct book_world *world)
{
    struct book *b = mem_alloc(1, sizeof *b);
    b->partition = partition;
    b->times = *times;
    b->world = *world;
    return b;
}

void book_free(struct book *b)
{
    if (b == NULL)
        return;
    while (b->count > 0)
        forget_call(b, b->heap[b->count - 1].call);
    free(b->heap);
    free(b);
}

int64_t book_now(const struct book *b)
{
    return b->now;
}

int64_t book_fired(const struct book *b)
{
    int64_t before = b->skewed > 0 ? book_due(b) - b->skew - 1 : b->now;
    return before < b->now ? before : b->now;
}

int64_t book_due(const struct book *b)
{
    return b->count ? b->heap[0].call->due : INT64_MAX;
}

int64_t book_due_call(const struct book *b)
{
    return b->count ? b->heap[0].call->first_offset : -1;
}

int64_t book_low(const struct book *b, int64_t next)
{
    return b->first ? b->first->first_offset : next;
}

size_t book_open(const struct book *b)
{
    return b->open;
}

size_t book_calls(const struct book *b)
{
    return b->count;
}

int64_t book_oldest(const struct book *b)
{
    for (const struct book_call *c = b->first; c != NULL && b->open > 0; c = c->next) {
        if (c->closed_by == NULL)
            return c->opened_at;
    }
    return 0;
}

size_t book_size(const struct book *b)
{
    size_t size = 0;
    for (const struct book_call *c = b->first; c != NULL; c = c->next)
        size += sizeof *c + c->key_len + fold_size(&c->fold);
    return size;
}
