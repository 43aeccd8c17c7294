/*
 * Writes TOML: JSON's own values are valid there but for the colons of objects and null.
 */
#include "tests/stories/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void put_value(struct buf *b, const struct jval *v);

static void put_object(struct buf *b, const struct jval *v)
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
        put_value(b, member);
        comma = ", ";
    }
    buf_addf(b, "}");
}

static void put_value(struct buf *b, const struct jval *v)
{
    if (jval_type(v) == JVAL_OBJECT) {
        put_object(b, v);
    } else if (jval_type(v) == JVAL_ARRAY) {
        buf_addf(b, "[");
        for (size_t i = 0; i < jval_size(v); i++) {
            buf_addf(b, i ? ", " : "");
            put_value(b, jval_at(v, i));
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
        put_value(b, member);
        buf_addf(b, "\n");
    }
    jval_free(v);
}

static void put_events(struct buf *b, const struct check *c)
{
    struct error e = ERROR_NONE;
    buf_addf(b, "\n[[call]]\nshape = \"custom\"\nevents = [\n");
    for (int i = 0; i < c->d->n; i++) {
        const struct delivery *d = &c->d->list[i];
        const struct notification *n = &c->p->told[d->beat];
        struct jval *v = NULL;
        if (n->json == NULL || jval_parse(str_of(n->json), &v, &e) != ERR_OK)
            continue;
        int64_t late = d->received_at - c->s->begin * 1000;
        buf_addf(b, "  [\"events/%s\", ", n->path);
        put_value(b, v);
        buf_addf(b, "], # %d: received %+.1f s, told %+" PRId64 " s\n", i, (double)late / 1000,
                 c->s->beats[d->beat].at - c->s->begin);
        jval_free(v);
    }
    buf_addf(b, "]\n");
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
    buf_addf(&b, "# make stories N=1 SEED=%" PRIu64 "\n%s", c->s->seed, c->out->data);
    buf_addf(&b, "# disturbed:");
    for (int i = 0; i < DISTURB_KINDS; i++)
        if (c->d->how >> i & 1)
            buf_addf(&b, " %s", disturb_name(i));
    buf_addf(&b, "\ntitle = \"Story %" PRIu64 "\"\n", c->s->seed);
    put_settings(&b, c->s->company.document);
    put_events(&b, c);
    put_expected(&b, c);
    put_jobs(&b, c);
    buf_addf(&b, "\n");
    report_write(&b);
    buf_done(&b);
}
