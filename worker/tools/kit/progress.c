/*
 * Draws the line anew over itself.
 */
#include "worker/tools/kit/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "worker/tools/kit/rows.h"

#define EVERY_MS 200
#define BAR 30

void progress_begin(struct progress *p, const char *what, int64_t total)
{
    int64_t now = clock_boot_ms();
    *p = (struct progress){what, total, now, now, isatty(STDERR_FILENO)};
}

static void draw_part(const struct progress *p, int64_t done, int64_t ms)
{
    char bar[BAR + 1], count[ROWS_COUNT_SIZE], total[ROWS_COUNT_SIZE];
    double part = done < p->total ? (double)done / (double)p->total : 1;
    int full = (int)(part * BAR);

    for (int i = 0; i < BAR; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR] = '\0';
    fprintf(stderr, "\r\033[K%s [%s] %3.0f %%  %s of %s", p->what, bar, part * 100,
            rows_count(done, count), rows_count(p->total, total));
    if (done > 0 && done < p->total && ms > 1000)
        fprintf(stderr, ", %" PRId64 " s left", ms * (p->total - done) / done / 1000);
}

void progress_at(struct progress *p, int64_t done)
{
    char count[ROWS_COUNT_SIZE];
    int64_t now;

    if (!p->on || (now = clock_boot_ms()) - p->shown < EVERY_MS)
        return;
    p->shown = now;
    if (p->total > 0)
        draw_part(p, done, now - p->began);
    else
        fprintf(stderr, "\r\033[K%s: %s", p->what, rows_count(done, count));
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->on)
        fputs("\r\033[K", stderr);
    p->on = 0;
}
