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
 */
#ifndef TESTS_UNIT_PEER_H
#define TESTS_UNIT_PEER_H

struct peer {
    int listening;
    int port;
    _Atomic int requests;    /* whole ones read */
    _Atomic int connections; /* ever accepted */
    _Atomic int open, most;  /* connections now, and most at once */
    _Atomic int stop;
};

void peer_start(struct peer *p);
void peer_stop(struct peer *p); /* accepts no more; connections end with the process */

#endif
