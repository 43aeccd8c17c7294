/*
 * An HTTPS server for tests of the client, on 127.0.0.1, that speaks the versions of TLS it is told to and no other.
 * Every answer is 200 with the version of its connection, "TLSv1.2". Its certificate is made at its start and is good
 * for 127.0.0.1 only. One thread accepts, one serves each connection; all counters are atomic.
 *
 *   /bye            the connection ends after the answer, which says so
 *   anything else   the connection is kept
 */
#ifndef TESTS_UNIT_TLS_PEER_H
#define TESTS_UNIT_TLS_PEER_H

#include <pthread.h>

enum tls_peer_version {
    TLS_PEER_1_1,
    TLS_PEER_1_2,
    TLS_PEER_1_3,
};

#define TLS_PEER_CONNECTIONS 16 /* in its life */

struct tls_peer {
    void *context;
    pthread_t accepting, serving[TLS_PEER_CONNECTIONS];
    int listening;
    int port;
    char ca_file[64]; /* whoever trusts what is in it, trusts the server */
    _Atomic int requests;
    _Atomic int connections; /* ever accepted, whatever became of their handshake */
    _Atomic int stop;
};

void tls_peer_start(struct tls_peer *p, enum tls_peer_version oldest, enum tls_peer_version newest);
/* Waits for the ends of its connections: the client's side is closed by now. */
void tls_peer_stop(struct tls_peer *p);

#endif
