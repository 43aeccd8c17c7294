/*
 * The tools' options: both ways to give a value, times back from now, what is refused by name.
 */
#include "worker/tools/kit/args.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define NOW INT64_C(1772700000000)
#define EVERY ((1u << ARGS_OPTIONS) - 1)
#define MOST 16

/* Parses words separated by blanks. */
static enum err parse(unsigned options, const char *line, struct args *out, struct error *e)
{
    static char room[256];
    static char *argv[MOST];
    int argc = 0;

    (void)snprintf(room, sizeof room, "%s", line);
    for (char *at = room; *at && argc < MOST;) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    return args_parse(options, argc, argv, NOW, out, e);
}

static void refused(unsigned options, const char *line, const char *why)
{
    struct error e = ERROR_NONE;
    struct args a;
    ck_assert_int_eq(parse(options, line, &a, &e), ERR_INPUT);
    ck_assert_msg(strstr(e.text, why) != NULL, "%s: %s", line, e.text);
}

static struct args taken(unsigned options, const char *line)
{
    struct error e = ERROR_NONE;
    struct args a;
    ck_assert_msg(parse(options, line, &a, &e) == ERR_OK, "%s: %s", line, e.text);
    return a;
}

START_TEST(values_and_switches)
{
    struct args a =
        taken(EVERY, "list --account acme-1 --rate=0 --json one --entry MToxMDA= --yes");
    ck_assert_str_eq(a.account, "acme-1");
    ck_assert_str_eq(a.entry, "MToxMDA=");
    ck_assert_int_eq(a.rate, 0);
    ck_assert(a.json && a.yes && !a.dry_run && !a.all && !a.ask && !a.show_phones);
    ck_assert_uint_eq(a.nwords, 2);
    ck_assert_str_eq(a.words[0], "list");
    ck_assert_str_eq(a.words[1], "one");
}
END_TEST

START_TEST(behind_two_hyphens_all_are_words)
{
    struct args a = taken(ARGS_BIT(ARGS_JSON), "- -- --json -x");
    ck_assert(!a.json);
    ck_assert_uint_eq(a.nwords, 3);
    ck_assert_str_eq(a.words[2], "-x");
}
END_TEST

START_TEST(nothing_is_given)
{
    struct args a = taken(ARGS_BIT(ARGS_JSON), "");
    ck_assert(!a.account && !a.entry && !a.reason && !a.phone && !a.resume);
    ck_assert_int_eq(a.rate, -1);
    ck_assert_int_eq(a.from_ms, 0);
    ck_assert_int_eq(a.to_ms, 0);
}
END_TEST

START_TEST(times)
{
    static const struct {
        const char *text;
        int64_t ms;
    } all[] = {{"-24h", NOW - INT64_C(86400000)},
               {"-7d", NOW - INT64_C(604800000)},
               {"-30m", NOW - 1800000},
               {"-90s", NOW - 90000},
               {"-0s", NOW},
               {"2026-03-05T16:30:00+03:00", INT64_C(1772717400000)},
               {"2026-03-05T13:30:00.250Z", INT64_C(1772717400250)}};
    struct error e = ERROR_NONE;
    for (size_t i = 0; i < COUNT(all); i++) {
        int64_t ms = 0;
        ck_assert_msg(args_time(all[i].text, NOW, &ms, &e) == ERR_OK, "%s", all[i].text);
        ck_assert_int_eq(ms, all[i].ms);
    }
    struct args a = taken(EVERY, "--from -24h");
    ck_assert_int_eq(a.from_ms, NOW - INT64_C(86400000));
    ck_assert_int_eq(a.to_ms, NOW);
    refused(EVERY, "--from -24", "--from \"-24\"");
    refused(EVERY, "--from 24h", "is no time");
    refused(EVERY, "--from -xh", "is no time");
    refused(EVERY, "--from -99999999999d", "is no time");
    refused(EVERY, "--to 2026-13-05T13:30:00Z", "--to");
    refused(EVERY, "--from -1h --to -2h", "later than --to");
}
END_TEST

START_TEST(refusals)
{
    refused(ARGS_BIT(ARGS_JSON), "--account acme", "no such option: --account");
    refused(EVERY, "--accountant x", "no such option: --accountant");
    refused(EVERY, "-x", "no such option: -x");
    refused(EVERY, "--account", "--account wants its ACCOUNT");
    refused(EVERY, "--account=", "no account's name");
    refused(EVERY, "--account Acme", "no account's name");
    refused(EVERY, "--account a23456789012345678901234567890123", "no account's name");
    refused(EVERY, "--json=1", "--json takes no value");
    refused(EVERY, "--entry=", "--entry \"\": is empty");
    refused(EVERY, "--rate -1", "--rate \"-1\"");
    refused(EVERY, "--rate 5.5", "is no number");
}
END_TEST

START_TEST(every_option_is_described)
{
    for (enum args_option o = 0; o < ARGS_OPTIONS; o++) {
        ck_assert(args_row(o)->name && strncmp(args_row(o)->name, "--", 2) == 0);
        ck_assert(args_row(o)->what && *args_row(o)->what);
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("args", values_and_switches, behind_two_hyphens_all_are_words, nothing_is_given,
                    times, refusals, every_option_is_described);
}
