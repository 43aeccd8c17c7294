/*
 * The only file of the stories that touches what it tests.
 */
#include "tests/stories/play.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "common/tz_file.h"
#include "worker/calls/book.h"

static const struct book_times times = {5, 600, 14400, 3600};

void play_start(struct play *p)
{
    struct error e = ERROR_NONE;
    memset(p, 0, sizeof *p);
    for (int i = 0; i < ZONES; i++) {
        if (tz_file_load(company_zone_name((enum company_zone)i), &p->zones[i], &e) != ERR_OK) {
            (void)fprintf(stderr, "stories: %s\n", e.text);
            exit(2);
        }
    }
}

void play_end(struct play *p)
{
    for (int i = 0; i < ZONES; i++)
        tz_free(p->zones[i]);
}

static const struct settings *settings_of(void *arg, struct str account)
{
    (void)account;
    return ((struct play *)arg)->story->company.settings;
}

static const struct tz *zone_of(void *arg, const struct settings *s)
{
    const struct play *p = arg;
    (void)s;
    return p->zones[p->story->company.zone];
}

static int64_t now_of(void *arg)
{
    return ((struct play *)arg)->now;
}

static void keep(void *arg, const struct rule_call *c, const struct rule_decision *d)
{
    struct play *p = arg;
    p->decisions++;
    if (d->job == NULL) {
        p->results += c->command.len > 0 && strcmp(d->rule, "G7") == 0 && d->result != NULL;
        return;
    }
    if (p->njobs == PLAY_JOBS) {
        (void)fprintf(stderr, "stories: seed %" PRIu64 ": too many jobs\n", p->story->seed);
        exit(1);
    }
    const struct job *j = d->job;
    p->jobs[p->njobs++] = (struct seen_job){
        .id = mem_copy(str_from(str_of(j->id), strlen(p->entry))),
        .kind = j->kind,
        .verdict = j->verdict,
        .rule = mem_copy(str_of(j->rule)),
        .number = mem_copy(str_of(j->number)),
        .at = p->now,
        .deadline = j->deadline,
        .delivery = p->delivery,
        .data = jval_copy(j->data),
    };
}

static void pass_time(struct play *p, struct book *b, int64_t to)
{
    p->delivery = -1;
    while (book_due(b) <= to && book_due(b) != INT64_MAX) {
        p->now = book_due(b);
        book_time(b, p->now);
    }
}

static void deliver(struct play *p, struct book *b, const struct style *style,
                    const struct delivery *d, int i)
{
    struct notification *n = &p->told[d->beat];
    struct call_event ev;
    struct error e = ERROR_NONE;
    if (n->json == NULL)
        render(p->story, style, p->entry, d->beat, n);
    if (call_event_parse(str_of(n->path), str_of(n->json), &ev, &e) != ERR_OK) {
        (void)fprintf(stderr, "stories: a notification is refused: %s\n%s\n", e.text, n->json);
        exit(1);
    }
    pass_time(p, b, d->received_at);
    p->now = d->received_at;
    p->delivery = i;
    struct book_input in = {&ev, STR("acme"), i, d->received_at, "live"};
    (void)book_event(b, &in);
    call_event_done(&ev);
}

void play(struct play *p, const struct story *s, const struct style *style,
          const struct deliveries *d)
{
    const struct book_world world = {
        .settings = settings_of, .tz = zone_of, .now = now_of, .decided = keep, .arg = p};
    struct book *b = book_new(3, &times, &world);
    p->story = s;
    p->now = 0;
    (void)snprintf(p->entry, sizeof p->entry, "story-%" PRIu64, s->seed);
    for (int i = 0; i < d->n; i++)
        deliver(p, b, style, &d->list[i], i);
    pass_time(p, b, INT64_MAX);
    book_free(b);
}

void play_clear(struct play *p)
{
    for (int i = 0; i < STORY_BEATS; i++) {
        free(p->told[i].json);
        p->told[i].json = NULL;
    }
    for (int i = 0; i < p->njobs; i++) {
        free(p->jobs[i].id);
        free(p->jobs[i].rule);
        free(p->jobs[i].number);
        jval_free(p->jobs[i].data);
    }
    p->njobs = p->decisions = p->results = 0;
}

struct str play_text(const struct seen_job *j, const char *key)
{
    return jval_get_text(j->data, key);
}

int64_t play_int(const struct seen_job *j, const char *key)
{
    int64_t n = -1;
    (void)jval_int(jval_get(j->data, key), &n);
    return n;
}

bool play_flag(const struct seen_job *j, const char *key)
{
    bool b = false;
    return jval_bool(jval_get(j->data, key), &b) && b;
}
