/*
 * Pieces of a span. Each is asked for with what is around it, for a call shows under the time it began at, and its later
 * legs under theirs.
 */
#include "worker/tools/reconcile_past.h"

#include <stdlib.h>

#include "common/mango/history_query.h"
#include "common/mem.h"

#define LARGEST_S (7LL * 24 * 3600)
#define SMALLEST_S 900LL
#define AROUND_S (4LL * 3600) /* CALL_IDLE_CLOSE_S: no call is longer */

struct reconcile_piece {
    char *csv;
    struct history_query_legs legs;
    struct history history;
};

static void take_calls(struct reconcile_past *p, const struct history *h, int64_t begin,
                       int64_t end)
{
    p->calls = mem_resize(p->calls, p->count + h->count + 1, sizeof(const struct history_call *));
    for (size_t i = 0; i < h->count; i++)
        if (h->calls[i].began >= begin && h->calls[i].began < end)
            p->calls[p->count++] = &h->calls[i];
}

/* What is not as documented is MANGO's failure, not the caller's. */
static enum err read_piece(struct reconcile_past *p, char *csv, int64_t begin, int64_t end,
                           struct error *e)
{
    p->pieces = mem_resize(p->pieces, p->npieces + 1, sizeof *p->pieces);
    struct reconcile_piece *piece = &p->pieces[p->npieces++];
    *piece = (struct reconcile_piece){.csv = csv};
    if (history_query_read(str_of(csv), &piece->legs, e) == ERR_INPUT)
        e->kind = ERR_REJECTED;
    if (e->kind || history_build(piece->legs.all, piece->legs.count, &piece->history, e))
        return e->kind;
    p->unreadable += piece->legs.unreadable;
    take_calls(p, &piece->history, begin, end);
    return ERR_OK;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

enum err reconcile_past_fetch(struct reconcile_ask *ask, int64_t from, int64_t to, int64_t now,
                              struct reconcile_past *out, struct error *e)
{
    int64_t largest = LARGEST_S, begin = from;
    *out = (struct reconcile_past){.count = 0};
    while (begin < to) {
        int64_t end = least(begin + largest, to);
        int64_t until = least(end + AROUND_S, now);
        char *csv = NULL;
        enum err err = reconcile_ask_history(ask, begin - AROUND_S, until, &csv, e);
        if (err == ERR_INPUT && largest > SMALLEST_S) {
            *e = ERROR_NONE;
            largest = (largest < end - begin ? largest : end - begin) / 2;
            continue;
        }
        if (err == ERR_INPUT)
            e->kind = err = ERR_REJECTED;
        if (err || (err = read_piece(out, csv, begin, end, e)))
            return err;
        begin = end;
    }
    return ERR_OK;
}

void reconcile_past_done(struct reconcile_past *p)
{
    for (size_t i = 0; i < p->npieces; i++) {
        history_done(&p->pieces[i].history);
        history_query_done(&p->pieces[i].legs);
        free(p->pieces[i].csv);
    }
    free(p->pieces);
    free(p->calls);
    *p = (struct reconcile_past){.count = 0};
}
