/*
 * Addresses of Megaplan's API. Pure.
 *
 * Source: megaplan-api.md 1.4. All parameters of a GET are one JSON object right behind the "?", every
 * byte outside A-Za-z0-9-._~ percent-encoded. Traps: '+' must become %2B (phones!), the object is
 * never key=value pairs, ids stand in the path.
 */
#ifndef COMMON_MEGAPLAN_QUERY_H
#define COMMON_MEGAPLAN_QUERY_H

#include "common/jval.h"
#include "common/str.h"

#define QUERY_NONE jval_new_null() /* no parameters */

/* base_url + "/api/v3" + path + "?" + the query. base_url: "https://acme.megaplan.ru", with its path
 * prefix, a slash at its end is passed over. path begins with "/". query: an object, freed in here.
 * Terminated, the caller's (free()). NULL: longer than LIMIT_URL, a query that failed while it was built
 * (NULL is one), or no memory. */
char *query_url(struct str base_url, const char *path, struct jval *query) MUST_CHECK;
/* path/id, for entities. id is percent-encoded. The same ownership; NULL also for an empty id, which
 * would ask for the list. */
char *query_entity_url(struct str base_url, const char *path, struct str id,
                       struct jval *query) MUST_CHECK;
/* path/id/rest: what belongs to an entity. rest begins with "/". */
char *query_part_url(struct str base_url, const char *path, struct str id, const char *rest,
                     struct jval *query) MUST_CHECK;

#endif
