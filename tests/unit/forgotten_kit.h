/*
 * A set in which one number of one account was forgotten, for tests of those who ask.
 */
#ifndef TESTS_UNIT_FORGOTTEN_KIT_H
#define TESTS_UNIT_FORGOTTEN_KIT_H

#include "common/forgotten.h"

/* The caller's (forgotten_free). at: unix ms. */
struct forgotten *forgotten_kit(const char *account, const char *number, int64_t at);

#endif
