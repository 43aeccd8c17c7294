/*
 * Header values. Must not know requests. Any thread.
 */
#include "ingest/admin/headers.h"

#include <strings.h>

#include "common/secret.h"

static bool same_word(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

static bool starts_word(struct str s, struct str word)
{
    return s.len >= word.len && strncasecmp(s.ptr, word.ptr, word.len) == 0;
}

static struct str without_port(struct str authority, struct str port)
{
    if (str_ends(authority, port))
        authority.len -= port.len;
    return authority;
}

bool headers_same_origin(struct str origin, struct str host, bool secure)
{
    const struct str https = STR("https://"), http = STR("http://");
    bool is_https = starts_word(origin, https);
    if (!is_https && (secure || !starts_word(origin, http)))
        return false;
    struct str own = is_https ? STR(":443") : STR(":80");
    struct str from = str_from(origin, is_https ? https.len : http.len);
    return host.len > 0 && same_word(without_port(from, own), without_port(host, own));
}

bool headers_own_site(struct str sec_fetch_site)
{
    return sec_fetch_site.len == 0 || str_is(sec_fetch_site, "same-origin") ||
           str_is(sec_fetch_site, "none");
}

bool headers_is_json(struct str content_type)
{
    long end = str_find(content_type, ';');
    struct str type = {content_type.ptr, end < 0 ? content_type.len : (size_t)end};
    return same_word(str_trim(type), STR("application/json"));
}

/* Cuts the next entry off the list. False at the end. */
static bool next_entry(struct str *rest, struct str *entry)
{
    if (rest->len == 0)
        return false;
    long end = str_find(*rest, ',');
    *entry = str_trim((struct str){rest->ptr, end < 0 ? rest->len : (size_t)end});
    *rest = end < 0 ? STR_NONE : str_from(*rest, (size_t)end + 1);
    return true;
}

/* ";q=0", ";q=0.0": not wanted. */
static bool is_nought(struct str parameter)
{
    struct str p = str_trim(parameter);
    if (!starts_word(p, STR("q=0")))
        return false;
    for (size_t i = 3; i < p.len; i++) {
        if (p.ptr[i] != '.' && p.ptr[i] != '0')
            return false;
    }
    return true;
}

bool headers_lists(struct str list, const char *entry)
{
    struct str one;
    while (next_entry(&list, &one)) {
        long end = str_find(one, ';');
        struct str name = {one.ptr, end < 0 ? one.len : (size_t)end};
        if (same_word(str_trim(name), str_of(entry)))
            return end < 0 || !is_nought(str_from(one, (size_t)end + 1));
    }
    return false;
}

bool headers_basic(struct str authorization, char *room, size_t size, struct str *user,
                   struct str *password)
{
    const struct str scheme = STR("Basic ");
    size_t len;
    if (!starts_word(authorization, scheme))
        return false;
    struct str text = str_trim(str_from(authorization, scheme.len));
    if (!secret_base64(text, room, size, &len))
        return false;
    struct str whole = {room, len};
    long colon = str_find(whole, ':');
    if (colon < 0)
        return false;
    *user = (struct str){room, (size_t)colon};
    *password = str_from(whole, (size_t)colon + 1);
    return true;
}

struct str headers_last(struct str list)
{
    struct str one = STR_NONE;
    while (next_entry(&list, &one))
        ;
    return one;
}
