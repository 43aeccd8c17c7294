/* UTF-8, hex, times, percent-encoding. */
#include "common/text.h"
#include "tests/unit/unit.h"

START_TEST(utf8)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"", true},
        {"abc", true},
        {"Пётр", true},
        {"\xe2\x82\xac", true},
        {"\xf0\x9f\x93\x9e", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\xed\x9f\xbf", true},
        {"\xee\x80\x80", true},
        {"\x80", false},             /* a continuation alone */
        {"\xc0\xaf", false},         /* overlong */
        {"\xc1\xbf", false},         /* overlong */
        {"\xe0\x9f\xbf", false},     /* overlong */
        {"\xf0\x8f\xbf\xbf", false}, /* overlong */
        {"\xed\xa0\x80", false},     /* surrogate */
        {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
        {"\xd0", false},
        {"\xe2\x82", false},
        {"\xe2\x82z", false},
        {"\xf0\x9f\x93z", false},
        {"a\xd0 b", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(text_is_utf8(str_of(cases[i].text)) == cases[i].ok, "case %zu", i);
    ck_assert_uint_eq(text_character(STR_NONE), 0);
    ck_assert_uint_eq(text_character(STR("Ж!")), 2);
}
END_TEST

START_TEST(cut_never_halves_a_character)
{
    struct str s = STR("aЖ€\xf0\x9f\x93\x9ez"); /* 1 + 2 + 3 + 4 + 1 bytes */
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

    for (size_t max = 0; max < COUNT(expected); max++)
        ck_assert_uint_eq(text_cut(s, max).len, expected[max]);
    ck_assert_uint_eq(text_cut(STR_NONE, 5).len, 0);
    ck_assert_uint_eq(text_cut(STR("\x80\x80\x80\x80\x80"), 4).len, 4); /* no UTF-8: bytes */
}
END_TEST

START_TEST(clean_replaces_what_is_no_utf8)
{
    struct buf b = BUF_INIT(100);

    text_add_clean(&b, STR("a\xd0z\xff"
                           "Ж"));
    ck_assert_text(buf_str(&b), "a\xef\xbf\xbdz\xef\xbf\xbdЖ");
    buf_done(&b);
}
END_TEST

START_TEST(hex)
{
    uint8_t bytes[] = {0x00, 0xff, 0x1a}, back[3];
    char out[7];

    text_hex(bytes, 3, out);
    ck_assert_str_eq(out, "00ff1a");
    ck_assert(text_unhex(STR("00FF1a"), back, 3));
    ck_assert_mem_eq(back, bytes, 3);
    ck_assert(!text_unhex(STR("00ff1"), back, 3));
    ck_assert(!text_unhex(STR("00ff1aa"), back, 3));
    ck_assert(!text_unhex(STR("00fg1a"), back, 3));
    ck_assert(!text_unhex(STR("00ff a"), back, 3));
}
END_TEST

START_TEST(times_are_written)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-5, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {951868800000, "2000-03-01T00:00:00.000Z"},
        {1399906988000, "2014-05-12T15:03:08.000Z"},
        {1795360260123, "2026-11-22T15:11:00.123Z"},
        {4107542399999, "2100-02-28T23:59:59.999Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[TEXT_TIME_SIZE];
        text_time(cases[i].ms, out);
        ck_assert_str_eq(out, cases[i].text);
    }
}
END_TEST

START_TEST(times_are_read)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } cases[] = {
        {"2026-11-22T15:11:00.123Z", 1795360260123},
        {"2026-11-22T15:11:00Z", 1795360260000},
        {"2026-11-22t15:11:00.1z", 1795360260100},
        {"2026-11-22T15:11:00.123999Z", 1795360260123},
        {"2026-11-22T18:11:00+03:00", 1795360260000},
        {"2026-11-22T10:41:00-04:30", 1795360260000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"2016-12-31T23:59:60Z", 1483228800000},
        {"2026-02-29T00:00:00Z", -1},
        {"2026-13-01T00:00:00Z", -1},
        {"2026-00-01T00:00:00Z", -1},
        {"2026-12-32T00:00:00Z", -1},
        {"2026-12-31T24:00:00Z", -1},
        {"2026-12-31T00:60:00Z", -1},
        {"2026-12-31T00:00:61Z", -1},
        {"2026-12-31T00:00:00", -1},
        {"2026-12-31T00:00:00.Z", -1},
        {"2026-12-31T00:00:00+3:00", -1},
        {"2026-12-31T00:00:00+24:00", -1},
        {"2026-12-31T00:00:00+03:60", -1},
        {"2026-12-31T00:00:00+03-00", -1},
        {"2026-12-31T00:00:00ZZ", -1},
        {"2026-12-31 00:00:00Z", -1},
        {"2026-12-31T00:00:00 Z", -1},
        {"-026-12-31T00:00:00Z", -1},
        {"2026-1-31T00:00:00.0Z", -1},
        {"", -1},
        {"-24h", -1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ms = -1;
        bool ok = text_parse_time(str_of(cases[i].text), &ms);
        ck_assert_msg(ok == (cases[i].ms >= 0), "%s", cases[i].text);
        ck_assert_int_eq(ms, cases[i].ms);
    }
}
END_TEST

START_TEST(times_come_back)
{
    for (int64_t ms = 0; ms < INT64_C(253402300799999); ms += INT64_C(3456789012347)) {
        char out[TEXT_TIME_SIZE];
        int64_t back = -1;
        text_time(ms, out);
        ck_assert(text_parse_time(str_of(out), &back));
        ck_assert_int_eq(back, ms);
    }
    for (int64_t day = 0; day < 150000; day += 1) { /* every date of four hundred years */
        char out[TEXT_TIME_SIZE];
        int64_t back = -1;
        text_time(day * 86400000, out);
        if (!text_parse_time(str_of(out), &back) || back != day * 86400000)
            ck_abort_msg("%s", out);
    }
}
END_TEST

START_TEST(percent_encoding)
{
    struct buf b = BUF_INIT(100);

    text_percent_encode(&b, STR("aZ09-._~ +7/Ж&"));
    ck_assert_text(buf_str(&b), "aZ09-._~%20%2B7%2F%D0%96%26");
    buf_done(&b);
}
END_TEST

int main(void)
{
    return UNIT_RUN("text", utf8, cut_never_halves_a_character, clean_replaces_what_is_no_utf8, hex,
                    times_are_written, times_are_read, times_come_back, percent_encoding);
}
