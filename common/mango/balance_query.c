/*
 * account/balance. Pure.
 */
#include "common/mango/balance_query.h"

#include <string.h>

#include "common/num.h"
#include "common/text.h"

#define MOST 1e15

static bool read_amount(const struct jval *v, double *out)
{
    struct str text;
    bool negative;
    if (jval_real(v, out))
        return true;
    if (!jval_text(v, &text))
        return false;
    negative = str_starts(text, STR("-"));
    if (!num_parse_fraction(negative ? str_from(text, 1) : text, 0, MOST, out))
        return false;
    *out = negative ? -*out : *out;
    return true;
}

bool balance_query_read(const struct jval *answer, struct balance_query *out)
{
    struct str currency = text_cut(jval_get_text(answer, "currency"), BALANCE_QUERY_CURRENCY - 1);
    *out = (struct balance_query){.currency = ""};
    if (!read_amount(jval_get(answer, "balance"), &out->balance))
        return false;
    if (currency.len)
        memcpy(out->currency, currency.ptr, currency.len);
    return true;
}
