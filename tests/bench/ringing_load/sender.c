/*
 * Connections to ingest, each idle or with one webhook on its way. Must not know what webhooks say. One thread.
 */
#include "tests/bench/ringing_load/sender.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/sha256.h"
#include "common/text.h"

enum {
    ANSWER_MAX = 2048,
    POST_MAX = 16 * 1024,
};

struct sender_line {
    struct sender *owner;
    int fd;
    bool busy;
    int64_t *acked;
    size_t used;
    struct sender_line *next; /* idle */
    char bytes[ANSWER_MAX + 1];
};

struct sender {
    struct loop *loop;
    struct sockaddr_in to;
    struct sender_line *idle;
    struct buf form, post;
    int64_t wrong;
};

static void forget(struct sender_line *line)
{
    struct sender *s = line->owner;
    struct sender_line **at = &s->idle;
    while (*at && *at != line)
        at = &(*at)->next;
    if (*at)
        *at = line->next;
    s->wrong += line->busy;
    loop_unwatch(s->loop, line->fd);
    close(line->fd);
    free(line);
}

static bool is_whole(const struct sender_line *line)
{
    static const char length[] = "\r\nContent-Length:";
    const char *end = strstr(line->bytes, "\r\n\r\n");
    const char *at = end ? strcasestr(line->bytes, length) : NULL;
    int64_t want = 0;
    if (!end)
        return false;
    if (at && at < end) {
        at += sizeof length - 1;
        at += strspn(at, " ");
        if (!num_parse((struct str){at, strspn(at, "0123456789")}, 0, ANSWER_MAX, &want))
            return false;
    }
    return (size_t)(end + 4 - line->bytes) + (size_t)want <= line->used;
}

static void on_answer(void *arg, unsigned events)
{
    struct sender_line *line = arg;
    struct sender *s = line->owner;
    (void)events;
    ssize_t n = read(line->fd, line->bytes + line->used, ANSWER_MAX - line->used);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 || !line->busy) {
        forget(line);
        return;
    }
    line->used += (size_t)n;
    line->bytes[line->used] = '\0';
    if (!is_whole(line))
        return;
    if (line->acked)
        *line->acked = clock_mono_us();
    s->wrong += !str_starts((struct str){line->bytes, line->used}, STR("HTTP/1.1 200"));
    line->busy = false;
    line->used = 0;
    line->next = s->idle;
    s->idle = line;
}

static struct sender_line *open_line(struct sender *s)
{
    static const int one = 1;
    struct error e = ERROR_NONE;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&s->to, sizeof s->to)) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    struct sender_line *line = mem_alloc(1, sizeof *line);
    line->owner = s;
    line->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (loop_watch(s->loop, fd, LOOP_READ, on_answer, line, &e)) {
        close(fd);
        free(line);
        return NULL;
    }
    return line;
}

void sender_open(struct sender *s, int connections)
{
    for (int i = 0; i < connections; i++) {
        struct sender_line *line = open_line(s);
        if (!line)
            return;
        line->next = s->idle;
        s->idle = line;
    }
}

static void write_post(struct sender *s, const char *path, struct str key, struct str salt,
                       struct str json)
{
    const struct str pieces[] = {key, json, salt};
    char sign[SHA256_HEX];
    sha256_hex(pieces, 3, sign);
    buf_reset(&s->form);
    buf_addf(&s->form, "vpbx_api_key=%.*s&sign=%.*s&json=", STR_ARG(key), SHA256_HEX, sign);
    text_percent_encode(&s->form, json);
    buf_reset(&s->post);
    buf_addf(&s->post,
             "POST %s HTTP/1.1\r\nHost: bench\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n",
             path, s->form.len);
    buf_add(&s->post, s->form.data, s->form.len);
}

void sender_post(struct sender *s, const char *path, struct str key, struct str salt,
                 struct str json, int64_t *sent, int64_t *acked)
{
    write_post(s, path, key, salt, json);
    struct sender_line *line = s->idle;
    if (line)
        s->idle = line->next;
    else
        line = open_line(s);
    if (!line || s->post.failed) {
        s->wrong++;
        return;
    }
    line->busy = true;
    line->acked = acked;
    if (sent)
        *sent = clock_mono_us();
    if (write(line->fd, s->post.data, s->post.len) != (ssize_t)s->post.len)
        forget(line);
}

enum err sender_new(struct loop *l, struct str address, struct sender **out, struct error *e)
{
    struct sender *s = mem_alloc(1, sizeof *s);
    long colon = str_rfind(address, ':');
    int64_t port = 0;
    char *host CLEANUP(mem_free_text) =
        mem_copy((struct str){address.ptr, colon < 0 ? 0 : (size_t)colon});
    s->loop = l;
    s->form = BUF_INIT(POST_MAX);
    s->post = BUF_INIT(POST_MAX);
    s->to.sin_family = AF_INET;
    *out = s;
    if (colon < 0 || !num_parse(str_from(address, (size_t)colon + 1), 1, 65535, &port) ||
        inet_pton(AF_INET, host, &s->to.sin_addr) != 1)
        return error_set(e, ERR_INPUT, "%.*s is no address", STR_ARG(address));
    s->to.sin_port = htons((uint16_t)port);
    return ERR_OK;
}

int64_t sender_wrong(const struct sender *s)
{
    return s->wrong;
}
