/*
 * What the tools share.
 */
#include "worker/tools/tools.h"

#include <stdio.h>

#include "worker/tools/usage.h"

int tools_exit_code(enum err kind)
{
    switch (kind) {
    case ERR_OK:
        return TOOLS_DONE;
    case ERR_INPUT:
    case ERR_CONFIG:
        return TOOLS_CONFIG;
    case ERR_TEMPORARY:
        return TOOLS_KAFKA;
    case ERR_AUTH:
    case ERR_REJECTED:
        return TOOLS_OUTSIDE;
    default:
        return TOOLS_INTERNAL;
    }
}

int tools_complain(const char *tool, const struct error *e)
{
    fprintf(stderr, "worker %s: %s\n", tool, e->text);
    return tools_exit_code(e->kind);
}

int tools_misused(const char *tool, const char *why)
{
    fprintf(stderr, "worker %s: %s\n", tool, why);
    usage_line(stderr, commands_find(tool));
    return TOOLS_USAGE;
}
