/*
 * Remembers what may have been written, until it is seen. Must not know HTTP. The admin thread only.
 */
#include "ingest/admin/doubts.h"

#include <stdlib.h>
#include <string.h>

#include "common/accounts.h"
#include "common/audit.h"
#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/mem.h"

/* A document may be met whenever it comes: its text is its own. Removals are alike, so they are met for so long only. */
#define REMOVAL_MS INT64_C(600000)

struct doubt {
    char *account; /* NULL: free */
    char *who;
    char *stored; /* NULL: a removal */
    struct jval *changes;
    int64_t since; /* boot ms */
};

struct doubts {
    const struct admin_parts *parts;
    struct doubt list[LIMIT_PAGE_DOUBTS];
};

struct doubts *doubts_new(const struct admin_parts *parts)
{
    struct doubts *d = mem_alloc(1, sizeof *d);
    d->parts = parts;
    return d;
}

static void empty(struct doubt *x)
{
    free(x->account);
    free(x->who);
    free(x->stored);
    jval_free(x->changes);
    *x = (struct doubt){0};
}

void doubts_free(struct doubts *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < LIMIT_PAGE_DOUBTS; i++)
        empty(&d->list[i]);
    free(d);
}

/* A free place, or that of the oldest. */
static struct doubt *place_of(struct doubts *d)
{
    struct doubt *place = d->list;
    for (size_t i = 0; i < LIMIT_PAGE_DOUBTS && place->account; i++) {
        if (!d->list[i].account || d->list[i].since < place->since)
            place = &d->list[i];
    }
    return place;
}

void doubts_add(struct doubts *d, const char *account, const char *who, const char *stored,
                struct jval *changes)
{
    struct doubt *x = place_of(d);
    empty(x);
    *x = (struct doubt){mem_copy(str_of(account)), mem_copy(str_of(who)),
                        stored ? mem_copy(str_of(stored)) : NULL, changes, clock_boot_ms()};
}

static bool is_of(const struct doubt *x, const char *account)
{
    return x->account && strcmp(x->account, account) == 0;
}

static bool is_written(const struct doubt *x, struct str document)
{
    if (x->stored)
        return document.ptr && str_is(document, x->stored);
    return !document.ptr && clock_boot_ms() - x->since < REMOVAL_MS;
}

void doubts_forget(struct doubts *d, const char *account, const char *stored)
{
    struct str document = stored ? str_of(stored) : STR_NONE;
    for (size_t i = 0; i < LIMIT_PAGE_DOUBTS; i++) {
        if (is_of(&d->list[i], account) && is_written(&d->list[i], document))
            empty(&d->list[i]);
    }
}

static void tell(const struct doubts *d, struct doubt *x)
{
    struct error e = ERROR_NONE;
    log_info("a change of settings that Kafka did not acknowledge was written",
             LOG_TEXT("account", x->account), LOG_TEXT("who", x->who));
    if (doubts_audit(d->parts, x->account, x->who, !x->stored, x->changes, NULL, NULL, &e))
        log_fail("a change of settings has no audit record", LOG_TEXT("account", x->account),
                 LOG_TEXT("who", x->who), LOG_ERROR(&e));
    x->changes = NULL;
    empty(x);
}

void doubts_changed(struct doubts *d, const char *account)
{
    struct str document = accounts_document(d->parts->accounts, str_of(account));
    for (size_t i = 0; i < LIMIT_PAGE_DOUBTS; i++) {
        if (is_of(&d->list[i], account) && is_written(&d->list[i], document))
            tell(d, &d->list[i]);
    }
}

enum err doubts_audit(const struct admin_parts *parts, const char *account, const char *who,
                      bool removes, struct jval *changes, producer_done *done, void *arg,
                      struct error *e)
{
    struct audit_record record;
    struct jval *details = jval_new_object();
    jval_put(details, "changes", changes ? changes : jval_new_array());
    audit_record(&(const struct audit){.account = account,
                                       .who = who,
                                       .what = removes ? "settings removed" : "settings stored",
                                       .details = details,
                                       .at = clock_wall_ms()},
                 &record);
    record.record.partition =
        producer_partition(parts->producer, KAFKA_OUTCOMES, record.record.key);
    record.record.done = done;
    record.record.arg = arg;
    enum err err = producer_send(parts->producer, &record.record, e);
    audit_record_done(&record);
    return err;
}
