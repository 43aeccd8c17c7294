/*
 * Which bytes of the page answer a request. Must not know the server. Any thread.
 */
#include "ingest/admin/static.h"

#include "ingest/admin/headers.h"

const struct static_file *static_find(struct str name)
{
    for (size_t i = 0; i < static_files_count; i++) {
        if (str_is(name, static_files[i].name))
            return &static_files[i];
    }
    return NULL;
}

const char *static_type(const char *name)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".webmanifest", "application/manifest+json"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (str_ends(str_of(name), str_of(types[i].end)))
            return types[i].type;
    }
    return "application/octet-stream";
}

struct static_answer static_serve(const struct static_file *f, struct str accept_encoding,
                                  struct str if_none_match)
{
    struct str plain = {f->bytes, (size_t)(f->bytes_end - f->bytes)};
    struct str packed = {f->gzip, (size_t)(f->gzip_end - f->gzip)};
    bool gzip = packed.len < plain.len && (headers_lists(accept_encoding, "gzip") ||
                                           headers_lists(accept_encoding, "x-gzip"));
    struct static_answer a = {.status = 200,
                              .body = gzip ? packed : plain,
                              .etag = gzip ? f->gzip_etag : f->etag,
                              .gzip = gzip};
    /* If-None-Match compares weakly: a proxy may have made W/"..." of it */
    struct str known = if_none_match;
    char weak[100] = "W/";
    size_t n = strlen(a.etag);
    if (n < sizeof weak - 2)
        memcpy(weak + 2, a.etag, n + 1);
    if (headers_lists(known, a.etag) || headers_lists(known, weak) || str_is(known, "*"))
        a = (struct static_answer){.status = 304, .etag = a.etag};
    return a;
}
