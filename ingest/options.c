/*
 * Command line and environment of ingest. Must not open sockets or talk to Kafka. The main thread,
 * before there are others.
 */
#include "ingest/options.h"

#include <stdio.h>
#include <stdlib.h>

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

static enum err read_lists(struct options *o, struct error *e)
{
    if (cidr_list_parse(str_of(o->config.ingest_allow_from), &o->allow, e))
        return error_context(e, "INGEST_ALLOW_FROM");
    if (cidr_list_parse(str_of(o->config.ingest_trusted_proxies), &o->trusted, e))
        return error_context(e, "INGEST_TRUSTED_PROXIES");
    return ERR_OK;
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
        config_load(CONFIG_INGEST, environment, &out->config, &e) || read_lists(out, &e) ||
        log_start(out->config.log_level, "ingest", &e)) {
        log_fail("the configuration is refused", LOG_TEXT("event", "config"), LOG_ERROR(&e));
        return OPTIONS_CONFIG;
    }
    if (argc == 2) {
        config_show(stdout, CONFIG_INGEST, &out->config);
        return EXIT_SUCCESS;
    }
    return OPTIONS_RUN;
}

void options_done(struct options *o)
{
    cidr_list_done(&o->allow);
    cidr_list_done(&o->trusted);
    config_done(&o->config);
}
