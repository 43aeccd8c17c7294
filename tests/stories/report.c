/*
 * Writes TOML: JSON's own values are valid there but for the colons of objects and null.
 */
#include "tests/stories/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The scenarios' calls begin at the documentation's first timestamp and are moved to now. */
#define SCENARIO_BEGIN INT64_C(1399906976)

static void put_value(struct buf *b, const struct jval *v, int64_t begin);

static bool is_time(struct str key)
{
    return str_is(key, "timestamp") || str_is(key, "create_time") || str_is(key, "forward_time") ||
           str_is(key, "talk_time") || str_is(key, "end_time");
}

/* begin: of the call, whose times are moved. */
static void put_time(struct buf *b, const struct jval *v, int64_t begin)
{
    const char *quote = jval_type(v) == JVAL_TEXT ? "\"" : "";
    int64_t at = 0;
    (void)jval_int_loose(v, 0, INT64_MAX, &at);
    buf_addf(b, "%s%" PRId64 "%s", quote, at ? at - begin + SCENARIO_BEGIN : 0, quote);
}

static void put_object(struct buf *b, const struct jval *v, int64_t begin)
{
    void *iter = NULL;
    struct str key;
    const struct jval *member;
    const char *comma = "";
    buf_addf(b, "{");
    while (jval_next(v, &iter, &key, &member)) {
        if (jval_type(member) == JVAL_NULL)
            continue;
        buf_addf(b, "%s\"%.*s\" = ", comma, STR_ARG(key));
        if (is_time(key))
            put_time(b, member, begin);
        else
            put_value(b, member, begin);
        comma = ", ";
    }
    buf_addf(b, "}");
}

static void put_value(struct buf *b, const struct jval *v, int64_t begin)
{
    if (jval_type(v) == JVAL_OBJECT) {
        put_object(b, v, begin);
    } else if (jval_type(v) == JVAL_ARRAY) {
        buf_addf(b, "[");
        for (size_t i = 0; i < jval_size(v); i++) {
            buf_addf(b, i ? ", " : "");
            put_value(b, jval_at(v, i), begin);
        }
        buf_addf(b, "]");
    } else {
        char *text = jval_dump(v, false);
        buf_addf(b, "%s", text ? text : "\"\"");
        free(text);
    }
}

static void put_settings(struct buf *b, const char *document)
{
    struct error e = ERROR_NONE;
    struct jval *v = NULL;
    void *iter = NULL;
    struct str key;
    const struct jval *member;
    if (jval_parse(str_of(document), &v, &e) != ERR_OK)
        return;
    buf_addf(b, "\n[settings]\n");
    while (jval_next(v, &iter, &key, &member)) {
        if (jval_type(member) == JVAL_NULL || str_is(key, "account") || str_is(key, "mango") ||
            str_is(key, "megaplan") || str_is(key, "version"))
            continue;
        buf_addf(b, "%.*s = ", STR_ARG(key));
        put_value(b, member, 0);
        buf_addf(b, "\n");
    }
    jval_free(v);
}

/* Each notification once, as it was told; index: where a beat's stands in the list. */
static void put_events(struct buf *b, const struct check *c, int index[STORY_BEATS])
{
    struct error e = ERROR_NONE;
    int n = 0;
    buf_addf(b, "\n[[call]]\nshape = \"custom\"\nevents = [\n");
    for (int i = 0; i < c->s->nbeats; i++) {
        const struct notification *told = &c->p->told[i];
        struct jval *v = NULL;
        index[i] = n;
        if (told->json == NULL || jval_parse(str_of(told->json), &v, &e) != ERR_OK)
            continue;
        bool result = str_starts(str_of(told->path), STR("result/"));
        buf_addf(b, "  [\"%s%s\", ", result ? "" : "events/", told->path);
        put_value(b, v, c->s->begin);
        buf_addf(b, "], # %d: %+" PRId64 " s\n", n++, c->s->beats[i].at - c->s->begin);
        jval_free(v);
    }
    buf_addf(b, "]\n");
}

/* A scenario has no waiting of minutes: when each came in stands behind. */
static void put_order(struct buf *b, const struct check *c, const int index[STORY_BEATS])
{
    buf_addf(b, "\n[[step]]\nsend = \"a\"\norder = [");
    for (int i = 0; i < c->d->n; i++)
        buf_addf(b, "%s%d", i ? ", " : "", index[c->d->list[i].beat]);
    buf_addf(b, "]\n# came in at s:");
    for (int i = 0; i < c->d->n; i++)
        buf_addf(b, " %.1f", (double)(c->d->list[i].received_at - c->s->begin * 1000) / 1000);
    buf_addf(b, "\n");
}

static void put_jobs(struct buf *b, const struct check *c)
{
    buf_addf(b, "\n# What was decided:\n");
    for (int i = 0; i < c->p->njobs; i++) {
        const struct seen_job *j = &c->p->jobs[i];
        char *data = jval_dump(j->data, false);
        buf_addf(b, "# %+.1f s, delivery %d: %s %s %s %s\n",
                 (double)(j->at - c->s->begin * 1000) / 1000, j->delivery, j->id, j->rule,
                 job_verdict_name(j->verdict) ? job_verdict_name(j->verdict) : "-", data);
        free(data);
    }
}

/* What must be, as far as one job can say it: the crm's own later changes are not in it. */
static void put_expected(struct buf *b, const struct check *c)
{
    const struct expect *x = c->x;
    char text[160];
    buf_addf(b, "\n[expect]\njobs = {client = %d}\n", x->client == MUST);
    if (x->client != MUST_NOT)
        buf_addf(b, "# client: %s, delivery %d, in the end of %s\n",
                 x->client == MUST ? "must be" : "may be", x->client_delivery,
                 check_people(c, x->responsible, text));
    for (int i = 0; i < x->nclosings; i++) {
        const struct closing *k = &x->closings[i];
        buf_addf(b, "\n[[expect.job]]\nid = \"{a.entry}:call:%s\"\n", k->how);
        buf_addf(b, "# of %s%s; %+.1f s; talked %d, task %d\n", check_people(c, k->employee, text),
                 k->opaque ? " (or anything)" : "", (double)(k->at - c->s->begin * 1000) / 1000,
                 (int)k->talked, (int)k->task);
        if (known_single(k->employee) && !(k->employee & PEOPLE_NOBODY) && !k->opaque)
            for (int e = 0; e < c->s->company.nemployees; e++)
                if (k->employee == 1U << e)
                    buf_addf(b, "data = {employee = \"%s\", saved = true}\n",
                             c->s->company.employees[e].id);
    }
}

void report_write(const struct buf *b)
{
    for (size_t at = 0; at < b->len;) {
        ssize_t n = write(STDOUT_FILENO, b->data + at, b->len - at);
        if (n <= 0)
            exit(2);
        at += (size_t)n;
    }
}

void report(const struct check *c)
{
    struct buf b = BUF_INIT(1 << 20);
    int index[STORY_BEATS];
    buf_addf(&b, "# make stories N=1 SEED=%" PRIu64 "\n%s", c->s->seed, c->out->data);
    buf_addf(&b, "# disturbed:");
    for (int i = 0; i < DISTURB_KINDS; i++)
        if (c->d->how >> i & 1)
            buf_addf(&b, " %s", disturb_name(i));
    buf_addf(&b, "\ntitle = \"Story %" PRIu64 "\"\n", c->s->seed);
    put_settings(&b, c->s->company.document);
    put_events(&b, c, index);
    put_order(&b, c, index);
    put_expected(&b, c);
    put_jobs(&b, c);
    buf_addf(&b, "\n");
    report_write(&b);
    buf_done(&b);
}
