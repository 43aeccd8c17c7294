/*
 * What a budget remembers: grants that are written before they are spent. Pure: memory only.
 */
#include "worker/crm/budget_memory.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/budget_level.h"

#define MS BUDGET_MEMORY_MS
#define ALMOST 1e-9
#define NEVER (INT64_MIN / 2)
#define AGAIN_MS 100 /* a rest after a record that was not taken */
#define ACKS 4       /* a grant lasts so many acknowledgements */

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* Everything stays on the safe side of what two clocks may differ by. */
static int64_t last_use(int64_t at, int64_t wall, int64_t now)
{
    int64_t ago = wall - (at + MS + BUDGET_MEMORY_SKEW_MS);
    return ago > 0 ? now - ago : now;
}

void budget_memory_restore(struct budget_memory *m, struct budget *b, struct str value,
                           int64_t wall, int64_t now)
{
    *m = (struct budget_memory){.written_at = NEVER, .spent_at = NEVER, .span = MS};
    int64_t at = 0;
    double level = 0;
    if (!value.len)
        return;
    m->stands = true;
    m->written_at = m->spent_at = now;
    if (!budget_level_read(value, &at, &level)) {
        budget_begin(b, 0, now, now);
        return;
    }
    double passed = wall > at ? (double)(wall - at) : 0.0;
    budget_begin(b, level + passed * b->hour_rate, last_use(at, wall, now), now);
}

static bool lasts(const struct budget_grant *g, int64_t now)
{
    return g->tokens >= 1.0 - ALMOST && now < g->until;
}

bool budget_memory_covers(struct budget_memory *m, int64_t now, bool urgent)
{
    if (lasts(&m->granted, now) && (!m->writing || lasts(&m->asked, now)))
        return true;
    m->wanted = true;
    m->urgent = m->urgent || urgent;
    return false;
}

/* Tokens that may be spent in the time of a grant, as things stand. */
static double grantable(const struct budget *b, int64_t span, int64_t now, bool urgent)
{
    double hour = budget_level(b, now) - (urgent ? 0.0 : b->reserve) + ALMOST;
    if (hour < 1.0)
        return 0.0;
    double n = least(budget_burst(b, now, span), hour + b->hour_rate * (double)span);
    return n < 0 ? 0.0 : (double)(int64_t)n;
}

void budget_memory_spent(struct budget_memory *m, const struct budget *b, int64_t now)
{
    m->granted.tokens -= 1.0;
    m->asked.tokens -= 1.0;
    m->spent_at = now;
    bool ends = m->granted.tokens <= m->granted.size / 3 || now > m->granted.until - m->span / 3;
    m->wanted = m->wanted || (ends && grantable(b, m->span, now, false) >= 1.0);
}

void budget_memory_returned(struct budget_memory *m)
{
    m->granted.tokens += 1.0;
    m->asked.tokens += 1.0;
}

bool budget_memory_ends(struct budget_memory *m)
{
    m->wanted = m->urgent = false;
    return m->stands && !m->writing && m->granted.tokens > ALMOST;
}

bool budget_memory_due(const struct budget_memory *m, const struct budget *b, int64_t now)
{
    if (m->writing || now < m->again_at)
        return false;
    if (m->wanted && grantable(b, m->span, now, m->urgent) >= 1.0)
        return true;
    if (!m->stands)
        return false;
    if (budget_level(b, now) < b->hour_max - ALMOST)
        return now >= m->written_at + BUDGET_MEMORY_EVERY_MS;
    return now >= m->written_at + BUDGET_MEMORY_QUIET_MS &&
           now >= m->spent_at + BUDGET_MEMORY_QUIET_MS;
}

/* When all of the grant is spent at once, or all that comes meanwhile, or only at the end: what there is
 * at least, as a level from a time on that fills evenly. Never worse than nothing at the grant's end. A
 * reader takes it that all is spent MS after that time. */
static double least_left(const struct budget *b, double span, double level, double grant,
                         double *shift)
{
    double room = (b->hour_max - level) / b->hour_rate;
    *shift = grant > 0 && room < span ? span - room : 0.0;
    double left = level - grant;
    if (left < 0)
        *shift -= left / b->hour_rate;
    *shift = least(*shift, span);
    if (grant > 0 && *shift < span - MS)
        *shift = span - MS;
    return left < 0 ? 0.0 : left;
}

void budget_memory_write(struct budget_memory *m, const struct budget *b, int64_t wall, int64_t now,
                         struct budget_record *out)
{
    double shift = 0, level = budget_level(b, now);
    double grant = m->wanted ? grantable(b, m->span, now, m->urgent) : 0.0;
    out->tombstone = grant <= 0 && level >= b->hour_max - ALMOST;
    int64_t left = (int64_t)(least_left(b, (double)m->span, level, grant, &shift) * 1000.0);
    int64_t whole = (int64_t)shift;
    snprintf(out->value, sizeof out->value,
             "{\"at\":%" PRId64 ",\"level\":%" PRId64 ".%03" PRId64 ",\"v\":1}",
             wall + whole + ((double)whole < shift), left / 1000, left % 1000);
    m->asked = (struct budget_grant){grant, grant, now + m->span};
    m->writing = true;
    m->wanted = m->urgent = false;
    m->stands = true; /* what is on its way to be deleted stands */
    m->clears = out->tombstone;
    m->written_at = now;
}

/* Longer at once, shorter by and by. */
static int64_t next_span(int64_t span, int64_t took)
{
    int64_t wanted = took * ACKS;
    if (wanted > BUDGET_MEMORY_MAX_MS)
        wanted = BUDGET_MEMORY_MAX_MS;
    if (wanted < MS)
        wanted = MS;
    return wanted >= span ? wanted : span - (span - wanted + 3) / 4;
}

void budget_memory_written(struct budget_memory *m, bool ok, int64_t now)
{
    m->writing = false;
    if (ok) {
        m->span = next_span(m->span, now - m->written_at);
        m->granted = m->asked;
        m->stands = !m->clears;
        return;
    }
    m->again_at = now + AGAIN_MS;
    m->wanted = true;
    m->granted.tokens = least(m->granted.tokens, m->asked.tokens);
    m->granted.until = m->granted.until < m->asked.until ? m->granted.until : m->asked.until;
}
