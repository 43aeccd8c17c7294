/*
 * Checks of everything that a new installation gets wrong, each with its remedy (design.md 6.1, doctor's row): a table of
 * them, run together on the loop for one account. They only read, within the share of the settings page (outside.h). One
 * that fails hides no other one. On the loop's thread.
 *
 *   doctor_run --> what the checks want to know is read --> each check judges when its part is there --> rows --> done
 */
#ifndef COMMON_DOCTOR_DOCTOR_H
#define COMMON_DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/doctor/evidence.h"
#include "common/doctor/outside.h"
#include "common/kafka/topics.h"

#define DOCTOR_FOUND 400
#define DOCTOR_ROWS 60      /* of one run */
#define DOCTOR_EXTENSION 32 /* bytes of one, terminated */

enum doctor_status {
    DOCTOR_OK,
    DOCTOR_WARN,
    DOCTOR_FAIL,
    DOCTOR_SKIP
};

struct doctor_row {
    const char *check;
    enum doctor_status status;
    const char *account; /* NULL: of the installation. Borrowed from the call */
    const char *code;    /* stable, for translation: doctor_remedy.h */
    char found
        [DOCTOR_FOUND]; /* for people, English; what it says of others is masked; "" = nothing */
    const char *remedy; /* English; "" where nothing is to be done */
};

struct doctor_check {
    const char *name;
    bool of_account; /* else of the installation */
    const char *what;
};

/* An extension that is nobody's and had calls. */
struct doctor_unmapped {
    char extension[DOCTOR_EXTENSION];
    int64_t calls;
    int64_t last_at; /* unix ms */
};

struct doctor_options {
    struct loop *loop;
    struct http *http;
    const struct config *config;
    struct outside *outside;
    /* The account's settings or NULL, valid for the moment. */
    const struct settings *(*settings)(void *arg, const char *account);
    /* The counts of topics with which this installation began, as far as it is known (0: it is not); NULL: Kafka has not
     * answered. */
    const struct kafka_layout *(*layout)(void *arg);
    /* Why the account's newest settings were not taken, or NULL. May be NULL: nobody knows. */
    const char *(*refused)(void *arg, const char *account);
    /* What the workers met, or NULL: nobody has read it. May be NULL. */
    const struct evidence *(*evidence)(void *arg);
    /* At most `room` of them; how many there are. NULL: nobody counts them. */
    size_t (*unmapped)(void *arg, const char *account, struct doctor_unmapped *out, size_t room);
    void *arg;
};

/* In the order of the table. account: as in the call. Borrowed for the call. */
typedef void doctor_done(void *arg, const struct doctor_row *rows, size_t n);

struct doctor;

struct doctor *doctor_new(const struct doctor_options *o) MUST_CHECK;
/* Runs that are under way are never done. NULL is fine. Before the options' outside and http. */
void doctor_free(struct doctor *d);

/* The table, in order of likelihood: its number i, NULL behind the last one. */
const struct doctor_check *doctor_check(size_t i);
/* The number of a check in the table, or -1. */
int doctor_find(struct str name);
/* checks: bit 1 << number for each that is wanted. account: "" while there is none; the installation is looked at all the
 * same. Never calls back before it has returned. */
void doctor_run(struct doctor *d, const char *account, uint32_t checks, doctor_done *done,
                void *arg);

/* Runs under way. */
size_t doctor_running(const struct doctor *d);

/* The code of a reading's answer: "megaplan_ok", "mango_salt", "list_kept", "too_soon" ... */
const char *doctor_code(enum outside_what what, const struct outside_answer *a);
const char *doctor_status_name(enum doctor_status s); /* "ok" "warn" "fail" "skip" */

#endif
