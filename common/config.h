/*
 * The option table of design.md 6.2: environment variables, each also as NAME_FILE. --help and
 * --check are printed from it. Filled once at start; read-only afterwards.
 */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "common/secret.h"

enum config_user { /* bits: whose options they are */
    CONFIG_INGEST = 1,
    CONFIG_CALLS = 2,
    CONFIG_CRM = 4,
    CONFIG_TOOL = 8,
    CONFIG_ALL = 15,
};

/* A value outside its range, an unknown name or both NAME and NAME_FILE never gets in here. Text
 * values are terminated, owned, "" if unset. */
struct config {
    char *kafka_brokers;
    char *kafka_properties;
    int64_t kafka_ack_timeout_ms;
    char *topic_prefix;
    int64_t topic_partitions, topic_replication, topic_retention_days;
    struct secret_keys secret; /* SECRET_KEY and SECRET_KEY_OLD, decoded */
    char *ingest_listen, *ingest_tls_cert, *ingest_tls_key, *ingest_base_path;
    char *ingest_trusted_proxies, *ingest_allow_from, *ingest_spool;
    char *admin_listen, *admin_password, *admin_password_hash;
    char *outbound_allow, *ca_file;
    char *ops_listen; /* default depends on the user */
    int64_t call_idle_close_s, call_ended_close_s, call_settle_s, call_remember_s;
    int64_t crm_concurrency, crm_hold_jobs, crm_request_timeout_ms;
    int64_t retry_max_ms, route_deadline_ms;
    char *public_url;
    bool metrics_per_account;
    int64_t reconcile_every_s, shutdown_timeout_s;
    char *log_level;
};

/* Reads the environment ("NAME=value", NULL at the end). A variable that is set but empty counts as
 * unset, save INGEST_SPOOL. Blanks are taken out of lists. out is filled even on failure: config_done. Starts
 * the libraries that want it (secret_start, jval_start): the first thing a program does.
 * ERR_CONFIG names the variable: a wrong value, an unknown INGEST_* ADMIN_* CRM_*
 * CALL_* KAFKA_* TOPIC_* OPS_*, NAME with NAME_FILE, a file that cannot be read, a required one that
 * is missing. All are checked, whoever the user is; but whether files can be read and whether what needs
 * one another is complete, only for the options of `user`. */
enum err config_load(enum config_user user, char *const *environment, struct config *out,
                     struct error *e) MUST_CHECK;
void config_done(struct config *c); /* wipes secrets */
/* The options of `user`: name, default, what for. */
void config_help(FILE *out, enum config_user user);
/* The same one by one, for manuals; preset: "" without one. */
struct config_variable {
    const char *name, *what, *preset;
    bool required;
};
void config_each(enum config_user user, void (*fn)(void *arg, const struct config_variable *v),
                 void *arg);
/* NAME=value lines of the effective configuration, secrets as "***". */
void config_show(FILE *out, enum config_user user, const struct config *c);

#endif
