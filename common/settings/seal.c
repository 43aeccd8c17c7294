/*
 * The document as it is stored (secrets sealed) and as it is shown (secrets hidden). Draws nonces; no
 * other I/O. One thread per document.
 */
#include <stdlib.h>

#include "common/jval.h"
#include "common/mem.h"
#include "common/settings.h"

#define HIDDEN "***"

static const struct secret_field {
    const char *section, *field;
    const char *path; /* the box is bound to it */
} secrets[] = {
    {"mango", "api_salt", "mango.api_salt"},
    {"megaplan", "token", "megaplan.token"},
    {"megaplan", "password", "megaplan.password"},
};

#define SECRETS (sizeof(secrets) / sizeof(secrets[0]))

/* The text of a secret's field, STR_NONE if it is absent, null or no text. */
static struct str text_of(const struct jval *doc, const struct secret_field *f)
{
    return jval_get_text(jval_get(doc, f->section), f->field);
}

/* Where that secret is sent to; the default of mango's base_url is the same text everywhere: none. */
static struct str base_url_of(const struct jval *doc, const struct secret_field *f)
{
    struct str url = jval_get_text(jval_get(doc, f->section), "base_url");

    while (url.len && url.ptr[url.len - 1] == '/')
        url.len--;
    return str_is(url, "https://app.mango-office.ru/vpbx") ? STR_NONE : url;
}

static void replace(struct jval *doc, const struct secret_field *f, struct str text)
{
    struct jval *section = jval_copy(jval_get(doc, f->section));

    jval_put_text(section, f->field, text);
    jval_put(doc, f->section, section);
}

static enum err dump(const struct jval *doc, char **out, struct error *e)
{
    *out = jval_dump(doc, false);
    return *out ? ERR_OK : error_set(e, ERR_INTERNAL, "settings: no memory");
}

/* Puts what is stored in the place of "***". */
static enum err bring_back(struct jval *doc, const struct jval *before,
                           const struct secret_field *f, struct error *e)
{
    if (!str_is(text_of(doc, f), HIDDEN))
        return ERR_OK;
    if (!text_of(before, f).ptr)
        return error_set(e, ERR_INPUT, "%s: hidden, and nothing is stored", f->path);
    if (!str_eq(jval_get_text(doc, "account"), jval_get_text(before, "account")))
        return error_set(e, ERR_INPUT, "%s: hidden, and the account is another", f->path);
    if (!str_eq(base_url_of(doc, f), base_url_of(before, f)))
        return error_set(e, ERR_INPUT, "%s: hidden, and %s.base_url is another", f->path,
                         f->section);
    replace(doc, f, text_of(before, f));
    return ERR_OK;
}

/* Seals the secret anew if it is plain or sealed by another key than the current. */
static enum err renew(struct jval *doc, const struct secret_keys *keys,
                      const struct secret_field *f, bool *changed, struct error *e)
{
    struct str account = jval_get_text(doc, "account"), text = text_of(doc, f);
    char *plain = NULL, *sealed;
    enum err err;

    if (text.len == 0 || secret_is_current(keys, text))
        return ERR_OK;
    if (secret_is_sealed(text)) {
        err = secret_open(keys, account, str_of(f->path), text, &plain, e);
        if (err) {
            error_context(e, "%s", f->path);
            return err;
        }
        text = str_of(plain);
    }
    sealed = secret_seal(keys, account, str_of(f->path), text);
    secret_free(plain);
    if (!sealed)
        return error_set(e, ERR_INTERNAL, "%s: no memory", f->path);
    replace(doc, f, str_of(sealed));
    free(sealed);
    *changed = true;
    return ERR_OK;
}

static enum err read_document(struct str json, struct jval **out, struct error *e)
{
    enum err err = jval_parse(json, out, e);

    if (err)
        error_context(e, "document");
    else if (jval_type(*out) != JVAL_OBJECT)
        err = error_set(e, ERR_INPUT, "document: not an object");
    return err;
}

/* Validates the document while its secrets may still be plain, since in a box nobody sees them. */
static enum err check(const struct jval *doc, const struct settings_rules *rules,
                      const struct secret_keys *keys, struct error *e)
{
    struct settings *s = NULL;
    char *text = NULL;
    enum err err = dump(doc, &text, e);

    if (!err)
        err = settings_parse(str_of(text), rules, keys, &s, e);
    settings_free(s);
    secret_free(text);
    return err;
}

enum err settings_seal(struct str json, struct str before, const struct settings_rules *rules,
                       const struct secret_keys *keys, char **stored, struct error *e)
{
    struct jval *doc CLEANUP(jval_cleanup) = NULL;
    struct jval *old CLEANUP(jval_cleanup) = NULL;
    bool changed = false;
    enum err err;

    if (json.len > LIMIT_SETTINGS_BYTES)
        return error_set(e, ERR_INPUT, "document: over %d bytes", LIMIT_SETTINGS_BYTES);
    if ((err = read_document(json, &doc, e)) || (before.len && (err = jval_parse(before, &old, e))))
        return err;
    for (size_t i = 0; !err && i < SECRETS; i++)
        err = bring_back(doc, old, &secrets[i], e);
    if (err || (err = check(doc, rules, keys, e)))
        return err;
    for (size_t i = 0; !err && i < SECRETS; i++)
        err = renew(doc, keys, &secrets[i], &changed, e);
    return err ? err : dump(doc, stored, e);
}

enum err settings_hide(struct str stored, char **shown, struct error *e)
{
    struct jval *doc CLEANUP(jval_cleanup) = NULL;
    enum err err = read_document(stored, &doc, e);

    if (err)
        return err;
    for (size_t i = 0; i < SECRETS; i++)
        if (text_of(doc, &secrets[i]).ptr)
            replace(doc, &secrets[i], STR(HIDDEN));
    return dump(doc, shown, e);
}

enum err settings_reseal(struct str stored, const struct secret_keys *keys, char **out,
                         bool *changed, struct error *e)
{
    struct jval *doc CLEANUP(jval_cleanup) = NULL;
    enum err err = read_document(stored, &doc, e);

    *changed = false;
    for (size_t i = 0; !err && i < SECRETS; i++)
        err = renew(doc, keys, &secrets[i], changed, e);
    return err ? err : dump(doc, out, e);
}
