/*
 * Helpers of the tests of the rules.
 */
#include "tests/unit/rules_kit.h"

#include <stdlib.h>

#include "common/tz_file.h"

struct rules_kit kit;

void rules_kit_begin(const char *more)
{
    if (kit.told.data == NULL)
        kit.told = BUF_INIT(100000);
    settings_free(kit.settings);
    rules_forget(&kit.memory);
    kit.settings = kit_settings(more);
    kit.received = kit.event_at = kit.now = 60;
    kit.origin = "live";
    kit.first_summary = false;
    kit.recording = kit.command = STR_NONE;
    buf_reset(&kit.told);
}

void rules_kit_note(void *arg, const struct rule_call *c, const struct rule_decision *d)
{
    struct buf *b = arg;
    buf_addf(b, "%s", d->rule);
    if (d->job == NULL) {
        buf_addf(b, " %s: %s\n", d->result ? d->result : "none", d->reason);
        return;
    }
    ck_assert_str_eq(d->job->reason, d->reason);
    ck_assert_str_eq(d->job->account, "acme");
    ck_assert(str_eq(c->entry_id, STR("e1")));
    buf_addf(b, " %s %s %s", d->job->id, d->employee ? d->employee : "-",
             d->job->number ? d->job->number : "-");
    if (d->job->verdict != JOB_VERDICT_NONE)
        buf_addf(b, " %s", job_verdict_name(d->job->verdict));
    buf_add_char(b, '\n');
    free(kit.data);
    kit.data = jval_dump(d->job->data, true);
    kit.deadline = d->job->deadline;
}

enum decide_end rules_kit_decide(const struct kit_event *events, size_t n, enum rule_when when,
                                 const char *closed_by)
{
    struct fold f;
    struct tz *z = NULL;
    fold_init(&f);
    ck_assert(tz_file_load("Europe/Moscow", &z, NULL) == ERR_OK);
    for (size_t i = 0; i < n && events[i].state; i++) {
        struct call_event ev = kit_make(&events[i], "e1");
        ck_assert_int_eq(fold_add(&f, &ev, KIT_MS(events[i].at)), FOLD_NEW);
    }
    struct rule_call c = {.fold = &f,
                          .settings = kit.settings,
                          .tz = z,
                          .account = STR("acme"),
                          .entry_id = STR("e1"),
                          .when = when,
                          .closed_by = closed_by,
                          .first_summary = kit.first_summary,
                          .recording = kit.recording,
                          .command = kit.command,
                          .result = kit.result,
                          .cause = {3, 1234, KIT_MS(kit.received), KIT_T0 + kit.event_at,
                                    KIT_MS(kit.now), kit.origin}};
    buf_reset(&kit.told);
    enum decide_end end = decide_call(&c, &kit.memory, rules_kit_note, &kit.told);
    fold_done(&f);
    tz_free(z);
    return end;
}

const char *rules_kit_one(const char *more, struct kit_event ev, int64_t now)
{
    rules_kit_begin(more);
    kit.now = now;
    (void)rules_kit_decide(&ev, 1, RULE_LIVE, NULL);
    return kit.told.len ? kit.told.data : "";
}

/* `all` with what was told last behind it becomes what was told. */
static const char *tell(struct buf *all)
{
    buf_done(&kit.told);
    kit.told = *all;
    return kit.told.data ? kit.told.data : "";
}

const char *rules_kit_story(const char *more, const struct kit_event events[MAX])
{
    bool summary = false;
    struct buf all = BUF_INIT(100000);
    rules_kit_begin(more);
    (void)rules_kit_decide(events, MAX, RULE_LIVE, NULL);
    buf_add_str(&all, buf_str(&kit.told));
    for (size_t i = 0; i < MAX; i++)
        summary = summary || events[i].state == 'S';
    (void)rules_kit_decide(events, MAX, RULE_CLOSING, summary ? "summary" : "ended");
    buf_add_str(&all, buf_str(&kit.told));
    return tell(&all);
}

const char *rules_kit_live(const struct kit_event *events, size_t n)
{
    struct buf all = BUF_INIT(100000);
    for (size_t i = 1; i <= n; i++) {
        (void)rules_kit_decide(events, i, RULE_LIVE, NULL);
        buf_add_str(&all, buf_str(&kit.told));
    }
    return tell(&all);
}
