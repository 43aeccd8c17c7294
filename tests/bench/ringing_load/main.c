/*
 * All that is outside of Mangoplan while phones ring, in one process on one clock: MANGO's sender, its API, Megaplan,
 * and a plain reader of jobs.now. Lines on standard input lead it, each is answered by a line of JSON:
 *     build/tests/bench/ringing_load BROKERS PREFIX MENU RING CROWD NEIGHBOUR      prints HOST:PORT of the fakes first
 * (accounts by group, see world.h; NEIGHBOUR: the account whose partition counts as "beside")
 *     settings ACCOUNT DOCUMENT       into the topic, as it is; the answer waits for nothing
 *     stored                          {"waiting":N}: settings on their way, negative: failed
 *     webhooks HOST:PORT              where ingest listens
 *     latency MS                      Megaplan's
 *     warm MS                         the regular callers call for the first time
 *     crowd CALLS MS                  so many of them begin to ring
 *     phase N MS PERIOD_MS            {"of":calls}
 *     figures N                       what phase N measured; problems and counts since the last time
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/num.h"
#include "tests/bench/ringing_load/figures.h"
#include "tests/bench/ringing_load/mango.h"
#include "tests/bench/ringing_load/megaplan.h"
#include "tests/bench/ringing_load/records.h"
#include "tests/bench/ringing_load/story.h"

enum {
    LINE_MAX_BYTES = 16 * 1024,
    LINES_OPEN = 64, /* connections to ingest, at first */
    WORDS = 3,
    PATIENCE_MS = 600000, /* at most, of what is said in ms */
};

struct bench {
    struct world world;
    struct records *records;
    size_t used;
    char line[LINE_MAX_BYTES + 1];
};

static void on_request(void *arg, const struct server_request *r)
{
    struct world *w = arg;
    if (str_starts(r->target, STR(MANGO_PATH)))
        mango_answer(w, r);
    else
        megaplan_answer(w, r);
}

/* ---- what is told ---- */

static void say(struct jval *answer)
{
    char *text CLEANUP(mem_free_text) = jval_dump_free(answer, false);
    puts(text);
    fflush(stdout);
}

static struct jval *count(const char *name, int64_t n)
{
    struct jval *answer = jval_new_object();
    jval_put_int(answer, name, n);
    return answer;
}

static struct jval *problems_of(struct world *w)
{
    struct jval *all = jval_new_array();
    for (size_t i = 0; i < w->nproblems; i++) {
        char *text CLEANUP(mem_free_text) =
            mem_format("%s (%lld times)", w->problems[i].text, (long long)w->problems[i].times);
        jval_append(all, jval_new_text(str_of(text)));
    }
    w->nproblems = 0;
    memset(w->problems, 0, sizeof w->problems);
    return all;
}

static struct jval *counts_of(struct world *w)
{
    struct jval *all = jval_new_object();
    jval_put_int(all, "commands", w->commands);
    jval_put_int(all, "visits", w->visits);
    jval_put_int(all, "refused", w->refused);
    jval_put_int(all, "questions", w->questions);
    jval_put_int(all, "staff", w->staff);
    jval_put_int(all, "shown", w->shown);
    jval_put_int(all, "changed", w->changed);
    jval_put_int(all, "saved", w->saved);
    jval_put_int(all, "hanging", w->hanging);
    jval_put_int(all, "forgotten", w->forgotten);
    w->commands = w->visits = w->refused = w->questions = w->staff = w->shown = w->changed =
        w->saved = w->hanging = w->forgotten = 0;
    return all;
}

static void tell_figures(struct bench *b, int64_t phase)
{
    struct world *w = &b->world;
    struct jval *answer = jval_new_object();
    jval_put(answer, "rows", figures_of(w, (int)phase));
    jval_put(answer, "problems", problems_of(w));
    jval_put(answer, "requests", counts_of(w));
    jval_put(answer, "answers_late", jval_new_real((double)server_late(w->server) / 1e3));
    jval_put(answer, "sends_late", jval_new_real((double)w->send_late / 1e3));
    jval_put_int(answer, "broken", server_broken(w->server));
    jval_put_int(answer, "not_taken", sender_wrong(w->sender));
    w->send_late = 0;
    say(answer);
}

/* ---- what is asked ---- */

static void start_sender(struct bench *b, struct str address)
{
    struct error e = ERROR_NONE;
    if (sender_new(b->world.loop, address, &b->world.sender, &e)) {
        fprintf(stderr, "ringing_load: %s\n", e.text);
        exit(2);
    }
    sender_open(b->world.sender, LINES_OPEN);
    say(count("connections", LINES_OPEN));
}

static void put_settings(struct bench *b, struct str account, struct str document)
{
    struct error e = ERROR_NONE;
    if (records_settings(b->records, account, document, &e)) {
        fprintf(stderr, "ringing_load: %s\n", e.text);
        exit(4);
    }
    say(count("bytes", (int64_t)document.len));
}

static bool measure(struct bench *b, struct str word, const int64_t *n)
{
    struct world *w = &b->world;
    size_t before = w->ncalls;
    if (str_is(word, "stored")) {
        say(count("waiting", records_waiting(b->records)));
        return true;
    }
    if (str_is(word, "figures")) {
        tell_figures(b, n[0]);
        return true;
    }
    if (str_is(word, "latency"))
        w->latency_us = n[0] * 1000;
    else if (str_is(word, "warm"))
        story_warm(w, n[0]);
    else if (str_is(word, "crowd"))
        story_crowd(w, n[0], n[1]);
    else if (str_is(word, "phase") && n[2] > 0)
        story_phase(w, (int)n[0], n[1], n[2]);
    else
        return false;
    say(count("of", (int64_t)(w->ncalls - before)));
    return true;
}

static struct str next_word(struct str *rest)
{
    long at = str_find(*rest, ' ');
    struct str found = {rest->ptr, at < 0 ? rest->len : (size_t)at};
    *rest = str_from(*rest, found.len + 1);
    return found;
}

static void obey(struct bench *b, struct str line)
{
    struct str rest = line, word = next_word(&rest);
    int64_t n[WORDS] = {0};
    if (str_is(word, "webhooks")) {
        start_sender(b, rest);
        return;
    }
    if (str_is(word, "settings")) {
        struct str account = next_word(&rest);
        put_settings(b, account, rest);
        return;
    }
    bool known = true;
    for (int i = 0; i < WORDS && rest.len; i++)
        known = num_parse(next_word(&rest), 0, PATIENCE_MS, &n[i]) && known;
    if (!known || !measure(b, word, n)) {
        fprintf(stderr, "ringing_load: cannot \"%.*s\"\n", STR_ARG(line));
        exit(2);
    }
}

static void on_lines(void *arg, unsigned events)
{
    struct bench *b = arg;
    (void)events;
    ssize_t n = read(STDIN_FILENO, b->line + b->used, LINE_MAX_BYTES - b->used);
    if (n <= 0) {
        loop_stop(b->world.loop);
        return;
    }
    b->used += (size_t)n;
    for (;;) {
        struct str all = {b->line, b->used};
        long end = str_find(all, '\n');
        if (end < 0)
            break;
        obey(b, (struct str){b->line, (size_t)end});
        b->used -= (size_t)end + 1;
        memmove(b->line, b->line + end + 1, b->used);
    }
}

/* ---- start ---- */

static void on_stop(void *arg, int signal)
{
    struct bench *b = arg;
    (void)signal;
    loop_stop(b->world.loop);
}

static bool read_arguments(int argc, char **argv, struct world *w)
{
    for (int g = 0; g < WORLD_GROUPS; g++) {
        int64_t n = 0;
        if (argc != 7 || !num_parse(str_of(argv[3 + g]), 0, 1000, &n))
            return false;
        w->accounts[g] = (int)n;
    }
    return world_total(w) > 0;
}

static void fill_world(struct world *w)
{
    size_t accounts = (size_t)world_total(w);
    w->calls = mem_alloc(WORLD_CALLS, sizeof *w->calls);
    w->newest = mem_alloc(accounts * WORLD_NUMBERS, sizeof *w->newest);
    w->numbers = mem_alloc(accounts, sizeof *w->numbers);
    w->beside = mem_alloc(accounts, sizeof *w->beside);
    w->pbxs = mem_alloc(accounts, sizeof *w->pbxs);
    w->dice = UINT64_C(0x9E3779B97F4A7C15);
    for (size_t i = 0; i < accounts * WORLD_NUMBERS; i++)
        w->newest[i] = -1;
}

static void mark_beside(struct bench *b, const char *neighbour)
{
    int32_t partition = records_partition(b->records, str_of(neighbour));
    for (int i = 0; i < world_total(&b->world); i++) {
        char name[WORLD_TEXT];
        world_account(i, name);
        b->world.beside[i] = records_partition(b->records, str_of(name)) == partition;
    }
}

static enum err start(struct bench *b, const struct config *c, const char *neighbour,
                      struct error *e)
{
    struct world *w = &b->world;
    char address[LISTEN_ADDRESS_TEXT];
    if (log_start("warn", "tool", e) || loop_new(&w->loop, e) ||
        loop_on_signal(w->loop, on_stop, b, e) || records_new(w, c, &b->records, e) ||
        server_new(w->loop, on_request, w, address, &w->server, e) ||
        loop_watch(w->loop, STDIN_FILENO, LOOP_READ, on_lines, b, e))
        return e->kind;
    mark_beside(b, neighbour);
    puts(address);
    fflush(stdout);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    static struct bench b;
    static char none[] = "";
    struct error e = ERROR_NONE;
    if (!read_arguments(argc, argv, &b.world)) {
        fputs("usage: ringing_load BROKERS PREFIX MENU RING CROWD NEIGHBOUR\n", stderr);
        return 2;
    }
    struct config c = {.kafka_brokers = argv[1],
                       .kafka_properties = none,
                       .topic_prefix = argv[2],
                       .topic_partitions = 12,
                       .topic_replication = -1,
                       .topic_retention_days = 90};
    jval_start();
    fill_world(&b.world);
    if (start(&b, &c, argv[6], &e) || loop_run(b.world.loop, &e)) {
        fprintf(stderr, "ringing_load: %s\n", e.text);
        return 4;
    }
    return 0;
}
