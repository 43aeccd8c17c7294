/*
 * Lanes by kind of job.
 */
#include "worker/crm/enter.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/attr.h"
#include "worker/crm/executor_state.h"

#define LANE_NAME 160
#define RECORDINGS_TOGETHER_MS 300 /* those of one call come one upon the other */

/* By its kind; but no other topic's is as urgent as those of jobs.now. */
static int level_of(const struct work *w)
{
    _Static_assert((int)JOB_CLIENT == LANES_URGENT, "what rings is urgent");
    int level = w->topic == KAFKA_JOBS_BULK ? LANES_BULK : (int)w->job->kind;
    if ((level < LANES_URGENT) == w->urgent)
        return level;
    return w->urgent ? LANES_URGENT - 1 : LANES_URGENT;
}

struct lane_names {
    char names[LANES_PER_WORK][LANE_NAME];
    struct str list[LANES_PER_WORK];
    size_t count;
};

static void PRINTF_LIKE(2, 3) add_lane(struct lane_names *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(l->names[l->count], LANE_NAME, format, args);
    va_end(args);
    l->list[l->count] = str_of(l->names[l->count]);
    l->count++;
}

/* What rings waits only for its like of the same call. */
static bool rings(const struct job *j)
{
    return j->kind == JOB_ROUTE || j->kind == JOB_VISITOR || j->kind == JOB_POPUP;
}

/* What waits ten minutes to look once more holds nobody up, and what only asks changes nothing: no lane. */
static void name_lanes(const struct work *w, struct lane_names *l)
{
    const struct job *j = w->job;
    const char *space = w->tries ? "try" : w->urgent ? "now" : "job"; /* tries hold nobody up */
    if (j->kind == JOB_TWIN || j->kind == JOB_STAFF)
        return;
    if (rings(j)) {
        add_lane(l, "now/%s/%s", job_kind_name(j->kind), j->entry_id);
        return;
    }
    if (j->number && *j->number)
        add_lane(l, "%s/n/%s", space, j->number);
    add_lane(l, "%s/e/%s", space, j->entry_id);
    if (j->kind == JOB_CALL) /* saving waits for the pop-up that runs */
        add_lane(l, "now/%s/%s", job_kind_name(JOB_POPUP), j->entry_id);
}

void enter_lanes(struct executor *x, struct work *w)
{
    struct lane_names l = {.count = 0};
    name_lanes(w, &l);
    lanes_enter(x->lanes, &w->lane, work_account(w), l.list, l.count, level_of(w));
}

/* A pop-up whose request failed, nothing of which happened. */
static bool retries(const struct work *w)
{
    return w->job->kind == JOB_POPUP && w->act && !w->look && w->ending.step == FINISH_NOTHING;
}

/* A head that only waits for a time, or for a turn, need not wait any longer than until `at`. */
static void hurry(struct executor *x, struct work *head, int64_t at)
{
    bool rests = head->lane.state == LANES_RESTING && head->phase == WORK_QUIET &&
                 (!head->act || retries(head));
    bool wants = head->lane.state == LANES_WANTING && head->phase == WORK_WANTS && head->urgent;
    if ((rests || wants) && (!head->timer.slot || head->timer.at > at))
        agenda_set(&x->works, &head->timer, at);
}

/* A call that rests in the hope of recordings goes on when one is there; a pop-up that has not begun is
 * overtaken by what comes behind it. */
void enter_wake_heads(struct executor *x, struct work *w)
{
    enum job_kind kind = w->job->kind;
    int64_t now = executor_now(x);
    for (size_t i = 0; i < w->lane.nslots; i++) {
        struct work *head = WORK_OF(lane, lanes_head(&w->lane.slots[i]));
        if (kind == JOB_RECORD && head->job->kind == JOB_CALL)
            hurry(x, head, now + RECORDINGS_TOGETHER_MS);
        if ((kind == JOB_CALL || kind == JOB_POPUP) && head->job->kind == JOB_POPUP && head != w)
            hurry(x, head, now);
    }
}

void enter_hurry(struct executor *x, struct str account, const char *lane, enum job_kind kind)
{
    struct lanes_entry *e = lanes_head_of(x->lanes, account, str_of(lane));
    if (e && WORK_OF(lane, e)->job->kind == kind)
        hurry(x, WORK_OF(lane, e), executor_now(x));
}
