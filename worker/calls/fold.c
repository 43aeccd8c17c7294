/*
 * Keeps a call's events sorted, so that every reading of them is the same in any order of arrival.
 */
#include "worker/calls/fold.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

#define POOL_MAX UINT16_MAX
#define POOL_FOR_LEGS \
    (POOL_MAX - 4096) /* what is left is the summary's: a long call has one, too */
#define POOL_STEP 128
#define RECORDINGS_MAX 1024

void fold_init(struct fold *f)
{
    memset(f, 0, sizeof *f);
}

void fold_done(struct fold *f)
{
    for (size_t i = 0; i < f->nlegs; i++)
        free(f->legs[i].events);
    free(f->legs);
    free(f->recordings);
    free(f->pool);
    fold_init(f);
}

/* A text lies as one byte of length and its bytes; its number is the place behind that byte. */
struct str fold_text(const struct fold *f, uint16_t text)
{
    if (text == 0)
        return STR_NONE;
    return (struct str){f->pool + text, (unsigned char)f->pool[text - 1]};
}

/* The pool grows by steps, or every text of a call would be an allocation. */
static size_t pool_room(size_t used)
{
    return (used + POOL_STEP - 1) / POOL_STEP * POOL_STEP;
}

/* The number of a text, added if it is new. False if the pool would hold more than max. */
static bool intern(struct fold *f, struct str s, size_t max, uint16_t *out)
{
    *out = 0;
    if (s.len == 0)
        return true;
    for (size_t at = 0; at < f->pool_used; at += 1U + (unsigned char)f->pool[at]) {
        if (str_eq(fold_text(f, (uint16_t)(at + 1)), s)) {
            *out = (uint16_t)(at + 1);
            return true;
        }
    }
    if (s.len > UINT8_MAX || f->pool_used + s.len + 1 > max)
        return false;
    if (pool_room(f->pool_used) != pool_room(f->pool_used + s.len + 1))
        f->pool = mem_resize(f->pool, pool_room(f->pool_used + s.len + 1), 1);
    f->pool[f->pool_used] = (char)(unsigned char)s.len;
    memcpy(f->pool + f->pool_used + 1, s.ptr, s.len);
    *out = (uint16_t)(f->pool_used + 1);
    f->pool_used = (uint16_t)(f->pool_used + s.len + 1);
    return true;
}

static bool intern_all(struct fold *f, const struct call_event *ev, size_t max,
                       uint16_t out[FOLD_TEXTS])
{
    const struct str texts[FOLD_TEXTS] = {
        [FOLD_FROM_EXTENSION] = ev->from.extension,
        [FOLD_FROM_NUMBER] = ev->from.number,
        [FOLD_TAKEN_FROM] = ev->from.taken_from,
        [FOLD_TO_EXTENSION] = ev->to.extension,
        [FOLD_TO_NUMBER] = ev->to.number,
        [FOLD_LINE] = ev->line_number,
        [FOLD_GROUP] = ev->acd_group,
        [FOLD_COMMAND] = ev->command_id,
        [FOLD_INITIATOR] = ev->callback_initiator,
        [FOLD_TASK] = ev->task_id,
        [FOLD_DCT_NUMBER] = ev->dct_number,
    };
    for (size_t i = 0; i < FOLD_TEXTS; i++) {
        if (!intern(f, texts[i], max, &out[i]))
            return false;
    }
    return true;
}

static int order(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int order_texts(const struct fold *f, const uint16_t *a, const uint16_t *b)
{
    int c = 0;
    for (size_t i = 0; i < FOLD_TEXTS && c == 0; i++)
        c = a[i] == b[i] ? 0 : str_cmp(fold_text(f, a[i]), fold_text(f, b[i]));
    return c;
}

/* Where an event stands in its leg; equal means that it is the same event. */
static int order_identity(const struct fold_event *a, const struct fold_event *b)
{
    int c = order(a->seq, b->seq);
    if (c != 0 || a->seq != 0)
        return c;
    c = order(a->at, b->at);
    return c ? c : order(a->state, b->state);
}

/* Which of two different events that claim one place stays. */
static int order_content(const struct fold *f, const struct fold_event *a,
                         const struct fold_event *b)
{
    int c = order(a->at, b->at);
    if (c == 0)
        c = order(a->state, b->state);
    if (c == 0)
        c = order(a->location, b->location);
    if (c == 0)
        c = order(a->reason, b->reason);
    if (c == 0)
        c = order(a->dct_type, b->dct_type);
    return c ? c : order_texts(f, a->texts, b->texts);
}

static struct fold_leg *find_leg(struct fold *f, uint16_t call_id)
{
    for (size_t i = 0; i < f->nlegs; i++) {
        if (f->legs[i].call_id == call_id)
            return &f->legs[i];
    }
    return NULL;
}

static void set_first_at(struct fold_leg *leg)
{
    leg->first_at = INT64_MAX;
    for (size_t i = 0; i < leg->n; i++) {
        if (leg->events[i].at > 0 && leg->events[i].at < leg->first_at)
            leg->first_at = leg->events[i].at;
    }
}

/* Puts the leg, whose first event may have got an earlier time, where it belongs. */
static void sort_legs(struct fold *f)
{
    for (size_t i = 1; i < f->nlegs; i++) {
        struct fold_leg leg = f->legs[i];
        size_t to = i;
        for (; to > 0; to--) {
            const struct fold_leg *before = &f->legs[to - 1];
            int c = order(before->first_at, leg.first_at);
            if (c == 0)
                c = str_cmp(fold_text(f, before->call_id), fold_text(f, leg.call_id));
            if (c <= 0)
                break;
            f->legs[to] = *before;
        }
        f->legs[to] = leg;
    }
}

static enum fold_result put_event(struct fold *f, struct fold_leg *leg,
                                  const struct fold_event *new)
{
    size_t at = leg->n;
    while (at > 0 && order_identity(new, &leg->events[at - 1]) < 0)
        at--;
    if (at > 0 && order_identity(new, &leg->events[at - 1]) == 0) {
        if (order_content(f, new, &leg->events[at - 1]) >= 0)
            return FOLD_REPEAT;
        leg->events[at - 1] = *new;
    } else if (f->nevents >= LIMIT_EVENTS_PER_CALL) {
        return FOLD_FULL;
    } else {
        leg->events = mem_resize(leg->events, leg->n + 1U, sizeof *leg->events);
        memmove(&leg->events[at + 1], &leg->events[at], (leg->n - at) * sizeof *leg->events);
        leg->events[at] = *new;
        leg->n++;
        f->nevents++;
    }
    set_first_at(leg);
    sort_legs(f);
    return FOLD_NEW;
}

static bool is_fresh(const struct call_event *ev, int64_t received_at)
{
    return ev->timestamp == 0 || received_at / 1000 - ev->timestamp <= FOLD_LATE_S;
}

static uint8_t dct_type_of(const struct call_event *ev)
{
    return ev->dct_type > UINT8_MAX ? UINT8_MAX : (uint8_t)ev->dct_type;
}

static uint16_t reason_of(const struct call_event *ev)
{
    return ev->disconnect_reason > UINT16_MAX ? UINT16_MAX : (uint16_t)ev->disconnect_reason;
}

static enum fold_result add_leg_event(struct fold *f, const struct call_event *ev)
{
    struct fold_event new = {
        .at = ev->timestamp,
        .seq = (uint32_t)ev->seq,
        .state = (uint8_t)ev->state,
        .location = (uint8_t)ev->location,
        .dct_type = dct_type_of(ev),
        .reason = reason_of(ev),
    };
    uint16_t call_id;
    if (!intern(f, ev->call_id, POOL_FOR_LEGS, &call_id) ||
        !intern_all(f, ev, POOL_FOR_LEGS, new.texts))
        return FOLD_FULL;
    struct fold_leg *leg = find_leg(f, call_id);
    if (leg == NULL) {
        if (f->nlegs >= LIMIT_LEGS_PER_CALL || f->nevents >= LIMIT_EVENTS_PER_CALL)
            return FOLD_FULL;
        f->legs = mem_resize(f->legs, f->nlegs + 1U, sizeof *f->legs);
        leg = &f->legs[f->nlegs++];
        *leg = (struct fold_leg){.call_id = call_id};
    }
    return put_event(f, leg, &new);
}

/* The later end wins; what follows only makes the choice the same in any order. */
static int order_summaries(const struct fold *f, const struct fold_summary *a,
                           const struct fold_summary *b)
{
    int c = order(a->end_time, b->end_time);
    if (c == 0)
        c = order(a->talk_time, b->talk_time);
    if (c == 0)
        c = order(a->create_time, b->create_time);
    if (c == 0)
        c = order(a->direction, b->direction);
    if (c == 0)
        c = order(a->forward_time, b->forward_time);
    if (c == 0)
        c = order(a->reason, b->reason);
    if (c == 0)
        c = order(a->dct_type, b->dct_type);
    return c ? c : order_texts(f, a->texts, b->texts);
}

static enum fold_result add_summary(struct fold *f, const struct call_event *ev)
{
    struct fold_summary new = {
        .there = true,
        .direction = (int8_t)ev->direction,
        .create_time = ev->create_time,
        .forward_time = ev->forward_time,
        .talk_time = ev->talk_time,
        .end_time = ev->end_time,
        .reason = reason_of(ev),
        .dct_type = dct_type_of(ev),
    };
    if (!intern_all(f, ev, POOL_MAX, new.texts))
        return FOLD_FULL;
    if (f->summary.there && order_summaries(f, &new, &f->summary) <= 0)
        return FOLD_REPEAT;
    f->summary = new;
    return FOLD_NEW;
}

bool fold_can_fetch(const struct call_event *ev)
{
    if (ev->recording_id.len == 0)
        return false;
    if (ev->kind == CALL_EVENT_RECORD_ADDED)
        return true;
    return ev->kind == CALL_EVENT_RECORDING &&
           ev->recording_state == CALL_EVENT_RECORDING_COMPLETED &&
           (ev->completion_code == 0 || ev->completion_code == 1000) &&
           !str_is(ev->recipient, "Mail");
}

static enum fold_result add_recording(struct fold *f, const struct call_event *ev)
{
    uint16_t text;
    size_t at = f->nrecordings;
    if (!fold_can_fetch(ev))
        return FOLD_NEW;
    if (!intern(f, ev->recording_id, POOL_FOR_LEGS, &text))
        return FOLD_FULL;
    for (size_t i = 0; i < f->nrecordings; i++) {
        if (f->recordings[i] == text)
            return FOLD_REPEAT;
    }
    if (f->nrecordings >= RECORDINGS_MAX)
        return FOLD_FULL;
    f->recordings = mem_resize(f->recordings, f->nrecordings + 1U, sizeof *f->recordings);
    for (; at > 0; at--) {
        if (str_cmp(fold_text(f, f->recordings[at - 1]), fold_text(f, text)) < 0)
            break;
        f->recordings[at] = f->recordings[at - 1];
    }
    f->recordings[at] = text;
    f->nrecordings++;
    return FOLD_NEW;
}

static enum fold_result add(struct fold *f, const struct call_event *ev)
{
    switch (ev->kind) {
    case CALL_EVENT_LEG:
        return add_leg_event(f, ev);
    case CALL_EVENT_SUMMARY:
        return add_summary(f, ev);
    case CALL_EVENT_RECORDING:
    case CALL_EVENT_RECORD_ADDED:
        return add_recording(f, ev);
    case CALL_EVENT_DTMF:
    case CALL_EVENT_RESULT:
        return FOLD_NEW; /* of the call, but nothing to keep */
    case CALL_EVENT_OTHER:
        break;
    }
    return FOLD_REPEAT;
}

enum fold_result fold_add(struct fold *f, const struct call_event *ev, int64_t received_at)
{
    uint16_t used = f->pool_used;
    enum fold_result result = add(f, ev);
    if (result != FOLD_NEW)
        f->pool_used = used; /* nothing refers to what has been put behind it */
    if (result != FOLD_FULL && ev->kind == CALL_EVENT_LEG)
        f->fresh = f->fresh || is_fresh(ev, received_at);
    return result;
}

bool fold_disconnected(const struct fold *f)
{
    for (size_t i = 0; i < f->nlegs; i++) {
        bool ended = false;
        for (size_t j = 0; j < f->legs[i].n; j++)
            ended = ended || f->legs[i].events[j].state == CALL_EVENT_DISCONNECTED;
        if (!ended)
            return false;
    }
    return f->nlegs > 0;
}

size_t fold_size(const struct fold *f)
{
    size_t size = pool_room(f->pool_used) + f->nlegs * sizeof *f->legs +
                  f->nrecordings * sizeof *f->recordings;
    return size + f->nevents * sizeof(struct fold_event);
}
