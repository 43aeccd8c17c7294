/*
 * The state of one looking. Pure but for memory.
 */
#include "worker/crm/look.h"

#include <stdlib.h>

#include "common/mem.h"

static const int64_t times_ms[LOOK_TIMES] = {2000, 5000, 15000, 45000};

/* A fact is copied by its codec: what is found later is written with the same members. */
static struct fact *copy_of(const struct fact *f)
{
    struct error e = ERROR_NONE;
    struct fact *copy = NULL;
    char *text CLEANUP(mem_free_text) = fact_encode(FACT_INTENT, f);
    if (fact_decode(str_of(text), &copy, &e))
        mem_out();
    return copy;
}

struct look *look_new(struct str id, const struct fact *intent, int64_t written_at, int64_t now)
{
    struct look *l = mem_alloc(1, sizeof *l);
    l->id = mem_copy(id);
    l->intent = copy_of(intent);
    l->marker = contractor_marker(str_of(intent->entry_id));
    if (!phone_from_pbx(str_of(intent->number), &l->phone))
        l->phone = (struct phone){0};
    l->since = written_at - LOOK_BACK_MS;
    l->base_at = now;
    return l;
}

void look_free(struct look *l)
{
    if (!l)
        return;
    free(l->id);
    fact_free(l->intent);
    free(l->marker);
    free(l);
}

int64_t look_at(const struct look *l)
{
    return l->base_at + times_ms[l->done < LOOK_TIMES ? l->done : LOOK_TIMES - 1];
}

const char *look_operation(const struct look *l)
{
    (void)l;
    return "client.look";
}

const char *look_path(const struct look *l)
{
    (void)l;
    return "/contractorHuman";
}

char *look_url(const struct look *l, const struct settings *s)
{
    return contractor_list_url(str_of(s->megaplan.base_url), str_of(l->page.last));
}

static void restart(struct look *l)
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
        restart(l);
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
    restart(l);
    return ++l->done < LOOK_TIMES ? LOOK_WAIT : LOOK_NOT_DONE;
}

const char *look_found(const struct look *l, bool *made)
{
    *made = l->page.marked[0] != '\0';
    return *made ? l->page.marked : l->page.numbered;
}
