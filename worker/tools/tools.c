/*
 * What the tools share.
 */
#include "worker/tools/tools.h"

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
