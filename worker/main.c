/*
 * The worker: one binary, a role or a tool by its first argument (design.md 6.1). Knows which
 * subcommands there are, and nothing of what they do.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"
#include "common/log.h"
#include "worker/calls/calls.h"
#include "worker/crm/crm.h"
#include "worker/tools/tools.h"

struct command {
    const char *name, *arguments, *what;
    enum config_user user;
    int (*role)(const struct config *c);                        /* a role, or ... */
    int (*tool)(const struct config *c, int argc, char **argv); /* ... a tool */
    bool no_config;
};

static const struct command commands[] = {
    {"calls", "", "the role that folds events into calls and decides, until SIGTERM", CONFIG_CALLS,
     calls_run, NULL, false},
    {"crm", "", "the role that owns accounts and makes jobs true, until SIGTERM", CONFIG_CRM,
     crm_run, NULL, false},
    {"settings", "put FILE|get ACCOUNT|list|rm ACCOUNT|reseal [--json] [--yes]",
     "the accounts' settings; FILE - is stdin; get hides secrets as \"***\"", CONFIG_TOOL, NULL,
     tools_settings, false},
    {"ping", "[HOST:PORT]", "health of a process; default: the first ops port that answers",
     CONFIG_TOOL, NULL, tools_ping, true},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Promised for later: said plainly, not passed over as unknown. */
static const char *const missing[] = {"replay", "reconcile", "explain", "dead", "forget", "doctor"};

static void usage(FILE *out)
{
    fputs("usage: worker SUBCOMMAND [ARGUMENTS]\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  worker %s%s%s\n      %s\n", commands[i].name,
                commands[i].arguments[0] ? " " : "", commands[i].arguments, commands[i].what);
    fputs("\nEach also takes --help, --version and --check (prints the effective configuration).\n"
          "Exit: 0 done; 1 done, with findings; 2 usage; 3 configuration or refused document;\n"
          "4 Kafka out of reach; 5 an outside API out of reach; 6 partly done.\n",
          out);
}

static void help(const struct command *c)
{
    printf("usage: worker %s%s%s\n\n%s\n\n", c->name, c->arguments[0] ? " " : "", c->arguments,
           c->what);
    config_help(stdout, c->user);
}

static int version(void)
{
    puts("worker " MANGOPLAN_VERSION);
    return TOOLS_DONE;
}

static bool has(int argc, char **argv, const char *option)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], option) == 0)
            return true;
    return false;
}

/* A tool tells people what matters itself; the library's chatter is for those who ask. */
static const char *level_of(const struct command *c, const struct config *config)
{
    return c->role || strcmp(config->log_level, "debug") == 0 ? config->log_level : "error";
}

/* Roles write JSON lines, tools text for people. */
static int refuse(const struct command *c, const struct error *e)
{
    if (c->role)
        log_line(NULL, LOG_FAIL, "the configuration is refused", LOG_TEXT("event", "config"),
                 LOG_ERROR(e), LOG_END);
    else
        fprintf(stderr, "worker %s: %s\n", c->name, e->text);
    return TOOLS_CONFIG;
}

static int run_configured(const struct command *c, const struct config *config, int argc,
                          char **argv)
{
    if (has(argc, argv, "--check")) {
        config_show(stdout, c->user, config);
        return TOOLS_DONE;
    }
    if (c->tool)
        return c->tool(config, argc, argv);
    if (argc > 0) {
        fprintf(stderr, "worker %s: takes no arguments\n", c->name);
        return TOOLS_USAGE;
    }
    return c->role(config);
}

static int run(const struct command *c, int argc, char **argv)
{
    struct error e = ERROR_NONE;
    struct config config = {.kafka_brokers = NULL};
    const char *role = c->role ? c->name : "tool";
    int code;

    if (has(argc, argv, "--help")) {
        help(c);
        return TOOLS_DONE;
    }
    if (has(argc, argv, "--version"))
        return version();
    if (c->no_config && !has(argc, argv, "--check"))
        return c->tool(NULL, argc, argv);
    if (log_start("info", role, &e) || config_load(c->user, environ, &config, &e) ||
        log_start(level_of(c, &config), role, &e))
        code = refuse(c, &e);
    else
        code = run_configured(c, &config, argc, argv);
    config_done(&config);
    return code;
}

static int no_such(const char *name)
{
    for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        if (strcmp(name, missing[i]) == 0) {
            fprintf(stderr, "worker: %s is not there yet in this version\n", name);
            return TOOLS_USAGE;
        }
    }
    fprintf(stderr, "worker: no such subcommand: %s\n", name);
    usage(stderr);
    return TOOLS_USAGE;
}

/* --check without a subcommand: everything a worker reads. */
static int check_all(void)
{
    static const struct command all = {
        "--check", "",   "",   (enum config_user)(CONFIG_CALLS | CONFIG_CRM | CONFIG_TOOL),
        NULL,      NULL, false};
    char option[] = "--check", *argv[] = {option};

    return run(&all, 1, argv);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return TOOLS_USAGE;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return run(&commands[i], argc - 2, argv + 2);
    if (strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return TOOLS_DONE;
    }
    if (strcmp(argv[1], "--version") == 0)
        return version();
    return strcmp(argv[1], "--check") == 0 ? check_all() : no_such(argv[1]);
}
