/*
 * Fuzzes what is read from short texts: numbers, fractions, times, hex, UTF-8.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/num.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_number(struct str text)
{
    int64_t n, again;
    double fraction;
    char digits[24];

    if (num_parse(text, -1000, 5000, &n) && (n < -1000 || n > 5000))
        abort();
    if (num_parse(text, INT64_MIN, INT64_MAX, &n)) {
        snprintf(digits, sizeof(digits), "%lld", (long long)n);
        if (!num_parse(str_of(digits), INT64_MIN, INT64_MAX, &again) || again != n)
            abort();
    }
    if (num_parse_fraction(text, 0, 10, &fraction) && !(fraction >= 0 && fraction <= 10))
        abort();
}

static void check_time(struct str text)
{
    char out[TEXT_TIME_SIZE];
    int64_t ms, again;

    if (!text_parse_time(text, &ms))
        return;
    text_time(ms, out);
    if (!text_parse_time(str_of(out), &again))
        abort();
    if (ms >= 0 && ms <= INT64_C(253402300799999) && again != ms)
        abort();
}

static void check_utf8(struct str text)
{
    struct buf clean = BUF_INIT(1 << 20);
    struct str cut = text_cut(text, text.len / 2);

    if (text_is_utf8(text) && !text_is_utf8(cut))
        abort();
    text_add_clean(&clean, text);
    if (clean.failed || !text_is_utf8(buf_str(&clean)))
        abort();
    if (text_is_utf8(text) && !str_eq(text, buf_str(&clean)))
        abort();
    buf_done(&clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    uint8_t bytes[8];
    char hex[17];

    if (size > 65536)
        return 0;
    check_number(text);
    check_time(text);
    check_utf8(text);
    if (text_unhex(text, bytes, sizeof(bytes)))
        text_hex(bytes, sizeof(bytes), hex);
    return 0;
}
