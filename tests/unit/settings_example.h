/*
 * A complete settings document and a way to change a piece of it; shared by the tests of settings.
 */
#ifndef TESTS_UNIT_SETTINGS_EXAMPLE_H
#define TESTS_UNIT_SETTINGS_EXAMPLE_H

#include "common/settings.h"

/* design.md 6.4 with an employee more. */
extern const char settings_example[];

/* The example with the first `from` replaced by `to`; the caller's (free()). Fails if it is not in it. */
char *settings_example_with(const char *from, const char *to);
/* Rules without outbound exceptions; "Europe/Moscow" and "UTC" are known. */
const struct settings_rules *settings_example_rules(void);
/* A fixed key, and if `rotated` another one with the fixed as the old. */
struct secret_keys settings_example_keys(bool rotated);

#endif
