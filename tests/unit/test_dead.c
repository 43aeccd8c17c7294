/*
 * Dead letters: what their headers say, what sends them again, which of them stand.
 */
#include <stdlib.h>
#include <string.h>

#include "common/dead/shelf.h"
#include "tests/unit/unit.h"

#define AT "2026-11-22T15:11:00.123Z"
#define C "__connect.errors."
/* A text of a static table. */
#define T(text)                  \
    {                            \
        (text), sizeof(text) - 1 \
    }

static const struct kafka_header of_job[] = {
    {"kind", T("task")},
    {"origin", T("live")},
    {"account", T("acme")},
    {"received-at", T("2026-11-22T15:10:00.000Z")},
    {C "topic", T("pre.jobs")},
    {C "partition", T("2")},
    {C "offset", T("77")},
    {C "stage", T("crm")},
    {C "exception.class.name", T("rejected")},
    {C "exception.message", T("no client has 79991234567")},
    {"x-at", T(AT)},
    {"x-attempts", T("3")},
    {"x-http-status", T("422")},
};

static struct kafka_message job_letter(int32_t partition, int64_t offset)
{
    return (struct kafka_message){.topic = KAFKA_DEAD,
                                  .partition = partition,
                                  .offset = offset,
                                  .timestamp = 1,
                                  .key = STR("acme/79991234567"),
                                  .value = STR("{\"v\":1,\"id\":\"E:task\",\"entry_id\":\"E\"}"),
                                  .headers = of_job,
                                  .nheaders = COUNT(of_job)};
}

static const struct kafka_layout layout = {
    .partitions = {[KAFKA_EVENTS] = 4, [KAFKA_JOBS] = 4, [KAFKA_DEAD] = 4}};

static struct str header_of(const struct dead_record *r, const char *name)
{
    const struct kafka_message m = {.headers = r->headers, .nheaders = r->nheaders};
    return kafka_header_get(&m, name);
}

static void ck_row(const struct dead_letter *l, bool show, const char *expected)
{
    char *text = jval_dump_free(dead_letter_row(l, show), false);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(ids)
{
    static const char *const bad[] = {"",     "1",    "/",    "1/",     "/1",
                                      "-1/2", "1/-2", "1/2 ", "1024/1", "a/1"};
    char text[DEAD_ID_SIZE];
    struct dead_id id = {9, 9};
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!dead_id_parse(str_of(bad[i]), &id), "%s", bad[i]);
    ck_assert_int_eq(id.partition, 9);
    ck_assert(dead_id_parse(STR("3/1234567890123"), &id));
    ck_assert_int_eq(id.partition, 3);
    ck_assert_int_eq(id.offset, 1234567890123);
    dead_id_write(id, text);
    ck_assert_str_eq(text, "3/1234567890123");
}
END_TEST

START_TEST(reads_a_job)
{
    struct kafka_message m = job_letter(2, 5);
    struct dead_letter *l = NULL;
    struct dead_id noted;
    ck_assert_int_eq(dead_letter_read(&m, STR("pre."), &l, &noted), DEAD_LETTER);
    ck_row(l, false,
           "{\"id\":\"2/5\",\"at\":\"" AT "\",\"account\":\"acme\",\"entry_id\":\"E\","
           "\"topic\":\"jobs\",\"kind\":\"task\",\"reason\":\"no client has *******4567\","
           "\"fault\":\"rejected\",\"http_status\":422,\"tries\":3,\"first_at\":\"" AT "\"}");
    ck_row(l, true,
           "{\"id\":\"2/5\",\"at\":\"" AT "\",\"account\":\"acme\",\"entry_id\":\"E\","
           "\"topic\":\"jobs\",\"kind\":\"task\",\"reason\":\"no client has 79991234567\","
           "\"fault\":\"rejected\",\"http_status\":422,\"tries\":3,\"first_at\":\"" AT "\"}");
    dead_letter_free(l);
    m.value = STR("{");
    ck_assert_int_eq(dead_letter_read(&m, STR("pre."), &l, &noted), DEAD_LETTER);
    ck_assert_str_eq(l->entry_id, "");
    dead_letter_free(l);
}
END_TEST

START_TEST(reads_an_event_and_what_says_nothing)
{
    const struct kafka_header headers[] = {{C "topic", STR("events")}, {C "partition", STR("1")}};
    struct kafka_message m = {
        .key = STR("acme/E/1"), .timestamp = 1795360260123, .headers = headers, .nheaders = 2};
    struct dead_letter *l = NULL;
    struct dead_id noted;
    ck_assert_int_eq(dead_letter_read(&m, STR_NONE, &l, &noted), DEAD_LETTER);
    ck_assert_int_eq(l->topic, KAFKA_EVENTS);
    ck_assert_str_eq(l->entry_id, "E/1");
    ck_assert_int_eq(l->at, 1795360260123);
    dead_letter_free(l);
    m.key = STR("acme/-");
    (void)!dead_letter_read(&m, STR("other."), &l, &noted);
    ck_assert_int_eq(l->topic, KAFKA_TOPICS);
    ck_row(l, true,
           "{\"id\":\"0/0\",\"at\":\"" AT "\",\"account\":\"acme\",\"entry_id\":null,"
           "\"topic\":\"\",\"kind\":\"\",\"reason\":\"\",\"fault\":\"\",\"http_status\":null,"
           "\"tries\":0,\"first_at\":\"" AT "\"}");
    dead_letter_free(l);
    dead_letter_free(NULL);
}
END_TEST

START_TEST(goes_again)
{
    const struct kafka_message m = job_letter(2, 5);
    struct dead_record r, second;
    struct error e = ERROR_NONE;
    ck_assert_int_eq(dead_letter_again(&m, STR("pre."), &layout, &r, &e), ERR_OK);
    ck_assert_int_eq(r.topic, KAFKA_JOBS);
    ck_assert_int_eq(r.partition, 2);
    ck_assert_text(r.key, "acme/79991234567");
    ck_assert_ptr_eq(r.value.ptr, m.value.ptr);
    ck_assert_uint_eq(r.nheaders, 6);
    ck_assert_text(header_of(&r, "kind"), "task");
    ck_assert_text(header_of(&r, "received-at"), "2026-11-22T15:10:00.000Z");
    ck_assert_text(header_of(&r, "x-sent-again"), "2/5");
    ck_assert_text(header_of(&r, "x-first-at"), AT);
    /* it dies once more: nothing piles up, the first time stands */
    struct kafka_header headers[32];
    memcpy(headers, r.headers, r.nheaders * sizeof *headers);
    memcpy(headers + r.nheaders, of_job + 4, 9 * sizeof *headers);
    headers[r.nheaders + 6] = (struct kafka_header){"x-at", STR("2026-11-23T00:00:00.000Z")};
    struct kafka_message again = job_letter(2, 9);
    again.headers = headers;
    again.nheaders = r.nheaders + 9;
    struct dead_letter *l = NULL;
    struct dead_id noted;
    (void)!dead_letter_read(&again, STR("pre."), &l, &noted);
    ck_assert_int_eq(l->first_at, 1795360260123);
    ck_assert_int_gt(l->at, l->first_at);
    dead_letter_free(l);
    ck_assert_int_eq(dead_letter_again(&again, STR("pre."), &layout, &second, &e), ERR_OK);
    ck_assert_uint_eq(second.nheaders, 6);
    ck_assert_text(header_of(&second, "x-sent-again"), "2/9");
    ck_assert_text(header_of(&second, "x-first-at"), AT);
}
END_TEST

START_TEST(what_cannot_go_again)
{
    static const struct {
        const char *name;
        struct str value;
        const char *why;
    } cases[] = {
        {"x-cut-from-bytes", T("1200000"), "only its beginning"},
        {C "topic", T("pre.facts"), "which topic"},
        {C "topic", T("jobs"), "which topic"},
        {C "partition", T("x"), "which topic"},
        {C "partition", T("4"), "no partition 4"},
        {"x-note", T("sent-again"), "no dead letter"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct kafka_header headers[COUNT(of_job) + 1];
        struct kafka_message m = job_letter(2, 5);
        struct dead_record r;
        struct error e = ERROR_NONE;
        memcpy(headers, of_job, sizeof of_job);
        headers[COUNT(of_job)] = (struct kafka_header){cases[i].name, cases[i].value};
        m.headers = headers;
        m.nheaders = COUNT(headers);
        ck_assert_int_eq(dead_letter_again(&m, STR("pre."), &layout, &r, &e), ERR_INPUT);
        ck_assert_msg(strstr(e.text, cases[i].why), "%s", e.text);
    }
}
END_TEST

/* The note as it lies in `dead`. */
static struct kafka_message noted(const struct kafka_message *m, struct dead_record *r)
{
    dead_letter_note(m, STR("admin"), 1795360260123, r);
    return (struct kafka_message){.topic = KAFKA_DEAD,
                                  .partition = r->partition,
                                  .offset = 1000,
                                  .key = r->key,
                                  .tombstone = r->tombstone,
                                  .headers = r->headers,
                                  .nheaders = r->nheaders};
}

static bool collect(void *arg, const struct dead_letter *l)
{
    char id[DEAD_ID_SIZE];
    dead_id_write(l->id, id);
    buf_addf(arg, "%s ", id);
    return l->id.offset != 0;
}

START_TEST(stands_until_it_is_noted)
{
    struct dead_shelf *s = dead_shelf_new(STR("pre."), 100);
    struct kafka_message m = job_letter(2, 5);
    struct dead_record r;
    enum dead_message what;
    ck_assert_ptr_nonnull(dead_shelf_take(s, &m, &what));
    ck_assert_int_eq(what, DEAD_LETTER);
    ck_assert_ptr_null(dead_shelf_take(s, &m, &what)); /* read anew */
    m = job_letter(2, 6);
    ck_assert_ptr_null(dead_shelf_take(s, &m, &what)); /* the same job's message */
    ck_assert_uint_eq(dead_shelf_count(s), 1);
    m = job_letter(2, 5);
    struct kafka_message note = noted(&m, &r);
    ck_assert_text(header_of(&r, "x-who"), "admin");
    const struct dead_letter *gone = dead_shelf_take(s, &note, &what);
    ck_assert_int_eq(what, DEAD_NOTE);
    ck_assert_ptr_nonnull(gone);
    ck_assert_str_eq(gone->entry_id, "E");
    ck_assert_uint_eq(dead_shelf_count(s), 0);
    ck_assert_ptr_null(dead_shelf_find(s, (struct dead_id){2, 5}));
    ck_assert_ptr_null(dead_shelf_take(s, &note, &what));
    const struct kafka_header odd[] = {{"x-note", STR("sent-again")}, {"x-of", STR("?")}};
    note.headers = odd;
    note.nheaders = 2;
    ck_assert_ptr_null(dead_shelf_take(s, &note, &what));
    ck_assert_int_eq(what, DEAD_NOTE);
    dead_shelf_free(s);
    dead_shelf_free(NULL);
}
END_TEST

/* Letter i, i minutes after the first. */
static void put(struct dead_shelf *s, int i)
{
    char at[TEXT_TIME_SIZE], from[8];
    struct kafka_header headers[COUNT(of_job)];
    struct kafka_message m = job_letter(i % 2, i);
    enum dead_message what;
    memcpy(headers, of_job, sizeof of_job);
    text_time(1795360260123 + i * 60000, at);
    (void)snprintf(from, sizeof from, "%d", i);
    headers[6].value = str_of(from);
    headers[10].value = str_of(at);
    m.headers = headers;
    m.nheaders = COUNT(headers);
    (void)dead_shelf_take(s, &m, &what);
}

START_TEST(newest_first_and_no_more_than_so_many)
{
    struct buf all = BUF_INIT(200);
    struct dead_shelf *s = dead_shelf_new(STR("pre."), 8);
    dead_shelf_each(s, collect, &all);
    ck_assert_uint_eq(all.len, 0);
    for (int i = 0; i < 9; i += 2)
        put(s, i);
    for (int i = 1; i < 9; i += 2)
        put(s, i);
    ck_assert(!dead_shelf_forgot(s));
    dead_shelf_each(s, collect, &all);
    ck_assert_str_eq(all.data, "0/8 1/7 0/6 1/5 0/4 1/3 0/2 1/1 0/0 ");
    put(s, 9);
    ck_assert(dead_shelf_forgot(s));
    ck_assert_uint_eq(dead_shelf_count(s), 8);
    buf_reset(&all);
    dead_shelf_each(s, collect, &all);
    ck_assert_str_eq(all.data, "1/9 0/8 1/7 0/6 1/5 0/4 1/3 0/2 ");
    buf_done(&all);
    dead_shelf_free(s);
}
END_TEST

START_TEST(claimed_once)
{
    struct dead_shelf *s = dead_shelf_new(STR("pre."), 8);
    const struct dead_id id = {1, 1};
    put(s, 1);
    ck_assert(!dead_shelf_claim(s, (struct dead_id){0, 1}));
    ck_assert(dead_shelf_claim(s, id));
    ck_assert(!dead_shelf_claim(s, id));
    dead_shelf_release(s, id);
    ck_assert(dead_shelf_claim(s, id));
    dead_shelf_release(s, (struct dead_id){0, 1});
    ck_assert_ptr_nonnull(dead_shelf_noted(s, id));
    ck_assert_ptr_null(dead_shelf_noted(s, id));
    ck_assert_uint_eq(dead_shelf_count(s), 0);
    dead_shelf_free(s);
}
END_TEST

int main(void)
{
    return UNIT_RUN("dead", ids, reads_a_job, reads_an_event_and_what_says_nothing, goes_again,
                    what_cannot_go_again, stands_until_it_is_noted,
                    newest_first_and_no_more_than_so_many, claimed_once);
}
