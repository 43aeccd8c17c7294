/*
 * A story's beats as MANGO's notifications (mango-api.md sections 2-4), with its traps (section 9):
 * numbers as text, misspelt and absent fields, empty groups. What is left out by chance is told to
 * the oracle.
 */
#ifndef TESTS_STORIES_RENDER_H
#define TESTS_STORIES_RENDER_H

#include "tests/stories/story.h"

/* How a story's notifications are written, drawn once per story. */
struct style {
    bool texts;        /* numbers as text, as the documentation's examples */
    bool group_number; /* acd_group as a number */
    int empty_group;   /* of legs without a group: 0 absent, 1 "", 2 null */
    bool no_lines;     /* legs do not tell the line */
    bool misspelt;     /* "locaton" */
    bool dct_of_first; /* only the first leg tells dct */
    bool dct_of_summary;
    bool dct_text; /* type as text */
    uint64_t chance;
};

struct notification {
    const char *path; /* "call", "result/route" ... */
    char *json;       /* terminated, owned */
};

void render_style(struct style *out, struct dice *d);
/* The notification of a beat; `entry` is the call's entry_id. */
void render(const struct story *s, const struct style *style, const char *entry, int beat,
            struct notification *out);
/* What it lets one know. */
bool render_tells_line(const struct story *s, const struct style *style, int beat);
bool render_tells_dct(const struct story *s, const struct style *style, int beat);
/* The leg's location is absent from this notification. */
bool render_hides_place(const struct story *s, const struct style *style, int beat);

#endif
