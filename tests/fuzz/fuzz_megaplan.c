/*
 * Whatever Megaplan, or something in front of it, may answer: the envelope, and every reader of its rows.
 * The first byte of the input says what the request was and how HTTP ended.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/megaplan/bulk.h"
#include "common/megaplan/callinfo.h"
#include "common/megaplan/contractor.h"
#include "common/megaplan/employee.h"
#include "common/megaplan/field.h"
#include "common/megaplan/login.h"
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
    struct lookup l = {.country_code = STR("7")};
    fail_if(!phone_from_pbx(STR("79991231212"), &l.number));
    (void)(lookup_read_route(&l, a) || lookup_read_search(&l, a));
    (void)!lookup_read_search(&l, a);
    for (size_t i = 0; i < l.count; i++) {
        struct str id = str_of(l.candidates[i].id);
        fail_if(id.len == 0 || id.len >= LOOKUP_ID);
        (void)!lookup_read_fetch(&l, id, a);
    }
    const struct lookup_candidate *c = lookup_client(&l);
    fail_if(c && c->fit != LOOKUP_CLIENT);
    fail_if(lookup_others(&l) >= LOOKUP_MAX);
    lookup_done(&l);
}

static void read_clients(const struct answer *a)
{
    struct contractor_search s = {
        .marker = STR("MANGO MTIz"), .country_code = STR("7"), .since = 1520256600000};
    struct contractor_page p = {.nmarked = 0};
    char id[LOOKUP_ID];
    fail_if(!phone_from_pbx(STR("79991231212"), &s.number));
    if (contractor_read_page(a, &s, &p))
        fail_if(p.place.more && !p.place.last[0]);
    if (contractor_read_created(a, id))
        fail_if(!id[0]);
    (void)contractor_refuses_creator(a);
    (void)answer_has_more(a, 100, 100);
}

static void read_calls_and_tasks(const struct answer *a)
{
    const struct task_search s = {.marker = STR("MANGO MTIz"), .since = 1520256600000};
    struct task_page p = {.nmarked = 0};
    char id[LOOKUP_ID];
    bool open;
    if (task_read_page(a, &s, &p))
        fail_if((p.place.more && !p.place.last[0]) || (p.nmarked > 0) != (p.found[0] != '\0'));
    (void)(task_read_id(a, id) && task_read_open(a, &open));
    if (callinfo_read_id(a, STR("e"), id))
        fail_if(!id[0]);
}

static void read_cards(const struct answer *a)
{
    struct contractor_responsible r[3];
    size_t n = 9;
    fail_if(contractor_read_responsibles(a->data, r, 3, &n) ? n > 3 : n != 0);
    for (size_t i = 0; i < n; i++)
        fail_if(!r[i].id[0] || strlen(r[i].id) >= LOOKUP_ID);
    (void)contractor_field_empty(a->data, "Category183CustomFieldGorod");
    (void)contractor_is_dropped(a->data);
}

static void read_fields(const struct answer *a)
{
    struct field_names names = {0};
    bool read = field_read_list(a, &names);
    for (int f = 0; f < FIELDS; f++) {
        const char *name = field_name(&names, (enum field)f);
        fail_if(name && (!read || !field_exists(&names, (enum field)f)));
        char *value = field_value((enum field)f, a->data ? a->data : a->root, STR("MTIz"));
        fail_if(value && (!value[0] || strlen(value) > FIELD_VALUE));
        free(value);
    }
}

static void read_employees(const struct answer *a)
{
    struct employee_list list = {.count = 0};
    for (int i = 0; i < 2; i++)
        if (employee_read_page(a, &list))
            fail_if(list.place.more && !list.place.last[0]);
    for (size_t i = 0; i < list.count; i++)
        fail_if(employee_find(&list, str_of(list.all[i].id)) != &list.all[i]);
    employee_list_done(&list);
}

static void read_bulk_and_login(const struct answer *a, const struct answer_source *source)
{
    struct bulk_end ends[3];
    struct login_answer login;
    (void)!bulk_read(a, ends, 3);
    for (size_t i = 0; i < 3; i++)
        fail_if(ends[i].body && !ends[i].status);
    bulk_ends_done(ends, 3);
    login_read(source, &login);
    fail_if((login.kind == LOGIN_GRANTED) != (login.access_token != NULL));
    fail_if((login.kind == LOGIN_GRANTED) != (login.text[0] == '\0'));
    login_answer_done(&login);
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
    read_cards(&a);
    read_fields(&a);
    read_employees(&a);
    read_bulk_and_login(&a, &source);
    answer_done(&a);
    return 0;
}
