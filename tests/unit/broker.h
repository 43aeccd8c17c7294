/*
 * A broker for integration tests: build/devbroker, or Apache Kafka where the environment says KAFKA=1.
 */
#ifndef TESTS_UNIT_BROKER_H
#define TESTS_UNIT_BROKER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct broker {
    pid_t pid;
    FILE *to, *from; /* its stdin and stdout */
    char address[256];
    bool devbroker;
};

/* Starts it and waits for its address; ends the test if there is none. */
void broker_start(struct broker *b);
/* A devbroker, also where KAFKA=1 (for its faults). partitions: of each topic. */
void broker_start_dev(struct broker *b, int partitions);
/* A line to the devbroker ("down", "up", "rtt 100"); returns when it has taken effect. */
void broker_command(struct broker *b, const char *line);
/* Stops (SIGSTOP) or continues it with its children: connections stay, nobody answers. */
void broker_freeze(struct broker *b, bool frozen);
void broker_stop(struct broker *b);

#endif
