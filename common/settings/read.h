/*
 * Reading a settings document field by field, with the path of the field in every refusal; for the
 * files of this folder only.
 */
#ifndef COMMON_SETTINGS_READ_H
#define COMMON_SETTINGS_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/jval.h"
#include "common/settings.h"

struct settings_reader {
    const struct settings_rules *rules;
    const struct secret_keys *keys;
    struct settings *out;
    struct error *e;
    char path[160]; /* of the field that is read: "employees[1].extension" */
    size_t path_len;
};

struct settings_field;

/* Reads v, of the field f, into target. v is never NULL, and JSON's null only for a nullable field
 * whose reader says so. ERR_INPUT by settings_refuse, ERR_INTERNAL by settings_no_memory. */
typedef enum err settings_field_reader(struct settings_reader *r, const struct settings_field *f,
                                       const struct jval *v, void *target);

struct settings_field {
    const char *key;
    settings_field_reader *read;
    size_t offset;       /* of the target in the object's struct */
    size_t count_offset; /* of a list: its size_t */
    int64_t min, max;    /* of a number */
    bool required;
    bool nullable; /* null is as good as absent */
};

/* An object: every member must be one of the fields. base is the struct the offsets belong to. */
enum err settings_read_object(struct settings_reader *r, const struct jval *v,
                              const struct settings_field *fields, size_t n, void *base) MUST_CHECK;

/* char *: text with something in it, without control characters, up to LIMIT_SETTING_STRING */
settings_field_reader settings_read_text;
settings_field_reader settings_read_bool; /* bool */
settings_field_reader settings_read_int;  /* int64_t */

/* Calls each(r, element, i, arg) for every element of a list of at most `most`, with its path. */
enum err settings_read_list(struct settings_reader *r, const struct jval *v, size_t most,
                            enum err (*each)(struct settings_reader *r, const struct jval *v,
                                             size_t i, void *arg),
                            void *arg) MUST_CHECK;
/* A new char ** with the texts of a list, *n of them set; also on failure. */
enum err settings_read_texts(struct settings_reader *r, const struct jval *v, size_t most,
                             char ***out, size_t *n) MUST_CHECK;

/* "path: text", ERR_INPUT. */
enum err settings_refuse(struct settings_reader *r, const char *format, ...) PRINTF_LIKE(2, 3);
enum err settings_no_memory(struct settings_reader *r);
/* Puts ".key" or "[i]" behind the path; returns what settings_path_back wants to undo it. */
size_t settings_path_key(struct settings_reader *r, struct str key);
size_t settings_path_index(struct settings_reader *r, size_t i);
void settings_path_back(struct settings_reader *r, size_t mark);

/* Readers of parts that have a file of their own */
settings_field_reader settings_employees_read; /* target: struct settings */
settings_field_reader settings_hours_read;     /* target: struct settings_hours */

/* After everything was read: no extension or own number twice; one entry per employee; the index. */
enum err settings_employees_finish(struct settings_reader *r) MUST_CHECK;
void settings_employees_free(struct settings *s);

#endif
