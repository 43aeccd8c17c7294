/*
 * All settings as a file, for a backup and for topics made anew: a line per record of the topic `settings`,
 * {"key":"acme","value":{...}}, secrets sealed as they are stored, with the people who were forgotten (common/forgotten.h).
 * Not in it: _layout, which is each installation's own. One thread.
 */
#ifndef WORKER_TOOLS_SETTINGS_FILE_H
#define WORKER_TOOLS_SETTINGS_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "common/err.h"
#include "common/secret.h"
#include "common/settings.h"
#include "common/str.h"
#include "worker/tools/store.h"

/* ERR_CONFIG: out does not take it. */
enum err settings_file_save(const struct store *s, FILE *out, struct error *e) MUST_CHECK;

struct settings_file; /* what was read */

/* text outlives it. ERR_INPUT "line 3: acme: mango.api_salt: ...": a line that is none of ours, a document that is not valid or
 * whose secrets these keys do not open, an account or an API key twice. The caller owns *out: settings_file_free. */
enum err settings_file_read(struct str text, const struct settings_rules *rules,
                            const struct secret_keys *keys, struct settings_file **out,
                            struct error *e) MUST_CHECK;
void settings_file_free(struct settings_file *f); /* NULL is fine */
/* Records. */
size_t settings_file_size(const struct settings_file *f);

struct settings_file_counts {
    size_t stored;    /* accounts */
    size_t same;      /* were there as they are in the file */
    size_t other;     /* are there, but not as in the file: left alone */
    size_t forgotten; /* records of people who were forgotten */
};

/* Writes what is not there yet; nothing that is there is changed. left(): an account of `other`. ERR_INPUT: an API key is
 * already used by another account; then nothing is written. ERR_TEMPORARY: Kafka does not take it; what was written stays, and the same again goes on. */
enum err settings_file_load(const struct settings_file *f, struct store *s,
                            void (*left)(const char *account), struct settings_file_counts *counts,
                            struct error *e) MUST_CHECK;

#endif
