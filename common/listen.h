/*
 * A listening TCP socket from a text like "0.0.0.0:8080". Any thread.
 */
#ifndef COMMON_LISTEN_H
#define COMMON_LISTEN_H

#include "common/err.h"

#define LISTEN_ADDRESS_TEXT 64

/* "host:port", "[v6]:port" or ":port" (any address); port 0 = any. Non-blocking, closed on exec;
 * *fd is the caller's. address: what it got, "127.0.0.1:41234". ERR_CONFIG: wrong or taken. */
enum err listen_open(const char *where, int *fd, char address[LISTEN_ADDRESS_TEXT],
                     struct error *e) MUST_CHECK;
void listen_close(int fd);

#endif
