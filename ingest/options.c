/*
 * Command line and environment of ingest. Must not open sockets or talk to Kafka. The main thread,
 * before there are others.
 */
#include "ingest/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

static void help(void)
{
    printf(
        "usage: ingest [--help | --version | --check]\n\n"
        "Takes MANGO OFFICE's webhooks and keeps them in Kafka, until SIGTERM. Configured by the\n"
        "environment; every variable also as NAME_FILE. --check prints the effective\n"
        "configuration, secrets hidden.\n\n"
        "exit: 0 done, 2 usage, 3 configuration or a taken port, 4 a devbroker that forgot\n\n");
    config_help(stdout, CONFIG_INGEST);
}

/* What an operator may ask for and this version cannot do: better no start than half of it. */
static enum err refuse_missing(const struct config *c, struct error *e)
{
    const struct {
        const char *name, *value;
    } missing[] = {
        {"INGEST_TLS_CERT", c->ingest_tls_cert},
        {"INGEST_TLS_KEY", c->ingest_tls_key},
        {"ADMIN_LISTEN", c->admin_listen},
    };
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        if (missing[i].value && missing[i].value[0])
            return error_set(e, ERR_CONFIG, "%s: this version does not have that yet; unset it",
                             missing[i].name);
    }
    return ERR_OK;
}

static enum err read_lists(struct options *o, struct error *e)
{
    if (cidr_list_parse(str_of(o->config.ingest_allow_from), &o->allow, e))
        return error_context(e, "INGEST_ALLOW_FROM");
    if (cidr_list_parse(str_of(o->config.ingest_trusted_proxies), &o->trusted, e))
        return error_context(e, "INGEST_TRUSTED_PROXIES");
    return ERR_OK;
}

/* True if the variable, or its _FILE, stands in the environment and is not empty. */
static bool is_set(char *const *environment, const char *name)
{
    size_t n = strlen(name);
    for (; *environment; environment++) {
        const char *v = *environment;
        if (strncmp(v, name, n) != 0)
            continue;
        v += n;
        if (strncmp(v, "_FILE", 5) == 0)
            v += 5;
        if (v[0] == '=' && v[1])
            return true;
    }
    return false;
}

int options_load(int argc, char **argv, char *const *environment, struct options *out)
{
    struct error e = ERROR_NONE;
    const char *wish = argc == 2 ? argv[1] : "";
    *out = (struct options){0};
    if (strcmp(wish, "--help") == 0) {
        help();
        return EXIT_SUCCESS;
    }
    if (strcmp(wish, "--version") == 0) {
        printf("ingest %s\n", MANGOPLAN_VERSION);
        return EXIT_SUCCESS;
    }
    if (argc > 2 || (argc == 2 && strcmp(wish, "--check") != 0)) {
        fprintf(stderr, "usage: ingest [--help | --version | --check]\n");
        return OPTIONS_USAGE;
    }
    if (log_start("info", "ingest", &e) ||
        config_load(CONFIG_INGEST, environment, &out->config, &e) ||
        refuse_missing(&out->config, &e) || read_lists(out, &e) ||
        log_start(out->config.log_level, "ingest", &e)) {
        log_fail("the configuration is refused", LOG_TEXT("event", "config"), LOG_ERROR(&e));
        return OPTIONS_CONFIG;
    }
    if (argc == 2) {
        config_show(stdout, CONFIG_INGEST, &out->config);
        return EXIT_SUCCESS;
    }
    if (is_set(environment, "INGEST_SPOOL"))
        log_warn(
            "this version has no spool: while Kafka is out of reach, webhooks are answered 503",
            LOG_TEXT("event", "INGEST_SPOOL"));
    return OPTIONS_RUN;
}

void options_done(struct options *o)
{
    cidr_list_done(&o->allow);
    cidr_list_done(&o->trusted);
    config_done(&o->config);
}
