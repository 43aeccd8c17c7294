/*
 * Keys of our topics. Pure; from any thread.
 */
#include "common/event.h"

enum err event_key_split(struct str key, struct event_key *out, struct error *e)
{
    long slash = str_find(key, '/');

    if (slash < 0)
        return error_set(e, ERR_INPUT, "key: no '/' in it");
    if (slash == 0)
        return error_set(e, ERR_INPUT, "key: no account in it");
    out->account = (struct str){key.ptr, (size_t)slash};
    out->rest = str_from(key, (size_t)slash + 1);
    return ERR_OK;
}
