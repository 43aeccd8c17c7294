/*
 * The table of options and its reader. Knows no tool.
 */
#include "worker/tools/kit/args.h"

#include <string.h>

#include "common/attr.h"
#include "common/num.h"
#include "common/str.h"
#include "common/text.h"

#define RATE_MOST 1000000
#define YEARS_100_S (INT64_C(100) * 366 * 86400)

static enum err take_time(const char *text, int64_t now, void *field, struct error *e)
{
    return args_time(text, now, field, e);
}

static enum err take_text(const char *text, int64_t now, void *field, struct error *e)
{
    (void)now;
    if (!*text)
        return error_set(e, ERR_INPUT, "is empty");
    memcpy(field, &text, sizeof text);
    return ERR_OK;
}

/* design.md 6.4: [a-z0-9-]{1,32} */
static enum err take_account(const char *text, int64_t now, void *field, struct error *e)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (n == 0 || n > 32 || text[n])
        return error_set(e, ERR_INPUT, "is no account's name: 1 to 32 of a-z, 0-9 and -");
    return take_text(text, now, field, e);
}

static enum err take_rate(const char *text, int64_t now, void *field, struct error *e)
{
    (void)now;
    if (!num_parse(str_of(text), 0, RATE_MOST, field))
        return error_set(e, ERR_INPUT, "is no number from 0 to %d", RATE_MOST);
    return ERR_OK;
}

#define FIELD(f) offsetof(struct args, f)

static const struct option {
    struct args_row row;
    size_t field;
    enum err (*take)(const char *text, int64_t now, void *field, struct error *e);
} options[] = {
    [ARGS_FROM] = {{"--from", "TIME",
                    "beginning of the span: RFC 3339, or back from now: -24h, -7d"},
                   FIELD(from_ms),
                   take_time},
    [ARGS_TO] = {{"--to", "TIME", "its end, in the same forms; default: now"},
                 FIELD(to_ms),
                 take_time},
    [ARGS_ACCOUNT] = {{"--account", "ACCOUNT", "this account only"}, FIELD(account), take_account},
    [ARGS_ENTRY] = {{"--entry", "ENTRY_ID", "this call only"}, FIELD(entry), take_text},
    [ARGS_REASON] = {{"--reason", "TEXT", "those whose reason has this text or code"},
                     FIELD(reason),
                     take_text},
    [ARGS_PHONE] = {{"--phone", "NUMBER", "the number"}, FIELD(phone), take_text},
    [ARGS_RATE] = {{"--rate", "N", "at most so many a second; 0: as fast as live work allows"},
                   FIELD(rate),
                   take_rate},
    [ARGS_RESUME] = {{"--resume", "POINT", "go on where a run before was stopped"},
                     FIELD(resume),
                     take_text},
    [ARGS_ALL] = {{"--all", NULL, "all of them"}, FIELD(all), NULL},
    [ARGS_DRY_RUN] = {{"--dry-run", NULL, "say what would be done, do nothing"},
                      FIELD(dry_run),
                      NULL},
    [ARGS_ASK] = {{"--ask", NULL, "ask Megaplan, too, what stands there"}, FIELD(ask), NULL},
    [ARGS_JSON] = {{"--json", NULL, "one JSON object per line"}, FIELD(json), NULL},
    [ARGS_SHOW_PHONES] = {{"--show-phones", NULL, "numbers in full; masked otherwise"},
                          FIELD(show_phones),
                          NULL},
    [ARGS_YES] = {{"--yes", NULL, "do it, however much it is"}, FIELD(yes), NULL},
};

const struct args_row *args_row(enum args_option o)
{
    return &options[o].row;
}

static int64_t seconds_of(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    default:
        return 0;
    }
}

enum err args_time(const char *text, int64_t now, int64_t *unix_ms, struct error *e)
{
    struct str s = str_of(text);
    int64_t n, unit = s.len > 2 ? seconds_of(s.ptr[s.len - 1]) : 0;

    if (text_parse_time(s, unix_ms))
        return ERR_OK;
    if (unit && s.ptr[0] == '-' &&
        num_parse((struct str){s.ptr + 1, s.len - 2}, 0, YEARS_100_S / unit, &n)) {
        *unix_ms = now - n * unit * 1000;
        return ERR_OK;
    }
    return error_set(e, ERR_INPUT,
                     "is no time: 2026-03-05T16:30:00+03:00, or back from now like -24h");
}

/* "--from" of "--from" and "--from=...". */
static bool is_named(const char *word, const char *name, const char **value)
{
    size_t n = strlen(name);

    if (strncmp(word, name, n) != 0 || (word[n] && word[n] != '='))
        return false;
    *value = word[n] ? word + n + 1 : NULL;
    return true;
}

static const struct option *find(unsigned taken, const char *word, const char **value)
{
    for (size_t i = 0; i < ARGS_OPTIONS; i++)
        if (taken & ARGS_BIT(i) && is_named(word, options[i].row.name, value))
            return &options[i];
    return NULL;
}

/* *i moves on over a value that is a word of its own. */
static enum err take(const struct option *o, const char *value, int argc, char **argv, int *i,
                     int64_t now, struct args *out, struct error *e)
{
    void *field = (char *)out + o->field;
    bool on = true;

    if (!o->take) {
        if (value)
            return error_set(e, ERR_INPUT, "%s takes no value", o->row.name);
        memcpy(field, &on, sizeof on);
        return ERR_OK;
    }
    if (!value && *i + 1 >= argc)
        return error_set(e, ERR_INPUT, "%s wants its %s", o->row.name, o->row.value);
    if (!value)
        value = argv[++*i];
    if (o->take(value, now, field, e))
        return error_context(e, "%s \"%s\"", o->row.name, value);
    return ERR_OK;
}

enum err args_parse(unsigned taken, int argc, char **argv, int64_t now, struct args *out,
                    struct error *e)
{
    bool words_only = false;
    enum err err = ERR_OK;

    *out = (struct args){.rate = -1, .words = argv};
    for (int i = 0; i < argc && !err; i++) {
        const char *value = NULL;
        const struct option *o;
        if (words_only || argv[i][0] != '-' || !argv[i][1]) {
            argv[out->nwords++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            words_only = true;
        } else if ((o = find(taken, argv[i], &value))) {
            err = take(o, value, argc, argv, &i, now, out, e);
        } else {
            return error_set(e, ERR_INPUT, "no such option: %s", argv[i]);
        }
    }
    if (!err && taken & ARGS_BIT(ARGS_TO) && !out->to_ms)
        out->to_ms = now;
    if (!err && out->from_ms && out->to_ms && out->from_ms > out->to_ms)
        err = error_set(e, ERR_INPUT, "--from is later than --to");
    return err;
}
