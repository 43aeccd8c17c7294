/*
 * An HTTPS server for tests of the client. Fails the test it is in if something it needs does.
 */
#include "tests/unit/tls_peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tests/unit/unit.h"

#define REQUEST_MAX 4096
#define HOUR 3600

struct connection {
    struct tls_peer *peer;
    SSL *ssl;
    int fd;
};

static void put_name(X509 *cert)
{
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"tests", -1, -1, 0);
    ck_assert_int_eq(X509_set_issuer_name(cert, name), 1);
    X509_EXTENSION *host = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    ck_assert_int_eq(X509_add_ext(cert, host, -1), 1);
    X509_EXTENSION_free(host);
}

/* Signed by itself. */
static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -HOUR);
    X509_gmtime_adj(X509_getm_notAfter(cert), HOUR);
    put_name(cert);
    ck_assert_int_eq(X509_set_pubkey(cert, key), 1);
    ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
    return cert;
}

static void write_certificate(struct tls_peer *p, X509 *cert)
{
    snprintf(p->ca_file, sizeof p->ca_file, "/tmp/tls_peer_XXXXXX");
    FILE *f = fdopen(mkstemp(p->ca_file), "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(PEM_write_X509(f, cert), 1);
    ck_assert_int_eq(fclose(f), 0);
}

static SSL_CTX *make_context(struct tls_peer *p, int oldest, int newest)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = make_certificate(key);
    write_certificate(p, cert);
    ck_assert_int_eq(SSL_CTX_use_certificate(ctx, cert), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, key), 1);
    ck_assert_int_eq(SSL_CTX_set_cipher_list(ctx, "DEFAULT:@SECLEVEL=0"), 1); /* 1.1 needs it */
    ck_assert_int_eq(SSL_CTX_set_min_proto_version(ctx, oldest), 1);
    ck_assert_int_eq(SSL_CTX_set_max_proto_version(ctx, newest), 1);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ctx;
}

/* Requests have no body, and the next one comes after the answer. False: the connection ended. */
static bool read_request(SSL *ssl, char request[REQUEST_MAX])
{
    int len = 0, got;
    while ((got = SSL_read(ssl, request + len, REQUEST_MAX - 1 - len)) > 0) {
        len += got;
        request[len] = 0;
        if (strstr(request, "\r\n\r\n"))
            return true;
    }
    return false;
}

/* True: it was said, and the connection goes on. */
static bool answer(SSL *ssl, bool last)
{
    char text[200];
    const char *version = SSL_get_version(ssl);
    int len = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%sContent-Length: %zu\r\n\r\n%s",
                       last ? "Connection: close\r\n" : "", strlen(version), version);
    return SSL_write(ssl, text, len) == len && !last;
}

static void *serve_connection(void *arg)
{
    struct connection *c = arg;
    char request[REQUEST_MAX];
    bool more = SSL_accept(c->ssl) == 1;
    while (more && read_request(c->ssl, request)) {
        c->peer->requests++;
        more = answer(c->ssl, strstr(request, " /bye ") != NULL);
    }
    SSL_free(c->ssl);
    close(c->fd);
    free(c);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct tls_peer *p = arg;
    for (;;) {
        int fd = accept(p->listening, NULL, NULL);
        if (fd < 0 || p->stop)
            return NULL;
        ck_assert_int_lt(p->connections, TLS_PEER_CONNECTIONS);
        struct connection *c = calloc(1, sizeof *c);
        c->peer = p;
        c->fd = fd;
        c->ssl = SSL_new(p->context);
        ck_assert_int_eq(SSL_set_fd(c->ssl, fd), 1);
        pthread_t *thread = &p->serving[p->connections++];
        ck_assert_int_eq(pthread_create(thread, NULL, serve_connection, c), 0);
    }
}

void tls_peer_start(struct tls_peer *p, enum tls_peer_version oldest, enum tls_peer_version newest)
{
    static const int versions[] = {TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    memset(p, 0, sizeof *p);
    p->context = make_context(p, versions[oldest], versions[newest]);
    p->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(p->listening, (struct sockaddr *)&a, len), 0);
    ck_assert_int_eq(listen(p->listening, 16), 0);
    ck_assert_int_eq(getsockname(p->listening, (struct sockaddr *)&a, &len), 0);
    p->port = ntohs(a.sin_port);
    ck_assert_int_eq(pthread_create(&p->accepting, NULL, accept_all, p), 0);
}

void tls_peer_stop(struct tls_peer *p)
{
    p->stop = 1;
    shutdown(p->listening, SHUT_RDWR);
    pthread_join(p->accepting, NULL);
    for (int i = 0; i < p->connections; i++)
        pthread_join(p->serving[i], NULL);
    close(p->listening);
    SSL_CTX_free(p->context);
    unlink(p->ca_file);
}
