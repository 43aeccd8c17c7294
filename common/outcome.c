/*
 * The codec of outcomes. Pure; from any thread.
 */
#include "common/outcome.h"

#include "common/jout.h"
#include "common/jval.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

static void put_http(struct buf *out, const struct outcome *o)
{
    if (!o->http.path)
        return;
    jout_key(out, "http");
    jout_open(out);
    jout_text_if(out, "method", o->http.method);
    jout_text_if(out, "path", o->http.path);
    jout_int(out, "status", o->http.status);
    jout_int(out, "ms", o->http.ms);
    jout_int(out, "try", o->http.tries);
    jout_close(out);
}

void outcome_write(const struct outcome *o, struct buf *out)
{
    char at[TEXT_TIME_SIZE];

    text_time(o->at, at);
    jout_open(out);
    jout_int(out, "v", 1);
    jout_text_if(out, "at", at);
    jout_text_if(out, "what", o->what);
    jout_text_if(out, "job", o->job);
    jout_text_if(out, "kind", o->kind);
    jout_text_if(out, "rule", o->rule);
    jout_text_if(out, "result", o->result);
    jout_text_if(out, "reason", o->reason);
    jout_text_if(out, "employee", o->employee);
    if (o->details)
        jval_write_member(o->details, "details", out);
    put_http(out, o);
    jout_close(out);
}

char *outcome_encode(const struct outcome *o)
{
    struct buf out = BUF_INIT(LIMIT_JSON_BYTES);
    char *text;

    outcome_write(o, &out);
    text = buf_take(&out);
    if (!text)
        mem_out();
    return text;
}
