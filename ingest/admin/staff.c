/*
 * Employees and extensions. Must not know how they are asked for (common/doctor/outside.h). The admin thread only.
 */
#include "ingest/admin/staff.h"

#include <stdlib.h>

#include "common/accounts.h"
#include "common/doctor/doctor.h"
#include "common/mem.h"
#include "common/text.h"
#include "ingest/admin/staff_rows.h"

#define UNMAPPED 200

struct staff {
    const struct admin_parts *parts;
    struct ask *first; /* under way */
};

struct ask {
    struct ask *next, *prev;
    struct staff *owner;
    struct api_call *call;
    char *account;
    int waiting;
    struct outside_answer megaplan, mango;
    char *texts[2];
};

/* ---- the rest ---- */

static struct jval *time_or_null(int64_t unix_ms)
{
    char text[TEXT_TIME_SIZE];
    if (unix_ms <= 0)
        return jval_new_null();
    text_time(unix_ms, text);
    return jval_new_text(str_of(text));
}

struct unmapped {
    struct jval *list;
    size_t n;
};

static void add_unmapped(void *arg, struct str extension, int64_t calls, int64_t last_at)
{
    struct unmapped *u = arg;
    if (u->n++ >= UNMAPPED)
        return;
    struct jval *v = jval_new_object();
    jval_put_text_clean(v, "extension", extension);
    jval_put_int(v, "calls", calls);
    jval_put(v, "last_at", time_or_null(last_at));
    jval_append(u->list, v);
}

static int by_calls(const void *a, const void *b)
{
    const struct jval *const *x = a, *const *y = b;
    int64_t m = 0, n = 0;
    (void)jval_int(jval_get(*x, "calls"), &m);
    (void)jval_int(jval_get(*y, "calls"), &n);
    if (m != n)
        return m > n ? -1 : 1;
    return users_query_compare(jval_get_text(*x, "extension"), jval_get_text(*y, "extension"));
}

/* Those with the most calls first. */
static struct jval *unmapped_of(const struct ask *k)
{
    const struct admin_unmapped *source = k->owner->parts->unmapped;
    struct unmapped u = {jval_new_array(), 0};
    const struct jval *rows[UNMAPPED];
    if (source->each)
        source->each(source->source, str_of(k->account), add_unmapped, &u);
    size_t n = jval_size(u.list);
    for (size_t i = 0; i < n; i++)
        rows[i] = jval_at(u.list, i);
    qsort(rows, n, sizeof *rows, by_calls);
    struct jval *sorted = jval_new_array();
    for (size_t i = 0; i < n; i++)
        jval_append(sorted, jval_copy(rows[i]));
    jval_free(u.list);
    return sorted;
}

static void add_warning(struct jval *list, const char *code, const char *who, const char *text)
{
    struct jval *v = jval_new_object();
    char *message CLEANUP(mem_free_text) = mem_format("%s: %s", who, text);
    jval_put_text(v, "code", str_of(code));
    jval_put_text_clean(v, "message", str_of(message));
    jval_append(list, v);
}

static void warn_of(struct jval *list, enum outside_what what, const struct outside_answer *a)
{
    const char *who = what == OUTSIDE_USERS ? "MANGO" : "Megaplan";
    if (a->kept)
        add_warning(list, "list_kept", who, "the list came empty or halved; the one before stands");
    else if (a->end != OUTSIDE_GOOD)
        add_warning(list, doctor_code(what, a), who, a->text);
}

static struct jval *warnings_of(const struct ask *k, const struct users_query_list *users)
{
    struct jval *list = jval_new_array();
    bool twice = false;
    warn_of(list, OUTSIDE_EMPLOYEES, &k->megaplan);
    warn_of(list, OUTSIDE_USERS, &k->mango);
    for (size_t i = 0; users && i < users->count; i++)
        twice |= staff_rows_twice(users, i);
    if (twice)
        add_warning(list, "extensions_twice", "MANGO", "an extension is of several employees");
    return list;
}

/* Of both the older one. */
static int64_t read_at(const struct ask *k)
{
    int64_t a = k->megaplan.read_at, b = k->mango.read_at;
    return !a || (b && b < a) ? b : a;
}

static void reply(struct ask *k, const struct settings *s, const struct employee_list *all,
                  const struct users_query_list *users)
{
    struct jval *body = jval_new_object();
    bool kept = k->megaplan.kept || k->mango.kept;
    /* what was never read is only made up from settings where an answer cannot be believed */
    struct jval *employees =
        all || k->megaplan.kept ? staff_rows_employees(all, s) : jval_new_array();
    struct jval *extensions = users || k->mango.kept
                                  ? staff_rows_extensions(users, s, api_shows(k->call))
                                  : jval_new_array();
    jval_put(body, "employees", employees);
    jval_put(body, "extensions", extensions);
    jval_put(body, "proposals", staff_rows_proposals(all, users, s));
    jval_put(body, "unmapped", unmapped_of(k));
    jval_put(body, "read_at", time_or_null(read_at(k)));
    jval_put_bool(body, "kept", kept);
    jval_put(body, "warnings", warnings_of(k, users));
    api_reply(k->call, 200, body);
}

/* ---- a request ---- */

static void ask_free(struct ask *k)
{
    free(k->texts[0]);
    free(k->texts[1]);
    free(k->account);
    free(k);
}

static void ask_end(struct ask *k)
{
    if (k->next)
        k->next->prev = k->prev;
    *(k->prev ? &k->prev->next : &k->owner->first) = k->next;
    ask_free(k);
}

static struct ask *ask_new(struct staff *e, struct api_call *c, struct str account)
{
    struct ask *k = mem_alloc(1, sizeof *k);
    *k = (struct ask){
        .next = e->first, .owner = e, .call = c, .account = mem_copy(account), .waiting = 2};
    if (k->next)
        k->next->prev = k;
    e->first = k;
    return k;
}

/* It waits for the share, and nothing of that side is known. */
static int64_t wait_of(const struct outside_answer *a, bool known)
{
    return a->end == OUTSIDE_SOON && !known ? a->wait_ms : 0;
}

static bool failed(const struct outside_answer *a, bool known)
{
    return a->end != OUTSIDE_GOOD && !known;
}

static void answer(struct ask *k)
{
    const struct admin_parts *p = k->owner->parts;
    const struct settings *s = accounts_get(p->accounts, str_of(k->account));
    const struct employee_list *all = outside_employees(p->outside, k->account);
    const struct users_query_list *users = outside_users(p->outside, k->account);
    int64_t a = wait_of(&k->megaplan, all), b = wait_of(&k->mango, users);
    if (!s)
        api_refuse(k->call, 404, "unknown_account", "", "there is no such account");
    else if (a || b)
        api_refuse_soon(k->call, a > b ? a : b, a > b ? k->texts[0] : k->texts[1]);
    else if (failed(&k->megaplan, all) && failed(&k->mango, users))
        api_refuse(k->call, 502, "outside", "", "Megaplan: %s; MANGO: %s", k->texts[0],
                   k->texts[1]);
    else
        reply(k, s, all, users);
}

static void one_more(struct ask *k)
{
    if (--k->waiting > 0)
        return;
    answer(k);
    ask_end(k);
}

static void keep(struct outside_answer *to, char **text, const struct outside_answer *from)
{
    *text = mem_copy(str_of(from->text));
    *to = *from;
    to->text = *text;
}

static void got_employees(void *arg, const struct outside_answer *a)
{
    struct ask *k = arg;
    keep(&k->megaplan, &k->texts[0], a);
    one_more(k);
}

static void got_users(void *arg, const struct outside_answer *a)
{
    struct ask *k = arg;
    keep(&k->mango, &k->texts[1], a);
    one_more(k);
}

static void get(void *part, struct api_call *c)
{
    struct staff *e = part;
    struct outside *o = e->parts->outside;
    struct str account = api_param(c, "a");
    if (!accounts_get(e->parts->accounts, account)) {
        api_refuse(c, 404, "unknown_account", "", "there is no such account");
        return;
    }
    struct ask *k = ask_new(e, c, account);
    outside_read(o, k->account, OUTSIDE_EMPLOYEES, 0, got_employees, k);
    outside_read(o, k->account, OUTSIDE_USERS, 0, got_users, k);
}

const struct api_route *staff_routes(struct staff *e, size_t *n)
{
    static const struct api_route routes[] = {{"GET", "/api/accounts/{a}/employees", get, 0}};
    (void)e;
    *n = sizeof routes / sizeof *routes;
    return routes;
}

struct staff *staff_new(const struct admin_parts *parts)
{
    struct staff *e = mem_alloc(1, sizeof *e);
    e->parts = parts;
    return e;
}

void staff_free(struct staff *e)
{
    if (!e)
        return;
    for (struct ask *k = e->first, *next; k; k = next) {
        next = k->next;
        ask_free(k);
    }
    free(e);
}
