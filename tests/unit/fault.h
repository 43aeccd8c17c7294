/*
 * The failing allocator: every single allocation of a parser (mem_try_*, jansson) can be made to
 * fail, one after the other. Linked into every unit test, idle until used. One thread.
 */
#ifndef TESTS_UNIT_FAULT_H
#define TESTS_UNIT_FAULT_H

#include <stdbool.h>

/* The allocation number n (0 = the next) fails, those after it succeed; n < 0: none fails. */
void fault_after(long n);
/* True if the armed failure has happened. */
bool fault_happened(void);

/* Calls run(arg) under every single allocation failure, until a run meets none. run returns true if
 * the code under test reported want of memory; it must do that exactly when there was one. Leaks are
 * the sanitizer's business. */
void fault_walk(bool (*run)(void *arg), void *arg);

#endif
