/*
 * One job in hand: its memory.
 */
#include "worker/crm/work.h"

#include <stdlib.h>
#include <string.h>

#include "common/jflat.h"
#include "common/mem.h"
#include "worker/crm/look.h"
#include "worker/crm/task_close.h"
#include "worker/crm/who.h"

static size_t room_for(const struct kafka_message *m)
{
    size_t size = m->key.len + m->value.len + m->nheaders * sizeof(struct kafka_header);
    for (size_t i = 0; i < m->nheaders; i++)
        size += strlen(m->headers[i].name) + 1 + m->headers[i].value.len;
    return size;
}

static struct str put(char **room, struct str bytes)
{
    struct str at = {*room, bytes.len};
    if (bytes.len)
        memcpy(*room, bytes.ptr, bytes.len);
    *room += bytes.len;
    return at;
}

static void copy_message(struct work *w, const struct kafka_message *m)
{
    char *room = (char *)(w + 1);
    w->raw.headers = (struct kafka_header *)(void *)room;
    w->raw.nheaders = m->nheaders;
    room += m->nheaders * sizeof(struct kafka_header);
    w->raw.key = put(&room, m->key);
    w->raw.value = put(&room, m->value);
    for (size_t i = 0; i < m->nheaders; i++) {
        struct str name = {m->headers[i].name, strlen(m->headers[i].name) + 1};
        w->raw.headers[i].name = put(&room, name).ptr;
        w->raw.headers[i].value = put(&room, m->headers[i].value);
    }
}

struct work *work_new(struct job *j, const struct kafka_message *m, struct str data)
{
    struct work *w = mem_alloc(1, sizeof *w + room_for(m));
    w->job = j;
    w->topic = m->topic;
    w->offset = m->offset;
    w->urgent = m->topic == KAFKA_JOBS_NOW;
    copy_message(w, m);
    if (data.len)
        w->data = (struct str){w->raw.value.ptr + (data.ptr - m->value.ptr), data.len};
    return w;
}

void work_free(struct work *w)
{
    if (!w)
        return;
    if (w->ops && w->ops->done)
        w->ops->done(w);
    work_fold_data(w);
    look_free(w->look);
    who_free(w->who);
    task_close_free(w->closing);
    employee_list_done(&w->staff);
    for (struct work_word *i = w->words, *next; i; i = next) {
        next = i->next;
        free(i);
    }
    free(w->ending.fact_value);
    free(w->ending.result);
    free(w->ending.reason);
    free(w->ending.employee);
    free(w->ending.details);
    job_free(w->job);
    free(w);
}

struct job *work_unreadable(const struct kafka_message *m)
{
    struct job *j = mem_alloc(1, sizeof *j);
    long slash = str_find(m->key, '/');
    struct str account = slash > 0 ? (struct str){m->key.ptr, (size_t)slash} : STR("-");
    struct str rest = slash > 0 ? str_from(m->key, (size_t)slash + 1) : STR_NONE;
    struct phone number;
    if (phone_from_pbx(rest, &number)) /* the key names a number: that is no call's */
        rest = STR_NONE;
    j->kind = JOB_KINDS;
    j->id = mem_copy(STR("-"));
    j->account = mem_copy(account);
    j->entry_id = mem_copy(rest.len ? rest : STR("-"));
    j->origin = mem_copy(kafka_header_get(m, "origin"));
    return j;
}

struct str work_account(const struct work *w)
{
    return str_of(w->job->account);
}

/* Of the data that was not read: it is plain, so it needs no tree. */
static const struct jflat_value *look_up(const struct work *w, const char *field)
{
    struct work *own = (struct work *)(uintptr_t)w; /* what is remembered is no part of its state */
    struct error ignored = ERROR_NONE;
    if (!own->flat) {
        own->flat = mem_resize(NULL, 1, sizeof *own->flat);
        if (jflat_parse(w->data, own->flat, &ignored)) {
            free(own->flat);
            own->flat = NULL;
            return NULL;
        }
    }
    return jflat_get(own->flat, jflat_root(own->flat), field);
}

void work_fold_data(struct work *w)
{
    if (w->flat)
        jflat_done(w->flat);
    free(w->flat);
    w->flat = NULL;
}

struct str work_text(const struct work *w, const char *field)
{
    struct str text = STR_NONE;
    if (!w->data.len)
        return jval_get_text(w->job->data, field);
    (void)jflat_text(look_up(w, field), &text);
    return text;
}

const char *work_word(struct work *w, const char *field)
{
    for (const struct work_word *i = w->words; i; i = i->next)
        if (str_is(str_of(field), i->field))
            return i->text;
    struct str text = work_text(w, field);
    if (!text.len)
        return NULL;
    struct work_word *word = mem_alloc(1, sizeof *word + text.len + 1);
    memcpy(word->text, text.ptr, text.len);
    word->field = field;
    word->next = w->words;
    w->words = word;
    return word->text;
}

int64_t work_int(const struct work *w, const char *field, int64_t absent)
{
    int64_t n = 0;
    bool there = w->data.len ? jflat_int(look_up(w, field), &n)
                             : jval_int(jval_get(w->job->data, field), &n);
    return there ? n : absent;
}

bool work_flag(const struct work *w, const char *field)
{
    bool yes = false;
    bool there = w->data.len ? jflat_bool(look_up(w, field), &yes)
                             : jval_bool(jval_get(w->job->data, field), &yes);
    return there && yes;
}

struct jval *work_data(const struct work *w)
{
    struct jval *tree = NULL;
    struct error ignored = ERROR_NONE;
    if (!w->data.len)
        return jval_copy(w->job->data);
    return jval_parse(w->data, &tree, &ignored) ? NULL : tree;
}

bool work_summarized(const struct work *w)
{
    return str_is(work_text(w, "closed_by"), "summary");
}
