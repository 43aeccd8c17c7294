/*
 * Settings followed from a broker: taken, changed, refused, removed, found by account and by API key.
 */
#include "common/accounts.h"

#include <stdio.h>

#include "tests/unit/kafka_env.h"

struct watch {
    int changed, restored;
    char last[64];
};

static void on_changed(void *arg, const char *account)
{
    struct watch *w = arg;
    w->changed++;
    snprintf(w->last, sizeof(w->last), "%s", account);
}

static void on_restored(void *arg)
{
    ((struct watch *)arg)->restored++;
}

static void count(void *arg, const struct settings *s)
{
    (void)s;
    ++*(int *)arg;
}

/* A document with plain secrets. */
static void document(char *out, size_t size, const char *account, const char *key, const char *zone)
{
    snprintf(out, size,
             "{\"version\":1,\"account\":\"%s\",\"enabled\":true,\"timezone\":\"%s\","
             "\"mango\":{\"api_key\":\"%s\",\"api_salt\":\"salt\","
             "\"base_url\":\"https://app.mango-office.ru/vpbx\"},"
             "\"megaplan\":{\"base_url\":\"https://acme.megaplan.ru\",\"token\":\"t\"}}",
             account, zone, key);
}

static void put(struct producer *p, const char *account, const char *key, const char *zone)
{
    struct kafka_env_reports n = {0};
    char text[1024];
    document(text, sizeof(text), account, key, zone);
    kafka_env_send(p, KAFKA_SETTINGS, -1, account, str_of(text), &n);
    TURN_UNTIL(n.delivered == 1, 5000);
}

static void rm(struct producer *p, const char *account)
{
    struct kafka_env_reports n = {0};
    kafka_env_send(p, KAFKA_SETTINGS, -1, account, STR_NONE, &n);
    TURN_UNTIL(n.delivered == 1, 5000);
}

START_TEST(followed_live)
{
    struct watch w = {0};
    struct accounts *a;
    int n = 0;
    struct producer *p = kafka_env_producer(5000);
    kafka_env.config.outbound_allow = (char[]){""};
    put(p, "acme", "key-1", "Europe/Moscow");
    put(p, "beta", "key-2", "Europe/Moscow");
    TURN_UNTIL(producer_is_warm(p), 5000); /* writes "_canary" */
    const struct accounts_options o = {
        .changed = on_changed, .restored = on_restored, .arg = &w, .documents = true};
    a = accounts_new(kafka_env.loop, &kafka_env.config, &o);
    ck_assert_int_eq(accounts_follow(a, &kafka_env.layout, &kafka_env.e), ERR_OK);
    ck_assert(!accounts_restored(a));
    TURN_UNTIL(w.restored == 1, 10000);
    ck_assert(accounts_restored(a));
    ck_assert_uint_eq(accounts_count(a), 2);
    ck_assert_int_eq(w.changed, 2);
    ck_assert_str_eq(accounts_get(a, STR("acme"))->mango.api_key, "key-1");
    ck_assert_str_eq(accounts_by_key(a, STR("key-2"))->account, "beta");
    ck_assert_ptr_null(accounts_get(a, STR("_layout")));
    ck_assert_ptr_null(accounts_by_key(a, STR("key-3")));
    accounts_each(a, count, &n);
    ck_assert_int_eq(n, 2);

    int64_t revision = accounts_revision(a, STR("acme"));
    put(p, "acme", "key-3", "Asia/Omsk"); /* changed */
    TURN_UNTIL(w.changed == 3, 5000);
    ck_assert_str_eq(w.last, "acme");
    ck_assert_int_gt(accounts_revision(a, STR("acme")), revision);
    ck_assert_ptr_null(accounts_by_key(a, STR("key-1")));
    ck_assert_str_eq(accounts_by_key(a, STR("key-3"))->timezone, "Asia/Omsk");
    ck_assert_ptr_nonnull(strstr(accounts_document(a, STR("acme")).ptr, "Asia/Omsk"));
    ck_assert_ptr_null(accounts_document(a, STR("nobody")).ptr);

    put(p, "acme", "key-4", "Nowhere/Land"); /* refused: the one before stays */
    put(p, "gamma", "key-2", "Asia/Omsk");   /* beta's key */
    TURN_UNTIL(w.changed == 4, 5000);
    ck_assert_str_eq(accounts_get(a, STR("acme"))->mango.api_key, "key-3");
    ck_assert_str_eq(accounts_by_key(a, STR("key-2"))->account, "beta");

    rm(p, "beta");
    TURN_UNTIL(w.changed == 5, 5000);
    ck_assert_ptr_null(accounts_get(a, STR("beta")));
    ck_assert_int_eq(accounts_revision(a, STR("beta")), -1);
    ck_assert_str_eq(accounts_by_key(a, STR("key-2"))->account, "gamma");
    rm(p, "nobody");
    put(p, "acme", "key-3", "Asia/Omsk");
    TURN_UNTIL(w.changed == 6, 5000);
    accounts_free(a);
    producer_free(p, 1000);
}
END_TEST

static void recall(struct accounts *a, const char *account, const char *key, const char *zone,
                   bool taken)
{
    char text[1024];
    document(text, sizeof(text), account, key, zone);
    ck_assert_int_eq(accounts_recall(a, str_of(account), str_of(text)), taken);
}

/* What was kept stands until the topic is read; then what the topic has, and a refused one replaces nothing. */
START_TEST(recalled)
{
    struct watch w = {0};
    struct producer *p = kafka_env_producer(5000);
    kafka_env.config.outbound_allow = (char[]){""};
    const struct accounts_options o = {.changed = on_changed, .restored = on_restored, .arg = &w};
    struct accounts *a = accounts_new(kafka_env.loop, &kafka_env.config, &o);
    ck_assert(!accounts_known(a) && !accounts_connected(a));
    recall(a, "acme", "key-1", "Europe/Moscow", true);
    recall(a, "gone", "key-2", "Europe/Moscow", true);
    recall(a, "spoilt", "key-5", "Europe/Moscow", true);
    recall(a, "bad", "key-6", "Nowhere/Land", false);
    ck_assert(accounts_known(a) && !accounts_restored(a));
    ck_assert_str_eq(accounts_by_key(a, STR("key-2"))->account, "gone");

    put(p, "acme", "key-3", "Asia/Omsk");
    put(p, "spoilt", "key-7", "Nowhere/Land");
    ck_assert_int_eq(accounts_follow(a, &kafka_env.layout, &kafka_env.e), ERR_OK);
    TURN_UNTIL(w.restored == 1, 10000);
    ck_assert_str_eq(accounts_get(a, STR("acme"))->mango.api_key, "key-3");
    ck_assert_ptr_null(accounts_by_key(a, STR("key-1")));
    ck_assert_ptr_null(accounts_get(a, STR("gone")));
    ck_assert_str_eq(accounts_get(a, STR("spoilt"))->mango.api_key, "key-5");
    ck_assert_int_eq(w.changed, 2); /* acme taken, gone removed */
    accounts_free(a);
    producer_free(p, 1000);
}
END_TEST

int main(void)
{
    return KAFKA_ENV_RUN("accounts", followed_live, recalled);
}
