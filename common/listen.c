/*
 * Opens a listening socket. Must not know who serves on it. Any thread.
 */
#include "common/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/num.h"
#include "common/str.h"

#define BACKLOG 4096
#define HOST_MAX 256

static enum err split(const char *where, char host[HOST_MAX], const char **port, struct error *e)
{
    const char *colon = strrchr(where, ':');
    int64_t number; /* the resolver would take 70000 and cut it */
    if (!colon || !num_parse(str_of(colon + 1), 0, 65535, &number))
        return error_set(e, ERR_CONFIG, "\"%s\" is no address with a port", where);
    struct str h = {where, (size_t)(colon - where)};
    if (h.len >= 2 && h.ptr[0] == '[' && h.ptr[h.len - 1] == ']')
        h = (struct str){h.ptr + 1, h.len - 2};
    if (h.len >= HOST_MAX)
        return error_set(e, ERR_CONFIG, "the address is too long");
    if (h.len)
        memcpy(host, h.ptr, h.len);
    host[h.len] = '\0';
    *port = colon + 1;
    return ERR_OK;
}

static enum err bound(const struct addrinfo *a, const char *where, int *out, struct error *e)
{
    const int yes = 1;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set(e, ERR_CONFIG, "%s: %s", where, strerrordesc_np(errno));
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        error_set(e, ERR_CONFIG, "cannot listen on %s: %s", where, strerrordesc_np(errno));
        close(fd);
        return e->kind;
    }
    *out = fd;
    return ERR_OK;
}

static void name_of(int fd, char address[LISTEN_ADDRESS_TEXT])
{
    struct sockaddr_storage sa = {0};
    socklen_t len = sizeof sa;
    char host[INET6_ADDRSTRLEN], port[8];
    if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0 ||
        getnameinfo((struct sockaddr *)&sa, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        address[0] = '\0';
        return;
    }
    bool v6 = sa.ss_family == AF_INET6;
    snprintf(address, LISTEN_ADDRESS_TEXT, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

enum err listen_open(const char *where, int *fd, char address[LISTEN_ADDRESS_TEXT], struct error *e)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char host[HOST_MAX];
    const char *port = NULL;
    if (split(where, host, &port, e))
        return e->kind;
    /* Without a host: IPv4, as most installations have; "[::]:port" takes both. */
    int r = getaddrinfo(host[0] ? host : "0.0.0.0", port, &hints, &found);
    if (r != 0)
        return error_set(e, ERR_CONFIG, "\"%s\": %s", where, gai_strerror(r));
    enum err kind = bound(found, where, fd, e);
    freeaddrinfo(found);
    if (kind == ERR_OK)
        name_of(*fd, address);
    return kind;
}

void listen_close(int fd)
{
    close(fd);
}
