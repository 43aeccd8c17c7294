/*
 * Fills struct config from the environment by the table. Reads the files that NAME_FILE variables
 * name. One thread, at the start.
 */
#include "common/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config/table.h"
#include "common/jval.h"
#include "common/mem.h"
#include "common/num.h"

#define LONGEST_VALUE 65536
#define FILE_SUFFIX "_FILE"

/* The value of a variable of the environment, or NULL. */
static const char *lookup(char *const *environment, const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = strlen(suffix);

    for (; *environment; environment++) {
        const char *v = *environment;
        if (strncmp(v, name, len) == 0 && strncmp(v + len, suffix, suffix_len) == 0 &&
            v[len + suffix_len] == '=')
            return v + len + suffix_len + 1;
    }
    return NULL;
}

/* The whole file without the line ends it closes with. */
static enum err read_file(const char *name, const char *path, char **out, struct error *e)
{
    char *room = mem_alloc(LONGEST_VALUE + 1, 1);
    FILE *f = fopen(path, "re");
    size_t len = 0;
    bool failed = true;

    if (f) {
        len = fread(room, 1, LONGEST_VALUE + 1, f);
        failed = ferror(f);
        fclose(f);
    }
    if (failed) {
        free(room);
        return error_set(e, ERR_CONFIG, "%s_FILE: cannot read \"%s\": %s", name, path,
                         strerror(errno));
    }
    if (len > LONGEST_VALUE || memchr(room, '\0', len)) {
        secret_wipe(room, len);
        free(room);
        return error_set(e, ERR_CONFIG, "%s_FILE: \"%s\" is over %d bytes or no text", name, path,
                         LONGEST_VALUE);
    }
    while (len > 0 && (room[len - 1] == '\n' || room[len - 1] == '\r'))
        len--;
    room[len] = '\0';
    *out = room;
    return ERR_OK;
}

/* The text of a variable, the caller's; *out is NULL if it is not set. */
static enum err fetch(char *const *environment, const struct config_option *o, char **out,
                      struct error *e)
{
    const char *value = lookup(environment, o->name, "");
    const char *file = lookup(environment, o->name, FILE_SUFFIX);
    enum err err;

    *out = NULL;
    if (value && !value[0] && !o->empty_counts)
        value = NULL;
    if (file && !file[0])
        file = NULL;
    if (value && file)
        return error_set(e, ERR_CONFIG, "%s: both %s and %s_FILE are set", o->name, o->name,
                         o->name);
    if (file) {
        err = read_file(o->name, file, out, e);
        if (err)
            return err;
        if (!(*out)[0] && !o->empty_counts) {
            free(*out);
            *out = NULL;
        }
    } else if (value) {
        *out = mem_copy(str_of(value));
    }
    return ERR_OK;
}

static void drop_blanks(char *text)
{
    char *to = text;

    for (; *text; text++)
        if (!strchr(" \t\r\n", *text))
            *to++ = *text;
    *to = '\0';
}

static enum err set_number(const struct config_option *o, const char *value, int64_t *field,
                           struct error *e)
{
    if (!num_parse(str_of(value), o->min, o->max, field))
        return error_set(e, ERR_CONFIG, "\"%s\" is not a number from %lld to %lld", value,
                         (long long)o->min, (long long)o->max);
    return ERR_OK;
}

static enum err set_switch(const char *value, bool *field, struct error *e)
{
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
        return error_set(e, ERR_CONFIG, "\"%s\" is neither 0 nor 1", value);
    *field = value[0] == '1';
    return ERR_OK;
}

/* Takes value, which is wiped or kept in the config. */
static enum err set_value(const struct config_option *o, char *value, struct config *c,
                          struct error *e)
{
    char *field = (char *)c + o->field;
    enum err err = ERR_OK;

    if (o->type == CONFIG_LIST)
        drop_blanks(value);
    if (o->type == CONFIG_NUMBER)
        err = set_number(o, value, (int64_t *)(void *)field, e);
    else if (o->type == CONFIG_SWITCH)
        err = set_switch(value, (bool *)field, e);
    else if (o->type == CONFIG_KEY)
        err = secret_key_parse(str_of(value), (struct secret_key *)(void *)field, e);
    if (!err && o->check && value[0])
        err = o->check(str_of(value), e);
    if (o->type == CONFIG_KEY)
        *((bool *)c + o->present) = !err;
    if (o->type == CONFIG_TEXT || o->type == CONFIG_LIST)
        *(char **)(void *)field = value;
    else
        secret_free(value);
    if (err)
        error_context(e, "%s", o->name);
    return err;
}

/* After a failure the rest gets its defaults, so that every text is there. */
static enum err load_option(const struct config_option *o, enum config_user user,
                            char *const *environment, struct config *out, struct error *e)
{
    char *value = NULL;
    enum err err = fetch(environment, o, &value, e);

    if (!err && !value && o->required)
        err = error_set(e, ERR_CONFIG, "%s: required, and not set", o->name);
    if (!value && o->type == CONFIG_KEY)
        return err;
    if (!value)
        value = mem_copy(str_of(config_preset(o, user)));
    return set_value(o, value, out, e) ? ERR_CONFIG : err;
}

static bool is_known(struct str name)
{
    for (size_t i = 0; i < config_options_count; i++) {
        struct str known = str_of(config_options[i].name);
        if (str_starts(name, known) &&
            (name.len == known.len || str_is(str_from(name, known.len), FILE_SUFFIX)))
            return true;
    }
    return false;
}

/* A misspelt name must not be passed over in silence. */
static enum err refuse_unknown(char *const *environment, struct error *e)
{
    static const char *const ours[] = {"INGEST_", "ADMIN_", "CRM_", "CALL_",
                                       "KAFKA_",  "TOPIC_", "OPS_"};

    for (; *environment; environment++) {
        struct str name = str_of(*environment);
        long equals = str_find(name, '=');

        if (equals >= 0)
            name.len = (size_t)equals;
        for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
            if (str_starts(name, str_of(ours[i])) && !is_known(name))
                return error_set(e, ERR_CONFIG, "%.*s: no such variable", STR_ARG(name));
    }
    return ERR_OK;
}

static enum err check_readable(const char *name, const char *path, struct error *e)
{
    if (path[0] && access(path, R_OK) != 0)
        return error_set(e, ERR_CONFIG, "%s: cannot read \"%s\": %s", name, path, strerror(errno));
    return ERR_OK;
}

static enum err check_together(enum config_user user, const struct config *c, struct error *e)
{
    if (user & (CONFIG_INGEST | CONFIG_CRM | CONFIG_TOOL))
        check_readable("CA_FILE", c->ca_file, e);
    if (!(user & CONFIG_INGEST))
        return e->kind;
    check_readable("INGEST_TLS_CERT", c->ingest_tls_cert, e);
    check_readable("INGEST_TLS_KEY", c->ingest_tls_key, e);
    if (!c->ingest_tls_cert[0] != !c->ingest_tls_key[0])
        error_set(e, ERR_CONFIG, "%s: INGEST_TLS_CERT and INGEST_TLS_KEY go together",
                  c->ingest_tls_cert[0] ? "INGEST_TLS_KEY" : "INGEST_TLS_CERT");
    if (c->admin_password[0] && c->admin_password_hash[0])
        error_set(e, ERR_CONFIG, "ADMIN_PASSWORD_HASH: ADMIN_PASSWORD is set too");
    if (c->admin_listen[0] && !c->admin_password[0] && !c->admin_password_hash[0])
        error_set(e, ERR_CONFIG,
                  "ADMIN_PASSWORD: required with ADMIN_LISTEN (or ADMIN_PASSWORD_HASH)");
    return e->kind;
}

enum err config_load(enum config_user user, char *const *environment, struct config *out,
                     struct error *e)
{
    struct error own = ERROR_NONE;

    memset(out, 0, sizeof(*out));
    jval_start();
    if (!secret_start(&own))
        refuse_unknown(environment, &own);
    /* the first failure stands; the rest is filled all the same */
    for (size_t i = 0; i < config_options_count; i++) {
        enum err err = load_option(&config_options[i], user, environment, out, &own);
        (void)err;
    }
    check_together(user, out, &own);
    return own.kind ? error_set(e, own.kind, "%s", own.text) : ERR_OK;
}

void config_done(struct config *c)
{
    for (size_t i = 0; i < config_options_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->type == CONFIG_TEXT || o->type == CONFIG_LIST)
            secret_free(*(char **)(void *)((char *)c + o->field));
    }
    secret_wipe(c, sizeof(*c));
}
