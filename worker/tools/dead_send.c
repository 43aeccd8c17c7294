/*
 * Letters go in batches: one ends before the next begins, so that Ctrl-C leaves the rest as it stands.
 */
#include "worker/tools/dead_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/dead/again.h"
#include "common/limits.h"
#include "common/mem.h"
#include "worker/tools/kit/plan.h"
#include "worker/tools/kit/rows.h"
#include "worker/tools/tools.h"

struct item {
    struct dead_id id;
    char *account;
    struct jval *row;
};

struct dead_send {
    struct desk *desk;
    const struct config *config;
    const struct args *args;
    char *who;
    struct item *items;
    size_t n, sent, refused;
    size_t first, end; /* the batch on its way */
    bool unaudited;
};

struct dead_send *dead_send_new(struct desk *d, const struct config *c, const struct args *a)
{
    struct dead_send *s = mem_alloc(1, sizeof *s);
    *s = (struct dead_send){.desk = d, .config = c, .args = a, .who = desk_runner("dead")};
    return s;
}

void dead_send_free(struct dead_send *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        free(s->items[i].account);
        jval_free(s->items[i].row);
    }
    free(s->items);
    free(s->who);
    free(s);
}

void dead_send_add(struct dead_send *s, const struct dead_letter *l)
{
    s->items = mem_resize(s->items, s->n + 1, sizeof *s->items);
    s->items[s->n++] = (struct item){l->id, mem_copy(str_of(l->account)),
                                     dead_letter_row(l, s->args->show_phones)};
}

void dead_send_line(struct jval *row)
{
    struct str kind = jval_get_text(row, "kind"), entry = jval_get_text(row, "entry_id"),
               why = jval_get_text(row, "refused_because"), done = jval_get_text(row, "action");
    int64_t status = 0, tries = 0;
    if (done.len)
        printf("%-8.*s ", STR_ARG(done));
    printf("%-10.*s %.*s  %.*s  %.*s", STR_ARG(jval_get_text(row, "id")),
           STR_ARG(jval_get_text(row, "at")), STR_ARG(jval_get_text(row, "account")),
           STR_ARG(jval_get_text(row, "topic")));
    printf("%s%.*s  %.*s", kind.len ? "/" : "", STR_ARG(kind),
           STR_ARG(jval_get_text(row, "fault")));
    if (jval_int(jval_get(row, "http_status"), &status))
        printf(" %" PRId64, status);
    if (jval_int(jval_get(row, "tries"), &tries) && tries)
        printf("  %" PRId64 " tr%s", tries, tries == 1 ? "y" : "ies");
    if (entry.len)
        printf("  call %.*s", STR_ARG(entry));
    printf("  %.*s\n", STR_ARG(why.len ? why : jval_get_text(row, "reason")));
    jval_free(row);
}

static void print_item(struct dead_send *s, struct item *i, const char *why)
{
    struct jval *row = i->row;
    i->row = NULL;
    jval_put_text(row, "action", str_of(why ? "refused" : "sent"));
    jval_put(row, "refused_because", why ? jval_new_text(str_of(why)) : jval_new_null());
    if (s->args->json)
        rows_print(row);
    else
        dead_send_line(row);
}

static void tell_audit(struct dead_send *s, const char *account, const struct jval *ids)
{
    struct error e = ERROR_NONE;
    struct audit_record record;
    dead_again_audit(account, s->who, ids, clock_wall_ms(), &record);
    if (desk_send(s->desk, &record.record, &e)) {
        s->unaudited = true;
        plan_say("dead", "%s: sent again, but without an audit record: %s", account, e.text);
    }
    audit_record_done(&record);
}

/* One record for each account of the batch. */
static void audit(struct dead_send *s, const bool *sent)
{
    for (size_t i = s->first; i < s->end; i++) {
        const char *account = s->items[i].account;
        bool first = *account != '\0';
        for (size_t k = s->first; first && k < i; k++)
            first = strcmp(s->items[k].account, account) != 0;
        struct jval *ids = jval_new_array();
        for (size_t k = i; first && k < s->end; k++) {
            char id[DEAD_ID_SIZE];
            dead_id_write(s->items[k].id, id);
            if (sent[k - s->first] && strcmp(s->items[k].account, account) == 0)
                jval_append(ids, jval_new_text(str_of(id)));
        }
        if (jval_size(ids))
            tell_audit(s, account, ids);
        jval_free(ids);
    }
}

struct batch {
    struct dead_send *send;
    bool sent[LIMIT_DEAD_AT_ONCE];
    bool ended;
};

static void on_sent(void *arg, const struct dead_again_result *list, size_t n)
{
    struct batch *b = arg;
    struct dead_send *s = b->send;
    for (size_t i = 0; i < n; i++) {
        b->sent[i] = !list[i].why;
        s->sent += !list[i].why;
        s->refused += list[i].why != NULL;
        print_item(s, &s->items[s->first + i], list[i].why);
    }
    b->ended = true;
}

/* The letters of first to end. Its ends come by themselves, within the scanner's and the producer's times. */
static enum err send_batch(struct dead_send *s, struct error *e)
{
    struct dead_id ids[LIMIT_DEAD_AT_ONCE];
    struct batch b = {.send = s};
    enum err err = ERR_OK;
    for (size_t i = s->first; i < s->end; i++)
        ids[i - s->first] = s->items[i].id;
    (void)dead_again(&(const struct dead_again_options){.loop = desk_loop(s->desk),
                                                        .scanner = desk_scanner(s->desk),
                                                        .producer = desk_producer(s->desk),
                                                        .layout = desk_layout(s->desk),
                                                        .prefix = str_of(s->config->topic_prefix),
                                                        .who = str_of(s->who),
                                                        .ids = ids,
                                                        .n = s->end - s->first,
                                                        .done = on_sent,
                                                        .arg = &b});
    while (!b.ended && !err)
        err = desk_turn(s->desk, 100, e);
    (void)fflush(stdout); /* what came of these is seen before the next */
    if (!err)
        audit(s, b.sent);
    return err;
}

static int by_place(const void *x, const void *y)
{
    struct dead_id a = ((const struct item *)x)->id, b = ((const struct item *)y)->id;
    if (a.partition != b.partition)
        return a.partition < b.partition ? -1 : 1;
    return a.offset < b.offset ? -1 : a.offset > b.offset;
}

static void summarize(const struct dead_send *s, size_t lost)
{
    if (s->args->json) {
        struct jval *summary = jval_new_object(), *row = jval_new_object();
        jval_put_int(summary, "sent", (int64_t)s->sent);
        jval_put_int(summary, "refused", (int64_t)s->refused);
        jval_put_int(summary, "unknown", (int64_t)lost);
        jval_put_int(summary, "left", (int64_t)(s->n - s->sent - s->refused));
        jval_put(row, "summary", summary);
        rows_print(row);
        return;
    }
    printf("%zu sent again, %zu refused", s->sent, s->refused);
    if (s->n > s->sent + s->refused)
        printf("; stopped: %zu stand as before, the same command goes on with them",
               s->n - s->sent - s->refused);
    puts("");
}

static int result(const struct dead_send *s, size_t lost)
{
    if (!rows_written("dead"))
        return TOOLS_INTERNAL;
    if (s->sent == s->n && lost == 0 && !s->unaudited)
        return TOOLS_DONE;
    return s->n ? TOOLS_PARTLY : TOOLS_FOUND;
}

static void say_plan(const struct dead_send *s)
{
    size_t events = 0;
    for (size_t i = 0; i < s->n; i++)
        events += str_is(jval_get_text(s->items[i].row, "topic"), "events");
    plan_say("dead", "%zu go again to where they came from: %zu events, %zu jobs", s->n, events,
             s->n - events);
}

int dead_send_run(struct dead_send *s, size_t lost)
{
    struct error e = ERROR_NONE;
    say_plan(s);
    if (!plan_agreed("dead", s->args, s->n))
        return TOOLS_USAGE;
    if (s->n)
        qsort(s->items, s->n, sizeof *s->items, by_place);
    while (s->end < s->n && !desk_stopped(s->desk)) {
        s->first = s->end;
        s->end = s->n - s->first > LIMIT_DEAD_AT_ONCE ? s->first + LIMIT_DEAD_AT_ONCE : s->n;
        if (send_batch(s, &e))
            return tools_complain("dead", &e);
    }
    summarize(s, lost);
    return result(s, lost);
}
