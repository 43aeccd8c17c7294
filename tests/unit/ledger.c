/*
 * Each kind of job changes its own part of the state. Knows nothing of events.
 */
#include "tests/unit/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/unit.h"

/* Check writes a message per assertion to its parent, which is dear here: only failures are told. */
#define MUST(condition, ...)           \
    do {                               \
        if (!(condition))              \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

void ledger_put(char *to, size_t size, struct str text)
{
    MUST(text.len < size, "%.*s is too long", STR_ARG(text));
    memset(to, 0, size);
    if (text.len > 0)
        memcpy(to, text.ptr, text.len);
}

static void copy(const struct job *j, const char *key, char *to, size_t size)
{
    ledger_put(to, size, jval_get_text(j->data, key));
}
#define COPY(j, key, to) copy((j), (key), (to), sizeof(to))

static int64_t number(const struct job *j, const char *key)
{
    int64_t v = 0;
    (void)jval_int(jval_get(j->data, key), &v);
    return v;
}

static bool flag(const struct job *j, const char *key)
{
    bool v = false;
    return jval_bool(jval_get(j->data, key), &v) && v;
}

static bool is_repeated(struct ledger *l, const char *id)
{
    for (size_t i = 0; i < l->nids; i++) {
        if (strcmp(l->ids[i], id) == 0)
            return true;
    }
    MUST(l->nids < LEDGER_IDS, "too many jobs");
    l->ids[l->nids++] = mem_copy(str_of(id));
    return false;
}

/* The first verdict stands until one from a summary replaces one without; a second `call` is done only if it
 * is a summary's. */
static bool stands(struct ledger *l, const struct job *j)
{
    struct ledger_state *s = &l->state;
    bool summary = str_is(jval_get_text(j->data, "closed_by"), "summary");
    bool again = j->kind == JOB_CALL && s->call.told && !summary;
    if (j->verdict == JOB_VERDICT_NONE)
        return !again;
    MUST(jval_get_text(j->data, "closed_by").len > 0, "%s: closed by nothing", j->id);
    if (s->call.verdict != j->verdict && s->call.verdict != JOB_VERDICT_NONE &&
        (!summary || l->by_summary))
        return false;
    s->call.verdict = j->verdict;
    l->by_summary = l->by_summary || summary;
    return !again;
}

/* The name without its time: that is of the earliest event known when the client was made. */
static void name_kind(const struct job *j, char *to, size_t size)
{
    struct str name = jval_get_text(j->data, "name");
    long comma = str_find(name, ',');
    MUST(comma > 0 && str_starts(name, STR("Новый (")), "name %.*s", STR_ARG(name));
    ledger_put(to, size, str_from(name, (size_t)comma + 2));
    to[strcspn(to, ")")] = '\0';
}

static void add_client(struct ledger_state *s, const struct job *j)
{
    s->client.made = true;
    LEDGER_PUT(s->client.rule, str_of(j->rule));
    name_kind(j, s->client.kind, sizeof s->client.kind);
    COPY(j, "phone", s->client.phone);
    COPY(j, "responsible", s->client.responsible);
    COPY(j, "source_line", s->client.source_line);
    MUST(s->client.responsible[0] && s->client.phone[0], "%s lacks something", j->id);
    s->client.tracked = s->visitor || flag(j, "tracking");
}

static void add_call(struct ledger_state *s, const struct job *j)
{
    s->call.told = true;
    s->call.saved = flag(j, "saved");
    COPY(j, "type", s->call.type);
    COPY(j, "employee", s->call.employee);
    COPY(j, "from", s->call.from);
    COPY(j, "to", s->call.to);
    COPY(j, "line", s->call.line);
    s->call.started = number(j, "started_at");
    s->call.ended = number(j, "ended_at");
    s->call.talk_seconds = number(j, "talk_seconds");
    MUST(s->call.saved || jval_get_text(j->data, "why").len > 0, "%s: no reason", j->id);
}

static void add_task(struct ledger_state *s, const struct job *j)
{
    s->task.made = true;
    COPY(j, "responsible", s->task.responsible);
    COPY(j, "fallback", s->task.fallback);
    s->task.ended = number(j, "ended_at");
    s->task.due = number(j, "due_at");
    MUST(jval_get_text(j->data, "title").len > 0, "%s: no title", j->id);
}

static void add_talked(struct ledger_state *s, const struct job *j)
{
    s->talked.told = true;
    COPY(j, "direction", s->talked.direction);
    s->talked.at = number(j, "talked_at");
    s->talked.ended = number(j, "ended_at");
    s->task.closed = s->task.made;
}

void ledger_record(struct ledger_state *s, const char *id)
{
    char new[LEDGER_TEXT];
    LEDGER_PUT(new, str_of(id));
    for (size_t i = 0; i < COUNT(s->records); i++) {
        int order = s->records[i][0] ? strcmp(new, s->records[i]) : -1;
        if (order == 0)
            return;
        if (order < 0) {
            char kept[LEDGER_TEXT];
            memcpy(kept, s->records[i], LEDGER_TEXT);
            memcpy(s->records[i], new, LEDGER_TEXT);
            memcpy(new, kept, LEDGER_TEXT);
        }
        if (new[0] == '\0')
            return;
    }
    ck_abort_msg("too many recordings");
}

static void add(struct ledger_state *s, const struct job *j)
{
    switch (j->kind) {
    case JOB_CLIENT:
        MUST(!s->client.made, "%s: a second client", j->id);
        add_client(s, j);
        break;
    case JOB_RESPONSIBLE:
        if (s->client.made)
            COPY(j, "responsible", s->client.responsible);
        break;
    case JOB_FILL:
        if (s->client.made)
            COPY(j, "source_line", s->client.source_line);
        break;
    case JOB_VISITOR:
        s->visitor = true;
        s->client.tracked = s->client.made;
        break;
    case JOB_TASK:
        add_task(s, j);
        break;
    case JOB_TALKED:
        add_talked(s, j);
        break;
    case JOB_CALL:
        add_call(s, j);
        break;
    case JOB_RECORD:
        ledger_record(s, strstr(j->id, ":record:") + strlen(":record:"));
        break;
    default: /* a route or a pop-up leaves nothing behind */
        break;
    }
}

bool ledger_add(struct ledger *l, const struct job *j)
{
    if (is_repeated(l, j->id) || !stands(l, j))
        return false;
    add(&l->state, j);
    return true;
}

struct ledger_state ledger_final(const struct ledger *l)
{
    struct ledger_state s = l->state;
    if (!s.call.saved)
        memset(s.records, 0, sizeof s.records);
    return s;
}

void ledger_done(struct ledger *l)
{
    for (size_t i = 0; i < l->nids; i++)
        free(l->ids[i]);
    *l = (struct ledger){0};
}

#define SAME(member) (a->member == b->member)
#define SAME_TEXT(member) (memcmp(a->member, b->member, sizeof a->member) == 0)

static bool same_client(const struct ledger_state *a, const struct ledger_state *b)
{
    return SAME(client.made) && SAME(client.tracked) && SAME(visitor) && SAME_TEXT(client.rule) &&
           SAME_TEXT(client.kind) && SAME_TEXT(client.phone) && SAME_TEXT(client.responsible) &&
           SAME_TEXT(client.source_line);
}

static bool same_call(const struct ledger_state *a, const struct ledger_state *b)
{
    return SAME(call.told) && SAME(call.saved) && SAME(call.verdict) && SAME_TEXT(call.type) &&
           SAME_TEXT(call.employee) && SAME_TEXT(call.from) && SAME_TEXT(call.to) &&
           SAME_TEXT(call.line) && SAME(call.started) && SAME(call.ended) &&
           SAME(call.talk_seconds) && SAME_TEXT(records);
}

static bool same_task(const struct ledger_state *a, const struct ledger_state *b)
{
    return SAME(task.made) && SAME(task.closed) && SAME_TEXT(task.responsible) &&
           SAME_TEXT(task.fallback) && SAME(task.ended) && SAME(task.due) && SAME(talked.told) &&
           SAME_TEXT(talked.direction) && SAME(talked.at) && SAME(talked.ended);
}

bool ledger_same(const struct ledger_state *a, const struct ledger_state *b)
{
    return same_client(a, b) && same_call(a, b) && same_task(a, b);
}

void ledger_show(const struct ledger_state *s, char *out, size_t size)
{
    const char *verdict = job_verdict_name(s->call.verdict);
    (void)snprintf(
        out, size,
        "client %d rule %s '%s' phone %s responsible %s source %s tracked %d visitor %d\n"
        "  call %d saved %d type %s verdict %s employee %s from %s to %s line %s %" PRId64
        "-%" PRId64 " talk %" PRId64 "\n"
        "  task %d closed %d responsible %s fallback %s ended %" PRId64 " due %" PRId64 "\n"
        "  talked %d %s %" PRId64 "-%" PRId64 " records %s %s %s %s",
        s->client.made, s->client.rule, s->client.kind, s->client.phone, s->client.responsible,
        s->client.source_line, s->client.tracked, s->visitor, s->call.told, s->call.saved,
        s->call.type, verdict ? verdict : "-", s->call.employee, s->call.from, s->call.to,
        s->call.line, s->call.started, s->call.ended, s->call.talk_seconds, s->task.made,
        s->task.closed, s->task.responsible, s->task.fallback, s->task.ended, s->task.due,
        s->talked.told, s->talked.direction, s->talked.at, s->talked.ended, s->records[0],
        s->records[1], s->records[2], s->records[3]);
}
