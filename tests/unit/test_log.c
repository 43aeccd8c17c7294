/* Log lines: always one valid JSON object, whatever the bytes; levels; the rate limit of a place. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/jval.h"
#include "common/log.h"
#include "tests/unit/unit.h"

static char captured[LIMIT_LOG_LINE * 64];
static int pipe_ends[2];
static int real_stderr;

static void capture(void)
{
    ck_assert_int_eq(pipe(pipe_ends), 0);
    real_stderr = dup(STDERR_FILENO);
    dup2(pipe_ends[1], STDERR_FILENO);
}

/* What was written since capture(). */
static struct str captured_lines(void)
{
    ssize_t n;

    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(pipe_ends[1]);
    n = read(pipe_ends[0], captured, sizeof(captured));
    close(pipe_ends[0]);
    return (struct str){captured, n > 0 ? (size_t)n : 0};
}

static size_t count_lines(struct str lines)
{
    size_t n = 0;

    for (size_t i = 0; i < lines.len; i++)
        n += lines.ptr[i] == '\n';
    return n;
}

static struct jval *parse_line(struct str line)
{
    struct error e = ERROR_NONE;
    struct jval *v = NULL;

    ck_assert_msg(line.len > 0 && line.ptr[line.len - 1] == '\n', "no line");
    ck_assert_uint_le(line.len, LIMIT_LOG_LINE);
    ck_assert_msg(jval_parse(line, &v, &e) == ERR_OK, "%s: %.*s", e.text, STR_ARG(line));
    return v;
}

static void start(const char *level)
{
    struct error e = ERROR_NONE;

    ck_assert_int_eq(log_start(level, "calls", &e), ERR_OK);
}

START_TEST(keys_stand_in_order)
{
    struct error failure = {ERR_INPUT, "wrong \"x\""};
    struct str line;

    start("info");
    capture();
    log_line(NULL, LOG_WARN, "hello", LOG_TEXT("event", "greeting"), LOG_TEXT("account", NULL),
             LOG_INT("offset", -5), LOG_PHONE("phone", STR("79991231212")), LOG_ERROR(&failure),
             LOG_TEXT("empty", ""), LOG_END);
    line = captured_lines();
    ck_assert(str_starts(line, STR("{\"ts\":\"20")));
    ck_assert_text(
        str_from(line, strlen("{\"ts\":\"2026-11-22T15:11:00.123Z\"")),
        ",\"level\":\"warn\",\"role\":\"calls\",\"msg\":\"hello\",\"event\":\"greeting\","
        "\"offset\":-5,\"phone\":\"*******1212\",\"err\":\"wrong \\\"x\\\"\","
        "\"empty\":\"\"}\n");
}
END_TEST

START_TEST(any_bytes_give_valid_json)
{
    char bytes[256];
    struct jval *v;
    struct str text;

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    capture();
    log_line(NULL, LOG_INFO, "bytes", LOG_STR("value", ((struct str){bytes, 256})), LOG_END);
    /* a NUL is valid JSON as \u0000, which our own parser refuses: look at the bytes */
    ck_assert_ptr_nonnull(strstr(captured_lines().ptr, "\"value\":\"\\u0000\\u0001"));
    capture();
    log_line(NULL, LOG_INFO, "bytes", LOG_STR("value", ((struct str){bytes + 1, 255})),
             LOG_TEXT("cyrillic", "Пётр \xf0\x9f\x93\x9e"), LOG_TEXT("broken", "a\xd0"), LOG_END);
    v = parse_line(captured_lines());
    ck_assert(jval_text(jval_get(v, "cyrillic"), &text));
    ck_assert_text(text, "Пётр \xf0\x9f\x93\x9e");
    ck_assert_text(jval_get_text(v, "broken"), "a\xef\xbf\xbd");
    jval_free(v);
}
END_TEST

START_TEST(long_lines_are_cut_and_stay_valid)
{
    static char text[8000];
    struct jval *v;

    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xd0\xb6", 2);
    for (int fields = 1; fields < 8; fields++) {
        capture();
        log_line(NULL, LOG_INFO, fields > 5 ? text : "m", LOG_TEXT("a", text),
                 LOG_TEXT("b", fields > 1 ? text : NULL), LOG_TEXT("c", fields > 2 ? text : NULL),
                 LOG_TEXT("d", fields > 3 ? text + 1 : NULL), LOG_INT("number", 1),
                 LOG_TEXT("e", fields > 4 ? text : NULL), LOG_END);
        v = parse_line(captured_lines());
        ck_assert_uint_gt(jval_get_text(v, "a").len, 1000);
        ck_assert_uint_le(jval_get_text(v, "a").len, 1024);
        jval_free(v);
    }
}
END_TEST

START_TEST(levels_hold_back)
{
    static const struct {
        const char *level;
        size_t lines;
    } cases[] = {{"debug", 4}, {"info", 3}, {"warn", 2}, {"error", 1}};
    struct error e = ERROR_NONE;

    for (size_t i = 0; i < COUNT(cases); i++) {
        start(cases[i].level);
        capture();
        log_debug("d");
        log_info("i");
        log_warn("w");
        log_fail("e");
        ck_assert_uint_eq(count_lines(captured_lines()), cases[i].lines);
    }
    ck_assert_int_eq(log_start("loud", "x", &e), ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(e.text, "loud"));
}
END_TEST

START_TEST(a_place_repeats_itself_ten_times)
{
    struct log_place place = {0};
    struct jval *v;
    int64_t suppressed = 0;
    struct str lines;

    start("info");
    capture();
    for (int i = 0; i < 500; i++)
        log_line(&place, LOG_INFO, "again", LOG_END);
    lines = captured_lines();
    /* ten at once; one more if the machine was so slow that a second went by */
    ck_assert_uint_ge(count_lines(lines), 10);
    ck_assert_uint_le(count_lines(lines), 12);
    ck_assert_int_ge(place.suppressed, 480);
    place.tokens_at = 0; /* as after some time */
    capture();
    log_line(&place, LOG_INFO, "again", LOG_END);
    v = parse_line(captured_lines());
    ck_assert(jval_int(jval_get(v, "suppressed"), &suppressed));
    ck_assert_int_ge(suppressed, 480);
    jval_free(v);
    capture();
    log_line(&place, LOG_INFO, "again", LOG_END);
    v = parse_line(captured_lines());
    ck_assert_ptr_null(jval_get(v, "suppressed"));
    jval_free(v);
}
END_TEST

START_TEST(places_are_apart)
{
    start("info");
    capture();
    for (int i = 0; i < 12; i++) {
        log_info("one");
        log_info("two");
    }
    ck_assert_uint_ge(count_lines(captured_lines()), 20);
}
END_TEST

static void *log_often(void *arg)
{
    for (int i = 0; i < 200; i++)
        log_line(arg, LOG_INFO, "from a thread", LOG_INT("n", i), LOG_END);
    return NULL;
}

START_TEST(threads_share_a_place)
{
    struct log_place place = {0};
    pthread_t threads[4];
    int64_t told = 0, n;
    size_t written = 0;
    struct str lines;

    start("info");
    capture();
    for (size_t i = 0; i < COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, log_often, &place), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    for (lines = captured_lines(); lines.len; written++) {
        size_t end = (size_t)str_find(lines, '\n') + 1;
        struct jval *v = parse_line((struct str){lines.ptr, end});
        told += jval_int(jval_get(v, "suppressed"), &n) ? n : 0;
        jval_free(v);
        lines = str_from(lines, end);
    }
    ck_assert_uint_ge(written, 10);
    ck_assert_int_eq((int64_t)written + told + place.suppressed,
                     800); /* none is lost from the count */
}
END_TEST

int main(void)
{
    return UNIT_RUN("log", keys_stand_in_order, any_bytes_give_valid_json,
                    long_lines_are_cut_and_stay_valid, levels_hold_back,
                    a_place_repeats_itself_ten_times, places_are_apart, threads_share_a_place);
}
