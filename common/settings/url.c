/*
 * Which addresses may be called (design.md section 5). Looks at the text only; what a name resolves to
 * is checked when it is connected. Pure; from any thread.
 */
#include <strings.h>

#include "common/num.h"
#include "common/settings.h"

struct target {
    bool tls;
    struct str host; /* an IPv6 address with its brackets */
    int64_t port;
};

static bool same_host(struct str a, struct str b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

static bool is_host(struct str s)
{
    bool six = s.len > 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']';

    if (six)
        s = (struct str){s.ptr + 1, s.len - 2};
    for (size_t i = 0; i < s.len; i++)
        if (!is_host_byte(s.ptr[i]) && !(six && s.ptr[i] == ':'))
            return false;
    return s.len > 0 && s.ptr[0] != '.' && s.ptr[s.len - 1] != '.';
}

/* host or host:port; *port stays as it is without one. */
static bool split_port(struct str s, struct str *host, int64_t *port)
{
    long colon = str_rfind(s, ':');

    *host = s;
    if (colon > str_rfind(s, ']')) {
        *host = (struct str){s.ptr, (size_t)colon};
        if (!num_parse(str_from(s, (size_t)colon + 1), 1, 65535, port))
            return false;
    }
    return is_host(*host);
}

static bool take_apart(struct str url, struct target *out)
{
    size_t end = 0;

    out->tls = url.len > 8 && strncasecmp(url.ptr, "https://", 8) == 0;
    if (!out->tls && (url.len <= 7 || strncasecmp(url.ptr, "http://", 7) != 0))
        return false;
    for (size_t i = 0; i < url.len; i++) /* blanks and control characters have no place in a URL */
        if ((unsigned char)url.ptr[i] <= ' ' || (unsigned char)url.ptr[i] >= 0x7f ||
            url.ptr[i] == '\\')
            return false;
    url = str_from(url, out->tls ? 8 : 7);
    while (end < url.len && !strchr("/?#", url.ptr[end]))
        end++;
    out->port = out->tls ? 443 : 80;
    return split_port((struct str){url.ptr, end}, &out->host, &out->port);
}

/* One piece of OUTBOUND_ALLOW: a host for any port, or host:port. */
static bool names(struct str piece, const struct target *t)
{
    struct str host;
    int64_t port = 0;

    return split_port(piece, &host, &port) && same_host(host, t->host) &&
           (port == 0 || port == t->port);
}

static bool is_vendor(const struct target *t)
{
    static const char suffix[] = ".megaplan.ru";
    size_t len = sizeof(suffix) - 1;
    struct str h = t->host;

    if (!t->tls || t->port != 443)
        return false;
    return same_host(h, STR("app.mango-office.ru")) ||
           (h.len > len && same_host(str_from(h, h.len - len), STR(".megaplan.ru")));
}

bool settings_url_allowed(struct str url, struct str outbound_allow)
{
    struct str rest = outbound_allow;
    struct target t;
    long comma;

    if (!take_apart(url, &t))
        return false;
    if (is_vendor(&t))
        return true;
    while (rest.len) {
        comma = str_find(rest, ',');
        if (names((struct str){rest.ptr, comma < 0 ? rest.len : (size_t)comma}, &t))
            return true;
        rest = comma < 0 ? STR_NONE : str_from(rest, (size_t)comma + 1);
    }
    return false;
}
