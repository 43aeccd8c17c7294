/*
 * Sums over facts: clients, verdicts, calls, tasks and talks, responsibles, and what is due.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "worker/crm/known.h"

#define MINE "11111111111111111111111111111111"
#define NUMBER "79991231212"
#define OTHER "79990000000"
#define ACME STR("acme")

static struct facts *f;
static int64_t now;
static char seen[512];

static void setup(void)
{
    f = facts_new(STR(MINE));
    now = 1000;
    seen[0] = '\0';
}

static void note(const char *text)
{
    size_t n = strlen(seen);
    snprintf(seen + n, sizeof seen - n, "%s ", text);
}

static char *lend(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* A fact of the job entry:suffix. */
static void put(enum fact_type type, const char *entry, const char *suffix, struct fact what)
{
    char *id CLEANUP(mem_free_text) = mem_format("%s:%s", entry, suffix);
    char *key CLEANUP(mem_free_text) = fact_key_make(type, ACME, str_of(id));
    what.entry_id = lend(entry);
    char *value CLEANUP(mem_free_text) = fact_encode(type, &what);
    struct error e = ERROR_NONE;
    enum facts_change change = FACTS_CONFLICT;
    const struct facts_record r = {
        .key = str_of(key), .value = str_of(value), .mark = STR(MINE), .at = now, .now = now};
    ck_assert_msg(!facts_apply(f, &r, &change, &e), "%s", e.text);
    ck_assert_int_eq(change, FACTS_NOTED);
    now += 1000;
}

static void done(const char *entry, const char *suffix, struct fact what)
{
    put(FACT_DONE, entry, suffix, what);
}

static void intent(const char *entry, const char *suffix, struct fact what)
{
    put(FACT_INTENT, entry, suffix, what);
}

static struct fact fact(enum job_kind kind, const char *object)
{
    return (struct fact){.kind = kind, .number = lend(NUMBER), .object = lend(object)};
}

static struct fact client(const char *object, bool made, const char *responsible, const char *data)
{
    struct fact c = fact(JOB_CLIENT, object);
    c.made = made;
    c.responsible = lend(responsible);
    c.data = lend(data);
    return c;
}

static const char *client_of(const char *number)
{
    struct known_client c = {0};
    return known_client(f, ACME, str_of(number), &c) ? c.id : "none";
}

START_TEST(the_newest_that_names_a_client)
{
    static const struct {
        enum job_kind kind;
        const char *suffix;
        bool names;
    } cases[] = {
        {JOB_CALL, "call:summary", true}, {JOB_TASK, "task", true},
        {JOB_TALKED, "talked", true},     {JOB_LINK, "link", true},
        {JOB_POPUP, "popup:1:a", true},   {JOB_RECORD, "record:1", false},
        {JOB_VISITOR, "visitor", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        setup();
        done("A", "client", client("1", true, NULL, NULL));
        struct fact other = fact(cases[i].kind, "9");
        other.client = lend("2");
        done("B", cases[i].suffix, other);
        ck_assert_str_eq(client_of(NUMBER), cases[i].names ? "2" : "1");
        done("C", "client", client("3", false, NULL, NULL));
        done("D", "client", client(NULL, false, NULL, NULL));
        ck_assert_str_eq(client_of(NUMBER), "3");
        ck_assert_str_eq(client_of(OTHER), "none");
        facts_forget(f, ACME, STR(NUMBER));
        ck_assert_str_eq(client_of(NUMBER), "none");
        facts_free(f);
    }
}
END_TEST

START_TEST(an_intent_names_no_client_and_a_company_stays_one)
{
    struct known_client c = {"untouched", false};
    struct fact call = fact(JOB_CALL, NULL);
    setup();
    call.client = lend("7");
    call.company = true;
    intent("A", "call:summary", call);
    ck_assert(!known_client(f, ACME, STR(NUMBER), &c));
    ck_assert_str_eq(c.id, "untouched");
    call.object = lend("1");
    done("A", "call:summary", call);
    ck_assert(known_client(f, ACME, STR(NUMBER), &c));
    ck_assert(c.company);
    ck_assert_str_eq(c.id, "7");
    facts_free(f);
}
END_TEST

START_TEST(the_client_a_call_made)
{
    setup();
    ck_assert_ptr_null(known_own_client(f, ACME, STR("A")));
    intent("A", "client", client(NULL, false, "5", NULL));
    ck_assert_ptr_null(known_own_client(f, ACME, STR("A")));
    done("A", "client", client("1", true, "5", NULL));
    done("B", "client", client("1", false, NULL, NULL));
    ck_assert_str_eq(known_own_client(f, ACME, STR("A"))->object, "1");
    ck_assert_ptr_null(known_own_client(f, ACME, STR("B")));
    facts_forget(f, ACME, STR(NUMBER));
    ck_assert_ptr_nonnull(known_own_client(f, ACME, STR("A")));
    facts_free(f);
}
END_TEST

static struct fact judged(enum job_kind kind, enum job_verdict verdict, bool summarized)
{
    struct fact v = fact(kind, NULL);
    v.verdict = verdict;
    v.summarized = summarized;
    return v;
}

#define JUDGE(v, s) known_judge_verdict(f, ACME, STR("A"), v, s)

START_TEST(verdicts)
{
    struct known_verdict v = {JOB_MISSED_GROUP, true};
    setup();
    done("A", "client", client("1", true, NULL, NULL));
    ck_assert(!known_verdict(f, ACME, STR("A"), &v));
    ck_assert_int_eq(v.verdict, JOB_MISSED_GROUP);
    ck_assert_int_eq(JUDGE(JOB_TALKED_TO, false), KNOWN_VERDICT_STANDS);

    intent("A", "task", judged(JOB_TASK, JOB_MISSED_MENU, false));
    done("A", "talked", judged(JOB_TALKED, JOB_TALKED_TO, false));
    ck_assert(known_verdict(f, ACME, STR("A"), &v)); /* the first */
    ck_assert_int_eq(v.verdict, JOB_MISSED_MENU);
    ck_assert(!v.summarized);
    done("A", "task", judged(JOB_TASK, JOB_MISSED_MENU, false)); /* its result is no later job */
    ck_assert(known_verdict(f, ACME, STR("A"), &v));
    ck_assert_int_eq(v.verdict, JOB_MISSED_MENU);
    ck_assert_int_eq(JUDGE(JOB_MISSED_MENU, false), KNOWN_VERDICT_STANDS);
    ck_assert_int_eq(JUDGE(JOB_MISSED_MENU, true), KNOWN_VERDICT_STANDS);
    ck_assert_int_eq(JUDGE(JOB_VERDICT_NONE, false), KNOWN_VERDICT_STANDS);
    ck_assert_int_eq(JUDGE(JOB_TALKED_TO, false), KNOWN_VERDICT_DROPPED);
    ck_assert_int_eq(JUDGE(JOB_TALKED_TO, true), KNOWN_VERDICT_REPLACES);

    intent("A", "call:summary", judged(JOB_CALL, JOB_TALKED_TO, true));
    done("A", "record:1", judged(JOB_RECORD, JOB_MISSED_DIRECT, true));
    ck_assert(known_verdict(f, ACME, STR("A"), &v)); /* the first from a summary */
    ck_assert_int_eq(v.verdict, JOB_TALKED_TO);
    ck_assert(v.summarized);
    ck_assert_int_eq(JUDGE(JOB_MISSED_MENU, true), KNOWN_VERDICT_DROPPED);
    ck_assert_int_eq(JUDGE(JOB_MISSED_MENU, false), KNOWN_VERDICT_DROPPED);
    facts_free(f);
}
END_TEST

START_TEST(a_call_from_popup_to_correction)
{
    static char a[] = "http://a", b[] = "http://b";
    static char *links[] = {a, b};
    struct known_call c;
    setup();
    ck_assert(!known_call(f, ACME, STR("A"), &c));
    done("A", "popup:1:calling", fact(JOB_POPUP, NULL)); /* dropped: too late */
    ck_assert(!known_call(f, ACME, STR("A"), &c));
    intent("A", "popup:2:calling", fact(JOB_POPUP, NULL));
    ck_assert(known_call(f, ACME, STR("A"), &c));
    ck_assert(c.popup_begun && !c.popup_object && !c.begun && !c.job_id);
    done("A", "popup:2:calling", fact(JOB_POPUP, "70"));
    done("A", "popup:2:talking", fact(JOB_POPUP, "71"));
    ck_assert(known_call(f, ACME, STR("A"), &c));
    ck_assert_str_eq(c.popup_object, "71");

    intent("A", "call:idle", fact(JOB_CALL, NULL));
    ck_assert(known_call(f, ACME, STR("A"), &c));
    ck_assert(c.begun && !c.done && !c.saved && !c.object);
    ck_assert_str_eq(c.job_id, "A:call:idle");
    ck_assert_str_eq(c.number, NUMBER);

    struct fact idle = fact(JOB_CALL, "80");
    idle.links = links;
    idle.nlinks = 2;
    done("A", "call:idle", idle);
    ck_assert(known_call(f, ACME, STR("A"), &c));
    ck_assert(c.done && c.saved && !c.client);
    ck_assert_str_eq(c.object, "80");
    ck_assert_uint_eq(c.nlinks, 2);
    ck_assert_str_eq(c.links[1], "http://b");

    struct fact link = fact(JOB_LINK, "80");
    link.client = lend("1");
    link.company = true;
    done("A", "link", link);
    done("A", "call:summary", fact(JOB_CALL, NULL)); /* says the call is not to be saved */
    ck_assert(known_call(f, ACME, STR("A"), &c));
    ck_assert(c.saved && c.company);
    ck_assert_str_eq(c.job_id, "A:call:idle");
    ck_assert_str_eq(c.client, "1");
    ck_assert(!known_call(f, ACME, STR("B"), &c));
    facts_free(f);
}
END_TEST

START_TEST(a_call_that_is_not_saved)
{
    struct known_call c;
    setup();
    intent("A", "call:summary", fact(JOB_CALL, NULL));
    intent("A", "call:idle", fact(JOB_CALL, NULL));
    ck_assert(known_call(f, ACME, STR("A"), &c));
    ck_assert_str_eq(c.job_id, "A:call:summary");
    done("A", "call:idle", fact(JOB_CALL, NULL));
    ck_assert(known_call(f, ACME, STR("A"), &c));
    ck_assert(c.done && !c.saved);
    ck_assert_str_eq(c.job_id, "A:call:idle");
    facts_free(f);
}
END_TEST

static void on_link(void *arg, const char *link)
{
    (void)arg;
    note(link);
}

START_TEST(links_in_the_order_of_their_jobs)
{
    setup();
    for (int i = 20; i > 0; i--) {
        char *one[] = {mem_format("l%02d", i)};
        char *suffix CLEANUP(mem_free_text) = mem_format("record:%02d", i);
        struct fact record = fact(JOB_RECORD, NULL);
        record.links = one;
        record.nlinks = i == 7 ? 0 : 1; /* no_record */
        if (i == 8)
            intent("A", suffix, record);
        else
            done("A", suffix, record);
        free(one[0]);
    }
    known_links(f, ACME, STR("A"), on_link, NULL);
    ck_assert_str_eq(seen,
                     "l01 l02 l03 l04 l05 l06 l09 l10 l11 l12 l13 l14 l15 l16 l17 l18 l19 l20 ");
    known_links(f, ACME, STR("B"), on_link, NULL);
    facts_free(f);
}
END_TEST

static struct fact timed(enum job_kind kind, const char *object, const char *number,
                         const char *owner, int64_t at)
{
    return (struct fact){.kind = kind,
                         .object = lend(object),
                         .number = lend(number),
                         .client = lend(owner),
                         .at = at};
}

static bool on_task(void *arg, const struct facts_entry *task)
{
    int *more = arg;
    note(task->said->object);
    return --*more > 0;
}

static const char *open_tasks(const char *number, const char *owner, const char *entry, int most)
{
    seen[0] = '\0';
    known_open_tasks(f, ACME, str_of(number), str_of(owner), str_of(entry), on_task, &most);
    return seen;
}

START_TEST(open_tasks_of_number_client_and_call)
{
    setup();
    done("A", "task", timed(JOB_TASK, "t1", NUMBER, "1", 100));
    done("B", "task", timed(JOB_TASK, "t2", OTHER, "1", 200));
    done("C", "task", timed(JOB_TASK, "t3", NUMBER, NULL, 300));
    done("D", "task", timed(JOB_TASK, NULL, NUMBER, "1", 400)); /* none was made */
    intent("E", "task", timed(JOB_TASK, NULL, NUMBER, "1", 400));
    done("F", "client", client("1", true, NULL, NULL));
    ck_assert_str_eq(open_tasks(NUMBER, "1", "", 9), "t1 t3 t2 ");
    ck_assert_str_eq(open_tasks(NUMBER, "", "A", 9), "t1 t3 ");
    ck_assert_str_eq(open_tasks("", "1", "C", 9), "t1 t2 t3 ");
    ck_assert_str_eq(open_tasks("", "1", "A", 9), "t1 t2 ");
    ck_assert_str_eq(open_tasks("", "", "B", 9), "t2 ");
    ck_assert_str_eq(open_tasks("", "", "", 9), "");
    ck_assert_str_eq(open_tasks(NUMBER, "1", "B", 1), "t1 ");
    ck_assert_str_eq(open_tasks(NUMBER, "1", "B", 3), "t1 t3 t2 ");
    ck_assert_int_eq(known_last_talk(f, ACME, STR(NUMBER), STR("1")), 0);
    facts_free(f);
}
END_TEST

START_TEST(a_talk_closes_what_ended_before_it)
{
    setup();
    done("A", "task", timed(JOB_TASK, "t1", NUMBER, "1", 100));
    done("B", "task", timed(JOB_TASK, "t2", OTHER, "1", 200));
    done("C", "task", timed(JOB_TASK, "t3", OTHER, NULL, 300));
    done("X", "talked", timed(JOB_TALKED, NULL, NUMBER, NULL, 99));
    intent("I", "talked", timed(JOB_TALKED, NULL, NUMBER, "1", 900)); /* not yet one */
    ck_assert_str_eq(open_tasks(NUMBER, "1", "C", 9), "t1 t2 t3 ");
    done("Y", "talked", timed(JOB_TALKED, NULL, NUMBER, NULL, 100)); /* the very second */
    ck_assert_str_eq(open_tasks(NUMBER, "1", "C", 9), "t2 t3 ");
    ck_assert_int_eq(known_last_talk(f, ACME, STR(NUMBER), STR("1")), 100);
    ck_assert_int_eq(known_last_talk(f, ACME, STR(""), STR("1")), 0);
    done("Z", "talked", timed(JOB_TALKED, NULL, "78880000000", "1", 250)); /* by the client alone */
    ck_assert_str_eq(open_tasks(NUMBER, "1", "C", 9), "t3 ");
    ck_assert_int_eq(known_last_talk(f, ACME, STR(NUMBER), STR("1")), 250);
    /* the call itself was a talk, says its summary, though it began before the end */
    done("C", "talked", timed(JOB_TALKED, NULL, OTHER, NULL, 290));
    ck_assert_str_eq(open_tasks(OTHER, "1", "C", 9), "");
    ck_assert(!known_task_is_open(f, ACME, facts_find(f, ACME, STR("A:task"))));
    ck_assert(!known_task_is_open(f, ACME, facts_find(f, ACME, STR("X:talked"))));
    done("G", "task", timed(JOB_TASK, "t4", NUMBER, "1", 251));
    ck_assert(known_task_is_open(f, ACME, facts_find(f, ACME, STR("G:task"))));
    facts_free(f);
}
END_TEST

static struct fact responsible(const char *who)
{
    struct fact r = fact(JOB_RESPONSIBLE, NULL);
    r.responsible = lend(who);
    return r;
}

static bool on_responsible(void *arg, const char *who)
{
    int *more = arg;
    note(who);
    return --*more > 0;
}

static const char *set_ones(int most)
{
    seen[0] = '\0';
    known_set_responsibles(f, ACME, STR("A"), on_responsible, &most);
    return seen;
}

static const char *wanted(void)
{
    const char *who = known_responsible_wanted(f, ACME, STR("A"));
    return who ? who : "none";
}

START_TEST(responsibles_we_may_have_set)
{
    setup();
    intent("A", "responsible:7", responsible("52"));
    ck_assert_str_eq(set_ones(9), ""); /* no client of this call */
    ck_assert_str_eq(wanted(), "none");
    done("A", "client", client("1", true, "51", NULL));
    ck_assert_str_eq(set_ones(9), "51 52 ");
    ck_assert_str_eq(wanted(), "51");
    done("A", "responsible:7", responsible("52"));
    intent("A", "responsible:9", responsible("53"));
    ck_assert_str_eq(set_ones(9), "53 52 51 ");
    ck_assert_str_eq(wanted(), "52");
    done("A", "responsible:9", responsible("54")); /* what it began may be there */
    ck_assert_str_eq(set_ones(9), "54 53 52 51 ");
    ck_assert_str_eq(set_ones(2), "54 53 ");
    ck_assert_str_eq(set_ones(1), "54 ");
    intent("A", "responsible:11", responsible("55"));
    done("A", "responsible:11", responsible(NULL));   /* it is not ours any more */
    intent("A", "responsible:11", responsible("56")); /* late, of a purged producer */
    ck_assert_str_eq(set_ones(9), "56 54 53 52 51 ");
    ck_assert_str_eq(wanted(), "54");
    facts_free(f);
}
END_TEST

#define DUE_FILL known_due_fill(f, ACME, STR("A"))
#define DUE_LINE known_due_line(f, ACME, STR("A"))

START_TEST(fills_that_are_due)
{
    struct fact answer = fact(JOB_VISITOR, NULL);
    setup();
    ck_assert(!DUE_FILL && !DUE_LINE);
    done("A", "client",
         client("1", true, "51", "{\"source_line\":\"74951112233\",\"tracking\":true}"));
    ck_assert(!DUE_FILL && DUE_LINE);
    intent("A", "visitor", answer);
    ck_assert(!DUE_FILL);
    answer.data = lend("{}");
    done("A", "visitor", answer);
    ck_assert(DUE_FILL);
    done("A", "fill", fact(JOB_FILL, "1"));
    ck_assert(!DUE_FILL && DUE_LINE);
    put(FACT_GIVEN_UP, "A", "fill:line", fact(JOB_FILL, NULL));
    ck_assert(!DUE_LINE);
    facts_free(f);
}
END_TEST

START_TEST(no_fill_without_a_reason)
{
    static const char *const data[] = {NULL, "{}", "{\"tracking\":false}", "{\"tracking\":1}"};
    struct fact answer = fact(JOB_VISITOR, NULL);
    for (size_t i = 0; i <= COUNT(data); i++) {
        setup();
        answer.data = lend("{\"uid\":\"1\"}");
        if (i == COUNT(data)) { /* found, not made */
            done("A", "client", client("1", false, NULL, "{\"tracking\":true}"));
        } else {
            done("A", "client", client("1", true, "51", data[i]));
        }
        done("A", "visitor", answer);
        ck_assert_msg(!DUE_FILL && !DUE_LINE, "case %zu", i);
        facts_free(f);
    }
    setup(); /* the answer was none */
    done("A", "client", client("1", true, NULL, "{\"tracking\":true}"));
    answer.data = NULL;
    done("A", "visitor", answer);
    ck_assert(!DUE_FILL);
    facts_free(f);
}
END_TEST

static void on_entry(void *arg, struct str entry_id)
{
    (void)arg;
    ck_assert_uint_eq(entry_id.len, 1);
    size_t at = strlen(seen); /* sorted: calls come in no order */
    for (; at > 0 && seen[at - 1] > entry_id.ptr[0]; at--)
        seen[at] = seen[at - 1];
    seen[at] = entry_id.ptr[0];
}

static void on_any(void *arg, struct str account, struct str entry_id)
{
    ck_assert(str_is(account, "acme"));
    on_entry(arg, entry_id);
}

static const char *due_links(void)
{
    memset(seen, 0, sizeof seen);
    known_due_links(f, ACME, STR(NUMBER), on_entry, NULL);
    return seen;
}

START_TEST(links_that_are_due)
{
    setup();
    done("A", "call:idle", fact(JOB_CALL, "80"));
    done("A", "call:summary", fact(JOB_CALL, "80"));
    done("B", "call:summary", fact(JOB_CALL, NULL)); /* not saved */
    done("C", "call:summary", fact(JOB_CALL, "82"));
    intent("D", "call:summary", fact(JOB_CALL, NULL));
    done("E", "task", fact(JOB_TASK, "t"));
    ck_assert_str_eq(due_links(), "");
    ck_assert(!known_due_link(f, ACME, STR("A")));
    done("X", "client", client("1", true, NULL, NULL));
    ck_assert(known_due_link(f, ACME, STR("A")));
    ck_assert(!known_due_link(f, ACME, STR("B")) && !known_due_link(f, ACME, STR("D")));
    ck_assert_str_eq(due_links(), "AC");
    struct fact link = fact(JOB_LINK, "80");
    link.client = lend("1");
    done("A", "link", link);
    put(FACT_GIVEN_UP, "C", "link", link);
    ck_assert_str_eq(due_links(), "");
    struct fact call = fact(JOB_CALL, "83");
    call.client = lend("1");
    done("F", "call:summary", call); /* has its client */
    ck_assert_str_eq(due_links(), "");
    memset(seen, 0, sizeof seen);
    facts_due(f, on_any, NULL);
    ck_assert_str_eq(seen, "ABCDEFX");
    facts_free(f);
}
END_TEST

START_TEST(twins_that_are_due)
{
    setup();
    ck_assert_int_eq(known_due_twin(f, ACME, STR("A"), KNOWN_TWIN_CLIENT), 0);
    intent("A", "twin", fact(JOB_TWIN, NULL));
    intent("B", "twin", fact(JOB_TWIN, NULL));
    ck_assert_int_eq(known_due_twin(f, ACME, STR("A"), KNOWN_TWIN_CLIENT), 1000);
    done("A", "twin", fact(JOB_TWIN, "1"));
    put(FACT_GIVEN_UP, "B", "twin", fact(JOB_TWIN, NULL));
    ck_assert_int_eq(known_due_twin(f, ACME, STR("A"), KNOWN_TWIN_CLIENT), 0);
    ck_assert_int_eq(known_due_twin(f, ACME, STR("B"), KNOWN_TWIN_CLIENT), 0);
    facts_free(f);
}
END_TEST

int main(void)
{
    return UNIT_RUN(
        "known", the_newest_that_names_a_client, an_intent_names_no_client_and_a_company_stays_one,
        the_client_a_call_made, verdicts, a_call_from_popup_to_correction, a_call_that_is_not_saved,
        links_in_the_order_of_their_jobs, open_tasks_of_number_client_and_call,
        a_talk_closes_what_ended_before_it, responsibles_we_may_have_set, fills_that_are_due,
        no_fill_without_a_reason, links_that_are_due, twins_that_are_due);
}
