/*
 * An HTTP server for tests of the client. Fails the test it is in if a system call does.
 */
#include "tests/unit/peer.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define REQUEST_MAX (1536 * 1024)

struct connection {
    struct peer *peer;
    int fd;
    char request[REQUEST_MAX];
    size_t len;
};

static void say(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        n -= (size_t)sent;
    }
}

static void answer(int fd, const char *body, size_t n)
{
    char head[100];
    int len =
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", n);
    say(fd, head, (size_t)len);
    say(fd, body, n);
}

static size_t number_after(const char *text, const char *name)
{
    size_t n = 0;
    const char *at = strcasestr(text, name);
    for (at = at ? at + strlen(name) : ""; *at == ' ' || (*at >= '0' && *at <= '9'); at++)
        n = *at == ' ' ? n : n * 10 + (size_t)(*at - '0');
    return n;
}

/* Length of the whole request, 0 if it is not all there. */
static size_t whole_request(const struct connection *c)
{
    const char *end = strstr(c->request, "\r\n\r\n");
    if (!end)
        return 0;
    size_t n = (size_t)(end - c->request) + 4 + number_after(c->request, "Content-Length:");
    return n <= c->len ? n : 0;
}

static int hex(char c)
{
    return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

static void answer_raw(int fd, const char *path)
{
    char *out = malloc(REQUEST_MAX);
    size_t n = 0;
    for (const char *at = strchr(path, '?') + 1; *at != ' '; at++) {
        out[n++] = *at;
        if (*at == '%') {
            out[n - 1] = (char)(hex(at[1]) * 16 + hex(at[2]));
            at += 2;
        }
    }
    say(fd, out, n);
    free(out);
}

static void answer_size(int fd, size_t n)
{
    char *body = calloc(1, n + 1);
    memset(body, 'x', n);
    answer(fd, body, n);
    free(body);
}

static void answer_flood(int fd)
{
    char line[1000];
    memset(line, 'h', sizeof line);
    memcpy(line, "X-Y: ", 5);
    memcpy(line + sizeof line - 2, "\r\n", 2);
    say(fd, "HTTP/1.1 200 OK\r\n", 17);
    for (int i = 0; i < 10000; i++)
        say(fd, line, sizeof line);
}

static struct peer_answer *find_answer(const struct peer *p, const char *path)
{
    size_t n = strcspn(path, " ");
    struct peer_answer *a = p->answers;
    for (; a->path; a++)
        if (a->times >= 0 && memmem(path, n, a->path, strlen(a->path)))
            break;
    if (a->times > 0 && --a->times == 0)
        a->times = -1;
    return a;
}

/* False: the connection ends. */
static bool serve_listed(struct connection *c, const char *path)
{
    const struct peer_answer *a = find_answer(c->peer, path);
    const char *body = a->path && a->body ? a->body : "";
    char head[600];
    if (a->path && a->status == 0)
        return false;
    int len = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n",
                       a->path ? a->status : 404, strlen(body), a->headers ? a->headers : "");
    say(c->fd, head, (size_t)len);
    say(c->fd, body, strlen(body));
    return true;
}

/* False: the connection ends. */
static bool serve(struct connection *c, size_t n)
{
    const char *path = strchr(c->request, ' ') + 1;
    if (c->peer->answers)
        return serve_listed(c, path);
    if (strncmp(path, "/hang", 5) == 0) {
        char byte;
        return recv(c->fd, &byte, 1, 0) > 0;
    }
    if (strncmp(path, "/echo", 5) == 0)
        answer(c->fd, c->request, n);
    else if (strncmp(path, "/ok", 3) == 0 || strncmp(path, "/bye", 4) == 0)
        answer(c->fd, "fine", 4);
    else if (strncmp(path, "/size?", 6) == 0)
        answer_size(c->fd, number_after(path, "/size?"));
    else if (strncmp(path, "/flood", 6) == 0)
        answer_flood(c->fd);
    else if (strncmp(path, "/raw?", 5) == 0)
        answer_raw(c->fd, path);
    return strncmp(path, "/ok", 3) == 0 || strncmp(path, "/echo", 5) == 0;
}

static void *serve_connection(void *arg)
{
    struct connection *c = arg;
    ssize_t got;
    bool more = true;
    while (more && (got = recv(c->fd, c->request + c->len, REQUEST_MAX - 1 - c->len, 0)) > 0) {
        c->len += (size_t)got;
        c->request[c->len] = 0;
        size_t n = whole_request(c);
        if (n == 0 && c->request[0] < 'A') { /* no HTTP: a TLS hello */
            say(c->fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
            break;
        }
        if (n == 0)
            continue;
        c->peer->requests++;
        more = serve(c, n);
        c->len = 0;
    }
    close(c->fd);
    c->peer->open--;
    free(c);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct peer *p = arg;
    for (;;) {
        struct connection *c = calloc(1, sizeof *c);
        c->peer = p;
        c->fd = accept(p->listening, NULL, NULL);
        if (c->fd < 0 || p->stop) {
            free(c);
            return NULL;
        }
        p->connections++;
        if (++p->open > p->most)
            p->most = p->open;
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, serve_connection, c), 0);
        pthread_detach(thread);
    }
}

void peer_start(struct peer *p)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    memset(p, 0, sizeof *p);
    p->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(p->listening, (struct sockaddr *)&a, len), 0);
    ck_assert_int_eq(listen(p->listening, 512), 0);
    ck_assert_int_eq(getsockname(p->listening, (struct sockaddr *)&a, &len), 0);
    p->port = ntohs(a.sin_port);
    ck_assert_int_eq(pthread_create(&p->accepting, NULL, accept_all, p), 0);
}

void peer_stop(struct peer *p)
{
    p->stop = 1;
    shutdown(p->listening, SHUT_RDWR);
    pthread_join(p->accepting, NULL);
}
