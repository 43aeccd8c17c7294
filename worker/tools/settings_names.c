/*
 * Reads three fields. One thread.
 */
#include "worker/tools/settings_names.h"

void settings_names_read(const char *json, struct settings_names *out)
{
    struct error e = ERROR_NONE;

    *out = (struct settings_names){.document = NULL};
    if (jval_parse(str_of(json), &out->document, &e))
        return;
    out->account = jval_get_text(out->document, "account");
    out->api_key = jval_get_text(jval_get(out->document, "mango"), "api_key");
    jval_bool(jval_get(out->document, "enabled"), &out->enabled);
}

void settings_names_done(struct settings_names *n)
{
    jval_free(n->document);
    *n = (struct settings_names){.document = NULL};
}

enum err settings_names_check(const struct store *s, const struct settings_names *ours,
                              struct error *e)
{
    size_t n;
    const struct store_document *all = store_documents(s, &n);
    enum err err = ERR_OK;

    for (size_t i = 0; i < n && !err; i++) {
        struct settings_names other;
        if (str_is(ours->account, all[i].account))
            continue;
        settings_names_read(all[i].json, &other);
        if (other.api_key.len && str_eq(other.api_key, ours->api_key))
            err = error_set(e, ERR_INPUT, "mango.api_key: already used by account %s",
                            all[i].account);
        settings_names_done(&other);
    }
    return err;
}
