/*
 * What the values of variables must look like. Pure; from any thread.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "common/config/table.h"
#include "common/num.h"
#include "common/text.h"
#include "common/url.h"

#define SHORTEST_PASSWORD 12 /* characters */
#define LONGEST_PREFIX 200   /* Kafka: 249 bytes for the whole topic name */

/* design.md 6.2: what the product's promises rest on is not for the operator to change. */
static const char *const refused_properties[] = {
    "acks",
    "request.required.acks",
    "enable.idempotence",
    "enable.auto.commit",
    "auto.commit.interval.ms",
    "enable.auto.offset.store",
    "auto.offset.reset",
    "partition.assignment.strategy",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "max.poll.interval.ms",
    "group.instance.id",
    "message.timeout.ms",
    "delivery.timeout.ms",
};

/* Takes the piece up to the next separator off *rest; false when nothing was left. */
static bool take_piece(struct str *rest, char separator, struct str *piece)
{
    long end;

    if (!rest->ptr)
        return false;
    end = str_find(*rest, separator);
    *piece = (struct str){rest->ptr, end < 0 ? rest->len : (size_t)end};
    *rest = end < 0 ? STR_NONE : (struct str){rest->ptr + end + 1, rest->len - (size_t)end - 1};
    return true;
}

static bool has_only(struct str s, const char *allowed)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\0' || !strchr(allowed, s.ptr[i]))
            return false;
    return s.len > 0;
}

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_address6(struct str s)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];

    if (s.len == 0 || s.len >= sizeof(text))
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_address4(struct str s)
{
    struct in_addr address;
    char text[INET_ADDRSTRLEN];

    if (s.len == 0 || s.len >= sizeof(text))
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return inet_pton(AF_INET, text, &address) == 1;
}

/* A name, an IPv4 address or an IPv6 address in brackets. */
static bool is_host(struct str s)
{
    if (s.len > 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']')
        return is_address6((struct str){s.ptr + 1, s.len - 2});
    return s.len <= 253 && has_only(s, LETTERS DIGITS "-._");
}

/* host:port, or host alone where the port may be missing. */
static bool is_host_port(struct str s, bool port_optional, int64_t lowest_port)
{
    long colon = str_rfind(s, ':');
    long bracket = str_rfind(s, ']');
    int64_t port;

    if (colon < 0 || colon < bracket)
        return port_optional && is_host(s);
    return num_parse(str_from(s, (size_t)colon + 1), lowest_port, 65535, &port) &&
           s.ptr[colon + 1] != '-' && is_host((struct str){s.ptr, (size_t)colon});
}

enum err config_check_listen(struct str value, struct error *e)
{
    if (!is_host_port(value, false, 0))
        return error_set(e, ERR_CONFIG, "\"%.*s\" is not host:port", STR_ARG(value));
    return ERR_OK;
}

static enum err check_hosts(struct str value, bool as_urls, struct error *e)
{
    struct str rest = value, one;

    while (take_piece(&rest, ',', &one))
        if (!is_host_port(as_urls ? url_authority(one) : one, true, 1))
            return error_set(e, ERR_CONFIG, "\"%.*s\" is neither host nor host:port", STR_ARG(one));
    return ERR_OK;
}

enum err config_check_brokers(struct str value, struct error *e)
{
    return check_hosts(value, false, e);
}

enum err config_check_outbound(struct str value, struct error *e)
{
    return check_hosts(value, true, e);
}

enum err config_check_prefix(struct str value, struct error *e)
{
    if (value.len > LONGEST_PREFIX || !has_only(value, LETTERS DIGITS "._-"))
        return error_set(e, ERR_CONFIG,
                         "not up to %d letters, digits, dots, underscores and hyphens",
                         LONGEST_PREFIX);
    return ERR_OK;
}

enum err config_check_replication(struct str value, struct error *e)
{
    int64_t copies;

    if (num_parse(value, 0, 0, &copies))
        return error_set(e, ERR_CONFIG, "0 copies; -1 means the broker's own default");
    return ERR_OK;
}

enum err config_check_path(struct str value, struct error *e)
{
    if (value.ptr[0] != '/' || value.ptr[value.len - 1] == '/' ||
        !has_only(value, LETTERS DIGITS "-._~/"))
        return error_set(e, ERR_CONFIG, "\"%.*s\" is not a path like /mango", STR_ARG(value));
    return ERR_OK;
}

static bool is_cidr(struct str s)
{
    long slash = str_find(s, '/');
    struct str address = {s.ptr, slash < 0 ? s.len : (size_t)slash};
    bool four = is_address4(address);
    int64_t bits;

    if (!four && !is_address6(address))
        return false;
    return slash < 0 || (num_parse(str_from(s, (size_t)slash + 1), 0, four ? 32 : 128, &bits) &&
                         s.ptr[slash + 1] != '-');
}

enum err config_check_cidrs(struct str value, struct error *e)
{
    struct str rest = value, one;

    while (take_piece(&rest, ',', &one))
        if (!is_cidr(one))
            return error_set(e, ERR_CONFIG, "\"%.*s\" is no address or CIDR block", STR_ARG(one));
    return ERR_OK;
}

enum err config_check_password(struct str value, struct error *e)
{
    size_t characters = 0;

    if (!text_is_utf8(value))
        return error_set(e, ERR_CONFIG, "not UTF-8");
    for (; value.len; characters++)
        value = str_from(value, text_character(value));
    if (characters < SHORTEST_PASSWORD)
        return error_set(e, ERR_CONFIG, "under %d characters", SHORTEST_PASSWORD);
    return ERR_OK;
}

enum err config_check_hash(struct str value, struct error *e)
{
    char text[128] = "";

    if (value.len < sizeof(text))
        memcpy(text, value.ptr, value.len);
    if (!str_starts(value, STR("$argon2id$v=")) || !has_only(value, LETTERS DIGITS "$=,+/") ||
        !secret_is_hash(text))
        return error_set(e, ERR_CONFIG, "no argon2id hash ($argon2id$v=19$m=...)");
    return ERR_OK;
}

enum err config_check_url(struct str value, struct error *e)
{
    struct str rest = str_starts(value, STR("https://"))  ? str_from(value, 8)
                      : str_starts(value, STR("http://")) ? str_from(value, 7)
                                                          : STR_NONE;
    long slash = str_find(rest, '/');

    if (!is_host_port((struct str){rest.ptr, slash < 0 ? rest.len : (size_t)slash}, true, 1) ||
        (slash >= 0 && !has_only(str_from(rest, (size_t)slash), LETTERS DIGITS "-._~/%")))
        return error_set(e, ERR_CONFIG, "\"%.*s\" is not http(s)://host[:port][/path]",
                         STR_ARG(value));
    return ERR_OK;
}

enum err config_check_level(struct str value, struct error *e)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};

    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (str_is(value, levels[i]))
            return ERR_OK;
    return error_set(e, ERR_CONFIG, "\"%.*s\" is none of debug, info, warn, error", STR_ARG(value));
}

bool config_next_property(struct str *rest, struct str *name, struct str *value)
{
    struct str piece;
    long equals;

    do {
        if (!take_piece(rest, ';', &piece))
            return false;
        piece = str_trim(piece);
    } while (piece.len == 0);
    equals = str_find(piece, '=');
    *name = equals < 0 ? STR_NONE : str_trim((struct str){piece.ptr, (size_t)equals});
    *value = equals < 0 ? piece : str_trim(str_from(piece, (size_t)equals + 1));
    return true;
}

bool config_property_is_secret(struct str name)
{
    static const char *const words[] = {"password", "secret", ".pem", "jaas", "token", "oauth"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (name.len && memmem(name.ptr, name.len, words[i], strlen(words[i])))
            return true;
    return false;
}

enum err config_check_properties(struct str value, struct error *e)
{
    struct str rest = value, name, setting;

    while (config_next_property(&rest, &name, &setting)) {
        if (!has_only(name, LETTERS DIGITS "._-"))
            return error_set(e, ERR_CONFIG, "not name=value;name=value");
        for (size_t i = 0; i < sizeof(refused_properties) / sizeof(refused_properties[0]); i++)
            if (str_is(name, refused_properties[i]))
                return error_set(e, ERR_CONFIG, "%.*s is not for changing", STR_ARG(name));
    }
    return ERR_OK;
}
