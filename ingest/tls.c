/*
 * Certificates as GnuTLS wants them, counted by the connections that use them. Must not know HTTP. The thread of its
 * owner only.
 */
#include "ingest/tls.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>

#include "common/attr.h"
#include "common/mem.h"

/* GnuTLS wants credentials to live as long as the sessions that use them. */
struct tls_certificate {
    gnutls_certificate_credentials_t credentials;
    size_t users; /* connections, and the struct tls while it is the newest */
};

struct tls {
    char *cert_file, *key_file;
    struct tls_certificate *newest;
};

void tls_detach(struct tls_certificate *c)
{
    if (!c || --c->users)
        return;
    gnutls_certificate_free_credentials(c->credentials);
    free(c);
}

static enum err load(const char *variable, const char *file, gnutls_datum_t *out, struct error *e)
{
    int code = gnutls_load_file(file, out);
    return code < 0 ? error_set(e, ERR_CONFIG, "%s: %s: cannot be read", variable, file) : ERR_OK;
}

/* Both files parse on their own: so that a refusal names the right one. */
static enum err check_each(const gnutls_datum_t *cert, const gnutls_datum_t *key, struct error *e)
{
    gnutls_x509_crt_t *chain = NULL;
    gnutls_x509_privkey_t own = NULL;
    unsigned n = 0;
    if (gnutls_x509_crt_list_import2(&chain, &n, cert, GNUTLS_X509_FMT_PEM, 0) < 0 || n == 0)
        return error_set(e, ERR_CONFIG, "INGEST_TLS_CERT: no certificate in PEM form");
    for (unsigned i = 0; i < n; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    if (gnutls_x509_privkey_init(&own) < 0)
        mem_out();
    int code = gnutls_x509_privkey_import2(own, key, GNUTLS_X509_FMT_PEM, NULL, 0);
    gnutls_x509_privkey_deinit(own);
    if (code < 0)
        return error_set(e, ERR_CONFIG, "INGEST_TLS_KEY: no key in PEM form without a password");
    return ERR_OK;
}

static enum err make(const gnutls_datum_t *cert, const gnutls_datum_t *key,
                     struct tls_certificate **out, struct error *e)
{
    if (check_each(cert, key, e))
        return e->kind;
    struct tls_certificate *c = mem_alloc(1, sizeof *c);
    c->users = 1;
    if (gnutls_certificate_allocate_credentials(&c->credentials) < 0)
        mem_out();
    int code = gnutls_certificate_set_x509_key_mem(c->credentials, cert, key, GNUTLS_X509_FMT_PEM);
    if (code >= 0) {
        *out = c;
        return ERR_OK;
    }
    tls_detach(c);
    return error_set(e, ERR_CONFIG, "INGEST_TLS_KEY: it is not the key of INGEST_TLS_CERT (%s)",
                     gnutls_strerror(code));
}

enum err tls_reload(struct tls *t, struct error *e)
{
    gnutls_datum_t cert = {NULL, 0}, key = {NULL, 0};
    struct tls_certificate *c = NULL;
    if (!load("INGEST_TLS_CERT", t->cert_file, &cert, e) &&
        !load("INGEST_TLS_KEY", t->key_file, &key, e) && !make(&cert, &key, &c, e)) {
        tls_detach(t->newest);
        t->newest = c;
    }
    gnutls_free(cert.data);
    if (key.data)
        gnutls_memset(key.data, 0, key.size);
    gnutls_free(key.data);
    return c ? ERR_OK : e->kind;
}

enum err tls_new(const char *cert_file, const char *key_file, struct tls **out, struct error *e)
{
    struct tls *t = mem_alloc(1, sizeof *t);
    t->cert_file = mem_copy(str_of(cert_file));
    t->key_file = mem_copy(str_of(key_file));
    if (tls_reload(t, e)) {
        tls_free(t);
        return e->kind;
    }
    *out = t;
    return ERR_OK;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    tls_detach(t->newest);
    free(t->cert_file);
    free(t->key_file);
    free(t);
}

struct tls_certificate *tls_attach(struct tls *t, void *session)
{
    struct tls_certificate *c = t->newest;
    if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, c->credentials) < 0)
        mem_out();
    c->users++;
    return c;
}

static int never_asked(gnutls_session_t session, const gnutls_datum_t *authorities, int n,
                       const gnutls_pk_algorithm_t *algorithms, int nalgorithms,
                       gnutls_pcert_st **chain, unsigned *length, gnutls_privkey_t *key)
{
    (void)session;
    (void)authorities;
    (void)n;
    (void)algorithms;
    (void)nalgorithms;
    (void)chain;
    (void)length;
    (void)key;
    return -1;
}

tls_callback *tls_retriever(void)
{
    return (tls_callback *)never_asked;
}
