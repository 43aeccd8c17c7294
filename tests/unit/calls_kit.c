/*
 * Helpers of the tests of worker/calls.
 */
#include "tests/unit/calls_kit.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/mem.h"
#include "tests/unit/unit.h"

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
    ev.dct_number = str_of(k->dct);
    ev.dct_type = k->dct != NULL;
    ev.direction = (enum call_event_direction)k->direction;
    ev.create_time = KIT_T0 + k->at;
    ev.talk_time = k->talk ? KIT_T0 + k->talk : 0;
    ev.end_time = k->end ? KIT_T0 + k->end : 0;
    ev.disconnect_reason = k->reason;
    if (ev.kind == CALL_EVENT_RECORDING)
        ev.recording_id = str_of(k->from);
    if (ev.kind == CALL_EVENT_RECORDING)
        ev.recording_state = CALL_EVENT_RECORDING_COMPLETED;
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

static bool known(const char *name)
{
    return strcmp(name, "Europe/Moscow") == 0;
}

struct settings *kit_settings(const char *more)
{
    static const struct secret_keys keys;
    const struct settings_rules rules = {.timezone_known = known};
    struct error e = ERROR_NONE;
    struct settings *s = NULL;
    char *json = mem_format(
        "{\"version\":1,\"account\":\"acme\",\"timezone\":\"Europe/Moscow\","
        "\"enabled\":%s,\"mango\":{\"api_key\":\"k\",\"api_salt\":\"s\"},"
        "\"megaplan\":{\"base_url\":\"https://acme.megaplan.ru\",\"token\":\"t\"},"
        "\"employees\":["
        "{\"megaplan_id\":\"1000005\",\"name\":\"Петров Пётр\",\"extension\":\"101\"},"
        "{\"megaplan_id\":\"1000006\",\"name\":\"Иванова Анна\",\"extension\":\"102\"},"
        "{\"megaplan_id\":\"1000007\",\"name\":\"Сидоров Олег\",\"extension\":\"103\","
        "\"numbers\":[\"79161112233\"]}],\"groups\":[\"300\"],%s}",
        more && strstr(more, "switched off") ? "false" : "true",
        more && !strstr(more, "switched off") ? more : "\"create_client\":{\"incoming\":true}");
    ck_assert_msg(settings_parse(str_of(json), &rules, &keys, &s, &e) == ERR_OK, "%s", e.text);
    free(json);
    return s;
}

const struct tz *kit_no_tz(void *arg, const struct settings *s)
{
    (void)arg;
    (void)s;
    return NULL;
}
