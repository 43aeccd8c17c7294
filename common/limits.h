/*
 * Every ceiling on what an outsider can make grow, in one place.
 * Bytes unless the name says otherwise. design.md sections 4 and 6 give the outside ones.
 */
#ifndef COMMON_LIMITS_H
#define COMMON_LIMITS_H

/* Webhooks (design.md 6.3, mango-api.md section 2) */
#define LIMIT_WEBHOOK_BODY (256 * 1024)
#define LIMIT_WEBHOOK_FIELDS 16 /* fields of one form */
#define LIMIT_ENTRY_ID 128      /* entry_id, call_id */
#define LIMIT_COMMAND_ID 128
#define LIMIT_KIND 64 /* path below events/ or result/ */
#define LIMIT_HTTP_CONNECTIONS 12000
#define LIMIT_PAGE_CONNECTIONS 500             /* to the settings page */
#define LIMIT_STREAM_BYTES (256 * 1024)        /* that wait for one client of an event stream */
#define LIMIT_PAGE_DOUBTS 32                   /* changes that Kafka may have; the oldest goes */
#define LIMIT_PAGE_STREAMS 64                  /* of events; the oldest ends for a new one */
#define LIMIT_CHECKS 8                         /* runs of doctor's checks at once, by the page */
#define LIMIT_UNAUTHORIZED_PER_MINUTE 20       /* answers 401 for one address */
#define LIMIT_SPOOL_WAITING (64 * 1024 * 1024) /* of webhooks that wait for the disk */

/* JSON */
#define LIMIT_JSON_DEPTH 32
#define LIMIT_JSON_BYTES (4 * 1024 * 1024)

/* Calls */
#define LIMIT_LEGS_PER_CALL 1024
#define LIMIT_EVENTS_PER_CALL 4096

/* Settings */
#define LIMIT_SETTINGS_BYTES (512 * 1024)
#define LIMIT_ACCOUNT_NAME 32
#define LIMIT_EMPLOYEES 5000
#define LIMIT_LIST_ENTRIES 5000 /* any other list of a settings document */
#define LIMIT_SETTING_STRING 1024
#define LIMIT_FORGET_KEYS 8 /* that the hashes of forgotten numbers were made with */

/* Kafka */
#define LIMIT_RECORD_BYTES (1024 * 1024)
#define LIMIT_HEADERS 32
#define LIMIT_COMMIT_METADATA 4000 /* a broker stops at 4096 (kafka-and-http.md 3.1) */
#define LIMIT_PARTITIONS 1024

#define LIMIT_SCANS 32              /* that wait for their turn */
#define LIMIT_SCAN_MESSAGES 5000000 /* of one scan */
#define LIMIT_SCAN_BYTES (4LL * 1024 * 1024 * 1024)

/* What the page shows of the running system */
#define LIMIT_STORY_ROWS 5000     /* of one call */
#define LIMIT_STORY_STEPS 48      /* of a call in a list */
#define LIMIT_STORY_EXTENSIONS 16 /* that took part in one call */
#define LIMIT_CALLS_LISTED 20000  /* calls of the last day, of all accounts */
#define LIMIT_DEAD_LISTED 10000   /* dead letters, the newest */
#define LIMIT_DEAD_AT_ONCE 200    /* sent again by one request */
#define LIMIT_DEAD_READ 200000    /* by `worker dead`, the newest */

/* Outside answers */
#define LIMIT_ANSWER_BYTES (10 * 1024 * 1024)
#define LIMIT_ANSWER_HEADERS (64 * 1024)
#define LIMIT_URL 8192

/* Metrics and the ops port */
#define LIMIT_METRIC_SERIES 1000 /* of one name; what comes later counts as "other" */
#define LIMIT_LABEL_VALUE 128
#define LIMIT_METRICS_TEXT (16 * 1024 * 1024)
#define LIMIT_OPS_CONNECTIONS 64

/* Log */
#define LIMIT_LOG_LINE 4096
#define LIMIT_ERROR_TEXT 512

#endif
