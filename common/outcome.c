/*
 * The codec of outcomes. Pure; from any thread.
 */
#include "common/outcome.h"

#include "common/text.h"

static void put_if(struct jval *object, const char *key, const char *text)
{
    if (text)
        jval_put_text_clean(object, key, str_of(text));
}

static void put_http(struct jval *o, const struct outcome *from)
{
    struct jval *http;

    if (!from->http.path)
        return;
    http = jval_new_object();
    put_if(http, "method", from->http.method);
    put_if(http, "path", from->http.path);
    jval_put_int(http, "status", from->http.status);
    jval_put_int(http, "ms", from->http.ms);
    jval_put_int(http, "try", from->http.tries);
    jval_put(o, "http", http);
}

char *outcome_encode(const struct outcome *o)
{
    struct jval *v = jval_new_object();
    char at[TEXT_TIME_SIZE];

    text_time(o->at, at);
    jval_put_int(v, "v", 1);
    put_if(v, "at", at);
    put_if(v, "what", o->what);
    put_if(v, "job", o->job);
    put_if(v, "kind", o->kind);
    put_if(v, "rule", o->rule);
    put_if(v, "result", o->result);
    put_if(v, "reason", o->reason);
    put_if(v, "employee", o->employee);
    if (o->details)
        jval_put(v, "details", jval_copy(o->details));
    put_http(v, o);
    return jval_dump_free(v, false);
}
