/*
 * Whatever Megaplan, or something in front of it, may answer: the envelope, and every reader of its rows.
 * The first byte of the input says what the request was and how HTTP ended.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/megaplan/callinfo.h"
#include "common/megaplan/contractor.h"
#include "common/megaplan/lookup.h"
#include "common/megaplan/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail_if(bool wrong)
{
    if (wrong)
        abort();
}

static void read_rows(const struct answer *a)
{
    static struct lookup l;
    l = (struct lookup){.country_code = STR("7")};
    fail_if(!phone_from_pbx(STR("79991231212"), &l.number));
    (void)(lookup_read_route(&l, a) || lookup_read_search(&l, a));
    (void)lookup_read_search(&l, a);
    for (size_t i = 0; i < l.count; i++) {
        struct str id = str_of(l.candidates[i].id);
        fail_if(id.len == 0 || id.len >= LOOKUP_ID);
        (void)lookup_read_fetch(&l, id, a);
    }
    const struct lookup_candidate *c = lookup_client(&l);
    fail_if(c && c->fit != LOOKUP_CLIENT);
    fail_if(lookup_others(&l) >= LOOKUP_MAX);
}

static void read_clients(const struct answer *a)
{
    struct contractor_search s = {
        .marker = STR("MANGO MTIz"), .country_code = STR("7"), .since = 1520256600000};
    struct contractor_page p = {.more = false};
    char id[LOOKUP_ID];
    fail_if(!phone_from_pbx(STR("79991231212"), &s.number));
    if (contractor_read_page(a, &s, &p))
        fail_if(p.more && !p.last[0]);
    if (contractor_read_created(a, id))
        fail_if(!id[0]);
    (void)contractor_refuses_creator(a);
    (void)answer_has_more(a, 100, 100);
}

static void read_calls_and_tasks(const struct answer *a)
{
    const struct task_search s = {.marker = STR("MANGO MTIz"), .since = 1520256600000};
    struct task_page p = {.more = false};
    struct callinfo_seen seen;
    char id[LOOKUP_ID];
    bool open;
    if (task_read_page(a, &s, &p))
        fail_if((p.more && !p.last[0]) || (p.nmarked > 0) != (p.found[0] != '\0'));
    (void)(task_read_id(a, id) && task_read_open(a, &open));
    fail_if(callinfo_read(a, STR("e"), &seen) != callinfo_read_id(a, STR("e"), id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 201, 302, 400, 401, 403, 404, 422, 429, 500, 503};
    if (size == 0)
        return 0;
    const struct answer_source source = {
        .status = statuses[(data[0] & 0x3f) % (sizeof statuses / sizeof *statuses)],
        .body = {(const char *)data + 1, size - 1},
        .too_large = (data[0] & 0x40) != 0,
        .about = data[0] & 0x80 ? ANSWER_ABOUT_RECORD : ANSWER_ABOUT_ACCOUNT};
    struct answer a;
    answer_read(&source, &a);
    fail_if((a.kind == ANSWER_OK) != (a.data != NULL));
    fail_if(a.kind != ANSWER_OK && a.text[0] == '\0');
    read_rows(&a);
    read_clients(&a);
    read_calls_and_tasks(&a);
    answer_done(&a);
    return 0;
}
