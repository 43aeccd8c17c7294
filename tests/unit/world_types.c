/*
 * What the world's Megaplan knows of types: their fields, and which bodies it refuses
 * (megaplan-api.md 1.7-1.9, 2, 3.5, 4.2).
 */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tests/unit/world_megaplan.h"

struct type_field {
    const char *type, *name;
    /* b bool, c contacts, d DateTime, D any date, r read only, s array of texts, t text, * anything,
     * l... link, L... links to the types that the letters name (world_check_link) */
    const char *kind;
    const char *values; /* of a text: between commas */
};

static const struct type_field fields[] = {
    {"Contractor", "name", "t", NULL},
    {"Contractor", "timeCreated", "r", NULL},
    {"Contractor", "timeUpdated", "r", NULL},
    {"Contractor", "isDropped", "r", NULL},
    {"Contractor", "userCreated", "leh", NULL},
    {"Contractor", "description", "t", NULL},
    {"Contractor", "textDescription", "r", NULL},
    {"Contractor", "contactInfo", "c", NULL},
    {"Contractor", "responsibles", "Lehcg", NULL},
    {"Contractor", "callsCount", "r", NULL},
    {"Contractor", "tasks", "r", NULL},
    {"ContractorHuman", "firstName", "t", NULL},
    {"ContractorHuman", "middleName", "t", NULL},
    {"ContractorHuman", "lastName", "t", NULL},
    {"ContractorHuman", "company", "lhc", NULL},
    {"Employee", "name", "r", NULL},
    {"Employee", "firstName", "r", NULL},
    {"Employee", "lastName", "r", NULL},
    {"Employee", "middleName", "r", NULL},
    {"Employee", "contactInfo", "r", NULL},
    {"Employee", "isWorking", "r", NULL},
    {"Employee", "canLogin", "r", NULL},
    {"Employee", "fireDay", "r", NULL},
    {"Employee", "fireInProgress", "r", NULL},
    {"Employee", "department", "r", NULL},
    {"Employee", "position", "r", NULL},
    {"Employee", "status", "r", NULL},
    {"CallInfo", "fromPhone", "t", NULL},
    {"CallInfo", "toPhone", "t", NULL},
    {"CallInfo", "fromUser", "lehc", NULL},
    {"CallInfo", "toUser", "lehc", NULL},
    {"CallInfo", "providerId", "*", NULL},
    {"CallInfo", "timeFrom", "d", NULL},
    {"CallInfo", "timeTo", "d", NULL},
    {"CallInfo", "type", "t", ",unknown,in,out,miss,fail,"},
    {"CallInfo", "state", "t", ",unknown,calling,talking,finished,hold,"},
    {"CallInfo", "recordLinks", "s", NULL},
    {"Task", "name", "t", NULL},
    {"Task", "timeCreated", "r", NULL},
    {"Task", "timeUpdated", "r", NULL},
    {"Task", "isDropped", "r", NULL},
    {"Task", "isUrgent", "b", NULL},
    {"Task", "isTemplate", "b", NULL},
    {"Task", "subject", "t", NULL},
    {"Task", "statement", "t", NULL},
    {"Task", "textStatement", "r", NULL},
    {"Task", "owner", "le", NULL},
    {"Task", "responsible", "lehcg", NULL},
    {"Task", "deadline", "D", NULL},
    {"Task", "contractor", "lhc", NULL},
    {"Task", "userCreated", "leh", NULL},
    {"Task", "status", "r", NULL},
    {"StringField", "name", "r", NULL},
    {"StringField", "hrName", "t", NULL},
    {"StringField", "type", "t", NULL},
    {"StringField", "isRequired", "b", NULL},
    {"StringField", "isMultiple", "b", NULL},
    {"StringField", "isHtml", "b", NULL},
    {"StringField", "isUnique", "b", NULL},
    {"StringField", "isIndexable", "b", NULL},
    {"StringField", "isSortable", "b", NULL},
    {"StringField", "settings", "*", NULL},
    {"StringField", "defaultValue", "*", NULL},
};

static const struct {
    const char *type, *name;
} required[] = {{"ContractorCompany", "name"}, {"Task", "name"},
                {"Task", "isUrgent"},          {"Task", "isTemplate"},
                {"StringField", "hrName"},     {"CallInfo", "providerId"}};

static bool is_contractor(const char *type)
{
    return strncmp(type, "Contractor", 10) == 0;
}

static const struct type_field *field_of(const char *type, struct str name)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (str_is(name, fields[i].name) &&
            (strcmp(fields[i].type, type) == 0 ||
             (strcmp(fields[i].type, "Contractor") == 0 && is_contractor(type))))
            return &fields[i];
    return NULL;
}

static bool is_extra(const struct world *w, struct str name)
{
    for (size_t i = 0; i < w->nfields; i++)
        if (!w->fields[i].gone && str_eq(name, jval_get_text(w->fields[i].values, "name")))
            return true;
    return false;
}

bool world_knows_field(const struct world *w, const char *type, struct str name)
{
    return field_of(type, name) || (is_contractor(type) && is_extra(w, name));
}

static bool listed(const char *list, struct str name)
{
    char wanted[80];
    snprintf(wanted, sizeof wanted, ",%.*s,", STR_ARG(name));
    return strstr(list, wanted) != NULL;
}

bool world_check_keys(struct world_ask *a, const char *allowed)
{
    void *iter = NULL;
    struct str key;
    const struct jval *value;
    while (jval_next(a->query, &iter, &key, &value))
        if (!listed(allowed, key)) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", STR_ARG(key));
            world_refuse(a, 422, name, "There is an extra field in the request");
            return false;
        }
    return true;
}

bool world_check_link(struct world_ask *a, const struct jval *link, const char *types,
                      const char *field)
{
    static const struct {
        char letter;
        const char *type;
    } letters[] = {
        {'e', "Employee"}, {'h', "ContractorHuman"}, {'c', "ContractorCompany"}, {'g', "Group"}};
    bool fits = false;
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        fits |= strchr(types, letters[i].letter) &&
                str_is(jval_get_text(link, "contentType"), letters[i].type);
    if (!fits)
        world_refuse(a, 422, field, "'stdClass' is not assignable to the link's type");
    else if (!world_find_link(a->world, link))
        world_refuse(a, 422, field, "the linked entity does not exist");
    else
        return true;
    return false;
}

static bool check_date(const struct jval *value, bool any)
{
    int64_t at = 0;
    int64_t month = -1;
    if (str_is(jval_get_text(value, "contentType"), "DateTime"))
        return text_parse_time(jval_get_text(value, "value"), &at);
    return any && str_is(jval_get_text(value, "contentType"), "DateOnly") &&
           jval_int(jval_get(value, "month"), &month) && month >= 0 && month <= 11;
}

static bool check_contacts(const struct jval *value)
{
    for (size_t i = 0; i < jval_size(value); i++) {
        const struct jval *c = jval_at(value, i);
        if (str_is(jval_get_text(c, "contentType"), "Address"))
            continue;
        if (!str_is(jval_get_text(c, "contentType"), "ContactInfo") ||
            !listed(",email,phone,link,telegram,whatsapp,", jval_get_text(c, "type")) ||
            !jval_get_text(c, "value").len)
            return false;
    }
    return jval_type(value) == JVAL_ARRAY;
}

static bool check_texts(const struct jval *value)
{
    for (size_t i = 0; i < jval_size(value); i++)
        if (jval_type(jval_at(value, i)) != JVAL_TEXT)
            return false;
    return jval_type(value) == JVAL_ARRAY;
}

static bool check_links(struct world_ask *a, const struct type_field *f, const struct jval *value)
{
    if (f->kind[0] == 'l')
        return world_check_link(a, value, f->kind + 1, f->name);
    for (size_t i = 0; i < jval_size(value); i++)
        if (!world_check_link(a, jval_at(value, i), f->kind + 1, f->name))
            return false;
    return jval_type(value) == JVAL_ARRAY;
}

static bool check_value(struct world_ask *a, const struct type_field *f, const struct jval *value)
{
    struct str text = STR_NONE;
    bool flag = false;
    if (jval_type(value) == JVAL_NULL)
        return true;
    switch (f->kind[0]) {
    case 'l':
    case 'L':
        return check_links(a, f, value);
    case 't':
        return jval_text(value, &text) && (!f->values || listed(f->values, text));
    case 'b':
        return jval_bool(value, &flag);
    case 'c':
        return check_contacts(value);
    case 's':
        return check_texts(value);
    case 'd':
    case 'D':
        return check_date(value, f->kind[0] == 'D');
    default:
        return true;
    }
}

static bool has_required(struct world_ask *a, const char *type, const struct jval *values)
{
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (strcmp(required[i].type, type) == 0 && !jval_get(values, required[i].name)) {
            world_refuse(a, 422, required[i].name, "required field is empty");
            return false;
        }
    return true;
}

/* One field of a body, into values. */
static bool take(struct world_ask *a, const char *type, struct str key, const struct jval *value,
                 struct jval *values)
{
    char name[128];
    snprintf(name, sizeof name, "%.*s", STR_ARG(key));
    const struct type_field *f = field_of(type, key);
    if (str_is(key, "contentType") || str_is(key, "id") || (f && f->kind[0] == 'r'))
        return true;
    if (!world_knows_field(a->world, type, key)) {
        world_refuse(a, 422, name, "have not this fields");
        return false;
    }
    if (f && !check_value(a, f, value)) {
        if (a->status == 200)
            world_refuse(a, 422, name, "is not assignable");
        return false;
    }
    jval_put(values, name, jval_copy(value));
    return true;
}

struct jval *world_check(struct world_ask *a, const char *type, const struct jval *body,
                         bool creating)
{
    if (jval_type(body) != JVAL_OBJECT)
        return world_refuse(a, 422, "", "the body must be an object");
    if (!str_is(jval_get_text(body, "contentType"), type))
        return world_refuse(a, 422, "contentType", "another type is expected");
    struct jval *values = jval_new_object();
    void *iter = NULL;
    struct str key;
    const struct jval *value;
    bool good = true;
    while (good && jval_next(body, &iter, &key, &value))
        good = take(a, type, key, value, values);
    if (good && creating)
        good = has_required(a, type, values);
    if (good)
        return values;
    jval_free(values);
    return NULL;
}
