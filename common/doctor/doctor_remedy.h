/*
 * What is to be done about what a check finds: the table of codes. Pure.
 *
 * Codes are stable: whoever shows them to people translates them.
 */
#ifndef COMMON_DOCTOR_DOCTOR_REMEDY_H
#define COMMON_DOCTOR_DOCTOR_REMEDY_H

#include <stddef.h>

/* For people, English; "" where nothing is to be done. NULL: no such code. */
const char *doctor_remedy(const char *code);
/* The code of number i, NULL behind the last one. */
const char *doctor_remedy_code(size_t i);

#endif
