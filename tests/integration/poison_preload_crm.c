/*
 * Preloaded into a worker by test_poison_crm.py: to look for a word in a text with the magic word ends the process,
 * as a bug in our own code would. crm looks for one in a task's title when it judges the job.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "Poison"

static void *find(const char *text, size_t len, const char *word, size_t n)
{
    for (size_t i = 0; i + n <= len; i++)
        if (memcmp(text + i, word, n) == 0)
            return (void *)(text + i);
    return NULL;
}

void *memmem(const void *haystack, size_t len, const void *needle, size_t n)
{
    if (find(haystack, len, MAGIC, sizeof MAGIC - 1) != NULL)
        abort();
    return find(haystack, len, needle, n);
}
