/*
 * The marker of what we made: "MANGO <entry_id>", in the description of every client and the statement of every task.
 * Pure.
 *
 * Source: behaviour.md "Creator = responsible". Traps: "MANGO ab" is no part of "MANGO abc"; a task's statement is
 * HTML (megaplan-api.md 3.5), in which Megaplan may write a character as an entity or in tags of its own.
 */
#ifndef COMMON_MEGAPLAN_MARKER_H
#define COMMON_MEGAPLAN_MARKER_H

#include <stdbool.h>

#include "common/attr.h"
#include "common/buf.h"
#include "common/str.h"

/* "MANGO <entry_id>". Terminated, the caller's (free()). NULL without memory. */
char *marker_make(struct str entry_id) MUST_CHECK;
/* Whether the marker stands in the text as a whole. An empty marker stands nowhere. */
bool marker_found(struct str text, struct str marker);
/* The same in a text that may be HTML: tags are ends of words, the entities of HTML's own characters are
 * these characters. */
bool marker_found_html(struct str html, struct str marker);
/* Adds a text to HTML: & < > " and ' as entities. */
void marker_add_html(struct buf *out, struct str text);

#endif
