/*
 * Tells N stories from a seed, on all cores, and counts those in which the product decided otherwise
 * than what happened. Story i of seed S is the story of seed S + i, so that one fails alone again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/jval.h"
#include "common/num.h"
#include "tests/stories/report.h"

#define SHOWN 3 /* whole reports per process */

struct count {
    int64_t stories, exact, failed, jobs;
};

static const char *env(const char *name, const char *otherwise)
{
    const char *v = getenv(name);
    return v && *v ? v : otherwise;
}

static uint64_t env_number(const char *name, int64_t otherwise)
{
    int64_t n = otherwise;
    const char *v = env(name, NULL);
    if (v != NULL && !num_parse(str_of(v), 0, INT64_MAX, &n)) {
        (void)fprintf(stderr, "stories: %s is no number\n", name);
        exit(2);
    }
    return (uint64_t)n;
}

/* KIND=lost,repeated: exactly these disturbances; KIND=none: none at all. */
static unsigned kinds(void)
{
    struct str rest = str_of(env("KIND", ""));
    unsigned only = 0;
    if (str_is(rest, "none"))
        return ~0U;
    while (rest.len > 0) {
        long comma = str_find(rest, ',');
        struct str name = {rest.ptr, comma < 0 ? rest.len : (size_t)comma};
        int i = 0;
        while (i < DISTURB_KINDS && !str_is(name, disturb_name(i)))
            i++;
        if (i == DISTURB_KINDS) {
            (void)fprintf(stderr, "stories: no disturbance %.*s\n", STR_ARG(name));
            exit(2);
        }
        only |= 1U << i;
        rest = str_from(rest, name.len + 1);
    }
    return only;
}

static void tell(uint64_t seed, unsigned only, struct play *p, struct count *n)
{
    static struct story s;
    static struct deliveries d;
    static struct expect x;
    struct dice dice = {seed ^ UINT64_C(0x5157)};
    struct style style;
    struct buf out = BUF_INIT(65536);
    story_make(&s, seed);
    render_style(&style, &dice);
    disturb(&s, &dice, only, &d);
    expect_make(&s, &style, &d, &x);
    play(p, &s, &style, &d);
    struct check c = {&s, &style, &d, &x, p, &out, 0, 0, ""};
    n->stories++;
    n->exact += x.exact;
    n->jobs += p->njobs;
    if (check(&c) > 0) {
        if (n->failed++ < SHOWN)
            report(&c);
        buf_reset(&out);
        buf_addf(&out, "FAIL %" PRIu64 " %s%s\n", seed, c.first, d.how ? "" : " (undisturbed)");
        report_write(&out);
    }
    buf_done(&out);
    play_clear(p);
    story_done(&s);
}

static void work(uint64_t seed, uint64_t n, unsigned only, uint64_t at, uint64_t step, int to)
{
    struct play *p = malloc(sizeof *p);
    struct count c = {0};
    if (p == NULL)
        exit(2);
    play_start(p);
    for (uint64_t i = at; i < n; i += step)
        tell(seed + i, only, p, &c);
    play_end(p);
    free(p);
    if (write(to, &c, sizeof c) != sizeof c)
        exit(2);
}

static void add(struct count *to, const struct count *c)
{
    to->stories += c->stories;
    to->exact += c->exact;
    to->failed += c->failed;
    to->jobs += c->jobs;
}

int main(void)
{
    uint64_t n = env_number("N", 20000);
    uint64_t seed = env_number("SEED", (int64_t)time(NULL) * 1000003 % 1000000000000);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned only = kinds();
    struct count sum = {0}, c;
    int ends[2];
    if (pipe(ends) != 0)
        return 2;
    (void)printf("stories: N=%" PRIu64 " SEED=%" PRIu64 "\n", n, seed);
    (void)fflush(stdout);
    jval_start();
    for (long i = 0; i < cores; i++) {
        if (fork() == 0) {
            work(seed, n, only, (uint64_t)i, (uint64_t)cores, ends[1]);
            return 0;
        }
    }
    (void)close(ends[1]);
    while (read(ends[0], &c, sizeof c) == sizeof c)
        add(&sum, &c);
    int status;
    bool whole = sum.stories == (int64_t)n;
    while (wait(&status) > 0)
        whole = whole && status == 0;
    (void)printf("stories: %" PRId64 " told, %" PRId64 " jobs, %" PRId64
                 " with exactly one right answer (%.1f %%)\n",
                 sum.stories, sum.jobs, sum.exact,
                 sum.stories ? 100.0 * (double)sum.exact / (double)sum.stories : 0);
    if (!whole)
        (void)printf("stories: a process ended before its time\n");
    (void)printf("%" PRId64 " passed, %" PRId64 " failed\n", sum.stories - sum.failed,
                 sum.failed + !whole);
    return sum.failed > 0 || !whole;
}
