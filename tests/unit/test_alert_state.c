/*
 * When alerts open and close: the way of one cause through time, and over a restart.
 */
#include "tests/unit/unit.h"

#include "worker/crm/alert_state.h"

#include <stdio.h>

#include <stdlib.h>

#define AFTER 3600000
#define T0 1399907988000
#define OUT ALERT_MEGAPLAN_OUT

static struct alert_state s;

static bool step(enum alert_state_input in, int64_t at)
{
    return alert_state_step(&s, OUT, in, T0 + at, AFTER);
}

static bool to_tell(bool *open)
{
    enum alert_cause c = ALERT_CAUSES;
    bool is = alert_state_next(&s, &c, open);
    ck_assert(!is || c == OUT);
    return is;
}

/* Right after what happened, by the clock of these tests. */
static bool ends(bool posts, bool making)
{
    return alert_state_end(&s, OUT, posts, making, T0 + 3 * AFTER);
}

static void begin_anew(void)
{
    s = (struct alert_state){0};
}

START_TEST(it_opens_after_its_time_and_closes_after_a_while)
{
    bool open = false;
    begin_anew();
    ck_assert(step(ALERT_STATE_SO, 0));
    ck_assert(!step(ALERT_STATE_SO, AFTER - 1));
    ck_assert(!to_tell(&open));
    ck_assert(step(ALERT_STATE_SO, AFTER));
    ck_assert(to_tell(&open) && open);
    alert_state_told(&s, OUT, true);
    ck_assert(!to_tell(&open));
    ck_assert(!step(ALERT_STATE_NOT_SO, AFTER + 1));
    ck_assert(!step(ALERT_STATE_NOT_SO, AFTER + ALERT_STATE_HEAL_MS));
    ck_assert(step(ALERT_STATE_NOT_SO, AFTER + 1 + ALERT_STATE_HEAL_MS));
    ck_assert(to_tell(&open) && !open);
    ck_assert(!step(ALERT_STATE_SO, AFTER * 2)); /* the closing is told first */
    ck_assert(!ends(true, false));
    alert_state_told(&s, OUT, false);
    ck_assert(ends(true, false));
    ck_assert(alert_state_empty(&s));
    ck_assert(step(ALERT_STATE_SO, AFTER * 2 + 1)); /* it comes anew */
    ck_assert_int_eq(s.rows[OUT].since, T0 + AFTER * 2 + 1);
}
END_TEST

START_TEST(what_comes_and_goes_opens_and_closes_nothing)
{
    bool open = false;
    begin_anew();
    for (int64_t at = 0; at < 3 * AFTER; at += 60000) {
        step(ALERT_STATE_SO, at);
        step(ALERT_STATE_NOT_SO, at + 30000);
    }
    ck_assert(alert_state_empty(&s));
    step(ALERT_STATE_SO, 0);
    step(ALERT_STATE_SO, AFTER);
    alert_state_told(&s, OUT, true);
    for (int64_t at = AFTER; at < 3 * AFTER; at += 60000) {
        step(ALERT_STATE_NOT_SO, at);
        step(ALERT_STATE_SO, at + 30000);
    }
    ck_assert(!to_tell(&open) && s.rows[OUT].opened);
}
END_TEST

START_TEST(what_is_over_before_it_was_told_is_told_as_closed)
{
    bool open = false;
    begin_anew();
    step(ALERT_STATE_SO, 0);
    step(ALERT_STATE_SO, AFTER);
    step(ALERT_STATE_NOT_SO, AFTER + 1);
    ck_assert(step(ALERT_STATE_NOT_SO, 2 * AFTER));
    ck_assert(to_tell(&open) && !open);
}
END_TEST

/* A receiver that is gone for good does not keep the next one from its task. */
START_TEST(a_receiver_that_takes_nothing_is_told_for_a_day)
{
    bool open = false;
    begin_anew();
    step(ALERT_STATE_SO, 0);
    step(ALERT_STATE_SO, AFTER);
    step(ALERT_STATE_NOT_SO, AFTER + 1);
    step(ALERT_STATE_NOT_SO, 2 * AFTER);
    int64_t last = T0 + AFTER + 1 + ALERT_STATE_TELL_MS;
    ck_assert(!alert_state_end(&s, OUT, true, false, last - 1));
    ck_assert(to_tell(&open) && !open);
    char *value = alert_state_write(&s); /* by another owner's clock, too */
    alert_state_read(&s, str_of(value));
    free(value);
    ck_assert(!alert_state_end(&s, OUT, true, false, last - 1));
    ck_assert(alert_state_end(&s, OUT, true, false, last));
    ck_assert(!to_tell(&open) && alert_state_empty(&s));
    alert_state_told(&s, OUT, false); /* its answer comes now */
    alert_state_told(&s, OUT, true);
    step(ALERT_STATE_SO, 5 * AFTER);
    step(ALERT_STATE_SO, 6 * AFTER);
    ck_assert(to_tell(&open) && open);
    ck_assert(alert_state_task(&s, OUT) == ALERT_STATE_TASK_MAKE);
}
END_TEST

START_TEST(unknown_changes_nothing)
{
    begin_anew();
    ck_assert(!step(ALERT_STATE_UNKNOWN, 0));
    step(ALERT_STATE_SO, 0);
    ck_assert(!step(ALERT_STATE_UNKNOWN, 2 * AFTER));
    ck_assert(!s.rows[OUT].opened);
    ck_assert(!step(ALERT_STATE_NOT_SO, 0) || !s.rows[OUT].since);
}
END_TEST

START_TEST(a_clock_that_is_put_back_heals_nothing_early)
{
    begin_anew();
    step(ALERT_STATE_SO, 0);
    step(ALERT_STATE_SO, AFTER);
    alert_state_told(&s, OUT, true);
    step(ALERT_STATE_NOT_SO, AFTER + 1000);
    ck_assert(!step(ALERT_STATE_NOT_SO, AFTER - 1000));
    ck_assert_int_eq(s.rows[OUT].well, T0 + AFTER - 1000);
}
END_TEST

START_TEST(what_happened_stands_for_a_day)
{
    begin_anew();
    ck_assert(alert_state_recent(&s, ALERT_DEAD_LETTERS, T0) == ALERT_STATE_NOT_SO);
    ck_assert(alert_state_happened(&s, ALERT_DEAD_LETTERS, T0));
    ck_assert(!alert_state_happened(&s, ALERT_DEAD_LETTERS, T0 + 59999));
    ck_assert(alert_state_recent(&s, ALERT_DEAD_LETTERS, T0 + ALERT_STATE_HAPPENED_MS - 1) ==
              ALERT_STATE_SO);
    ck_assert(alert_state_recent(&s, ALERT_DEAD_LETTERS, T0 + ALERT_STATE_HAPPENED_MS) ==
              ALERT_STATE_NOT_SO);
    ck_assert(!alert_state_empty(&s));
}
END_TEST

START_TEST(letters_that_were_sent_again_are_over)
{
    struct alert_state read;
    begin_anew();
    ck_assert(alert_state_died(&s, STR("a"), T0));
    ck_assert(alert_state_died(&s, STR("b"), T0 + 1));
    ck_assert(!alert_state_died(&s, STR("a"), T0 + 2)); /* sent again, in vain */
    ck_assert(!alert_state_revived(&s, STR("c")));
    ck_assert(alert_state_revived(&s, STR("a")));
    ck_assert(!alert_state_revived(&s, STR("a")));
    ck_assert(alert_state_recent(&s, ALERT_DEAD_LETTERS, T0 + 3) == ALERT_STATE_SO);
    char *value = alert_state_write(&s);
    alert_state_read(&read, str_of(value)); /* another owner */
    free(value);
    ck_assert(alert_state_revived(&read, STR("b")));
    ck_assert(alert_state_recent(&read, ALERT_DEAD_LETTERS, T0 + 3) == ALERT_STATE_NOT_SO);
    ck_assert(alert_state_empty(&read));
}
END_TEST

START_TEST(letters_nobody_can_tell_apart_stand_for_a_day)
{
    struct alert_state read;
    char name[16];
    begin_anew();
    alert_state_died(&s, STR_NONE, T0); /* nobody could read which */
    alert_state_died(&s, STR("a"), T0);
    ck_assert(alert_state_revived(&s, STR("a")));
    ck_assert(alert_state_recent(&s, ALERT_DEAD_LETTERS, T0) == ALERT_STATE_SO);
    /* a day later those count no more */
    alert_state_died(&s, STR("b"), T0 + ALERT_STATE_HAPPENED_MS);
    ck_assert(alert_state_revived(&s, STR("b")));
    ck_assert(alert_state_recent(&s, ALERT_DEAD_LETTERS, T0 + ALERT_STATE_HAPPENED_MS) ==
              ALERT_STATE_NOT_SO);
    begin_anew();
    for (int i = 0; i <= ALERT_STATE_DEAD; i++) { /* one more than are told apart */
        snprintf(name, sizeof name, "job-%03d", i);
        alert_state_died(&s, str_of(name), T0);
    }
    for (int i = 0; i <= ALERT_STATE_DEAD; i++) {
        snprintf(name, sizeof name, "job-%03d", i);
        ck_assert(alert_state_revived(&s, str_of(name)) == (i < ALERT_STATE_DEAD));
    }
    ck_assert(alert_state_recent(&s, ALERT_DEAD_LETTERS, T0) == ALERT_STATE_SO);
    /* a state of a version that did not write which */
    alert_state_read(&read,
                     STR("{\"alerts\":{\"dead_letters\":{\"last\":1399907988000}},\"v\":1}"));
    ck_assert(!alert_state_revived(&read, STR("a")));
    ck_assert(read.dead_more);
}
END_TEST

START_TEST(another_owner_goes_on_with_it)
{
    struct alert_state read;
    begin_anew();
    step(ALERT_STATE_SO, 0);
    step(ALERT_STATE_SO, AFTER);
    alert_state_told(&s, OUT, true);
    alert_state_happened(&s, ALERT_UNMAPPED, T0);
    char *value = alert_state_write(&s);
    ck_assert_str_eq(value, "{\"alerts\":{\"megaplan_out\":{\"opened\":1399911588000,"
                            "\"since\":1399907988000,\"told\":true},"
                            "\"unmapped\":{\"last\":1399907988000}},\"v\":1}");
    alert_state_read(&read, str_of(value));
    char *again = alert_state_write(&read);
    ck_assert_str_eq(value, again);
    free(again);
    free(value);
    alert_state_read(&read, STR("{"));
    ck_assert(alert_state_empty(&read));
    alert_state_read(&read,
                     STR("{\"v\":1,\"alerts\":{\"megaplan_out\":{\"since\":5,\"closed\":true},"
                         "\"else\":{\"since\":6}}}"));
    ck_assert(read.rows[OUT].since == 5 && read.rows[OUT].closed);
    value = alert_state_write(&read);
    ck_assert_str_eq(value,
                     "{\"alerts\":{\"megaplan_out\":{\"closed\":true,\"since\":5}},\"v\":1}");
    free(value);
    alert_state_read(&read, STR_NONE);
    ck_assert(alert_state_empty(&read));
}
END_TEST

START_TEST(its_task_is_made_and_closed_before_it_is_well)
{
    begin_anew();
    step(ALERT_STATE_SO, 0);
    ck_assert(alert_state_task(&s, OUT) == ALERT_STATE_TASK_NOTHING);
    step(ALERT_STATE_SO, AFTER);
    ck_assert(alert_state_task(&s, OUT) == ALERT_STATE_TASK_MAKE);
    step(ALERT_STATE_NOT_SO,
         AFTER + 1); /* perhaps over: nothing is made that would be closed at once */
    ck_assert(alert_state_task(&s, OUT) == ALERT_STATE_TASK_NOTHING);
    step(ALERT_STATE_SO, AFTER + 2);
    alert_state_tasked(&s, OUT, "1000501");
    ck_assert(alert_state_task(&s, OUT) == ALERT_STATE_TASK_NOTHING);
    ck_assert(alert_state_has_tasks(&s));
    char *value = alert_state_write(&s);
    alert_state_read(&s, str_of(value));
    free(value);
    step(ALERT_STATE_NOT_SO, AFTER * 2);
    step(ALERT_STATE_NOT_SO, AFTER * 2 + ALERT_STATE_HEAL_MS);
    ck_assert(alert_state_task(&s, OUT) == ALERT_STATE_TASK_CLOSE);
    ck_assert(!ends(false, false));
    alert_state_task_closed(&s, OUT);
    ck_assert(!ends(true, false)); /* the receiver does not know yet */
    ck_assert(ends(false, false));
    ck_assert(alert_state_empty(&s) && !alert_state_has_tasks(&s));
}
END_TEST

START_TEST(a_task_that_is_being_made_is_waited_for)
{
    begin_anew();
    step(ALERT_STATE_SO, 0);
    step(ALERT_STATE_SO, AFTER);
    step(ALERT_STATE_NOT_SO, AFTER + 1);
    step(ALERT_STATE_NOT_SO, AFTER + 1 + ALERT_STATE_HEAL_MS);
    ck_assert(!ends(false, true));
    alert_state_tasked(&s, OUT, "1000501");
    ck_assert(alert_state_task(&s, OUT) == ALERT_STATE_TASK_CLOSE);
    alert_state_task_closed(&s, OUT);
    ck_assert(ends(false, false));
}
END_TEST

START_TEST(no_task_is_as_good_as_one)
{
    begin_anew();
    step(ALERT_STATE_SO, 0);
    step(ALERT_STATE_SO, AFTER);
    alert_state_tasked(&s, OUT, "");
    char *value = alert_state_write(&s);
    alert_state_read(&s, str_of(value));
    free(value);
    ck_assert(alert_state_task(&s, OUT) == ALERT_STATE_TASK_NOTHING);
    ck_assert(!alert_state_has_tasks(&s));
    alert_state_read(
        &s, STR("{\"alerts\":{\"megaplan_out\":{\"opened\":5,\"since\":4,\"task\":"
                "\"too long for an id of Megaplan's, by far too long for one\"}},\"v\":1}"));
    ck_assert(s.rows[OUT].tasked && !alert_state_has_tasks(&s));
}
END_TEST

int main(void)
{
    return UNIT_RUN("alert_state", it_opens_after_its_time_and_closes_after_a_while,
                    what_comes_and_goes_opens_and_closes_nothing,
                    what_is_over_before_it_was_told_is_told_as_closed,
                    a_receiver_that_takes_nothing_is_told_for_a_day, unknown_changes_nothing,
                    a_clock_that_is_put_back_heals_nothing_early, what_happened_stands_for_a_day,
                    letters_that_were_sent_again_are_over,
                    letters_nobody_can_tell_apart_stand_for_a_day, another_owner_goes_on_with_it,
                    its_task_is_made_and_closed_before_it_is_well,
                    a_task_that_is_being_made_is_waited_for, no_task_is_as_good_as_one);
}
