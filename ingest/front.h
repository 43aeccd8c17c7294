/*
 * A port of ingest with its certificate: plain HTTP, or TLS when INGEST_TLS_CERT and INGEST_TLS_KEY are set. Belongs
 * to one thread, that of its loop.
 */
#ifndef INGEST_FRONT_H
#define INGEST_FRONT_H

#include "common/config.h"
#include "ingest/server.h"

struct front;

/* Opens the port and logs where ({"event":"listening","address":...,"for":purpose}). o->tls is filled in here. ERR_CONFIG
 * names the variable: one of the certificate's, or `variable`, whose value o->listen is. */
enum err front_new(const struct config *c, const struct server_options *o, const char *variable,
                   const char *purpose, struct front **out, struct error *e) MUST_CHECK;
/* Connections that come from now on see the certificate as the files have it; one that cannot be used is logged and
 * changes nothing. */
void front_reload(struct front *f);
struct server *front_server(const struct front *f);
void front_free(struct front *f); /* NULL is fine */

#endif
