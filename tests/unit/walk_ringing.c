/*
 * Judges what rang in a walk (world.h, struct world_rang) by its story's jobs: `rings` is what each of them makes an
 * outsider see.
 */
#include "tests/unit/walk_ringing.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

#define ROUTE_DEADLINE 4000

static bool is_call(const char *what)
{
    return strstr(what, " call ") != NULL;
}

static bool is_finished(const char *what)
{
    return strstr(what, " call finished ") != NULL;
}

/* Of one call, and of one kind: they stand in an order. */
static bool are_akin(const char *a, const char *b)
{
    size_t n = strcspn(a, " ") + 1;
    n += strcspn(a + n, " ");
    return strncmp(a, b, n + 1) == 0;
}

static const struct walk_job *job_of(const struct walk *k, const char *what)
{
    for (size_t i = 0; i < walk_stories_jobs(k->story); i++) {
        const struct walk_job *j = &k->story->jobs[i];
        if (j->rings && strcmp(j->rings, what) == 0)
            return j;
    }
    return NULL;
}

static bool has_rung(const struct walk *k, const struct walk_job *j)
{
    for (size_t i = 0; i < k->world->nrang; i++)
        if (strcmp(k->world->rang[i].what, j->rings) == 0)
            return true;
    return false;
}

/* --- what is there --- */

static bool in_time(const struct walk *k, const struct world_rang *r, const struct walk_job *j)
{
    int64_t lives =
        strcmp(j->kind, "route") == 0 && j->lives > ROUTE_DEADLINE ? ROUTE_DEADLINE : j->lives;
    return r->left_at >= k->begin + j->at && r->left_at <= k->begin + j->at + lives;
}

/* The one before it of its kind; NULL: it is the first. */
static const char *before(const struct walk *k, size_t i)
{
    const struct world_rang *all = k->world->rang;
    for (size_t b = i; b > 0; b--)
        if (are_akin(all[b - 1].what, all[i].what))
            return all[b - 1].what;
    return NULL;
}

static const char *wrong_with(const struct walk *k, size_t i)
{
    const struct world_rang *r = &k->world->rang[i];
    const char *last = before(k, i);
    if (is_finished(r->what))
        return NULL;
    const struct walk_job *j = job_of(k, r->what);
    if (!j)
        return "something rang that nobody wanted";
    if (!in_time(k, r, j))
        return "something rang too late";
    if (last && !is_call(r->what))
        return "something was asked of MANGO twice";
    if (last && is_finished(last))
        return "a call rings again that is over";
    if (last && strcmp(last, r->what) != 0 && job_of(k, last) > j)
        return "a pop-up went back";
    return NULL;
}

/* --- what is not --- */

static bool has_ended(const struct walk *k, const struct walk_job *j, const char *result)
{
    char job[80], ended[80];
    snprintf(job, sizeof job, "\"job\":\"%s:%s%s%s\"", j->entry, j->kind, j->cause ? ":" : "",
             j->cause ? j->cause : "");
    snprintf(ended, sizeof ended, "\"result\":\"%s\"", result);
    for (size_t i = 0; i < k->world->noutcomes; i++)
        if (strstr(k->world->outcomes[i], job) && strstr(k->world->outcomes[i], ended))
            return true;
    return false;
}

/* Its request, or one of a pop-up before it, may have left: whoever comes next cannot know. */
static bool was_begun(const struct walk *k, const struct walk_job *j)
{
    char *prefix CLEANUP(mem_free_text) = mem_format(WORLD_ACCOUNT "/%s:%s", j->entry, j->kind);
    for (size_t i = 0; i < k->world->nfacts; i++) {
        struct str key = str_of(k->world->facts[i].key);
        if (str_starts(key, str_of(prefix)) && str_ends(key, STR("/intent")))
            return true;
    }
    return false;
}

/* Whoever comes next finds the fact of it: why it was not done, or, of a pop-up that was begun, that its call is there. */
static bool is_present(const struct walk *k, const struct walk_job *j)
{
    char *key CLEANUP(mem_free_text) =
        mem_format(WORLD_ACCOUNT "/%s:%s%s%s/done", j->entry, j->kind, j->cause ? ":" : "",
                   j->cause ? j->cause : "");
    const char *fact = world_fact_of(k->world, key);
    bool popup = strcmp(j->kind, "popup") == 0 && was_begun(k, j);
    return fact && (popup || strstr(fact, "\"none\":")) && has_ended(k, j, "present");
}

/* It says that it was not done, and why. */
static bool is_told(const struct walk *k, const struct walk_job *j)
{
    static const char *const ends[] = {"late", "no_client", "limited", "failed", "dropped"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (has_ended(k, j, ends[i]))
            return true;
    return is_present(k, j);
}

/* Nothing took any time, and nothing was refused. */
static bool was_disturbed(const struct walk *k)
{
    return k->request || k->fault->for_ever || k->story->first.at ||
           (k->strike != WALK_NONE && k->strike != WALK_KILL && k->strike != WALK_REVOKE &&
            k->strike != WALK_REPLACE);
}

static const char *wrong_without(const struct walk *k, const struct walk_job *j)
{
    if (has_ended(k, j, "done"))
        return "something is told as done that nobody saw";
    if (!is_told(k, j))
        return "something did not ring, and nobody says why";
    if (k->strike == WALK_NONE && !was_disturbed(k))
        return "something did not ring";
    if (!was_disturbed(k) && !was_begun(k, j) && !has_ended(k, j, "limited"))
        return "something did not ring, and had not been begun";
    return NULL;
}

/* --- all of it --- */

static bool rings(const struct walk *k)
{
    for (size_t i = 0; i < walk_stories_jobs(k->story); i++)
        if (k->story->jobs[i].lives)
            return true;
    return false;
}

const char *walk_ringing_wrong(const struct walk *k)
{
    const char *wrong = NULL;
    if (!rings(k))
        return NULL;
    if (k->world->nrang == WORLD_MAX)
        return "it does not stop ringing";
    for (size_t i = 0; i < k->world->nrang && !wrong; i++)
        wrong = wrong_with(k, i);
    for (size_t i = 0; i < walk_stories_jobs(k->story) && !wrong; i++) {
        const struct walk_job *j = &k->story->jobs[i];
        if (j->rings && !has_rung(k, j))
            wrong = wrong_without(k, j);
    }
    return wrong;
}

size_t walk_ringing_missing(const struct walk *k)
{
    size_t n = 0;
    for (size_t i = 0; i < walk_stories_jobs(k->story); i++)
        n += k->story->jobs[i].rings && !has_rung(k, &k->story->jobs[i]);
    return n;
}
