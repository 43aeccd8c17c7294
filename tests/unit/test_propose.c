/*
 * Which extension may be whose, and that nobody is proposed who might be another one.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "ingest/admin/propose.h"

#define MOST 6

struct party {
    const char *name, *email;
    bool mapped;
};

struct story {
    struct party employees[MOST], extensions[MOST];
    const char *pairs; /* "0-1e": employee 0, extension 1, by e-mail; n by name */
};

static size_t parties(const struct party *from, struct propose_party *to)
{
    size_t n = 0;
    while (n < MOST && from[n].name) {
        to[n] = (struct propose_party){str_of(from[n].name), str_of(from[n].email), from[n].mapped};
        n++;
    }
    return n;
}

static void check(const struct story *story, size_t number)
{
    struct propose_party a[MOST], b[MOST];
    size_t na = parties(story->employees, a), nb = parties(story->extensions, b), n;
    struct propose_pair *pairs = propose_pairs(a, na, b, nb, &n);
    struct buf text = BUF_INIT(200);
    for (size_t i = 0; i < n; i++)
        buf_addf(&text, "%s%zu-%zu%c", i ? " " : "", pairs[i].employee, pairs[i].extension,
                 pairs[i].by_email ? 'e' : 'n');
    ck_assert_msg(str_is(buf_str(&text), story->pairs), "%zu: \"%.*s\", not \"%s\"", number,
                  STR_ARG(buf_str(&text)), story->pairs);
    buf_done(&text);
    free(pairs);
}

START_TEST(by_e_mail_then_by_name_and_only_if_unambiguous)
{
    static const struct story stories[] = {
        {{{0}}, {{0}}, ""},
        {{{"Петров Пётр", "P@A.ru", 0}}, {{"Vera", "p@a.RU", 0}}, "0-0e"},
        {{{"Петров Пётр", "", 0}}, {{"петр ПЕТРОВ", "", 0}}, "0-0n"},
        {{{"Ёлкин Семён", "", 0}}, {{"Семен Елкин", "", 0}}, "0-0n"},
        {{{"Петров Пётр Иванович", "", 0}}, {{"Пётр Петров", "", 0}}, "0-0n"},
        {{{"Иванова-Петрова, Анна", "", 0}}, {{"Анна Иванова\xC2\xA0Петрова", "", 0}}, "0-0n"},
        {{{"Smith John", "", 0}}, {{"JOHN SMITH", "", 0}}, "0-0n"},
        /* one word is nobody, another letter is another one */
        {{{"Пётр", "", 0}}, {{"Пётр", "", 0}}, ""},
        {{{"Петров Пётр", "", 0}}, {{"Петрова Пётр", "", 0}}, ""},
        {{{"", "", 0}}, {{"", "", 0}}, ""},
        {{{"Петров Пётр", "nobody", 0}}, {{"Семёнов Олег", "nobody", 0}}, ""},
        /* several fit */
        {{{"Петров Пётр", "a@a", 0}, {"Семёнов Олег", "A@a", 0}}, {{"x", "a@a", 0}}, ""},
        {{{"x", "a@a", 0}}, {{"y", "a@a", 0}, {"z", "a@a", 0}}, ""},
        {{{"Петров Пётр Иванович", "", 0}, {"Петров Пётр Олегович", "", 0}},
         {{"Петров Пётр", "", 0}},
         ""},
        {{{"Петров Пётр", "", 0}}, {{"Пётр Петров", "", 0}, {"Петров Пётр", "", 0}}, ""},
        /* who has somebody is not proposed, and still can be meant */
        {{{"Петров Пётр", "a@a", 1}}, {{"Петров Пётр", "a@a", 0}}, ""},
        {{{"Петров Пётр", "a@a", 0}}, {{"Петров Пётр", "a@a", 1}}, ""},
        {{{"Петров Пётр", "", 1}, {"Петров Пётр", "", 0}}, {{"Петров Пётр", "", 0}}, ""},
        /* the e-mail counts before the name, and nobody comes twice */
        {{{"Петров Пётр", "o@a", 0}, {"Семёнов Олег", "", 0}},
         {{"Петров Пётр", "", 0}, {"Семёнов Олег", "o@a", 0}},
         "0-1e"},
        {{{"Петров Пётр", "p@a", 0}, {"Семёнов Олег", "", 0}, {"Орлова Вера", "v@a", 0}},
         {{"Вера", "V@A", 0}, {"Олег Семенов", "", 0}, {"Пётр", "P@A", 0}},
         "0-2e 1-1n 2-0e"},
        /* bytes that are no text, characters beyond two bytes */
        {{{"Петров\xFFПётр", "", 0}}, {{"Петров Пётр", "", 0}}, "0-0n"},
        {{{"王 小明", "", 0}}, {{"小明 王", "", 0}}, "0-0n"},
        {{{"王 小明", "", 0}}, {{"小红 王", "", 0}}, ""},
        {{{"\xF0\x9F\x98\x80 а", "", 0}}, {{"а \xF0\x9F\x98\x81", "", 0}}, ""},
        {{{"а б в г д е ж з и", "", 0}}, {{"а б в г д е ж з и", "", 0}}, ""}, /* too many words */
    };
    for (size_t i = 0; i < COUNT(stories); i++)
        check(&stories[i], i);
}
END_TEST

START_TEST(of_two_lists_of_five_thousand_in_a_moment)
{
    enum {
        MANY = 5000
    };
    struct propose_party *a = calloc(MANY, sizeof *a), *b = calloc(MANY, sizeof *b);
    char(*names)[40] = calloc(MANY, sizeof *names);
    size_t n;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "name%zu surname%zu", i, i % 70);
        a[i].name = b[MANY - 1 - i].name = str_of(names[i]);
    }
    free(propose_pairs(a, MANY, b, MANY, &n));
    ck_assert_uint_eq(n, MANY);
    free(a);
    free(b);
    free(names);
}
END_TEST

int main(void)
{
    return UNIT_RUN("propose", by_e_mail_then_by_name_and_only_if_unambiguous,
                    of_two_lists_of_five_thousand_in_a_moment);
}
