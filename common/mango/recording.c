/*
 * The signed link to a recording. Pure.
 */
#include "common/mango/recording.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/sha256.h"
#include "common/text.h"

#define NUMBER_SIZE 24

char *recording_link(const struct recording *r)
{
    char expires[NUMBER_SIZE];
    char sign[SHA256_HEX];
    struct str base = r->base_url;
    if (!base.len || !r->api_key.len || !r->api_salt.len || !r->id.len || r->expires <= 0)
        return NULL;
    while (base.len && base.ptr[base.len - 1] == '/')
        base.len--;
    snprintf(expires, sizeof expires, "%" PRId64, r->expires);
    const struct str signed_parts[] = {r->api_key, str_of(expires), r->id, r->api_salt};
    sha256_hex(signed_parts, sizeof signed_parts / sizeof *signed_parts, sign);
    struct buf url = BUF_INIT(LIMIT_URL);
    buf_add_str(&url, base);
    buf_add_str(&url, STR("/queries/recording/link/"));
    text_percent_encode(&url, r->id);
    buf_add_str(&url, r->download ? STR("/download/") : STR("/play/"));
    text_percent_encode(&url, r->api_key);
    buf_addf(&url, "/%s/", expires);
    buf_add(&url, sign, sizeof sign);
    char *text = buf_take(&url);
    buf_done(&url);
    return text;
}
