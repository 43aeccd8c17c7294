/*
 * The one seam to the clocks. Nobody else calls clock_gettime or time.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

/* Unix time, ms. Jumps when somebody sets the clock: for timestamps only. */
int64_t clock_wall_ms(void);
/* CLOCK_MONOTONIC, ms / us: stands still while the machine sleeps. For durations that are shown. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
/* CLOCK_BOOTTIME, ms: goes on while the machine sleeps. Every deadline and the self-fence use it
 * (design.md section 3). */
int64_t clock_boot_ms(void);

#endif
