/*
 * Completion for bash, from the table of subcommands: their names, their first words, their options and what these take.
 */
#include <ctype.h>
#include <string.h>

#include "worker/tools/commands.h"
#include "worker/tools/manual.h"

/* The first words of "put FILE|get ACCOUNT|list" that are to be written as they are: put get list. */
static void put_words(FILE *out, const char *arguments)
{
    for (const char *at = arguments; *at;) {
        size_t n = strspn(at, "-abcdefghijklmnopqrstuvwxyz"), all = strcspn(at, "|");
        bool again = false;
        for (const char *before = arguments; before < at; before += strcspn(before, "|") + 1)
            again = again || (strncmp(before, at, n) == 0 && !isalpha((unsigned char)before[n]) &&
                              before[n] != '-');
        if (n && !again)
            fprintf(out, "%.*s ", (int)n, at);
        at += all + (at[all] != '\0');
    }
}

static void put_options(FILE *out, const struct command *c)
{
    for (enum args_option o = 0; o < ARGS_OPTIONS; o++)
        if (c->options & ARGS_BIT(o))
            fprintf(out, "%s ", args_row(o)->name);
    fputs("--help --version --check", out);
}

/* Behind an option that takes a value: nothing is proposed but for times. */
static void put_values(FILE *out)
{
    fputs("    case $previous in\n", out);
    for (enum args_option o = 0; o < ARGS_OPTIONS; o++) {
        const struct args_row *row = args_row(o);
        if (row->value && strcmp(row->value, "TIME") == 0)
            fprintf(out, "    %s) words=\"-1h -24h -7d -30d\" ;;\n", row->name);
        else if (row->value)
            fprintf(out, "    %s) return ;;\n", row->name);
    }
    fputs("    esac\n", out);
}

static void put_commands(FILE *out)
{
    fputs("    case ${COMP_WORDS[1]} in\n", out);
    for (size_t i = 0; i < commands_count; i++) {
        fprintf(out, "    %s)\n        options=\"", commands_table[i].name);
        put_options(out, &commands_table[i]);
        fputs("\"\n        first=\"", out);
        put_words(out, commands_table[i].arguments);
        fputs("\"\n        ;;\n", out);
    }
    fputs("    esac\n", out);
}

void manual_completion(FILE *out)
{
    fputs(
        "# bash completion for Mangoplan's worker; made by the build from the table of its subcommands\n"
        "_mangoplan_worker()\n{\n"
        "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
        "    local words= options= first=\n"
        "    COMPREPLY=()\n",
        out);
    put_values(out);
    put_commands(out);
    fputs("    if [ \"$COMP_CWORD\" = 1 ]; then\n        words=\"", out);
    for (size_t i = 0; i < commands_count; i++)
        fprintf(out, "%s ", commands_table[i].name);
    fputs(
        "--help --version --check\"\n"
        "    elif [ -z \"$words\" ] && [ \"$COMP_CWORD\" = 2 ] && [ -n \"$first\" ] && [[ $current != -* ]]; then\n"
        "        words=$first\n"
        "    elif [ \"${COMP_WORDS[1]} $previous\" = \"settings put\" ]; then\n"
        "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
        "        return\n"
        "    elif [ -z \"$words\" ]; then\n"
        "        words=$options\n"
        "    fi\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
        "}\n"
        "complete -o filenames -F _mangoplan_worker worker\n",
        out);
}
