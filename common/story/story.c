/*
 * Messages become rows, rows are sorted. Pure.
 */
#include "common/story/story.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/dead/letter.h"
#include "common/event.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/murmur2.h"
#include "common/story/brief.h"
#include "common/story/row.h"

struct line {
    int64_t at;
    int rank; /* of equal times: what causes before what is caused */
    size_t number;
    struct jval *row;
};

struct letter {
    struct dead_id id; /* offset -1: its note was there */
    char *job;         /* NULL: of an event */
};

struct story {
    char *account, *entry, *key, *prefix;
    bool show, cut;
    struct jval *(*state)(void *arg, const struct kafka_message *m);
    void *state_arg;
    struct story_brief brief;
    struct line *lines;
    size_t n;
    struct letter *letters; /* of its events and jobs, which a note may name */
    size_t nletters;
};

size_t story_places(const struct kafka_layout *layout, struct str account, struct str entry,
                    struct story_place out[STORY_PLACES])
{
    char *key CLEANUP(mem_free_text) = mem_format("%.*s/%.*s", STR_ARG(account), STR_ARG(entry));
    const int32_t *n = layout->partitions;
    int32_t events = murmur2_partition(str_of(key), n[KAFKA_EVENTS]),
            jobs = murmur2_partition(account, n[KAFKA_JOBS]) % n[KAFKA_DEAD];
    out[0] = (struct story_place){KAFKA_EVENTS, events};
    out[1] =
        (struct story_place){KAFKA_OUTCOMES, murmur2_partition(str_of(key), n[KAFKA_OUTCOMES])};
    out[2] = (struct story_place){KAFKA_DEAD, events % n[KAFKA_DEAD]};
    out[3] = (struct story_place){KAFKA_DEAD, jobs};
    return out[2].partition == jobs ? 3 : 4;
}

struct story *story_new(struct str account, struct str entry, struct str prefix, bool show)
{
    struct story *s = mem_alloc(1, sizeof *s);
    s->account = mem_copy(account);
    s->entry = mem_copy(entry);
    s->key = mem_format("%s/%s", s->account, s->entry);
    s->prefix = mem_copy(prefix);
    s->show = show;
    story_brief_init(&s->brief, entry);
    return s;
}

void story_states(struct story *s, struct jval *(*state)(void *arg, const struct kafka_message *m),
                  void *arg)
{
    s->state = state;
    s->state_arg = arg;
}

void story_free(struct story *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        jval_free(s->lines[i].row);
    story_brief_done(&s->brief);
    free(s->lines);
    for (size_t i = 0; i < s->nletters; i++)
        free(s->letters[i].job);
    free(s->letters);
    free(s->account);
    free(s->entry);
    free(s->key);
    free(s->prefix);
    free(s);
}

static void add(struct story *s, const struct story_row *row, int rank)
{
    if (!row->value)
        return;
    if (s->n == LIMIT_STORY_ROWS) {
        s->cut = true;
        jval_free(row->value);
        return;
    }
    s->lines = mem_resize(s->lines, s->n + 1, sizeof *s->lines);
    s->lines[s->n] = (struct line){row->at, rank, s->n, row->value};
    s->n++;
}

/* An event's letter tells what no outcome does; of a job its worker wrote one. */
static void take_letter(struct story *s, const struct dead_letter *l, struct str job)
{
    if (l->topic == KAFKA_EVENTS) {
        const struct story_row row = story_row_letter(l, s->show);
        add(s, &row, 2);
        story_brief_dead(&s->brief, 1);
    }
    s->letters = mem_resize(s->letters, s->nletters + 1, sizeof *s->letters);
    s->letters[s->nletters++] =
        (struct letter){l->id, l->topic == KAFKA_EVENTS ? NULL : mem_copy(job)};
}

static void take_note(struct story *s, const struct kafka_message *m, struct dead_id noted)
{
    for (size_t i = 0; i < s->nletters; i++) {
        struct letter *l = &s->letters[i];
        if (l->id.partition != noted.partition || l->id.offset != noted.offset)
            continue;
        const struct story_row row = story_row_note(m, str_of(l->job));
        add(s, &row, 2);
        l->id.offset = -1;
        if (!l->job)
            story_brief_dead(&s->brief, -1);
    }
}

/* A job's key may be a client's number: the job itself names its call. Most letters are of other calls. */
static bool is_job_of(const struct story *s, const struct kafka_message *m, struct jval **job)
{
    struct error ignored = ERROR_NONE;
    return str_starts(m->key, str_of(s->account)) &&
           (m->key.len > strlen(s->account) && m->key.ptr[strlen(s->account)] == '/') &&
           m->value.len && memmem(m->value.ptr, m->value.len, s->entry, strlen(s->entry)) &&
           !jval_parse_lenient(m->value, job, &ignored) &&
           str_is(jval_get_text(*job, "entry_id"), s->entry);
}

static void take_dead(struct story *s, const struct kafka_message *m)
{
    struct dead_letter *l = NULL;
    struct dead_id noted = {-1, -1};
    struct jval *job CLEANUP(jval_cleanup) = NULL;
    bool note = m->tombstone, own = str_is(m->key, s->key);
    if (s->nletters == LIMIT_STORY_ROWS || (!note && !own && !is_job_of(s, m, &job)))
        return;
    if (dead_letter_read(m, str_of(s->prefix), &l, &noted) == DEAD_NOTE)
        take_note(s, m, noted);
    else if (own && l->topic != KAFKA_EVENTS)
        (void)is_job_of(s, m, &job);
    if (l && (l->topic == KAFKA_EVENTS ? own : job != NULL))
        take_letter(s, l, jval_get_text(job, "id"));
    dead_letter_free(l);
}

void story_take(struct story *s, const struct kafka_message *m)
{
    struct story_row row = {0};
    if (m->topic == KAFKA_DEAD) {
        take_dead(s, m);
        return;
    }
    if (!str_is(m->key, s->key))
        return;
    (void)story_brief_take(&s->brief, m);
    if (m->topic == KAFKA_EVENTS)
        row = story_row_event(m, s->show, s->state ? s->state(s->state_arg, m) : NULL);
    else if (m->topic == KAFKA_OUTCOMES)
        row = story_row_outcome(m, s->show);
    add(s, &row, m->topic == KAFKA_EVENTS ? 0 : 1);
}

bool story_empty(const struct story *s)
{
    return s->n == 0;
}

bool story_forgotten(const struct story *s, const struct forgotten *f)
{
    return story_brief_forgotten(&s->brief, f, str_of(s->account));
}

bool story_cut(const struct story *s)
{
    return s->cut;
}

static int by_time(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank - y->rank;
    return x->number < y->number ? -1 : x->number > y->number;
}

struct jval *story_rows(struct story *s)
{
    struct jval *rows = jval_new_array();
    if (s->n)
        qsort(s->lines, s->n, sizeof *s->lines, by_time);
    for (size_t i = 0; i < s->n; i++) {
        jval_append(rows, s->lines[i].row);
        s->lines[i].row = NULL;
    }
    return rows;
}

/* The outcomes may have come after the letters of their jobs: only now all are here. */
struct jval *story_summary(struct story *s)
{
    for (size_t i = 0; i < s->nletters; i++)
        if (s->letters[i].job)
            story_brief_job_dead(&s->brief, str_of(s->letters[i].job),
                                 s->letters[i].id.offset >= 0);
    return story_brief_summary(&s->brief);
}
