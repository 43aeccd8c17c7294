/*
 * Answers of Megaplan for the tests of its parsers.
 */
#ifndef TESTS_UNIT_MEGAPLAN_KIT_H
#define TESTS_UNIT_MEGAPLAN_KIT_H

#include "common/megaplan/answer.h"

/* An answer with HTTP 200 whose data is this JSON; answer_done afterwards. */
struct answer megaplan_kit_data(const char *data);
/* An answer with that status and body. */
struct answer megaplan_kit_answer(int status, const char *body, enum answer_about about);

/* Whatever allocation of the builder fails: it gives NULL, and nothing leaks. */
void megaplan_kit_walk(char *(*build)(void));

#endif
