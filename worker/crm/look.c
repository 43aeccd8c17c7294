/*
 * The state of one looking. Pure but for memory.
 */
#include "worker/crm/look.h"

#include <stdlib.h>

#include "common/mem.h"

static const int64_t times_ms[LOOK_TIMES] = {2000, 5000, 15000, 45000};

static char *copy_or_null(const char *text)
{
    return text ? mem_copy(str_of(text)) : NULL;
}

void look_begin(struct look *l, const struct look_target *t, int64_t now)
{
    look_end(l);
    l->id = mem_copy(str_of(t->id));
    l->entry_id = mem_copy(str_of(t->entry_id));
    l->number = copy_or_null(t->number);
    l->responsible = copy_or_null(t->responsible);
    l->marker = contractor_marker(str_of(t->entry_id));
    if (!phone_from_pbx(str_of(t->number), &l->phone))
        l->phone = (struct phone){0};
    l->since = t->written_at - LOOK_BACK_MS;
    l->base_at = now;
}

void look_end(struct look *l)
{
    free(l->id);
    free(l->entry_id);
    free(l->number);
    free(l->responsible);
    free(l->marker);
    *l = (struct look){0};
}

bool look_is_on(const struct look *l)
{
    return l->id != NULL;
}

int64_t look_at(const struct look *l)
{
    return l->base_at + times_ms[l->done < LOOK_TIMES ? l->done : LOOK_TIMES - 1];
}

char *look_url(const struct look *l, const struct settings *s)
{
    return contractor_list_url(str_of(s->megaplan.base_url), str_of(l->page.last));
}

void look_restart(struct look *l)
{
    l->page = (struct contractor_page){0};
    l->pages = 0;
}

bool look_count(struct look *l, const struct answer *a, const struct settings *s)
{
    const struct contractor_search wanted = {.marker = str_of(l->marker),
                                             .number = l->phone,
                                             .country_code = str_of(s->country_code),
                                             .since = l->since};
    bool ended = !contractor_read_page(a, &wanted, &l->page);
    if (ended || (l->page.more && ++l->pages >= LOOK_PAGES_MAX)) {
        look_restart(l);
        return false;
    }
    return true;
}

enum look_step look_take(struct look *l, const struct answer *a, const struct settings *s)
{
    if (!look_count(l, a, s))
        return LOOK_BROKEN;
    if (l->page.marked[0])
        return LOOK_FOUND;
    if (l->page.more)
        return LOOK_MORE;
    if (l->page.numbered[0])
        return LOOK_FOUND;
    look_restart(l);
    return ++l->done < LOOK_TIMES ? LOOK_WAIT : LOOK_NOT_DONE;
}

const char *look_found(const struct look *l, bool *made)
{
    *made = l->page.marked[0] != '\0';
    return *made ? l->page.marked : l->page.numbered;
}
