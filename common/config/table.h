/*
 * The rows of the option table; for the files of this folder only.
 */
#ifndef COMMON_CONFIG_TABLE_H
#define COMMON_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/err.h"
#include "common/str.h"

enum config_type {
    CONFIG_TEXT,
    CONFIG_LIST,   /* comma list, kept without blanks */
    CONFIG_NUMBER, /* int64_t within min and max */
    CONFIG_SWITCH, /* bool, 0 or 1 */
    CONFIG_KEY,    /* struct secret_key, and a bool that says it is there */
};

/* ERR_CONFIG with what is wrong, without the variable's name. value is never empty. */
typedef enum err config_checker(struct str value, struct error *e);

struct config_option {
    const char *name;
    unsigned users; /* bits of enum config_user */
    enum config_type type;
    size_t field; /* offset in struct config */
    const char *preset;
    int64_t min, max;      /* of a number */
    config_checker *check; /* may be NULL */
    size_t present;        /* of a key: offset of its bool */
    bool secret, required, empty_counts;
    const char *what;
};

extern const struct config_option config_options[];
extern const size_t config_options_count;

/* The default for that user: only OPS_LISTEN's differs. */
const char *config_preset(const struct config_option *o, enum config_user user);

config_checker config_check_brokers, config_check_properties, config_check_prefix,
    config_check_replication, config_check_listen, config_check_path, config_check_cidrs,
    config_check_password, config_check_hash, config_check_outbound, config_check_url,
    config_check_level;

/* True if the names of librdkafka properties of this kind carry secrets. */
bool config_property_is_secret(struct str name);
/* Takes the next `name=value` of "a=b;c=d" off *rest; false at the end. Borrows. A part without '='
 * has an empty name. */
bool config_next_property(struct str *rest, struct str *name, struct str *value);

#endif
