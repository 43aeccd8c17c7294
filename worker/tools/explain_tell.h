/*
 * A story's rows in words for people. Pure.
 */
#ifndef WORKER_TOOLS_EXPLAIN_TELL_H
#define WORKER_TOOLS_EXPLAIN_TELL_H

#include "common/buf.h"
#include "common/jval.h"
#include "common/settings.h"
#include "common/str.h"

/* The heading, from the summary row. */
void explain_tell_summary(const struct jval *summary, const char *account, struct buf *out);
/* A row, in one line or more, each with its newline. day: of the row before, which is not said again ("" at first). s: for
 * people's names; NULL is fine. */
void explain_tell_row(const struct jval *row, const struct settings *s, char day[11],
                      struct buf *out);

#endif
