/*
 * When partitions wait because too many jobs are held.
 */
#include "tests/unit/unit.h"
#include "worker/crm/hold.h"

START_TEST(live_work_goes_on_while_bulk_waits)
{
    struct hold h = {.limit = 1000, .partitions = 1, .all = 499, .here = 499};
    ck_assert(!hold_is_full(&h, KAFKA_JOBS_BULK));
    h.all = h.here = 500;
    ck_assert(hold_is_full(&h, KAFKA_JOBS_BULK));
    ck_assert(!hold_is_full(&h, KAFKA_JOBS));
    h.all = h.here = 900;
    ck_assert(hold_is_full(&h, KAFKA_JOBS));
    ck_assert(!hold_is_full(&h, KAFKA_JOBS_NOW));
    h.all = h.here = 100000; /* what rings waits for nobody */
    ck_assert(!hold_is_full(&h, KAFKA_JOBS_NOW));
    ck_assert(hold_has_room(&h, KAFKA_JOBS_NOW));
}
END_TEST

START_TEST(only_who_holds_its_share_waits)
{
    struct hold h = {.limit = 1000, .partitions = 4, .all = 1000, .here = 10};
    ck_assert(!hold_is_full(&h, KAFKA_JOBS));
    h.here = 990;
    ck_assert(hold_is_full(&h, KAFKA_JOBS));
    h.all = 100; /* all of it is its own, and there is room */
    h.here = 100;
    ck_assert(!hold_is_full(&h, KAFKA_JOBS));
}
END_TEST

START_TEST(goes_on_a_tenth_below)
{
    struct hold h = {.limit = 1000, .partitions = 1, .all = 811, .here = 811};
    ck_assert(!hold_has_room(&h, KAFKA_JOBS));
    h.all = h.here = 809;
    ck_assert(hold_has_room(&h, KAFKA_JOBS));
    h = (struct hold){.limit = 1, .partitions = 1, .all = 1, .here = 1};
    ck_assert(hold_is_full(&h, KAFKA_JOBS_BULK));
    ck_assert(!hold_has_room(&h, KAFKA_JOBS_BULK));
    h.all = h.here = 0; /* the least limit ends too */
    ck_assert(!hold_is_full(&h, KAFKA_JOBS_BULK));
    ck_assert(hold_has_room(&h, KAFKA_JOBS_BULK));
    h = (struct hold){.limit = 1000, .partitions = 4, .all = 2000, .here = 225};
    ck_assert(!hold_has_room(&h, KAFKA_JOBS));
    h.here = 200;
    ck_assert(hold_has_room(&h, KAFKA_JOBS)); /* its share is small again */
}
END_TEST

int main(void)
{
    return UNIT_RUN("hold", live_work_goes_on_while_bulk_waits, only_who_holds_its_share_waits,
                    goes_on_a_tenth_below);
}
