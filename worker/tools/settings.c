/*
 * worker settings: puts, shows, lists, removes, reseals, saves and loads the accounts' documents. Knows nothing of
 * Kafka but worker/tools/store.h. One thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alert.h"
#include "common/buf.h"
#include "common/jval.h"
#include "common/mem.h"
#include "common/settings.h"
#include "common/tz_file.h"
#include "worker/tools/forget_key.h"
#include "worker/tools/kit/plan.h"
#include "worker/tools/settings_file.h"
#include "worker/tools/settings_names.h"
#include "worker/tools/store.h"
#include "worker/tools/tools.h"

#define FILE_BYTES (512 * 1024 * 1024) /* of `load`: a thousand accounts of the largest size */

struct run {
    const struct config *config;
    struct settings_rules rules;
    const struct args *args;
    const char *argument; /* FILE or ACCOUNT */
    struct store *store;
};

static int complain(const struct error *e)
{
    return tools_complain("settings", e);
}

static enum err read_file(const char *name, struct buf *out, struct error *e)
{
    FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
    char piece[4096];
    size_t n;
    bool failed;

    if (!f)
        return error_set(e, ERR_CONFIG, "%s: cannot be read", name);
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
        buf_add(out, piece, n);
    failed = ferror(f);
    if (f != stdin)
        fclose(f);
    if (failed)
        return error_set(e, ERR_CONFIG, "%s: cannot be read", name);
    return buf_check(out, "document", e);
}

/* What needs no Kafka is refused without it. */
static enum err check_alone(const struct run *r, struct str json, struct error *e)
{
    struct settings *s = NULL;
    enum err err;

    if (json.len && memmem(json.ptr, json.len, "\"***\"", 5))
        return ERR_OK;
    err = settings_parse(json, &r->rules, &r->config->secret, &s, e);
    settings_free(s);
    return err;
}

static enum err store_document(struct run *r, struct str json, const char *account, struct error *e)
{
    struct str before = str_of(store_get(r->store, account));
    char *stored = NULL;
    struct settings_names names;
    enum err err = settings_seal(json, before, &r->rules, &r->config->secret, &stored, e);

    if (err)
        return err;
    settings_names_read(stored, &names);
    err = settings_names_check(r->store, &names, e);
    if (!err)
        err = store_put(r->store, account, stored, "settings stored", e);
    if (!err && r->args->json)
        printf("{\"account\":\"%s\",\"enabled\":%s}\n", account, names.enabled ? "true" : "false");
    else if (!err)
        printf("stored %s%s\n", account, names.enabled ? "" : " (not enabled)");
    settings_names_done(&names);
    free(stored);
    return err;
}

static int put(struct run *r)
{
    struct buf text CLEANUP(buf_done) = BUF_INIT(LIMIT_SETTINGS_BYTES);
    struct error e = ERROR_NONE;
    struct jval *v CLEANUP(jval_cleanup) = NULL;
    char *account CLEANUP(mem_free_text) = NULL;

    if (read_file(r->argument, &text, &e) || check_alone(r, buf_str(&text), &e) ||
        jval_parse(buf_str(&text), &v, &e))
        return complain(&e);
    account = mem_copy(jval_get_text(v, "account"));
    if (store_open(r->config, &r->store, &e) || store_document(r, buf_str(&text), account, &e))
        return complain(&e);
    return TOOLS_DONE;
}

static int unknown(const char *account)
{
    fprintf(stderr, "worker settings: no such account: %s\n", account);
    return TOOLS_FOUND;
}

static int get(struct run *r)
{
    struct error e = ERROR_NONE;
    const char *json;
    char *shown;

    if (store_open(r->config, &r->store, &e))
        return complain(&e);
    json = store_get(r->store, r->argument);
    if (!json)
        return unknown(r->argument);
    if (settings_hide(str_of(json), &shown, &e))
        return complain(&e);
    puts(shown);
    free(shown);
    return TOOLS_DONE;
}

/* What its receiver checks the account's alerts by (common/alert.h). */
static int show_alert_key(struct run *r)
{
    struct error e = ERROR_NONE;
    char key[ALERT_KEY_HEX + 1];

    if (store_open(r->config, &r->store, &e))
        return complain(&e);
    if (!store_get(r->store, r->argument))
        return unknown(r->argument);
    alert_key(&r->config->secret.current, str_of(r->argument), key);
    if (r->args->json)
        printf("{\"account\":\"%s\",\"alert_key\":\"%s\"}\n", r->argument, key);
    else
        puts(key);
    secret_wipe(key, sizeof key);
    return TOOLS_DONE;
}

static int list(struct run *r)
{
    struct error e = ERROR_NONE;
    const struct store_document *all;
    size_t n;

    if (store_open(r->config, &r->store, &e))
        return complain(&e);
    all = store_documents(r->store, &n);
    for (size_t i = 0; i < n; i++) {
        struct settings_names names;
        settings_names_read(all[i].json, &names);
        if (r->args->json)
            printf("{\"account\":\"%s\",\"enabled\":%s}\n", all[i].account,
                   names.enabled ? "true" : "false");
        else
            printf("%-32s %s\n", all[i].account, names.enabled ? "enabled" : "off");
        settings_names_done(&names);
    }
    return TOOLS_DONE;
}

static int rm(struct run *r)
{
    struct error e = ERROR_NONE;

    if (store_open(r->config, &r->store, &e))
        return complain(&e);
    if (!store_get(r->store, r->argument))
        return unknown(r->argument);
    if (store_put(r->store, r->argument, NULL, "settings removed", &e))
        return complain(&e);
    if (r->args->json)
        printf("{\"account\":\"%s\",\"removed\":true}\n", r->argument);
    else
        printf("removed %s\n", r->argument);
    return TOOLS_DONE;
}

/* One document; says on stderr what is wrong with it. Takes the account, since writing moves the list. */
static enum err reseal_one(struct run *r, const char *account, bool *changed)
{
    struct error e = ERROR_NONE;
    char *json = NULL;
    enum err err = settings_reseal(str_of(store_get(r->store, account)), &r->config->secret, &json,
                                   changed, &e);

    if (!err && *changed)
        err = store_put(r->store, account, json, "settings resealed", &e);
    free(json);
    if (err) {
        error_context(&e, "%s", account);
        complain(&e);
    }
    return err;
}

/* The keys that forgotten numbers are hashed with. Returns how many; *failed grows. */
static size_t reseal_keys(struct run *r, size_t *failed)
{
    size_t n, done = 0;
    const struct store_document *all;
    for (size_t i = 0; all = store_keys(r->store, &n), i < n; i++) {
        struct error e = ERROR_NONE;
        char *value CLEANUP(mem_free_text) = NULL;
        char *key CLEANUP(mem_free_text) = mem_copy(str_of(all[i].account));
        enum err err =
            forget_key_reseal(&r->config->secret, str_of(key), str_of(all[i].json), &value, &e);
        if (!err && value)
            err = store_put_forgotten(r->store, key, value, &e);
        done += !err && value;
        *failed += err != ERR_OK;
        if (err)
            complain(&e);
    }
    return done;
}

static int reseal(struct run *r)
{
    struct error e = ERROR_NONE;
    const struct store_document *all;
    size_t n, keys, done = 0, failed = 0;
    enum err worst = ERR_OK;

    if (store_open(r->config, &r->store, &e))
        return complain(&e);
    store_documents(r->store, &n);
    plan_say("settings", "%zu accounts: what is not sealed by the current key is sealed anew", n);
    if (!plan_agreed("settings", r->args, n))
        return TOOLS_USAGE;
    /* Writing turns the loop, so the list may grow and shrink under it. */
    for (size_t i = 0; all = store_documents(r->store, &n), i < n; i++) {
        char *account CLEANUP(mem_free_text) = NULL;
        bool changed = false;
        enum err err;
        account = mem_copy(str_of(all[i].account));
        err = reseal_one(r, account, &changed);
        done += !err && changed;
        failed += err != ERR_OK;
        worst = err ? err : worst;
    }
    keys = reseal_keys(r, &failed);
    if (r->args->json)
        printf("{\"summary\":{\"accounts\":%zu,\"resealed\":%zu,\"failed\":%zu,\"keys\":%zu}}\n", n,
               done, failed, keys);
    else
        printf("resealed %zu of %zu accounts and %zu keys of forgotten numbers, %zu failed\n", done,
               n, keys, failed);
    if (!failed)
        return TOOLS_DONE;
    return failed < n || !worst ? TOOLS_PARTLY : tools_exit_code(worst);
}

static int save(struct run *r)
{
    struct error e = ERROR_NONE;

    if (store_open(r->config, &r->store, &e) || settings_file_save(r->store, stdout, &e))
        return complain(&e);
    return TOOLS_DONE;
}

static void say_left(const char *account)
{
    fprintf(stderr, "worker settings: %s: is there with other settings, which stay\n", account);
}

static int load_records(struct run *r, const struct settings_file *f)
{
    struct settings_file_counts counts;
    struct error e = ERROR_NONE;

    plan_say("settings", "%zu records: what is not there yet is stored", settings_file_size(f));
    if (!plan_agreed("settings", r->args, settings_file_size(f)))
        return TOOLS_USAGE;
    if (store_open(r->config, &r->store, &e) ||
        settings_file_load(f, r->store, say_left, &counts, &e))
        return complain(&e);
    if (r->args->json)
        printf("{\"summary\":{\"stored\":%zu,\"same\":%zu,\"other\":%zu,\"forgotten\":%zu}}\n",
               counts.stored, counts.same, counts.other, counts.forgotten);
    else
        printf("stored %zu accounts and %zu records of forgotten numbers; %zu were there, %zu are "
               "other than in the file\n",
               counts.stored, counts.forgotten, counts.same, counts.other);
    return counts.other ? TOOLS_PARTLY : TOOLS_DONE;
}

static int load(struct run *r)
{
    struct buf text CLEANUP(buf_done) = BUF_INIT(FILE_BYTES);
    struct settings_file *f = NULL;
    struct error e = ERROR_NONE;
    int code;

    if (read_file(r->argument, &text, &e) ||
        settings_file_read(buf_str(&text), &r->rules, &r->config->secret, &f, &e))
        return complain(&e);
    code = load_records(r, f);
    settings_file_free(f);
    return code;
}

static const struct action {
    const char *name;
    int (*run)(struct run *r);
    bool takes_argument;
} actions[] = {
    {"put", put, true},    {"get", get, true},        {"list", list, false},
    {"rm", rm, true},      {"reseal", reseal, false}, {"alert-key", show_alert_key, true},
    {"save", save, false}, {"load", load, true},
};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (strcmp(name, actions[i].name) == 0)
            return &actions[i];
    return NULL;
}

int tools_settings(const struct config *c, const struct args *a)
{
    struct run r = {.config = c,
                    .rules = {str_of(c->outbound_allow), tz_file_known},
                    .args = a,
                    .argument = a->nwords > 1 ? a->words[1] : NULL};
    const struct action *action = find_action(a->words[0]);
    int code;

    if (!action)
        return tools_misused("settings", "what is to be done?");
    if (action->takes_argument != (r.argument != NULL))
        return tools_misused("settings", r.argument ? "too much is said" : "of what?");
    code = action->run(&r);
    store_close(r.store);
    return code;
}
