/*
 * Lines on stdout. Knows nothing of what they say.
 */
#include "worker/tools/kit/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rows_print(struct jval *row)
{
    char *line = jval_dump_free(row, false);

    puts(line);
    free(line);
}

const char *rows_count(int64_t n, char out[ROWS_COUNT_SIZE])
{
    char digits[ROWS_COUNT_SIZE];
    int len = snprintf(digits, sizeof digits, "%" PRId64, n);
    int sign = n < 0;
    char *to = out;

    for (int i = 0; i < len; i++) {
        if (i > sign && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

bool rows_written(const char *tool)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "worker %s: the output could not be written\n", tool);
    return false;
}
