/*
 * The option table of design.md 6.2, and what is printed from it. One thread.
 */
#include "common/config/table.h"

#include <string.h>

#define INGEST CONFIG_INGEST
#define CALLS CONFIG_CALLS
#define CRM CONFIG_CRM
#define TOOL CONFIG_TOOL
#define ALL CONFIG_ALL
#define ROLES (CONFIG_INGEST | CONFIG_CALLS | CONFIG_CRM)

#define FIELD(f) .field = offsetof(struct config, f)

const struct config_option config_options[] = {
    {"KAFKA_BROKERS", ALL, CONFIG_LIST, FIELD(kafka_brokers), .preset = "localhost:9092",
     .check = config_check_brokers, .what = "brokers to begin with: host:port,..."},
    {"KAFKA_PROPERTIES", ALL, CONFIG_TEXT, FIELD(kafka_properties),
     .check = config_check_properties,
     .what = "more librdkafka properties (TLS, SASL, timeouts): a=b;c=d"},
    {"KAFKA_ACK_TIMEOUT_MS", INGEST, CONFIG_NUMBER, FIELD(kafka_ack_timeout_ms), .preset = "3000",
     .min = 1, .max = 4500,
     .what = "no answer from Kafka for so long: the spool, or 503 without one"},
    {"TOPIC_PREFIX", ALL, CONFIG_TEXT, FIELD(topic_prefix), .preset = "mangoplan.",
     .check = config_check_prefix, .what = "in front of every topic and consumer group"},
    {"TOPIC_PARTITIONS", ALL, CONFIG_NUMBER, FIELD(topic_partitions), .preset = "12", .min = 1,
     .max = LIMIT_PARTITIONS, .what = "of a topic that is made; existing ones stay as they are"},
    {"TOPIC_REPLICATION", ALL, CONFIG_NUMBER, FIELD(topic_replication), .preset = "-1", .min = -1,
     .max = 100, .check = config_check_replication,
     .what = "copies of a topic that is made; -1: the broker's default"},
    {"TOPIC_RETENTION_DAYS", ALL, CONFIG_NUMBER, FIELD(topic_retention_days), .preset = "90",
     .min = 1, .max = 36500, .what = "of a topic that is made"},
    {"SECRET_KEY", ALL, CONFIG_KEY, FIELD(secret.current),
     .present = offsetof(struct config, secret.has_current), .secret = true, .required = true,
     .what = "seals the accounts' secrets: 32 bytes, hex or base64"},
    {"SECRET_KEY_OLD", ALL, CONFIG_KEY, FIELD(secret.old),
     .present = offsetof(struct config, secret.has_old), .secret = true,
     .what = "the key before, until `worker settings reseal` has run"},
    {"INGEST_LISTEN", INGEST, CONFIG_TEXT, FIELD(ingest_listen), .preset = "0.0.0.0:8080",
     .check = config_check_listen, .what = "where webhooks come in; port 0: any, see the log"},
    {"INGEST_TLS_CERT", INGEST, CONFIG_TEXT, FIELD(ingest_tls_cert),
     .what = "certificate with its chain, a PEM file; read anew at SIGHUP"},
    {"INGEST_TLS_KEY", INGEST, CONFIG_TEXT, FIELD(ingest_tls_key), .what = "its key, a PEM file"},
    {"INGEST_BASE_PATH", INGEST, CONFIG_TEXT, FIELD(ingest_base_path), .check = config_check_path,
     .what = "path in front of /events/..."},
    {"INGEST_TRUSTED_PROXIES", INGEST, CONFIG_LIST, FIELD(ingest_trusted_proxies),
     .check = config_check_cidrs, .what = "whose X-Forwarded-For counts: CIDR,..."},
    {"INGEST_ALLOW_FROM", INGEST, CONFIG_LIST, FIELD(ingest_allow_from),
     .check = config_check_cidrs, .what = "who may post webhooks: CIDR,...; empty: all"},
    {"INGEST_SPOOL", INGEST | TOOL, CONFIG_TEXT, FIELD(ingest_spool), .preset = "./spool.db",
     .empty_counts = true, .what = "file for webhooks while Kafka is down; empty: none"},
    {"ADMIN_LISTEN", INGEST, CONFIG_TEXT, FIELD(admin_listen), .check = config_check_listen,
     .what = "the settings page; empty: off"},
    {"ADMIN_PASSWORD", INGEST, CONFIG_TEXT, FIELD(admin_password), .secret = true,
     .check = config_check_password, .what = "of the page, 12 characters or more"},
    {"ADMIN_PASSWORD_HASH", INGEST, CONFIG_TEXT, FIELD(admin_password_hash), .secret = true,
     .check = config_check_hash, .what = "an argon2id hash instead of the password"},
    {"OUTBOUND_ALLOW", ALL, CONFIG_LIST, FIELD(outbound_allow), .check = config_check_outbound,
     .what = "hosts besides *.megaplan.ru and app.mango-office.ru: host[:port],..."},
    {"CA_FILE", INGEST | CRM | TOOL, CONFIG_TEXT, FIELD(ca_file),
     .what = "certificates to trust instead of the system's, a PEM file"},
    {"OPS_LISTEN", ROLES, CONFIG_TEXT, FIELD(ops_listen), .preset = "127.0.0.1:9100",
     .check = config_check_listen, .what = "health and metrics; port 0: any, see the log"},
    {"CALL_IDLE_CLOSE_S", CALLS | TOOL, CONFIG_NUMBER, FIELD(call_idle_close_s), .preset = "14400",
     .min = 1, .max = 604800, .what = "a call without events for so long is over"},
    {"CALL_ENDED_CLOSE_S", CALLS | TOOL, CONFIG_NUMBER, FIELD(call_ended_close_s), .preset = "600",
     .min = 1, .max = 604800, .what = "a call whose legs all ended so long ago is over"},
    {"CALL_SETTLE_S", CALLS | TOOL, CONFIG_NUMBER, FIELD(call_settle_s), .preset = "5", .min = 0,
     .max = 3600, .what = "a call closes so long after its summary"},
    {"CALL_REMEMBER_S", CALLS | TOOL, CONFIG_NUMBER, FIELD(call_remember_s), .preset = "3600",
     .min = 1, .max = 604800, .what = "a closed call is remembered for so long"},
    {"CRM_CONCURRENCY", CRM, CONFIG_NUMBER, FIELD(crm_concurrency), .preset = "256", .min = 1,
     .max = 10000, .what = "requests that run at once"},
    {"CRM_HOLD_JOBS", CRM, CONFIG_NUMBER, FIELD(crm_hold_jobs), .preset = "100000", .min = 1,
     .max = 10000000, .what = "jobs held in memory before a partition pauses"},
    {"CRM_REQUEST_TIMEOUT_MS", CRM | TOOL, CONFIG_NUMBER, FIELD(crm_request_timeout_ms),
     .preset = "15000", .min = 1000, .max = 15000, .what = "of a request to Megaplan or MANGO"},
    {"RETRY_MAX_MS", CRM | TOOL, CONFIG_NUMBER, FIELD(retry_max_ms), .preset = "30000", .min = 100,
     .max = 3600000, .what = "longest wait between two tries"},
    {"ROUTE_DEADLINE_MS", CRM, CONFIG_NUMBER, FIELD(route_deadline_ms), .preset = "4000",
     .min = 100, .max = 60000, .what = "a call is routed within this time or not at all"},
    {"PUBLIC_URL", INGEST | TOOL, CONFIG_TEXT, FIELD(public_url), .check = config_check_url,
     .what = "the address MANGO posts to, shown and checked"},
    {"METRICS_PER_ACCOUNT", ROLES, CONFIG_SWITCH, FIELD(metrics_per_account), .preset = "0",
     .what = "1: metrics carry the account"},
    {"RECONCILE_EVERY_S", CRM, CONFIG_NUMBER, FIELD(reconcile_every_s), .preset = "0", .min = 0,
     .max = 604800, .what = "fetches calls we never heard of so often; 0: never"},
    {"SHUTDOWN_TIMEOUT_S", ALL, CONFIG_NUMBER, FIELD(shutdown_timeout_s), .preset = "20", .min = 1,
     .max = 3600,
     .what = "longest time to stop in; after it the process ends where it stands, exit 1"},
    {"LOG_LEVEL", ALL, CONFIG_TEXT, FIELD(log_level), .preset = "info", .check = config_check_level,
     .what = "debug, info, warn or error"},
};

const size_t config_options_count = sizeof(config_options) / sizeof(config_options[0]);

const char *config_preset(const struct config_option *o, enum config_user user)
{
    if (o->field == offsetof(struct config, ops_listen)) {
        if (user & CONFIG_CALLS)
            return "127.0.0.1:9101";
        if (user & CONFIG_CRM)
            return "127.0.0.1:9102";
    }
    return o->preset ? o->preset : "";
}

void config_each(enum config_user user, void (*fn)(void *arg, const struct config_variable *v),
                 void *arg)
{
    for (size_t i = 0; i < config_options_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->users & user)
            fn(arg, &(const struct config_variable){o->name, o->what, config_preset(o, user),
                                                    o->required});
    }
}

static void help_one(void *arg, const struct config_variable *v)
{
    FILE *out = arg;
    fprintf(out, "  %-23s %s", v->name, v->what);
    if (v->required)
        fputs(" (required)", out);
    else if (v->preset[0])
        fprintf(out, " [%s]", v->preset);
    fputc('\n', out);
}

void config_help(FILE *out, enum config_user user)
{
    fputs("Environment (each also as NAME_FILE: the file holds the value):\n", out);
    config_each(user, help_one, out);
}

static void show_properties(FILE *out, const char *text)
{
    struct str rest = str_of(text), name, value;
    const char *separator = "";

    while (config_next_property(&rest, &name, &value)) {
        if (config_property_is_secret(name))
            value = STR("***");
        fprintf(out, "%s%.*s=%.*s", separator, STR_ARG(name), STR_ARG(value));
        separator = ";";
    }
}

static void show_value(FILE *out, const struct config_option *o, const struct config *c)
{
    const char *field = (const char *)c + o->field;

    switch (o->type) {
    case CONFIG_NUMBER:
        fprintf(out, "%lld", (long long)*(const int64_t *)(const void *)field);
        break;
    case CONFIG_SWITCH:
        fputs(*(const bool *)field ? "1" : "0", out);
        break;
    case CONFIG_KEY:
        fputs(*((const bool *)c + o->present) ? "***" : "", out);
        break;
    default: {
        const char *text = *(char *const *)(const void *)field;
        if (o->field == offsetof(struct config, kafka_properties))
            show_properties(out, text);
        else
            fputs(o->secret && text[0] ? "***" : text, out);
    }
    }
}

void config_show(FILE *out, enum config_user user, const struct config *c)
{
    for (size_t i = 0; i < config_options_count; i++) {
        if (!(config_options[i].users & user))
            continue;
        fprintf(out, "%s=", config_options[i].name);
        show_value(out, &config_options[i], c);
        fputc('\n', out);
    }
}
