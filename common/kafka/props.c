/*
 * Splits KAFKA_PROPERTIES and refuses what "once, and only once" rests on. Pure: no librdkafka, no I/O.
 */
#include "common/kafka/props.h"

#include <stddef.h>

static const char *const refused[] = {
    "acks",
    "request.required.acks",
    "enable.idempotence",
    "transactional.id",
    "enable.auto.commit",
    "auto.commit.enable",
    "auto.commit.interval.ms",
    "enable.auto.offset.store",
    "offset.store.method",
    "auto.offset.reset",
    "partition.assignment.strategy",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "max.poll.interval.ms",
    "group.id",
    "group.instance.id",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "enable.partition.eof",
    "statistics.interval.ms",
    "allow.auto.create.topics",
};

static struct str take_piece(struct str *rest)
{
    long end = str_find(*rest, ';');
    struct str piece = *rest;
    if (end < 0) {
        *rest = STR_NONE;
        return str_trim(piece);
    }
    piece.len = (size_t)end;
    *rest = str_from(*rest, (size_t)end + 1);
    return str_trim(piece);
}

static enum err check_key(struct str key, struct error *e)
{
    if (key.len == 0)
        return error_set(e, ERR_CONFIG, "KAFKA_PROPERTIES: a property without a name");
    if (str_is(key, "bootstrap.servers") || str_is(key, "metadata.broker.list"))
        return error_set(e, ERR_CONFIG, "KAFKA_PROPERTIES: %.*s belongs into KAFKA_BROKERS",
                         STR_ARG(key));
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (str_is(key, refused[i]))
            return error_set(e, ERR_CONFIG, "KAFKA_PROPERTIES: %.*s may not be changed",
                             STR_ARG(key));
    return ERR_OK;
}

enum err props_next(struct str *rest, struct props_pair *out, bool *more, struct error *e)
{
    struct str piece = STR_NONE;
    while (piece.len == 0 && rest->len > 0)
        piece = take_piece(rest);
    *more = piece.len > 0;
    if (!*more)
        return ERR_OK;
    long equals = str_find(piece, '=');
    /* The piece may be a stray part of a password: only what stands before '=' is ever shown. */
    if (equals < 0)
        return error_set(e, ERR_CONFIG, "KAFKA_PROPERTIES: not every part is name=value");
    out->key = str_trim((struct str){piece.ptr, (size_t)equals});
    out->value = str_trim(str_from(piece, (size_t)equals + 1));
    return check_key(out->key, e);
}
