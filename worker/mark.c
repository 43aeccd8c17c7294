/*
 * Splits the metadata at spaces and puts it together again.
 */
#include "worker/mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/num.h"
#include "common/sent_mark.h"

static bool parse_sent(struct str part, struct mark *m)
{
    struct sent_mark sent;
    if (!sent_mark_read(part, &sent))
        return false;
    m->there = true;
    m->offset = sent.offset;
    m->time = sent.time;
    return true;
}

static bool parse_catch_up(struct str part, struct mark *m)
{
    return str_starts(part, STR("catch:")) &&
           num_parse(str_from(part, 6), 0, INT64_MAX, &m->catch_up);
}

static void keep(struct str part, struct mark *m)
{
    size_t used = strlen(m->others);
    if (part.len == 0 || used + part.len + 2 > sizeof m->others)
        return;
    if (used > 0)
        m->others[used++] = ' ';
    memcpy(m->others + used, part.ptr, part.len);
    m->others[used + part.len] = '\0';
}

void mark_parse(struct str metadata, struct mark *out)
{
    memset(out, 0, sizeof *out);
    while (metadata.len > 0) {
        long space = str_find(metadata, ' ');
        struct str part = {metadata.ptr, space < 0 ? metadata.len : (size_t)space};
        if (!parse_sent(part, out) && !parse_catch_up(part, out) &&
            !poison_read(part, &out->poison))
            keep(part, out);
        metadata = str_from(metadata, part.len + 1);
    }
}

/* A part more, terminated by what there is room for. */
static void add(char out[LIMIT_COMMIT_METADATA], const char *part)
{
    size_t used = strlen(out);
    if (*part)
        (void)snprintf(out + used, LIMIT_COMMIT_METADATA - used, "%s%s", used ? " " : "", part);
}

static void add_notes(const struct mark *m, char out[LIMIT_COMMIT_METADATA])
{
    char catch_up[40] = "", poison[POISON_TEXT];
    poison_write(&m->poison, poison);
    if (m->catch_up > 0)
        (void)snprintf(catch_up, sizeof catch_up, "catch:%" PRId64, m->catch_up);
    add(out, catch_up);
    add(out, poison);
    add(out, m->others);
}

void mark_write(const struct mark *m, char out[LIMIT_COMMIT_METADATA])
{
    (void)snprintf(out, LIMIT_COMMIT_METADATA, "sent:%" PRId64 ":%" PRId64, m->offset, m->time);
    add_notes(m, out);
}

void mark_write_unsent(const struct mark *m, char out[LIMIT_COMMIT_METADATA])
{
    out[0] = '\0';
    add_notes(m, out);
}
