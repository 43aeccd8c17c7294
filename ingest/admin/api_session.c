/*
 * Signing in and out of the settings page, and the description of its API. The admin thread only.
 */
#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "ingest/admin/api_state.h"
#include "ingest/admin/static.h"

static struct jval *languages(void)
{
    struct jval *a = jval_new_array();
    jval_append(a, jval_new_text(STR("ru")));
    jval_append(a, jval_new_text(STR("en")));
    return a;
}

/* Under HTTP Basic there is no session: no token is wanted, and nothing ends. */
static void reply_session(struct api_call *c, int status)
{
    const struct config *config = c->api->o.config;
    struct jval *v = jval_new_object();
    char token[SESSION_TOKEN_TEXT], ends[TEXT_TIME_SIZE];
    if (c->has_session) {
        session_token(&c->api->keys, &c->session, token);
        text_time(session_ends_ms(&c->session), ends);
        jval_put_text(v, "csrf", str_of(token));
        jval_put_text(v, "expires_at", str_of(ends));
    } else {
        jval_put(v, "csrf", jval_new_null());
        jval_put(v, "expires_at", jval_new_null());
    }
    jval_put_text(v, "version", STR(MANGOPLAN_VERSION));
    jval_put(v, "webhook_url",
             config->public_url[0] ? jval_new_text(str_of(config->public_url)) : jval_new_null());
    jval_put(v, "languages", languages());
    api_reply(c, status, v);
}

static void get_session(void *part, struct api_call *c)
{
    (void)part;
    reply_session(c, 200);
}

/* False: the call was refused. */
static bool take_password(struct api_call *c, const struct jval *body, struct str *password)
{
    if (!api_body_only(c, body, "password"))
        return false;
    if (jval_text(jval_get(body, "password"), password))
        return true;
    api_refuse(c, 422, "invalid", "password", "a text is wanted");
    return false;
}

static void post_session(void *part, struct api_call *c)
{
    struct api *a = part;
    struct jval *body CLEANUP(jval_cleanup) = api_body_object(c);
    uint8_t id[SESSION_ID_BYTES];
    char text[SESSION_TEXT];
    struct str password;
    if (!body || !take_password(c, body, &password) || !api_door_try(c, password, "wrong_password"))
        return;
    secret_random(id, sizeof id);
    session_begin(&c->session, id, clock_wall_ms());
    c->has_session = true;
    session_write(&a->keys, &c->session, text);
    session_set_cookie(&c->cookie, str_of(text), c->secure);
    log_info("signed in", LOG_TEXT("event", "login"), LOG_TEXT("who", c->who));
    reply_session(c, 200);
}

static void delete_session(void *part, struct api_call *c)
{
    struct api *a = part;
    if (c->has_session) {
        session_ended_add(a->ended, &c->session, clock_wall_ms());
        api_stream_end_of(a, &c->session);
    }
    buf_reset(&c->cookie);
    session_set_cookie(&c->cookie, STR_NONE, c->secure);
    api_reply(c, 204, NULL);
}

static void get_description(void *part, struct api_call *c)
{
    const struct static_file *f = static_find(STR("openapi.json"));
    (void)part;
    if (f)
        api_reply_text(c, 200, (struct str){f->bytes, (size_t)(f->bytes_end - f->bytes)});
    else
        api_refuse(c, 404, "not_found", "", "there is no description");
}

const struct api_route *api_session_routes(size_t *n)
{
    static const struct api_route routes[] = {
        {"GET", "/api/session", get_session, API_WITHOUT_KAFKA},
        {"POST", "/api/session", post_session, API_OPEN | API_WITHOUT_KAFKA},
        {"DELETE", "/api/session", delete_session, API_WITHOUT_KAFKA},
        {"GET", "/api/openapi.json", get_description, API_OPEN | API_WITHOUT_KAFKA},
    };
    *n = sizeof routes / sizeof *routes;
    return routes;
}
