/*
 * worker explain: one call's story, from the partitions in which it lies. What messages say, common/story knows. One thread.
 *
 * Nearly all that is read is of other calls: the key is compared before anything else is looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/story/story.h"
#include "worker/tools/explain_state.h"
#include "worker/tools/explain_tell.h"
#include "worker/tools/kit/desk.h"
#include "worker/tools/kit/plan.h"
#include "worker/tools/kit/rows.h"
#include "worker/tools/kit/sweep.h"
#include "worker/tools/tools.h"

/* What an account has of a call with that id. */
struct tale {
    struct run *run;
    char *account;
    struct story *story;
    struct explain_state *state;
    struct tale *next;
};

struct run {
    const struct config *config;
    const struct args *args;
    struct str entry;
    struct desk *desk;
    struct tale *tales; /* one, as a rule */
    struct scan_place places[3 * LIMIT_PARTITIONS];
    size_t nplaces;
    bool cut;
};

static const struct settings *settings_of(const struct run *r, const char *account)
{
    return accounts_get(desk_accounts(r->desk), str_of(account));
}

static struct jval *state_of(void *arg, const struct kafka_message *m)
{
    const struct tale *t = arg;
    return explain_state_take(t->state, settings_of(t->run, t->account), m);
}

static struct tale *tale_of(struct run *r, struct str account)
{
    struct tale *t = r->tales;
    while (t && !str_is(account, t->account))
        t = t->next;
    if (t)
        return t;
    t = mem_alloc(1, sizeof *t);
    t->run = r;
    t->account = mem_copy(account);
    t->story = story_new(account, r->entry, str_of(r->config->topic_prefix), r->args->show_phones);
    t->state = explain_state_new();
    story_states(t->story, state_of, t);
    t->next = r->tales;
    r->tales = t;
    return t;
}

static void free_tales(struct run *r)
{
    for (struct tale *t = r->tales, *next; t; t = next) {
        next = t->next;
        story_free(t->story);
        explain_state_free(t->state);
        free(t->account);
        free(t);
    }
}

/* account/ENTRY_ID, of the account that was asked for, if one was. */
static bool is_asked_for(const struct run *r, struct str key, struct str *account)
{
    size_t n = r->entry.len;
    if (key.len < n + 2 || memcmp(key.ptr + key.len - n, r->entry.ptr, n) != 0 ||
        str_find(key, '/') != (long)(key.len - n - 1))
        return false;
    *account = (struct str){key.ptr, key.len - n - 1};
    return !r->args->account || str_is(*account, r->args->account);
}

/* A job's key may be a client's number: the story looks into it. A note comes after its letter. */
static void take_dead(struct run *r, const struct kafka_message *m)
{
    long slash = str_find(m->key, '/');
    const struct str account = {m->key.ptr, slash > 0 ? (size_t)slash : 0};
    if (m->tombstone)
        for (struct tale *t = r->tales; t; t = t->next)
            story_take(t->story, m);
    else if (account.len && (!r->args->account || str_is(account, r->args->account)) &&
             m->value.len && memmem(m->value.ptr, m->value.len, r->entry.ptr, r->entry.len))
        story_take(tale_of(r, account)->story, m);
}

static void take(void *arg, const struct kafka_message *m)
{
    struct run *r = arg;
    struct str account;
    if (is_asked_for(r, m->key, &account))
        story_take(tale_of(r, account)->story, m);
    else if (m->topic == KAFKA_DEAD)
        take_dead(r, m);
}

/* ---- where it lies ---- */

static void add_places(struct run *r, const char *account)
{
    struct story_place lies[STORY_PLACES];
    size_t n = story_places(desk_layout(r->desk), str_of(account), r->entry, lies);
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t k = 0; !known && k < r->nplaces; k++)
            known =
                r->places[k].topic == lies[i].topic && r->places[k].partition == lies[i].partition;
        if (!known)
            r->places[r->nplaces++] =
                (struct scan_place){lies[i].topic, lies[i].partition, SCAN_BEGINNING, SCAN_END};
    }
}

static void add_account(void *arg, const struct settings *s)
{
    add_places(arg, s->account);
}

static enum err read_story(struct run *r, struct error *e)
{
    if (r->args->account)
        add_places(r, r->args->account);
    else
        accounts_each(desk_accounts(r->desk), add_account, r);
    const struct scan_options o = {.places = r->places,
                                   .n = r->nplaces,
                                   .from_ms = r->args->from_ms,
                                   .message = take,
                                   .arg = r};
    return r->nplaces ? sweep_read(r->desk, &o, "reading the call", &r->cut, e) : ERR_OK;
}

/* ---- what is printed ---- */

static void print_json(struct tale *t, struct jval *summary)
{
    struct jval *rows CLEANUP(jval_cleanup) = story_rows(t->story);
    for (size_t i = 0; i < jval_size(rows); i++)
        rows_print(jval_copy(jval_at(rows, i)));
    rows_print(summary);
}

static void print_words(struct tale *t, struct jval *summary)
{
    struct jval *rows CLEANUP(jval_cleanup) = story_rows(t->story);
    const struct settings *s = settings_of(t->run, t->account);
    char day[11] = "";
    struct buf out CLEANUP(buf_done) = BUF_INIT(LIMIT_JSON_BYTES);
    explain_tell_summary(summary, t->account, &out);
    for (size_t i = 0; i <= jval_size(rows); i++) {
        if (out.failed)
            mem_out();
        printf("%.*s", STR_ARG(buf_str(&out)));
        buf_reset(&out);
        if (i < jval_size(rows))
            explain_tell_row(jval_at(rows, i), s, day, &out);
    }
    jval_free(summary);
}

static int print_tale(struct run *r, struct tale *t)
{
    bool cut = r->cut || story_cut(t->story);
    struct jval *summary = story_summary(t->story);
    jval_put_text(summary, "account", str_of(t->account));
    jval_put_bool(summary, "cut", cut);
    if (r->args->json)
        print_json(t, summary);
    else
        print_words(t, summary);
    if (cut)
        plan_say("explain", "there is more than can be read at once: --from begins later");
    return rows_written("explain") ? TOOLS_DONE : TOOLS_INTERNAL;
}

static bool is_there(const struct tale *t)
{
    return !story_empty(t->story) &&
           !story_forgotten(t->story, accounts_forgotten(desk_accounts(t->run->desk)));
}

static int name_several(const struct run *r)
{
    fputs("worker explain: several accounts know such a call; name one by --account:", stderr);
    for (const struct tale *t = r->tales; t; t = t->next)
        if (is_there(t))
            fprintf(stderr, " %s", t->account);
    fputc('\n', stderr);
    return TOOLS_USAGE;
}

static int answer(struct run *r)
{
    struct tale *found = NULL;
    for (struct tale *t = r->tales; t; t = t->next) {
        if (is_there(t) && found)
            return name_several(r);
        if (is_there(t))
            found = t;
    }
    if (found)
        return print_tale(r, found);
    fprintf(stderr, "worker explain: nothing is known of a call %.*s%s%s\n", STR_ARG(r->entry),
            r->args->account ? " of " : " of any account",
            r->args->account ? r->args->account : "");
    return TOOLS_FOUND;
}

int tools_explain(const struct config *c, const struct args *a)
{
    struct run *r = mem_alloc(1, sizeof *r);
    struct error e = ERROR_NONE;
    int code;
    *r = (struct run){.config = c, .args = a, .entry = str_of(a->words[0])};
    if (r->entry.len == 0 || r->entry.len > LIMIT_ENTRY_ID)
        code = tools_misused("explain", "an entry_id has 1 to 128 bytes");
    else if (desk_open(c, DESK_ACCOUNTS | DESK_SCANNER, &r->desk, &e) || read_story(r, &e))
        code = tools_complain("explain", &e);
    else
        code = answer(r);
    free_tales(r);
    desk_close(r->desk);
    free(r);
    return code;
}
