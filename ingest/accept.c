/*
 * Decides what a request is. Must not know HTTP's mechanics, Kafka or the clock. Any thread.
 */
#include "ingest/accept.h"

#include "ingest/entry.h"

static const struct str result_prefix = {"result/", 7};

static struct str skip_slashes(struct str s)
{
    while (s.len && s.ptr[0] == '/')
        s = str_from(s, 1);
    return s;
}

static struct str trim_slashes(struct str s)
{
    s = skip_slashes(s);
    while (s.len && s.ptr[s.len - 1] == '/')
        s.len--;
    return s;
}

/* Takes `word` and the slashes behind it off the front. */
static bool take(struct str *s, struct str word)
{
    struct str rest = str_from(*s, word.len);
    if (!str_starts(*s, word) || rest.len == 0 || rest.ptr[0] != '/')
        return false;
    *s = skip_slashes(rest);
    return true;
}

static bool is_kind(struct str s)
{
    if (s.len == 0 || s.len > LIMIT_KIND)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~')
            return false;
    }
    return true;
}

enum accept_route accept_path(struct str method, struct str path, struct str base, struct str *kind)
{
    if (path.len == 0 || path.ptr[0] != '/')
        return ACCEPT_NOT_FOUND;
    path = trim_slashes(path);
    base = trim_slashes(base);
    if (base.len && !take(&path, base))
        return ACCEPT_NOT_FOUND;
    struct str whole = path;
    if (take(&path, STR("events")))
        *kind = path;
    else if (take(&path, STR("result")))
        *kind = path.ptr == whole.ptr + result_prefix.len ? whole : STR_NONE;
    else
        return ACCEPT_NOT_FOUND;
    if (!is_kind(*kind))
        return ACCEPT_NOT_FOUND;
    if (!str_is(method, "POST"))
        return ACCEPT_METHOD;
    return str_is(*kind, "ping") ? ACCEPT_PING : ACCEPT_WEBHOOK;
}

static struct str id_of(struct str kind, struct str json, struct entry_text *text)
{
    bool result = str_starts(kind, result_prefix);
    if (entry_find(json, result ? "command_id" : "entry_id", text) != ENTRY_FOUND)
        return STR("-");
    struct str id = {text->bytes, text->len};
    if (result) {
        long tilde = str_rfind(id, '~');
        id.len = tilde < 0 ? 0 : (size_t)tilde;
    }
    return id.len ? id : STR("-");
}

static void add(struct accept_key *key, struct str s)
{
    size_t room = sizeof key->bytes - key->len, n = s.len < room ? s.len : room;
    memcpy(key->bytes + key->len, s.ptr, n);
    key->len += n;
}

void accept_key(struct str account, struct str kind, struct str json, struct accept_key *out)
{
    struct entry_text text;
    out->len = 0;
    add(out, account);
    add(out, STR("/"));
    add(out, id_of(kind, json, &text));
}
