/*
 * What the tests of the book share: short logs of messages, a record of what was decided.
 */
#ifndef TESTS_UNIT_BOOK_KIT_H
#define TESTS_UNIT_BOOK_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/calls_kit.h"
#include "worker/calls/book.h"

#define CLIENT "79991231212"
#define JOBS_MAX 64
#define LOG_MAX 24

struct message {
    struct kit_event event;
    const char *entry;
    int64_t at; /* received, seconds after KIT_T0 */
};

/* What was decided, in order: "Y:client 1000005", a guard that stopped the call as "Y none late". Why a
 * rule made no job is not told here. */
struct record {
    char lines[JOBS_MAX][80];
    size_t n;
    bool silent;
};

/* Every book asks for the settings of the account acme here. */
extern struct settings *book_kit_settings;

struct book *book_kit_new(struct record *r);
enum book_result book_kit_feed(struct book *b, const struct message *m, int64_t offset);
void book_kit_feed_all(struct book *b, const struct message *list, size_t from, size_t to);
/* One of four shapes of a call, as it comes in order: answered, missed, a transfer with overlapping legs,
 * unmapped. At most 7 messages, the last one the summary. */
size_t book_kit_shape(size_t shape, struct message *out);

#define LEG(s, id, q, t, ext)                                                                \
    {                                                                                        \
        (s), (id), (q), .at = (t), .where = (const char *)(ext) ? 'a' : 'i', .from = CLIENT, \
                        .to_ext = (ext)                                                      \
    }
#define SUM(t, ext, talk_at)                                                                   \
    {                                                                                          \
        'S', NULL, 0, .at = 0, .direction = 1, .from = CLIENT, .to_ext = (ext), .to = "sip:x", \
                      .talk = (talk_at), .end = (t)                                            \
    }

#endif
