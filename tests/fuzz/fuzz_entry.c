/*
 * Fuzzes the scanner for entry_id against jansson: of every text that jansson reads, the scanner says the
 * same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/jval.h"
#include "ingest/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str json = {(const char *)data, size};
    struct error e = ERROR_NONE;
    struct entry_text t = {.len = 0};
    enum entry found = entry_find(json, "entry_id", &t);
    CLEANUP(jval_cleanup) struct jval *root = NULL;
    if (jval_parse_lenient(json, &root, &e) != ERR_OK)
        return 0;
    struct str id = jval_get_text(root, "entry_id");
    if (jval_type(root) != JVAL_OBJECT && found != ENTRY_BROKEN)
        abort();
    if (jval_type(root) == JVAL_OBJECT) {
        bool useful = id.len > 0 && id.len <= LIMIT_ENTRY_ID;
        if (found != (useful ? ENTRY_FOUND : ENTRY_NONE))
            abort();
        if (useful && !str_eq(id, (struct str){t.bytes, t.len}))
            abort();
    }
    return 0;
}
