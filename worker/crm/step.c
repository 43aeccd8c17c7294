/*
 * Steps of works and of messages, the gate's writes, and the end of a condemned message.
 */
#include "worker/crm/step.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "worker/crm/act.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/finish.h"
#include "worker/crm/record.h"
#include "worker/held.h"

struct work_answer { /* a copy */
    struct http_answer answer;
    char texts[];
};

static void run_answer(struct executor *x, struct work *w)
{
    struct work_answer *kept = w->answer;
    w->answer = NULL; /* the work may be over after this */
    act_answered(x, w, &kept->answer);
    free(kept);
}

/* Its turn has come, but no request is begun any more. */
static void put_back(struct executor *x, struct work *w)
{
    executor_return_token(x, w);
    act_want(x, w, w->act);
}

static void run(struct executor *x, struct work *w, enum step what)
{
    switch (what) {
    case STEP_TAKE: /* has no work yet */
        break;
    case STEP_JUDGE:
        executor_judge(x, w);
        break;
    case STEP_GO:
        if (x->stopping)
            put_back(x, w);
        else
            act_go(x, w);
        break;
    case STEP_DUE:
        executor_due(x, w);
        break;
    case STEP_ANSWER:
        run_answer(x, w);
        break;
    case STEP_TOLD:
        record_told(x, w);
        break;
    }
}

/* What facts say is due is nobody's message, and what is buried runs no code on its words. */
static struct gate_place *place_of(struct work *w)
{
    return w->offset < 0 || w->buried ? NULL : &w->owner->intakes[w->topic].place;
}

static void push(struct executor *x, struct work *w, enum step what)
{
    struct gate_step *s = &w->step;
    if (s->queued && what != STEP_GO)
        return;
    gate_drop(&x->gate,
              s); /* a time that came while it wanted its turn: now it has one, and a token */
    s->place = place_of(w);
    s->offset = w->offset;
    s->what = (int)what;
    s->urgent = w->urgent;
    if (what == STEP_GO)
        gate_push_first(&x->gate, s);
    else
        gate_push(&x->gate, s);
    x->goes |= what == STEP_GO;
}

void step_do(struct executor *x, struct work *w, enum step what)
{
    if (gate_open(&x->gate))
        run(x, w, what);
    else
        push(x, w, what);
}

static struct str put(char **at, struct str text)
{
    char *to = *at;
    if (text.len > 0)
        memcpy(to, text.ptr, text.len);
    *at += text.len;
    return (struct str){to, text.len};
}

void step_answer(struct executor *x, struct work *w, const struct http_answer *answer)
{
    if (gate_open(&x->gate)) {
        act_answered(x, w, answer);
        return;
    }
    struct str why = str_of(answer->why);
    struct work_answer *kept =
        mem_alloc(1, sizeof *kept + answer->body.len + answer->content_type.len + why.len + 1);
    char *at = kept->texts;
    kept->answer = *answer;
    kept->answer.body = put(&at, answer->body);
    kept->answer.content_type = put(&at, answer->content_type);
    kept->answer.why = answer->why ? put(&at, why).ptr : NULL;
    *at = '\0';
    w->answer = kept;
    push(x, w, STEP_ANSWER);
}

bool step_goes(const struct executor *x)
{
    return x->goes;
}

void step_forget(struct executor *x, struct work *w)
{
    if (w->step.queued && w->step.what == STEP_GO)
        x->goes = false;
    gate_drop(&x->gate, &w->step);
    free(w->answer);
    w->answer = NULL;
}

/* messages */

static const struct poison_notes *notes_of(const struct intake *in)
{
    return in->place.notes;
}

static bool is_skipped(const struct intake *in, int64_t offset)
{
    return notes_of(in) && notes_of(in)->nskips > 0 && poison_skips(notes_of(in), offset);
}

static bool is_condemned(const struct intake *in, int64_t offset)
{
    return notes_of(in) && poison_condemned(notes_of(in), offset);
}

/* What is left of a job that must not be decoded: its key's words and, if it has begun something that has no
 * result, what the facts say of that. */
static struct job *remains_of(const struct owner *o, const struct kafka_message *m)
{
    struct job *j = work_unreadable(m);
    char *place CLEANUP(mem_free_text) =
        mem_format("%s/%" PRId32 "/%" PRId64, kafka_topic_name(m->topic), o->partition, m->offset);
    const struct facts_entry *begun = facts_begun_at(o->facts, str_of(j->account), str_of(place));
    if (!begun)
        return j;
    free(j->id);
    free(j->entry_id);
    j->id = mem_copy(str_of(begun->id));
    j->kind = begun->said->kind;
    j->entry_id = mem_copy(str_of(begun->said->entry_id));
    j->number = begun->said->number ? mem_copy(str_of(begun->said->number)) : NULL;
    return j;
}

static void take(struct executor *x, struct owner *o, const struct kafka_message *m)
{
    const struct intake *in = &o->intakes[m->topic];
    if (is_skipped(in, m->offset))
        x->port->finished(x->port->world, m->topic, m->partition, m->offset);
    else if (is_condemned(in, m->offset))
        executor_bury(x, o, m, remains_of(o, m));
    else
        executor_decode(x, o, m);
}

static void push_next(struct executor *x, struct intake *in)
{
    const struct kafka_message *m = held_first(in->held);
    if (!m || in->step.queued)
        return;
    bool untouched = is_skipped(in, m->offset) || is_condemned(in, m->offset);
    in->step.place = untouched ? NULL : &in->place;
    in->step.offset = m->offset;
    in->step.what = STEP_TAKE;
    in->step.urgent = m->topic == KAFKA_JOBS_NOW;
    gate_push(&x->gate, &in->step);
}

static void count_held(struct executor *x, struct owner *o, bool more)
{
    o->held += more ? 1 : (size_t)-1;
    x->held += more ? 1 : (size_t)-1;
}

void step_take(struct executor *x, struct owner *o, const struct kafka_message *m)
{
    struct intake *in = &o->intakes[m->topic];
    if (gate_open(&x->gate)) {
        take(x, o, m);
        return;
    }
    if (!in->held)
        in->held = held_new();
    in->owner = o;
    held_push(in->held, m);
    count_held(x, o, true);
    push_next(x, in);
}

static void take_first(struct executor *x, struct intake *in)
{
    take(x, in->owner, held_first(in->held));
    held_pop(in->held);
    count_held(x, in->owner, false);
    push_next(x, in);
}

void step_buried(struct executor *x, struct owner *o, enum kafka_topic topic, int64_t offset)
{
    const struct gate_place *p = &o->intakes[topic].place;
    if (!poison_buried(p->notes, offset))
        log_fail("too many poisonous messages to remember: this one will be found anew",
                 LOG_TEXT("topic", kafka_topic_name(topic)), LOG_INT("partition", o->partition),
                 LOG_INT("offset", offset));
    x->port->note(x->port->world, topic, o->partition);
}

void step_leave(struct executor *x, struct owner *o)
{
    for (size_t t = 0; t < KAFKA_TOPICS; t++) {
        struct intake *in = &o->intakes[t];
        gate_drop(&x->gate, &in->step);
        for (size_t n = in->held ? held_count(in->held) : 0; n > 0; n--)
            count_held(x, o, false);
        held_free(in->held);
        in->held = NULL;
        gate_leave(&x->gate, &in->place);
    }
}

/* turns */

static void write_notes(struct executor *x)
{
    const struct gate_place *const places[] = {x->gate.before, x->gate.place};
    for (size_t i = 0; i < 2; i++)
        if (places[i])
            x->port->note(x->port->world, places[i]->topic, places[i]->partition);
    x->port->send_notes(x->port->world);
}

bool step_turn(struct executor *x)
{
    struct gate_step *s = NULL;
    if (gate_open(&x->gate))
        return false;
    switch (gate_next(&x->gate, &s)) {
    case GATE_WAITS:
        return false;
    case GATE_WRITES:
        write_notes(x);
        return false;
    case GATE_RUNS:
        break;
    }
    if (s->what == STEP_TAKE) {
        take_first(x, (struct intake *)(void *)((char *)s - offsetof(struct intake, step)));
        return true;
    }
    if (s->what == STEP_GO)
        x->goes = false;
    run(x, WORK_OF(step, s), (enum step)s->what);
    return true;
}

/* of the shards */

void step_enter(struct executor *x, struct owner *o, enum kafka_topic topic,
                struct poison_notes *notes)
{
    struct gate_place *p = &o->intakes[topic].place;
    *p = (struct gate_place){.topic = topic, .partition = o->partition, .notes = notes};
    gate_enter(&x->gate, p);
}

void step_calm(struct executor *x, struct owner *o, enum kafka_topic topic)
{
    gate_calm(&x->gate, &o->intakes[topic].place);
}

void step_noted(struct executor *x, bool ok)
{
    x->noted_badly = gate_written(&x->gate, ok);
}

void step_note_again(struct executor *x)
{
    if (!x->noted_badly)
        return;
    x->noted_badly = false;
    write_notes(x);
}
