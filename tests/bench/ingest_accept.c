/*
 * ingest without Kafka, for measuring what Kafka costs: the same server, parsers, signature check, key
 * and counters, but the null publisher, which says at once that all is stored. Never a product: it keeps
 * nothing. INGEST_LISTEN, API_KEY, API_SALT, ACCOUNT from the environment; prints its address.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/limits.h"
#include "common/log.h"
#include "ingest/webhook.h"

struct account {
    struct str key, salt, name;
};

static enum webhook_lookup find(void *arg, struct str api_key, struct str *account,
                                struct str *salt)
{
    const struct account *a = arg;
    if (!str_eq(api_key, a->key))
        return WEBHOOK_UNKNOWN;
    *account = a->name;
    *salt = a->salt;
    return WEBHOOK_KNOWN;
}

static struct str text_of(const char *name, const char *otherwise)
{
    const char *v = getenv(name);
    return str_of(v ? v : otherwise);
}

static void on_stop(void *arg, int signal)
{
    (void)signal;
    loop_stop(arg);
}

int main(void)
{
    struct error e = ERROR_NONE;
    struct account account = {text_of("API_KEY", "key"), text_of("API_SALT", "salt"),
                              text_of("ACCOUNT", "acme")};
    const struct cidr_list none = {NULL, 0};
    struct loop *loop = NULL;
    struct server *server = NULL;
    struct metrics *metrics = metrics_new();
    struct webhook_options o = {.base_path = "",
                                .allow = &none,
                                .trusted = &none,
                                .meters = meters_new(metrics, false),
                                .find = find,
                                .find_arg = &account};
    struct webhook *webhook = NULL;
    if (log_start("info", "bench", &e) || loop_new(&loop, &e) ||
        loop_on_signal(loop, on_stop, loop, &e))
        goto out;
    o.loop = loop;
    webhook = webhook_new(&o);
    webhook_publish_to(webhook, publish_null_port());
    const struct server_options options = {.loop = loop,
                                           .listen = text_of("INGEST_LISTEN", "127.0.0.1:0").ptr,
                                           .body_max = LIMIT_WEBHOOK_BODY,
                                           .app = webhook_app(webhook)};
    if (server_new(&options, &server, &e))
        goto out;
    printf("%s\n", server_address(server));
    fflush(stdout);
    if (loop_run(loop, &e))
        goto out;
out:
    if (e.kind)
        fprintf(stderr, "ingest_accept: %s\n", e.text);
    server_free(server);
    webhook_free(webhook);
    meters_free(o.meters);
    metrics_free(metrics);
    loop_free(loop);
    return e.kind ? EXIT_FAILURE : EXIT_SUCCESS;
}
