/*
 * Helpers of the tests of worker/calls.
 */
#include "tests/unit/calls_kit.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/mem.h"

static enum call_event_location where(char c)
{
    return c == 'i'   ? CALL_EVENT_IVR
           : c == 'q' ? CALL_EVENT_QUEUE
           : c == 'a' ? CALL_EVENT_ABONENT
                      : CALL_EVENT_NOWHERE;
}

struct call_event kit_make(const struct kit_event *k, const char *entry_id)
{
    struct call_event ev = {.entry_id = str_of(entry_id), .call_id = str_of(k->call)};
    const char *states = "ACHD", *state = strchr(states, k->state);
    ev.kind = state ? CALL_EVENT_LEG : k->state == 'S' ? CALL_EVENT_SUMMARY : CALL_EVENT_RECORDING;
    ev.state = state ? (enum call_event_state)(state - states) : CALL_EVENT_APPEARED;
    ev.seq = k->seq;
    ev.timestamp = KIT_T0 + k->at;
    ev.location = where(k->where);
    ev.from.extension = str_of(k->from_ext);
    ev.from.number = str_of(k->from);
    ev.from.taken_from = str_of(k->taken);
    ev.to.extension = str_of(k->to_ext);
    ev.to.number = str_of(k->to);
    ev.line_number = str_of(k->line);
    ev.acd_group = str_of(k->group);
    ev.command_id = str_of(k->command);
    ev.callback_initiator = str_of(k->initiator);
    ev.task_id = str_of(k->task);
    ev.direction = (enum call_event_direction)k->direction;
    ev.create_time = KIT_T0 + k->at;
    ev.talk_time = k->talk ? KIT_T0 + k->talk : 0;
    ev.end_time = k->end ? KIT_T0 + k->end : 0;
    ev.disconnect_reason = k->reason;
    if (ev.kind == CALL_EVENT_RECORDING)
        ev.recording_id = str_of(k->from);
    return ev;
}

static void permute(size_t *order, size_t fixed, size_t n,
                    void (*each)(void *arg, const size_t *order, size_t n), void *arg)
{
    if (fixed == n)
        each(arg, order, n);
    for (size_t i = fixed; i < n; i++) {
        size_t kept = order[fixed];
        order[fixed] = order[i];
        order[i] = kept;
        permute(order, fixed + 1, n, each, arg);
        order[i] = order[fixed];
        order[fixed] = kept;
    }
}

void kit_orders(size_t n, void (*each)(void *arg, const size_t *order, size_t n), void *arg)
{
    size_t order[8];
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    permute(order, 0, n, each, arg);
}

static void dump_texts(const struct fold *f, const uint16_t *texts, struct buf *out)
{
    for (size_t i = 0; i < FOLD_TEXTS; i++) {
        if (texts[i])
            buf_addf(out, " %zu=%.*s", i, STR_ARG(fold_text(f, texts[i])));
    }
    buf_add_char(out, '\n');
}

void kit_dump(const struct fold *f, struct buf *out)
{
    for (size_t i = 0; i < f->nlegs; i++) {
        const struct fold_leg *leg = &f->legs[i];
        buf_addf(out, "leg %.*s %" PRId64 "\n", STR_ARG(fold_text(f, leg->call_id)), leg->first_at);
        for (size_t j = 0; j < leg->n; j++) {
            const struct fold_event *ev = &leg->events[j];
            buf_addf(out, "  %u %" PRId64 " %d %d %d %d", ev->seq, ev->at, ev->state, ev->location,
                     ev->reason, ev->dct_type);
            dump_texts(f, ev->texts, out);
        }
    }
    if (f->summary.there) {
        const struct fold_summary *s = &f->summary;
        buf_addf(out, "summary %d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %d", s->direction,
                 s->create_time, s->forward_time, s->talk_time, s->end_time, s->reason);
        dump_texts(f, s->texts, out);
    }
    for (size_t i = 0; i < f->nrecordings; i++)
        buf_addf(out, "recording %.*s\n", STR_ARG(fold_text(f, f->recordings[i])));
}

static void employee(struct settings_employee *e, const char *id, const char *name,
                     const char *extension)
{
    e->megaplan_id = mem_copy(str_of(id));
    e->name = mem_copy(str_of(name));
    e->extensions = mem_alloc(1, sizeof *e->extensions);
    e->extensions[0] = mem_copy(str_of(extension));
    e->nextensions = 1;
}

static char **list(const char *only)
{
    char **l = mem_alloc(1, sizeof *l);
    l[0] = mem_copy(str_of(only));
    return l;
}

struct settings *kit_settings(void)
{
    struct settings *s = mem_alloc(1, sizeof *s);
    s->account = mem_copy(STR("acme"));
    s->enabled = true;
    s->timezone = mem_copy(STR("Europe/Moscow"));
    s->country_code = mem_copy(STR("7"));
    s->nemployees = 3;
    s->employees = mem_alloc(3, sizeof *s->employees);
    employee(&s->employees[0], "1000005", "Петров Пётр", "101");
    employee(&s->employees[1], "1000006", "Иванова Анна", "102");
    employee(&s->employees[2], "1000007", "Сидоров Олег", "103");
    s->employees[2].numbers = mem_alloc(1, sizeof *s->employees[2].numbers);
    s->employees[2].nnumbers = 1;
    (void)phone_from_pbx(STR("79161112233"), &s->employees[2].numbers[0]);
    s->groups = list("300");
    s->ngroups = 1;
    s->create_client.incoming = true;
    s->phone_format = PHONE_FORMAT_7;
    s->route_off_hours = true;
    return s;
}

void kit_settings_free(struct settings *s)
{
    settings_free(s);
}
