/*
 * Fuzzes phone numbers, as the PBX and as people write them. A zero byte parts number and mask.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/phone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct phone *p, bool ok)
{
    size_t len = strlen(p->digits);
    char out[PHONE_TEXT_MAX];
    struct phone again;

    if (!ok && len)
        abort();
    if (!ok)
        return;
    if (len < 5 || len >= PHONE_MAX || p->digits[strspn(p->digits, "0123456789")])
        abort();
    for (int format = PHONE_FORMAT_7; format <= PHONE_FORMAT_PRETTY; format++) {
        phone_write(p, (enum phone_format)format, out);
        if (strlen(out) < len)
            abort();
    }
    phone_write(p, PHONE_FORMAT_PLUS7, out); /* with a plus nothing is guessed */
    if (!phone_from_card(str_of(out), STR("7"), &again) || !phone_same(p, &again))
        abort();
    if (!phone_matches(p, str_of(p->digits)) || !phone_matches(p, STR("*")))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    long zero = str_find(text, 0);
    struct str number = zero < 0 ? text : (struct str){text.ptr, (size_t)zero};
    struct str mask = zero < 0 ? STR_NONE : str_from(text, (size_t)zero + 1);
    char masked[PHONE_MAX];
    struct phone p = {0};

    check(&p, phone_from_pbx(number, &p));
    check(&p, phone_from_card(number, STR("7"), &p));
    check(&p, phone_from_card(number, STR("380"), &p));
    (void)phone_matches(&p, mask);
    phone_mask(number, masked);
    if (strlen(masked) > number.len)
        abort();
    return 0;
}
