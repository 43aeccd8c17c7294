/*
 * The table. What a subcommand does is its own file's.
 */
#include "worker/tools/commands.h"

#include <string.h>

#include "worker/calls/calls.h"
#include "worker/crm/crm.h"
#include "worker/tools/tools.h"

const struct command commands_table[] = {
    {.name = "calls",
     .arguments = "",
     .what = "the role that folds events into calls and decides, until SIGTERM",
     .user = CONFIG_CALLS,
     .role = calls_run},
    {.name = "crm",
     .arguments = "",
     .what = "the role that owns accounts and makes jobs true, until SIGTERM",
     .user = CONFIG_CRM,
     .role = crm_run},
    {.name = "settings",
     .arguments = "put FILE|get ACCOUNT|list|rm ACCOUNT|reseal|alert-key ACCOUNT|save|load FILE",
     .what = "the accounts' settings",
     .about =
         "put stores a document (FILE - is stdin) when it is valid, and returns when Kafka has "
         "it; a "
         "refusal names the field and writes nothing. get shows one, secrets as \"***\"; list "
         "all; rm "
         "removes one. reseal seals anew what SECRET_KEY_OLD has sealed. alert-key shows the key by which the receiver at alert_url "
         "checks the signature of an account's alerts; it changes with SECRET_KEY.\n\n"
         "save writes all of it to stdout, sealed as it is stored, for a backup or for topics made anew; load stores from such "
         "a FILE what is not there yet. Nothing is written if a line is not valid here, or sealed by a SECRET_KEY that is not given; "
         "an account that is there with other settings keeps them (exit code 6).",
     .found = "get, rm, alert-key: there is no such account",
     .options = ARGS_BIT(ARGS_JSON) | ARGS_BIT(ARGS_YES),
     .least = 1,
     .most = 2,
     .user = CONFIG_TOOL,
     .tool = tools_settings},
    {.name = "dead",
     .arguments = "list|show ID|send ID...|send --all",
     .what =
         "the dead letters: messages that were given up, with their reasons, and their way back",
     .about =
         "list shows those that stand, the newest first; what was sent again stands there no more. "
         "show tells all of one, with its headers, key and value, and what to do about it.\n\n"
         "send writes letters to the topic they came from, under the same identity, so that what was "
         "done already is not done twice. --account, --reason, --from and --to choose among all, for list "
         "and for send --all. What the reasons mean, and what to do about each: worker/tools/README.md.",
     .found = "list: there are some; show, send: there is no such letter",
     .options = ARGS_BIT(ARGS_ALL) | ARGS_BIT(ARGS_ACCOUNT) | ARGS_BIT(ARGS_REASON) |
                ARGS_BIT(ARGS_FROM) | ARGS_BIT(ARGS_TO) | ARGS_BIT(ARGS_JSON) |
                ARGS_BIT(ARGS_SHOW_PHONES) | ARGS_BIT(ARGS_YES),
     .least = 1,
     .most = 100000,
     .user = CONFIG_TOOL,
     .tool = tools_dead},
    {.name = "reconcile",
     .arguments = "",
     .what = "calls that MANGO knows and we never heard of, handled like the others",
     .about =
         "Compares MANGO's call history of a span of time, a month at most, with what the topics have. A call that was never "
         "heard of, or whose end never came, is written to `events` as MANGO would have told it; worker calls decides it by "
         "today's rules, without pop-up or routing, and its jobs wait behind all others. With --dry-run nothing is "
         "written. A second time there is nothing left to do.\n\n"
         "A call is left alone until it is surely over. What a forgotten number did is not fetched. Calls are told by when "
         "they began. One request at a time goes to MANGO, as its limits allow; one that it calls invalid ends the account's.",
     .found =
         "calls are missing: with --dry-run those that would be fetched, without it those that could not be",
     .options = ARGS_BIT(ARGS_FROM) | ARGS_BIT(ARGS_TO) | ARGS_BIT(ARGS_ACCOUNT) |
                ARGS_BIT(ARGS_DRY_RUN) | ARGS_BIT(ARGS_JSON) | ARGS_BIT(ARGS_YES),
     .user = CONFIG_TOOL,
     .tool = tools_reconcile},
    {.name = "explain",
     .arguments = "ENTRY_ID",
     .what = "one call's story: its events, what was decided and why, what was asked and done",
     .about =
         "Read from the topics alone, for as long as they keep it. Of each event when MANGO says it "
         "happened, when it came, and what was known of the call then; of each decision the rule and its "
         "reason; of each request its time, answer and duration. --from begins to read later, which is "
         "quicker in a large topic.\n\n"
         "Without --account all accounts are searched; if several know such a call, they are named "
         "and nothing else is printed.",
     .found = "nothing is known of such a call",
     .options = ARGS_BIT(ARGS_FROM) | ARGS_BIT(ARGS_ACCOUNT) | ARGS_BIT(ARGS_JSON) |
                ARGS_BIT(ARGS_SHOW_PHONES),
     .least = 1,
     .most = 1,
     .user = CONFIG_TOOL,
     .tool = tools_explain},
    {.name = "replay",
     .arguments = "",
     .what = "recorded calls through today's rules and settings: says, or sends, what is missing",
     .about =
         "The calls that began in the span are folded anew from their recorded events. What their rules ask for is "
         "compared with what stands: what was done, what is remembered, what waits. With --dry-run it is told "
         "job by job; else what is missing goes to jobs.bulk, which is worked off while there is nothing live to do, at "
         "--rate (200 a second), in the order of its time. Nothing is routed, shown or asked of MANGO; a visitor is who "
         "he was when he called. A second replay of the same span does nothing.\n\n"
         "Calls under 15 minutes old, and open ones, are left alone. Ctrl-C ends it in order; the last line tells where "
         "--resume goes on. With --ask Megaplan itself is asked about each job that is missing: what it has is present, and "
         "not sent. What it cannot tell stays as it is; a hundredth of an account's requests an hour is spent on it, so that many "
         "calls take long.",
     .found = "with --dry-run: something would be done",
     .options = ARGS_BIT(ARGS_FROM) | ARGS_BIT(ARGS_TO) | ARGS_BIT(ARGS_ACCOUNT) |
                ARGS_BIT(ARGS_ENTRY) | ARGS_BIT(ARGS_DRY_RUN) | ARGS_BIT(ARGS_ASK) |
                ARGS_BIT(ARGS_RATE) | ARGS_BIT(ARGS_RESUME) | ARGS_BIT(ARGS_JSON) |
                ARGS_BIT(ARGS_YES),
     .user = CONFIG_TOOL,
     .tool = tools_replay},
    {.name = "doctor",
     .arguments = "",
     .what = "checks everything a new installation gets wrong, and says the remedy",
     .about =
         "Of all accounts, or of one: settings, keys, rights and fields, a signed webhook by PUBLIC_URL, its TLS, "
         "mapped extensions and employees, what the workers met in the last day, clocks, Kafka. It only reads, within "
         "a hundredth of what Megaplan allows in an hour; what it could not ask for is skipped, and says so.\n\n"
         "A wrong key of MANGO is asked for once: run it again after two minutes, not before, or MANGO blocks its API.",
     .found = "a check failed",
     .options = ARGS_BIT(ARGS_ACCOUNT) | ARGS_BIT(ARGS_JSON),
     .user = CONFIG_TOOL,
     .tool = tools_doctor},
    {.name = "forget",
     .arguments = "",
     .what = "erases a person: what may go goes, what stays is shown to nobody",
     .about =
         "What the account remembers of the number (facts) is erased, its dead letters are put away, its rows "
         "in ingest's spool go if INGEST_SPOOL names a file here that no ingest has open; a keyed hash in the "
         "settings makes the page and all tools pass over its calls up to now. The receipt says what was erased, and "
         "what remains where until when. The card in Megaplan and MANGO's history are not ours.\n\n"
         "While a call of the number goes on, or a job of it waits, nothing is erased. Facts of a call that ended "
         "within the hour wait (exit code 6): run it again. Whoever calls again is new.",
     .found = "a call or a job of the number is not over; nothing was erased",
     .options = ARGS_BIT(ARGS_ACCOUNT) | ARGS_BIT(ARGS_PHONE) | ARGS_BIT(ARGS_DRY_RUN) |
                ARGS_BIT(ARGS_JSON) | ARGS_BIT(ARGS_YES),
     .user = CONFIG_TOOL,
     .tool = tools_forget},
    {.name = "ping",
     .arguments = "[HOST:PORT]",
     .what = "health of a process; default: the first ops port that answers",
     .found = "it is not healthy, or nobody answers",
     .most = 1,
     .user = CONFIG_TOOL,
     .no_config = true,
     .tool = tools_ping},
};

const size_t commands_count = sizeof(commands_table) / sizeof(commands_table[0]);

const struct command *commands_find(const char *name)
{
    for (size_t i = 0; i < commands_count; i++)
        if (strcmp(commands_table[i].name, name) == 0)
            return &commands_table[i];
    return NULL;
}
