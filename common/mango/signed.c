/*
 * A signed request. Pure.
 */
#include "common/mango/signed.h"

#include "common/buf.h"
#include "common/limits.h"
#include "common/mango/sign.h"
#include "common/text.h"

char *signed_url(struct str base_url, const char *method)
{
    struct buf url = BUF_INIT(LIMIT_URL);
    while (base_url.len && base_url.ptr[base_url.len - 1] == '/')
        base_url.len--;
    buf_add_str(&url, base_url);
    buf_addf(&url, "/%s", method);
    char *text = base_url.len ? buf_take(&url) : NULL;
    buf_done(&url);
    return text;
}

static void add_field(struct buf *form, const char *name, struct str value)
{
    buf_addf(form, "%s%s=", form->len ? "&" : "", name);
    text_percent_encode(form, value);
}

char *signed_body(struct str api_key, struct str api_salt, struct str json)
{
    char sign[SIGN_HEX];
    struct buf form = BUF_INIT(LIMIT_WEBHOOK_BODY);
    if (!api_key.len || !api_salt.len || !json.len)
        return NULL;
    sign_make(api_key, json, api_salt, sign);
    add_field(&form, "vpbx_api_key", api_key);
    add_field(&form, "sign", (struct str){sign, sizeof sign});
    add_field(&form, "json", json);
    char *text = buf_take(&form);
    buf_done(&form);
    return text;
}
