/*
 * Addresses and networks, IPv4 mapped into IPv6. Must not know sockets. Any thread.
 */
#include "ingest/cidr.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/num.h"

/* The bare address of "[v6]", "[v6]:port", "v4:port". */
static struct str without_port(struct str s)
{
    long end = str_find(s, ']');
    if (s.len && s.ptr[0] == '[' && end > 0)
        return (struct str){s.ptr + 1, (size_t)end - 1};
    long colon = str_find(s, ':');
    if (colon >= 0 && colon == str_rfind(s, ':'))
        return (struct str){s.ptr, (size_t)colon};
    return s;
}

bool cidr_address_parse(struct str text, struct cidr_address *out)
{
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    struct str bare = without_port(str_trim(text));
    char copy[CIDR_ADDRESS_TEXT];
    if (bare.len == 0 || bare.len >= sizeof copy || memchr(bare.ptr, '\0', bare.len))
        return false;
    memcpy(copy, bare.ptr, bare.len);
    copy[bare.len] = '\0';
    struct cidr_address a = {{0}};
    if (inet_pton(AF_INET6, copy, a.bytes) != 1) {
        memcpy(a.bytes, mapped, sizeof mapped);
        if (inet_pton(AF_INET, copy, a.bytes + 12) != 1)
            return false;
    }
    *out = a;
    return true;
}

void cidr_address_text(const struct cidr_address *a, char out[CIDR_ADDRESS_TEXT])
{
    struct cidr_network v4 = {.bits = 96};
    v4.address.bytes[10] = v4.address.bytes[11] = 0xFF;
    bool is_v4 = cidr_list_has(&(struct cidr_list){&v4, 1}, a);
    inet_ntop(is_v4 ? AF_INET : AF_INET6, a->bytes + (is_v4 ? 12 : 0), out, CIDR_ADDRESS_TEXT);
}

static bool network_parse(struct str text, struct cidr_network *out)
{
    long slash = str_find(text, '/');
    struct str address = {text.ptr, slash < 0 ? text.len : (size_t)slash};
    if (!cidr_address_parse(address, &out->address))
        return false;
    unsigned width = str_find(address, ':') < 0 ? 32 : 128;
    int64_t bits = width;
    if (slash >= 0 && !num_parse(str_from(text, (size_t)slash + 1), 0, width, &bits))
        return false;
    out->bits = 128 - width + (unsigned)bits;
    return true;
}

enum err cidr_list_parse(struct str text, struct cidr_list *out, struct error *e)
{
    struct cidr_list l = {NULL, 0};
    while (text.len) {
        long comma = str_find(text, ',');
        struct str one = str_trim((struct str){text.ptr, comma < 0 ? text.len : (size_t)comma});
        text = comma < 0 ? STR_NONE : str_from(text, (size_t)comma + 1);
        if (one.len == 0)
            continue;
        l.networks = mem_resize(l.networks, l.n + 1, sizeof *l.networks);
        if (!network_parse(one, &l.networks[l.n++])) {
            cidr_list_done(&l);
            return error_set(e, ERR_CONFIG, "\"%.*s\" is no address or network", STR_ARG(one));
        }
    }
    *out = l;
    return ERR_OK;
}

void cidr_list_done(struct cidr_list *l)
{
    free(l->networks);
    *l = (struct cidr_list){NULL, 0};
}

static bool network_has(const struct cidr_network *n, const struct cidr_address *a)
{
    size_t whole = n->bits / 8;
    if (memcmp(n->address.bytes, a->bytes, whole) != 0)
        return false;
    unsigned rest = n->bits % 8;
    return rest == 0 || ((n->address.bytes[whole] ^ a->bytes[whole]) >> (8 - rest)) == 0;
}

bool cidr_list_has(const struct cidr_list *l, const struct cidr_address *a)
{
    for (size_t i = 0; i < l->n; i++) {
        if (network_has(&l->networks[i], a))
            return true;
    }
    return false;
}

/* Goes back through one line; false where the client is found. */
static bool follow(struct str line, const struct cidr_list *trusted, struct cidr_address *client)
{
    while (cidr_list_has(trusted, client)) {
        long comma = str_rfind(line, ',');
        struct cidr_address next;
        if (!cidr_address_parse(str_from(line, (size_t)(comma + 1)), &next))
            return false;
        *client = next;
        if (comma < 0)
            return true;
        line.len = (size_t)comma;
    }
    return false;
}

struct cidr_address cidr_client(const struct cidr_address *peer, const struct str *forwarded,
                                size_t n, const struct cidr_list *trusted)
{
    struct cidr_address client = *peer;
    while (n > 0 && follow(forwarded[n - 1], trusted, &client))
        n--;
    return client;
}

struct cidr_address cidr_household(const struct cidr_address *a)
{
    static const uint8_t zero[10];
    struct cidr_address g = *a;
    if (memcmp(a->bytes, zero, sizeof zero) != 0)
        memset(g.bytes + 8, 0, 8);
    return g;
}
