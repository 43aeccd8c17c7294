/*
 * Pages in man(7)'s language. Knows the tables, not the tools.
 */
#include "worker/tools/manual.h"

#include <string.h>

#include "common/attr.h"
#include "common/config.h"
#include "common/mem.h"
#include "worker/tools/commands.h"
#include "worker/tools/tools.h"

/* Text as it is: nothing in it is a request, a hyphen is one that can be copied. */
static void put(FILE *out, const char *text)
{
    bool first = true;
    for (; *text; text++) {
        if (first && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        first = *text == '\n';
    }
}

static void line(FILE *out, const char *text)
{
    put(out, text);
    fputc('\n', out);
}

/* Empty lines part paragraphs; a sentence that ends inside one begins a line, as man(7) wants it. */
static void paragraphs(FILE *out, const char *text)
{
    for (bool begins = true; *text; begins = false) {
        size_t n = strcspn(text, "\n");
        const char *stop = strstr(text, ". ");
        if (stop && (size_t)(stop - text) < n)
            n = (size_t)(stop - text) + 1;
        char *sentence CLEANUP(mem_free_text) = mem_copy((struct str){text, n});
        if (begins)
            fputs(".PP\n", out);
        line(out, sentence);
        for (text += n; *text == ' ' || strncmp(text, "\n\n", 2) == 0;) {
            if (*text == '\n')
                fputs(".PP\n", out);
            text += *text == '\n' ? 2 : 1;
        }
        if (*text == '\n')
            text++;
    }
}

/* name, and behind it in italics what it takes. */
static void term(FILE *out, const char *name, const char *value)
{
    fputs(".TP\n\\fB", out);
    put(out, name);
    fputs("\\fR", out);
    if (value) {
        fputs(" \\fI", out);
        put(out, value);
        fputs("\\fR", out);
    }
    fputc('\n', out);
}

static void heading(FILE *out, const char *name, const char *what)
{
    fputs(".TH \"", out);
    for (const char *c = name; *c; c++)
        fputc(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, out);
    fputs("\" 1 \"\" \"Mangoplan " MANGOPLAN_VERSION "\" \"Mangoplan\"\n.SH NAME\n", out);
    put(out, name);
    fputs(" \\- ", out);
    line(out, what);
}

static void variable(void *arg, const struct config_variable *v)
{
    FILE *out = arg;
    term(out, v->name, NULL);
    put(out, v->what);
    if (v->required)
        fputs(" (required)", out);
    else if (v->preset[0]) {
        fputs("; default: ", out);
        put(out, v->preset);
    }
    fputc('\n', out);
}

static void environment(FILE *out, enum config_user user)
{
    fputs(".SH ENVIRONMENT\nEach also as \\fINAME\\fR_FILE: then the file holds the value.\n", out);
    config_each(user, variable, out);
}

/* Of every program, behind its own. */
static void common_options(FILE *out)
{
    static const char *const rows[][2] = {
        {"--help", "explains itself"},
        {"--version", "prints the version"},
        {"--check", "prints the effective configuration, secrets hidden, and ends"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        term(out, rows[i][0], NULL);
        line(out, rows[i][1]);
    }
}

struct exit_row {
    const char *code, *what;
};

static void exit_rows(FILE *out, const struct exit_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        term(out, rows[i].code, NULL);
        line(out, rows[i].what);
    }
}

/* found: what 1 means; NULL: it is none of its codes. */
static void exits(FILE *out, const char *found, bool tool)
{
    static const struct exit_row all[] = {
        {"2", "usage"},
        {"3", "the configuration, or a document, is refused; a port is taken"},
        {"4", "Kafka is out of reach, or is a broker that forgot"},
        {"5", "an outside API is out of reach"},
        {"6", "partly done"},
    };
    fputs(".SH EXIT STATUS\n", out);
    exit_rows(out, &(const struct exit_row){"0", "done"}, 1);
    if (found)
        exit_rows(out, &(const struct exit_row){"1", found}, 1);
    exit_rows(out, all, tool ? 5 : 3);
}

static void see(FILE *out, const char *name, bool first)
{
    fprintf(out, "%s.BR ", first ? "" : ",\n");
    put(out, name);
    fputs(" (1)", out);
}

static void see_also(FILE *out, const char *but)
{
    bool first = true;
    fputs(".SH SEE ALSO\n", out);
    for (size_t i = 0; i < commands_count; i++) {
        char *name CLEANUP(mem_free_text) = mem_format("worker-%s", commands_table[i].name);
        if (strcmp(name, but) == 0)
            continue;
        see(out, name, first);
        first = false;
    }
    if (strcmp(but, "worker") != 0)
        see(out, "worker", false);
    if (strcmp(but, "ingest") != 0)
        see(out, "ingest", false);
    fputc('\n', out);
}

static void command_options(FILE *out, const struct command *c)
{
    fputs(".SH OPTIONS\n", out);
    for (enum args_option o = 0; o < ARGS_OPTIONS; o++) {
        if (!(c->options & ARGS_BIT(o)))
            continue;
        term(out, args_row(o)->name, args_row(o)->value);
        line(out, args_row(o)->what);
    }
    common_options(out);
}

static void page_of(FILE *out, const char *name, const struct command *c)
{
    heading(out, name, c->what);
    fputs(".SH SYNOPSIS\n.B worker ", out);
    line(out, c->name);
    if (c->arguments[0])
        line(out, c->arguments);
    fputs(c->options ? "[\\fIOPTIONS\\fR]\n" : "", out);
    if (c->about) {
        fputs(".SH DESCRIPTION\n", out);
        paragraphs(out, c->about);
    }
    command_options(out, c);
    environment(out, c->user);
    exits(out, c->found, c->tool != NULL);
    see_also(out, name);
}

static void page_of_worker(FILE *out)
{
    heading(out, "worker", "the roles and the operators' tools of Mangoplan");
    fputs(".SH SYNOPSIS\n.B worker\n\\fISUBCOMMAND\\fR [\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n"
          ".SH DESCRIPTION\n",
          out);
    paragraphs(
        out,
        "Mangoplan connects the MANGO OFFICE cloud PBX with Megaplan. worker is its roles, which run "
        "until they are asked to stop, and the tools of its operators. Each subcommand has a page "
        "of its own.");
    fputs(".SH SUBCOMMANDS\n", out);
    for (size_t i = 0; i < commands_count; i++) {
        term(out, commands_table[i].name, commands_table[i].arguments);
        line(out, commands_table[i].what);
    }
    fputs(".SH OPTIONS\n", out);
    common_options(out);
    exits(out, "done, with findings; the subcommand's page says which", true);
    see_also(out, "worker");
}

static void page_of_ingest(FILE *out)
{
    heading(out, "ingest", "takes MANGO OFFICE's webhooks and keeps them in Kafka");
    fputs(".SH SYNOPSIS\n.B ingest\n[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n", out);
    paragraphs(
        out,
        "Checks the signature of each webhook and answers when Kafka, or the spool, has it. With "
        "ADMIN_LISTEN it also shows the settings page. It runs until SIGTERM.");
    fputs(".SH OPTIONS\n", out);
    common_options(out);
    environment(out, CONFIG_INGEST);
    exits(out, NULL, false);
    see_also(out, "ingest");
}

static int page(FILE *out, const char *name)
{
    const struct command *c = strncmp(name, "worker-", 7) == 0 ? commands_find(name + 7) : NULL;
    if (c)
        page_of(out, name, c);
    else if (strcmp(name, "worker") == 0)
        page_of_worker(out);
    else if (strcmp(name, "ingest") == 0)
        page_of_ingest(out);
    else if (strcmp(name, "bash") == 0)
        manual_completion(out);
    else
        return TOOLS_USAGE;
    return TOOLS_DONE;
}

int manual_print(int argc, char **argv)
{
    if (argc > 0)
        return page(stdout, argv[0]);
    puts("ingest\nworker");
    for (size_t i = 0; i < commands_count; i++)
        printf("worker-%s\n", commands_table[i].name);
    return TOOLS_DONE;
}
