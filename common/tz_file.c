/*
 * One file of /usr/share/zoneinfo into memory. Names come from settings documents, so they
 * are held to the letters of IANA names and cannot leave the folder.
 */
#include "common/tz_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

#define FOLDER "/usr/share/zoneinfo"
#define FILE_MAX (256 * 1024)
#define NAME_MAX_BYTES 64

static bool is_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > NAME_MAX_BYTES || name[0] == '/' || name[len - 1] == '/')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i], lower = (char)(c | 0x20);
        if (!((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || strchr("_+-/", c)))
            return false;
    }
    return true;
}

static enum err read_file(FILE *f, const char *name, struct tz **out, struct error *e)
{
    char *bytes = mem_alloc(FILE_MAX, 1);
    size_t len = fread(bytes, 1, FILE_MAX, f);
    enum err err = ERR_INPUT;
    if (ferror(f) || len == FILE_MAX)
        err = error_set(e, ERR_INPUT, "cannot be read");
    else
        err = tz_parse((struct str){bytes, len}, out, e);
    free(bytes);
    if (err != ERR_OK)
        (void)error_context(e, "time zone %s", name);
    return err;
}

enum err tz_file_load(const char *name, struct tz **out, struct error *e)
{
    *out = NULL;
    if (!is_name(name))
        return error_set(e, ERR_INPUT, "that is no name of a time zone");
    char *path = mem_format("%s/%s", FOLDER, name);
    FILE *f = fopen(path, "rbe");
    free(path);
    if (f == NULL)
        return error_set(e, ERR_INPUT, "time zone %s: %s", name, strerror(errno));
    enum err err = read_file(f, name, out, e);
    (void)fclose(f);
    return err;
}

bool tz_file_known(const char *name)
{
    struct tz *z;
    bool known = tz_file_load(name, &z, NULL) == ERR_OK;
    tz_free(z);
    return known;
}
