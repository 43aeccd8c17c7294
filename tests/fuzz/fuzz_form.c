/*
 * Fuzzes what reads a request before its signature is known: the form, its type, header lines and
 * paths. The first byte chooses.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "ingest/accept.h"
#include "ingest/form.h"
#include "ingest/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct str part, struct str whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void check_form(struct str body)
{
    struct error e = ERROR_NONE;
    struct form f;
    char *scratch = mem_alloc(body.len ? body.len : 1, 1);
    struct str room = {scratch, body.len};
    if (form_parse(body, scratch, &f, &e) == ERR_OK) {
        const struct str fields[] = {f.api_key, f.sign, f.json};
        for (size_t i = 0; i < 3; i++) {
            if (!inside(fields[i], body) && !inside(fields[i], room))
                abort();
        }
    } else if (e.kind != ERR_INPUT) {
        abort();
    }
    free(scratch);
}

/* Lines parted by '\n', names by ':'. */
static void check_head(struct str lines)
{
    struct head h = {0};
    while (lines.len) {
        long end = str_find(lines, '\n');
        struct str line = {lines.ptr, end < 0 ? lines.len : (size_t)end};
        lines = end < 0 ? STR_NONE : str_from(lines, (size_t)end + 1);
        long colon = str_find(line, ':');
        struct str name = {line.ptr, colon < 0 ? line.len : (size_t)colon};
        head_add(&h, name, colon < 0 ? STR_NONE : str_from(line, (size_t)colon + 1));
    }
    if (!head_is_ambiguous(&h, false) && (h.hosts != 1 || (h.lengths && h.transfers)))
        abort();
}

static void check_path(struct str path)
{
    struct str kind = STR_NONE;
    enum accept_route r = accept_path(STR("POST"), path, STR("/base/"), &kind);
    if (r == ACCEPT_METHOD)
        abort();
    if (r != ACCEPT_NOT_FOUND && (!inside(kind, path) || !kind.len || kind.len > LIMIT_KIND))
        abort();
    (void)form_is_type(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *copy = mem_alloc(size, 1); /* exact, so that a byte too far is seen */
    memcpy(copy, data + 1, size - 1);
    char *exact = mem_resize(copy, size - 1 ? size - 1 : 1, 1);
    struct str text = {exact, size - 1};
    if (data[0] % 3 == 0)
        check_form(text);
    else if (data[0] % 3 == 1)
        check_head(text);
    else
        check_path(text);
    free(exact);
    return 0;
}
