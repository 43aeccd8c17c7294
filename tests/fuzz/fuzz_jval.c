/*
 * Fuzzes the JSON door: what is taken comes back from its own text; lenient takes all that strict does.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/jval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round(const struct jval *v)
{
    struct error e = ERROR_NONE;
    struct jval *again = NULL;
    char *text = jval_dump(v, true), *second;

    if (!text || jval_parse((struct str){text, strlen(text)}, &again, &e))
        abort();
    second = jval_dump(again, true);
    if (!second || strcmp(text, second) != 0)
        abort();
    free(text);
    free(second);
    jval_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct error e = ERROR_NONE, lenient_e = ERROR_NONE;
    struct jval *strict = NULL, *lenient = NULL;
    enum err err, lenient_err;

    jval_start();
    err = jval_parse(text, &strict, &e);
    lenient_err = jval_parse_lenient(text, &lenient, &lenient_e);
    if ((err && err != ERR_INPUT) || (err && !e.text[0]) || (!err && lenient_err))
        abort();
    if (!lenient_err)
        check_round(lenient);
    jval_free(strict);
    jval_free(lenient);
    return 0;
}
