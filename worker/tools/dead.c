/*
 * worker dead: the dead letters that stand, one of them with all it holds, and their way back. What a letter is, and how it
 * is sent again, common/dead knows. One thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/dead/fault.h"
#include "common/dead/filter.h"
#include "common/dead/shelf.h"
#include "common/dead/show.h"
#include "common/limits.h"
#include "common/mem.h"
#include "worker/tools/dead_send.h"
#include "worker/tools/kit/desk.h"
#include "worker/tools/kit/plan.h"
#include "worker/tools/kit/rows.h"
#include "worker/tools/kit/sweep.h"
#include "worker/tools/tools.h"

#define NOW_MS \
    5000 /* who gives no end, or this moment, means all: other hosts' clocks may be ahead */

struct run {
    const struct config *config;
    const struct args *args;
    struct desk *desk;
    struct dead_shelf *shelf;
};

static int complain(const struct error *e)
{
    return tools_complain("dead", e);
}

static void take(void *arg, const struct kafka_message *m)
{
    struct run *r = arg;
    enum dead_message ignored;
    (void)dead_shelf_take(r->shelf, m, &ignored);
}

/* Opens the desk and puts all letters that stand on the shelf. */
static enum err read_all(struct run *r, unsigned wants, struct error *e)
{
    bool cut = false;
    r->shelf = dead_shelf_new(str_of(r->config->topic_prefix), LIMIT_DEAD_READ);
    enum err err = desk_open(r->config, wants | DESK_SCANNER, &r->desk, e);
    if (!err)
        err = sweep_topic(r->desk, KAFKA_DEAD, take, r, "reading `dead`", &cut, e);
    if (!err && (cut || dead_shelf_forgot(r->shelf)))
        plan_say(
            "dead",
            "there are more letters than can be read at once; the rest comes when these are gone");
    return err;
}

static struct dead_filter filter_of(const struct args *a)
{
    bool open_end = a->to_ms >= clock_wall_ms() - NOW_MS;
    return (struct dead_filter){.account = a->account,
                                .reason = a->reason,
                                .from_ms = a->from_ms,
                                .to_ms = open_end ? 0 : a->to_ms};
}

static int no_id(const char *word)
{
    char *why CLEANUP(mem_free_text) =
        mem_format("\"%s\" is no id: partition/offset, such as 0/12", word);
    return tools_misused("dead", why);
}

static bool has_filters(const struct args *a)
{
    return a->account || a->reason || a->from_ms;
}

/* ---- list ---- */

struct listing {
    const struct run *run;
    struct dead_filter filter;
    size_t n;
};

static bool list_one(void *arg, const struct dead_letter *l)
{
    struct listing *list = arg;
    if (!dead_filter_takes(&list->filter, l))
        return true;
    struct jval *row = dead_letter_row(l, list->run->args->show_phones);
    list->n++;
    if (list->run->args->json)
        rows_print(row);
    else
        dead_send_line(row);
    return true;
}

static int list(struct run *r)
{
    struct error e = ERROR_NONE;
    struct listing all = {r, filter_of(r->args), 0};
    char count[ROWS_COUNT_SIZE];
    if (r->args->all || r->args->nwords > 1)
        return tools_misused(
            "dead", "list takes no id; it filters by --account, --reason, --from and --to");
    if (read_all(r, 0, &e))
        return complain(&e);
    dead_shelf_each(r->shelf, list_one, &all);
    if (!r->args->json && all.n)
        printf("%s dead letter%s\n", rows_count((int64_t)all.n, count), all.n == 1 ? "" : "s");
    else if (!r->args->json)
        puts("no dead letters");
    if (!rows_written("dead"))
        return TOOLS_INTERNAL;
    return all.n ? TOOLS_FOUND : TOOLS_DONE;
}

/* ---- show ---- */

struct looking {
    const struct run *run;
    struct dead_id id;
    struct jval *row;   /* NULL: not found */
    int64_t sent_again; /* unix ms; 0: it stands */
    bool forgotten;
};

static void look(void *arg, const struct kafka_message *m)
{
    struct looking *s = arg;
    struct dead_letter *l = NULL;
    struct dead_id noted;
    const struct run *r = s->run;
    if (m->offset == s->id.offset) {
        s->row = dead_show(m, str_of(r->config->topic_prefix), r->args->show_phones);
        return;
    }
    if (dead_letter_read(m, str_of(r->config->topic_prefix), &l, &noted) == DEAD_NOTE &&
        noted.partition == s->id.partition && noted.offset == s->id.offset) {
        s->forgotten = s->forgotten || dead_letter_note_forgets(m);
        s->sent_again = m->timestamp;
        (void)text_parse_time(kafka_header_get(m, "x-at"), &s->sent_again);
    }
    dead_letter_free(l);
}

static void put_sent_again(const struct looking *s)
{
    char at[TEXT_TIME_SIZE];
    text_time(s->sent_again, at);
    jval_put(s->row, "sent_again", s->sent_again ? jval_new_text(str_of(at)) : jval_new_null());
}

static void print_value(const char *name, const struct jval *v)
{
    struct str text = STR_NONE;
    int64_t n;
    if (jval_text(v, &text))
        printf("%-12s %.*s\n", name, STR_ARG(text));
    else if (jval_int(v, &n))
        printf("%-12s %lld\n", name, (long long)n);
    else
        printf("%-12s -\n", name);
}

static void print_shown(const struct jval *row)
{
    const struct dead_fault *fault = dead_fault_find(jval_get_text(row, "fault"));
    const struct jval *v, *inner;
    struct str key, name;
    void *iter = NULL, *deeper = NULL;
    while (jval_next(row, &iter, &key, &v)) {
        char *label CLEANUP(mem_free_text) = mem_copy(key);
        if (jval_type(v) != JVAL_OBJECT) {
            print_value(label, v);
            continue;
        }
        puts(label);
        while (jval_next(v, &deeper, &name, &inner)) {
            struct str text = STR_NONE;
            (void)jval_text(inner, &text);
            printf("    %.*s: %.*s\n", STR_ARG(name), STR_ARG(text));
        }
    }
    if (fault)
        printf("\nWhat it means: %s.\nWhat to do: %s.\n", fault->means, fault->remedy);
}

static int unknown(const char *id)
{
    fprintf(stderr, "worker dead: there is no dead letter %s\n", id);
    return TOOLS_FOUND;
}

static int show_found(struct looking *s)
{
    put_sent_again(s);
    if (s->run->args->json) {
        rows_print(s->row);
    } else {
        print_shown(s->row);
        jval_free(s->row);
    }
    return rows_written("dead") ? TOOLS_DONE : TOOLS_INTERNAL;
}

static int show(struct run *r)
{
    struct error e = ERROR_NONE;
    struct looking s = {.run = r};
    if (r->args->nwords != 2)
        return tools_misused("dead", "show wants one id, such as 0/12");
    if (has_filters(r->args) || r->args->all)
        return tools_misused("dead", "show takes an id alone; filters go with list and send --all");
    if (!dead_id_parse(str_of(r->args->words[1]), &s.id))
        return no_id(r->args->words[1]);
    if (desk_open(r->config, DESK_SCANNER, &r->desk, &e))
        return complain(&e);
    if (s.id.partition >= desk_layout(r->desk)->partitions[KAFKA_DEAD])
        return unknown(r->args->words[1]);
    const struct scan_place place = {KAFKA_DEAD, s.id.partition, s.id.offset, SCAN_END};
    const struct scan_options o = {.places = &place, .n = 1, .message = look, .arg = &s};
    if (sweep_read(r->desk, &o, "reading `dead`", NULL, &e)) {
        jval_free(s.row);
        return complain(&e);
    }
    if (s.row && !s.forgotten)
        return show_found(&s);
    jval_free(s.row);
    return unknown(r->args->words[1]);
}

/* ---- send ---- */

struct picking {
    struct dead_filter filter;
    struct dead_send *send;
};

static bool pick_one(void *arg, const struct dead_letter *l)
{
    struct picking *p = arg;
    if (dead_filter_takes(&p->filter, l))
        dead_send_add(p->send, l);
    return true;
}

/* How many ids name no letter that stands. */
static size_t pick_named(struct run *r, struct dead_send *send)
{
    size_t lost = 0;
    for (size_t i = 1; i < r->args->nwords; i++) {
        struct dead_id id;
        const struct dead_letter *l = NULL;
        if (dead_id_parse(str_of(r->args->words[i]), &id))
            l = dead_shelf_find(r->shelf, id);
        if (!l) {
            (void)unknown(r->args->words[i]);
            lost++;
        } else if (dead_shelf_claim(r->shelf, id)) { /* named twice, sent once */
            dead_send_add(send, l);
        }
    }
    return lost;
}

static const char *misuse(const struct args *a)
{
    if (a->all == (a->nwords > 1))
        return a->all ? "send takes ids or --all, not both" : "send what? ids, or --all";
    if (!a->all && has_filters(a))
        return "filters go with --all, not with ids";
    return NULL;
}

static int send(struct run *r)
{
    struct error e = ERROR_NONE;
    const char *why = misuse(r->args);
    size_t lost = 0;
    if (why)
        return tools_misused("dead", why);
    for (size_t i = 1; i < r->args->nwords; i++) {
        struct dead_id id;
        if (!dead_id_parse(str_of(r->args->words[i]), &id))
            return no_id(r->args->words[i]);
    }
    if (read_all(r, DESK_PRODUCER, &e))
        return complain(&e);
    struct dead_send *s = dead_send_new(r->desk, r->config, r->args);
    struct picking p = {filter_of(r->args), s};
    if (r->args->all)
        dead_shelf_each(r->shelf, pick_one, &p);
    else
        lost = pick_named(r, s);
    int code = dead_send_run(s, lost);
    dead_send_free(s);
    return code;
}

int tools_dead(const struct config *c, const struct args *a)
{
    static const struct {
        const char *name;
        int (*run)(struct run *r);
    } actions[] = {{"list", list}, {"show", show}, {"send", send}};
    struct run r = {.config = c, .args = a};
    int code = TOOLS_USAGE;
    size_t i = 0;
    while (i < 3 && strcmp(actions[i].name, a->words[0]) != 0)
        i++;
    code = i < 3 ? actions[i].run(&r) : tools_misused("dead", "list, show or send?");
    desk_close(r.desk);
    dead_shelf_free(r.shelf);
    return code;
}
