/*
 * GNU attributes, in the one place that may name them.
 */
#ifndef COMMON_ATTR_H
#define COMMON_ATTR_H

/* The caller has to look at the result. */
#define MUST_CHECK __attribute__((warn_unused_result))
/* Arguments are checked like printf's: format is argument f, values begin at argument a. */
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
/* fn(&variable) runs when the variable goes out of scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define NO_RETURN __attribute__((noreturn))
/* The function may be missing from the program: its address is NULL then. */
#define MAY_BE_MISSING __attribute__((weak))

#endif
