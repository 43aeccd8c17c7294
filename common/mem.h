/*
 * Memory for programs: out of memory ends the process with one log line, since Kafka still has
 * the message. Parsers, which must return the failure, use the mem_try_ functions.
 */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include <stdbool.h>
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

/* The same for parsers: NULL without memory. Free with free(). */
void *mem_try_alloc(size_t n, size_t size) MUST_CHECK;
void *mem_try_resize(void *old, size_t n, size_t size) MUST_CHECK;
char *mem_try_copy(struct str text) MUST_CHECK;

/* Gives freed memory that the allocator keeps back to the system. Takes some ms per 100 MiB. */
void mem_trim(void);

/* The threads that begin from now on share an allocator's arena instead of having one each: less memory, for programs
 * whose time is not in the allocator. */
void mem_few_arenas(void);

/* Ends the process with the one log line and exit code 70, for libraries that report no memory. */
void mem_out(void) NO_RETURN;

/* The seam for fault tests: a test program that defines it is asked before every mem_try_
 * allocation, and true makes that one fail. No program of ours defines it. */
bool mem_fault(void) MAY_BE_MISSING;

/* For CLEANUP: frees a char * / void * variable. */
void mem_free_text(char **text);

#endif
