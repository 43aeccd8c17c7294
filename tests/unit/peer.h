/*
 * An HTTP server for tests of the client, on 127.0.0.1, as unkind as the request's path says.
 * One thread accepts, one serves each connection; all counters are atomic.
 *
 *   /ok             200 "fine", the connection is kept
 *   /echo           200 with the whole request as the body
 *   /raw?...        the answer is what stands after "?", percent-decoded, then the connection ends
 *   /size?N         200 with N bytes
 *   /flood          headers without an end
 *   /drop           reads the request and closes without an answer
 *   /bye            like /ok, closes the connection afterwards without saying so
 *   /hang           never answers
 *
 * Or as a list says (`answers`): the first whose words stand in the request's path.
 */
#ifndef TESTS_UNIT_PEER_H
#define TESTS_UNIT_PEER_H

#include <pthread.h>

struct peer_answer {
    const char *path;           /* NULL: the end of the list. What no row has is 404 */
    int status;                 /* 0: the connection ends without an answer */
    const char *body, *headers; /* headers: each ended with CRLF; NULL = none */
    _Atomic int times;          /* it answers so often, then the next row does; 0 = always */
};

struct peer {
    pthread_t accepting;
    int listening;
    int port;
    _Atomic int requests;    /* whole ones read */
    _Atomic int connections; /* ever accepted */
    _Atomic int open, most;  /* connections now, and most at once */
    _Atomic int stop;
    struct peer_answer
        *answers; /* NULL: by the path itself. The test's, which changes it only between requests */
};

void peer_start(struct peer *p);
void peer_stop(struct peer *p); /* accepts no more; connections end when their clients do */

#endif
