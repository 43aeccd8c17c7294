/*
 * URLs we may call: a strict parser and the allow list. Pure.
 */
#include "common/url.h"

#include <strings.h>

#include "common/limits.h"
#include "common/num.h"

#define LIMIT_HOST 253

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool printable(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || text.ptr[i] == '\\' || text.ptr[i] == '#')
            return false;
    return true;
}

static bool host_good(struct str host)
{
    bool six = host.len > 3 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    size_t from = six ? 1 : 0, to = six ? host.len - 1 : host.len;
    if (host.len == 0 || host.len > LIMIT_HOST || host.ptr[0] == '-' || host.ptr[0] == '.')
        return false;
    for (size_t i = from; i < to; i++) {
        char c = host.ptr[i];
        if (!is_letter_or_digit(c) && c != '.' && !(six ? c == ':' : c == '-' || c == '_'))
            return false;
    }
    return true;
}

/* "host", "host:port"; *port stays as it is without one. */
static bool split_authority(struct str text, struct str *host, uint16_t *port)
{
    long colon = str_rfind(text, ':'), bracket = str_rfind(text, ']');
    *host = text;
    if (colon > bracket) {
        int64_t n;
        if (!num_parse(str_from(text, (size_t)colon + 1), 1, 65535, &n))
            return false;
        *port = (uint16_t)n;
        host->len = (size_t)colon;
    }
    return host_good(*host);
}

bool url_parse(struct str text, struct url *out)
{
    struct str https = STR("https://"), http = STR("http://");
    if (text.len > LIMIT_URL || !printable(text))
        return false;
    out->https = str_starts(text, https);
    if (!out->https && !str_starts(text, http))
        return false;
    struct str left = str_from(text, out->https ? https.len : http.len), authority = left;
    for (size_t i = 0; i < left.len && authority.len == left.len; i++)
        if (left.ptr[i] == '/' || left.ptr[i] == '?')
            authority.len = i;
    out->rest = str_from(left, authority.len);
    out->port = out->https ? 443 : 80;
    return split_authority(authority, &out->host, &out->port);
}

static bool same_host(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

static struct str trimmed(struct str s)
{
    while (s.len && s.ptr[0] == ' ')
        s = str_from(s, 1);
    while (s.len && s.ptr[s.len - 1] == ' ')
        s.len--;
    return s;
}

struct str url_authority(struct str entry)
{
    struct str https = STR("https://"), http = STR("http://");
    entry = trimmed(entry);
    if (str_starts(entry, https))
        entry = str_from(entry, https.len);
    else if (str_starts(entry, http))
        entry = str_from(entry, http.len);
    long slash = str_find(entry, '/');
    return slash < 0 ? entry : (struct str){entry.ptr, (size_t)slash};
}

static bool named(const struct url *u, struct str list)
{
    while (list.len) {
        long comma = str_find(list, ',');
        struct str entry = comma < 0 ? list : (struct str){list.ptr, (size_t)comma}, host;
        uint16_t port = u->port;
        list = comma < 0 ? STR_NONE : str_from(list, (size_t)comma + 1);
        if (split_authority(url_authority(entry), &host, &port) && same_host(host, u->host) &&
            port == u->port)
            return true;
    }
    return false;
}

bool url_named(struct str url, struct str outbound_allow)
{
    struct url u;
    return url_parse(url, &u) && named(&u, outbound_allow);
}

static bool is_vendor(const struct url *u)
{
    struct str suffix = STR(".megaplan.ru");
    if (!u->https || u->port != 443)
        return false;
    return same_host(u->host, STR("app.mango-office.ru")) ||
           (u->host.len > suffix.len &&
            same_host(str_from(u->host, u->host.len - suffix.len), suffix));
}

bool url_allowed(struct str url, struct str outbound_allow)
{
    struct url u;
    return url_parse(url, &u) && (is_vendor(&u) || named(&u, outbound_allow));
}
