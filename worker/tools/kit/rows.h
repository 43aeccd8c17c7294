/*
 * What tools print on stdout: rows as JSON lines, and the little that text for people shares.
 */
#ifndef WORKER_TOOLS_KIT_ROWS_H
#define WORKER_TOOLS_KIT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/jval.h"
#include "common/str.h"

/* Room for ROWS_COUNT's text: 19 digits, their commas, a sign. */
#define ROWS_COUNT_SIZE 32

/* One line of JSON, keys in the order of insertion; frees the row. */
void rows_print(struct jval *row);
/* "1,284", terminated. */
const char *rows_count(int64_t n, char out[ROWS_COUNT_SIZE]);
/* What stdout has could be written; else says on stderr that it could not. Before the process ends with 0 or 1. */
bool rows_written(const char *tool);

#endif
