/*
 * Fuzzes what reads outside bytes around requests: URLs with the allow list, addresses, Retry-After.
 * The first byte chooses; a zero byte parts URL and list.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "common/mem.h"
#include "common/retry_after.h"
#include "common/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_url(struct str text)
{
    long zero = str_find(text, 0);
    struct str url = zero < 0 ? text : (struct str){text.ptr, (size_t)zero};
    struct str list = zero < 0 ? STR_NONE : str_from(text, (size_t)zero + 1);
    struct url u;
    bool parsed = url_parse(url, &u);
    if (parsed && (u.port == 0 || u.host.len == 0))
        abort();
    if (!parsed && (url_allowed(url, list) || url_named(url, list)))
        abort();
    if (url_named(url, list) && !url_allowed(url, list))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *copy = mem_copy((struct str){(const char *)data + 1, size - 1});
    struct str text = {copy, size - 1};
    if (data[0] % 3 == 0)
        check_url(text);
    else if (data[0] % 3 == 1)
        (void)address_public(copy);
    else if (retry_after_parse(text, (int64_t)size * 1000) > RETRY_AFTER_MAX_S)
        abort();
    free(copy);
    return 0;
}
