/*
 * A list; each message is one piece of memory with all its texts behind it.
 */
#include "worker/held.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

struct node {
    struct node *next;
    struct kafka_message message;
    size_t bytes;
    struct kafka_header headers[]; /* then the texts */
};

struct held {
    struct node *first, *last;
    size_t count, bytes;
};

static struct str put(char **at, struct str text)
{
    char *to = *at;
    if (text.len > 0)
        memcpy(to, text.ptr, text.len);
    *at += text.len;
    return (struct str){to, text.len};
}

static size_t room_for(const struct kafka_message *m)
{
    size_t size =
        sizeof(struct node) + m->nheaders * sizeof *m->headers + m->key.len + m->value.len;
    for (size_t i = 0; i < m->nheaders; i++)
        size += strlen(m->headers[i].name) + 1 + m->headers[i].value.len;
    return size;
}

static struct node *copy(const struct kafka_message *m)
{
    size_t bytes = room_for(m);
    struct node *n = mem_alloc(1, bytes);
    char *at = (char *)&n->headers[m->nheaders];
    n->bytes = bytes;
    n->message = *m;
    n->message.headers = n->headers;
    n->message.key = put(&at, m->key);
    n->message.value = put(&at, m->value);
    for (size_t i = 0; i < m->nheaders; i++) {
        const char *name = m->headers[i].name;
        n->headers[i].name = put(&at, (struct str){name, strlen(name) + 1}).ptr;
        n->headers[i].value = put(&at, m->headers[i].value);
    }
    return n;
}

struct held *held_new(void)
{
    return mem_alloc(1, sizeof(struct held));
}

void held_free(struct held *h)
{
    if (h == NULL)
        return;
    while (h->first != NULL)
        held_pop(h);
    free(h);
}

void held_push(struct held *h, const struct kafka_message *m)
{
    struct node *n = copy(m);
    if (h->last != NULL)
        h->last->next = n;
    else
        h->first = n;
    h->last = n;
    h->count++;
    h->bytes += n->bytes;
}

const struct kafka_message *held_first(const struct held *h)
{
    return h->first ? &h->first->message : NULL;
}

const struct kafka_message *held_last(const struct held *h)
{
    return h->last ? &h->last->message : NULL;
}

void held_pop(struct held *h)
{
    struct node *n = h->first;
    if (n == NULL)
        return;
    h->first = n->next;
    if (h->first == NULL)
        h->last = NULL;
    h->count--;
    h->bytes -= n->bytes;
    free(n);
}

size_t held_count(const struct held *h)
{
    return h->count;
}

size_t held_bytes(const struct held *h)
{
    return h->bytes;
}
