/*
 * What is shown of an account's employees and extensions, and which may be whose (propose.h), as the page's API has it. The
 * values are the caller's.
 */
#ifndef INGEST_ADMIN_STAFF_ROWS_H
#define INGEST_ADMIN_STAFF_ROWS_H

#include "common/jval.h"
#include "common/mango/users_query.h"
#include "common/megaplan/employee.h"
#include "common/settings.h"

/* Without the dismissed. all NULL: whom the settings name. */
struct jval *staff_rows_employees(const struct employee_list *all, const struct settings *s);
/* Each extension and number once. users NULL: those that the settings name. shown: numbers in full. */
struct jval *staff_rows_extensions(const struct users_query_list *users, const struct settings *s,
                                   bool shown);
/* None unless both lists are known. */
struct jval *staff_rows_proposals(const struct employee_list *all,
                                  const struct users_query_list *users, const struct settings *s);
/* Whether the extension of that row is the one of the row before. */
bool staff_rows_twice(const struct users_query_list *users, size_t i);

#endif
