/*
 * The sockets of a library that says what it waits for, watched by the loop. A socket of a connection stays
 * watched while nothing is wanted of it, which is cheaper than to come and go with each request. One
 * thread, the loop's.
 *
 *   opened -> wanted <-> at rest -> closed       a connection's
 *             wanted --> at rest = closed        any other one's (a resolver's)
 */
#ifndef COMMON_WATCHES_H
#define COMMON_WATCHES_H

#include "common/err.h"
#include "common/loop.h"

struct watches;

/* ready: a wanted socket can be read or written (LOOP_READ, LOOP_WRITE); may call all functions but the last. */
struct watches *watches_new(struct loop *l, void (*ready)(void *arg, int fd, unsigned events),
                            void *arg);
/* A socket of a connection was made: it is known until it is closed. */
void watches_opened(struct watches *w, int fd);
/* False: the loop cannot watch it. */
bool watches_want(struct watches *w, int fd, unsigned events) MUST_CHECK;
void watches_rest(struct watches *w, int fd);
/* Before the socket is closed. */
void watches_closed(struct watches *w, int fd);
void watches_free(struct watches *w); /* NULL is fine */

#endif
