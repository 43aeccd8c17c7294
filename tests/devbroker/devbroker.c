/*
 * A Kafka for trying out and for tests: librdkafka's in-memory cluster as a process, with all of
 * Mangoplan's topics. It keeps 5 MiB a partition, forgets everything when it ends, never compacts and
 * never answers CreateTopics (kafka-and-http.md section 3): it proves nothing about durability.
 *
 * Interface: first line "bootstrap.servers=127.0.0.1:PORT"; ends on SIGTERM, SIGINT or when stdin, if
 * it is a pipe, a socket or a terminal, closes. Lines on stdin make faults, see devbroker_command.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

enum {
    PARTITIONS_MAX = 1024,
    LINE = 256
};

static const char *const topics[] = {"events", "jobs.now", "jobs",     "jobs.bulk",
                                     "facts",  "outcomes", "settings", "dead"};

struct options {
    long partitions;
    const char *prefix;
    bool check;
};

static void usage(FILE *out)
{
    fputs(
        "usage: devbroker [--partitions N] [--prefix P] [--check] [--version] [--help]\n"
        "An in-memory Kafka for trying out and for tests. It forgets everything when it ends.\n"
        "  --partitions N  partitions of each topic, 1 to 1024 (4)\n"
        "  --prefix P      what the topics' names begin with (mangoplan.)\n"
        "  --check         print the effective configuration and end\n"
        "Prints bootstrap.servers=HOST:PORT first. Ends on SIGTERM, SIGINT or when stdin closes.\n"
        "Faults by lines on stdin: down | up | rtt MS | error API CODE COUNT | leader TOPIC N\n",
        out);
}

static bool parse_partitions(const char *text, long *out)
{
    long n = 0;
    if (*text == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 4)
        return false;
    for (; *text; text++)
        n = n * 10 + (*text - '0');
    *out = n;
    return n >= 1 && n <= PARTITIONS_MAX;
}

/* What a topic's name may begin with, as TOPIC_PREFIX. */
static bool is_prefix(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return strlen(text) <= 200 && strspn(text, allowed) == strlen(text);
}

/* Returns -1 to go on, else the exit code. */
static int parse_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            return 0;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("devbroker %s\n", MANGOPLAN_VERSION);
            return 0;
        }
        if (strcmp(argv[i], "--check") == 0) {
            o->check = true;
        } else if (strcmp(argv[i], "--partitions") == 0 && next &&
                   parse_partitions(next, &o->partitions)) {
            i++;
        } else if (strcmp(argv[i], "--prefix") == 0 && next && is_prefix(next)) {
            o->prefix = argv[++i];
        } else {
            fprintf(stderr, "devbroker: wrong argument: %s\n", argv[i]);
            usage(stderr);
            return 2;
        }
    }
    return -1;
}

static rd_kafka_t *handle_new(void)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    /* Nagle would hold small answers back for 40 ms (kafka-and-http.md 2.2); the handle itself
     * connects nowhere and need not warn of it. */
    if (rd_kafka_conf_set(conf, "socket.nagle.disable", "true", text, sizeof(text)) ||
        rd_kafka_conf_set(conf, "log_level", "3", text, sizeof(text))) {
        fprintf(stderr, "devbroker: %s\n", text);
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!rk) {
        fprintf(stderr, "devbroker: %s\n", text);
        rd_kafka_conf_destroy(conf);
    }
    return rk;
}

static bool topics_make(rd_kafka_mock_cluster_t *cluster, const struct options *o)
{
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        char name[256];
        snprintf(name, sizeof(name), "%s%s", o->prefix, topics[i]);
        /* The cluster's thread empties its wake-up pipe after it has served a request: one that follows
         * too soon loses its wake-up and waits up to 1 s. */
        usleep(3000);
        rd_kafka_resp_err_t err = rd_kafka_mock_topic_create(cluster, name, (int)o->partitions, 1);
        if (err) {
            fprintf(stderr, "devbroker: topic %s: %s\n", name, rd_kafka_err2str(err));
            return false;
        }
    }
    return true;
}

/* One line of stdin: the broker down or up again, answers late, requests refused, a leader gone (-1). */
static void command(rd_kafka_mock_cluster_t *cluster, const char *line)
{
    char topic[LINE];
    int a, b, count;
    if (strcmp(line, "down") == 0) {
        rd_kafka_mock_broker_set_down(cluster, 1);
    } else if (strcmp(line, "up") == 0) {
        rd_kafka_mock_broker_set_up(cluster, 1);
    } else if (sscanf(line, "rtt %d", &a) == 1) {
        rd_kafka_mock_broker_set_rtt(cluster, 1, a);
    } else if (sscanf(line, "error %d %d %d", &a, &b, &count) == 3) {
        for (int i = 0; i < count; i++)
            rd_kafka_mock_push_request_errors(cluster, (int16_t)a, 1, (rd_kafka_resp_err_t)b);
    } else if (sscanf(line, "leader %255s %d %d", topic, &a, &b) == 3) {
        rd_kafka_mock_partition_set_leader(cluster, topic, a, b);
    } else if (*line) {
        fprintf(stderr, "devbroker: unknown command: %s\n", line);
        return;
    }
    puts("ok");
    fflush(stdout);
}

/* Reads what is there; false at the end of stdin. */
static bool commands_read(rd_kafka_mock_cluster_t *cluster, char *buffer, size_t *len)
{
    ssize_t got = read(STDIN_FILENO, buffer + *len, LINE - 1 - *len);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    if (got == 0)
        return false;
    *len += (size_t)got;
    buffer[*len] = '\0';
    for (char *end; (end = memchr(buffer, '\n', *len));) {
        *end = '\0';
        command(cluster, buffer);
        *len -= (size_t)(end + 1 - buffer);
        memmove(buffer, end + 1, *len + 1);
    }
    if (*len == LINE - 1)
        *len = 0;
    return true;
}

/* /dev/null and files are "closed" from the start, so they do not count. */
static bool stdin_counts(void)
{
    struct stat st;
    if (fstat(STDIN_FILENO, &st) != 0)
        return false;
    return S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(STDIN_FILENO);
}

static void serve(rd_kafka_mock_cluster_t *cluster, const sigset_t *set)
{
    char buffer[LINE] = "";
    size_t len = 0;
    int signals = signalfd(-1, set, SFD_CLOEXEC);
    struct pollfd fds[2] = {{.fd = signals, .events = POLLIN},
                            {.fd = stdin_counts() ? STDIN_FILENO : -1, .events = POLLIN}};
    if (signals < 0) {
        perror("devbroker: signalfd");
        return;
    }
    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            break;
        if (fds[0].revents)
            break;
        if (fds[1].revents && !commands_read(cluster, buffer, &len))
            break;
    }
    close(signals);
}

int main(int argc, char **argv)
{
    struct options o = {.partitions = 4, .prefix = "mangoplan."};
    int code = parse_options(argc, argv, &o);
    if (code >= 0)
        return code;
    if (o.check) {
        printf("partitions=%ld\nprefix=%s\n", o.partitions, o.prefix);
        return 0;
    }
    sigset_t set; /* blocked before librdkafka starts its threads */
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);

    rd_kafka_t *rk = handle_new();
    rd_kafka_mock_cluster_t *cluster = rk ? rd_kafka_mock_cluster_new(rk, 1) : NULL;
    code = 1;
    if (cluster && topics_make(cluster, &o)) {
        printf("bootstrap.servers=%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
        fflush(stdout);
        fputs("devbroker: an in-memory broker for trying out; it forgets everything\n", stderr);
        serve(cluster, &set);
        code = 0;
    }
    /* Nothing to tidy up: it forgets everything, and librdkafka takes a second or more for it. */
    _exit(code);
}
