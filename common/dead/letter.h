/*
 * One dead letter: a message of `dead` with the reason its headers tell (Kafka Connect's names; design.md section 2), the
 * message that sends it again, and the note that says so. Pure.
 *
 *   letter (partition/offset) --again--> its own topic and partition, x-sent-again --acknowledged--> note in `dead`
 *
 * A letter whose note is in `dead` does not stand there any more, for anybody. Who dies between the two may send it
 * twice: the identity of jobs, and the fold of events, make that harmless.
 */
#ifndef COMMON_DEAD_LETTER_H
#define COMMON_DEAD_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/jval.h"
#include "common/kafka/client.h"
#include "common/kafka/topics.h"
#include "common/limits.h"
#include "common/str.h"
#include "common/text.h"

#define DEAD_ID_SIZE 40                /* "partition/offset" and its terminator */
#define DEAD_SENT_AGAIN "x-sent-again" /* header of a message sent again: the letter's id */
#define DEAD_HEADERS (LIMIT_HEADERS + 8)

struct dead_id { /* its place in `dead` */
    int32_t partition;
    int64_t offset;
};

struct dead_letter {
    struct dead_id id;
    int64_t at, first_at;     /* unix ms: it became one; it first did, before it was sent again */
    char *account, *entry_id; /* "" unknown */
    enum kafka_topic topic;   /* where it came from; KAFKA_TOPICS: it does not say */
    struct dead_id from;      /* its place there */
    char *kind;               /* of the message: "client", "call" ...; "" unknown */
    char *reason, *fault;     /* for people, may hold numbers; "rejected", "input", "poison" ... */
    int http_status, tries;   /* 0 none; 0 unknown */
    bool cut;                 /* only its beginning was kept */
};

enum dead_message {
    DEAD_LETTER,
    DEAD_NOTE, /* the letter of that id was sent again, or forgotten */
};

/* prefix: TOPIC_PREFIX. DEAD_LETTER: *letter is the caller's (dead_letter_free). DEAD_NOTE: *noted is the letter's id
 * (partition -1: none that can be read). Any message of `dead` is one of both. */
enum dead_message dead_letter_read(const struct kafka_message *m, struct str prefix,
                                   struct dead_letter **letter, struct dead_id *noted);
void dead_letter_free(struct dead_letter *l);
/* The row of the contract (design.md 6.1), with "fault". show: numbers in full. */
struct jval *dead_letter_row(const struct dead_letter *l, bool show) MUST_CHECK;

void dead_id_write(struct dead_id id, char out[DEAD_ID_SIZE]);
bool dead_id_parse(struct str text, struct dead_id *out);

/* A record and the memory it borrows; texts are the message's own. Points into itself: do not copy. */
struct dead_record {
    enum kafka_topic topic;
    int32_t partition;
    struct str key, value;
    bool tombstone;
    struct kafka_header headers[DEAD_HEADERS];
    size_t nheaders;
    char id[DEAD_ID_SIZE], at[TEXT_TIME_SIZE];
};

/* m is a note, and its letter was put away since whose it was is forgotten: nobody is shown it. */
bool dead_letter_note_forgets(const struct kafka_message *m);

/* What sends the letter m again. ERR_INPUT, for people: why it cannot be. */
enum err dead_letter_again(const struct kafka_message *m, struct str prefix,
                           const struct kafka_layout *layout, struct dead_record *out,
                           struct error *e) MUST_CHECK;
/* The note that the letter m was sent again; who: for explain, borrowed. */
void dead_letter_note(const struct kafka_message *m, struct str who, int64_t now,
                      struct dead_record *out);
/* The note that puts a letter away for good, without its message being sent again: whose it was is forgotten. key: one that
 * names nobody, borrowed as who is. */
void dead_letter_note_forgotten(struct dead_id id, struct str key, struct str who, int64_t now,
                                struct dead_record *out);

#endif
