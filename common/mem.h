/*
 * Memory for programs: out of memory ends the process with one log line, since Kafka still has
 * the message (style rule 11). Parsers that must return the failure use malloc themselves.
 */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include <stddef.h>

#include "common/attr.h"
#include "common/str.h"

/* Zeroed memory for n objects of size bytes; never NULL. Free with free(). */
void *mem_alloc(size_t n, size_t size) MUST_CHECK;
/* Like realloc for n objects of size bytes; grown memory is not zeroed; never NULL. */
void *mem_resize(void *old, size_t n, size_t size) MUST_CHECK;
/* A terminated copy; never NULL. NULL and an empty str give "". Free with free(). */
char *mem_copy(struct str text) MUST_CHECK;
/* Like asprintf; never NULL. Free with free(). */
char *mem_format(const char *format, ...) PRINTF_LIKE(1, 2) MUST_CHECK;

/* For CLEANUP: frees a char * / void * variable. */
void mem_free_text(char **text);

#endif
