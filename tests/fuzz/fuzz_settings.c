/*
 * Fuzzes settings documents: what is taken can be sealed, opened, hidden and put back; what is refused
 * has a reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/jval.h"
#include "common/settings.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_taken(struct str json, const struct settings_rules *rules,
                        const struct secret_keys *keys)
{
    struct error e = ERROR_NONE;
    struct settings *s = NULL;
    char *stored = NULL, *shown = NULL, *again = NULL;

    if (settings_seal(json, STR_NONE, rules, keys, &stored, &e) ||
        settings_parse(str_of(stored), rules, keys, &s, &e) ||
        settings_hide(str_of(stored), &shown, &e) ||
        settings_seal(str_of(shown), str_of(stored), rules, keys, &again, &e) ||
        strcmp(stored, again) != 0)
        abort();
    settings_free(s);
    free(stored);
    free(shown);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct settings_rules rules = {{"fake:80", 7}, NULL};
    struct secret_keys keys = {.has_current = true};
    struct str json = {(const char *)data, size};
    struct error e = ERROR_NONE;
    struct settings *s = NULL;
    enum err err;

    jval_start();
    if (secret_start(&e) ||
        secret_key_parse(STR("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), &keys.current, &e))
        abort();
    err = settings_parse(json, &rules, &keys, &s, &e);
    if (err &&
        ((err != ERR_INPUT && err != ERR_CONFIG) || !e.text[0] || !text_is_utf8(str_of(e.text))))
        abort();
    settings_free(s);
    if (!err)
        check_taken(json, &rules, &keys);
    return 0;
}
