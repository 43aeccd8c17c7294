/*
 * The settings document: its fields, what they may hold, how they hang together. Knows nothing of
 * where documents are kept. Pure but for opening secrets; one thread per document.
 */
#include "common/settings.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/settings/read.h"
#include "common/url.h"

#define HIDDEN "***"

static enum err read_version(struct settings_reader *r, const struct settings_field *f,
                             const struct jval *v, void *target)
{
    int64_t n;

    (void)f;
    if (!jval_int(v, &n) || n != 1)
        return settings_refuse(r, "not 1");
    *(int64_t *)target = n;
    return ERR_OK;
}

static enum err read_account(struct settings_reader *r, const struct settings_field *f,
                             const struct jval *v, void *target)
{
    enum err err = settings_read_text(r, f, v, target);
    const char *name = *(char **)target;

    if (!err && (strlen(name) > LIMIT_ACCOUNT_NAME ||
                 name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")]))
        return settings_refuse(r, "not 1 to %d of a-z, 0-9 and -", LIMIT_ACCOUNT_NAME);
    return err;
}

static enum err read_timezone(struct settings_reader *r, const struct settings_field *f,
                              const struct jval *v, void *target)
{
    enum err err = settings_read_text(r, f, v, target);
    const char *name = *(char **)target;

    if (err)
        return err;
    if (name[0] == '/' || strstr(name, "..") ||
        name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/")] ||
        (r->rules->timezone_known && !r->rules->timezone_known(name)))
        return settings_refuse(r, "no such time zone");
    return ERR_OK;
}

static enum err read_country_code(struct settings_reader *r, const struct settings_field *f,
                                  const struct jval *v, void *target)
{
    enum err err = settings_read_text(r, f, v, target);
    const char *code = *(char **)target;

    if (!err && (strlen(code) > 3 || code[0] == '0' || code[strspn(code, "0123456789")]))
        return settings_refuse(r, "not a country code like 7");
    return err;
}

static enum err read_secret(struct settings_reader *r, const struct settings_field *f,
                            const struct jval *v, void *target)
{
    char **out = target;
    struct str text;
    enum err err;

    if (jval_text(v, &text) && str_is(text, HIDDEN))
        return settings_refuse(r, "hidden, and there is nothing to put in its place");
    if (!jval_text(v, &text) || !secret_is_sealed(text))
        return settings_read_text(r, f, v, target);
    err = secret_open(r->keys, str_of(r->out->account), str_of(r->path), text, out, r->e);
    if (err)
        error_context(r->e, "%s", r->path);
    return err;
}

static enum err read_url(struct settings_reader *r, const struct settings_field *f,
                         const struct jval *v, void *target)
{
    enum err err = settings_read_text(r, f, v, target);

    if (!err && !url_allowed(str_of(*(char **)target), r->rules->outbound_allow))
        return settings_refuse(r, "not an address that may be called (https to *.megaplan.ru or "
                                  "app.mango-office.ru, or a host of OUTBOUND_ALLOW)");
    return err;
}

static enum err read_base_url(struct settings_reader *r, const struct settings_field *f,
                              const struct jval *v, void *target)
{
    enum err err = read_url(r, f, v, target);
    char *url = *(char **)target;

    if (err || !url)
        return err;
    if (strpbrk(url, "?#"))
        return settings_refuse(r, "has a query or a fragment");
    while (url[strlen(url) - 1] == '/')
        url[strlen(url) - 1] = '\0';
    return ERR_OK;
}

static enum err read_phone_format(struct settings_reader *r, const struct settings_field *f,
                                  const struct jval *v, void *target)
{
    struct str name;

    (void)f;
    if (!jval_text(v, &name) || !phone_format_parse(name, target))
        return settings_refuse(r, "none of 79991231212, +79991231212, 89991231212, "
                                  "+7 (999) 123-12-12");
    return ERR_OK;
}

static bool is_placeholder(struct str name)
{
    return str_is(name, "phone") || str_is(name, "client") || str_is(name, "line") ||
           str_is(name, "time");
}

static enum err read_title(struct settings_reader *r, const struct settings_field *f,
                           const struct jval *v, void *target)
{
    enum err err = settings_read_text(r, f, v, target);
    struct str rest = str_of(*(char **)target);
    long open, close;

    while (!err && (open = str_find(rest, '{')) >= 0) {
        rest = str_from(rest, (size_t)open + 1);
        close = str_find(rest, '}');
        if (close < 0 || !is_placeholder((struct str){rest.ptr, (size_t)close}))
            return settings_refuse(r, "placeholders are {phone}, {client}, {line}, {time}");
        rest = str_from(rest, (size_t)close + 1);
    }
    return err;
}

static enum err read_texts(struct settings_reader *r, const struct settings_field *f,
                           const struct jval *v, void *target)
{
    size_t *n = (size_t *)(void *)((char *)r->out + f->count_offset);

    return settings_read_texts(r, v, LIMIT_LIST_ENTRIES, target, n);
}

/* Lines and ignored numbers: a phone number in whatever writing becomes digits; the rest stays. */
static enum err read_phones(struct settings_reader *r, const struct settings_field *f,
                            const struct jval *v, void *target)
{
    size_t *n = (size_t *)(void *)((char *)r->out + f->count_offset);
    enum err err = settings_read_texts(r, v, LIMIT_LIST_ENTRIES, target, n);
    char **list = *(char ***)target;
    struct phone phone;

    for (size_t i = 0; !err && i < *n; i++) {
        if (list[i][strspn(list[i], "0123456789+-(). ")] ||
            !phone_from_card(str_of(list[i]), str_of(r->out->country_code), &phone))
            continue;
        free(list[i]);
        list[i] = mem_try_copy(str_of(phone.digits));
        if (!list[i])
            err = settings_no_memory(r);
    }
    return err;
}

static enum err read_masks(struct settings_reader *r, const struct settings_field *f,
                           const struct jval *v, void *target)
{
    size_t *n = (size_t *)(void *)((char *)r->out + f->count_offset);
    enum err err = read_phones(r, f, v, target);
    char **list = *(char ***)target;

    for (size_t i = 0; !err && i < *n; i++) {
        size_t mark = settings_path_index(r, i);
        size_t plus = list[i][0] == '+';
        if (!list[i][plus] || list[i][plus + strspn(list[i] + plus, "0123456789*")])
            err = settings_refuse(r, "not a number or a mask of digits and *");
        settings_path_back(r, mark);
    }
    return err;
}

#define AT(f) .offset = offsetof(struct settings, f)
#define LIST(f) AT(f), .count_offset = offsetof(struct settings, n##f)
#define WHOLE .offset = 0 /* the reader gets the struct settings */
#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

static const struct settings_field mango_fields[] = {
    {"api_key", settings_read_text, AT(mango.api_key), .required = true},
    {"api_salt", read_secret, AT(mango.api_salt), .required = true},
    {"base_url", read_base_url, AT(mango.base_url)},
};

static const struct settings_field megaplan_fields[] = {
    {"base_url", read_base_url, AT(megaplan.base_url), .required = true},
    {"token", read_secret, AT(megaplan.token), .nullable = true},
    {"login", settings_read_text, AT(megaplan.login), .nullable = true},
    {"password", read_secret, AT(megaplan.password), .nullable = true},
    {"requests_per_second", settings_read_int, AT(megaplan.requests_per_second), .min = 1,
     .max = 10000},
    {"requests_per_hour", settings_read_int, AT(megaplan.requests_per_hour), .min = 1,
     .max = 10000000},
    {"bulk", settings_read_bool, AT(megaplan.bulk)},
};

static const struct settings_field create_fields[] = {
    {"incoming", settings_read_bool, AT(create_client.incoming)},
    {"missed", settings_read_bool, AT(create_client.missed)},
    {"outgoing", settings_read_bool, AT(create_client.outgoing)},
};

static const struct settings_field task_fields[] = {
    {"enabled", settings_read_bool, AT(missed_call_task.enabled)},
    {"deadline_minutes", settings_read_int, AT(missed_call_task.deadline_minutes), .min = 1,
     .max = 525600},
    {"title", read_title, AT(missed_call_task.title)},
};

static enum err read_mango(struct settings_reader *r, const struct settings_field *f,
                           const struct jval *v, void *target)
{
    (void)f;
    return settings_read_object(r, v, mango_fields, COUNT_OF(mango_fields), target);
}

static enum err read_megaplan(struct settings_reader *r, const struct settings_field *f,
                              const struct jval *v, void *target)
{
    struct settings *s = target;
    enum err err = settings_read_object(r, v, megaplan_fields, COUNT_OF(megaplan_fields), s);

    (void)f;
    if (err || s->megaplan.token || (s->megaplan.login && s->megaplan.password))
        return err;
    settings_path_key(r, !s->megaplan.login && !s->megaplan.password ? STR("token")
                         : s->megaplan.login                         ? STR("password")
                                                                     : STR("login"));
    return settings_refuse(r, "missing: a token is needed, or login and password");
}

static enum err read_create(struct settings_reader *r, const struct settings_field *f,
                            const struct jval *v, void *target)
{
    (void)f;
    return settings_read_object(r, v, create_fields, COUNT_OF(create_fields), target);
}

static enum err read_task(struct settings_reader *r, const struct settings_field *f,
                          const struct jval *v, void *target)
{
    (void)f;
    return settings_read_object(r, v, task_fields, COUNT_OF(task_fields), target);
}

#define SWITCH(f)                     \
    {                                 \
#f, settings_read_bool, AT(f) \
    }
#define PERSON(f)                                       \
    {                                                   \
#f, settings_read_text, AT(f), .nullable = true \
    }

/* In this order: what comes later needs account and country_code. */
static const struct settings_field fields[] = {
    {"version", read_version, AT(version), .required = true},
    {"account", read_account, AT(account), .required = true},
    SWITCH(enabled),
    {"timezone", read_timezone, AT(timezone), .required = true},
    {"country_code", read_country_code, AT(country_code)},
    {"mango", read_mango, WHOLE, .required = true},
    {"megaplan", read_megaplan, WHOLE, .required = true},
    {"employees", settings_employees_read, WHOLE},
    {"groups", read_texts, LIST(groups)},
    {"lines", read_phones, LIST(lines)},
    {"ignore_numbers", read_masks, LIST(ignore_numbers)},
    {"create_client", read_create, WHOLE},
    {"phone_format", read_phone_format, AT(phone_format)},
    SWITCH(route_to_responsible),
    SWITCH(source_field),
    SWITCH(responsible_follows_transfer),
    PERSON(missed_in_ivr_responsible),
    PERSON(missed_in_group_responsible),
    SWITCH(call_tracking),
    SWITCH(call_records),
    {"record_link_days", settings_read_int, AT(record_link_days), .min = 1, .max = 36500},
    SWITCH(popups),
    PERSON(unmapped_employee),
    {"working_hours", settings_hours_read, AT(working_hours), .nullable = true},
    PERSON(off_hours_responsible),
    SWITCH(route_off_hours),
    PERSON(alert_responsible),
    {"alert_url", read_url, AT(alert_url), .nullable = true},
    {"alert_after_minutes", settings_read_int, AT(alert_after_minutes), .min = 1, .max = 525600},
    {"missed_call_task", read_task, WHOLE},
};

static enum err set_defaults(struct settings_reader *r)
{
    struct settings *s = r->out;

    s->country_code = mem_try_copy(STR("7"));
    s->mango.base_url = mem_try_copy(STR("https://app.mango-office.ru/vpbx"));
    s->missed_call_task.title = mem_try_copy(STR("Перезвонить: {phone}"));
    if (!s->country_code || !s->mango.base_url || !s->missed_call_task.title)
        return settings_no_memory(r);
    s->megaplan.requests_per_second = 5;
    s->megaplan.requests_per_hour = 1000;
    s->phone_format = PHONE_FORMAT_7;
    s->record_link_days = 1825;
    s->working_hours.always = true;
    s->route_off_hours = true;
    s->alert_after_minutes = 60;
    s->missed_call_task.deadline_minutes = 60;
    return ERR_OK;
}

/* Everybody who is made responsible for something must be one of the employees. */
static enum err check_persons(struct settings_reader *r)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const char *id;

        if (fields[i].read != settings_read_text)
            continue;
        id = *(char *const *)(const void *)((const char *)r->out + fields[i].offset);
        if (!id || settings_employee_by_id(r->out, id))
            continue;
        settings_path_key(r, str_of(fields[i].key));
        return settings_refuse(r, "not in employees[]");
    }
    return ERR_OK;
}

enum err settings_parse(struct str json, const struct settings_rules *rules,
                        const struct secret_keys *keys, struct settings **out, struct error *e)
{
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    struct settings_reader r = {.rules = rules, .keys = keys, .e = e};
    enum err err;

    if (json.len > LIMIT_SETTINGS_BYTES)
        return error_set(e, ERR_INPUT, "document: over %d bytes", LIMIT_SETTINGS_BYTES);
    if ((err = jval_parse(json, &v, e))) {
        error_context(e, "document");
        return err;
    }
    r.out = mem_try_alloc(1, sizeof(*r.out));
    if (!r.out)
        return settings_no_memory(&r);
    if ((err = set_defaults(&r)) ||
        (err = settings_read_object(&r, v, fields, COUNT_OF(fields), r.out)) ||
        (err = settings_employees_finish(&r)) || (err = check_persons(&r))) {
        settings_free(r.out);
        return err;
    }
    *out = r.out;
    return ERR_OK;
}

static void free_list(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    secret_free(s->mango.api_salt);
    secret_free(s->megaplan.token);
    secret_free(s->megaplan.password);
    free(s->account);
    free(s->timezone);
    free(s->country_code);
    free(s->mango.api_key);
    free(s->mango.base_url);
    free(s->megaplan.base_url);
    free(s->megaplan.login);
    settings_employees_free(s);
    free_list(s->groups, s->ngroups);
    free_list(s->lines, s->nlines);
    free_list(s->ignore_numbers, s->nignore_numbers);
    free(s->missed_in_ivr_responsible);
    free(s->missed_in_group_responsible);
    free(s->unmapped_employee);
    free_list(s->working_hours.holidays, s->working_hours.nholidays);
    free(s->off_hours_responsible);
    free(s->alert_responsible);
    free(s->alert_url);
    free(s->missed_call_task.title);
    free(s);
}
