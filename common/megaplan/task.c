/*
 * Bodies, addresses and answers of tasks. Pure.
 */
#include "common/megaplan/task.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/megaplan/marker.h"
#include "common/megaplan/page.h"
#include "common/megaplan/query.h"
#include "common/megaplan/value.h"

#define STATEMENT_MAX 4096

char *task_create_url(struct str base_url)
{
    return query_url(base_url, "/task", QUERY_NONE);
}

/* "16:30 05.03.2018", the clock on the wall there. */
static void add_clock(struct buf *text, int64_t at, int offset_s)
{
    char iso[VALUE_TIME_SIZE];
    value_time_text(at, offset_s, iso);
    buf_addf(text, "%.5s %.2s.%.2s.%.4s", iso + 11, iso + 8, iso + 5, iso);
}

static void add_missed_call(struct buf *text, const struct task_new *t)
{
    buf_add_str(text, STR("Пропущенный звонок"));
    if (t->phone.len) {
        buf_add_str(text, STR(" с номера "));
        marker_add_html(text, t->phone);
    }
    if (t->line.len) {
        buf_add_str(text, STR(" на линию "));
        marker_add_html(text, t->line);
    }
    if (t->ended_at) {
        buf_add_str(text, STR(", "));
        add_clock(text, t->ended_at, t->offset_s);
    }
    buf_add_str(text, STR(". "));
}

static struct jval *statement(const struct task_new *t)
{
    struct buf text = BUF_INIT(STATEMENT_MAX);
    char *marker = marker_make(t->entry_id);
    if (t->text.len) {
        marker_add_html(&text, t->text);
        buf_add_char(&text, ' ');
    } else {
        add_missed_call(&text, t);
    }
    marker_add_html(&text, str_of(marker));
    struct jval *made = marker && !text.failed ? jval_new_text(buf_str(&text)) : NULL;
    free(marker);
    buf_done(&text);
    return made;
}

char *task_create_body(const struct task_new *t)
{
    struct jval *body = jval_new_object();
    jval_put_text(body, "contentType", STR("Task"));
    jval_put_text(body, "name", t->title);
    jval_put_bool(body, "isUrgent", false);
    jval_put_bool(body, "isTemplate", false);
    jval_put(body, "responsible", value_link("Employee", t->responsible));
    if (t->client.len)
        jval_put(body, "contractor", value_contractor(t->client, t->company));
    if (t->due_at)
        jval_put(body, "deadline", value_time(t->due_at, t->offset_s));
    jval_put(body, "statement", statement(t));
    char *text = jval_dump(body, false);
    jval_free(body);
    return text;
}

bool task_read_id(const struct answer *a, char out[LOOKUP_ID])
{
    return a->kind == ANSWER_OK && lookup_read_id(a->data, out);
}

char *task_read_url(struct str base_url, struct str id)
{
    static const char *const wanted[] = {"status"};
    struct jval *query = jval_new_object();
    jval_put(query, "fields", value_names(wanted, sizeof wanted / sizeof *wanted));
    return query_entity_url(base_url, "/task", id, query);
}

static bool is_open(const struct jval *row)
{
    static const char *const closed[] = {"done",    "completed", "cancelled",
                                         "expired", "rejected",  "template"};
    bool dropped = false;
    struct str status = jval_get_text(row, "status");
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        if (str_is(status, closed[i]))
            return false;
    return !(jval_bool(jval_get(row, "isDropped"), &dropped) && dropped);
}

bool task_read_open(const struct answer *a, bool *open)
{
    char id[LOOKUP_ID];
    if (!task_read_id(a, id) || !jval_get_text(a->data, "status").len)
        return false;
    *open = is_open(a->data);
    return true;
}

char *task_done_url(struct str base_url, struct str id)
{
    return query_part_url(base_url, "/task", id, "/doAction", QUERY_NONE);
}

char *task_done_body(void)
{
    struct jval *body = jval_new_object();
    jval_put_text(body, "action", STR("act_done"));
    jval_put_bool(body, "checkTodos", false);
    char *text = jval_dump(body, false);
    jval_free(body);
    return text;
}

static struct jval *list_query(struct str after)
{
    static const char *const wanted[] = {"statement", "timeCreated", "status"};
    struct jval *query = page_query(wanted, sizeof wanted / sizeof *wanted, "Task", after);
    jval_put(query, "sortBy", value_newest_first());
    return query;
}

char *task_list_url(struct str base_url, struct str client, bool company, struct str after)
{
    return query_part_url(base_url, company ? "/contractorCompany" : "/contractorHuman", client,
                          "/tasks", list_query(after));
}

char *task_all_url(struct str base_url, struct str after)
{
    return query_url(base_url, "/task", list_query(after));
}

struct reading {
    const struct task_search *search;
    struct task_page *page;
};

static void take_row(void *arg, const struct jval *row, const char id[LOOKUP_ID])
{
    const struct reading *r = arg;
    struct task_page *out = r->page;
    if (!marker_found_html(jval_get_text(row, "statement"), r->search->marker))
        return;
    out->nmarked++;
    if (out->found[0] && lookup_compare_ids(str_of(id), str_of(out->found)) > 0)
        return;
    memcpy(out->found, id, LOOKUP_ID);
    out->open = is_open(row);
}

bool task_read_page(const struct answer *a, const struct task_search *s, struct task_page *out)
{
    struct reading reading = {s, out};
    const struct page_reader reader = {s->since, take_row, &reading};
    return page_read(a, &reader, &out->place);
}
