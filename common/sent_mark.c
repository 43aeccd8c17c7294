/*
 * Reads the mark of a commit's metadata. Pure.
 */
#include "common/sent_mark.h"

#include "common/num.h"

bool sent_mark_read(struct str part, struct sent_mark *out)
{
    if (!str_starts(part, STR("sent:")))
        return false;
    struct str rest = str_from(part, 5);
    long colon = str_find(rest, ':');
    int64_t offset, time;
    if (colon < 0 || !num_parse((struct str){rest.ptr, (size_t)colon}, 0, INT64_MAX, &offset) ||
        !num_parse(str_from(rest, (size_t)colon + 1), 0, INT64_MAX, &time))
        return false;
    *out = (struct sent_mark){offset, time};
    return true;
}

bool sent_mark_find(struct str metadata, struct sent_mark *out)
{
    while (metadata.len > 0) {
        long space = str_find(metadata, ' ');
        struct str part = {metadata.ptr, space < 0 ? metadata.len : (size_t)space};
        if (sent_mark_read(part, out))
            return true;
        metadata = str_from(metadata, part.len + 1);
    }
    return false;
}
