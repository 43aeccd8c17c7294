/*
 * Counts outcomes, and letters that have none. Pure.
 */
#include "common/doctor/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "common/event.h"
#include "common/jval.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/phone.h"
#include "common/text.h"

#define HOUR_MS INT64_C(3600000)

struct hours {
    int64_t hour[EVIDENCE_HOURS]; /* which one a count is of, hours since 1970 */
    int64_t count[EVIDENCE_HOURS];
    int64_t last_at;
    char reason[EVIDENCE_TEXT];
};

struct patient {
    char name[LIMIT_ACCOUNT_NAME + 1];
    struct hours signs[EVIDENCE_SIGNS];
    UT_hash_handle hh;
};

struct evidence {
    struct patient *all;
};

/* ---- what an outcome says ---- */

static bool sign_of_route(struct str result, enum evidence_sign *out)
{
    static const struct {
        const char *result;
        enum evidence_sign sign;
    } table[] = {{"done", EVIDENCE_ROUTED},
                 {"late", EVIDENCE_ROUTE_LATE},
                 {"limited", EVIDENCE_ROUTE_LIMIT},
                 {"failed", EVIDENCE_ROUTE_FAILED}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (str_is(result, table[i].result)) {
            *out = table[i].sign;
            return true;
        }
    }
    return false;
}

static bool sign_of(const struct jval *v, enum evidence_sign *out)
{
    struct str kind = jval_get_text(v, "kind"), result = jval_get_text(v, "result");
    if (str_is(result, "dead"))
        *out = EVIDENCE_DEAD;
    else if (str_is(kind, "route"))
        return sign_of_route(result, out);
    else if (str_is(kind, "call") && str_is(result, "done"))
        *out = EVIDENCE_SAVED;
    else if (str_is(kind, "record") && str_is(result, "no_record"))
        *out = EVIDENCE_NO_RECORD;
    else
        return false;
    return true;
}

/* Most outcomes say nothing here: they are not worth a parser. */
static bool may_say(struct str value)
{
    static const char *const words[] = {"\"dead\"", "\"route\"", "\"call\"", "\"no_record\""};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (value.len && memmem(value.ptr, value.len, words[i], strlen(words[i])))
            return true;
    return false;
}

/* ---- counting ---- */

static struct patient *find(const struct evidence *e, struct str account)
{
    struct patient *p;
    HASH_FIND(hh, e->all, account.ptr, account.len, p);
    return p;
}

static struct patient *find_or_add(struct evidence *e, struct str account)
{
    struct patient *p = find(e, account);
    if (p)
        return p;
    p = mem_alloc(1, sizeof *p);
    memcpy(p->name, account.ptr, account.len);
    HASH_ADD_KEYPTR(hh, e->all, p->name, account.len, p);
    return p;
}

/* Masked before it is cut: of a number that is cut nobody could tell that it is one. */
static void keep_reason(struct hours *h, struct str reason)
{
    char masked[LIMIT_ERROR_TEXT];
    phone_mask_in(reason, masked, sizeof masked);
    snprintf(h->reason, sizeof h->reason, "%.*s",
             STR_ARG(text_cut(str_of(masked), sizeof h->reason - 1)));
}

static void count(struct hours *h, int64_t at, struct str reason)
{
    int64_t hour = at / HOUR_MS;
    size_t i = (size_t)(hour % EVIDENCE_HOURS);
    if (h->hour[i] < hour) {
        h->hour[i] = hour;
        h->count[i] = 0;
    }
    h->count[i] += h->hour[i] == hour;
    if (at < h->last_at)
        return;
    h->last_at = at;
    keep_reason(h, reason);
}

static void take_outcome(struct evidence *e, struct str account, const struct kafka_message *m)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    enum evidence_sign sign;
    if (may_say(m->value) && !jval_parse(m->value, &v, NULL) && sign_of(v, &sign))
        count(&find_or_add(e, account)->signs[sign], m->timestamp, jval_get_text(v, "reason"));
}

/* Of a webhook, by worker calls, which writes no outcome of it; worker crm writes one for each of its letters. A note has no
 * stage. */
static void take_letter(struct evidence *e, struct str account, const struct kafka_message *m)
{
    if (str_is(kafka_header_get(m, "__connect.errors.stage"), "calls"))
        count(&find_or_add(e, account)->signs[EVIDENCE_DEAD], m->timestamp,
              kafka_header_get(m, "__connect.errors.exception.message"));
}

void evidence_take(struct evidence *e, const struct kafka_message *m, int64_t now)
{
    struct event_key key;
    if (m->timestamp < 0 || m->timestamp <= now - EVIDENCE_HOURS * HOUR_MS ||
        event_key_split(m->key, &key, NULL) || key.account.len > LIMIT_ACCOUNT_NAME)
        return;
    if (m->topic == KAFKA_OUTCOMES)
        take_outcome(e, key.account, m);
    else if (m->topic == KAFKA_DEAD)
        take_letter(e, key.account, m);
}

int64_t evidence_count(const struct evidence *e, const char *account, enum evidence_sign s,
                       int64_t now)
{
    const struct patient *p = find(e, str_of(account));
    int64_t n = 0;
    for (int i = 0; p && i < EVIDENCE_HOURS; i++)
        if (p->signs[s].hour[i] > now / HOUR_MS - EVIDENCE_HOURS)
            n += p->signs[s].count[i];
    return n;
}

int64_t evidence_busiest(const struct evidence *e, const char *account, enum evidence_sign s,
                         int64_t now)
{
    const struct patient *p = find(e, str_of(account));
    int64_t most = 0;
    for (int i = 0; p && i < EVIDENCE_HOURS; i++)
        if (p->signs[s].hour[i] > now / HOUR_MS - EVIDENCE_HOURS && p->signs[s].count[i] > most)
            most = p->signs[s].count[i];
    return most;
}

const char *evidence_reason(const struct evidence *e, const char *account, enum evidence_sign s)
{
    const struct patient *p = find(e, str_of(account));
    return p ? p->signs[s].reason : "";
}

/* ---- start and end ---- */

struct evidence *evidence_new(void)
{
    return mem_alloc(1, sizeof(struct evidence));
}

void evidence_free(struct evidence *e)
{
    if (!e)
        return;
    for (struct patient *p = e->all, *next; p; p = next) {
        next = p->hh.next;
        HASH_DEL(e->all, p);
        free(p);
    }
    free(e);
}
