/*
 * What a change of an account's settings changes, field by field, for the audit. Pure.
 */
#ifndef COMMON_SETTINGS_DIFF_H
#define COMMON_SETTINGS_DIFF_H

#include "common/attr.h"
#include "common/str.h"

struct jval;

/* From one stored document (secrets sealed) to another; either may be STR_NONE: there was, or will be, none. A new array
 * of {"field","before","after"} in the order of the documents; `field` is the path ("megaplan.base_url",
 * "employees[1000005].extension": employees are told apart by megaplan_id, so a moved entry is no change), before and after
 * are JSON values or absent, texts over SETTINGS_DIFF_TEXT bytes are cut. Secrets are "***" before and "changed" after. NULL:
 * no memory, or one of them is no object. */
struct jval *settings_diff(struct str before, struct str after) MUST_CHECK;

#define SETTINGS_DIFF_TEXT 200
#define SETTINGS_DIFF_MOST 1000 /* changes; what is more is told as one with the field "..." */

#endif
