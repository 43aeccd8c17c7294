/*
 * The people who were forgotten (`worker forget`, design.md 6.1): which numbers of which accounts, without the numbers.
 * Records of the topic `settings`:
 *
 *   _forget/<id>               {"key":"v1:...","v":1}   a random key, sealed (account "_forget", field: the id), so that it
 *                                                       outlives SECRET_KEY. One as a rule; two where two tools began at once
 *   _forgotten/<account>/<hex> {"at":"<RFC 3339>","v":1}   hex: the keyed hash of account and number; at: when it was forgotten
 *
 * Fed with them in any order (common/accounts.h does it for whoever follows the accounts). What a forgotten number did from
 * `at` on is a new person's: it is shown, replayed and reconciled as any other. Pure; one thread.
 */
#ifndef COMMON_FORGOTTEN_H
#define COMMON_FORGOTTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/secret.h"
#include "common/str.h"

#define FORGOTTEN_KEYS "_forget/"
#define FORGOTTEN_NUMBERS "_forgotten/"
/* What a key is sealed under; the field is its id. */
#define FORGOTTEN_SEALED_AS "_forget"
/* Of the random id of a key: hex digits. */
#define FORGOTTEN_ID_HEX 8

struct forgotten;
struct jval;

/* keys must outlive it. */
struct forgotten *forgotten_new(const struct secret_keys *keys) MUST_CHECK;
void forgotten_free(struct forgotten *f); /* wipes the keys; NULL is fine */

/* A record of the topic `settings`; one that is none of these two kinds is passed over. ERR_CONFIG: a key that we cannot
 * open (another SECRET_KEY): what was hashed with it is not found. ERR_INPUT: no value of ours. */
enum err forgotten_apply(struct forgotten *f, struct str key, struct str value, bool tombstone,
                         struct error *e) MUST_CHECK;

/* Whether what this number did at that time (unix ms; of a call, when its first event was received; 0: unknown, long ago) is
 * a forgotten person's. number: as MANGO or a job has it; what is no number (phone.h) never is. NULL f: nobody is
 * forgotten. About 1 us, nothing where nobody of the account is. */
bool forgotten_has(const struct forgotten *f, struct str account, struct str number, int64_t at);
/* When the number was forgotten last, unix ms; 0: never. */
int64_t forgotten_at(const struct forgotten *f, struct str account, struct str number);
/* Numbers of all accounts. */
size_t forgotten_count(const struct forgotten *f);

/* For the tool that forgets. The key of the number's record, terminated, the caller's (free()); NULL: there is no key to hash
 * with yet, or it is no number. */
char *forgotten_record_key(const struct forgotten *f, struct str account,
                           struct str number) MUST_CHECK;
/* The value of such a record, terminated, the caller's (free()). */
char *forgotten_record_value(int64_t at) MUST_CHECK;
/* The value of a key's record, terminated, the caller's (free()). */
char *forgotten_key_value(struct str sealed) MUST_CHECK;
/* The sealed key in it; STR_NONE if there is none. *v: to be freed when it is not needed any more (jval_free). */
struct str forgotten_key_sealed(struct str value, struct jval **v);

#endif
