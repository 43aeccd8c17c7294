/* The option table: defaults, ranges, files, names nobody knows, what is printed. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/config.h"
#include "tests/unit/unit.h"

#define KEY "SECRET_KEY=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define MOST 8

/* Loads the environment of up to MOST variables, the key put to it. */
static enum err load(enum config_user user, const char *const *variables, struct config *c,
                     struct error *e)
{
    char *environment[MOST + 2];
    size_t n = 0;
    enum err err;

    environment[n++] = strdup(KEY);
    for (; variables && *variables; variables++)
        environment[n++] = strdup(*variables);
    environment[n] = NULL;
    err = config_load(user, environment, c, e);
    while (n)
        free(environment[--n]);
    return err;
}

static enum err load_one(enum config_user user, const char *variable, struct config *c,
                         struct error *e)
{
    return load(user, (const char *const[]){variable, NULL}, c, e);
}

#define HASH                         \
    "$argon2id$v=19$m=65536,t=2,p=1" \
    "$c29tZXNhbHRzb21lc2FsdA$RMbMVVi1Qw0D3nX9b2j1yTBkB+8pKBW4Q1xZ5r0b1o4"

START_TEST(defaults)
{
    struct error e = ERROR_NONE;
    struct config c;

    ck_assert_msg(load(CONFIG_INGEST, NULL, &c, &e) == ERR_OK, "%s", e.text);
    ck_assert_str_eq(c.kafka_brokers, "localhost:9092");
    ck_assert_str_eq(c.kafka_properties, "");
    ck_assert_int_eq(c.kafka_ack_timeout_ms, 3000);
    ck_assert_str_eq(c.topic_prefix, "mangoplan.");
    ck_assert_int_eq(c.topic_partitions, 12);
    ck_assert_int_eq(c.topic_replication, -1);
    ck_assert_int_eq(c.topic_retention_days, 90);
    ck_assert(c.secret.has_current && !c.secret.has_old);
    ck_assert_int_eq(c.secret.current.bytes[1], 1);
    ck_assert_str_eq(c.ingest_listen, "0.0.0.0:8080");
    ck_assert_str_eq(c.ingest_tls_cert, "");
    ck_assert_str_eq(c.ingest_base_path, "");
    ck_assert_str_eq(c.ingest_spool, "./spool.db");
    ck_assert_str_eq(c.admin_listen, "");
    ck_assert_str_eq(c.outbound_allow, "");
    ck_assert_str_eq(c.ops_listen, "127.0.0.1:9100");
    ck_assert_int_eq(c.call_idle_close_s, 14400);
    ck_assert_int_eq(c.call_ended_close_s, 600);
    ck_assert_int_eq(c.call_settle_s, 5);
    ck_assert_int_eq(c.call_remember_s, 3600);
    ck_assert_int_eq(c.crm_concurrency, 256);
    ck_assert_int_eq(c.crm_hold_jobs, 100000);
    ck_assert_int_eq(c.crm_request_timeout_ms, 15000);
    ck_assert_int_eq(c.retry_max_ms, 30000);
    ck_assert_int_eq(c.route_deadline_ms, 4000);
    ck_assert_str_eq(c.public_url, "");
    ck_assert(!c.metrics_per_account);
    ck_assert_int_eq(c.reconcile_every_s, 0);
    ck_assert_int_eq(c.shutdown_timeout_s, 20);
    ck_assert_str_eq(c.log_level, "info");
    config_done(&c);
    ck_assert_int_eq(load(CONFIG_CALLS, NULL, &c, &e), ERR_OK);
    ck_assert_str_eq(c.ops_listen, "127.0.0.1:9101");
    config_done(&c);
    ck_assert_int_eq(load(CONFIG_CRM, NULL, &c, &e), ERR_OK);
    ck_assert_str_eq(c.ops_listen, "127.0.0.1:9102");
    config_done(&c);
}
END_TEST

/* long because it is a table */
START_TEST(values_are_taken_or_refused)
{
    static const struct {
        const char *variable;
        bool ok;
    } cases[] = {
        {"KAFKA_BROKERS=a:1,b-2.c:65535, [::1]:9092", true},
        {"KAFKA_BROKERS=a", true},
        {"KAFKA_BROKERS=a:0", false},
        {"KAFKA_BROKERS=a:65536", false},
        {"KAFKA_BROKERS=a,,b", false},
        {"KAFKA_BROKERS=a b", true}, /* blanks are taken out of lists */
        {"KAFKA_BROKERS=a/b", false},
        {"KAFKA_BROKERS=[::g]:1", false},
        {"KAFKA_BROKERS=:1", false},
        {"KAFKA_PROPERTIES=security.protocol=SASL_SSL; sasl.password = a=b ;", true},
        {"KAFKA_PROPERTIES=nonsense", false},
        {"KAFKA_PROPERTIES==x", false},
        {"KAFKA_PROPERTIES=a b=x", false},
        {"KAFKA_PROPERTIES=acks=1", false},
        {"KAFKA_PROPERTIES=a=1;request.required.acks=1", false},
        {"KAFKA_PROPERTIES=enable.idempotence=false", false},
        {"KAFKA_PROPERTIES= enable.auto.commit = true", false},
        {"KAFKA_PROPERTIES=auto.commit.interval.ms=1", false},
        {"KAFKA_PROPERTIES=enable.auto.offset.store=true", false},
        {"KAFKA_PROPERTIES=auto.offset.reset=latest", false},
        {"KAFKA_PROPERTIES=partition.assignment.strategy=x", false},
        {"KAFKA_PROPERTIES=session.timeout.ms=1", false},
        {"KAFKA_PROPERTIES=heartbeat.interval.ms=1", false},
        {"KAFKA_PROPERTIES=max.poll.interval.ms=1", false},
        {"KAFKA_PROPERTIES=group.instance.id=1", false},
        {"KAFKA_PROPERTIES=message.timeout.ms=1", false},
        {"KAFKA_PROPERTIES=delivery.timeout.ms=1", false},
        {"KAFKA_ACK_TIMEOUT_MS=1", true},
        {"KAFKA_ACK_TIMEOUT_MS=0", false},
        {"KAFKA_ACK_TIMEOUT_MS=4501", false},
        {"KAFKA_ACK_TIMEOUT_MS=3s", false},
        {"TOPIC_PREFIX=a_B-1.", true},
        {"TOPIC_PREFIX=a/b", false},
        {"TOPIC_PARTITIONS=1024", true},
        {"TOPIC_PARTITIONS=0", false},
        {"TOPIC_PARTITIONS=1025", false},
        {"TOPIC_REPLICATION=3", true},
        {"TOPIC_REPLICATION=-1", true},
        {"TOPIC_REPLICATION=0", false},
        {"TOPIC_REPLICATION=-2", false},
        {"TOPIC_RETENTION_DAYS=7", true},
        {"TOPIC_RETENTION_DAYS=0", false},
        {"SECRET_KEY_OLD=ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", true},
        {"SECRET_KEY_OLD=short", false},
        {"INGEST_LISTEN=127.0.0.1:0", true},
        {"INGEST_LISTEN=[::]:8080", true},
        {"INGEST_LISTEN=8080", false},
        {"INGEST_LISTEN=a:b", false},
        {"INGEST_LISTEN=a:-1", false},
        {"INGEST_BASE_PATH=/mango/a-b", true},
        {"INGEST_BASE_PATH=mango", false},
        {"INGEST_BASE_PATH=/mango/", false},
        {"INGEST_BASE_PATH=/a b", false},
        {"INGEST_TRUSTED_PROXIES=10.0.0.0/8, ::1/128,192.168.1.1", true},
        {"INGEST_TRUSTED_PROXIES=10.0.0.0/33", false},
        {"INGEST_TRUSTED_PROXIES=10.0.0.0/-1", false},
        {"INGEST_TRUSTED_PROXIES=10.0.0/8", false},
        {"INGEST_TRUSTED_PROXIES=::1/129", false},
        {"INGEST_TRUSTED_PROXIES=localhost", false},
        {"INGEST_ALLOW_FROM=81.88.80.0/20", true},
        {"INGEST_ALLOW_FROM=x", false},
        {"ADMIN_LISTEN=x", false},
        {"ADMIN_PASSWORD=12345678901", false},
        {"ADMIN_PASSWORD=123456789012", true},
        {"ADMIN_PASSWORD=жжжжжжжжжжж", false}, /* 22 bytes are 11 characters */
        {"ADMIN_PASSWORD=\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", false},
        {"ADMIN_PASSWORD_HASH=" HASH, true},
        {"ADMIN_PASSWORD_HASH=$2b$12$x", false},
        {"ADMIN_PASSWORD_HASH=$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA",
         false}, /* cut */
        {"OUTBOUND_ALLOW=127.0.0.1:8081, localhost ,[::1]:80", true},
        {"OUTBOUND_ALLOW=http://x:8081,y", true}, /* an entry may be written like a URL */
        {"OUTBOUND_ALLOW=a!b", false},
        {"OUTBOUND_ALLOW=x:0", false},
        {"OPS_LISTEN=:9100", false},
        {"CALL_IDLE_CLOSE_S=0", false},
        {"CALL_ENDED_CLOSE_S=1", true},
        {"CALL_SETTLE_S=0", true},
        {"CALL_REMEMBER_S=x", false},
        {"CRM_CONCURRENCY=0", false},
        {"CRM_HOLD_JOBS=10", true},
        {"CRM_REQUEST_TIMEOUT_MS=999", false},
        {"CRM_REQUEST_TIMEOUT_MS=1000", true},
        {"CRM_REQUEST_TIMEOUT_MS=15001", false},
        {"RETRY_MAX_MS=1000", true},
        {"ROUTE_DEADLINE_MS=0", false},
        {"PUBLIC_URL=https://mango.example.ru/hook", true},
        {"PUBLIC_URL=http://[::1]:8080", true},
        {"PUBLIC_URL=ftp://x", false},
        {"PUBLIC_URL=https://", false},
        {"PUBLIC_URL=https://x/?a", false},
        {"METRICS_PER_ACCOUNT=1", true},
        {"METRICS_PER_ACCOUNT=yes", false},
        {"RECONCILE_EVERY_S=900", true},
        {"SHUTDOWN_TIMEOUT_S=0", false},
        {"LOG_LEVEL=error", true},
        {"LOG_LEVEL=loud", false},
        {"LOG_LEVEL=", true}, /* empty: as if unset */
        {"KAFKA_OPTS=1", false},
        {"OPS_=1", false},
        {"INGEST_LISTEN_FILE_FILE=x", false},
        {"TOPIC_X", false},
        {"ADMIN_EMAIL=x", false},
        {"CRM_URL=x", false},
        {"CALL_ME=x", false},
        {"KAFKA=x", true},
        {"PATH=/bin", true},
        {"SECRET_X=1", true}, /* not one of the prefixes */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = ERROR_NONE;
        struct config c;
        enum err err = load_one(CONFIG_CALLS, cases[i].variable, &c, &e);
        size_t name = strcspn(cases[i].variable, "=");
        ck_assert_msg((err == ERR_OK) == cases[i].ok, "%s: %s", cases[i].variable, e.text);
        ck_assert(err == ERR_OK || err == ERR_CONFIG);
        if (err)
            ck_assert_msg(strncmp(e.text, cases[i].variable, name) == 0 && e.text[name] == ':',
                          "%s: %s", cases[i].variable, e.text);
        config_done(&c);
    }
}
END_TEST

START_TEST(lists_lose_their_blanks)
{
    struct error e = ERROR_NONE;
    struct config c;

    ck_assert_int_eq(load_one(CONFIG_CRM, "OUTBOUND_ALLOW= a:1 ,\tb ", &c, &e), ERR_OK);
    ck_assert_str_eq(c.outbound_allow, "a:1,b");
    config_done(&c);
}
END_TEST

START_TEST(what_is_missing_or_double)
{
    static const struct {
        const char *variables[4];
        const char *named; /* NULL: fine */
    } cases[] = {
        {{"ADMIN_LISTEN=127.0.0.1:0"}, "ADMIN_PASSWORD:"},
        {{"ADMIN_LISTEN=127.0.0.1:0", "ADMIN_PASSWORD=123456789012"}, NULL},
        {{"ADMIN_LISTEN=127.0.0.1:0", "ADMIN_PASSWORD_HASH=" HASH}, NULL},
        {{"ADMIN_PASSWORD=123456789012", "ADMIN_PASSWORD_HASH=" HASH}, "ADMIN_PASSWORD_HASH:"},
        {{"INGEST_TLS_CERT=/etc/passwd"}, "INGEST_TLS_KEY:"},
        {{"INGEST_TLS_KEY=/etc/passwd"}, "INGEST_TLS_CERT:"},
        {{"INGEST_TLS_KEY=/etc/passwd", "INGEST_TLS_CERT=/etc/passwd"}, NULL},
        {{"INGEST_TLS_CERT=/nonexistent", "INGEST_TLS_KEY=/etc/passwd"}, "INGEST_TLS_CERT:"},
        {{"CA_FILE=/nonexistent"}, "CA_FILE:"},
        {{"LOG_LEVEL=info", "LOG_LEVEL_FILE=/etc/passwd"}, "LOG_LEVEL:"},
        {{"LOG_LEVEL_FILE=/nonexistent"}, "LOG_LEVEL_FILE:"},
        {{"LOG_LEVEL_FILE=/dev/zero"}, "LOG_LEVEL_FILE:"},
        {{"INGEST_SPOOL="}, NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error e = ERROR_NONE;
        struct config c;
        enum err err = load(CONFIG_INGEST, cases[i].variables, &c, &e);
        ck_assert_msg((err == ERR_OK) == !cases[i].named, "case %zu: %s", i, e.text);
        if (err)
            ck_assert_msg(strncmp(e.text, cases[i].named, strlen(cases[i].named)) == 0, "%s",
                          e.text);
        else if (i == COUNT(cases) - 1)
            ck_assert_str_eq(c.ingest_spool, "");
        config_done(&c);
    }
}
END_TEST

START_TEST(key_is_required)
{
    char *none[] = {NULL};
    struct error e = ERROR_NONE;
    struct config c;

    ck_assert_int_eq(config_load(CONFIG_TOOL, none, &c, &e), ERR_CONFIG);
    ck_assert_str_eq(e.text, "SECRET_KEY: required, and not set");
    config_done(&c);
}
END_TEST

START_TEST(values_from_files)
{
    char path[] = "/tmp/test_config_XXXXXX", variable[64];
    int fd = mkstemp(path);
    struct error e = ERROR_NONE;
    struct config c;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "crm.\r\n\n", 7), 7);
    snprintf(variable, sizeof(variable), "TOPIC_PREFIX_FILE=%s", path);
    ck_assert_msg(load_one(CONFIG_CRM, variable, &c, &e) == ERR_OK, "%s", e.text);
    ck_assert_str_eq(c.topic_prefix, "crm.");
    config_done(&c);
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    ck_assert_int_eq(load_one(CONFIG_CRM, variable, &c, &e), ERR_OK);
    ck_assert_str_eq(c.topic_prefix, "mangoplan."); /* an empty file is as good as none */
    config_done(&c);
    close(fd);
    unlink(path);
}
END_TEST

static char *printed(void (*print)(FILE *out, const struct config *c), const struct config *c)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    print(out, c);
    fclose(out);
    return text;
}

static void show(FILE *out, const struct config *c)
{
    config_show(out, CONFIG_INGEST, c);
}

static void show_help(FILE *out, const struct config *c)
{
    (void)c;
    config_help(out, CONFIG_CRM);
}

START_TEST(shows_no_secret)
{
    static const char *const variables[] = {
        "ADMIN_PASSWORD=correct horse battery",
        "KAFKA_PROPERTIES=sasl.username=u;sasl.password=hunter2;ssl.key.password=hunter3", NULL};
    struct error e = ERROR_NONE;
    struct config c;
    char *text;

    ck_assert_int_eq(load(CONFIG_INGEST, variables, &c, &e), ERR_OK);
    text = printed(show, &c);
    ck_assert_ptr_null(strstr(text, "horse"));
    ck_assert_ptr_null(strstr(text, "hunter"));
    ck_assert_ptr_null(strstr(text, "00010203"));
    ck_assert_ptr_nonnull(strstr(text, "\nADMIN_PASSWORD=***\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nADMIN_PASSWORD_HASH=\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nSECRET_KEY=***\nSECRET_KEY_OLD=\n"));
    ck_assert_ptr_nonnull(strstr(
        text, "\nKAFKA_PROPERTIES=sasl.username=u;sasl.password=***;ssl.key.password=***\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nMETRICS_PER_ACCOUNT=0\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nSHUTDOWN_TIMEOUT_S=20\n"));
    ck_assert_ptr_null(strstr(text, "CRM_")); /* somebody else's */
    free(text);
    config_done(&c);
}
END_TEST

START_TEST(helps)
{
    char *text = printed(show_help, NULL);

    ck_assert_ptr_nonnull(strstr(text, "CRM_CONCURRENCY"));
    ck_assert_ptr_nonnull(strstr(text, "[127.0.0.1:9102]"));
    ck_assert_ptr_nonnull(strstr(text, "(required)"));
    ck_assert_ptr_null(strstr(text, "INGEST_"));
    free(text);
}
END_TEST

int main(void)
{
    return UNIT_RUN("config", defaults, values_are_taken_or_refused, lists_lose_their_blanks,
                    what_is_missing_or_double, key_is_required, values_from_files, shows_no_secret,
                    helps);
}
