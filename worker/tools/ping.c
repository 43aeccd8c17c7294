/*
 * worker ping: asks a process of ours whether it is healthy, for containers. Knows only the ops port's
 * address. One thread, a few short blocking calls.
 */
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/num.h"
#include "common/str.h"
#include "worker/tools/tools.h"

#define TIMEOUT_MS 2000
#define LONGEST_HOST 256

enum answer {
    NO_ANSWER,
    HEALTHY,
    UNHEALTHY
};

static const char *const defaults[] = {"127.0.0.1:9100", "127.0.0.1:9101", "127.0.0.1:9102"};

static bool wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = events};
    int64_t left = deadline - clock_mono_ms();

    return left > 0 && poll(&p, 1, (int)left) == 1;
}

/* "host:port" or "[::1]:port" into two terminated texts. */
static bool split(const char *address, char host[LONGEST_HOST], char port[8])
{
    struct str s = str_of(address);
    long colon = str_rfind(s, ':');
    struct str name = {s.ptr, colon < 0 ? 0 : (size_t)colon};
    int64_t n;

    if (colon < 0 || !num_parse(str_from(s, (size_t)colon + 1), 1, 65535, &n))
        return false;
    if (name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        name = (struct str){name.ptr + 1, name.len - 2};
    if (name.len == 0 || name.len >= LONGEST_HOST)
        return false;
    snprintf(host, LONGEST_HOST, "%.*s", STR_ARG(name));
    snprintf(port, 8, "%d", (int)n);
    return true;
}

static int connect_one(const struct addrinfo *a, int64_t deadline)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    int failure = 0;
    socklen_t len = sizeof(failure);

    if (fd < 0)
        return -1;
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return fd;
    if (wait_for(fd, POLLOUT, deadline) &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) == 0 && failure == 0)
        return fd;
    close(fd);
    return -1;
}

static int connect_to(const char *host, const char *port, int64_t deadline)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int fd = -1;

    if (getaddrinfo(host, port, &hints, &list) != 0)
        return -1;
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
        fd = connect_one(a, deadline);
    freeaddrinfo(list);
    return fd;
}

/* Sends the request and reads the status line; 0 if none comes. */
static int64_t ask(int fd, int64_t deadline)
{
    static const char request[] = "GET /healthz HTTP/1.0\r\n\r\n";
    static const struct str begin = {"HTTP/1.", 7};
    char line[64];
    size_t len = 0;
    ssize_t n = send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
    int64_t status = 0;

    if (n != (ssize_t)sizeof(request) - 1)
        return 0;
    while (len < 12 && wait_for(fd, POLLIN, deadline)) { /* "HTTP/1.1 200" */
        n = recv(fd, line + len, sizeof(line) - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    if (len < 12 || !str_starts((struct str){line, len}, begin) ||
        !num_parse((struct str){line + 9, 3}, 100, 999, &status))
        return 0;
    return status;
}

static enum answer ping(const char *address)
{
    int64_t deadline = clock_mono_ms() + TIMEOUT_MS, status;
    char host[LONGEST_HOST], port[8];
    int fd;

    if (!split(address, host, port))
        return NO_ANSWER;
    fd = connect_to(host, port, deadline);
    if (fd < 0)
        return NO_ANSWER;
    status = ask(fd, deadline);
    close(fd);
    if (status == 0)
        return NO_ANSWER;
    printf("%s: %s\n", address, status == 200 ? "healthy" : "not healthy");
    return status == 200 ? HEALTHY : UNHEALTHY;
}

int tools_ping(const struct config *c, const struct args *a)
{
    const char *named = a->nwords ? a->words[0] : NULL;
    enum answer answer = NO_ANSWER;
    char host[LONGEST_HOST], port[8];

    (void)c;
    if (named && !split(named, host, port)) {
        fprintf(stderr, "worker ping: \"%s\" is no host:port\n", named);
        return TOOLS_USAGE;
    }
    if (named)
        answer = ping(named);
    for (size_t i = 0; !named && answer == NO_ANSWER && i < sizeof(defaults) / sizeof(*defaults);
         i++)
        answer = ping(defaults[i]);
    if (answer == NO_ANSWER)
        fprintf(stderr, "worker ping: no answer from %s\n", named ? named : "any ops port");
    return answer == HEALTHY ? TOOLS_DONE : TOOLS_FOUND;
}
