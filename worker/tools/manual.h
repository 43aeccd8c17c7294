/*
 * Man pages and bash completion, from the same tables as --help. For the build: `worker --manual`.
 */
#ifndef WORKER_TOOLS_MANUAL_H
#define WORKER_TOOLS_MANUAL_H

#include <stdio.h>

/* `worker --manual`: the names of the pages, a line each; `worker --manual NAME`: that page; `worker --manual bash`: the
 * completion. Returns the exit code. */
int manual_print(int argc, char **argv);

/* The completion (completion.c). */
void manual_completion(FILE *out);

#endif
