/*
 * The page's files (ingest/web/), which are part of the program: `make` embeds each of them, plain and compressed, with
 * the hash of its content as ETag (deploy/embed). Pure but for that table.
 */
#ifndef INGEST_ADMIN_STATIC_H
#define INGEST_ADMIN_STATIC_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

struct static_file {
    const char *name; /* "index.html", "js/app.js" */
    const char *bytes, *bytes_end;
    const char *gzip, *gzip_end;
    const char *etag; /* of the plain bytes, in its quotes */
    const char *gzip_etag;
};

/* Made by deploy/embed; sorted by name. */
extern const struct static_file static_files[];
extern const size_t static_files_count;

/* NULL if there is none. */
const struct static_file *static_find(struct str name);
/* By the name's end; "application/octet-stream" for an unknown one. */
const char *static_type(const char *name);

struct static_answer {
    int status;       /* 200 or 304 */
    struct str body;  /* lives as long as the process; empty with 304 */
    const char *etag; /* a strong one: the compressed bytes have another */
    bool gzip;
};

/* How a request for the file is answered, by its headers Accept-Encoding and If-None-Match. */
struct static_answer static_serve(const struct static_file *f, struct str accept_encoding,
                                  struct str if_none_match);

#endif
