/*
 * Opens and closes what the tools share, in order. Knows nothing of what they do.
 */
#include "worker/tools/kit/desk.h"

#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"

#define CONNECT_MS 10000
#define READ_MS 60000
#define WRITE_MS 15000
#define CLOSE_MS 1000
#define TURN_MS 100
#define NICE 10 /* what is live on this machine goes first */

struct desk {
    struct loop *loop;
    struct kafka_layout layout;
    struct accounts *accounts;
    struct scanner *scanner;
    struct producer *producer;
    bool restored, stopped;
};

static void on_signal(void *arg, int signal)
{
    struct desk *d = arg;

    if (d->stopped)
        _exit(128 + signal);
    d->stopped = true;
}

static void on_restored(void *arg)
{
    ((struct desk *)arg)->restored = true;
}

static enum err read_accounts(struct desk *d, const struct config *c, struct error *e)
{
    const struct accounts_options o = {.restored = on_restored, .arg = d, .documents = true};

    d->accounts = accounts_new(d->loop, c, &o);
    if (d->layout.partitions[KAFKA_SETTINGS] == 0)
        return ERR_OK;
    enum err err = accounts_follow(d->accounts, &d->layout, e);
    return err ? err : desk_turn_until(d, &d->restored, READ_MS, "reading the settings", e);
}

/* To name a missing topic to a broker can be enough to make it. */
static bool all_there(const struct kafka_layout *l)
{
    for (enum kafka_topic t = 0; t < KAFKA_TOPICS; t++)
        if (l->partitions[t] == 0)
            return false;
    return true;
}

static enum err open_wanted(struct desk *d, const struct config *c, unsigned wants, struct error *e)
{
    enum err err = ERR_OK;

    if (wants & DESK_ACCOUNTS)
        err = read_accounts(d, c, e);
    if (!err && wants & DESK_SCANNER && all_there(&d->layout))
        err = scan_open(d->loop, c, &d->layout, !(wants & DESK_LONG), &d->scanner, e);
    if (!err && wants & DESK_PRODUCER)
        err = producer_new(d->loop, c, &d->layout, WRITE_MS, &d->producer, e);
    return err;
}

/* Threads that are made later inherit it. Where the system refuses, nothing is lost but manners. */
static void give_way(unsigned wants)
{
    const struct sched_param none = {0};
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    if (wants & DESK_LONG)
        (void)sched_setscheduler(0, SCHED_IDLE, &none);
}

enum err desk_open(const struct config *c, unsigned wants, struct desk **out, struct error *e)
{
    struct desk *d = mem_alloc(1, sizeof *d);
    enum err err;

    give_way(wants);
    err = wants & DESK_AS_IT_IS ? kafka_topics_look(c, CONNECT_MS, &d->layout, e)
                                : kafka_topics_ensure(c, CONNECT_MS, &d->layout, e);
    if (err || (err = loop_new(&d->loop, e)) || (err = loop_on_signal(d->loop, on_signal, d, e)) ||
        (err = open_wanted(d, c, wants, e))) {
        desk_close(d);
        return err;
    }
    *out = d;
    return ERR_OK;
}

void desk_close(struct desk *d)
{
    if (!d)
        return;
    if (d->scanner)
        scan_close(d->scanner);
    if (d->producer)
        producer_free(d->producer, CLOSE_MS);
    if (d->accounts)
        accounts_free(d->accounts);
    if (d->loop)
        loop_free(d->loop);
    free(d);
}

struct loop *desk_loop(const struct desk *d)
{
    return d->loop;
}

const struct kafka_layout *desk_layout(const struct desk *d)
{
    return &d->layout;
}

struct accounts *desk_accounts(const struct desk *d)
{
    return d->accounts;
}

struct scanner *desk_scanner(const struct desk *d)
{
    return d->scanner;
}

struct producer *desk_producer(const struct desk *d)
{
    return d->producer;
}

bool desk_stopped(const struct desk *d)
{
    return d->stopped;
}

enum err desk_turn(struct desk *d, int64_t ms, struct error *e)
{
    return loop_turn(d->loop, ms, e);
}

enum err desk_turn_until(struct desk *d, const bool *done, int64_t ms, const char *what,
                         struct error *e)
{
    int64_t end = clock_boot_ms() + ms;
    enum err err = ERR_OK;

    while (!err && !*done && !d->stopped && (!ms || clock_boot_ms() < end))
        err = loop_turn(d->loop, TURN_MS, e);
    if (err || *done)
        return err;
    return error_set(e, ERR_TEMPORARY,
                     d->stopped ? "%s: stopped" : "%s: Kafka did not answer in time", what);
}

struct sending {
    bool reported, delivered;
};

static void on_report(void *arg, const struct producer_report *report)
{
    struct sending *s = arg;

    s->reported = true;
    s->delivered = report->delivered;
}

enum err desk_send_to(struct desk *d, const struct producer_record *record, struct error *e)
{
    struct sending s = {false, false};
    struct producer_record r = *record;
    r.done = on_report;
    r.arg = &s;
    enum err err = producer_send(d->producer, &r, e);
    /* The report comes in any case, within the producer's time; it must not find this frame gone. */
    while (!err && !s.reported)
        err = loop_turn(d->loop, TURN_MS, e);
    if (!err && !s.delivered)
        err = error_set(e, ERR_TEMPORARY, "Kafka did not take it");
    return err;
}

enum err desk_send(struct desk *d, const struct producer_record *record, struct error *e)
{
    struct producer_record r = *record;
    r.partition = producer_partition(d->producer, r.topic, r.key);
    return desk_send_to(d, &r, e);
}

char *desk_runner(const char *tool)
{
    struct passwd entry, *found = NULL;
    char room[1024];

    (void)!getpwuid_r(getuid(), &entry, room, sizeof(room), &found);
    return found ? mem_format("worker %s (%s)", tool, entry.pw_name)
                 : mem_format("worker %s (uid %u)", tool, (unsigned)getuid());
}
