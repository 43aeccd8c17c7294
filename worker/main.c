/*
 * The worker: one binary, a role or a tool by its first argument (design.md 6.1). Knows nothing of what they do.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/config.h"
#include "common/log.h"
#include "worker/tools/commands.h"
#include "worker/tools/manual.h"
#include "worker/tools/tools.h"
#include "worker/tools/usage.h"

static void help(const struct command *c)
{
    usage_command(stdout, c);
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

static enum err read_args(const struct command *c, int argc, char **argv, struct args *out,
                          struct error *e)
{
    enum err err = args_parse(c->options, argc, argv, clock_wall_ms(), out, e);

    if (!err && out->nwords < c->least)
        err = error_set(e, ERR_INPUT, "something is missing");
    if (!err && out->nwords > c->most)
        err = c->most ? error_set(e, ERR_INPUT, "too much is said: \"%s\"", out->words[c->most])
                      : error_set(e, ERR_INPUT, "takes no arguments");
    return err;
}

static int run_configured(const struct command *c, const struct config *config,
                          const struct args *args)
{
    if (c->tool)
        return c->tool(config, args);
    return c->role ? c->role(config) : TOOLS_INTERNAL;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct error e = ERROR_NONE;
    struct config config = {.kafka_brokers = NULL};
    const char *role = c->role ? c->name : "tool";
    bool check = has(argc, argv, "--check");
    struct args args;
    int code = TOOLS_DONE;

    if (has(argc, argv, "--help")) {
        help(c);
        return TOOLS_DONE;
    }
    if (has(argc, argv, "--version"))
        return version();
    if (!check && read_args(c, argc, argv, &args, &e))
        return tools_misused(c->name, e.text);
    if (c->no_config && !check)
        return c->tool(NULL, &args);
    if (log_start("info", role, &e) || config_load(c->user, environ, &config, &e) ||
        log_start(level_of(c, &config), role, &e))
        code = refuse(c, &e);
    else if (check)
        config_show(stdout, c->user, &config);
    else
        code = run_configured(c, &config, &args);
    config_done(&config);
    return code;
}

static int no_such(const char *name)
{
    fprintf(stderr, "worker: no such subcommand: %s\n", name);
    usage_all(stderr);
    return TOOLS_USAGE;
}

/* --check without a subcommand: everything a worker reads. */
static int check_all(void)
{
    static const struct command all = {
        .name = "--check",
        .arguments = "",
        .what = "",
        .user = (enum config_user)(CONFIG_CALLS | CONFIG_CRM | CONFIG_TOOL)};
    char option[] = "--check", *argv[] = {option};

    return run(&all, 1, argv);
}

int main(int argc, char **argv)
{
    const struct command *command;

    if (argc < 2) {
        usage_all(stderr);
        return TOOLS_USAGE;
    }
    command = commands_find(argv[1]);
    if (command)
        return run(command, argc - 2, argv + 2);
    if (strcmp(argv[1], "--help") == 0) {
        usage_all(stdout);
        return TOOLS_DONE;
    }
    if (strcmp(argv[1], "--version") == 0)
        return version();
    if (strcmp(argv[1], "--manual") == 0)
        return manual_print(argc - 2, argv + 2);
    return strcmp(argv[1], "--check") == 0 ? check_all() : no_such(argv[1]);
}
