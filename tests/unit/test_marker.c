/*
 * The marker of what we made.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/megaplan/marker.h"

START_TEST(a_word_of_its_own)
{
    static const struct {
        const char *text;
        bool found;
    } cases[] = {
        {"MANGO MTIz", true},
        {"x MANGO MTIz\nfurther", true},
        {"MANGO MTIzN MANGO MTIz", true},
        {"(MANGO MTIz)", true},
        {"MANGO MTIzNDU=", false},
        {"MANGO MTIz=", false},
        {"MANGO MTI", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(marker_found(str_of(cases[i].text), STR("MANGO MTIz")) == cases[i].found,
                      "case %zu", i);
    ck_assert(!marker_found(STR("MANGO"), STR_NONE));
    ck_assert(!marker_found(STR_NONE, STR("MANGO a")));
}
END_TEST

START_TEST(in_html)
{
    static const struct {
        const char *html;
        bool found;
    } cases[] = {
        {"<p>Позвонить. MANGO a&b&lt;c&gt;</p>", true},
        {"MANGO&nbsp;a&amp;b&lt;c&gt;", true},
        {"MANGO a&amp;b&lt;c&gt;</p><p>d", true},
        {"MANGO a&amp;b&lt;c&gt;d", false},
        {"MANGO a&amp;b", false},
        {"MANGO a&amp;b&lt;c&gt;<unfinished", true},
        {"<p MANGO a&amp;b&lt;c&gt;", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        ck_assert_msg(marker_found_html(str_of(cases[i].html), STR("MANGO a&b<c>")) ==
                          cases[i].found,
                      "case %zu", i);
}
END_TEST

START_TEST(what_was_written_is_found)
{
    char *marker = marker_make(STR("MTI&'\"<x>z+/="));
    ck_assert_str_eq(marker, "MANGO MTI&'\"<x>z+/=");
    struct buf html = BUF_INIT(200);
    marker_add_html(&html, str_of(marker));
    ck_assert_text(buf_str(&html), "MANGO MTI&amp;&#39;&quot;&lt;x&gt;z+/=");
    ck_assert(marker_found_html(buf_str(&html), str_of(marker)));
    buf_done(&html);
    free(marker);
    char longer[4000];
    memset(longer, 'x', sizeof longer);
    ck_assert_ptr_null(marker_make((struct str){longer, sizeof longer}));
}
END_TEST

int main(void)
{
    return UNIT_RUN("marker", a_word_of_its_own, in_html, what_was_written_is_found);
}
