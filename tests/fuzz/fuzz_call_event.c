/*
 * Fuzzes the way of a notification from its bytes to a call's meaning: lines of one digit (the kind) and
 * JSON are read, folded in the order they come and in the opposite one, and both calls must be the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mango/call_event.h"
#include "worker/calls/fold.h"
#include "worker/calls/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MAX 64

struct story {
    struct call_event events[LINES_MAX];
    size_t n;
};

static void read_story(struct str all, struct story *s)
{
    static const char *const kinds[] = {"call", "summary", "recording",   "record/added",
                                        "dtmf", "sms",     "result/route"};
    while (all.len > 0 && s->n < LINES_MAX) {
        long end = str_find(all, '\n');
        struct str line = {all.ptr, end < 0 ? all.len : (size_t)end};
        all = str_from(all, line.len + 1);
        if (line.len == 0)
            continue;
        const char *kind = kinds[(unsigned char)line.ptr[0] % (sizeof(kinds) / sizeof(*kinds))];
        if (call_event_parse(str_of(kind), str_from(line, 1), &s->events[s->n], NULL) == ERR_OK)
            s->n++;
    }
}

/* False if a ceiling was reached: what is left out then depends on the order. */
static bool fold_story(const struct story *s, bool backwards, struct fold *f)
{
    fold_init(f);
    for (size_t i = 0; i < s->n; i++) {
        const struct call_event *ev = &s->events[backwards ? s->n - 1 - i : i];
        if (fold_add(f, ev, INT64_C(1399907000000)) == FOLD_FULL)
            return false;
    }
    return true;
}

static void same_view(const struct fold *a, const struct fold *b, const struct settings *s)
{
    struct view x, y;
    view_make(&x, a, s);
    view_make(&y, b, s);
    if (a->nlegs != b->nlegs || a->nevents != b->nevents || a->nrecordings != b->nrecordings ||
        x.direction != y.direction || x.verdict != y.verdict || x.answered != y.answered ||
        x.earliest != y.earliest || x.ended != y.ended || x.talk_seconds != y.talk_seconds ||
        !str_eq(x.number_raw, y.number_raw) || !str_eq(x.line, y.line) ||
        x.first_handled.employee != y.first_handled.employee ||
        x.last_missed.employee != y.last_missed.employee)
        abort();
}

static bool any_zone(const char *name)
{
    return name[0] != '\0';
}

static const struct settings *settings(void)
{
    static const struct secret_keys keys;
    static struct settings *s;
    const struct settings_rules rules = {.timezone_known = any_zone};
    static const char json[] =
        "{\"version\":1,\"account\":\"acme\",\"timezone\":\"UTC\",\"mango\":{\"api_key\":\"k\","
        "\"api_salt\":\"s\"},\"megaplan\":{\"base_url\":\"https://acme.megaplan.ru\",\"token\":"
        "\"t\"},\"employees\":[{\"megaplan_id\":\"1\",\"name\":\"A\",\"extension\":\"123\"},"
        "{\"megaplan_id\":\"2\",\"name\":\"B\",\"extension\":\"1234\"}]}";
    if (s == NULL && settings_parse(STR(json), &rules, &keys, &s, NULL) != ERR_OK)
        abort();
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct story s; /* too large for the stack of a fuzzer */
    struct fold forward, backward;
    s.n = 0;
    read_story((struct str){(const char *)data, size}, &s);
    bool whole = fold_story(&s, false, &forward);
    whole = fold_story(&s, true, &backward) && whole;
    if (whole)
        same_view(&forward, &backward, settings());
    fold_done(&forward);
    fold_done(&backward);
    for (size_t i = 0; i < s.n; i++)
        call_event_done(&s.events[i]);
    return 0;
}
