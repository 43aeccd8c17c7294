/*
 * Audit records. Must not send them. Any thread.
 */
#include "common/audit.h"

#include <stdlib.h>

#include "common/jval.h"
#include "common/mem.h"
#include "common/outcome.h"

void audit_record(const struct audit *a, struct audit_record *out)
{
    struct jval *details = a->details ? a->details : jval_new_object();
    jval_put_text_clean(details, "who", str_of(a->who));
    const struct outcome o = {.at = a->at,
                              .what = "outcome",
                              .kind = AUDIT_KIND,
                              .result = a->what,
                              .reason = a->who,
                              .details = details};
    *out =
        (struct audit_record){.key = mem_format("%s/-", a->account), .value = outcome_encode(&o)};
    jval_free(details);
    text_time(a->at, out->at);
    out->headers[0] = (struct kafka_header){"kind", STR("outcome")};
    out->headers[1] = (struct kafka_header){"account", str_of(a->account)};
    out->headers[2] = (struct kafka_header){"at", str_of(out->at)};
    out->record = (struct producer_record){.topic = KAFKA_OUTCOMES,
                                           .key = str_of(out->key),
                                           .value = str_of(out->value),
                                           .headers = out->headers,
                                           .nheaders = 3};
}

void audit_record_done(struct audit_record *r)
{
    free(r->key);
    free(r->value);
}
