/*
 * Links to a call's recordings.
 */
#include "worker/crm/links.h"

#include <stdlib.h>

#include "common/mango/recording.h"
#include "common/mem.h"
#include "worker/crm/executor_state.h"
#include "worker/crm/known.h"

#define DAY_S 86400

char *links_of_job(const struct executor *x, const struct work *w)
{
    const struct settings *s = executor_settings_of(x, w);
    struct str recording = work_text(w, "recording_id");
    if (!s || !recording.len)
        return NULL;
    int64_t made_at = w->job->event_at ? w->job->event_at : w->job->received_at / 1000;
    made_at = work_int(w, "recorded_at", made_at);
    const struct recording r = {.base_url = str_of(s->mango.base_url),
                                .api_key = str_of(s->mango.api_key),
                                .api_salt = str_of(s->mango.api_salt),
                                .id = recording,
                                .expires = made_at + s->record_link_days * DAY_S};
    return recording_link(&r);
}

bool links_have(const char *const *list, size_t n, const char *link)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(str_of(list[i]), link))
            return true;
    return false;
}

/* Takes the text over. */
static void add(struct links *l, char *link)
{
    if (!link || l->count == LINKS_MAX ||
        links_have((const char *const *)l->list, l->count, link)) {
        free(link);
        return;
    }
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 2;
        l->list = mem_resize(l->list, l->room, sizeof *l->list);
    }
    l->list[l->count++] = link;
}

static void add_known(void *arg, const char *link)
{
    add(arg, mem_copy(str_of(link)));
}

void links_own(const struct executor *x, const struct work *w, struct links *out)
{
    *out = (struct links){0};
    add(out, links_of_job(x, w));
}

void links_gather(const struct executor *x, struct work *w, struct links *out)
{
    *out = (struct links){0};
    known_links(w->owner->facts, work_account(w), str_of(w->job->entry_id), add_known, out);
    if (w->job->kind == JOB_RECORD)
        add(out, links_of_job(x, w));
    for (size_t i = 0; i < w->lane.nslots; i++)
        for (struct lanes_slot *s = w->lane.slots[i].next; s; s = s->next) {
            const struct work *behind = WORK_OF(lane, s->entry);
            if (behind->job->kind == JOB_RECORD &&
                str_is(str_of(behind->job->entry_id), w->job->entry_id))
                add(out, links_of_job(x, behind));
        }
}

void links_done(struct links *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->list[i]);
    free(l->list);
    *l = (struct links){0};
}
