/*
 * A consumer that never joins: it only asks for what its group has committed.
 */
#include "common/kafka/lag.h"

#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "common/kafka/handle.h"
#include "common/mem.h"

enum {
    CLOSE_MS = 300
};

const struct lag_group lag_groups[LAG_GROUPS] = {
    {"calls", 1, {KAFKA_EVENTS}},
    {"crm", 3, {KAFKA_JOBS_NOW, KAFKA_JOBS, KAFKA_JOBS_BULK}},
};

struct lag {
    rd_kafka_t *rk;
    rd_kafka_topic_partition_list_t *all;
    struct lag_place *list;
    size_t n;
};

static void forget_texts(struct lag *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->list[i].metadata);
        l->list[i].metadata = NULL;
    }
}

static void name_places(struct lag *l, const struct config *c, const struct kafka_layout *layout,
                        const enum kafka_topic *topics, size_t ntopics)
{
    for (size_t t = 0; t < ntopics; t++)
        l->n += (size_t)layout->partitions[topics[t]];
    l->all = rd_kafka_topic_partition_list_new((int)l->n);
    l->list = mem_alloc(l->n, sizeof *l->list);
    l->n = 0;
    for (size_t t = 0; t < ntopics; t++) {
        char *name CLEANUP(mem_free_text) = kafka_topic_full(c, topics[t]);
        for (int32_t i = 0; i < layout->partitions[topics[t]]; i++) {
            rd_kafka_topic_partition_list_add(l->all, name, i);
            l->list[l->n++] = (struct lag_place){.topic = topics[t], .partition = i};
        }
    }
}

enum err lag_open(const struct config *c, const struct kafka_layout *layout, const char *group,
                  const enum kafka_topic *topics, size_t ntopics, struct lag **out, struct error *e)
{
    struct lag *l = mem_alloc(1, sizeof *l);
    char *full CLEANUP(mem_free_text) = mem_format("%s%s", c->topic_prefix, group);
    const struct handle_property own[] = {
        {"group.id", full},
        {"enable.auto.commit", "false"},
        {"allow.auto.create.topics", "false"},
    };
    rd_kafka_conf_t *conf;
    enum err err = handle_conf(c, own, sizeof own / sizeof *own, &conf, e);
    if (!err)
        err = handle_new(true, conf, &l->rk, e);
    if (err) {
        free(l);
        return error_context(e, "lag");
    }
    name_places(l, c, layout, topics, ntopics);
    *out = l;
    return ERR_OK;
}

void lag_close(struct lag *l)
{
    if (!l)
        return;
    forget_texts(l);
    rd_kafka_topic_partition_list_destroy(l->all);
    handle_destroy(l->rk, CLOSE_MS);
    free(l->list);
    free(l);
}

static rd_kafka_resp_err_t first_bad(rd_kafka_resp_err_t err,
                                     const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; !err && i < list->cnt; i++)
        err = list->elems[i].err;
    return err;
}

static rd_kafka_resp_err_t read_commits(struct lag *l, int timeout_ms)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(l->all);
    rd_kafka_resp_err_t err = rd_kafka_committed(l->rk, list, timeout_ms);
    err = first_bad(err, list);
    forget_texts(l);
    for (size_t i = 0; !err && i < l->n; i++) {
        const rd_kafka_topic_partition_t *p = &list->elems[i];
        l->list[i].committed = p->offset >= 0 ? p->offset : LAG_NONE;
        l->list[i].metadata = mem_copy((struct str){p->metadata, p->metadata_size});
    }
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static rd_kafka_resp_err_t read_ends(struct lag *l, bool high, int timeout_ms)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(l->all);
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = high ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(l->rk, list, timeout_ms);
    err = first_bad(err, list);
    for (size_t i = 0; !err && i < l->n; i++)
        *(high ? &l->list[i].high : &l->list[i].low) = list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

enum err lag_read(struct lag *l, int timeout_ms, const struct lag_place **list, size_t *n,
                  struct error *e)
{
    rd_kafka_resp_err_t err = read_commits(l, timeout_ms);
    if (!err)
        err = read_ends(l, false, timeout_ms);
    if (!err)
        err = read_ends(l, true, timeout_ms);
    if (err)
        return error_set(e, ERR_TEMPORARY, "lag: %s", rd_kafka_err2str(err));
    *list = l->list;
    *n = l->n;
    return ERR_OK;
}
