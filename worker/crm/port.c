/*
 * The clocks of whoever needs them as functions of a port. Knows no world.
 */
#include "worker/crm/port.h"

#include "common/clock.h"

int64_t port_boot(void *world)
{
    (void)world;
    return clock_boot_ms();
}

int64_t port_wall(void *world)
{
    (void)world;
    return clock_wall_ms();
}
