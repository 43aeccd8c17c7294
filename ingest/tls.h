/*
 * The certificate that ingest shows, read anew on demand. The only door to GnuTLS, which libmicrohttpd uses.
 *
 * MANGO offers TLS 1.2 and nothing else (mango-api.md section 1), browsers 1.3: both are offered, nothing older.
 * A connection keeps the certificate it began with; the next one shows the newest. A struct tls belongs to one thread.
 */
#ifndef INGEST_TLS_H
#define INGEST_TLS_H

#include "common/err.h"

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct tls;
struct tls_certificate;

/* PEM files: the certificate with its chain, and its key. ERR_CONFIG names the variable (INGEST_TLS_CERT, INGEST_TLS_KEY):
 * not readable, no PEM, or they do not belong together. */
enum err tls_new(const char *cert_file, const char *key_file, struct tls **out,
                 struct error *e) MUST_CHECK;
/* Reads the files again. On failure, as above, the certificate stays as it is. */
enum err tls_reload(struct tls *t, struct error *e) MUST_CHECK;
void tls_free(struct tls *t); /* after its connections; NULL is fine */

/* A connection begins: its session (gnutls_session_t) shows the newest certificate. tls_detach when it ends. */
struct tls_certificate *tls_attach(struct tls *t, void *session) MUST_CHECK;
void tls_detach(struct tls_certificate *c); /* NULL is fine */

/* For libmicrohttpd, which wants to be told a certificate when it starts: MHD_OPTION_HTTPS_CERT_CALLBACK. It is never
 * asked, since each connection has its own. */
typedef void tls_callback(void);
tls_callback *tls_retriever(void);

#endif
