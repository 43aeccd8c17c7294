/*
 * What is due without a job that asks for it: read off the facts whenever one of them came, and after a
 * restore, so that it is done whichever of two came second. Pure: memory only.
 */
#include <stdlib.h>
#include <string.h>

#include "common/jval.h"
#include "common/mem.h"
#include "worker/crm/known.h"

static const struct facts_entry *job_of(const struct facts *f, struct str account,
                                        struct str entry_id, const char *suffix)
{
    char *id CLEANUP(mem_free_text) = mem_format("%.*s:%s", STR_ARG(entry_id), suffix);
    return facts_find(f, account, str_of(id));
}

static bool is_over(const struct facts *f, struct str account, struct str entry_id,
                    const char *suffix)
{
    const struct facts_entry *e = job_of(f, account, entry_id, suffix);
    return e && (e->done || e->given_up);
}

/* The client's done fact says what is still to be filled; nearly always it is nothing. */
static struct jval *to_fill(const struct facts *f, struct str account, struct str entry_id)
{
    const struct fact *client = known_own_client(f, account, entry_id);
    struct jval *data = NULL;
    if (!client || !client->data || jval_parse(str_of(client->data), &data, NULL))
        return NULL;
    return data;
}

bool known_due_fill(const struct facts *f, struct str account, struct str entry_id)
{
    struct jval *data CLEANUP(jval_cleanup) = to_fill(f, account, entry_id);
    bool tracking = false;
    if (!jval_bool(jval_get(data, "tracking"), &tracking) || !tracking)
        return false;
    const struct facts_entry *visitor = job_of(f, account, entry_id, "visitor");
    return visitor && visitor->done && visitor->said->data &&
           !is_over(f, account, entry_id, "fill");
}

bool known_due_line(const struct facts *f, struct str account, struct str entry_id)
{
    struct jval *data CLEANUP(jval_cleanup) = to_fill(f, account, entry_id);
    return jval_get_text(data, "source_line").len && !is_over(f, account, entry_id, "fill:line");
}

const struct fact *known_due_anew(const struct facts *f, struct str account, struct str entry_id)
{
    const struct facts_entry *e = job_of(f, account, entry_id, "client");
    bool gone = e && e->done && e->forgotten && !e->said->made && e->said->data;
    return gone && !is_over(f, account, entry_id, "client:anew") ? e->said : NULL;
}

bool known_due_link(const struct facts *f, struct str account, struct str entry_id)
{
    struct known_call call;
    struct known_client client;
    return known_call(f, account, entry_id, &call) && call.saved && !call.client &&
           known_client(f, account, str_of(call.number), &client) &&
           !is_over(f, account, entry_id, "link");
}

struct links {
    const struct facts *f;
    struct str account;
    void (*visit)(void *arg, struct str entry_id);
    void *arg;
};

/* Several jobs of one call may have been its saving: told by the one that known_call shows. */
static bool take_link(void *arg, const struct facts_entry *e)
{
    const struct links *l = arg;
    struct known_call call;
    if (e->said->kind != JOB_CALL || !e->said->entry_id)
        return true;
    struct str entry_id = str_of(e->said->entry_id);
    if (known_call(l->f, l->account, entry_id, &call) && call.job_id == e->id &&
        known_due_link(l->f, l->account, entry_id))
        l->visit(l->arg, entry_id);
    return true;
}

void known_due_links(const struct facts *f, struct str account, struct str number,
                     void (*visit)(void *arg, struct str entry_id), void *arg)
{
    struct links l = {f, account, visit, arg};
    facts_of_number(f, account, number, take_link, &l);
}

int64_t known_due_twin(const struct facts *f, struct str account, struct str entry_id,
                       const char *which)
{
    const struct facts_entry *e = job_of(f, account, entry_id, which);
    return e && e->intent && !e->done && !e->given_up ? e->written_at : 0;
}
