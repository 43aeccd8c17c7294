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
static void put(struct producer *p, const char *account, const char *key, const char *zone)
{
    struct kafka_env_reports n = {0};
    char text[1024];
    snprintf(text, sizeof(text),
             "{\"version\":1,\"account\":\"%s\",\"enabled\":true,\"timezone\":\"%s\","
             "\"mango\":{\"api_key\":\"%s\",\"api_salt\":\"salt\","
             "\"base_url\":\"https://app.mango-office.ru/vpbx\"},"
             "\"megaplan\":{\"base_url\":\"https://acme.megaplan.ru\",\"token\":\"t\"}}",
             account, zone, key);
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
    ck_assert_int_eq(accounts_new(kafka_env.loop, &kafka_env.config, &kafka_env.layout, on_changed,
                                  on_restored, &w, &a, &kafka_env.e),
                     ERR_OK);
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

int main(void)
{
    return KAFKA_ENV_RUN("accounts", followed_live);
}
