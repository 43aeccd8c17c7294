/*
 * Shapes of calls: every way a call can go, each as the notifications it makes, in the order they
 * would come.
 */
#ifndef TESTS_UNIT_SHAPES_H
#define TESTS_UNIT_SHAPES_H

#include <stddef.h>

#include "tests/unit/calls_kit.h"

#define SHAPE_EVENTS 16

struct shape {
    const char *name;
    struct kit_event events[SHAPE_EVENTS]; /* ends with a state of 0 */
};

extern const struct shape shapes[];
extern const size_t nshapes;

#endif
