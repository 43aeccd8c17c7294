/*
 * Fuzzes our own messages: jobs, facts, marks, keys. The first byte chooses. What is taken must come
 * back as the same bytes after one round.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/fact.h"
#include "common/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(enum err err, const struct error *e)
{
    if (err && (err != ERR_INPUT || !e->text[0]))
        abort();
}

static struct job *decode_job(struct str value)
{
    struct error e = ERROR_NONE;
    struct job *j = NULL;

    check_error(job_decode(STR("acme/E"), value, 1, STR("live"), &j, &e), &e);
    return j;
}

static void check_job(struct str value)
{
    struct job *first = decode_job(value), *second;
    char *text, *again;

    if (!first)
        return;
    text = job_encode(first);
    second = decode_job(str_of(text));
    if (!second)
        abort();
    again = job_encode(second);
    if (strcmp(text, again) != 0)
        abort();
    free(text);
    free(again);
    job_free(first);
    job_free(second);
}

static void check_fact(struct str value)
{
    struct error e = ERROR_NONE;
    struct fact *first = NULL, *second = NULL;
    char *text, *again;

    check_error(fact_decode(value, &first, &e), &e);
    if (!first)
        return;
    text = fact_encode(FACT_DONE, first);
    if (fact_decode(str_of(text), &second, &e))
        abort();
    again = fact_encode(FACT_DONE, second);
    if (strcmp(text, again) != 0)
        abort();
    fact_free(second);
    second = fact_copy(first);
    if (!second || !fact_same(first, second))
        abort();
    free(text);
    free(again);
    fact_free(first);
    fact_free(second);
}

static void check_key(struct str key)
{
    struct error e = ERROR_NONE;
    char mark[FACT_MARK_HEX + 1];
    struct fact_key k;
    char *made;

    check_error(fact_mark_decode(key, mark, &e), &e);
    if (str_find(key, 0) >= 0 || fact_key_parse(key, &k, NULL))
        return;
    made = fact_key_make(k.type, k.account, k.name);
    if (!str_eq(str_of(made), key))
        abort();
    free(made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text;

    jval_start();
    if (size == 0)
        return 0;
    text = (struct str){(const char *)data + 1, size - 1};
    if (data[0] % 3 == 0)
        check_job(text);
    else if (data[0] % 3 == 1)
        check_fact(text);
    else
        check_key(text);
    return 0;
}
