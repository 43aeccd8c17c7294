/*
 * Help for people on a terminal of 80 columns.
 */
#include "worker/tools/usage.h"

#include <string.h>

#define WIDTH 78

static void name_of(FILE *out, const struct command *c)
{
    fprintf(out, "worker %s%s%s", c->name, c->arguments[0] ? " " : "", c->arguments);
}

void usage_all(FILE *out)
{
    fputs("usage: worker SUBCOMMAND [ARGUMENTS] [OPTIONS]\n\n", out);
    for (size_t i = 0; i < commands_count; i++) {
        fputs("  ", out);
        name_of(out, &commands_table[i]);
        fprintf(out, "\n      %s\n", commands_table[i].what);
    }
    fputs("\nEach also takes --help, --version and --check (prints the effective configuration).\n"
          "Exit: 0 done; 1 done, with findings; 2 usage; 3 configuration or refused document;\n"
          "4 Kafka out of reach; 5 an outside API out of reach; 6 partly done.\n",
          out);
}

void usage_line(FILE *out, const struct command *c)
{
    fputs("usage: ", out);
    name_of(out, c);
    for (enum args_option o = 0; o < ARGS_OPTIONS; o++) {
        const struct args_row *row = args_row(o);
        if (c->options & ARGS_BIT(o))
            fprintf(out, " [%s%s%s]", row->name, row->value ? " " : "",
                    row->value ? row->value : "");
    }
    fputc('\n', out);
}

/* A paragraph in lines of WIDTH at most; returns what is behind it. */
static const char *paragraph(FILE *out, const char *text)
{
    size_t column = 0;

    while (*text && strncmp(text, "\n\n", 2) != 0) {
        size_t word = strcspn(text, " \n");
        if (column && column + 1 + word > WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        column += (size_t)fprintf(out, "%s%.*s", column ? " " : "", (int)word, text);
        text += word;
        if (*text && strncmp(text, "\n\n", 2) != 0)
            text++;
    }
    fputs("\n\n", out);
    return text + strspn(text, "\n");
}

static void options(FILE *out, const struct command *c)
{
    if (!c->options)
        return;
    fputs("Options:\n", out);
    for (enum args_option o = 0; o < ARGS_OPTIONS; o++) {
        const struct args_row *row = args_row(o);
        char name[40];
        if (!(c->options & ARGS_BIT(o)))
            continue;
        (void)snprintf(name, sizeof name, "%s%s%s", row->name, row->value ? " " : "",
                       row->value ? row->value : "");
        fprintf(out, "  %-20s %s\n", name, row->what);
    }
    fputc('\n', out);
}

void usage_command(FILE *out, const struct command *c)
{
    usage_line(out, c);
    fprintf(out, "\n%s\n\n", c->what);
    for (const char *text = c->about; text && *text;)
        text = paragraph(out, text);
    options(out, c);
    if (c->found)
        fprintf(out, "Exit code 1: %s.\n\n", c->found);
}
