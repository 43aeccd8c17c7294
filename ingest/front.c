/*
 * Ports and certificates put together. Must not know what is served. The thread of its loop.
 */
#include "ingest/front.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "ingest/tls.h"

struct front {
    struct tls *tls; /* NULL: plain HTTP */
    struct server *server;
};

enum err front_new(const struct config *c, const struct server_options *o, const char *variable,
                   const char *purpose, struct front **out, struct error *e)
{
    struct front *f = mem_alloc(1, sizeof *f);
    struct server_options options = *o;
    bool tls = c->ingest_tls_cert[0];
    *out = f;
    if (tls && tls_new(c->ingest_tls_cert, c->ingest_tls_key, &f->tls, e))
        return e->kind;
    options.tls = f->tls;
    if (server_new(&options, &f->server, e))
        return error_context(e, "%s", variable);
    log_info("a port is open", LOG_TEXT("event", "listening"),
             LOG_TEXT("address", server_address(f->server)), LOG_TEXT("for", purpose),
             LOG_TEXT("scheme", tls ? "https" : "http"));
    return ERR_OK;
}

void front_reload(struct front *f)
{
    struct error e = ERROR_NONE;
    if (f->tls && tls_reload(f->tls, &e))
        log_warn("the certificate stays as it is", LOG_TEXT("event", "reload"), LOG_ERROR(&e));
    else
        log_info(f->tls ? "the certificate was read anew" : "there is nothing to read anew",
                 LOG_TEXT("event", "reload"));
}

struct server *front_server(const struct front *f)
{
    return f->server;
}

void front_free(struct front *f)
{
    if (!f)
        return;
    server_free(f->server);
    tls_free(f->tls);
    free(f);
}
