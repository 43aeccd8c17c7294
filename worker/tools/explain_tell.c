/*
 * Words. What a row's members are, common/story/row.c says. Pure.
 *
 *   2026-11-22 (UTC)
 *   15:10:01.500  MANGO: Connected (abonent) from *******4567 to 101 Anna, 1.5 s after it happened
 *                   -> incoming, talking: 101 Anna
 *   15:10:01.503  rule G3, client at once when an employee handles a new number's call: sent
 *                   job E:client, for Anna: "..."
 */
#include "worker/tools/explain_tell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "worker/calls/rules.h"

#define INDENT "                "

static struct str get(const struct jval *row, const char *key)
{
    return jval_get_text(row, key);
}

static void add_name(struct buf *out, const struct settings *s, struct str id)
{
    char *terminated CLEANUP(mem_free_text) = mem_copy(id);
    const struct settings_employee *who = s ? settings_employee_by_id(s, terminated) : NULL;
    if (who && *who->name)
        buf_addf(out, "%s (%s)", who->name, terminated);
    else
        buf_addf(out, "employee %s", terminated);
}

static void add_extension(struct buf *out, const struct settings *s, struct str extension)
{
    const struct settings_employee *who = s ? settings_employee_of(s, extension) : NULL;
    buf_addf(out, "%.*s", STR_ARG(extension));
    if (who && *who->name)
        buf_addf(out, " %s", who->name);
}

/* ---- events ---- */

static void add_party(struct buf *out, const struct jval *d, const char *name,
                      const struct settings *s)
{
    char *key CLEANUP(mem_free_text) = mem_format("%s_extension", name);
    struct str extension = get(d, key), number = get(d, name);
    if (!extension.len && !number.len)
        return;
    buf_addf(out, " %s ", name);
    if (extension.len)
        add_extension(out, s, extension);
    else
        buf_add_str(out, number);
}

static void add_delay(struct buf *out, const struct jval *d)
{
    int64_t happened, came;
    if (!text_parse_time(get(d, "event_at"), &happened) ||
        !text_parse_time(get(d, "received_at"), &came))
        return;
    int64_t ms = came - happened;
    if (ms >= 0)
        buf_addf(out, ", came %" PRId64 ".%" PRId64 " s after", ms / 1000, ms % 1000 / 100);
}

static void add_people(struct buf *out, const struct jval *state, const char *key,
                       const struct settings *s)
{
    const struct jval *list = jval_get(state, key);
    for (size_t i = 0; i < jval_size(list); i++) {
        struct str extension = STR_NONE;
        (void)jval_text(jval_at(list, i), &extension);
        if (i == 0)
            buf_addf(out, ", %s: ", key);
        else
            buf_add_str(out, STR(", "));
        add_extension(out, s, extension);
    }
}

static bool is_true(const struct jval *row, const char *key)
{
    bool b = false;
    (void)jval_bool(jval_get(row, key), &b);
    return b;
}

static void add_state(struct buf *out, const struct jval *state, const struct settings *s)
{
    struct str counted = get(state, "counted"), kind = get(state, "kind");
    if (!state)
        return;
    buf_addf(
        out, INDENT "-> %.*s",
        STR_ARG(get(state, "direction").len ? get(state, "direction") : STR("direction unknown")));
    if (kind.len)
        buf_addf(out, ", %.*s", STR_ARG(kind));
    if (is_true(state, "menu"))
        buf_add_str(out, STR(", in the menu"));
    if (is_true(state, "queue"))
        buf_add_str(out, STR(", in a group's queue"));
    add_people(out, state, "ringing", s);
    add_people(out, state, "talking", s);
    add_people(out, state, "held", s);
    if (is_true(state, "over"))
        buf_add_str(out, is_true(state, "summary") ? STR(", over") : STR(", all legs ended"));
    if (str_is(counted, "repeat"))
        buf_add_str(out, STR(" (a repetition: nothing new)"));
    if (str_is(counted, "full"))
        buf_add_str(out, STR(" (not counted: the call has too many events)"));
    buf_add_char(out, '\n');
}

static void tell_event(const struct jval *row, const struct settings *s, struct buf *out)
{
    const struct jval *d = jval_get(row, "details");
    struct str where = get(d, "location"), reason = get(row, "reason"), origin = get(d, "origin");
    buf_addf(out, "MANGO: %.*s", STR_ARG(get(row, "what")));
    if (where.len)
        buf_addf(out, " (%.*s)", STR_ARG(where));
    add_party(out, d, "from", s);
    add_party(out, d, "to", s);
    if (get(d, "line").len)
        buf_addf(out, " on line %.*s", STR_ARG(get(d, "line")));
    add_delay(out, d);
    if (origin.len)
        buf_addf(out, " [%.*s]", STR_ARG(origin));
    if (reason.len)
        buf_addf(out, "; cannot be read: %.*s", STR_ARG(reason));
    buf_add_char(out, '\n');
    add_state(out, jval_get(d, "state"), s);
}

static void tell_note(const struct jval *row, struct buf *out)
{
    const struct jval *d = jval_get(row, "details");
    struct str job = get(row, "job");
    buf_addf(out, "dead letter %.*s%s%.*s sent again by %.*s\n", STR_ARG(get(d, "id")),
             job.len ? ", job " : "", STR_ARG(job), STR_ARG(get(d, "who")));
}

/* ---- decisions, requests, outcomes ---- */

/* Of several rules with that id the one that speaks of this kind of job. */
static const char *title_of(struct str id, struct str kind)
{
    const char *first = NULL;
    char *word CLEANUP(mem_free_text) = mem_copy(kind);
    for (const struct rule *r = rules_table; r->id; r++) {
        if (!str_is(id, r->id))
            continue;
        if (*word && strstr(r->what, word))
            return r->what;
        if (!first)
            first = r->what;
    }
    return first;
}

static void add_rest(const struct jval *row, const struct settings *s, struct buf *out)
{
    struct str reason = get(row, "reason"), who = get(row, "employee");
    if (who.len) {
        buf_add_str(out, STR(", for "));
        add_name(out, s, who);
    }
    if (reason.len)
        buf_addf(out, ": %.*s", STR_ARG(reason));
    buf_add_char(out, '\n');
}

static void tell_decision(const struct jval *row, const struct settings *s, struct buf *out)
{
    struct str rule = get(row, "rule"), job = get(row, "job");
    const char *title = title_of(rule, get(jval_get(row, "details"), "kind"));
    buf_addf(out, "rule %.*s", STR_ARG(rule));
    if (title)
        buf_addf(out, " (%s)", title);
    if (job.len)
        buf_addf(out, "\n" INDENT "-> %.*s job %.*s", STR_ARG(get(row, "what")), STR_ARG(job));
    else
        buf_add_str(out, STR("\n" INDENT "-> nothing to do"));
    add_rest(row, s, out);
}

static int64_t number_of(const struct jval *http, const char *key)
{
    int64_t n = 0;
    (void)jval_int(jval_get(http, key), &n);
    return n;
}

static void tell_request(const struct jval *row, struct buf *out)
{
    const struct jval *http = jval_get(row, "http");
    int64_t status = number_of(http, "status"), nth = number_of(http, "try");
    struct str reason = get(row, "reason");
    buf_addf(out, "request %.*s %.*s: ", STR_ARG(get(http, "method")), STR_ARG(get(http, "path")));
    if (status)
        buf_addf(out, "%" PRId64, status);
    else
        buf_add_str(out, STR("no answer"));
    buf_addf(out, " in %" PRId64 " ms", number_of(http, "ms"));
    if (nth > 1)
        buf_addf(out, ", request %" PRId64 " of its job", nth);
    buf_addf(out, " (%.*s%s%.*s)\n", STR_ARG(get(row, "what")), get(row, "job").len ? ", job " : "",
             STR_ARG(get(row, "job")));
    if (reason.len)
        buf_addf(out, INDENT "-> %.*s\n", STR_ARG(reason));
}

static void tell_outcome(const struct jval *row, const struct settings *s, struct buf *out)
{
    struct str job = get(row, "job"), id = get(jval_get(row, "details"), "id");
    if (job.len)
        buf_addf(out, "job %.*s: %.*s", STR_ARG(job), STR_ARG(get(row, "what")));
    else if (id.len)
        buf_addf(out, "dead letter %.*s", STR_ARG(id));
    else
        buf_add_str(out, get(row, "what"));
    add_rest(row, s, out);
}

void explain_tell_row(const struct jval *row, const struct settings *s, char day[11],
                      struct buf *out)
{
    struct str at = get(row, "at"), type = get(row, "type");
    if (at.len >= 23 && memcmp(at.ptr, day, 10) != 0) {
        memcpy(day, at.ptr, 10);
        day[10] = '\0';
        buf_addf(out, "\n%s (UTC)\n", day);
    }
    buf_addf(out, "%.*s  ", STR_ARG(at.len >= 23 ? ((struct str){at.ptr + 11, 12}) : at));
    if (str_is(type, "event") && str_is(get(row, "what"), "sent again"))
        tell_note(row, out);
    else if (str_is(type, "event"))
        tell_event(row, s, out);
    else if (str_is(type, "decision"))
        tell_decision(row, s, out);
    else if (str_is(type, "request"))
        tell_request(row, out);
    else
        tell_outcome(row, s, out);
}

void explain_tell_summary(const struct jval *summary, const char *account, struct buf *out)
{
    struct str direction = get(summary, "direction"), kind = get(summary, "kind"),
               client = get(summary, "client_id"), task = get(summary, "task_id");
    buf_addf(out, "Call %.*s of %s: %.*s", STR_ARG(get(summary, "entry_id")), account,
             STR_ARG(direction.len ? direction : STR("direction unknown")));
    if (kind.len)
        buf_addf(out, ", %.*s", STR_ARG(kind));
    buf_add_str(out, is_true(summary, "saved") ? STR(", saved") : STR(", not saved"));
    if (client.len)
        buf_addf(out, ", client %.*s", STR_ARG(client));
    if (task.len)
        buf_addf(out, ", task %.*s", STR_ARG(task));
    buf_addf(out, "; %.*s\n", STR_ARG(get(summary, "state")));
}
