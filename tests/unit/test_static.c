/* The page's files: which bytes answer which request; and what make has embedded is there. */
#include "ingest/admin/static.h"
#include "tests/unit/unit.h"

static const char plain[] = "plain plain plain", packed[] = "packed";
static const struct static_file file = {
    "a.js",  plain,     plain + sizeof plain - 1, packed, packed + sizeof packed - 1,
    "\"1\"", "\"1-gz\""};
static const struct static_file small = {
    "a.png", packed,    packed + sizeof packed - 1, plain, plain + sizeof plain - 1,
    "\"2\"", "\"2-gz\""};

START_TEST(answers)
{
    static const struct {
        const struct static_file *file;
        const char *accept, *none_match, *body, *etag;
        int status;
    } cases[] = {
        {&file, "", "", "plain plain plain", "\"1\"", 200},
        {&file, "gzip, br", "", "packed", "\"1-gz\"", 200},
        {&file, "gzip;q=0", "", "plain plain plain", "\"1\"", 200},
        {&file, "", "\"1\"", "", "\"1\"", 304},
        {&file, "", "W/\"1\"", "", "\"1\"", 304},
        {&file, "", "\"0\", \"1\"", "", "\"1\"", 304},
        {&file, "", "*", "", "\"1\"", 304},
        {&file, "gzip", "\"1\"", "packed", "\"1-gz\"", 200}, /* those are other bytes */
        {&file, "gzip", "\"1-gz\"", "", "\"1-gz\"", 304},
        {&small, "gzip", "", "packed", "\"2\"", 200}, /* compressing made it longer */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct static_answer a =
            static_serve(cases[i].file, str_of(cases[i].accept), str_of(cases[i].none_match));
        ck_assert_int_eq(a.status, cases[i].status);
        ck_assert_text(a.body, cases[i].body);
        ck_assert_str_eq(a.etag, cases[i].etag);
        ck_assert_int_eq(a.gzip, a.status == 200 && cases[i].file == &file &&
                                     strcmp(cases[i].body, "packed") == 0);
    }
}
END_TEST

START_TEST(types)
{
    ck_assert_str_eq(static_type("index.html"), "text/html; charset=utf-8");
    ck_assert_str_eq(static_type("js/app.js"), "text/javascript; charset=utf-8");
    ck_assert_str_eq(static_type("x.css"), "text/css; charset=utf-8");
    ck_assert_str_eq(static_type("openapi.json"), "application/json");
    ck_assert_str_eq(static_type("x"), "application/octet-stream");
}
END_TEST

START_TEST(embedded)
{
    const struct static_file *f = static_find(STR("index.html"));
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(memmem(f->bytes, (size_t)(f->bytes_end - f->bytes), "<html", 5));
    ck_assert_mem_eq(f->gzip, "\x1f\x8b", 2);
    ck_assert_ptr_nonnull(static_find(STR("openapi.json")));
    ck_assert_ptr_null(static_find(STR("../README.md")));
    ck_assert_ptr_null(static_find(STR("index.htm")));
    for (size_t i = 0; i < static_files_count; i++) {
        ck_assert_int_gt(static_files[i].bytes_end - static_files[i].bytes, 0);
        ck_assert_str_ne(static_files[i].etag, static_files[i].gzip_etag);
        ck_assert_str_ne(static_type(static_files[i].name), "application/octet-stream");
    }
}
END_TEST

int main(void)
{
    return UNIT_RUN("static", answers, types, embedded);
}
